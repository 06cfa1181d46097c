"""Prose holds no number with a unit: facts, computed numbers and chosen inputs come by role. Code on pages runs."""

import ast
import contextlib
import io
import re
from functools import cache
from pathlib import Path

import matplotlib.pyplot
import pytest

from mlsysim import zoo
from mlsysim.errors import UnitError
from mlsysim.solvers import SOLVERS
from mlsysim.units import Q

ROOT = Path(__file__).parent.parent
GENERATED = ("math.md", "nomenclature.md", "numbers.md", "moved.md", "sources.md", "cli.md", "assumptions.md")
PAGES = sorted(p for p in [*(ROOT / "docs").glob("*.md"), *(ROOT / "docs/tutorials").glob("*.md")] if p.name not in GENERATED)
EXAMPLES = sorted((ROOT / "gallery").rglob("*.py"))
CODE = sorted((ROOT / "mlsysim").rglob("*.py"))

NUMBER = r"(?<![\w.])(?<![A-Za-z_]-)[-+~]?(?:\d{1,3}(?:[,\u202f]\d{3})+|\d+)(?:\.\d+)?(?:e[-+]?\d+)?"
UNIT = r"(?:[%°€£]|(?!(?:st|nd|rd|th)\b)[A-Za-zµμ$]\w*(?:[/\u00b7*][A-Za-z]\w*)*)"
FOUND = re.compile(rf"{NUMBER}[\s\u00a0\u202f-]{{0,2}}({UNIT})(?![\w])|(?<![\w\\])[€£$]\s?\d[\d,.]*")
WORDS = {
    "seconds": "s", "minutes": "min", "hours": "h", "days": "day", "years": "year", "week": "day", "weeks": "day", "month": "day",
    "months": "day", "milliseconds": "ms", "microseconds": "us", "nanoseconds": "ns", "hour": "h", "watts": "W", "kilowatts": "kW",
    "megawatts": "MW", "joules": "J", "liters": "L", "litres": "L", "litre": "L", "dollar": "USD", "dollars": "USD", "euro": "USD",
    "euros": "USD", "cent": "USD", "cents": "USD", "percent": "%", "gigabyte": "GB", "gigabytes": "GB", "megabytes": "MB",
    "kilobytes": "kB", "terabytes": "TB", "bits": "bit", "bytes": "byte", "flops": "flop", "grams": "gCO2e", "gram": "gCO2e", "g": "gCO2e",
    "kg": "gCO2e", "tonne": "gCO2e", "tonnes": "gCO2e", "tons": "gCO2e", "t": "gCO2e", "meters": "m", "metres": "m", "km": "m",
    "kilograms": "kg", "KB": "kB", "TOPS": "TOPS", "°": "m",
}  # fmt: skip
"""Words and signs of units that the vocabulary writes otherwise."""

MARKS = {"bit", "byte"}
"""Units that also name formats: ``16 bits`` is a way to write a number. They count as units in rates and with a prefix only."""


@cache
def is_unit(text: str) -> bool:
    """True for a unit that is more than a count, and for a product or quotient of such."""
    if text in ("$", "€", "£"):
        return True
    first = text.split("/")[0]
    if text in MARKS or (text == first and WORDS.get(text) in MARKS):
        return False
    known = "/".join(WORDS.get(part, part) for part in text.split("/"))
    try:
        quantity = Q(1, known)
    except (UnitError, ValueError):
        return text != first and is_unit(first)
    return known == "%" or not quantity.dimensionless or quantity.units == Q(1, "percent").units


@cache
def names() -> re.Pattern[str]:
    """Names and aliases of the zoo, which may hold what looks like a number with a unit."""
    found = {n for name in zoo.names() for n in (zoo.load(name).name, *zoo.load(name).aliases)}
    bare = [n for n in found if (m := re.fullmatch(rf"{NUMBER}\s?({UNIT})", n)) and is_unit(m.group(1))]
    assert not bare, f"names that are nothing but a number with a unit: {bare}"
    listed = sorted((n for n in found if not is_unit(n)), key=len, reverse=True)  # "GB" is also a country
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, listed))})(?!\w)")


DATES = re.compile(
    r"\b\d{4}-\d\d(?:-\d\d)?\b|\b\d{1,2} (?:January|February|March|April|May|June|July|August|September|October|November|December)\b"
)
FORMULA = re.compile(r"\\(?:mathrm|text|operatorname)\{([^}]*)\}|\\[,;:! ]|~")


def numbers(prose: str) -> list[str]:
    """Return every number with a unit in prose from which code and roles are gone."""
    prose = re.sub(
        r"(?<!\\)\$\$?([^$\n]+)\$\$?", lambda m: " " + FORMULA.sub(r"\1", m.group(1)) + " " if "\\" in m.group(1) else " \u2026 ", prose
    )
    prose = re.sub(r"https?://\S+|\]\([^)\s]*\)", " ", prose).replace("\\$", " $")
    prose = DATES.sub(" ", names().sub(" ", prose))
    return [m.group().strip() for m in FOUND.finditer(prose) if m.group(1) is None or is_unit(m.group(1))]


