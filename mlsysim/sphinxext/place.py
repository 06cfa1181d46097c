"""One picture a kind: where an entry stands among the others.

The pictures are files that all pages of a kind share; a page shows its own entry by naming it in the address
(``hardware.svg#hardware-cloud-h100``). So a new entry changes one picture, and no page.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from .. import zoo
from ..hardware import HardwareNode
from ..infrastructure import Datacenter, GridProfile
from ..published.addresses import anchor
from ..recommendation import RecommendationWorkload
from ..statespace import StateSpaceWorkload
from ..systems import Fleet, NetworkFabric, Node
from ..units import people
from ..vision import DiffusionWorkload, VisionTransformerWorkload
from ..workloads import CNNWorkload, TransformerWorkload
from .output import write_changed

STYLE = """
:root { color-scheme: light dark }
text { fill: #333 } .grid { stroke: #ddd } .ratio { stroke: #b45309; stroke-dasharray: 5 4; opacity: .6 }
.dot { fill: #8aa4b8; stroke: #fff } .name { fill: #666; font-size: 11px }
.entry:target .dot { fill: #c2410c; r: 8px } .entry:target .name { fill: #9a3412; font-weight: 700; font-size: 14px }
.entry:target [data-hidden] { visibility: visible }
@media (prefers-color-scheme: dark) {
  text { fill: #ddd } .grid { stroke: #444 }
  .dot { fill: #5b7c96; stroke: #121212 } .name { fill: #aaa }
  .entry:target .dot { fill: #fb923c } .entry:target .name { fill: #fdba74 }
}"""
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 430, 112, 24, 20, 54


@dataclass(frozen=True)
class Axis:
    """What an axis shows: a title, the coherent unit, the unit for people, and how to read it off an entry."""

    title: str
    unit: str
    display: str
    read: Callable[[Any], float | None]


@dataclass(frozen=True)
class Picture:
    """A scatter plot over a kind, on logarithmic axes."""

    file: str
    title: str
    kind: type | tuple[type, ...]
    x: Axis
    y: Axis
    ratios: tuple[tuple[float, str], ...] = ()
    """Lines on which y over x is the same, and what is written at them."""


def _at(path: str) -> Callable[[Any], float | None]:
    def read(thing: Any) -> float | None:
        value = thing.get(path)
        return None if value is None else thing.origin(path, "").symbol.read(value, path)

    return read


def _peak(thing: HardwareNode) -> float | None:
    """The dense peak that workloads use: bf16, else fp16, else what there is."""
    for precision in ("bf16", "fp16", "int8", "fp32"):
        value = getattr(thing.compute.peak, precision)
        if value is not None:
            return _at(f"compute.peak.{precision}")(thing)
    return None


def _macs(thing: Any) -> float | None:
    """Multiply-accumulates for one input; what is counted in FLOPs is halved."""
    if isinstance(thing, CNNWorkload):
        return _at("macs")(thing)
    network = thing.denoiser if isinstance(thing, DiffusionWorkload) else thing
    return _macs(network) if isinstance(network, CNNWorkload) else float(network.forward_flops().to("flop").magnitude) / 2


PICTURES = (
    Picture(
        "hardware.svg",
        "Dense peak (16 bits where there is one) against memory bandwidth",
        HardwareNode,
        Axis("memory bandwidth", "byte/s", "GB/s", _at("memory.bandwidth")),
        Axis("dense peak", "flop/s", "TFLOP/s", _peak),
        tuple((10.0**e, f"ridge at {10**e} FLOP/B") for e in range(5)),
    ),
    Picture(
        "transformers.svg",
        "Parameters that a token uses against all parameters",
        (TransformerWorkload, StateSpaceWorkload),
        Axis("parameters", "count", "", lambda t: float(t.parameters)),
        Axis("parameters that a token uses", "count", "", lambda t: float(getattr(t, "active_parameters", t.parameters))),
    ),
    Picture(
        "cnns.svg",
        "Arithmetic against parameters; of a diffusion model, one pass of its denoiser",
        (CNNWorkload, VisionTransformerWorkload, DiffusionWorkload, RecommendationWorkload),
        Axis("parameters", "count", "", lambda t: float(t.parameters)),
        Axis("multiply-accumulates for one input", "count", "", _macs),
    ),
    Picture(
        "grids.svg",
        "Water at the power plants against carbon intensity",
        GridProfile,
        Axis("carbon intensity", "gCO2e/J", "gCO2e/kWh", _at("carbon_intensity")),
        Axis("water intensity", "L/J", "L/kWh", _at("water_intensity")),
    ),
    Picture(
        "datacenters.svg",
        "Facility overhead by datacenter",
        Datacenter,
        Axis("power usage effectiveness", "", "", _at("pue")),
        Axis("overhead over IT energy", "", "", lambda d: float(d.pue) - 1),
    ),
    Picture(
        "nodes.svg",
        "Power of a node against its accelerators' peak",
        Node,
        Axis("peak of all accelerators", "flop/s", "PFLOP/s", lambda n: (_peak(n.accelerator) or 0) * n.accelerators),
        Axis("maximal power", "W", "kW", _at("max_power")),
    ),
    Picture(
        "fabrics.svg",
        "Latency of a message against bandwidth of a port",
        NetworkFabric,
        Axis("bandwidth of a port", "byte/s", "GB/s", _at("bandwidth")),
        Axis("latency", "s", "us", _at("latency")),
    ),
    Picture(
        "fleets.svg",
        "Power of all nodes against accelerators",
        Fleet,
        Axis("accelerators", "count", "", lambda f: float(f.devices)),
        Axis("power of all nodes", "W", "MW", lambda f: (_at("max_power")(f.node) or 0) * f.nodes),
    ),
)


def picture_of(name: str) -> Picture | None:
    """Return the picture in which an entry stands, if there is one."""
    entry = zoo.load(name)
    for picture in PICTURES:
        if isinstance(entry, picture.kind) and picture.x.read(entry) and picture.y.read(entry):
            return picture
    return None


def _scale(values: list[float], low: int, high: int) -> tuple[Callable[[float], float], list[float], tuple[float, float]]:
    """Return a logarithmic scale over values, its ticks, and its ends."""
    first, last = math.log10(min(values)), math.log10(max(values))
    margin = 0.08 * (last - first) or 0.2
    first, last = first - margin, last + margin

    def scale(value: float) -> float:
        return low + (math.log10(value) - first) / (last - first) * (high - low)

    steps = (1.0,) if last - first > 2.2 else (1.0, 2.0, 5.0) if last - first > 0.7 else (1.0, 1.2, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0)
    ticks = [s * 10.0**e for e in range(math.floor(first), math.ceil(last) + 1) for s in steps]
    ticks = [t for t in ticks if first <= math.log10(t) <= last]
    while len(ticks) > 8:
        ticks = ticks[::2]
    return scale, ticks, (10.0**first, 10.0**last)


def _ladder(value: float, axis: Axis) -> str:
    text = people(value, axis.unit, axis.display)
    if axis.unit == "count" and value >= 1e3:
        for scale, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
            if value >= scale:
                return f"{value / scale:g} {letter}"
    return text


def draw(picture: Picture) -> str:
    """Return the picture as SVG: it takes its colours from the page's scheme, and its accent from the address."""
    points = []
    for name in zoo.names():
        entry = zoo.load(name)
        if isinstance(entry, picture.kind) and (x := picture.x.read(entry)) and (y := picture.y.read(entry)):
            points.append((name, x, y))
    sx, xticks, xends = _scale([p[1] for p in points], LEFT, WIDTH - RIGHT)
    sy, yticks, yends = _scale([p[2] for p in points], HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="system-ui, sans-serif" font-size="13">',
        f"<title>{escape(picture.title)}</title>",
        f"<style>{STYLE}</style>",
    ]
    for tick in xticks:
        x = sx(tick)
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{escape(_ladder(tick, picture.x))}</text>')
    for tick in yticks:
        y = sy(tick)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{escape(_ladder(tick, picture.y))}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">{escape(picture.x.title)}</text>')
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(f'<text transform="translate(14 {middle}) rotate(-90)" text-anchor="middle">{escape(picture.y.title)}</text>')
    placed: list[tuple[float, float, float, float]] = []
    for ratio, words in picture.ratios:
        left, right = max(xends[0], yends[0] / ratio), min(xends[1], yends[1] / ratio)
        if left < right:
            ends = sx(left), sy(left * ratio), sx(right), sy(right * ratio)
            slope = math.degrees(math.atan2(ends[3] - ends[1], ends[2] - ends[0]))
            parts.append('<path class="ratio" d="M{:.1f} {:.1f}L{:.1f} {:.1f}"/>'.format(*ends))
            if right > 30 * left:
                at = f"translate({ends[2]:.1f} {ends[3]:.1f}) rotate({slope:.1f})"
                parts.append(f'<text class="name" transform="{at}" x="-8" y="-4" text-anchor="end">{escape(words)}</text>')
    for name, x, y in points:
        px, py = sx(x), sy(y)
        short = name.rpartition(".")[2].replace("_", " ")
        right = px < WIDTH - 160
        box = (px + 9 if right else px - 9 - 6.5 * len(short), py - 7, px + 9 + 6.5 * len(short) if right else px - 9, py + 7)
        shown = all(box[2] < o[0] or o[2] < box[0] or box[3] < o[1] or o[3] < box[1] for o in placed)
        placed.append(box if shown else (px, py, px, py))
        anchored, dx = ("start", 9) if right else ("end", -9)
        hidden = "" if shown else ' data-hidden="1" visibility="hidden"'
        label = f'<text class="name" x="{px + dx:.1f}" y="{py + 4:.1f}" text-anchor="{anchored}"{hidden}>{escape(short)}</text>'
        parts.append(f'<g class="entry" id="{anchor(name)}"><circle class="dot" cx="{px:.1f}" cy="{py:.1f}" r="5"/>{label}</g>')
    parts.append("</svg>")
    return "\n".join(parts)


def write(folder: Path) -> None:
    """Write every picture that changed."""
    write_changed(folder, {picture.file: draw(picture) for picture in PICTURES})
