"""The figures of accuracy that are published: how far a family of predictions is from measurements, each figure by a name."""

import math
from functools import cache

from .. import zoo
from ..errors import UnknownNameError, nearest
from . import MODULES, module
from .rows import read
from .score import Score, Scored, answered, headline, scores

FIGURES = {
    "rows": "rows", "median": "median error", "ninetieth": "ninetieth percentile of the error", "mean": "mean error",
    "bias": "geometric mean of predicted over measured speed", "close": "share of rows predicted within a quarter",
    "coverage": "share of measurements inside the interval", "beyond": "predictions beyond the bound",
    "answered": "rows answered",
}  # fmt: skip


@cache
def scored(name: str) -> tuple[Scored, ...]:
    """Return the rows of a family, answered."""
    folder = zoo.root() / "measurements"
    return tuple(s for file in module(name).FILES for s in answered(read(folder / file)) if s.family == name)


@cache
def groups(name: str) -> dict[str, Score]:
    """Return the scores of the rows of a family that count: of all under the empty name, and of each kind where there are several."""
    counted = headline(scored(name))
    whole = scores(counted, lambda s: "")
    kinds = scores((s for s in counted if s.answer), lambda s: s.answer.kind if s.answer else "")
    return whole | ({k.replace(" ", "_"): v for k, v in kinds.items()} if len(kinds) > 1 else {})


def names(name: str) -> list[str]:
    """Return the names of all figures of a family that are numbers."""
    return [f"{name}.{kind}{'.' if kind else ''}{f}" for kind, score in groups(name).items() for f in FIGURES if _says(score, f)]


def _says(score: Score, what: str) -> bool:
    return not math.isnan(getattr(score, what))


def number(path: str) -> float:
    """Return a figure of accuracy: ``training.median``, or ``serving.decode1.median`` for one kind of rows.

    Raises
    ------
    UnknownNameError
        There is no such family, kind or figure.
    """
    score, what = _split(path)
    return getattr(score, what)


def figure(path: str) -> str:
    """Return a figure of accuracy for people; refuses what :func:`number` refuses."""
    return worded(*_split(path))


def _split(path: str) -> tuple[Score, str]:
    name, *kind, what = path.split(".") if path.count(".") in (1, 2) else ("", "")
    if name not in MODULES:
        raise UnknownNameError(f"there is no accuracy of {path!r}: {nearest(name, MODULES)}")
    if what not in FIGURES:
        raise UnknownNameError(f"there is no figure {what!r}: {nearest(what, FIGURES)}")
    known = groups(name)
    chosen = kind[0] if kind else ""
    if chosen not in known:
        raise UnknownNameError(f"{name} has no rows of kind {chosen or 'any'!r}: {nearest(chosen, known)}")
    return known[chosen], what


def worded(score: Score, what: str) -> str:
    """Write a figure of a score."""
    value = getattr(score, what)
    if isinstance(value, int):
        return str(value)
    if math.isnan(value):
        return "\N{EN DASH}"
    return f"{value:.2f}" if what == "bias" else f"{100 * value:.2g}\u00a0%" if value < 0.995 else f"{100 * value:.0f}\u00a0%"
