"""What messages between devices cost: bandwidths where they travel, and the time of a collective there."""

from dataclasses import dataclass
from typing import Any

from ..nouns import Lowered
from ..readings import Reading

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


def local_bandwidth(eq: Reading, x: Lowered, group: Any) -> Any:
    """Return one device's bandwidth inside its node, one direction, for a group of devices."""
    hardware = x.hardware
    one_way = eq.one_way_bandwidth(hardware.link_bandwidth, hardware.directions)
    if x.node is not None and x.node.mesh:
        one_way = eq.mesh_bandwidth(one_way, group, x.node.local_devices)
    return eq.achieved_bandwidth(one_way, x.efficiency_link)


def network(eq: Reading, x: Lowered, span: float | None = None) -> tuple[Any, Any]:
    """Return one device's bandwidth to other nodes, and the latency, for a group that lies over a span of nodes.

    The fabric's topology decides what the network is thinned by; without a span, it is by the worst.
    """
    fabric = x.fabric
    port = eq.one_way_bandwidth(fabric.bandwidth, fabric.directions)
    if fabric.dimensions:
        return eq.achieved_bandwidth(eq.torus_device_bandwidth(port, fabric.dimensions), x.efficiency_link), fabric.latency
    if fabric.topology == "rail-optimised" and span is not None:
        if fabric.has("pod_nodes"):
            port = eq.rail_bandwidth(port, fabric.oversubscription, span, fabric.pod_nodes)
    elif fabric.topology == "dragonfly" and span is not None:
        port = eq.dragonfly_bandwidth(port, fabric.oversubscription, span, fabric.pod_nodes if fabric.has("pod_nodes") else 1.0)
    else:
        port = eq.oversubscribed_bandwidth(port, fabric.oversubscription)
    each = eq.device_network_bandwidth(x.node.nics, eq.port_bandwidth(x.node.nic_bandwidth, port), x.node.local_devices)
    return eq.achieved_bandwidth(each, x.efficiency_link), fabric.latency


def all_reduce_on_node(eq: Reading, x: Lowered, message: Any) -> Any:
    """Return the time of one all-reduce between the devices of a tensor-parallel group inside a node, by the fastest algorithm."""
    devices, near = x.tp_size, local_bandwidth(eq, x, x.tp_size)
    latency = x.message_latency if x.has("message_latency") else x.hardware.link_latency
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


def all_reduce(eq: Reading, x: Lowered, message: Any, place: Place) -> tuple[Any, Any]:
    """Return the time of an all-reduce, and the algorithm: the fastest of those that the place offers."""
    latency = x.hardware.link_latency
    if not place.crosses:
        near = local_bandwidth(eq, x, place.devices)
        equations = {"ring": eq.ring_allreduce_time, "tree": eq.pipelined_tree_allreduce_time, "in-network": eq.in_network_allreduce_time}
        times = [(n, equations[n](message, place.devices, near, latency)) for n in offered(x, place)]
    else:
        out, far_latency = network(eq, x, place.span)
        near = local_bandwidth(eq, x, place.inside) if place.gathers else out
        across = {
            "hierarchical": eq.pipelined_hierarchical_allreduce_time,
            "tree": eq.tree_across_allreduce_time,
            "in-network": eq.in_network_tree_allreduce_time,
        }
        times = []
        for name in offered(x, place):
            if name != "ring":
                time = across[name](message, place.inside, place.nodes, near, latency, out, far_latency)
            elif x.fabric.dimensions:
                time = eq.torus_allreduce_time(message, place.devices, x.fabric.dimensions, out, far_latency)
            else:
                wide = eq.ring_across_bandwidth(place.inside, near, out) if place.gathers else out
                time = eq.ring_allreduce_time(message, place.devices, wide, far_latency)
            times.append((name, time))
    best = times[0][1]
    for _, time in times[1:]:
        best = eq.faster_collective(best, time)
    algorithm: Any = times[-1][0]
    for name, time in reversed(times[:-1]):
        algorithm = eq.label(time <= best, name, algorithm)
    return best, algorithm


def all_to_all(eq: Reading, x: Lowered, message: Any, devices: Any, span: float, inside: bool) -> Any:
    """Return the time of an all-to-all in a group of devices inside a node, or across nodes over a span of them."""
    if inside:
        return eq.all_to_all_time(message, devices, local_bandwidth(eq, x, devices), x.hardware.link_latency)
    bandwidth, latency = neighbour(eq, x, devices, span, inside)
    if x.fabric.dimensions:
        both = eq.torus_device_bandwidth(bandwidth, 1.0)
        return eq.torus_all_to_all_time(message, devices, x.fabric.dimensions, both, latency)
    return eq.all_to_all_time(message, devices, bandwidth, latency)


def neighbour(eq: Reading, x: Lowered, group: Any, span: float, inside: bool) -> tuple[Any, Any]:
    """Return bandwidth and latency from a device to the next one of a group: in its node, or across nodes over a span of them.

    On a torus a neighbour is reached over one of the links.
    """
    if inside:
        return local_bandwidth(eq, x, group), x.hardware.link_latency
    if x.fabric.dimensions:
        link = eq.one_way_bandwidth(x.fabric.bandwidth, x.fabric.directions)
        return eq.achieved_bandwidth(link, x.efficiency_link), x.fabric.latency
    return network(eq, x, span)
