"""What messages between devices cost: bandwidths where they travel, and the time of a collective there."""

from typing import Any

from ..nouns import Lowered
from ..readings import Reading


def local_bandwidth(eq: Reading, x: Lowered, group: Any) -> Any:
    """Return one device's bandwidth inside its node, one direction, for a group of devices."""
    hardware = x.hardware
    one_way = eq.one_way_bandwidth(hardware.link_bandwidth, hardware.directions)
    if x.node is not None and x.node.mesh:
        one_way = eq.mesh_bandwidth(one_way, group, x.node.local_devices)
    return eq.achieved_bandwidth(one_way, x.efficiency_link)


def network(eq: Reading, x: Lowered) -> tuple[Any, Any]:
    """Return one device's bandwidth to other nodes, and the latency."""
    fabric = eq.oversubscribed_bandwidth(eq.one_way_bandwidth(x.fabric.bandwidth, x.fabric.directions), x.fabric.oversubscription)
    each = eq.device_network_bandwidth(x.node.nics, eq.port_bandwidth(x.node.nic_bandwidth, fabric), x.node.local_devices)
    return eq.achieved_bandwidth(each, x.efficiency_link), x.fabric.latency


def all_reduce_on_node(eq: Reading, x: Lowered, message: Any) -> Any:
    """Return the time of one ring all-reduce between the devices of a tensor-parallel group inside a node."""
    return eq.ring_allreduce_time(message, x.tp_size, local_bandwidth(eq, x, x.tp_size), x.hardware.link_latency)
