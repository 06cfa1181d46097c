"""Curves of sweeps, what is marked on them, and choices of which none beats the other in both of two numbers."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..errors import InputError, nearest
from .marks import (
    Point,
    convert_to,
    height,
    label_lines,
    label_points,
    label_rule,
    plain_or_quantity,
    readings,
    remember,
    ticks,
    unit_name,
    units_of,
)
from .themes import SERIES, canvas

BETTER = ("lower", "higher")


def lines(
    x: Any,
    curves: Mapping[str, Any],
    *,
    xlabel: str,
    ylabel: str,
    xscale: str = "linear",
    yscale: str = "linear",
    bands: Mapping[str, Any] | None = None,
    ax: Any = None,
) -> Any:
    """Draw curves over what was swept, each with its label beside its end.

    Parameters
    ----------
    x
        What was swept: a quantity, or plain numbers where it is a count.
    curves
        Quantities of as many numbers, by label; or lists with a quantity of each result, and ``None`` where there is none. What is not a
        number is left out, so a curve ends where nothing fits.
    xlabel, ylabel
        What the axes show; the units are added: those of ``x`` and of the first curve.
    xscale, yscale
        ``"linear"`` or ``"log"``.
    bands
        Ranges around curves, by the same labels: a list with what ``result.interval(…)`` returns for each number, or ``None``.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError, UnitError
        A curve or an end of a band has no unit or another dimension than the first, or not as many numbers as ``x``.
    """
    if not isinstance(curves, Mapping) or not curves:
        raise InputError("curves: give quantities by label, such as {'batch 1': result.latency}")
    across, xunit = plain_or_quantity(x, "x")
    yunit = readings(next(iter(curves.values())), f"curves[{next(iter(curves))!r}]")[1]
    drawn = {str(n): convert_to(v, yunit, f"curves[{n!r}]") for n, v in curves.items()}
    for name, values in drawn.items():
        if values.shape != across.shape:
            raise InputError(f"curves[{name!r}] has {values.size} numbers, and x has {across.size}: give one for each")
    around = {str(n): _ends(pairs, yunit, f"bands[{n!r}]") for n, pairs in (bands or {}).items()}
    for name, (low, _) in around.items():
        if name not in drawn:
            raise InputError(f"bands[{name!r}] is around no curve: {nearest(name, drawn)}")
        if low.shape != across.shape:
            raise InputError(f"bands[{name!r}] has {low.size} pairs, and x has {across.size}: give one for each")
    with canvas(ax) as (ax, theme):
        ax.set(xscale=xscale, yscale=yscale)
        remember(ax, xunit, yunit)
        ax.set_xlabel(with_unit(xlabel, xunit))
        ax.set_ylabel(with_unit(ylabel, yunit))
        named: list[Any] = []
        for i, (name, values) in enumerate(drawn.items()):
            if not np.isfinite(values).any():
                raise InputError(f"curves[{name!r}] has no number: nothing that it is about fits")
            colour = SERIES[i % len(SERIES)]
            named += ax.plot(across, values, color=colour, label=name)
            if name in around:
                ax.fill_between(across, *around[name], color=colour, alpha=0.15, lw=0)
        if yscale == "linear":
            ax.set_ylim(bottom=min(0.0, *(float(np.nanmin(v)) for v in drawn.values())))
        ticks(ax.xaxis)
        ticks(ax.yaxis)
        label_lines(ax, [line for line, name in zip(named, drawn, strict=True) if name], theme)
    return ax


def intervals(
    estimates: Mapping[str, tuple[Any, tuple[Any, Any]]],
    measured: Mapping[str, Any] | None = None,
    *,
    xlabel: str,
    ylabel: str,
    xscale: str = "linear",
    ax: Any = None,
) -> Any:
    """Draw estimates with the ranges in which measurements are expected, one row each, and beside them what was measured.

    Parameters
    ----------
    estimates
        A quantity and the two ends of its range by label, such as ``{"H100": (result.itl, result.interval("itl"))}``.
    measured
        What was measured, by the same labels; rows may be left out.
    xlabel, ylabel
        What is estimated, to which the unit of the first estimate is added, and what the rows are.
    xscale
        ``"linear"``, which begins at zero, or ``"log"``.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError, UnitError
        A number has no unit or another dimension than the first, or a measurement belongs to no row.
    """
    if not isinstance(estimates, Mapping) or not estimates:
        raise InputError("estimates: give a quantity and its range by label, such as {'H100': (result.itl, result.interval('itl'))}")
    unit = readings(next(iter(estimates.values()))[0], "estimates")[1]
    rows = {}
    for name, (value, ends) in estimates.items():
        rows[str(name)] = [float(convert_to(v, unit, f"estimates[{name!r}]")[0]) for v in (value, *ends)]
    points = {str(n): float(convert_to(v, unit, f"measured[{n!r}]")[0]) for n, v in (measured or {}).items()}
    for name in points:
        if name not in rows:
            raise InputError(f"measured[{name!r}] has no estimate beside it: {nearest(name, rows)}")
    with canvas(ax, height(len(rows))) as (ax, _):
        remember(ax, unit, "")
        ax.set(xscale=xscale, xlabel=with_unit(xlabel, unit), ylabel=with_unit(ylabel, ""))
        for row, (_, low, high) in enumerate(rows.values()):
            ax.plot([low, high], [row, row], color=SERIES[0], alpha=0.3, lw=8, solid_capstyle="butt")
        ax.plot([value for value, *_ in rows.values()], range(len(rows)), "o", color=SERIES[0], label="estimate")
        if points:
            ax.plot(list(points.values()), [list(rows).index(name) for name in points], "D", color=SERIES[1], label="measured")
            ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
        ax.set_yticks(range(len(rows)), list(rows))
        ax.set_ylim(len(rows) - 0.4, -0.6)
        if xscale == "linear":
            ax.set_xlim(left=min(0.0, ax.get_xlim()[0]))
        ticks(ax.xaxis)
    return ax


def mark(points: Mapping[str, tuple[Any, Any]], ax: Any, *, color: Any = None, marker: str = "o") -> Any:
    """Put labelled points on a plot of this package.

    Parameters
    ----------
    points
        Pairs of quantities by label, in whatever units; the axes have theirs. Counts and ratios may be plain numbers.
    ax
        What :func:`lines`, :func:`roofline` or :func:`pareto_front` returned.
    color, marker
        As Matplotlib names them; by default ink, and a disc.

    Returns
    -------
    matplotlib.axes.Axes
    """
    if not isinstance(points, Mapping) or not all(isinstance(p, tuple) and len(p) == 2 for p in points.values()):
        raise InputError("points: give pairs by label, such as {'optimum': (result.checkpoint_interval, result.goodput)}")
    xunit, yunit = units_of(ax)
    with canvas(ax) as (ax, theme):
        found: list[Point] = []
        for name, (x, y) in points.items():
            at = [float(convert_to(v, u, f"points[{name!r}]", plain=True)[0]) for v, u in ((x, xunit), (y, yunit))]
            ax.plot(*at, marker, color=color or theme.ink, zorder=4)
            found.append((*at, str(name), color or theme.ink))  # type: ignore[arg-type]
        label_points(ax, [p for p in found if p[2]], theme)
    return ax


def rule(text: str, ax: Any, *, x: Any = None, y: Any = None) -> Any:
    """Draw a dotted line across a plot of this package at a target, a limit or a capacity, with its name.

    Parameters
    ----------
    text
        What the line is.
    ax
        What :func:`lines`, :func:`roofline` or :func:`pareto_front` returned.
    x, y
        Where: exactly one of them, as a quantity; a count or ratio may be a plain number.

    Returns
    -------
    matplotlib.axes.Axes
    """
    if (x is None) == (y is None):
        raise InputError("rule: give one of x, for a line upwards, and y, for one across")
    xunit, yunit = units_of(ax)
    with canvas(ax) as (ax, theme):
        left, right = ax.get_xlim()
        low, high = ax.get_ylim()
        if x is not None:
            at = float(convert_to(x, xunit, "x", plain=True)[0])
            ax.axvline(at, color=theme.muted, lw=1, ls=":", zorder=1)
        else:
            at = float(convert_to(y, yunit, "y", plain=True)[0])
            ax.axhline(at, color=theme.muted, lw=1, ls=":", zorder=1)
        ax.set(xlim=(left, right), ylim=(low, max(high, at) if y is not None else high))
        label_rule(ax, text, theme, at, upright=x is not None)
    return ax


def pareto_front(
    x: Any,
    y: Any,
    labels: Iterable[str] | None = None,
    *,
    xlabel: str,
    ylabel: str,
    better: tuple[str, str] = ("lower", "lower"),
    xscale: str = "linear",
    yscale: str = "linear",
    ax: Any = None,
) -> Any:
    """Draw choices by two numbers, and the front of those that no other beats in both.

    Parameters
    ----------
    x, y
        Quantities: arrays of sweeps, or one of each result in a list. Choices without a number, since they do not fit, are left out.
    labels
        A name for each choice; those on the front are written.
    xlabel, ylabel
        What the axes show; the units are added.
    better
        For each axis whether ``"lower"`` or ``"higher"`` is better.
    xscale, yscale
        ``"linear"`` or ``"log"``.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        Its first line holds the points of the front, in order of ``x``.

    Raises
    ------
    InputError
        A number has no unit, or there are not as many of all.
    """
    if len(tuple(better)) != 2 or any(b not in BETTER for b in better):
        raise InputError(f"better={better!r}: say 'lower' or 'higher' for each axis, such as ('lower', 'higher')")
    (across, xunit), (up, yunit) = readings(x, "x"), readings(y, "y")
    across, up = across.ravel(), up.ravel()
    names = [""] * across.size if labels is None else [str(n) for n in labels]
    if not across.size == up.size == len(names):
        raise InputError(f"x has {across.size} numbers, y {up.size} and labels {len(names)}: give one of each for every choice")
    fits = np.isfinite(across) & np.isfinite(up)
    if not fits.any():
        raise InputError("nothing to draw: none of the choices fits")
    front = _front(across, up, fits, better)
    with canvas(ax) as (ax, theme):
        ax.set(xscale=xscale, yscale=yscale)
        remember(ax, xunit, yunit)
        ax.set_xlabel(with_unit(xlabel, xunit))
        ax.set_ylabel(with_unit(ylabel, yunit))
        ax.plot(across[front], up[front], "o", color=SERIES[0], zorder=3)
        turn = 1 if better[0] == "lower" else 0
        stairs = np.repeat(across[front], 2)[turn:][: 2 * front.size - 1], np.repeat(up[front], 2)[1 - turn :][: 2 * front.size - 1]
        ax.plot(*stairs, color=SERIES[0], lw=1.2, zorder=2)
        rest = np.setdiff1d(np.flatnonzero(fits), front)
        ax.plot(across[rest], up[rest], "o", color=SERIES[7], markersize=5, zorder=2)
        ax.margins(0.12)
        ticks(ax.xaxis)
        ticks(ax.yaxis)
        label_points(ax, [(float(across[i]), float(up[i]), names[i], SERIES[0]) for i in front if names[i]], theme)
    return ax


def _front(x: Any, y: Any, fits: Any, better: tuple[str, str]) -> Any:
    """Return the places of those that no other beats in both, in order of x."""
    cost = [v if way == "lower" else -v for v, way in zip((x, y), better, strict=True)]
    order = [i for i in np.lexsort((cost[1], cost[0])) if fits[i]]
    front, best = [], np.inf
    for i in order:
        if cost[1][i] < best:
            best = cost[1][i]
            front.append(i)
    return np.array(sorted(front, key=lambda i: x[i]), dtype=int)


def _ends(pairs: Any, unit: str, name: str) -> tuple[Any, Any]:
    """Return the lower and the upper ends of ranges, in a unit."""
    if not isinstance(pairs, (list, tuple)) or not all(p is None or (isinstance(p, tuple) and len(p) == 2) for p in pairs):
        raise InputError(f"{name}: give a list with a pair for each number, such as [r.interval('itl') for r in results]")
    low, high = (convert_to([p and p[i] for p in pairs], unit, name) for i in (0, 1))
    return low, high


def with_unit(what: str, unit: str) -> str:
    """Write what an axis shows, with its unit where it has one."""
    if not isinstance(what, str) or not what.strip():
        raise InputError("an axis needs a name: give xlabel= and ylabel=, without the unit, which is added")
    shown = unit_name(unit)
    return f"{what} ({shown})" if shown else what
