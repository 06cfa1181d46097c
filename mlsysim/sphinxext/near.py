"""What is near an entry: entries of its kind with much the same numbers, and the largest models that a device holds."""

import math
from bisect import bisect_right
from functools import cache
from typing import Any

from .. import zoo
from ..hardware import ELEMENT_SIZE, HardwareNode
from ..infrastructure import Datacenter, GridProfile, Ownership, Rental
from ..recommendation import RecommendationWorkload
from ..statespace import StateSpaceWorkload
from ..systems import Fleet, NetworkFabric, Node, Storage
from ..vision import DiffusionWorkload, VisionTransformerWorkload
from ..workloads import CNNWorkload, TransformerWorkload
from .roofline import number, precision_of

COUNT = 4
PATHS: dict[type, tuple[str, ...]] = {
    HardwareNode: ("memory.capacity", "memory.bandwidth", "power.tdp", "power.active"),
    TransformerWorkload: ("layers", "hidden", "heads", "vocab"),
    StateSpaceWorkload: ("layers", "hidden", "inner", "vocab"),
    CNNWorkload: ("parameters", "macs", "activations"),
    VisionTransformerWorkload: ("layers", "hidden", "image_size", "patch"),
    DiffusionWorkload: ("steps",),
    RecommendationWorkload: ("embedding_dim",),
    GridProfile: ("carbon_intensity", "water_intensity", "electricity_price"),
    Datacenter: ("pue", "wue"),
    Node: ("accelerators", "nic_bandwidth", "max_power"),
    NetworkFabric: ("bandwidth", "latency", "oversubscription"),
    Fleet: ("nodes", "accelerators"),
    Storage: ("write_bandwidth", "capacity"),
    Rental: ("rental",),
}
FAMILIES = ((TransformerWorkload, StateSpaceWorkload), (CNNWorkload, VisionTransformerWorkload, DiffusionWorkload, RecommendationWorkload))


def family(thing: Any) -> Any:
    """Return the type or types among which a thing is compared."""
    return next((f for f in FAMILIES if isinstance(thing, f)), type(thing))


def traits(thing: Any) -> dict[str, float]:
    """Return the logarithms of the chief numbers of a thing."""
    found = {p: number(thing, p) for p in PATHS.get(type(thing), ()) if thing.get(p) is not None}
    if isinstance(thing, HardwareNode):
        found["peak"] = number(thing, f"compute.peak.{precision_of(thing)}")
    elif isinstance(thing, Node):
        found["peak"] = number(thing.accelerator, f"compute.peak.{precision_of(thing.accelerator)}")
    elif isinstance(thing, (*FAMILIES[0], *FAMILIES[1])):
        found["parameters"] = float(thing.parameters)
        found["active"] = float(getattr(thing, "active_parameters", thing.parameters))
    if "pue" in found:
        found["pue"] = found["pue"] - 1 + 0.01
    return {n: math.log(v) for n, v in found.items() if v > 0}


@cache
def _all_traits(kind: Any) -> dict[str, dict[str, float]]:
    return {n: traits(zoo.load(n)) for n in zoo.names() if isinstance(zoo.load(n), kind)}


@cache
def similar(name: str) -> tuple[str, ...]:
    """Return the entries of a kind that are nearest in their logarithms, where each lacks at most half of what the other states."""
    thing = zoo.load(name)
    if isinstance(thing, Ownership):
        return ()
    others = _all_traits(family(thing))
    own = others[name]
    found = []
    for other, its in others.items():
        apart, shared = 0.0, 0
        for trait, value in own.items():
            if trait in its:
                apart += (value - its[trait]) ** 2
                shared += 1
        if other != name and 2 * shared >= len(own) > 0:
            found.append((apart / shared + 0.1 * (len(own) - shared), other))
    return tuple(other for _, other in sorted(found)[:COUNT])


@cache
def _by_size() -> tuple[list[float], list[str]]:
    """Return the models of the zoo by their parameters."""
    found = sorted((float(zoo.load(n).parameters), n) for n in zoo.names("Models"))
    return [size for size, _ in found], [n for _, n in found]


def largest(name: str) -> dict[str, str]:
    """Return the largest model whose weights a device holds, by the precision of its weights; nothing where none fits."""
    device = zoo.load(name)
    capacity = sum(number(device, p) for p in ("memory.capacity", "memory.storage") if device.get(p) is not None)
    sizes, names = _by_size()
    found = {}
    for precision in device.compute.peak.precisions:
        at = bisect_right(sizes, capacity / ELEMENT_SIZE[precision])
        if at:
            found[precision] = names[at - 1]
    return found
