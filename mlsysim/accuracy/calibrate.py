"""Calibration on one measurement of a reader's own."""

from collections.abc import Mapping
from typing import Any

from ..errors import InputError
from ..profiles import Profile, profile
from . import family, module
from .rows import Row


def calibrate(measurement: Mapping[str, Any] | Row) -> Profile:
    """Return a profile with which a measured row is predicted as it was measured.

    One factor stretches all the constants of the row's family, so the profile holds for the same machine and software with other models,
    batches and layouts, not for others.

    Parameters
    ----------
    measurement
        One row in the columns of ``zoo/measurements``, with its ``metric`` and ``value``.

    Returns
    -------
    Profile
        To be given to a solver as ``efficiency=``.

    Raises
    ------
    InputError
        The row cannot be answered, has no value, or is faster than physics allows.
    """
    row = measurement if isinstance(measurement, Row) else Row(measurement)
    measured = row.number("value")
    if not measured or measured < 0:
        raise InputError(f"value={row.text('value')!r} is no measured value: give the number in the row's unit, above zero")
    name = family(row)
    using = profile(name)
    for _ in range(STEPS):
        answer = module(name).predict(row, using)
        if answer.bound < measured if answer.rate else measured < answer.bound:
            bound = f"{answer.bound:.4g} {answer.unit}"
            raise InputError(f"value={measured:g} {answer.unit} is faster than the bound of {bound}: check the row's configuration")
        ratio = answer.value / measured if answer.rate else measured / answer.value
        if abs(ratio - 1) < 1e-9:
            return using
        using = using.scaled(ratio)
    if abs(ratio - 1) > 1e-3:
        raise InputError(f"no factor on the constants of {name} makes the prediction {measured:g} {answer.unit}")
    return using


STEPS = 40
