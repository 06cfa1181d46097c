"""What physics cannot give: documented constants, fitted on published measurements, and a reader's own calibration.

The constants stand in one data file, ``constants.toml``, by family: what each means, its value, what it was fitted on. A
:class:`Profile` is one family's constants, ready for a solver.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from . import quantities
from .errors import InputError, UnknownNameError, nearest
from .facts import Origin
from .quantities import Symbol

FILE = Path(__file__).with_name("constants.toml")


@cache
def document() -> dict[str, Any]:
    """Return the data file of constants, parsed."""
    return tomllib.loads(FILE.read_text("utf-8"))


def families() -> tuple[str, ...]:
    """Return the families that have constants."""
    return tuple(document())


@dataclass(frozen=True, slots=True)
class Group:
    """A group with scalars of its own, such as a generation of chips or a software stack.

    ``of`` says what the group is about (``hardware``, ``stack``, ``core``, …), ``members`` are names or patterns of names, and
    ``values`` replace constants of the family.
    """

    of: str
    members: tuple[str, ...]
    values: Mapping[str, float]

    def has(self, name: str) -> bool:
        """Whether something is a member, by its name."""
        return any(fnmatchcase(name, m) for m in self.members)


@dataclass(frozen=True, eq=False)
class Profile:
    """Constants of one family, as plain numbers in coherent units.

    Give it to a solver as ``efficiency=``. ``scale`` is the ratio of measured to predicted time that a calibration found; it
    stretches what every constant stands for alike.
    """

    family: str
    values: Mapping[str, float]
    groups: Mapping[str, Group]
    symbols: Mapping[str, Symbol]
    intervals: Mapping[str, Mapping[str, tuple[float, float]]]
    hardware: frozenset[str]
    scale: float = 1.0
    known: dict[Any, Any] = field(default_factory=dict, repr=False)
    """What solves have assumed with it, by the hardware, the stack and so on."""

    @property
    def label(self) -> str:
        """The label of a result that is made with it."""
        return "estimate" if self.scale == 1.0 else "calibrated"

    def on(self, **kinds: str) -> tuple[dict[str, Any], dict[str, Origin]]:
        """Return the constants that hold for a piece of hardware, a stack and so on, by name, with their origins."""
        values, origins = dict(self.values), {n: f"constants.{self.family}.{n}" for n in self.values}
        for title, group in self.groups.items():
            if group.of in kinds and group.has(kinds[group.of]):
                values |= group.values
                origins |= {n: f"constants.{self.family}.{title}.{n}" for n in group.values}
        stretched = {n: self._stretched(n, v) for n, v in values.items()}
        return stretched, {n: Origin(o, self.symbols[n]) for n, o in origins.items()}

    def _stretched(self, name: str, value: float) -> float:
        """Scale a constant as the calibration asks: times grow with it, shares and rates shrink."""
        unit = self.symbols[name].unit
        if unit == "s":
            return value * self.scale
        share = self.symbols[name] is quantities.Efficiency.__metadata__[0] or unit.endswith("/s")
        return value / self.scale if share else value

    def interval(self, kind: str, hardware: str) -> tuple[float, float]:
        """Return how far the measured time of a kind of row was from the predicted one, as a ratio, in the middle eighty percent.

        ``hardware`` is a zoo name; what no measurement of the family was made on has the wider interval.
        """
        try:
            both = self.intervals[kind]
        except KeyError:
            raise UnknownNameError(f"the constants of {self.family} have no interval {kind!r}: {nearest(kind, self.intervals)}") from None
        return both["seen" if hardware.rstrip("*") in self.hardware else "unseen"]

    def with_values(self, changes: Mapping[str, float]) -> "Profile":
        """Return a profile with other constants; one of a group is written ``group.name``."""
        values, groups = dict(self.values), dict(self.groups)
        for path, value in changes.items():
            group, _, name = path.rpartition(".")
            if group:
                groups[group] = replace(groups[group], values={**groups[group].values, name: value})
            else:
                values[name] = value
        return replace(self, values=values, groups=groups, known={})

    def scaled(self, scale: float) -> "Profile":
        """Return the profile calibrated: everything takes ``scale`` times as long."""
        return replace(self, scale=self.scale * scale, known={})


@cache
def profile(family: str) -> Profile:
    """Return the documented constants of a family.

    Raises
    ------
    UnknownNameError
        No constants of this family are documented; the message names those that are.
    """
    try:
        table = document()[family]
    except KeyError:
        raise UnknownNameError(f"there are no constants of {family!r}: {nearest(family, families())}") from None
    constants = table["constants"]
    return Profile(
        family,
        {n: float(c["value"]) for n, c in constants.items()},
        {
            n: Group(g["of"], tuple(g["members"]), {c: float(v["value"]) for c, v in g["constants"].items()})
            for n, g in table.get("groups", {}).items()
        },
        {n: _symbol(c["quantity"]) for n, c in constants.items()},
        {k: {n: (float(v[n][0]), float(v[n][1])) for n in ("seen", "unseen")} for k, v in table.get("intervals", {}).items()},
        frozenset(table.get("hardware", ())),
    )


def _symbol(quantity: str) -> Symbol:
    return getattr(quantities, quantity).__metadata__[0]


def stack_of(family: str, stack: Any) -> str:
    """Return the name of a software stack that the constants of a family know; none asks for their plain default.

    Raises
    ------
    InputError
        The stack is unknown; the message names the nearest ones.
    """
    if stack is None:
        return ""
    groups = profile(family).groups if family in families() else {}
    known = [m for g in groups.values() if g.of == "stack" for m in g.members]
    if not isinstance(stack, str) or stack not in known:
        hint = nearest(str(stack), known) if known else "leave it out"
        raise InputError(f"stack={str(stack)[:40]!r} is none that measurements of {family} tell apart: {hint}")
    return stack
