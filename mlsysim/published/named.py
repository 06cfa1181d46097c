"""Computed numbers with a name: each is a function of the site's values file."""

import runpy
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

from .. import zoo
from ..errors import UnknownNameError, nearest


@cache
def functions(path: str) -> dict[str, FunctionType]:
    """Return the public functions of a values file, by name."""
    if not path or not Path(path).is_file():
        return {}
    scope = runpy.run_path(path, run_name="mlsysim_values")
    return {n: f for n, f in scope.items() if isinstance(f, FunctionType) and f.__code__.co_filename == path and not n.startswith("_")}


@cache
def computed(path: str, name: str) -> tuple[Any, tuple[str, ...]]:
    """Return a named value, computed once, and the entries of the zoo that it touched."""
    known = functions(path)
    if name not in known:
        raise UnknownNameError(f"unknown value {name!r}: {nearest(name, known)}")
    with zoo.watching() as touched:
        value = known[name]()
    return value, tuple(sorted(touched))


def compute(path: str, name: str) -> Any:
    """Return a named value."""
    return computed(path, name)[0]
