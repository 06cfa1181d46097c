"""Numbers that follow from the facts of one entry, each by one equation."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from .. import equations, zoo
from ..equation import EQUATIONS
from ..errors import UnknownNameError, nearest
from ..facts import Fact
from ..hardware import ELEMENT_SIZE, HardwareNode
from ..infrastructure import Datacenter, GridProfile
from ..nouns import Noun
from ..quantities import Symbol
from ..readings import NUMBERS
from ..recommendation import RecommendationWorkload
from ..statespace import StateSpaceWorkload
from ..systems import Fleet, NetworkFabric, Node
from ..units import people
from ..vision import DiffusionWorkload, VisionTransformerWorkload, vision_work
from ..workloads import CNNWorkload, TransformerWorkload, all_parameters, head_parameters, matmul_parameters
from .words import text_of

assert equations.SECTIONS


@dataclass(frozen=True, slots=True)
class Derived:
    """A number that follows from an entry's facts."""

    name: str
    says: str
    equation: str
    number: float
    inputs: dict[str, Any]

    @property
    def text(self) -> str:
        """The number for people."""
        symbol = EQUATIONS[self.equation].result
        return people(self.number, symbol.unit, symbol.display)


def symbol_of_path(entry: str, path: str) -> Symbol | None:
    """Return the quantity of the nomenclature that a fact is."""
    return zoo.load(entry).origin(path, "").symbol


@cache
def derived(entry: str) -> tuple[Derived, ...]:
    """Return what follows from an entry's facts, each by one equation."""
    thing = zoo.load(entry)
    found: list[Derived] = []

    def add(name: str, says: str, equation: str, **inputs: Any) -> None:
        if all(v is not None for v in inputs.values()):
            found.append(Derived(f"{entry}.{name}", says, equation, getattr(NUMBERS, equation)(**inputs), inputs))

    for kind, rule in _RULES.items():
        if isinstance(thing, kind):
            rule(thing, add)
    return tuple(found)


def _value(thing: Noun, path: str) -> Any:
    value = thing.get(path)
    return None if value is None else thing.origin(path, "").symbol.read(value, path)  # type: ignore[union-attr]


LIFETIME = "Infrastructure.Prices.Server_Lifetime"
"""The entry over whose lifetime a device is written off."""


def _hardware(thing: HardwareNode, add: Any) -> None:
    bandwidth = _value(thing, "memory.bandwidth")
    power = _value(thing, "power.tdp")
    price, terms = _value(thing, "price"), zoo.load(LIFETIME)
    lifetime, years = _value(terms, "assumption.lifetime"), text_of(terms.fact("assumption.lifetime"))
    for precision in thing.compute.peak.precisions:
        peak = _value(thing, f"compute.peak.{precision}")
        add(f"ridge_point.{precision}", f"ridge point at {precision}", "ridge_point", peak=peak, bandwidth=bandwidth)
        add(f"balance.{precision}", f"bytes a FLOP at {precision}", "machine_balance", bandwidth=bandwidth, peak=peak)
        add(f"work_per_joule.{precision}", f"FLOP a joule at {precision}", "work_per_joule", peak=peak, power=power)
        says = f"parameters whose weights fill the memory at {precision}"
        capacity = _value(thing, "memory.capacity")
        add(f"largest_model.{precision}", says, "largest_model", capacity=capacity, weight_size=ELEMENT_SIZE[precision])
        says = f"price of a PFLOP/s for an hour at {precision}, written off over the {years} of {LIFETIME}"
        add(f"price_of_work.{precision}", says, "price_of_work", price=price, peak=peak, lifetime=lifetime)
    engine = thing.compute.matrix
    if engine is not None:
        parts = {n: _value(thing, f"compute.matrix.{p}") for n, p in _ENGINE.items()}
        add("peak_from_units", "dense FP16 peak, from units and clock", "peak_from_units", **parts)
    pins, rate = _value(thing, "memory.pins"), _value(thing, "memory.pin_rate")
    add("bandwidth_from_pins", "memory bandwidth, from pins and their rate", "bandwidth_from_pins", pins=pins, pin_rate=rate)
    add("memory_sweep", "time to read the whole memory once", "memory_time", traffic=_value(thing, "memory.capacity"), bandwidth=bandwidth)
    for link in ("link", "host_link"):
        part = getattr(thing, link)
        if part is not None:
            printed = _value(thing, f"{link}.bandwidth")
            add(
                f"{link}_one_way",
                f"{link.replace('_', ' ')} bandwidth in one direction",
                "one_way_bandwidth",
                printed=printed,
                directions=part.directions,
            )


