"""Predictions beside published measurements: ``python -m mlsysim.accuracy predict`` and ``score``.

A module a family answers rows from their configuration alone, through the solvers, with the documented constants. It has

``FILES``
    Its files in ``zoo/measurements``.
``takes(row)``
    Whether a row is the family's, by its metric and columns.
``headline(row)``, ``fitted(row)``
    Whether a row counts in the published figures, and whether constants are fitted on it.
``group(row)``, ``kind(row)``
    What is left out together in a fit, and the name of the interval that applies.
``predict(row, using=None)``
    The answer, with the documented constants unless a profile is given.
"""

from importlib import import_module
from math import isfinite
from types import ModuleType

from ..errors import InputError, MlsysimError
from ..profiles import Profile, families, profile
from .rows import Answer, Row, Unanswered

MODULES = ("training", "tiny", "other", "vision", "serving", "collectives", "microbench", "energy", "reliability", "economics")
"""The families, in the order in which they are asked whether a row is theirs."""


def module(name: str) -> ModuleType:
    """Return the module of a family."""
    if name not in MODULES:
        raise InputError(f"{name!r} is no family of measurements; they are {', '.join(MODULES)}")
    return import_module(f".{name}", __name__)


def family(row: Row) -> str:
    """Return the family that a row belongs to.

    Raises
    ------
    Unanswered
        No family knows its metric.
    """
    for name in MODULES:
        if module(name).takes(row):
            return name
    raise Unanswered(f"no family of predictions knows the metric {row.text('metric')!r} of such a row")


def predict(row: Row, using: Profile | None = None) -> Answer:
    """Return the answer to one row, from its configuration alone.

    Raises
    ------
    Unanswered
        The row cannot be answered; the message says why.
    """
    name = family(row)
    try:
        answer: Answer = module(name).predict(row, using)
    except MlsysimError as error:
        raise Unanswered(str(error)) from None
    except ArithmeticError:
        raise Unanswered("the row states a zero, or a number without measure, where something is divided by it") from None
    if not (isfinite(answer.value) and answer.value > 0):
        raise Unanswered("from the numbers of the row nothing follows that could be measured")
    used = using or (profile(name) if name in families() else None)
    return answer if used is None or answer.kind not in used.intervals else answer.between(used)
