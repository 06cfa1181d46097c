"""The command ``mlsysim``: what the zoo holds, what a solver answers, and where a number comes from.

Commands and options of solvers are made from the solvers' signatures and docstrings. Only what a command needs is imported,
when it is needed: help and lists of the zoo need neither pint nor pydantic.
"""

import io
import sys
from typing import Any

import click

import mlsysim

from ..errors import InputError, MlsysimError, UnknownNameError, nearest

EXIT_CODES = {
    0: "There is an answer.",
    1: "There is none: it does not fit, a fact that it needs is stated nowhere, or no entry matches.",
    2: "The question was wrong: an unknown name or option, a value that is refused, or one that is missing.",
}
FORMATS = ("text", "markdown", "json")
FORMAT = click.Option(
    ["--format", "form"], type=click.Choice(FORMATS), default="text", show_default=True, help="How the answer is written."
)


class WrongUse(click.ClickException):
    """The question was wrong, in a sentence of the library."""

    exit_code = 2


class Commands(click.Group):
    """Commands whose errors are the library's sentences."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except MlsysimError as error:
            raise (WrongUse if isinstance(error, InputError) else click.ClickException)(str(error)) from None


class Solvers(click.Group):
    """One command a solver, made when it is asked for."""

    def __init__(self, explains: bool, **more: Any) -> None:
        super().__init__(**more)
        self.explains = explains

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the solvers."""
        from .asked import solvers

        return list(solvers())

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return a solver's command."""
        from ..docstrings import sentence
        from .asked import options, solvers

        name = name.replace("_", "-")
        solver = solvers().get(name)
        if solver is None:
            if ctx.resilient_parsing:
                return None
            raise UnknownNameError(f"no solver is called {name[:60]!r}: {nearest(name, solvers())}")
        field = click.Argument(["field"], shell_complete=completer(lambda: solver.result.fields))
        parameters = [*([field] if self.explains else []), *options(solver), FORMAT]
        call = explain if self.explains else solve
        return click.Command(name, params=parameters, callback=call, help=sentence(solver), short_help=sentence(solver))


def completer(known: Any) -> Any:
    """Return what completes a word with known names."""
    return lambda ctx, param, incomplete: [n for n in known() if n.lower().startswith(incomplete.lower())]


def short_names(below: str = "") -> list[str]:
    """Return the last parts of the names of entries."""
    from .. import zoo

    return [n.rpartition(".")[2] for n in zoo.names(below)]


