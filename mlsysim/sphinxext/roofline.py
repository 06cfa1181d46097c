"""The roofline of a device with well-known workloads on it, as a drawing inside its page.

What each workload asks for is computed once for each size of an element; a page then costs a few divisions and a string.
"""

import math
from dataclasses import dataclass
from functools import cache
from html import escape

from .. import zoo
from ..hardware import HardwareNode
from ..nouns import Lowered
from ..published.addresses import page
from ..readings import NUMBERS
from ..solvers.base import sizes
from ..units import people
from ..workloads import Demand


@dataclass(frozen=True, slots=True)
class Task:
    """One step of a workload."""

    model: str
    says: str
    batch: float = 1.0
    phase: str = "forward"
    tokens: float | None = None


LARGE = (
    Task("Models.Language.Llama3_8B", "decode, batch 1", 1.0, "decode", 2048.0),
    Task("Models.Language.Llama3_8B", "decode, batch 64", 64.0, "decode", 2048.0),
    Task("Models.Language.Llama3_8B", "prefill", 1.0, "prefill", 2048.0),
    Task("Models.Language.Llama3_70B", "decode, batch 1", 1.0, "decode", 2048.0),
    Task("Models.Vision.ResNet50", "one image"),
    Task("Models.Vision.ResNet50", "64 images", 64.0),
)
SMALL = (
    Task("Models.Tiny.DS_CNN_KWS", "one input"),
    Task("Models.Tiny.MobileNetV1_VWW", "one image"),
    Task("Models.Tiny.ResNet8", "one image"),
    Task("Models.Tiny.FC_AutoEncoder_ToyADMOS", "one input"),
    Task("Models.Tiny.MCUNet_256kB", "one image"),
    Task("Models.Vision.MobileNetV2", "one image"),
)
"""The four models of MLPerf Tiny, and two larger ones."""
SMALL_MEMORY = 64e6
PRECISIONS = ("bf16", "fp16", "int8", "fp8", "tf32", "fp32", "fp64")
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 480, 330, 82, 14, 26, 46


@dataclass(frozen=True, slots=True)
class Point:
    """A task on a device."""

    task: Task
    intensity: float
    attainable: float
    footprint: float
    fits: bool


def precision_of(device: HardwareNode) -> str:
    """Return the precision at which a device is drawn: the faster one of 16 bits, else of 8, else what there is."""
    peaks = {p: number(device, f"compute.peak.{p}") for p in device.compute.peak.precisions}
    halves = [p for p in ("bf16", "fp16") if p in peaks]
    return max(halves, key=peaks.__getitem__) if halves else next((p for p in PRECISIONS if p in peaks), next(iter(peaks)))


def number(thing: HardwareNode, path: str) -> float:
    """Return a number of a device in its coherent unit."""
    return thing.origin(path, "").symbol.read(thing.get(path), path)  # type: ignore[union-attr]


@cache
def asked(task: Task, precision: str) -> Demand:
    """Return what a task asks of whatever device, at a precision."""
    workload = zoo.load(task.model)
    x = Lowered({}, model=workload.geometry, phase=task.phase, batch_size=task.batch, seq_len=task.tokens, **sizes(precision))
    return workload.demand(NUMBERS, x)


def points(device: HardwareNode, precision: str) -> list[Point]:
    """Return the tasks that suit a device, as the single-node solver sees them."""
    supply = device.supply(precision)
    capacity = supply.capacity if supply.storage is None else NUMBERS.joint_capacity(supply.capacity, supply.storage)
    found = []
    for task in SMALL if supply.capacity < SMALL_MEMORY else LARGE:
        demand = asked(task, precision)
        intensity = NUMBERS.arithmetic_intensity(demand.work, demand.traffic)
        attainable = NUMBERS.attainable_performance(intensity, supply.peak, supply.bandwidth)
        working = demand.working if supply.storage is not None and demand.working is not None else 0.0
        found.append(Point(task, intensity, attainable, demand.footprint, demand.footprint <= capacity and working <= supply.capacity))
    return found


def _decades(low: float, high: float) -> list[float]:
    first, last = math.ceil(math.log10(low)), math.floor(math.log10(high))
    if last - first < 2:
        return [t for e in range(first - 1, last + 1) for t in (10.0**e, 2 * 10.0**e, 5 * 10.0**e) if low <= t <= high]
    return [10.0**e for e in range(first, last + 1, 1 if last - first < 7 else 2)]