PROSE_DIRECTIVES = (
    "note|tip|warning|important|caution|hint|admonition|seealso|dropdown|grid|grid-item|grid-item-card|card|figure|epigraph|margin"
)
FENCE = re.compile(r"^ *(`{3,}|~{3,}|:{3,}) *(?:\{([\w-]+)\})?")


def of_markdown(text: str) -> str:
    """Return the prose of a MyST page: no code, no roles, no options; words inside admonitions and cards are prose."""
    kept, fences = [], []
    head = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    if head:
        kept += re.findall(r"^\s+description: (.*)$", head.group(1), re.MULTILINE)
        text = text[head.end() :]
    for line in text.splitlines():
        mark = FENCE.match(line)
        if fences and mark and mark.group(1).startswith(fences[-1][0]) and not line.strip(" `~:"):
            fences.pop()
        elif mark and all(prose for _, prose in fences):
            fences.append((mark.group(1), bool(re.fullmatch(PROSE_DIRECTIVES, mark.group(2) or ""))))
            if fences[-1][1]:
                kept.append(line[mark.end() :] if mark.group(2) not in ("grid", "figure") else "")
        elif all(prose for _, prose in fences) and not re.match(r"\s*(%|:[\w-]+:)", line):
            kept.append(line)
    prose = re.sub(r"<!--.*?-->|^\([\w.-]+\)=$", " ", "\n".join(kept), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"(?:\{[\w:+-]+\})?(`+)(?!`).+?(?<!`)\1(?!`)", " \u2026 ", prose, flags=re.DOTALL)


def of_rst(text: str) -> str:
    """Return the prose of reStructuredText: no literals, roles, literal blocks, doctests or directives but admonitions."""
    kept, below, skipping = [], None, False
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        if below is not None and (not line.strip() or indent > below):
            continue
        below = None
        directive = re.match(r"\s*\.\. (?:([\w:-]+)::|\|| *$|\[|_|\w)", line)
        if line.lstrip().startswith(">>>"):
            skipping = True
        elif not line.strip():
            skipping = False
        if directive and not re.fullmatch(PROSE_DIRECTIVES, directive.group(1) or ""):
            below = indent
        elif not skipping and not re.match(r"\s*:[\w-]+:(?!`)", line):
            kept.append(line)
            if line.rstrip().endswith("::"):
                below = indent
    return re.sub(r"``.+?``(?!`)|(?::[\w:+-]+:)?`[^`]+`_?", " \u2026 ", "\n".join(kept), flags=re.DOTALL)


def of_example(text: str) -> str:
    """Return the prose of a gallery example: its docstring, and the comments that follow ``# %%``."""
    blocks = [ast.get_docstring(ast.parse(text)) or ""]
    for match in re.finditer(r"^# ?%%(.*)\n((?:#.*\n?)*)", text, re.MULTILINE):
        blocks.append(
            match.group(1).strip() + "\n" + "\n".join(line.removeprefix("#").removeprefix(" ") for line in match.group(2).splitlines())
        )
    return "\n\n".join(of_rst(b) for b in blocks)


def of_code(text: str) -> str:
    """Return every docstring of a module, also those below an assignment."""
    found = []
    for node in ast.walk(ast.parse(text)):
        for child in getattr(node, "body", []) if isinstance(getattr(node, "body", None), list) else []:
            if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant) and isinstance(child.value.value, str):
                found.append(of_rst(child.value.value))
    return "\n\n".join(found)


READERS = {".md": of_markdown, "example": of_example, "code": of_code}
PROSE = [*((p, of_markdown) for p in PAGES), *((p, of_example) for p in EXAMPLES), *((p, of_code) for p in CODE)]


@pytest.mark.parametrize(("path", "reader"), PROSE, ids=[str(p.relative_to(ROOT)) for p, _ in PROSE])
def test_no_number_with_a_unit_is_typed(path, reader):
    found = numbers(reader(path.read_text("utf-8")))
    assert not found, f"write a role instead of {', '.join(map(repr, found))}"


@pytest.mark.parametrize("example", [p for p in EXAMPLES if p.name.startswith("plot_")], ids=lambda p: p.stem)
def test_an_example_is_short_enough_to_be_read_at_once(example):
    assert len(example.read_text("utf-8").splitlines()) <= 80, "drop a side idea: an example has one, in at most 80 lines"


