"""The guides: every solver is in them, every page is listed, and each tool that is named has a source."""

import re
from pathlib import Path

import pytest

from mlsysim.equation import EQUATIONS
from mlsysim.published import worked
from mlsysim.solvers import SOLVERS

assumptions = pytest.importorskip("mlsysim.sphinxext.assumptions")
DOCS = Path(__file__).parent.parent / "docs"


def text(name: str) -> str:
    """Return a page."""
    return (DOCS / f"{name}.md").read_text("utf-8")


@pytest.mark.parametrize("solver", SOLVERS, ids=lambda s: s.__name__)
def test_each_solver_has_a_question_a_section_and_its_assumptions(solver):
    guide = text("solver-guide")
    anchor = re.search(rf"\[`{solver.__name__}`\]\(#(guide-[\w-]+)\)", guide)
    assert anchor, "no question leads to it"
    section = guide.split(f"({anchor.group(1)})=")[1].split("\n(guide-")[0]
    assert "**It assumes**" in section
    assert "**It leaves out**" in section
    assert f"{solver.__name__}().solve(" in section
    assert "See it at work" in section
    said = " ".join((solver.__doc__ or "").split("\n\n")[0].split())
    page = assumptions.page({})
    assert f"## {solver.__name__}\n\n{said}" in page
    assert f"```{{mls-holds}} {solver.__name__}\n" in page


def test_what_holds_is_told_of_equations_that_are_no_bookkeeping():
    for solver in SOLVERS:
        used = [EQUATIONS[n] for n in worked.equations_of(solver.__name__)]
        assert [e for e in used if e.module != assumptions.BOOKKEEPING and e.holds and e.fails]


def test_what_constants_do_not_cover_is_told_by_family():
    assert "stragglers" in assumptions.page({"DistributedModel": ("training",)})
    assert "stragglers" not in assumptions.page({})


def test_the_page_of_guides_lists_each_guide_once_in_words_and_once_in_its_tree():
    page = text("guides")
    listed = page.split(":hidden:")[1].split("```")[0].split()
    assert len(listed) == len(set(listed))
    for name in listed:
        assert page.count(f"]({name}.md)") + page.count(f"<{name}>`") == 1, name
    assert {p.stem for p in DOCS.glob("for-*.md")} < set(listed)


def test_each_tool_that_is_described_has_its_source():
    described = re.findall(r"^\*\*(.+?)\*\*(.*?)(?=^\*\*|^## )", text("comparison"), re.MULTILINE | re.DOTALL)
    table = re.findall(r"^\| ([^|]+?) \|", text("comparison"), re.MULTILINE)[1:]
    assert [name for name, _ in described] and {name for name, _ in described} == set(table)
    assert [name for name, words in described if "{mls:source}" not in words] == []
