"""Bars: where a step's time, a device's memory, a year's money and a grid's carbon go, and what a number hangs on."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import InputError, nearest
from ..infrastructure import GridProfile
from ..quantities import nomenclature
from ..readings import NUMBERS
from ..readings.trace import Derivation, Traced
from ..results import DistributedResult, EconomicsResult, PerformanceProfile, Result, ServingResult, SustainabilityResult
from ..solvers.base import expect
from ..units import people
from ..why import traced
from .marks import Axis, bar_labels, by_label, height, number, one_solve, room_for_texts, short, stacked, ticks
from .themes import SERIES, canvas, standing_out

_Q = nomenclature()

STEP = {
    "compute": "compute and memory",
    "tensor": "tensor parallel",
    "expert": "expert parallel",
    "context": "context parallel",
    "stage": "stage to stage",
    "bubble": "bubble",
    "exposed": "gradients",
    "update": "optimizer",
}
"""The parts of a training step, in order, by the arguments of the equations that add them up."""
MEMORY = {
    "weights": "weights",
    "gradients": "gradients",
    "optimizer": "optimizer",
    "activations": "activations",
    "cache": "KV cache",
    "state": "recurrent state",
    "prefix": "shared prefix",
    "buffers": "buffers",
    "footprint": "all",
}
SUMS = {
    "training_step_time", "busy_time", "training_footprint", "model_state_bytes", "footprint_with_buffers", "serving_footprint",
    "inference_footprint", "prefix_footprint",
}  # fmt: skip
"""Equations whose result is the sum of their arguments."""
NAMED = {"weight_bytes": "weights", "recurrent_state_bytes": "state"}
"""Equations that say what a part is better than the argument that it is given to."""
MONEY = {"capex": "capital", "opex_energy": "electricity", "opex_maintenance": "maintenance", "opex_staff": "staff"}


def _parts(value: Any, name: str) -> dict[str, float]:
    """Return what a number is the sum of, as its derivation tells: values by the names of the equations' arguments."""
    how = value.how if isinstance(value, Traced) else None
    if not isinstance(how, Derivation):
        return {name: float(value)}
    if how.equation.name == "pipelined_time":
        ideal = how.inputs["ideal"]
        return {**_parts(ideal, name), "bubble": float(value) - float(ideal)}
    if how.equation.name == "footprint_without_weights":
        return {part: size for part, size in _parts(how.inputs["footprint"], name).items() if part != "weights"}
    if how.equation.name not in SUMS:
        return {NAMED.get(how.equation.name, name): float(value)}
    found: dict[str, float] = {}
    for argument, part in how.inputs.items():
        for key, size in _parts(part, name if argument in ("footprint", "state", "passes") else argument).items():
            found[key] = found.get(key, 0.0) + size
    return found


def _named(parts: Mapping[str, float], names: Mapping[str, str]) -> dict[str, float]:
    """Return parts by what to call them, in the order of the names."""
    return {names[n]: parts[n] for n in sorted(parts, key=list(names).index)}


def _colour(names: Mapping[str, str]) -> Any:
    order = list(names.values())
    return lambda part: SERIES[order.index(part) % len(SERIES)]


def step_timeline(results: Any, *, ax: Any = None) -> Any:
    """Draw where the time of a training step goes: compute, the communication that nothing hides, the pipeline's bubble, the optimizer.

    The parts are those that the derivation of ``step_time`` adds up. A bar ends with the step's time and ``mfu``.

    Parameters
    ----------
    results
        A :class:`~mlsysim.DistributedResult`, or several by label, one bar each.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
    """
    found = by_label(results, DistributedResult, "results", "a DistributedResult, as DistributedModel().solve(…) returns")
    one_solve(found, "step_timeline")
    axis = Axis([r.number("step_time") for r in found.values()], _Q["StepTime"])
    rows = {}
    for name, result in found.items():
        parts = _parts(traced(result)["step_time"], "compute")
        rows[name] = _named(parts, STEP)
    with canvas(ax, height(len(rows))) as (ax, theme):
        ends, _ = stacked(ax, rows, _colour(STEP), axis, theme)
        texts = [f"{people(r.number('step_time'), 's')}, MFU {r.number('mfu'):.0%}" for r in found.values()]
        bar_labels(ax, ends, range(len(rows)), texts, [theme.muted] * len(rows))
        ax.set_xlabel(axis.says("time of an optimizer step"))
        room_for_texts(ax)
    return ax


