"""The array reading: sweeps. NumPy is loaded here, and only here."""

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import InputError
from .reading import CompiledReading


class _Arrays(CompiledReading):
    @staticmethod
    def where(condition: Any, a: Any, b: Any) -> Any:
        return np.where(condition, a, b)

    @staticmethod
    def label(condition: Any, a: str, b: str) -> Any:
        return np.where(condition, a, b)

    @staticmethod
    def both(a: Any, b: Any) -> Any:
        return np.logical_and(a, b)

    @staticmethod
    def either(a: Any, b: Any) -> Any:
        return np.logical_or(a, b)


def shapes_agree(values: Mapping[str, Any]) -> None:
    """Refuse arrays that cannot be combined, naming them."""
    shapes = {n: np.shape(v) for n, v in values.items() if np.ndim(v)}
    try:
        np.broadcast_shapes(*shapes.values())
    except ValueError:
        raise InputError(f"arrays of these shapes cannot be combined: {', '.join(f'{n} {s}' for n, s in shapes.items())}") from None


def _choose(condition: Any, a: Any, b: Any) -> Any:
    """Evaluate only the arm that is taken where the condition is one value, both where it differs by element."""
    if np.ndim(condition) == 0:
        return a() if condition else b()
    with np.errstate(all="ignore"):
        return np.where(condition, a(), b())


ARRAYS = _Arrays(
    {
        "min": lambda *a: functools.reduce(np.minimum, a),
        "max": lambda *a: functools.reduce(np.maximum, a),
        "ceil": np.ceil,
        "floor": np.floor,
        "sqrt": np.sqrt,
        "exp": np.exp,
        "log": np.log,
        "log2": np.log2,
        "choose": _choose,
    }
)