_ENGINE = {"matrix_units": "units", "unit_work": "work_per_clock", "clock": "clock"}


def _transformer(thing: TransformerWorkload, add: Any) -> None:
    g = thing.geometry
    total, active = all_parameters(NUMBERS, g), all_parameters(NUMBERS, g, active=True)
    add("weights.fp16", "memory of the weights at fp16", "weight_bytes", parameters=total, weight_size=2.0)
    add("weights.int4", "memory of the weights at int4", "weight_bytes", parameters=total, weight_size=0.5)
    if thing.experts is not None:
        add("active_weights.fp16", "weights that one token uses, at fp16", "weight_bytes", parameters=active, weight_size=2.0)
    multiplied = matmul_parameters(NUMBERS, g) + head_parameters(NUMBERS, g)
    add("forward_work_per_token", "arithmetic for one token, without attention", "forward_work_per_token", matmul_parameters=multiplied)
    if not thing.causal:
        return
    if g.latent:
        given = {"layers": g.layers, "kv_rank": g.kv_rank, "rope_dim": g.rope_dim, "context": 1.0, "batch": 1.0, "element_size": 2.0}
        add("kv_cache_per_token", "key-value cache for one token at fp16", "latent_kv_cache_bytes", **given)
    else:
        given = {"layers": g.layers, "kv_heads": g.kv_heads, "head_dim": g.head_dim, "context": 1.0, "batch": 1.0, "element_size": 2.0}
        add("kv_cache_per_token", "key-value cache for one token at fp16", "kv_cache_bytes", **given)

    if g.local and thing.max_context is not None:
        given = {"context": float(thing.max_context), "window": g.window, "layers": g.layers, "global_layers": g.global_layers}
        add("mean_context", "tokens that the mean layer holds of its longest context", "layer_mean_context", **given)


def _vision(thing: VisionTransformerWorkload, add: Any) -> None:
    g = thing.geometry
    patches = NUMBERS.patch_count(g.image_size, g.patch)
    add("patches", "patches of an image", "patch_count", image_size=g.image_size, patch=g.patch)
    add("tokens", "tokens of an image", "image_tokens", patches=patches, class_tokens=g.class_tokens)
    add("weights.fp16", "memory of the weights at fp16", "weight_bytes", parameters=float(thing.parameters), weight_size=2.0)
    add(
        "training_work",
        "arithmetic of training, for one image",
        "training_work",
        forward_work=vision_work(NUMBERS, g, 1.0),
        recomputed_work=0.0,
    )


def _diffusion(thing: DiffusionWorkload, add: Any) -> None:
    add("weights.fp16", "memory of the denoiser's weights at fp16", "weight_bytes", parameters=float(thing.parameters), weight_size=2.0)
    steps = thing.geometry.steps
    one = thing.image_flops().to("flop").magnitude / steps
    add("image_work", "arithmetic of making one image", "sampling_work", one=one, steps=steps)


def _recommendation(thing: RecommendationWorkload, add: Any) -> None:
    g = thing.geometry
    add("table_parameters", "parameters of the tables", "embedding_table_parameters", rows=g.rows, embedding_dim=g.embedding_dim)
    add("weights.fp32", "memory of all parameters at fp32", "weight_bytes", parameters=float(thing.parameters), weight_size=4.0)
    given = {"lookups": g.lookups, "embedding_dim": g.embedding_dim, "batch": 1.0, "element_size": 4.0}
    add("gathered.fp32", "bytes gathered for one sample at fp32", "gathered_bytes", **given)


def _state_space(thing: StateSpaceWorkload, add: Any) -> None:
    g = thing.geometry
    add("weights.fp16", "memory of the weights at fp16", "weight_bytes", parameters=float(thing.parameters), weight_size=2.0)
    add("scan_work", "arithmetic of the scans, for one token", "scan_work", tokens=1.0, layers=g.layers, inner=g.inner, state=g.state)
    given = {"layers": g.layers, "inner": g.inner, "state": g.state, "channels": g.channels, "kernel": g.kernel}
    given |= {"batch": 1.0, "element_size": 2.0}
    add("recurrent_state", "state of one sequence at fp16, whatever its context", "recurrent_state_bytes", **given)