def _capacity(result: Any) -> float:
    """Return the memory of one device that a result's footprint is held against."""
    x = result.inputs
    if isinstance(result, PerformanceProfile):
        if x.on_chip:
            return float(x.hardware.cache)
        if x.hardware.storage is not None:
            return float(NUMBERS.joint_capacity(x.hardware.capacity, x.hardware.storage))
    return float(x.hardware.capacity)


def memory_breakdown(results: Any, *, ax: Any = None) -> Any:
    """Draw what fills the memory of one device, against its capacity: weights, optimizer, activations, KV cache.

    The parts are those that the derivation of ``memory_footprint`` adds up; what does not fit is drawn too, beyond the line.

    Parameters
    ----------
    results
        A result of :class:`~mlsysim.ServingModel`, :class:`~mlsysim.DistributedModel` or :class:`~mlsysim.SingleNodeModel`, or
        several by label, one bar each.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
    """
    kinds = (ServingResult, DistributedResult, PerformanceProfile)
    found = by_label(results, kinds, "results", "a ServingResult, a DistributedResult or a PerformanceProfile")
    one_solve(found, "memory_breakdown")
    capacities = [_capacity(r) for r in found.values()]
    axis = Axis([*capacities, *(r.number("memory_footprint") for r in found.values())], _Q["Footprint"])
    rows = {}
    for name, result in found.items():
        parts = _parts(traced(result)["memory_footprint"], "footprint")
        rows[name] = _named(parts, MEMORY)
    with canvas(ax, height(len(rows))) as (ax, theme):
        ends, _ = stacked(ax, rows, _colour(MEMORY), axis, theme)
        for row, capacity in enumerate(capacities):
            ax.plot([axis(capacity)] * 2, [row - 0.45, row + 0.45], color=theme.ink, lw=2, zorder=4)
        texts, colours = [], []
        for result in found.values():
            text = people(result.number("memory_footprint"), "byte")
            texts.append(text if result.feasible else f"{text}, does not fit")
            colours.append(theme.muted if result.feasible else standing_out(SERIES[1], theme))
        bar_labels(ax, np.maximum(ends, axis(np.array(capacities))), range(len(rows)), texts, colours)
        had = dict.fromkeys(f"{people(c, 'byte')} of {short(r.inputs.device)}" for r, c in zip(found.values(), capacities, strict=True))
        ax.set_xlabel(f"{axis.says('memory of one device')}; line: the {', '.join(had)}")
        room_for_texts(ax)
    return ax


def tornado(results: Any, field: str, inputs: Any = 8, *, ax: Any = None) -> Any:
    """Draw by how many percent a number changes for one percent more of each input, the strongest first.

    Parameters
    ----------
    results
        Any result that has ``elasticities``, or several by label, one colour each.
    field
        A number of the results.
    inputs
        How many inputs, those with the largest elasticities; or the inputs by what to call them, in the order to draw them in, such as
        ``{"memory bandwidth": "Hardware.Cloud.H100.memory.bandwidth"}``.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    UnknownNameError, InputError
        There is no such number or input, or the result is a sweep.
    """
    found = by_label(results, Result, "results", "the result of a solver")
    slopes = {name: result.elasticities(field) for name, result in found.items()}
    chosen = _chosen(inputs, slopes)
    meaning = next(iter(found.values())).fields[field].meaning
    with canvas(ax, (7.5, 1.4 + (0.2 + 0.24 * len(found)) * len(chosen))) as (ax, theme):
        thick = 0.76 / len(found)
        for i, (name, slope) in enumerate(slopes.items()):
            rows = [row + (i - (len(found) - 1) / 2) * thick for row in range(len(chosen))]
            values = [slope[n] for n in chosen.values()]
            ax.barh(rows, values, height=0.92 * thick, color=SERIES[i % len(SERIES)], label=name or None)
            texts = [f"{v:+.2f}" if abs(v) >= 0.005 else "0" for v in values]
            bar_labels(ax, values, rows, texts, [standing_out(SERIES[i % len(SERIES)], theme)] * len(rows))
        ax.axvline(0, color=theme.muted, lw=1)
        ax.set_yticks(range(len(chosen)), list(chosen))
        ax.set_ylim(len(chosen) - 0.4, -0.6)
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        ax.set_xlabel(f"percent more of the {meaning},\nfor one percent more of the input")
        if len(found) > 1:
            ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(found), borderaxespad=0.2, handlelength=0.9)
        room_for_texts(ax)
    return ax


