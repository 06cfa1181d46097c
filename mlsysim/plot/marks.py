"""What the plots share: results by label, units of an axis, and labels that find their place."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from matplotlib.transforms import Bbox

from ..errors import InputError, UnitError
from ..quantities import Symbol
from ..results import Result
from ..solvers.base import expect
from ..units import Q, factor, is_quantity, rung, shown
from ..units import label as written_unit
from .themes import Theme, standing_out

Point = tuple[float, float, str, Any]
"""Where, in the units of the axes, what to write there, and in which colour."""


def by_label(given: Any, kind: type | tuple[type, ...], name: str, hint: str) -> dict[str, Any]:
    """Return things by their label: of a mapping, or one thing without a label."""
    if isinstance(given, Mapping):
        if not given:
            raise InputError(f"{name} is empty: give {hint}, or several by label")
        return {str(n): expect(v, kind, f"{name}[{n!r}]", hint) for n, v in given.items()}
    if isinstance(given, (list, tuple)):
        raise InputError(f"{name} is a {type(given).__name__}: give labels too, as in {{'first': …, 'second': …}}, each {hint}")
    return {"": expect(given, kind, name, f"{hint}, or several by label: {{'first': …}}")}


def one_solve(results: Mapping[str, Result], asked: str) -> None:
    """Refuse sweeps, which have no parts of their own."""
    for result in results.values():
        result._one_solve(f"{asked}()")


class Axis:
    """The unit of an axis: that in which people say its largest value."""

    def __init__(self, numbers: Any, symbol: Symbol) -> None:
        finite = np.abs(np.asarray(numbers, dtype=float))
        finite = finite[np.isfinite(finite)]
        if not finite.size:
            raise InputError(f"nothing to draw: there is no number of {symbol.meaning}, or what was asked for does not fit")
        unit = rung(float(finite.max()), symbol.unit, symbol.display)
        self.unit, self.factor, self.shown = unit, factor(unit, symbol.unit), written_unit(unit)

    def __call__(self, numbers: Any) -> Any:
        """Return coherent numbers in the unit of the axis."""
        return numbers / self.factor

    def says(self, what: str) -> str:
        """Write what the axis shows, with its unit."""
        return f"{what} ({self.shown})" if self.shown else what


_UNITS: WeakKeyDictionary[Any, tuple[str, str]] = WeakKeyDictionary()


def remember(ax: Any, xunit: str, yunit: str) -> None:
    """Note the units of the numbers on axes; axes that have some keep them, and refuse others."""
    if _UNITS.setdefault(ax, (xunit, yunit)) != (xunit, yunit):
        old = " and ".join(map(repr, _UNITS[ax]))
        raise InputError(f"ax has units of its own, {old}, and this plot is in {xunit!r} and {yunit!r}: draw it on other axes")


def units_of(ax: Any) -> tuple[str, str]:
    """Return the units of the axes of a plot of this package."""
    try:
        return _UNITS[ax]
    except (KeyError, TypeError):
        raise InputError("ax: give axes that lines(), roofline() or pareto_front() returned, whose units are known") from None


def readings(value: Any, name: str) -> tuple[Any, str]:
    """Return the numbers of a quantity, or of a row of quantities or ``None``, and their unit; bare numbers are refused."""
    if is_quantity(value):
        return np.atleast_1d(np.asarray(value.magnitude, dtype=float)), _unit(value)
    if isinstance(value, (list, tuple)) and all(q is None or is_quantity(q) for q in value):
        known = [q for q in value if q is not None]
        if not known:
            raise InputError(f"{name} has no number: nothing that it is about fits")
        unit = _unit(known[0])
        return np.concatenate([[np.nan] if q is None else convert_to(q, unit, name) for q in value]), unit
    raise InputError(f"{name} has no unit: give a quantity such as Q(numbers, 'ms'), or quantities of results in a list")


def plain_or_quantity(value: Any, name: str) -> tuple[Any, str]:
    """Return numbers and their unit, where counts and ratios may be plain."""
    kind = np.asarray(value).dtype.kind if not is_quantity(value) and not isinstance(value, str) else "O"
    return (np.atleast_1d(np.asarray(value, dtype=float)), "") if kind in "iuf" else readings(value, name)


def convert_to(value: Any, unit: str, name: str, plain: bool = False) -> Any:
    """Return the numbers of a quantity in the unit of an axis."""
    numbers, own = plain_or_quantity(value, name) if plain else readings(value, name)
    if own == unit:
        return numbers
    try:
        return numbers * factor(own, unit)
    except UnitError as error:
        raise UnitError(f"{name}: {error}") from None


def _unit(quantity: Any) -> str:
    return f"{quantity.units:D}" if quantity._units else ""


def unit_name(unit: str) -> str:
    """Write the unit of an axis as people do."""
    return written_unit(f"{Q(1.0, unit).units:~P}") if unit else ""


def short(thing: Any) -> str:
    """Return the name of an entry that fits on a picture: the last part of its name in the zoo, else its own."""
    return thing.zoo_name.rpartition(".")[2].replace("_", " ") or thing.title


def bar_labels(ax: Any, ends: Sequence[float], rows: Sequence[float], texts: Sequence[str], colours: Sequence[Any]) -> None:
    """Write beside the ends of horizontal bars."""
    for end, row, text, colour in zip(ends, rows, texts, colours, strict=True):
        side = -1 if end < 0 else 1
        ax.annotate(
            text, (end, row), (5 * side, 0), textcoords="offset points", va="center", ha="right" if side < 0 else "left", color=colour
        )


def room_for_texts(ax: Any) -> None:
    """Widen the axes in x so that what is written beside bars stays inside; comes when all else is drawn."""
    ax.figure.draw_without_rendering()
    boxes = [t.get_window_extent() for t in ax.texts]
    if not boxes:
        return
    left, right = ax.get_xlim()
    frame = ax.get_window_extent()
    before, after = (max(0.0, over + 4) for over in (frame.x0 - min(b.x0 for b in boxes), max(b.x1 for b in boxes) - frame.x1))
    scale = (right - left) / max(frame.width - before - after, frame.width / 4)
    ax.set_xlim(left - scale * before, right + scale * after)


def ticks(axis: Any) -> None:
    """Write the numbers of an axis as people do, on a logarithmic one at one, two and five where it is short."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: shown(value)))
    if axis.get_scale() == "log":
        low, high = sorted(axis.get_view_interval())
        axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low < 400 else (1,), numticks=12))
        axis.set_minor_locator(NullLocator())


