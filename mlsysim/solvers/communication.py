"""What messages between devices cost: bandwidths where they travel, and the time of a collective there."""

from dataclasses import dataclass
from typing import Any

from ..nouns import Lowered
from ..profiles import Profile, profile
from ..readings import Reading
from ..systems import NetworkFabric

COLLECTIVES = ("auto", "ring", "tree", "hierarchical", "in-network")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a group of devices lies: how many there are, how many of them in a node, on how many nodes, and over what span of nodes.

    ``gathers`` says that nodes hold several of them, ``crosses`` that there are several nodes. Where the group's buffers are
    ``sharded``, it scatters and gathers instead of reducing for all, which trees and adding switches do not speed up.
    """

    devices: Any
    inside: Any
    nodes: Any
    span: float
    gathers: bool
    crosses: bool
    sharded: bool = False


def links(using: Profile | None, fabric: NetworkFabric | None) -> Lowered | None:
    """Return the documented constants of messages between devices, and over a fabric; none where a solve takes no profile.

    ``tuned`` says that the fabric's own software chooses algorithms, and so takes trees between two nodes. A hop is never quicker than
    the latency that the fabric states.
    """
    if using is None:
        return None
    place = "" if fabric is None else fabric.zoo_name
    found: Lowered | None = using.known.get(("links", place))
    if found is None:
        found = links_over(using, fabric)
        if fabric is None or (place and not place.endswith("*")):
            using.known["links", place] = found
    return found


def links_over(using: Profile, fabric: NetworkFabric | None) -> Lowered:
    """Return the constants of messages over a fabric, as plain numbers."""
    if using.family != "collectives":
        using = profile("collectives").scaled(using.scale)
    name = fabric.zoo_name.rstrip("*") if fabric is not None else ""
    values, origins = using.on(fabric=name)
    if fabric is not None and fabric.latency is not None and (stated := float(fabric.latency.to("s").magnitude)) > values["far_hop"]:
        values, origins = values | {"far_hop": stated}, origins | {"far_hop": fabric.origin("latency", "fabric")}
    return Lowered(origins, **values, tuned=using.groups["efa"].has(name))


def constants(x: Lowered) -> Any:
    """Return the documented constants of messages that a solve takes, if it takes them."""
    return x.links if x.has("links") else None


def local_bandwidth(eq: Reading, x: Lowered, group: Any) -> Any:
    """Return one device's bandwidth inside its node, one direction, for a group of devices."""
    hardware = x.hardware
    one_way = eq.one_way_bandwidth(hardware.link_bandwidth, hardware.directions)
    if x.node is not None and x.node.mesh:
        one_way = eq.mesh_bandwidth(one_way, group, x.node.local_devices)
    return reached(eq, x, one_way)


def for_tensors(x: Lowered) -> bool:
    """Whether the share of links is that which tensor-parallel groups of servers reach, which goes for no other messages."""
    return x.has("message_latency")


def reached(eq: Reading, x: Lowered, bandwidth: Any) -> Any:
    """Return what messages reach of a bandwidth: the solve's share of links, or all where that is of tensor-parallel groups alone."""
    return bandwidth if for_tensors(x) else eq.achieved_bandwidth(bandwidth, x.efficiency_link)


def network(eq: Reading, x: Lowered, span: float | None = None) -> tuple[Any, Any]:
    """Return one device's bandwidth to other nodes, and the latency, for a group that lies over a span of nodes.

    The fabric's topology decides what the network is thinned by; without a span, it is by the worst.
    """
    fabric = x.fabric
    port = eq.one_way_bandwidth(fabric.bandwidth, fabric.directions)
    if fabric.dimensions:
        port = eq.torus_device_bandwidth(port, fabric.dimensions)
        return reached(eq, x, port), fabric.latency
    if fabric.topology == "rail-optimised" and span is not None:
        if fabric.has("pod_nodes"):
            port = eq.rail_bandwidth(port, fabric.oversubscription, span, fabric.pod_nodes)
    elif fabric.topology == "dragonfly" and span is not None:
        port = eq.dragonfly_bandwidth(port, fabric.oversubscription, span, fabric.pod_nodes if fabric.has("pod_nodes") else 1.0)
    else:
        port = eq.oversubscribed_bandwidth(port, fabric.oversubscription)
    each = eq.device_network_bandwidth(x.node.nics, eq.port_bandwidth(x.node.nic_bandwidth, port), x.node.local_devices)
    return reached(eq, x, each), fabric.latency