def _chosen(inputs: Any, slopes: Mapping[str, Mapping[str, float]]) -> dict[str, str]:
    """Return the inputs to draw, by what to call them."""
    known = {n: max(abs(s.get(n, 0.0)) for s in slopes.values()) for s in slopes.values() for n in s}
    if isinstance(inputs, Mapping):
        for name in inputs.values():
            if name not in known:
                raise InputError(f"inputs: {name!r} is no input of this solve: {nearest(str(name), known)}")
        return dict(inputs)
    if isinstance(inputs, bool) or not isinstance(inputs, int) or inputs < 1:
        raise InputError(f"inputs={inputs!r}: say how many, such as 8, or which, by what to call them")
    strongest = sorted((n for n, size in known.items() if size >= 0.0005), key=lambda n: -known[n])[:inputs]
    if not strongest:
        raise InputError("nothing to draw: the number changes with none of the inputs")
    return {_spoken(n): n for n in strongest}


def _spoken(name: str) -> str:
    """Say an input's name: of a fact, the entry and what it states."""
    parts = name.split(".")
    if parts[0] in ("Hardware", "Models", "Infrastructure", "Systems") and len(parts) > 3:
        parts = [parts[2].rstrip("*"), *parts[3:]]
    return " ".join(parts).replace("_", " ")


def tco_waterfall(result: EconomicsResult, *, ax: Any = None) -> Any:
    """Draw what the total cost of ownership is the sum of, and beside it what renting would cost, where that is known.

    Parameters
    ----------
    result
        An :class:`~mlsysim.EconomicsResult`.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
    """
    expect(result, EconomicsResult, "result", "an EconomicsResult, as EconomicsModel().solve(…) returns")
    one_solve({"": result}, "tco_waterfall")
    parts = {says: result.number(field) for field, says in MONEY.items() if result.has(field)}
    total = result.number("tco")
    wholes = {"owning": total} | ({"renting": result.number("rental_cost")} if result.has("rental_cost") else {})
    axis = Axis(list(wholes.values()), _Q["Cost"])
    period = people(result.inputs.duration, "s") if result.inputs.duration % 31536000 else _years(result.inputs.duration / 31536000)
    with canvas(ax, (7.5, 4.2)) as (ax, theme):
        start, names = 0.0, [*parts, *wholes]
        for i, size in enumerate(parts.values()):
            ax.bar(i, axis(size), bottom=axis(start), width=0.62, color=SERIES[i])
            start += size
            ax.plot([i - 0.31, i + 1.31], [axis(start)] * 2, color=theme.muted, lw=1)
        colours = [theme.muted, SERIES[7]]
        for i, size in enumerate(wholes.values(), len(parts)):
            ax.bar(i, axis(size), width=0.62, color=colours[i - len(parts)])
        tops = [*(axis(t) for t in np.cumsum(list(parts.values()))), *(axis(w) for w in wholes.values())]
        shares = [f"\n{v / total:.0%}" for v in parts.values()] + [""] * len(wholes)
        for i, (top, size, share) in enumerate(zip(tops, [*parts.values(), *wholes.values()], shares, strict=True)):
            ax.annotate(
                f"{number(axis(size))}{share}", (i, top), (0, 4), textcoords="offset points", ha="center", va="bottom", color=theme.ink
            )
        ax.set_ylim(0, 1.16 * max(tops))
        ax.set_xticks(range(len(names)), names)
        ax.tick_params(axis="x", length=0)
        ticks(ax.yaxis)
        ax.set_ylabel(axis.says(f"cost of {period}"))
    return ax


