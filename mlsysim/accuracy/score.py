"""How far predictions are from measurements, by family and by group."""

import math
import statistics
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from . import MODULES, family, module, predict
from .rows import Answer, Row, Unanswered


@dataclass(frozen=True, slots=True)
class Scored:
    """A row with its family and its answer, or why there is none."""

    row: Row
    family: str
    answer: Answer | None
    why: str = ""

    @property
    def measured(self) -> float | None:
        """The measured value, where the row has one."""
        return self.row.number("value")

    @property
    def ratio(self) -> float:
        """Predicted over measured speed: above one, the prediction is too fast."""
        assert self.answer is not None and self.measured is not None
        ratio = self.answer.value / self.measured
        return ratio if self.answer.rate else 1 / ratio

    @property
    def error(self) -> float:
        """Signed error of the predicted speed, as a share of the measured one."""
        return self.ratio - 1

    @property
    def inside(self) -> bool | None:
        """Whether the measurement lies in the interval; nothing is said where there is none."""
        answer = self.answer
        if answer is None or self.measured is None or answer.low is None or answer.high is None:
            return None
        return answer.low <= self.measured <= answer.high


def answered(rows: Iterable[Row]) -> Iterator[Scored]:
    """Answer rows one by one."""
    for row in rows:
        name = ""
        try:
            name = family(row)
            yield Scored(row, name, predict(row))
        except Unanswered as error:
            yield Scored(row, name, None, str(error))


@dataclass(slots=True)
class Score:
    """The errors of a set of rows."""

    rows: int = 0
    answered: int = 0
    errors: list[float] = field(default_factory=list)
    inside: list[bool] = field(default_factory=list)
    beyond: int = 0

    def add(self, scored: Scored) -> None:
        """Count a row."""
        self.rows += 1
        if scored.answer is None:
            return
        self.answered += 1
        self.beyond += scored.answer.beyond
        if scored.measured:
            self.errors.append(scored.error)
            if scored.inside is not None:
                self.inside.append(scored.inside)

    @property
    def median(self) -> float:
        """Median of the absolute errors."""
        return statistics.median(map(abs, self.errors)) if self.errors else math.nan

    @property
    def ninetieth(self) -> float:
        """Ninetieth percentile of the absolute errors."""
        return quantile(sorted(map(abs, self.errors)), 0.9)

    @property
    def mean(self) -> float:
        """Mean of the absolute errors."""
        return statistics.fmean(map(abs, self.errors)) if self.errors else math.nan

    @property
    def bias(self) -> float:
        """Geometric mean of predicted over measured speed."""
        return statistics.geometric_mean([e + 1 for e in self.errors]) if self.errors else math.nan

    @property
    def close(self) -> float:
        """Share of rows within a quarter of the measurement."""
        return statistics.fmean(abs(e) <= 0.25 for e in self.errors) if self.errors else math.nan

    @property
    def coverage(self) -> float:
        """Share of measurements inside the interval."""
        return statistics.fmean(self.inside) if self.inside else math.nan


def quantile(ordered: list[float], share: float) -> float:
    """Return a quantile of sorted numbers, between neighbours by their distance."""
    if not ordered:
        return math.nan
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def scores(scored: Iterable[Scored], by: Callable[[Scored], str]) -> dict[str, Score]:
    """Return scores by group, in the order in which groups turn up."""
    found: dict[str, Score] = {}
    for one in scored:
        found.setdefault(by(one), Score()).add(one)
    return found


def headline(scored: Iterable[Scored]) -> list[Scored]:
    """Return the rows that count for a family's figures."""
    return [s for s in scored if s.family in MODULES and module(s.family).headline(s.row)]
