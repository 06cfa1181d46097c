"""The page of the command line: it holds every command and option, and what its examples print."""

import re
from html import unescape

import click
import pytest

from mlsysim.cli import main
from mlsysim.cli.asked import solvers
from mlsysim.sphinxext import cli, shown

PAGE = cli.page()
LINES = [" ".join(line.split()) for line in re.findall(r"^```\{mls-cli\} (.*)$", PAGE, re.MULTILINE)]


def test_every_command_and_option_has_its_place():
    context = click.Context(main, info_name="mlsysim")
    for below, command in cli.commands(context):
        assert f"# `{below.command_path}`\n" in PAGE
        for option in command.params:
            assert not isinstance(option, click.Option) or f"`{option.opts[0]}" in PAGE, (below.command_path, option.opts)
    assert {f"mlsysim solve {name}" for name in solvers()} < set(cli.EXAMPLES)
    assert "Sentinel" not in PAGE and "None`" not in PAGE


@pytest.mark.parametrize("line", LINES)
def test_the_page_holds_what_an_example_prints(line, site):
    output, code = cli.run(line)
    words = unescape(re.sub(r"<[^>]+>", "", (site / "cli.html").read_text("utf-8")))
    assert all(printed in words for printed in output.strip().splitlines()[:20])
    assert code == 0 or f"(exit code {code})" in words


def test_a_page_rests_on_what_a_command_prints(monkeypatch):
    thing = "cli:mlsysim zoo hardware --find h100"
    before = shown.digest(thing, "")
    shown.digest.cache_clear()
    monkeypatch.setattr(cli, "run", lambda line: ("another answer", 0))
    assert shown.digest(thing, "") != before
    shown.digest.cache_clear()


def test_lines_that_are_shown_give_an_answer_or_say_why_not():
    assert LINES and {cli.run(line)[1] for line in cli.EXAMPLES.values()} == {0}
    assert {cli.run(line)[1] for line in LINES} == {0, 1, 2}