PLANTED = {
    "It reads 3.35 TB/s.": "3.35 TB/s",
    "a 700 W board": "700 W",
    "A 700-watt-hour-free W: 700-W board": "700-W",
    "after 20\nms it stops": "20\nms",
    "costs $50,000 a year": "$50,000",
    "costs \\$ 20": "$ 20",
    "costs 50,000 USD": "50,000 USD",
    "50 % of it": "50 %",
    "half, or 50%, of it": "50%",
    "the 80GB version": "80GB",
    "in 3 seconds or 10 minutes": "3 seconds",
    "about 1e15 FLOP/s": "1e15 FLOP/s",
    "989.4 TFLOPS": "989.4 TFLOPS",
    "0.4 gCO2e/Wh and 30 gCO2e/kWh": "0.4 gCO2e/Wh",
    "0.2 USD/kWh": "0.2 USD/kWh",
    "10\u00a0kWh": "10\u00a0kWh",
    "between 10-20 ms": "20 ms",
    "4 L of water": "4 L",
    "$80\\,\\mathrm{GB}$ of memory": "80GB",
    "400 Gb/s a port": "400 Gb/s",
    "80 GB of memory": "80 GB",
    "3 years": "3 years",
    "15 dollars": "15 dollars",
    "at 2 GHz": "2 GHz",
    ":::{note}\n5 ms\n:::": "5 ms",
    "---\nmyst:\n  html_meta:\n    description: It takes 5 ms.\n---\n# A": "5 ms",
}

ALLOWED = [
    "{mls:given}`50,000 USD a year`, {mls:fact}`Hardware.Cloud.H100.power.tdp` and {mls:value}`five_ms`",
    "`80 GB` and ``a = 5 ms``",
    "```python\nx = 5  # 5 ms\n```",
    "```{code-cell} ipython3\n5 ms\n```",
    "The NVIDIA H100 SXM5 80 GB and the H100 80GB.",
    "read on 2026-11-22, or 3 May",
    "1. Watts\n2. W",
    "8 devices, 16 sequences of 4096 tokens, 70 layers",
    "an intensity of $2 n^3$ and $x = 5$",
    "written in 16 bits, or 8-bit integers",
    "Section 3 shows it; Llama-3-8B fits",
    "Table 4.2, column 3, in 2023 and 2024",
    "% 5 ms, says a comment",
    "[a link](https://example.org/5-ms)",
]


@pytest.mark.parametrize(("text", "number"), PLANTED.items())
def test_planted_numbers_are_found(text, number):
    assert number in numbers(of_markdown(text)), numbers(of_markdown(text))


@pytest.mark.parametrize("text", ALLOWED)
def test_what_is_allowed_is_not_found(text):
    assert numbers(of_markdown(text)) == []


def test_numbers_are_found_in_examples_and_docstrings():
    example = '"""\nTitle\n=====\n\nIt takes 5 ms, not :mls:fact:`6 ms`.\n"""\nx = "7 ms"  # 8 ms\n'
    example += "# %%\n# Then 9 ms, ``10 ms``.\n#\n# And 11 ms.\ny = 1\n"
    assert numbers(of_example(example)) == ["5 ms", "9 ms", "11 ms"]
    code = (
        '"""Top, 1 ms."""\nX = 1\n"""Below, 2 ms, not ``3 ms``."""\n\n\ndef f():\n    """Do.\n\n    >>> f("4 ms")\n    5 ms\n\n'
        '    After 6 ms::\n\n        7 ms\n\n    Then 8 ms.\n    """\n    return "9 ms"  # 10 ms\n'
    )
    assert numbers(of_code(code)) == ["1 ms", "2 ms", "6 ms", "8 ms"]


def blocks(text: str) -> list[tuple[int, str]]:
    """Return the Python blocks and cells of a page, each with the line on which it begins."""
    found = re.finditer(r"^( *)```(?:python|\{code-cell\}[^\n]*)\n((?::[^\n]*\n)*)(.*?)^\1```$", text, re.DOTALL | re.MULTILINE)
    return [(text.count("\n", 0, m.start(3)), re.sub(rf"^{m.group(1)}", "", m.group(3), flags=re.MULTILINE)) for m in found]


WITH_CODE = [p for p in PAGES if blocks(p.read_text("utf-8"))]


@pytest.mark.parametrize("path", WITH_CODE, ids=lambda p: p.name)
def test_code_on_pages_runs(path, monkeypatch, tmp_path):
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.chdir(tmp_path)
    scope = {"__name__": "page"}
    for line, block in blocks(path.read_text("utf-8")):
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile("\n" * line + block, str(path), "exec"), scope)
    matplotlib.pyplot.close("all")


def test_pages_have_code_that_can_be_run():
    assert {"getting-started.md", "solver-guide.md"} <= {p.name for p in WITH_CODE}
    unknown = {m for p in PAGES for m in re.findall(r"^```(py|pycon|python3|ipython)\b", p.read_text("utf-8"), re.MULTILINE)}
    assert not unknown, f"blocks that nothing runs: {unknown}"


def test_the_picture_of_the_layers_names_every_solver_and_leads_to_sections():
    picture = (ROOT / "docs/_static/stack.svg").read_text("utf-8")
    assert [s.__name__ for s in SOLVERS if not re.search(rf"\b{s.__name__.removesuffix('Model')}\b", picture)] == []
    page = (ROOT / "docs/architecture.md").read_text("utf-8")
    links = re.findall(r'<a href="#([\w-]+)">\n<title>', picture)
    assert len(links) == picture.count("<a ") == 6
    assert [link for link in links if f"({link})=" not in page] == []
