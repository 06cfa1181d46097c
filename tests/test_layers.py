"""What may import what: each module imports at its top only what stands below it."""

import ast
from pathlib import Path

import pytest

import mlsysim

PACKAGE = Path(mlsysim.__file__).parent
ORDER = (
    ("errors", "vocabulary", "docstrings"),
    ("units",),
    ("quantities",),
    ("facts",),
    ("equation",),
    ("equations",),
    ("readings",),
    ("nouns",),
    ("hardware",),
    ("workloads", "infrastructure"),
    ("vision", "statespace", "recommendation"),
    ("systems",),
    ("configs", "zoo"),
    ("formats", "profiles"),
    ("results",),
    ("why",),
    ("zookeeping",),
    ("solvers",),
    ("accuracy", "exercises"),
    ("plot", "published"),
    ("cli",),
    ("sphinxext", "__main__"),
)
"""From the bottom up; modules of one line do not import each other."""
LEVEL = {name: i for i, names in enumerate(ORDER) for name in names}
MODULES = [p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py"]


def part(path: Path) -> str:
    """The module or sub-package of the package that a file belongs to."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(path: Path) -> set[str]:
    """Modules and sub-packages of ours that a file imports at its top."""
    found = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.level:
            base = path.relative_to(PACKAGE).parts[:-1]
            inside = base[: len(base) - node.level + 1]
            names = [node.module] if node.module else [a.name for a in node.names]
            found |= {(*inside, *str(n).split("."))[0] for n in names if not str(n).startswith("__")}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_a_module_imports_only_what_stands_below_it(path: Path):
    here = part(path)
    assert here in LEVEL, "a new module needs its place in the order"
    wrong = {other for other in imports(path) if other != here and LEVEL[other] >= LEVEL[here]}
    assert not wrong


def test_only_sweeps_and_plots_need_numpy_and_only_the_site_needs_sphinx():
    for path in MODULES:
        names = {a.name.split(".")[0] for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Import) for a in n.names}
        names |= {
            str(n.module).split(".")[0]
            for n in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(n, ast.ImportFrom) and not n.level
        }
        assert "numpy" not in names or path.stem in ("arrays", "fit") or part(path) == "plot"
        assert not names & {"sphinx", "docutils"} or part(path) == "sphinxext"
        assert "pybtex" not in names or path.name == "sources.py"
        assert "matplotlib" not in names or part(path) in ("plot", "sphinxext")
