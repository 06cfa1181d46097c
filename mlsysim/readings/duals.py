"""The reading with dual numbers: exact derivatives by every input at once, and a note where a result stands on a kink."""

import functools
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .reading import CompiledReading

Slopes = dict[str, float]


@functools.total_ordering
class Dual:
    """A number that carries its derivatives by named inputs (forward mode)."""

    __slots__ = ("kinks", "slopes", "value")

    def __init__(self, value: float, slopes: Slopes | None = None, kinks: frozenset[str] = frozenset()) -> None:
        self.value = value
        self.slopes = slopes or {}
        self.kinks = kinks

    @staticmethod
    def of(x: Any) -> "Dual":
        return x if isinstance(x, Dual) else Dual(x)

    def _with(self, other: "Dual", value: float, mine: float, theirs: float) -> "Dual":
        slopes = {n: mine * s for n, s in self.slopes.items()}
        for name, slope in other.slopes.items():
            slopes[name] = slopes.get(name, 0.0) + theirs * slope
        return Dual(value, slopes, self.kinks | other.kinks)

    def chain(self, value: float, slope: float) -> "Dual":
        """Apply a function of one argument, given its value and slope here."""
        return Dual(value, {n: slope * s for n, s in self.slopes.items()}, self.kinks)

    def __add__(self, other: Any) -> "Dual":
        b = Dual.of(other)
        return self._with(b, self.value + b.value, 1.0, 1.0)

    def __sub__(self, other: Any) -> "Dual":
        b = Dual.of(other)
        return self._with(b, self.value - b.value, 1.0, -1.0)

    def __mul__(self, other: Any) -> "Dual":
        b = Dual.of(other)
        return self._with(b, self.value * b.value, b.value, self.value)

    def __truediv__(self, other: Any) -> "Dual":
        b = Dual.of(other)
        return self._with(b, self.value / b.value, 1 / b.value, -self.value / b.value / b.value)

    def __pow__(self, other: Any) -> "Dual":
        b = Dual.of(other)
        value = self.value**b.value
        mine = b.value * self.value ** (b.value - 1) if self.slopes else 0.0
        theirs = value * math.log(self.value) if b.slopes and self.value > 0 else 0.0
        return self._with(b, value, mine, theirs)

    def __neg__(self) -> "Dual":
        return self.chain(-self.value, -1.0)

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: Any) -> "Dual":
        return Dual.of(other) - self

    def __rtruediv__(self, other: Any) -> "Dual":
        return Dual.of(other) / self

    def __rpow__(self, other: Any) -> "Dual":
        return Dual.of(other) ** self

    def __eq__(self, other: object) -> bool:
        return self.value == Dual.of(other).value

    def __lt__(self, other: Any) -> bool:
        return self.value < Dual.of(other).value

    __hash__ = None  # type: ignore[assignment]


def _pick(word: str, choose: Callable[..., Any]) -> Callable[..., Dual]:
    def pick(*args: Any) -> Dual:
        duals = [Dual.of(a) for a in args]
        best = choose(duals, key=lambda d: d.value)
        tied = [d for d in duals if d is not best and math.isclose(d.value, best.value, rel_tol=1e-9, abs_tol=0.0)]
        if any(t.slopes != best.slopes for t in tied):
            return Dual(best.value, best.slopes, best.kinks | {f"two arms of {word} are equal"})
        return best

    return pick


def _step(word: str, function: Callable[[float], int]) -> Callable[[Any], Dual]:
    def step(x: Any) -> Dual:
        d = Dual.of(x)
        value = float(function(d.value))
        if value == d.value and d.slopes:
            return Dual(value, {}, d.kinks | {f"{word} jumps here"})
        return Dual(value, {}, d.kinks)

    return step


def _smooth(function: Callable[[float], float], slope: Callable[[float], float]) -> Callable[[Any], Dual]:
    def apply(x: Any) -> Dual:
        d = Dual.of(x)
        return d.chain(function(d.value), slope(d.value))

    return apply


class _Duals(CompiledReading):
    @staticmethod
    def value(x: Any) -> Any:
        return x.value if isinstance(x, Dual) else x


DUALS = _Duals(
    {
        "min": _pick("min", min),
        "max": _pick("max", max),
        "sqrt": _smooth(math.sqrt, lambda v: 0.5 / math.sqrt(v)),
        "exp": _smooth(math.exp, math.exp),
        "log": _smooth(math.log, lambda v: 1 / v),
        "log2": _smooth(math.log2, lambda v: 1 / (v * math.log(2))),
        "ceil": _step("ceil", math.ceil),
        "floor": _step("floor", math.floor),
        "choose": lambda condition, a, b: a() if condition else b(),
    }
)


class Elasticities(dict[str, float]):
    """Percent change of a result for one percent more of each input; ``kinks`` says where it stands on one."""

    kinks: frozenset[str] = frozenset()


def elasticities_of(result: Any, names: Iterable[str]) -> Elasticities:
    """Return the elasticities that a dual result carries: its slopes are by the relative change of each input."""
    dual = Dual.of(result)
    found = Elasticities({n: dual.slopes.get(n, 0.0) / dual.value if dual.value else 0.0 for n in names})
    found.kinks = dual.kinks
    return found


def elasticities(name: str, at: Mapping[str, float]) -> Elasticities:
    """Return the elasticities of an equation at a point."""
    seeded = {n: Dual(x, {n: x}) for n, x in at.items()}
    return elasticities_of(getattr(DUALS, name)(**seeded), at)
