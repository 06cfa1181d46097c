"""Freshness: a change of a fact renews all that rests on it, and nothing else is read or run again.

The builds happen in a copy of the repository, one after another: first as it is, then as it is again, then with one
fact after another changed, an entry added, one removed. In the end a build from nothing of the same sources says what
every page, download and picture must be.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from mlsysim import zoo
from mlsysim.accuracy import MODULES
from mlsysim.published import worked
from mlsysim.sphinxext import cli
from mlsysim.sphinxext.generate import MEASURED

ROOT = Path(__file__).parent.parent.parent
WANTED = ("docs", "gallery", "mlsysim", "zoo", "README.md", "pyproject.toml", "CITATION.cff", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE")
GENERATED = {"zoo", "math", "solvers", "accuracy", "textbook", "gallery", "_build"} | {
    f"{n}.md" for n in ("math", "nomenclature", "numbers", "moved", "sources", "cli")
}
KINDS = {"Hardware": "zoo/hardware", "Models": "zoo/models", "Infrastructure": "zoo/infra", "Systems": "zoo/fleets"}


def page(name: str) -> str:
    """Return the document of an entry."""
    return "zoo/" + name.replace(".", "/").lower()


def copy_sources(to: Path, leave: set[str]) -> Path:
    """Copy what a build needs, and of what a build made what is not left out."""
    for name in WANTED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(
                source,
                to / name,
                ignore=lambda folder, names: [n for n in names if n == "__pycache__" or (folder == str(ROOT / "docs") and n in leave)],
            )
        elif source.exists():
            shutil.copy2(source, to / name)
    return to


@dataclass
class Built:
    """What a build read and ran, and what the site was after it."""

    read: set[str]
    removed: int
    ran: set[str]
    notebooks: set[str]
    site: dict[str, bytes]

    def changed_since(self, other: "Built") -> set[str]:
        """Return what is not as it was."""
        return {n for n in self.site.keys() | other.site.keys() if self.site.get(n) != other.site.get(n)}


LISTENER = '''
"""Writes down what a build reads."""
import os


def setup(app):
    def note(app, docname, content):
        with open(os.environ["MLS_TEST_READ"], "a") as log:
            log.write(docname + "\\n")

    app.connect("source-read", note)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
'''


def snapshot(out: Path) -> dict[str, bytes]:
    """Return the articles with what navigates among them, the downloads and the pictures of a site, by name."""
    found = {}
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out).as_posix()
        if not path.is_file() or name.startswith(("pagefind/", "_static/vendor/")):
            continue
        if path.suffix == ".html" and not name.startswith("_static/"):
            parts = re.findall(
                r'<article class="bd-article">.*?</article>|<nav class="bd-docs-nav.*?</nav>', path.read_text("utf-8"), re.DOTALL
            )
            found[name] = "\n".join(parts).encode()
        elif path.suffix in (".py", ".ipynb") and name.startswith("_downloads/"):
            found[path.name] = path.read_bytes()
        elif name.startswith(("_static/place/", "_images/")) and "thumb" not in name:
            found[name] = path.read_bytes()
    return found


class Copy:
    """A copy of the repository that can be built."""

    def __init__(self, folder: Path, leave: set[str]) -> None:
        self.root = copy_sources(folder, leave)
        (self.root / "listener.py").write_text(LISTENER, "utf-8")
        self.out = folder / "out" / "html"

    def build(self) -> Built:
        """Build, and return what happened; a warning is a failure."""
        log = self.root / "read.txt"
        log.write_text("", "utf-8")
        env = {k: v for k, v in os.environ.items() if not k.startswith(("COV_", "PYTEST_")) and k != "PYTHONDONTWRITEBYTECODE"}
        env |= {"PYTHONPATH": str(self.root), "MLS_TEST_READ": str(log)}
        command = [sys.executable, "-m", "sphinx", "-b", "html", "-j", "2", "-n", "-W", "--keep-going", "-D", f"extensions={EXTENSIONS}"]
        command += ["-d", str(self.out.parent / "doctrees"), "docs", str(self.out)]
        before = self.runs()
        done = subprocess.run(command, cwd=self.root, env=env, capture_output=True, text=True, timeout=400, check=False)
        text = done.stdout + done.stderr
        assert done.returncode == 0, [
            line for line in text.splitlines() if re.search("WARNING|ERROR|rror:", line) and "IPKernel" not in line
        ]
        removed = int(re.search(r"updating environment: .*?(\d+) removed", text).group(1))
        ran = {n for n, time in self.runs().items() if time != before.get(n)}
        notebooks = {Path(p).stem for p in re.findall(r"(\S+\.md): Executed notebook", text)}
        return Built(set(log.read_text("utf-8").split()), removed, ran, notebooks, snapshot(self.out))

    def runs(self) -> dict[str, int]:
        """Return when each example was run last: the gallery then writes its key."""
        folder = self.root / "docs/gallery"
        return {p.relative_to(folder).as_posix().removesuffix(".py.md5"): p.stat().st_mtime_ns for p in folder.rglob("*.py.md5")}

    def examples(self) -> dict[str, str]:
        """Return the text of each example, by its place in the gallery."""
        folder = self.root / "gallery"
        return {p.relative_to(folder).with_suffix("").as_posix(): p.read_text("utf-8") for p in folder.rglob("plot_*.py")}

    def edit(self, path: str, old: str, new: str) -> None:
        """Change one thing in a file of the copy."""
        file = self.root / path
        text = file.read_text("utf-8")
        assert text.count(old) == 1, (path, old)
        file.write_text(text.replace(old, new), "utf-8")


def extensions() -> str:
    """Return the extensions of the configuration, and the one that writes down what is read."""
    listed = re.search(r"^extensions = \[(.*?)\]", (ROOT / "docs/conf.py").read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return ",".join([*re.findall(r'"([\w.]+)"', listed.group(1)), "listener"])


EXTENSIONS = extensions()


@pytest.fixture(scope="session")
def copy(tmp_path_factory) -> Copy:
    """Return the copy in which one build follows another."""
    return Copy(tmp_path_factory.mktemp("fresh"), GENERATED - {"gallery"})


@pytest.fixture(scope="session")
def history(copy) -> list[Built]:
    """Return what was built so far; the first build finds no pages, but examples that ran before."""
    return [copy.build()]


def names_that_rest_on(name: str) -> set[str]:
    """Return an entry and all that refer to it."""
    return {name} | {n for n in zoo.names() if name in zoo.references_of(n)}


def mentions(text: str, names: set[str]) -> bool:
    """True where a text names one of the entries, or walks over the group of one."""
    groups = {n.rpartition(".")[0] for n in names}
    return any(re.search(rf"\b{re.escape(n)}(?!\w)", text) for n in names) or any(
        re.search(rf"\b(?:{re.escape(g)}|getattr\({re.escape(g)})\b(?!\.)", text) for g in groups
    )


def may_run(copy: Copy, names: set[str]) -> set[str]:
    """Return the examples whose text names one of the entries."""
    return {e for e, text in copy.examples().items() if mentions(text, names)}


def may_be_read(copy: Copy, name: str) -> set[str]:
    """Return the documents that can rest on an entry, judged by their text."""
    names = names_that_rest_on(name)
    found = {page(n) for n in names} | {KINDS[n.partition(".")[0]] for n in names} | {"sources"}
    found |= {f"gallery/{e}" for e in may_run(copy, names)} | ({"gallery/index"} if may_run(copy, names) else set())
    found |= {f"gallery/{e.rpartition('/')[0]}/index" for e in may_run(copy, names)}
    if name.startswith("Hardware."):  # rows of measurements were made on it
        found |= {f"accuracy/{n}" for n in (*MODULES, "index")} | {f"solvers/{s.lower()}" for s in MEASURED}
    solvers = {s for s, text in worked.EXAMPLES.items() if mentions(text, names)}
    found |= {f"solvers/{s.lower()}" for s in solvers} | ({"assumptions"} if solvers else set())
    commands = " ".join(cli.EXAMPLES.values()).lower()  # short names will do there
    found |= {"cli" for n in names if re.search(rf"\b{n.rpartition('.')[2].lower()}\b", commands)}
    by_value = values_that_rest_on(copy, names)
    found |= {"numbers"} if by_value else set()
    for path in (copy.root / "docs").rglob("*.md"):
        document = path.relative_to(copy.root / "docs").with_suffix("").as_posix()
        text = path.read_text("utf-8")
        if mentions(text, names) or by_value & set(re.findall(r"\{mls:value\}`(\w+)`", text)):
            found.add(document)
    return found


def values_that_rest_on(copy: Copy, names: set[str]) -> set[str]:
    """Return the values of the pages whose function names one of the entries, or calls one that does."""
    text = (copy.root / "docs/values.py").read_text("utf-8")
    bodies = dict(re.findall(r"^def (\w+)\(.*?\n(.*?)(?=^def |\Z)", text, re.DOTALL | re.MULTILINE))
    found = {n for n, body in bodies.items() if mentions(body, names)}
    while more := {n for n, body in bodies.items() if n not in found and any(re.search(rf"\b{f}\(", body) for f in found)}:
        found |= more
    return found


def renewed(now: Built, before: Built) -> set[str]:
    """Return the documents whose page is not as it was."""
    return {n.removesuffix(".html") for n in now.changed_since(before) if n.endswith(".html")}


def beside(name: str, *built: Built) -> set[str]:
    """Return the documents of the zoo that link to an entry, as what is like it does."""
    link = f'#{name.replace(".", "-").lower()}"'.encode()
    return {n.removesuffix(".html") for b in built for n, text in b.site.items() if n.startswith("zoo/") and link in text}


def test_the_first_build_reads_everything(copy, history):
    examples = set(copy.examples())
    assert history[0].ran <= examples
    assert "roofline" in history[0].notebooks
    assert {f"{e.rpartition('/')[2]}.ipynb" for e in examples} <= set(history[0].site)
    assert {page(n) for n in zoo.names()} <= history[0].read


def test_nothing_is_done_again_where_nothing_changed(copy, history):
    history.append(copy.build())
    now = history[-1]
    assert (now.read, now.removed, now.ran, now.notebooks) == (set(), 0, set(), set())
    assert not now.changed_since(history[-2])


def test_a_fact_that_few_rest_on(copy, history):
    name = "Hardware.Cloud.A30"
    copy.edit("zoo/Hardware/Cloud/A30.toml", *a_change(copy, name, "bandwidth", 1.25))
    history.append(copy.build())
    now, before = history[-1], history[-2]
    assert "_static/place/hardware.svg" in now.changed_since(before)
    assert {page(name), "zoo/hardware"} <= renewed(now, before) <= now.read
    assert now.read <= may_be_read(copy, name) | beside(name, before, now)
    assert now.ran <= may_run(copy, names_that_rest_on(name))
    assert now.notebooks == {d.rpartition("/")[2] for d in now.read if d.startswith("tutorials/") and d != "tutorials/index"}
    assert "zoo/hardware/cloud/h200" not in now.read
    assert len(now.read) < 40


def a_change(copy: Copy, name: str, key: str, by: float = 1.002) -> tuple[str, str]:
    """Return the line of a fact inside the memory of a device, as it is and so little larger that claims of examples hold."""
    text = (copy.root / "zoo" / (name.replace(".", "/") + ".toml")).read_text("utf-8")
    memory = text[text.index("[memory]") :]
    line = re.search(rf'^{key} = \{{value = "([\d.]+) (\S+)".*$', memory, re.MULTILINE)
    value = float(line.group(1)) * by
    return line.group(), line.group().replace(f'"{line.group(1)} ', f'"{value:g} ', 1)


def test_a_fact_that_many_rest_on(copy, history):
    name = "Hardware.Cloud.H100"
    copy.edit("zoo/Hardware/Cloud/H100.toml", *a_change(copy, name, "bandwidth"))
    history.append(copy.build())
    now, before = history[-1], history[-2]
    new = renewed(now, before)
    assert {page(name), "zoo/hardware", "getting-started", "tutorials/roofline", "gallery/roofline/plot_roofline_h100", "cli"} <= new
    assert new <= now.read
    assert now.read <= may_be_read(copy, name) | beside(name, before, now)
    assert "roofline/plot_roofline_h100" in now.ran <= may_run(copy, names_that_rest_on(name))
    assert "roofline" in now.notebooks
    assert now.notebooks == {d.rpartition("/")[2] for d in now.read if d.startswith("tutorials/") and d != "tutorials/index"}
    assert "plot_roofline_h100.ipynb" in now.changed_since(before)
    assert page("Infrastructure.Grids.Japan") not in now.read


def test_a_new_entry_appears(copy, history):
    source = copy.root / "zoo/Infrastructure/Grids/Norway.toml"
    text = source.read_text("utf-8")
    assert "Atlantis" not in text
    (source.parent / "Atlantis.toml").write_text(re.sub(r'^name = ".*"$', 'name = "Atlantis"', text, flags=re.MULTILINE), "utf-8")
    history.append(copy.build())
    now, before = history[-1], history[-2]
    assert {"zoo/infrastructure/grids/atlantis", "zoo/infra", "zoo/index"} <= renewed(now, before)
    assert b"Atlantis" in now.site["zoo/infra.html"]
    assert b"infrastructure-grids-atlantis" in now.site["_static/place/grids.svg"]
    assert now.ran == {e for e, text in copy.examples().items() if "Infrastructure.Grids:" in text}
    assert now.notebooks == set()
    assert page("Hardware.Cloud.H100") not in now.read


def test_the_sources_say_that_a_new_entry_cites_them(history):
    assert b"Infrastructure.Grids.Atlantis" in history[-1].site["sources.html"]


def test_the_navigation_of_its_neighbours_has_a_new_entry(history):
    neighbour, index = "zoo/infrastructure/grids/norway.html", "zoo/infra.html"
    if b"sweden.html" in history[-1].site[neighbour]:
        assert b"atlantis.html" in history[-1].site[neighbour]
    assert b"atlantis.html" in history[-1].site[index]


def test_an_entry_that_is_removed_is_gone(copy, history):
    (copy.root / "zoo/Infrastructure/Grids/Atlantis.toml").unlink()
    history.append(copy.build())
    now = history[-1]
    assert now.removed == 1
    assert b"Atlantis" not in b"".join(now.site[n] for n in now.site if n != "zoo/infrastructure/grids/atlantis.html")
    assert not (copy.out / "zoo/infrastructure/grids/atlantis.html").exists(), "its page is still there, and search still finds it"


def test_a_named_value_that_changes(copy, history):
    copy.edit("docs/values.py", "    return _decode_step().latency\n", "    return 2 * _decode_step().latency\n")
    history.append(copy.build())
    now, before = history[-1], history[-2]
    assert "getting-started" in renewed(now, before) <= now.read
    assert (now.ran, now.notebooks) == (set(), set())
    with_values = {"numbers"} | {p.stem for p in (copy.root / "docs").glob("*.md") if "{mls:value}" in p.read_text("utf-8")}
    assert now.read <= with_values | {f"gallery/{e}" for e in examples_with_values(copy)} | {"tutorials/roofline"}


def examples_with_values(copy: Copy) -> set[str]:
    """Return the examples that show named values."""
    return {e for e, text in copy.examples().items() if ":mls:value:" in text}


def test_a_worked_example_that_changes(copy, history):
    copy.edit("mlsysim/equations/roofline.toml", "the page gives N FLOPs", "the article gives N FLOPs")
    history.append(copy.build())
    now, before = history[-1], history[-2]
    assert renewed(now, before) == {"math/roofline"}
    assert now.ran == set()


def test_a_topic_of_a_chapter_that_changes(copy, history):
    copy.edit("docs/textbook.toml", "Energy as a constraint of design", "Energy as a limit of design")
    history.append(copy.build())
    now, before = history[-1], history[-2]
    assert renewed(now, before) == {"architecture", "textbook/vol2-15-sustainable-ai"} <= now.read
    assert not {d for d in now.read if d.startswith(("math", "solvers", "zoo", "gallery"))}
    assert (now.ran, now.notebooks) == (set(), set())


def test_all_is_as_if_it_had_been_built_from_nothing(copy, history, tmp_path):
    again = Copy(tmp_path, GENERATED)
    for folder in ("zoo", "mlsysim"):
        shutil.rmtree(again.root / folder)
        shutil.copytree(copy.root / folder, again.root / folder)
    for name in ("values.py", "textbook.toml"):
        shutil.copy2(copy.root / "docs" / name, again.root / "docs" / name)
    clean, now = again.build().site, history[-1].site
    assert {n for n in clean if clean[n] != now.get(n)} == set()
    assert {n for n in now if n not in clean and not n.startswith("_images/")} == set(), "what is gone was left"


def test_an_example_that_is_removed_is_gone(copy, history):
    file = copy.root / "gallery/memory/plot_added.py"
    file.write_text('"""\nWas it added?\n=============\n\nIt was, for :mls:entry:`Hardware.Cloud.L4`.\n"""\n\nprint(1)\n', "utf-8")
    now = copy.build()
    assert now.ran == {"memory/plot_added"}
    assert b"plot_added" in now.site["gallery/index.html"]
    assert b"Was it added?" in now.site["zoo/hardware/cloud/l4.html"]
    file.unlink()
    now = copy.build()
    assert now.ran == set()
    assert not [n for n, text in now.site.items() if "plot_added" in n or b"plot_added" in text]
