"""Print what is installed, how long the library is, and how the speed of points compares with that of solves."""

import importlib.metadata as metadata
import io
import itertools
import re
import sys
import timeit
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "mlsysim"
sys.path.insert(0, str(ROOT))


def needed(name: str, seen: set[str] | None = None) -> set[str]:
    """Return a distribution and all that it needs at run time, without extras."""
    seen = set() if seen is None else seen
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key in seen:
        return seen
    try:
        requires = metadata.requires(key) or []
    except metadata.PackageNotFoundError:
        return seen
    seen.add(key)
    for line in requires:
        required, _, marker = line.partition(";")
        if "extra" not in marker and "platform" not in marker and "implementation" not in marker:
            needed(re.match(r"[\w.-]+", required.strip()).group(), seen)
    return seen


def size(name: str) -> int:
    """Return the bytes of a distribution's files, byte-code left out."""
    paths = [Path(str(f.locate())) for f in metadata.files(name) or [] if not f.name.endswith(".pyc")]
    return sum(p.stat().st_size for p in paths if p.is_file())


def own_size() -> int:
    """Return the bytes of what the wheel holds: the package and the zoo."""
    files = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.pyi"), *(ROOT / "zoo").rglob("*.*")]
    return sum(p.stat().st_size for p in files if p.is_file())


def lines_of_code(text: str) -> int:
    """Return the lines that hold code: comments, blank lines and texts that stand alone are none.

    >>> lines_of_code('"Docs."\\nx = 1  # one\\n\\n# two\\ny = (\\n    2\\n)\\n')
    4
    """
    held: set[int] = set()
    statement: list[tokenize.TokenInfo] = []
    blank = (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NEWLINE:
            if any(t.type != tokenize.STRING for t in statement):
                held.update(*(range(t.start[0], t.end[0] + 1) for t in statement))
            statement = []
        elif token.type not in blank:
            statement.append(token)
    return len(held)


def code() -> Iterator[tuple[str, int]]:
    """Yield the parts of the library with their lines of code, the extension of Sphinx apart."""
    parts: dict[str, int] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        inside = path.relative_to(PACKAGE).parts
        part = inside[0] if len(inside) > 1 else "top"
        parts[part] = parts.get(part, 0) + lines_of_code(path.read_text("utf-8"))
    apart = parts.pop("sphinxext", 0)
    yield from sorted(parts.items())
    yield "all", sum(parts.values())
    yield "sphinxext, not counted", apart


def best(call: object, number: int) -> float:
    """Return the shortest of a few timings of a call, in seconds."""
    return min(timeit.repeat(call, number=number, repeat=5)) / number  # type: ignore[arg-type]


def ratios() -> Iterator[tuple[str, float, float]]:
    """Yield, for the solvers that take arrays, the seconds of a solve and of a point among ten thousand."""
    import numpy as np

    from mlsysim import Hardware, Models, ServingModel, SingleNodeModel, Systems

    lengths = np.linspace(128, 8192, 10_000).round()
    single, serving = SingleNodeModel().solve, ServingModel().solve
    model, large, device = Models.Language.Llama3_8B, Models.Language.Llama3_70B, Hardware.Cloud.H100
    node = Systems.Nodes.HGX_H100_4

    def one(length: object) -> object:
        return single(model, device, batch_size=16, seq_len=length, phase="decode")

    def other(length: object) -> object:
        return serving(large, node=node, batch_size=16, input_len=length, output_len=256, tp_size=4)

    for name, solve in (("SingleNodeModel", one), ("ServingModel", other)):
        solve(2048)
        some = itertools.cycle(range(128, 8192))
        yield name, best(lambda solve=solve, some=some: solve(next(some)), 200), best(lambda solve=solve: solve(lengths), 1) / len(lengths)


def main() -> None:
    """Print it all."""
    total = own_size()
    print("installed, in kB")
    print(f"  {'mlsysim with its zoo':<28}{total / 1e3:>10,.0f}")
    for name in sorted(needed("pint") | needed("pydantic")):
        held = size(name)
        total += held
        print(f"  {name + ' ' + metadata.version(name):<28}{held / 1e3:>10,.0f}")
    print(f"  {'all':<28}{total / 1e3:>10,.0f}")
    print("lines of code")
    for part, count in code():
        print(f"  {part:<28}{count:>10,}")
    print("an array's point against a solve")
    for name, solve, point in ratios():
        print(f"  {name:<28}{solve * 1e6:>10,.0f} us a solve, {point * 1e9:,.0f} ns a point: {solve / point:,.0f} points a solve")


if __name__ == "__main__":
    main()
