"""The ledger: every published number of the last release, what has moved since, why, and whether that was accepted with a reason.

``docs/numbers.lock`` holds a line for each name, sorted: the name, its value with the coherent unit or a digest of an equation's code, and
its address. ``docs/moves.toml`` holds the moves that were accepted, with their reasons.
"""

import ast
import fnmatch
import hashlib
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import __version__, zoo
from ..equation import EQUATIONS, Equation
from ..errors import InputError
from . import addresses
from .registry import Published, every, nameless

HEAD = "# Every published number of release {version}, {date}: name, value, address. Written by: nox -s numbers -- release\n"
TITLE = "# Published numbers that moved, and why. Written by: nox -s numbers -- accept"
SAME = 1e-9
"""Relative difference below which two numbers are one: the last digits depend on the machine."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a name was, at the last release."""

    value: str
    address: str


@dataclass(frozen=True, slots=True)
class Move:
    """A published name that is not what it was.

    ``why`` names the facts, equations or entries whose change moved it; empty where it is such a cause itself.
    """

    name: str
    old: str
    new: str
    why: tuple[str, ...] = ()

    @property
    def change(self) -> str:
        """By how much, in percent, where both are numbers."""
        old, new = _number(self.old), _number(self.new)
        if old is None or new is None or old == 0:
            return ""
        return f"{100 * (new / old - 1):+.3g} %"

    @property
    def text(self) -> str:
        """The move in one line."""
        change = f" ({self.change})" if self.change else ""
        because = f", since {', '.join(self.why)} moved" if self.why else ""
        return f"{self.name}: {self.old or 'nothing'} is now {self.new or 'gone'}{change}{because}"


def _number(text: str) -> float | None:
    try:
        return float(text.partition(" ")[0])
    except ValueError:
        return None


def written(number: Published) -> str:
    """Write a value for the ledger."""
    if isinstance(number.value, (str, bool)):
        return str(number.value)
    return f"{number.value:.10g} {number.unit}".strip()


def code_of(equation: Equation) -> str:
    """Return a digest of what an equation computes: its arguments and statements, without words and layout."""
    parts = [ast.dump(equation.tree.args), *map(ast.dump, equation.statements)]
    return "code " + hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def lines(numbers: Mapping[str, Published], claims: Iterable[str]) -> dict[str, Line]:
    """Return the ledger of what is published now."""
    found = {n: Line(written(p), f"{p.page}.html#{p.anchor}") for n, p in numbers.items()}
    for kind, name in nameless(list(claims)):
        document, ident = addresses.place(kind, name)
        value = code_of(EQUATIONS[name]) if kind == "eq" else kind
        found[addresses.public(kind, name)] = Line(value, f"{document}.html#{ident}")
    return dict(sorted(found.items()))


def write(path: Path, now: Mapping[str, Line], version: str, day: str) -> None:
    """Write a ledger."""
    body = "".join(f"{n}\t{line.value}\t{line.address}\n" for n, line in now.items())
    path.write_text(HEAD.format(version=version, date=day) + body, "utf-8")


def read(path: Path) -> dict[str, Line]:
    """Return the ledger of the last release.

    Raises
    ------
    InputError
        There is none, or a line of it is not one.
    """
    if not path.is_file():
        raise InputError(f"there is no {path}: write the ledger of a release with nox -s numbers -- release")
    found: dict[str, Line] = {}
    for number, text in enumerate(path.read_text("utf-8").splitlines(), 1):
        if text.startswith("#"):
            continue
        cells = text.split("\t")
        if len(cells) != 3:
            raise InputError(f"{path}, line {number}: {text!r} is no name, value and address between tabs; write the file again")
        if cells[0] in found:
            raise InputError(f"{path}, line {number}: {cells[0]} stands there twice; write the file again")
        found[cells[0]] = Line(cells[1], cells[2])
    return found


def moved(before: Mapping[str, Line], now: Mapping[str, Line], numbers: Mapping[str, Published]) -> list[Move]:
    """Return what moved since the last release, causes first; a name that is new has not moved."""
    found = []
    for name, old in before.items():
        here = addresses.current(name)
        new = now.get(here)
        if new is None or not same(old.value, new.value):
            found.append(Move(name, old.value, new.value if new else ""))
    causes = {m.name for m in found}
    explained = [Move(m.name, m.old, m.new, _why(m.name, causes, numbers)) for m in found]
    return sorted(explained, key=lambda m: (bool(m.why), m.name))


