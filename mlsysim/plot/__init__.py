"""Plots of the library's nouns and results, with units on their axes: ``pip install 'mlsysim[plot]'``.

Each function draws on the axes that it is given, or on new ones, and returns them.
"""

from ..errors import MissingExtraError

try:
    import matplotlib  # noqa: F401
    import numpy  # noqa: F401
except ModuleNotFoundError as error:
    raise MissingExtraError(f"mlsysim.plot needs {error.name}, which is not installed: pip install 'mlsysim[plot]'") from None

from .bars import carbon_by_region, memory_breakdown, step_timeline, tco_waterfall, tornado
from .curves import intervals, lines, mark, pareto_front, rule
from .roofs import roofline
from .themes import SERIES, contrast, recolour, style

__all__ = [
    "SERIES",
    "carbon_by_region",
    "contrast",
    "intervals",
    "lines",
    "mark",
    "memory_breakdown",
    "pareto_front",
    "recolour",
    "roofline",
    "rule",
    "step_timeline",
    "style",
    "tco_waterfall",
    "tornado",
]
