"""The reading with units: pint quantities through both arms of every choice. Tests prove dimensions with it."""

import math
from collections.abc import Callable
from typing import Any

from ..units import Q, is_quantity
from .reading import CompiledReading


def _quantity(x: Any) -> Any:
    return x if is_quantity(x) else Q(x, "")


def _alike(a: Any, b: Any) -> tuple[Any, Any]:
    """Bring both to one dimension, or raise. Zero is the one number that has every unit."""
    if not is_quantity(a) and a == 0:
        a = 0 * _quantity(b)
    if not is_quantity(b) and b == 0:
        b = 0 * _quantity(a)
    a, b = _quantity(a), _quantity(b)
    b.to(a.units)
    return a, b


def _pick(first_is_better: Callable[[Any, Any], bool]) -> Callable[..., Any]:
    def pick(*args: Any) -> Any:
        best = args[0]
        for other in args[1:]:
            a, b = _alike(best, other)
            best = a if first_is_better(a, b) else b
        return best

    return pick


def _bare(function: Callable[[float], float]) -> Callable[[Any], Any]:
    return lambda x: Q(function(_quantity(x).to("").magnitude), "")


def _choose(condition: Any, a: Callable[[], Any], b: Callable[[], Any]) -> Any:
    first, second = _alike(a(), b())
    return first if condition else second


DIMENSIONS = CompiledReading(
    {
        "min": _pick(lambda a, b: a <= b),
        "max": _pick(lambda a, b: a >= b),
        "sqrt": lambda x: _quantity(x) ** 0.5,
        "ceil": _bare(math.ceil),
        "floor": _bare(math.floor),
        "exp": _bare(math.exp),
        "log": _bare(math.log),
        "log2": _bare(math.log2),
        "choose": _choose,
    }
)