def all_reduce_on_node(eq: Reading, x: Lowered, message: Any) -> Any:
    """Return the time of one all-reduce between the devices of a tensor-parallel group inside a node, by the fastest algorithm.

    Servers of language models have kernels of their own for it, with constants of their own.
    """
    if constants(x) is not None and not for_tensors(x):
        return measured_all_reduce(eq, x, message, Place(x.tp_size, x.tp_size, 1.0, 1.0, True, False))[0]
    devices, near, latency = x.tp_size, local_bandwidth(eq, x, x.tp_size), x.hardware.link_latency
    if for_tensors(x):
        near, latency = eq.achieved_bandwidth(near, x.efficiency_link), x.message_latency
    best = eq.ring_allreduce_time(message, devices, near, latency)
    best = eq.faster_collective(best, eq.pipelined_tree_allreduce_time(message, devices, near, latency))
    if x.node is not None and x.node.reduces:
        best = eq.faster_collective(best, eq.in_network_allreduce_time(message, devices, near, latency))
    return best


def offered(x: Lowered, place: Place) -> tuple[str, ...]:
    """Return the algorithms among which a place lets the library choose: all that it offers, or the one that was asked for.

    Rings go everywhere, and on a torus nothing else does: they close along its dimensions, over the links inside nodes too. They
    stand in where the one that was asked for is not offered. A solver without such an argument asks for none.
    """
    names = ["ring"]
    if place.crosses and x.fabric.dimensions:
        return ("ring",)
    if place.crosses and place.gathers:
        names.append("hierarchical")
    if not place.sharded:
        names.append("tree")
        if place.gathers and x.node is not None and x.node.reduces:
            names.append("in-network")
    asked = x.collective if x.has("collective") else "auto"
    if asked == "auto":
        return tuple(names)
    return (asked,) if asked in names else ("ring",)


def by_algorithm(
    eq: Reading, x: Lowered, name: str, message: Any, place: Place, near: Any, latency: Any, out: Any = None, far: Any = None
) -> Any:
    """Return the time of an all-reduce by one algorithm, over links of these bandwidths and latencies."""
    if not place.crosses:
        inside = {"ring": eq.ring_allreduce_time, "tree": eq.pipelined_tree_allreduce_time, "in-network": eq.in_network_allreduce_time}
        return inside[name](message, place.devices, near, latency)
    if name == "ring":
        if x.fabric.dimensions:
            return eq.torus_allreduce_time(message, place.devices, x.fabric.dimensions, out, far)
        wide = eq.ring_across_bandwidth(place.inside, near, out) if place.gathers else out
        return eq.ring_allreduce_time(message, place.devices, wide, far)
    across = {
        "hierarchical": eq.pipelined_hierarchical_allreduce_time,
        "tree": eq.tree_across_allreduce_time,
        "in-network": eq.in_network_tree_allreduce_time,
    }
    return across[name](message, place.inside, place.nodes, near, latency, out, far)


def all_reduce(eq: Reading, x: Lowered, message: Any, place: Place) -> tuple[Any, Any]:
    """Return the time of an all-reduce, and the algorithm: the fastest of those that the place offers."""
    if constants(x) is not None:
        return measured_all_reduce(eq, x, message, place)
    latency = x.hardware.link_latency
    if not place.crosses:
        near = local_bandwidth(eq, x, place.devices)
        return fastest(eq, [(n, by_algorithm(eq, x, n, message, place, near, latency)) for n in offered(x, place)])
    out, far = network(eq, x, place.span)
    near = local_bandwidth(eq, x, place.inside) if place.gathers else out
    return fastest(eq, [(n, by_algorithm(eq, x, n, message, place, near, latency, out, far)) for n in offered(x, place)])


