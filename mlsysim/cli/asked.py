"""From the words of a command line to the arguments of a solver."""

import json
import re
from functools import cache
from typing import Any, get_args

import click

from .. import zoo
from ..docstrings import Argument, arguments
from ..errors import InputError, UnknownNameError, nearest
from ..nouns import Entry
from ..profiles import families, profile
from ..results import Result
from ..solvers import SOLVERS, Efficiency


@cache
def solvers() -> dict[str, Any]:
    """Return the solvers by the names that they have on the command line."""
    return {re.sub(r"(?<=[a-z])(?=[A-Z])", "-", s.__name__.removesuffix("Model")).lower(): s for s in SOLVERS}


def kinds(argument: Any) -> tuple[Any, ...]:
    """Return the types that an annotation names."""
    return get_args(argument) or (argument,)


def entry_type(annotation: Any) -> Any:
    """Return the type of entry that an annotation names, or nothing."""
    return next((t for t in kinds(annotation) if isinstance(t, type) and issubclass(t, Entry)), None)


def chains(argument: Argument) -> bool:
    """Whether an argument is the result of another solver."""
    return any(isinstance(t, type) and issubclass(t, Result) for t in kinds(argument.type))


def place(owner: type) -> str:
    """Return the kind or the group of the zoo in which entries of a type lie."""
    return next((k for k, home in zoo.TYPES.items() if k[0].isupper() and home.endswith(f".{owner.__name__}")), "Models")


def options(solver: Any) -> list[click.Parameter]:
    """Return an option for each argument of a solver."""
    return [option(a) for a in arguments(solver.solve)]


def option(a: Argument) -> click.Option:
    """Return the option of an argument."""
    from . import completer, short_names

    name = "--" + a.name.replace("_", "-")
    more: dict[str, Any] = {"help": a.meaning, "required": a.needed, "show_default": True, "metavar": "WORD"}
    if not a.needed and a.default not in (None, ()):
        more["default"] = str(a.default)
    if a.type is bool:
        return click.Option([f"{name}/--no-{name[2:]}", a.name], default=False, help=a.meaning)
    if chains(a):
        more |= {"type": click.File("r", encoding="utf-8"), "metavar": "FILE"}
    elif owner := entry_type(a.type):
        more |= {"metavar": "NAME", "shell_complete": completer(lambda: short_names(place(owner)))}
    elif a.type in (Any, int):
        more["metavar"] = "NUMBER"
    return click.Option([name, a.name], multiple=a.default == (), **more)


def call(ctx: click.Context) -> dict[str, Any]:
    """Return what a command asks: the solver, and the words of each argument that was given."""
    given, solver = {}, str(ctx.command.name)
    for a in arguments(solvers()[solver].solve):
        if ctx.get_parameter_source(a.name) is not click.core.ParameterSource.DEFAULT:
            value = ctx.params[a.name]
            given[a.name] = earlier(value, a.name) if chains(a) else value
    return {"solver": solver, "arguments": given}


def earlier(file: Any, argument: str) -> dict[str, Any]:
    """Return what an earlier answer, written as JSON, was the answer to."""
    try:
        return question(json.load(file), argument)
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise InputError(f"{argument}: {file.name} is no answer: write one with mlsysim solve … --format json") from None


def question(found: Any, argument: str) -> dict[str, Any]:
    """Return the solver and the arguments that an answer names."""
    try:
        return {"solver": str(found["solver"]), "arguments": dict(found["arguments"])}
    except (KeyError, TypeError, ValueError):
        raise InputError(f"{argument}: an answer names its solver and its arguments, and this names none") from None


def answer(asked: dict[str, Any]) -> Any:
    """Return the result of the solver that is asked, with its arguments."""
    name, words = asked["solver"], asked["arguments"]
    if name not in solvers():
        raise UnknownNameError(f"no solver is called {name[:60]!r}: {nearest(name, solvers())}")
    solver = solvers()[name]
    known = {a.name: a for a in arguments(solver.solve)}
    for argument in words:
        if argument not in known:
            raise UnknownNameError(f"{name} has no argument {argument[:60]!r}: {nearest(argument, known)}")
    if absent := [a.name for a in known.values() if a.needed and a.name not in words]:
        raise InputError(f"{name} needs {' and '.join(absent)}")
    return solver().solve(**{n: read(known[n], w) for n, w in words.items()})


def read(a: Argument, words: Any) -> Any:
    """Return the value of an argument from its words."""
    if chains(a):
        return answer(question(words, a.name))
    if a.default == ():
        return tuple(words)
    if not isinstance(words, str):
        return words
    if owner := entry_type(a.type):
        return thing(words, owner, a.name)
    if a.name == "efficiency":
        return efficiency(words)
    return value(words) if a.type in (Any, int) else words


FIELD = re.compile(r"[a-z][a-z0-9_.]*=")


def changes(words: str) -> tuple[str, dict[str, str]]:
    """Split a name and the fields that follow it.

    >>> changes("H100,memory.bandwidth=4 TB/s,price=30,000 USD")
    ('H100', {'memory.bandwidth': '4 TB/s', 'price': '30,000 USD'})
    """
    parts = re.split(rf",\s*(?={FIELD.pattern})", words)
    name = "" if FIELD.match(parts[0]) else parts.pop(0)
    return name.strip(), {f: v.strip() for f, _, v in (p.partition("=") for p in parts)}


def thing(words: str, owner: Any, argument: str) -> Any:
    """Return the entry that words mean: one of the zoo, one with other values, or one of its fields alone."""
    name, fields = changes(words)
    entry = zoo.load(zoo.resolve(name, place(owner), argument)) if name else None
    known = (owner if entry is None else type(entry)).model_fields
    given: dict[str, Any] = {}
    for path, text in fields.items():
        inner = entry_type(known[path].annotation) if path in known else None
        given[path.replace(".", "__")] = thing(text, inner, path) if inner else text
    if entry is None:
        return owner(**given)
    return entry.replace(**given) if given else entry


def efficiency(words: str) -> Any:
    """Return documented constants by the name of their family, shares by name, or one share."""
    if words in families():
        return profile(words)
    _, shares = changes(words)
    if not shares:
        return value(words)
    for name in shares:
        if name not in Efficiency.__slots__:
            raise UnknownNameError(f"efficiency has no {name!r}: {nearest(name, Efficiency.__slots__)}")
    return Efficiency(**{n: value(v) for n, v in shares.items()})


def value(words: str) -> Any:
    """Return a number, text with a unit, or what the zoo has under a dotted name.

    >>> value("32"), value("0.5"), value("1 GB")
    (32, 0.5, '1 GB')
    """
    if words.partition(".")[0] in zoo.KIND_NAMES and words.count(".") >= 2:
        kind, group, name, *path = words.split(".")
        entry = zoo.load(zoo.resolve(f"{kind}.{group}.{name}"))
        return entry.get(".".join(path)) if path else entry
    for read_number in (int, float):
        try:
            return read_number(words)
        except ValueError:
            continue
    return words