def _years(years: float) -> str:
    return "a year" if years == 1 else f"{number(years)} years"


def carbon_by_region(
    grids: Sequence[GridProfile] | Mapping[str, SustainabilityResult], work: Any = None, *, highlight: Iterable[Any] = (), ax: Any = None
) -> Any:
    """Draw what the same work emits on each grid, the cleanest first.

    Parameters
    ----------
    grids
        Grids, of which each emits for the energy of ``work`` what its average intensity says; or, without ``work``,
        results of :class:`~mlsysim.SustainabilityModel` by the name of the grid that they were solved on.
    work
        An energy, such as ``"10 MWh"``, or a :class:`~mlsysim.SustainabilityResult` or :class:`~mlsysim.EconomicsResult`, whose facility
        draws it.
    highlight
        Grids, or names, that stand out beside the cleanest and the dirtiest.
    ax
        Axes to draw on; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
    """
    emitted = _emitted(grids, work)
    names = sorted(emitted, key=emitted.__getitem__)
    axis = Axis(list(emitted.values()), _Q["Carbon"])
    colours = dict.fromkeys(names, SERIES[7]) | {h if isinstance(h, str) else h.title: SERIES[0] for h in highlight}
    unknown = [n for n in colours if n not in emitted]
    if unknown:
        raise InputError(f"highlight: {unknown[0]!r} is not drawn: {nearest(str(unknown[0]), names)}")
    colours |= {names[-1]: SERIES[1], names[0]: SERIES[2]}
    with canvas(ax, height(len(names))) as (ax, theme):
        ends = [axis(emitted[n]) for n in names]
        ax.barh(range(len(names)), ends, height=0.7, color=[colours[n] for n in names])
        texts = [number(e) for e in ends]
        bar_labels(ax, ends, range(len(names)), texts, [standing_out(colours[n], theme) for n in names])
        ax.set_yticks(range(len(names)), [n.replace(" grid", "") for n in names])
        ax.set_ylim(len(names) - 0.4, -0.6)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel(axis.says("greenhouse gas of operation"))
        room_for_texts(ax)
    return ax


def _emitted(grids: Any, work: Any) -> dict[str, float]:
    """Return the greenhouse gas on each grid by its name, in its coherent unit."""
    if isinstance(grids, Mapping):
        if work is not None:
            raise InputError("work: results know their own energy; leave work out, or give grids in a list")
        found = by_label(grids, SustainabilityResult, "grids", "a SustainabilityResult, as SustainabilityModel().solve(…) returns")
        one_solve(found, "carbon_by_region")
        return {n: r.number("carbon") for n, r in found.items()}
    if isinstance(grids, GridProfile) or not isinstance(grids, Iterable) or isinstance(grids, str):
        raise InputError(
            "grids: give grids in a list, such as [Infrastructure.Grids.Sweden, Infrastructure.Grids.Poland], or results by name"
        )
    listed = [expect(g, GridProfile, "grids", "a GridProfile such as Infrastructure.Grids.Quebec") for g in grids]
    if not listed:
        raise InputError("grids is empty: give some, such as [Infrastructure.Grids.Sweden, Infrastructure.Grids.Poland]")
    if work is None:
        raise InputError("work is needed with grids: give an energy such as '10 MWh', or a SustainabilityResult")
    if isinstance(work, (SustainabilityResult, EconomicsResult)):
        one_solve({"": work}, "carbon_by_region")
        energy = work.number("facility_energy" if isinstance(work, SustainabilityResult) else "energy")
    else:
        energy = _Q["FacilityEnergy"].read(work, "work")
    symbol = _Q["CarbonIntensity"]
    return {g.title: NUMBERS.operational_carbon(energy, symbol.read(g.carbon_intensity, "carbon_intensity")) for g in listed}