@click.group(
    cls=Commands,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "token_normalize_func": lambda word: word.replace("_", "-"),
        "max_content_width": 120,
    },
    epilog="\b\nExit codes:\n" + "\n".join(f"  {code}  {says}" for code, says in EXIT_CODES.items()),
)
@click.version_option(mlsysim.__version__, prog_name="mlsysim")
def main() -> None:
    """Look up, solve and explain machine-learning systems: how fast, how dear, how dirty, how reliable."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # not every terminal can write a thin space or a name's accents
            stream.reconfigure(errors="replace")


@main.command("zoo", params=[FORMAT], short_help="List the entries of a kind or a group of the zoo.")
@click.argument("kind", required=False, shell_complete=completer(lambda: [g.lower() for g in _groups()]))
@click.option("--find", metavar="WORDS", default="", help="Only entries whose name, sentence or aliases hold all of these words.")
@click.option(
    "--columns",
    metavar="PATHS",
    default="title",
    show_default=True,
    help="What is shown beside the name, with commas between: title, summary, aliases, or paths of facts such as memory.bandwidth.",
)
def list_entries(kind: str | None, find: str, columns: str, form: str) -> None:
    """List the entries of a KIND or a group of the zoo, such as hardware, grids or models.language; without one, the groups."""
    from .. import zoo
    from .written import listing

    if kind is None and not find:
        groups = {g: len(zoo.names(g)) for g in _groups()}
        click.echo(listing(["group", "entries"], [{"group": g, "entries": n} for g, n in groups.items()], form))
        return
    words, paths = find.lower().split(), [c.strip() for c in columns.split(",") if c.strip()]
    rows, known = [], {"title", "summary", "aliases"}
    for name in zoo.names(_group(kind) if kind else ""):
        said = _said(name)
        known |= said.keys()
        if all(w in f"{name} {said['title']} {said['summary']} {said['aliases']}".lower() for w in words):
            rows.append({"name": name} | {p: said.get(p) for p in paths})
    for path in paths:
        if path not in known:
            raise UnknownNameError(f"columns={path!r}: {nearest(path, known)}")
    if not rows:
        raise click.ClickException(f"nothing in {kind or 'the zoo'} holds the words {find!r}")
    click.echo(listing(["name", *paths], rows, form))


def _groups() -> list[str]:
    """Return the kinds of the zoo, and their groups."""
    from .. import zoo

    return sorted({".".join(n.split(".")[:depth]) for n in zoo.names() for depth in (1, 2)})


def _group(text: str) -> str:
    """Return the kind or group that is meant, by its name or the end of it."""
    asked = text.lower()
    found = [g for g in _groups() if f".{g.lower()}".endswith(f".{asked}")]
    if len(found) > 1:
        raise InputError(f"kind={text!r} may be {' or '.join(found)}: write which")
    if not found:
        raise UnknownNameError(f"kind={text[:60]!r}: {nearest(text, [g.lower() for g in _groups()])}")
    return found[0]


def _said(name: str) -> dict[str, Any]:
    """Return what an entry says by path, each value as its source prints it."""
    from .. import zoo

    parsed = zoo.table(name)
    words = {"title": parsed.pop("name"), "summary": parsed.pop("summary", ""), "aliases": ", ".join(parsed.pop("aliases", ()))}
    return words | dict(_leaves(parsed))


def _leaves(table: dict[str, Any], prefix: str = "") -> Any:
    for key, value in table.items():
        if isinstance(value, dict) and "value" not in value:
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value["value"] if isinstance(value, dict) else value


@main.command("show", params=[FORMAT], short_help="Show an entry with its facts and their sources.")
@click.argument("name", shell_complete=completer(short_names))
def show(name: str, form: str) -> None:
    """Show the entry that NAME means, with every fact and where it was read; a short name or an alias will do."""
    from .. import zoo
    from .written import entry

    click.echo(entry(zoo.resolve(name), form))


@main.command("exercises", short_help="Draw a sheet of exercises over entries of the zoo.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed draws the same sheet.")
@click.option("--topic", metavar="TEXT", help="One topic; all of them if none is given. A wrong one is answered with the list.")
@click.option("--count", type=int, help="How many exercises; one of each kind if none is given.")
@click.option("--answers", is_flag=True, help="The answers with their derivations, instead of the questions.")
def exercises(seed: int, topic: str | None, count: int | None, answers: bool) -> None:
    """Draw a sheet of exercises as Markdown; with --answers, the answers of the same sheet."""
    from .. import exercises as made

    drawn = made.draw(seed, topic, count)
    click.echo(made.answers(drawn) if answers else made.sheet(drawn), nl=False)


def solve(form: str, **given: Any) -> None:
    """Answer with a solver."""
    from .asked import answer, call
    from .written import result

    asked = call(click.get_current_context())
    found = answer(asked)
    click.echo(result(found, asked, form))
    if found.feasible is False:
        click.get_current_context().exit(1)


def explain(field: str, form: str, **given: Any) -> None:
    """Derive one number of an answer."""
    from .asked import answer, call
    from .written import derivation

    asked = call(click.get_current_context())
    found = answer(asked)
    click.echo(derivation(found.why(field), found.fields[field], asked, form))


main.add_command(Solvers(explains=False, name="solve", help="Answer a question with a solver; each has its own options."))
main.add_command(
    Solvers(
        explains=True,
        name="why",
        help="Derive FIELD, one number of a solver's answer: every equation in order, and every fact with its source.",
        short_help="Derive one number of a solver's answer.",
    )
)