def _why(name: str, causes: set[str], numbers: Mapping[str, Published]) -> tuple[str, ...]:
    number = numbers.get(addresses.current(name))
    if number is None:
        return ()
    entries = {r for r in number.rests_on if r.partition(".")[0] in zoo.KIND_NAMES and r.count(".") == 2}
    stated = {c for c in causes if c in numbers and numbers[c].source and ".".join(c.split(".")[:3]) in entries}
    return tuple(sorted((stated | (causes & set(number.rests_on))) - {name}))


def same(old: str, new: str) -> bool:
    """True where two values of the ledger are one."""
    if old == new:
        return True
    first, second = _number(old), _number(new)
    if first is None or second is None or old.partition(" ")[2] != new.partition(" ")[2]:
        return False
    return math.isclose(first, second, rel_tol=SAME)


def astray(before: Mapping[str, Line], now: Mapping[str, Line]) -> list[str]:
    """Return what is wrong with names: an address that was published and is gone, or one that two names have."""
    found = []
    for name, old in before.items():
        here = addresses.current(name)
        if here not in now:
            found.append(f"{name} was published and is gone: let renamed.toml lead to what took its place")
        elif here == name and now[name].address != old.address:
            found.append(f"{name} stood at {old.address} and is at {now[name].address}: links to it are dead; let it stay")
    owners: dict[str, str] = {}
    for name, line in now.items():
        if line.address in owners:
            found.append(f"{name} and {owners[line.address]} have one address, {line.address}: rename one")
        owners[line.address] = name
    return found


def accepted(path: Path) -> list[dict[str, Any]]:
    """Return the accepted moves: each has a release, a day, a reason, and the names that moved with their old and new values."""
    return tomllib.loads(path.read_text("utf-8")).get("move", []) if path.is_file() else []


def unaccepted(moves: Iterable[Move], known: Iterable[Mapping[str, Any]]) -> list[Move]:
    """Return the moves for which there is no reason: not the values, nor a cause that has one."""
    reasons = {(n, values[1]) for move in known for n, values in move["names"].items()}
    moves = list(moves)

    def fine(move: Move) -> bool:
        return any(n == move.name and same(new, move.new) for n, new in reasons)

    roots = {m.name for m in moves if fine(m)}
    return [m for m in moves if not fine(m) and not (m.why and set(m.why) <= roots)]


def accept(path: Path, moves: Iterable[Move], reason: str, pattern: str, day: str) -> int:
    """Write moves whose name fits a pattern, and those that they cause, into the file of accepted ones; return how many."""
    if not reason.strip():
        raise InputError("a move is accepted with a reason: nox -s numbers -- accept 'why it moved' ['Hardware.Cloud.H100.*']")
    moves = list(moves)
    roots = {m.name for m in moves if fnmatch.fnmatchcase(m.name, pattern)}
    chosen = [m for m in moves if m.name in roots or (m.why and set(m.why) <= roots)]
    if not chosen:
        raise InputError(f"no move fits {pattern!r}: nox -s numbers lists those that wait for a reason")
    text = (
        path.read_text("utf-8").rstrip()
        if path.is_file()
        else "# Published numbers that moved, and why. Written by: nox -s numbers -- accept"
    )
    text += f"\n\n[[move]]\nafter = {_quoted(__version__)}\nday = {day}\nreason = {_quoted(reason)}\n[move.names]\n"
    text += "".join(f"{_quoted(m.name)} = [{_quoted(m.old)}, {_quoted(m.new)}]\n" for m in chosen)
    path.write_text(text, "utf-8")
    return len(chosen)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def claims_of(gallery: Path) -> list[str]:
    """Return the names of the gallery's examples, each of which ends in a claim."""
    return sorted(".".join(p.relative_to(gallery).with_suffix("").parts) for p in gallery.rglob("plot_*.py"))


def state(docs: Path, gallery: Path) -> tuple[dict[str, Published], dict[str, Line]]:
    """Return the numbers that are published now, and their ledger."""
    numbers = every(str(docs / "values.py"))
    return numbers, lines(numbers, claims_of(gallery))
