"""A fact: a value with the place where it was read; and the origin of a number in a solve."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from .errors import InputError
from .quantities import Symbol

KINDS = ("stated", "measured", "derived", "estimated")


class Facts(dict[str, "Fact"]):
    """Facts by path, which cannot be changed."""

    def _refuse(self, *args: Any, **kwargs: Any) -> None:
        raise InputError("facts are immutable: write a zoo file, or replace() a value")

    __setitem__ = __delitem__ = clear = pop = popitem = setdefault = update = __ior__ = _refuse  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return Facts, (dict(self),)


@dataclass(frozen=True, slots=True)
class Fact:
    """One value of the zoo and where it comes from.

    Attributes
    ----------
    name
        Full dotted name, such as ``Hardware.Cloud.H100.memory.bandwidth``.
    value
        What the source prints, as text with a unit, a count, a flag or a word.
    source, where
        Key in ``zoo/sources.bib``, and the place in that document.
    kind
        ``stated``, ``measured``, ``derived`` or ``estimated``.
    read
        The day on which it was read.
    year
        Year that the value holds for; money always has one.
    note
        Conventions and caveats.
    """

    name: str
    value: Any
    source: str
    where: str
    kind: str
    read: date
    year: int | None = None
    note: str = ""

    def __repr__(self) -> str:
        year = f", {self.year}" if self.year else ""
        return f"<{self.name} = {self.value}{year} ({self.kind}; {self.source}, {self.where}; read {self.read})>"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an input came from: an argument of a solve, or a fact of the zoo."""

    name: str
    symbol: Symbol | None = None
    fact: Fact | None = None