@dataclass
class Label:
    """What is written beside the first of some places that has room; ``outside`` lets it stand right of the axes."""

    text: Any
    prefer: str
    places: Callable[[], list[tuple[float, float]]]
    outside: bool


_LABELS: WeakKeyDictionary[Any, list[Label]] = WeakKeyDictionary()
_WAYS = {"right": (1, 0), "above": (0, 1), "below": (0, -1), "left": (-1, 0)}
_CORNERS = ((1, 1), (1, -1), (-1, 1), (-1, -1))


def label_points(ax: Any, points: Sequence[Point], theme: Theme, prefer: str = "right") -> None:
    """Write beside points where there is most room: not over other points, texts or lines, nor outside of the axes."""
    for x, y, text, colour in points:
        _known(ax, text, colour, theme, prefer, lambda x=x, y=y: [(x, y)])
    settle(ax)


def label_lines(ax: Any, lines: Sequence[Any], theme: Theme) -> None:
    """Write the names of lines beside the last points that are in view, also right of the axes, or else further back."""
    for line in lines:
        _known(ax, line.get_label(), line.get_color(), theme, "right", lambda line=line: _in_view(ax, line), outside=True)
    settle(ax)


def label_rule(ax: Any, text: str, theme: Theme, at: float, upright: bool) -> None:
    """Write the name of a line across the axes, at its beginning or further along."""

    def places() -> list[tuple[float, float]]:
        trans = ax.transAxes + ax.transData.inverted()
        along = [trans.transform((part, part)) for part in (0.99, 0.75, 0.5, 0.25, 0.01)]
        return [(at, float(y)) for _, y in along] if upright else [(float(x), at) for x, _ in reversed(along)]

    _known(ax, text, theme.muted, theme, "right" if upright else "above", places)
    settle(ax)


def _known(ax: Any, text: str, colour: Any, theme: Theme, prefer: str, places: Any, outside: bool = False) -> None:
    written = ax.annotate(text, places()[0], (0, 0), textcoords="offset points", color=standing_out(colour, theme))
    _LABELS.setdefault(ax, []).append(Label(written, prefer, places, outside))