def _cnn(thing: CNNWorkload, add: Any) -> None:
    g = thing.geometry
    add("forward_work", "arithmetic for one input", "work_from_macs", macs=g.macs, batch=1.0)
    add("weights.fp16", "memory of the weights at fp16", "weight_bytes", parameters=g.parameters, weight_size=2.0)
    add("weights.int8", "memory of the weights at int8", "weight_bytes", parameters=g.parameters, weight_size=1.0)
    add(
        "activation_traffic.fp16",
        "activations moved for one input at fp16",
        "activation_traffic",
        activations=g.activations,
        batch=1.0,
        element_size=2.0,
    )


_MEGAWATT_HOUR = 3.6e9
_YEAR = 31536000.0


def _grid(thing: GridProfile, add: Any) -> None:
    intensity, price = _value(thing, "carbon_intensity"), _value(thing, "electricity_price")
    add("carbon_per_mwh", "greenhouse gas of a megawatt-hour", "operational_carbon", energy=_MEGAWATT_HOUR, intensity=intensity)
    add("cost_per_mwh", "cost of a megawatt-hour", "energy_cost", energy=_MEGAWATT_HOUR, price=price)


def _datacenter(thing: Datacenter, add: Any) -> None:
    add(
        "facility_energy_per_mwh",
        "facility energy for a megawatt-hour of IT energy",
        "facility_energy",
        it_energy=_MEGAWATT_HOUR,
        pue=_value(thing, "pue"),
    )
    add(
        "water_per_mwh",
        "water on site for a megawatt-hour of IT energy",
        "water_on_site",
        it_energy=_MEGAWATT_HOUR,
        wue=_value(thing, "wue"),
    )


def _node(thing: Node, add: Any) -> None:
    nics, nic, local = (_value(thing, p) for p in ("nics", "nic_bandwidth", "accelerators"))
    add(
        "device_network_bandwidth",
        "network bandwidth of one accelerator",
        "device_network_bandwidth",
        nics=nics,
        nic_bandwidth=nic,
        local_devices=local,
    )
    add("energy_per_year", "energy of a year at full load", "it_energy", power=_value(thing, "max_power"), duration=_YEAR)


def _fabric(thing: NetworkFabric, add: Any) -> None:
    add(
        "oversubscribed",
        "bandwidth of a port across the fabric",
        "oversubscribed_bandwidth",
        link_bandwidth=_value(thing, "bandwidth"),
        oversubscription=_value(thing, "oversubscription"),
    )


def _fleet(thing: Fleet, add: Any) -> None:
    nodes = float(thing.nodes)
    add("max_power", "power of all nodes at full load", "fleet_power", one=_value(thing.node, "max_power"), count=nodes)
    add("price", "price of all nodes", "fleet_price", one=_value(thing.node, "price"), count=nodes)
    add(
        "node_failures",
        "mean time between node failures",
        "series_mtbf",
        component_mtbf=_value(thing.node, "reliability.node_mtbf"),
        components=nodes,
    )
    if thing.fabric is not None:
        ratio = _value(thing, "oversubscription") or _value(thing.fabric, "oversubscription")
        each = NUMBERS.device_network_bandwidth(*(_value(thing.node, p) or 0.0 for p in ("nics", "nic_bandwidth", "accelerators")))
        if each:
            add(
                "bisection",
                "bisection bandwidth of the fleet",
                "bisection_bandwidth",
                devices=float(thing.devices),
                link_bandwidth=each,
                oversubscription=ratio,
            )


_RULES: dict[type, Any] = {
    HardwareNode: _hardware,
    TransformerWorkload: _transformer,
    CNNWorkload: _cnn,
    VisionTransformerWorkload: _vision,
    DiffusionWorkload: _diffusion,
    RecommendationWorkload: _recommendation,
    StateSpaceWorkload: _state_space,
    GridProfile: _grid,
    Datacenter: _datacenter,
    Node: _node,
    NetworkFabric: _fabric,
    Fleet: _fleet,
}


def split(name: str) -> tuple[str, str]:
    """Split a published name into entry and path."""
    parts = name.split(".")
    entry = ".".join(parts[:3])
    if entry not in zoo.names():
        raise UnknownNameError(f"the zoo has no {entry!r}: {nearest(entry, zoo.names())}")
    return entry, ".".join(parts[3:])


def number_of(name: str) -> Fact | Derived:
    """Return the fact or the derived number of a published name."""
    entry, path = split(name)
    thing = zoo.load(entry)
    if path in thing.facts:
        return thing.facts[path]
    found = {d.name.removeprefix(f"{entry}."): d for d in derived(entry)}
    if path in found:
        return found[path]
    raise UnknownNameError(f"{entry} has no number {path!r}: {nearest(path, [*thing.facts, *found])}")
