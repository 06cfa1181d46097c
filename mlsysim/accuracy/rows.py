"""Rows of measurements and answers to them."""

import csv
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from math import inf, isfinite
from pathlib import Path
from typing import Any

from .. import zoo
from ..errors import InputError
from ..nouns import Entry
from ..profiles import Profile


class Unanswered(InputError):  # noqa: N818 - an answer of a kind, not a failure
    """A row cannot be answered; the message says why."""


MOST = dict.fromkeys(("input_len", "output_len", "seq_len", "batch", "micro_batch", "global_batch", "layers", "hw_count", "nodes"), 1e8)
"""Numbers that no cell of these columns reaches."""


class Row:
    """One measurement: text by column, and what an empty cell means is "not stated"."""

    __slots__ = ("cells",)

    def __init__(self, cells: Mapping[str, Any]) -> None:
        self.cells = {n: "" if v is None else str(v).strip() for n, v in cells.items() if n is not None}

    def text(self, name: str) -> str:
        """Return a cell, empty where nothing is stated."""
        return self.cells.get(name, "")

    def number(self, name: str, default: Any = None) -> Any:
        """Return a cell as a number, or the default where the cell holds none.

        Raises
        ------
        Unanswered
            It is below zero, or larger than anything that is counted here.
        """
        try:
            value = float(self.text(name).replace(",", ""))
        except ValueError:
            return default
        if not isfinite(value):
            return default
        if not 0 <= value < MOST.get(name, 1e25):
            raise Unanswered(f"{name}={self.text(name)} is not a number that a measurement can have")
        return value

    def whole(self, name: str, default: Any = None) -> Any:
        """Return a cell as a whole number, or the default where it holds none."""
        value = self.number(name)
        return int(value) if value is not None and value == int(value) else default

    def need(self, *names: str) -> list[float]:
        """Return cells as numbers.

        Raises
        ------
        Unanswered
            One of them is not stated.
        """
        lacking = [n for n in names if self.number(n) is None]
        if lacking:
            raise Unanswered(f"the row does not state {', '.join(lacking)}")
        return [self.number(n) for n in names]

    def __repr__(self) -> str:
        return f"<Row {self.text('id')}: {self.text('metric')} of {self.text('model')} on {self.text('hw')}>"


@dataclass(frozen=True, slots=True)
class Answer:
    """A prediction for one row, in the row's unit.

    ``bound`` is what physics allows at best, ``kind`` names the interval that applies, ``rate`` tells rates (more is faster) from
    times, and ``hardware`` is the zoo name that the row was answered for.
    """

    value: float
    bound: float
    unit: str
    kind: str
    rate: bool
    hardware: str
    assumptions: tuple[str, ...] = field(default=())
    label: str = "estimate"
    low: float | None = None
    high: float | None = None

    def between(self, profile: Profile) -> "Answer":
        """Return the answer with the interval of its kind, as far as physics allows it."""
        short, long = profile.interval(self.kind, self.hardware)
        low, high = (self.value / long, self.value / short) if self.rate else (self.value * short, self.value * long)
        if 0 < self.bound < inf:
            low, high = (low, min(high, self.bound)) if self.rate else (max(low, self.bound), high)
        return replace(self, low=low, high=high, label=profile.label)

    @property
    def beyond(self) -> bool:
        """Whether the prediction is beyond what physics allows."""
        return self.value > self.bound * (1 + 1e-9) if self.rate else self.value < self.bound * (1 - 1e-9)


def read(path: Path | str) -> list[Row]:
    """Return the rows of a CSV file.

    Raises
    ------
    InputError
        The file is not there, or has no column ``metric``.
    """
    try:
        with open(path, encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            rows = [Row(r) for r in reader]
            columns: Iterable[str] = reader.fieldnames or ()
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: {error}") from None
    if "metric" not in columns:
        raise InputError(f"{path} has no column 'metric': the columns of measurements are told in zoo/measurements/README.md")
    return rows


def _words(text: str) -> frozenset[str]:
    """Return the words that tell one device from another; vendor, shape and such are left out."""
    plain = re.sub(r"[®™]|\([^)]*\)", " ", text.lower())
    plain = re.sub(r"(\d+) ?gb?\b", r"\1gb", plain)
    plain = re.sub(r"\b(tpu|rtx|gtx|mi|orin) ?(?=v?\d)", r"\1", plain)
    words = re.findall(r"[a-z0-9.+]+", plain)
    return frozenset(w for w in words if w not in _IDLE)


_IDLE = frozenset(re.findall(r"\S+", "nvidia amd intel google amazon aws apple gpu tesla geforce instinct dgx hgx cpu node the x"))
_VARIANT = frozenset(re.findall(r"\S+", "ti super max pro ultra mobile laptop nano ada blackwell"))
_WEAK = frozenset(re.findall(r"\S+", "sxm sxm2 sxm3 sxm4 sxm5 hbm2 hbm2e hbm3 hbm3e"))


def called(below: str, plain: Callable[[str], Any], kind: type[Entry] = Entry) -> dict[Any, str]:
    """Return what the zoo's entries of a group and a type are called, made plain, with the entry that is meant."""
    found: dict[Any, str] = {}
    for name in zoo.names(below):
        entry = zoo.load(name)
        if isinstance(entry, kind):
            for title in (name.rpartition(".")[2], entry.name, *entry.aliases):
                found.setdefault(plain(title), name)
    return found


@cache
def _known() -> tuple[tuple[frozenset[str], str], ...]:
    """Return what the zoo's hardware is called, as words, with the entry that is meant."""
    return tuple(called("Hardware", lambda title: _words(title.replace("_", " "))).items())


@cache
def hardware_name(text: str) -> str:
    """Return the zoo name of the hardware that a row's free text means.

    Its words must hold all words of one of the entry's names, or the entry's all of its; the closest match counts.

    Raises
    ------
    Unanswered
        The zoo has nothing of this name.
    """
    asked = _words(text)
    best: tuple[float, str] | None = None
    for words, name in _known():
        common, strong = asked & words, words - _WEAK
        if not common - _WEAK or not (strong <= asked or asked - _WEAK <= words) or (asked ^ words) & _VARIANT:
            continue
        score = len(common) - 0.6 * len(strong - asked) - 0.5 * len(asked - _WEAK - words) - 0.1 * len(asked ^ words)
        if best is None or score > best[0]:
            best = score, name
    if best is None:
        raise Unanswered(f"the zoo has no hardware called {text!r}")
    return best[1]


@cache
def hardware(text: str) -> Any:
    """Return the zoo's hardware that a row's free text means, with a bandwidth or a power cap that the text itself states."""
    device = zoo.load(hardware_name(text))
    if stated := re.search(r"([\d.]+) ?([TG]B/s)", text):
        device = device.replace(memory__bandwidth=f"{stated[1]} {stated[2]}")
    if stated := re.search(r"(\d+) ?W (?:cap|limit)", text):
        device = device.replace(power__tdp=f"{stated[1]} W")
    return device