def settle(ax: Any) -> None:
    """Find the place of every label anew, since there may be more to avoid."""
    known = _LABELS.get(ax, [])
    for label in known:
        label.text.xy = label.places()[0]
    ax.figure.draw_without_rendering()
    frame, scale = ax.get_window_extent(), ax.figure.dpi / 72
    ours = {id(label.text) for label in known}
    spots = [ax.transData.transform(label.text.xy) for label in known]
    texts = [t.get_window_extent() for t in ax.texts if t.get_text() and id(t) not in ours]
    spots += [spot for line in ax.lines if _no_stroke(line) for spot in ax.transData.transform(line.get_xydata())]
    discs = [Bbox.from_bounds(x - 4 * scale, y - 4 * scale, 8 * scale, 8 * scale) for x, y in spots]
    strokes = [_stroke(line) for line in ax.lines]
    for label in known:
        box = label.text.get_window_extent()

        def cost(at: tuple[Bbox, Any, int, int], outside: bool = label.outside) -> float:
            there, _, gap, later = at
            hidden = sum(_shared(there, t) for t in texts)
            strokes_under = sum(int(_inside(there, s).sum()) for s in strokes)
            beyond = there.width * there.height - _shared(there, frame)
            if outside and there.x0 >= frame.x0 and there.y1 <= frame.y1:
                beyond = 0.0
            return 20 * hidden + 3 * sum(_shared(there, d) for d in discs) + 80 * strokes_under + 5 * beyond + gap + later

        ways = [_WAYS[label.prefer], *(w for n, w in _WAYS.items() if n != label.prefer), *_CORNERS]
        anchors = label.places()
        tried = []
        for i, anchor in enumerate(anchors):
            spot = ax.transData.transform(anchor)
            tried += [(_beside(spot, box, way, gap * scale), way, gap, 40 * i) for gap in (7, 13, 20, 28) for way in ways]
        best, way, gap, later = min(tried, key=cost)
        label.text.xy = anchors[later // 40]
        texts.append(best)
        part = gap * (0.7 if all(way) else 1)
        label.text.set_position((way[0] * part, way[1] * part))
        label.text.set_horizontalalignment(("right", "center", "left")[way[0] + 1])
        label.text.set_verticalalignment(("top", "center", "bottom")[way[1] + 1])


def _in_view(ax: Any, line: Any) -> list[tuple[float, float]]:
    """Return where a line may be named: at its last point that the limits of the axes show, else further back."""
    x, y = (np.asarray(v, dtype=float) for v in line.get_data())
    (left, right), (low, high) = (sorted(limits) for limits in (ax.get_xlim(), ax.get_ylim()))
    seen = np.flatnonzero((x >= left) & (x <= right) & (y >= low) & (y <= high))
    seen = seen if seen.size else np.flatnonzero(np.isfinite(y))
    return [(float(x[i]), float(y[i])) for i in (seen[int(part * (seen.size - 1))] for part in (1.0, 0.9, 0.75, 0.6, 0.45))]


def _beside(spot: Any, box: Bbox, way: tuple[int, int], gap: float) -> Bbox:
    part = gap * (0.7 if all(way) else 1)
    left = spot[0] + (part if way[0] > 0 else -part - box.width if way[0] < 0 else -box.width / 2)
    low = spot[1] + (part if way[1] > 0 else -part - box.height if way[1] < 0 else -box.height / 2)
    return Bbox.from_bounds(left, low, box.width, box.height)


def _shared(a: Bbox, b: Bbox) -> float:
    width, height = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
    return max(0.0, width) * max(0.0, height)


def _stroke(line: Any) -> Any:
    """Return points along a line, close together, in pixels."""
    path = line.get_transform().transform(np.column_stack([np.asarray(v, dtype=float) for v in line.get_data()]))
    path = path[np.isfinite(path).all(axis=1)]
    if len(path) < 2 or _no_stroke(line):
        return np.empty((0, 2))
    steps = np.hypot(*np.diff(path, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    every = np.linspace(0, along[-1], max(2, min(2000, math.ceil(along[-1] / 4))))
    return np.column_stack([np.interp(every, along, path[:, i]) for i in (0, 1)])


def _no_stroke(line: Any) -> bool:
    """Whether a line is but its markers."""
    return line.get_linestyle() in ("None", "none", "")


def _inside(box: Bbox, path: Any) -> Any:
    x, y = path.T
    return (x > box.x0) & (x < box.x1) & (y > box.y0 - 2) & (y < box.y1 + 2)


def stacked(
    ax: Any, rows: Mapping[str, Mapping[str, float]], colours: Callable[[str], Any], axis: Axis, theme: Theme
) -> tuple[list[float], list[str]]:
    """Draw one horizontal bar for each row, made of its parts, and name the parts above; return the bars' ends and their parts."""
    parts = [p for p in dict.fromkeys(p for row in rows.values() for p in row) if any(row.get(p) for row in rows.values())]
    ends = [0.0] * len(rows)
    for part in parts:
        widths = [axis(row.get(part, 0.0)) for row in rows.values()]
        ax.barh(range(len(rows)), widths, left=ends, height=0.66, color=colours(part), edgecolor=theme.paper, linewidth=0.8, label=part)
        ends = [a + b for a, b in zip(ends, widths, strict=True)]
    ax.set_yticks(range(len(rows)), list(rows))
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    columns = len(parts) if sum(map(len, parts)) + 4 * len(parts) < 66 else (len(parts) + 1) // 2
    ax.legend(ncols=columns, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2, handlelength=0.9, columnspacing=1.2)
    return ends, parts


def height(rows: int) -> tuple[float, float]:
    """Return the size of a figure of so many horizontal bars."""
    return 7.5, 1.4 + 0.34 * rows + (0.2 if rows < 3 else 0)


def number(value: float, digits: int = 3) -> str:
    """Write a number on a picture."""
    return shown(value, digits)