def fastest(eq: Reading, times: list[tuple[str, Any]]) -> tuple[Any, Any]:
    """Return the shortest of the times by algorithm, and which it is."""
    best = times[0][1]
    for _, time in times[1:]:
        best = eq.faster_collective(best, time)
    algorithm: Any = times[-1][0]
    for name, time in reversed(times[:-1]):
        algorithm = eq.label(time <= best, name, algorithm)
    return best, algorithm


def taken(x: Lowered, place: Place) -> tuple[str, ...]:
    """Return the algorithms that libraries take of those that a place offers.

    They know no hierarchy of rings, and inside a node their trees are chains, which rings beat: both only where they were asked for.
    """
    names = offered(x, place)
    left_out = ("hierarchical",) if place.crosses else ("tree",)
    return tuple(n for n in names if n not in left_out) or names


def measured_all_reduce(eq: Reading, x: Lowered, message: Any, place: Place) -> tuple[Any, Any]:
    """Return the time of an all-reduce with the documented constants, and the algorithm.

    Each algorithm has its latencies, and the time in which its bytes stream; pieces of the best size join the two. Beyond two nodes
    trees send the buffer twice as rings do; between two, libraries count on it, and so take rings, unless the fabric tunes them.
    """
    k = x.links
    times = []
    for name in taken(x, place):
        out = far = near = None
        if place.crosses:
            out, far = far_link(eq, x, place.span)
            if name == "ring":
                far = eq.ring_across_latency(place.devices, place.nodes, k.near_hop, far)
            elif name != "hierarchical":
                far = eq.hop_latency(far, k.tree_messages)
            if name == "tree" and not k.tuned:
                out = eq.where(place.nodes <= 2, eq.achieved_bandwidth(out, 0.5), out)
            near = out
        if place.gathers or not place.crosses:
            local = local_bandwidth(eq, x, place.inside if place.crosses else place.devices)
            near = eq.achieved_bandwidth(local, k.added_share if name == "in-network" else k.near_share)
        rounds = by_algorithm(eq, x, name, 0.0, place, near, k.near_hop, out, far)
        streaming = by_algorithm(eq, x, name, message, place, near, 0.0, out, 0.0)
        times.append((name, eq.chunked_collective_time(eq.collective_start(rounds, place.devices, k.launch), streaming)))
    return fastest(eq, times)


def far_link(eq: Reading, x: Lowered, span: float) -> tuple[Any, Any]:
    """Return a device's bandwidth to other nodes and the latency of a hop there, with the documented constants."""
    out, _ = network(eq, x, span)
    return eq.achieved_bandwidth(out, x.links.far_share), eq.hop_latency(x.links.far_hop, x.links.plain_messages)


def all_to_all(eq: Reading, x: Lowered, message: Any, devices: Any, span: float, inside: bool) -> Any:
    """Return the time in which a group of devices sends tokens to experts, inside a node or across nodes over a span of them."""
    bandwidth, latency = neighbour(eq, x, devices, span, inside)
    if not inside and x.fabric.dimensions:
        both = eq.torus_device_bandwidth(bandwidth, 1.0)
        return eq.torus_all_to_all_time(message, devices, x.fabric.dimensions, both, latency)
    return eq.direct_all_to_all_time(message, devices, bandwidth, latency)


def neighbour(eq: Reading, x: Lowered, group: Any, span: float, inside: bool) -> tuple[Any, Any]:
    """Return bandwidth and latency from a device to the next one of a group: in its node, or across nodes over a span of them.

    On a torus a neighbour is reached over one of the links.
    """
    k = constants(x)
    if inside:
        near = local_bandwidth(eq, x, group)
        return (near, x.hardware.link_latency) if k is None else (eq.achieved_bandwidth(near, k.near_share), k.near_hop)
    if x.fabric.dimensions:
        link = eq.one_way_bandwidth(x.fabric.bandwidth, x.fabric.directions)
        out, latency = reached(eq, x, link), x.fabric.latency
        return (out, latency) if k is None else (eq.achieved_bandwidth(out, k.far_share), k.far_hop)
    return network(eq, x, span) if k is None else far_link(eq, x, span)