def _drawing(name: str, device: HardwareNode, precision: str, placed: list[Point]) -> str:
    """Return the picture; its colours are the page's."""
    supply = device.supply(precision)
    peak, bandwidth = supply.peak, supply.bandwidth
    ridge = NUMBERS.ridge_point(peak, bandwidth)
    low = min(ridge, *(p.intensity for p in placed)) / 3
    high = max(ridge, *(p.intensity for p in placed)) * 6
    bottom, top = NUMBERS.attainable_performance(low, peak, bandwidth) / 1.5, peak * 3

    def x(value: float) -> float:
        return LEFT + math.log(value / low) / math.log(high / low) * (WIDTH - RIGHT - LEFT)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - math.log(value / bottom) / math.log(top / bottom) * (HEIGHT - BOTTOM - TOP)

    roofs = f"{people(peak, 'flop/s')} at {precision}", people(bandwidth, "byte/s"), people(ridge, "flop/byte", "flop/byte")
    described = "; ".join(
        f"{i}: {zoo.load(p.task.model).name}, {p.task.says}, {people(p.attainable, 'flop/s')}" for i, p in enumerate(placed, 1)
    )
    parts = [
        f'<svg class="mls-roofline" role="img" aria-labelledby="roofline-title roofline-desc" viewBox="0 0 {WIDTH} {HEIGHT}">',
        f'<title id="roofline-title">Roofline of {escape(name)}</title>',
        f'<desc id="roofline-desc">Attainable rate over arithmetic intensity, both logarithmic. The roof rises with the bandwidth of '
        f"{roofs[1]} up to {roofs[2]} and is flat at {roofs[0]}. {escape(described)}.</desc>",
    ]
    for tick in _decades(low, high):
        at = x(tick)
        parts.append(f'<path class="grid" d="M{at:.1f} {TOP}V{HEIGHT - BOTTOM}"/>')
        parts.append(f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{tick:g}</text>')
    for tick in _decades(bottom, top):
        at = y(tick)
        parts.append(f'<path class="grid" d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 5}" y="{at + 4:.1f}" text-anchor="end">{people(tick, "flop/s")}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">arithmetic intensity in FLOP/B</text>')
    parts.append(f'<path class="ridge" d="M{x(ridge):.1f} {y(peak):.1f}V{HEIGHT - BOTTOM}"/>')
    parts.append(f'<path class="roof" d="M{x(low):.1f} {y(low * bandwidth):.1f}L{x(ridge):.1f} {y(peak):.1f}H{WIDTH - RIGHT}"/>')
    parts.append(f'<text x="{WIDTH - RIGHT}" y="{y(peak) + 18:.1f}" text-anchor="end">{roofs[0]}</text>')
    slope = math.degrees(math.atan2(y(peak) - y(low * bandwidth), x(ridge) - x(low)))
    middle = math.sqrt(low * ridge)
    along = f"translate({x(middle):.1f} {y(middle * bandwidth):.1f}) rotate({slope:.1f})"
    parts.append(f'<text transform="{along}" y="18" text-anchor="middle">{roofs[1]}</text>')
    ends, lift = -99.0, 0
    for i, p in sorted(enumerate(placed, 1), key=lambda ip: ip[1].intensity):
        px, py = x(p.intensity), y(p.attainable)
        lift = lift - 13 if px - ends <= 12 else -11
        ends = px
        kind = "point" if p.fits else "point away"
        parts.append(f'<circle class="{kind}" cx="{px:.1f}" cy="{py:.1f}" r="5.5"/>')
        parts.append(f'<text class="number" x="{px:.1f}" y="{py + lift:.1f}" text-anchor="middle">{i}</text>')
    return "".join(parts) + "</svg>"


def html(name: str, root: str) -> str:
    """Return the drawing of a device and what stands on it, for a page from which ``root`` leads to the top of the site."""
    device = zoo.load(name)
    precision = precision_of(device)
    placed = points(device, precision)
    rows = []
    for i, p in enumerate(placed, 1):
        bound = (
            "arithmetic"
            if p.intensity >= NUMBERS.ridge_point(device.supply(precision).peak, device.supply(precision).bandwidth)
            else "memory"
        )
        link = f'<a class="reference internal" href="{root}{page(p.task.model)}.html">{escape(zoo.load(p.task.model).name)}</a>'
        tokens = (
            f" of {p.task.tokens:g} tokens" if p.task.phase == "prefill" else f", {p.task.tokens:g} tokens each" if p.task.tokens else ""
        )
        cells = (
            str(i),
            f"{link}, {escape(p.task.says)}{tokens}",
            f'<data class="mls-number" value="{p.intensity:.10g}">{people(p.intensity, "flop/byte", "flop/byte")}</data>',
            f'<data class="mls-number" value="{p.attainable:.10g}">{people(p.attainable, "flop/s")}</data>',
            bound,
            f"{people(p.footprint, 'byte')}{'' if p.fits else ', <strong>does not fit</strong>'}",
        )
        rows.append("<tr>" + "".join(f"<td>{c}</td>" for c in cells) + "</tr>")
    head = "".join(f'<th scope="col">{h}</th>' for h in ("No.", "Workload", "Intensity", "At most", "Bound by", "Needs"))
    return (
        f'<figure class="mls-figure">{_drawing(device.name, device, precision, placed)}'
        f"<figcaption>What each workload can reach at most, at {precision}, by "
        f'<a class="reference internal" href="{root}math/roofline.html#eq-attainable-performance">the roofline</a>. '
        "Hollow points do not fit into the memory.</figcaption></figure>"
        f'<div class="pst-scrollable-table-container"><table class="table mls-table mls-tasks"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )
