"""The roofline of one device or several, with results on it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..hardware import HardwareNode
from ..quantities import nomenclature
from ..readings import NUMBERS
from ..results import PerformanceProfile
from ..solvers.base import expect
from ..solvers.single_node import SingleNodeModel
from ..units import label, people
from ..workloads import Workload
from .marks import Axis, by_label, label_points, remember, short, ticks
from .themes import SERIES, canvas

HALVES = ("bf16", "fp16")


@dataclass(frozen=True)
class Roof:
    """A device at a precision."""

    device: HardwareNode
    precision: str

    @property
    def ends(self) -> tuple[float, float]:
        """Peak and bandwidth."""
        supply = self.device.supply(self.precision)
        return supply.peak, supply.bandwidth

    @property
    def ridge(self) -> float:
        """Intensity from which on the peak bounds."""
        return NUMBERS.ridge_point(*self.ends)

    def at(self, intensity: Any) -> Any:
        """The rate that an intensity allows."""
        peak, bandwidth = self.ends
        return np.minimum(intensity * bandwidth, peak)


@dataclass(frozen=True)
class Spot:
    """A result, or a chain of them, on a roofline."""

    group: str
    text: str
    intensity: Any
    rate: Any
    roof: int


FURTHER = 1e6
"""How many times beyond the limits of the axes a roof goes on, for those who move these."""


def roofline(hardware: Any, points: Any = None, *, precision: str | Iterable[str] | None = None, ax: Any = None) -> Any:
    """Draw what a device can reach at each arithmetic intensity, and where results lie below that.

    A point stands at a result's ``arithmetic_intensity``, as high as its ``mfu`` times the peak.

    Parameters
    ----------
    hardware
        A device, or several in a list.
    points
        A :class:`~mlsysim.PerformanceProfile` of one of the devices, or several by label, or groups of these by name, which share a
        colour. A sweep is a chain of points. A workload that has no sequence stands for the bound of one forward pass.
    precision
        One or several; each has its own ceiling. By default those of the points, else the faster one of 16 bits, else the first.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        Intensity in FLOP/B, rate in the unit of the highest peak.

    Raises
    ------
    InputError
        A point was solved on another device or at another precision, or a device has no peak at a precision.
    """
    devices = list(hardware) if isinstance(hardware, (list, tuple)) else [hardware]
    devices = [expect(d, HardwareNode, "hardware", "a HardwareNode such as Hardware.Cloud.H100, or several in a list") for d in devices]
    if not devices:
        raise InputError("hardware is empty: give a HardwareNode such as Hardware.Cloud.H100, or several in a list")
    groups = _groups(points, devices[0], precision)
    roofs = _roofs(devices, precision, groups)
    spots = [_spot(name, text, result, roofs) for name, group in groups.items() for text, result in group.items()]
    rates = Axis([r.ends[0] for r in roofs], nomenclature()["Peak"])
    seen = np.concatenate([*(s.intensity for s in spots), [r.ridge for r in roofs]])
    low, high = float(np.nanmin(seen)) / 4, float(np.nanmax(seen)) * 6
    bottom = min([float(r.at(low)) for r in roofs] + [float(np.nanmin(s.rate)) for s in spots])

    with canvas(ax) as (ax, theme):
        ax.set(xscale="log", yscale="log", xlim=(low, high), ylim=(rates(bottom) / 1.5, rates(max(r.ends[0] for r in roofs)) * 2.6))
        ax.grid(visible=True)
        ticks(ax.xaxis)
        ticks(ax.yaxis)
        ax.set_xlabel(f"arithmetic intensity ({label('flop/byte')})")
        ax.set_ylabel(rates.says("rate of arithmetic"))
        remember(ax, "flop/byte", rates.unit)
        alone = len(roofs) == 1
        inks = [theme.muted] if alone else [SERIES[i % len(SERIES)] for i in range(len(roofs))]
        names = []
        for roof, ink in zip(roofs, inks, strict=True):
            corners = np.array([low / FURTHER, roof.ridge, high * FURTHER])
            ax.plot(corners, rates(roof.at(corners)), color=ink, lw=2.2, zorder=2)
            ax.plot([roof.ridge] * 2, [rates(bottom) / FURTHER, rates(roof.ends[0])], color=ink, lw=1, ls=":", zorder=1.5)
            whose = f"{short(roof.device)}, " if len(devices) > 1 else ""
            names.append((high, rates(roof.ends[0]), f"{whose}{roof.precision}: {people(roof.ends[0], 'flop/s')}", ink))
        label_points(ax, names, theme, "above")
        if len(devices) == 1:
            middle = (low * min(r.ridge for r in roofs)) ** 0.5
            _along(ax, middle, rates(middle * roofs[0].ends[1]), people(roofs[0].ends[1], "byte/s"), theme.muted)
        marks = []
        for spot in spots:
            colour = SERIES[(list(groups).index(spot.group) + (len(groups) == 1)) % len(SERIES)] if alone else inks[spot.roof]
            known = ax.get_legend_handles_labels()[1]
            group = {"label": spot.group} if spot.group and alone and spot.group not in known else {}
            ax.plot(spot.intensity, rates(spot.rate), "o-", color=colour, lw=1, zorder=3, **group)
            if spot.text:
                marks.append((float(spot.intensity[-1]), float(rates(spot.rate[-1])), spot.text, colour))
        if alone:
            ridge = people(roofs[0].ridge, "flop/byte", "flop/byte")
            marks.append((roofs[0].ridge, rates(bottom), f"ridge point {ridge}", theme.muted))
        if ax.get_legend_handles_labels()[1]:
            ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, borderaxespad=0.2, handlelength=0.9)
        label_points(ax, marks, theme)
    return ax


def _groups(points: Any, device: HardwareNode, precision: Any) -> dict[str, dict[str, Any]]:
    """Return the points by group and label."""
    hint = "a PerformanceProfile, as SingleNodeModel().solve(…) returns"
    if points is None:
        return {}
    nested = isinstance(points, Mapping) and points and all(isinstance(v, Mapping) for v in points.values())
    groups = points if nested else {"": points}
    found = {str(n): by_label(g, (PerformanceProfile, Workload), "points", hint) for n, g in groups.items()}
    return {n: {t: _bound(p, device, precision) for t, p in g.items()} for n, g in found.items()}


def _bound(point: Any, device: HardwareNode, precision: Any) -> PerformanceProfile:
    """Return a result as it is, and for a workload the bound of one forward pass."""
    if isinstance(point, PerformanceProfile):
        return point
    if point.takes_sequence:
        raise InputError(f"points: {point.title} reads sequences: solve it with SingleNodeModel, for a batch, seq_len and phase")
    return SingleNodeModel().solve(point, device, efficiency=1, precision=precision if isinstance(precision, str) else _best(device))


def _precision(result: PerformanceProfile) -> str:
    """Return the precision that a result was solved at."""
    return result.inputs.hardware.origins["peak"].name.rpartition(".")[2]


def _best(device: HardwareNode) -> str:
    """Return the faster one of the precisions of 16 bits, else the first that there is."""
    known = device.compute.peak.precisions
    return max((p for p in HALVES if p in known), key=lambda p: device.supply(p).peak, default=known[0])


def _roofs(devices: list[HardwareNode], precision: Any, groups: Mapping[str, Mapping[str, Any]]) -> list[Roof]:
    if precision is not None:
        wanted = [precision] if isinstance(precision, str) else list(precision)
        found = [Roof(d, p) for d in devices for p in wanted]
    else:
        solved = [(r.inputs.device, _precision(r)) for g in groups.values() for r in g.values()]
        found = [Roof(d, p) for d in devices for p in dict.fromkeys(p for on, p in solved if on == d) or [_best(d)]]
    for roof in found:
        roof.device.supply(roof.precision)
    return found


def _spot(group: str, text: str, result: PerformanceProfile, roofs: list[Roof]) -> Spot:
    device, precision = result.inputs.device, _precision(result)
    place = next((i for i, r in enumerate(roofs) if r.device == device and r.precision == precision), None)
    if place is None:
        drawn = ", ".join(f"{r.device.title} at {r.precision}" for r in roofs)
        raise InputError(f"points: {text or 'a result'} was solved on {device.title} at {precision}, and the roofs are of {drawn}")
    intensity, mfu = (np.atleast_1d(result.number(n)) for n in ("arithmetic_intensity", "mfu"))
    return Spot(group, text, intensity.ravel(), (mfu * roofs[place].ends[0]).ravel(), place)


def _along(ax: Any, x: float, y: float, text: str, colour: str) -> None:
    """Write along a line of slope one, above it."""
    ax.annotate(
        text, (x, y), (-4, 4), textcoords="offset points", rotation=_angle(ax), ha="center", va="bottom", rotation_mode="anchor",
        color=colour,
    )  # fmt: skip


def _angle(ax: Any) -> float:
    """Return the angle on the picture of a line of slope one."""
    ax.figure.draw_without_rendering()
    (x0, y0), (x1, y1) = ax.transData.transform([(1.0, 1.0), (10.0, 10.0)])
    return float(np.degrees(np.arctan2(y1 - y0, x1 - x0)))
