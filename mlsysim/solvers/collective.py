"""CollectiveModel: one collective operation between the devices of a node or of a fleet."""

from typing import Any

from ..errors import InputError
from ..nouns import Lowered
from ..readings import Reading
from ..results import CollectiveResult
from ..systems import TORUS, Fleet, Node
from .base import Doors, anywhere, assumed, expect, masked, needed
from .communication import COLLECTIVES, Place, all_reduce, constants, far_link, links, neighbour, network
from .distributed import one_of

OPERATIONS = ("all-reduce", "all-gather", "reduce-scatter", "all-to-all")


def far(eq: Reading, x: Lowered) -> tuple[Any, Any]:
    """Return a device's bandwidth to other nodes, and the latency of a hop there."""
    return network(eq, x, x.span) if constants(x) is None else far_link(eq, x, x.span)


def exchange(eq: Reading, x: Lowered, message: Any) -> Any:
    """Return the time in which devices exchange parts, all with all."""
    if not x.crosses:
        return eq.all_to_all_time(message, x.devices, *neighbour(eq, x, x.devices, x.span, True))
    if x.fabric.dimensions:
        link, hop = neighbour(eq, x, x.devices, x.span, False)
        return eq.torus_all_to_all_time(message, x.devices, x.fabric.dimensions, eq.torus_device_bandwidth(link, 1.0), hop)
    out = far(eq, x)
    return eq.all_to_all_across_time(message, x.inside, x.nodes, *(neighbour(eq, x, x.inside, x.span, True) if x.gathers else out), *out)


def ring(eq: Reading, x: Lowered, message: Any, latency: bool) -> Any:
    """Return the time of a ring that gathers or scatters, with latencies as they are, or with none."""
    once = eq.ring_allgather_time if x.operation == "all-gather" else eq.ring_reduce_scatter_time
    if not x.crosses:
        bandwidth, hop = neighbour(eq, x, x.devices, x.span, True)
    else:
        bandwidth, hop = far(eq, x)
        if x.gathers:
            near, near_hop = neighbour(eq, x, x.inside, x.span, True)
            bandwidth = eq.ring_across_bandwidth(x.inside, near, bandwidth)
            hop = eq.ring_across_latency(x.devices, x.nodes, near_hop, hop)
    return once(message, x.devices, bandwidth, hop if latency else 0.0)


def core(eq: Reading, x: Lowered) -> dict[str, Any]:
    """Solve one collective, in whatever reading."""
    message, k = x.message_size, constants(x)
    if x.operation == "all-reduce":
        time, algorithm = all_reduce(eq, x, message, Place(x.devices, x.inside, x.nodes, x.span, x.gathers, x.crosses))
        bus = eq.allreduce_bus_bandwidth(message, time, x.devices)
    else:
        algorithm = "direct" if x.operation == "all-to-all" else "ring"
        if algorithm == "direct":
            time = exchange(eq, x, message)
            time = time if k is None else eq.collective_start(time, x.devices, k.launch)
        elif k is None:
            time = ring(eq, x, message, True)
        else:
            start = eq.collective_start(ring(eq, x, 0.0, True), x.devices, k.launch)
            time = eq.chunked_collective_time(start, ring(eq, x, message, False))
        bus = eq.gather_bus_bandwidth(message, time, x.devices)
    values = {
        "time": time,
        "algorithm_bandwidth": eq.algorithm_bandwidth(message, time),
        "bus_bandwidth": bus,
        "algorithm": algorithm,
        "feasible": True,
        "label": x.label,
    }
    return masked(eq, True, values, CollectiveResult)


class CollectiveModel:
    """How long one collective takes between the devices of a node or a fleet, by which algorithm, and at what bus bandwidth.

    Without constants the time is the least that bandwidths and stated latencies allow, over the algorithms that exist. With documented
    constants it is what libraries reach: launch and hops, the pieces into which the buffer is cut, shares of the bandwidth, and the
    algorithms that they take.
    """

    result = CollectiveResult
    core = staticmethod(core)

    def solve(
        self,
        operation: str,
        message_size: Any,
        node: Node | None = None,
        fleet: Fleet | None = None,
        devices: Any = None,
        efficiency: Any = None,
        algorithm: str = "auto",
    ) -> CollectiveResult:
        """Solve one collective.

        Parameters
        ----------
        operation
            ``all-reduce``, ``all-gather``, ``reduce-scatter`` or ``all-to-all``.
        message_size
            The whole buffer, such as ``"1 GB"``: what a device holds before reducing, scattering or exchanging, or after gathering;
            or an array of them.
        node, fleet
            Where the devices are: in one node, or on the nodes of a fleet. Give one of the two.
        devices
            How many take part, all by default: of one node, or of whole nodes.
        efficiency
            Share of the bandwidths that is achieved: one ratio, an :class:`~mlsysim.Efficiency`, a :class:`~mlsysim.Profile` of
            documented or calibrated constants, 1 for the bound, or ``None`` for the documented constants.
        algorithm
            Of an all-reduce: ``auto`` (the fastest on offer), ``ring``, ``tree``, ``hierarchical`` or ``in-network``.

        Returns
        -------
        CollectiveResult
            With arrays where the size is one.

        Raises
        ------
        InputError
            An argument is out of range, of the wrong dimension, or unknown; or devices fill no whole nodes.
        """
        one_of(OPERATIONS, operation=operation)
        one_of(COLLECTIVES, algorithm=algorithm)
        if operation != "all-reduce" and algorithm != "auto":
            raise InputError(f"algorithm={algorithm!r}: for an {operation} there is one; leave it out")
        if (node is None) == (fleet is None):
            raise InputError("node= or fleet=: give one of the two")
        if fleet is None:
            fleet = Fleet(node=expect(node, Node, "node", "a Node such as Systems.Nodes.DGX_H100"), nodes=1)
        expect(fleet, Fleet, "fleet", "a Fleet such as Systems.Clusters.Research_256")
        x = _DOORS.read(message_size=message_size, devices=devices)
        needed(x, "message_size")
        if anywhere(x["message_size"] == 0):
            raise InputError("message_size=0: a collective of nothing has no bandwidth; give more than that")
        x |= lie(fleet, x.get("devices", float(fleet.devices)))
        fabric = fleet.fabric_numbers if x["crosses"] else None
        if fabric is not None and fabric.dimensions and operation in ("all-gather", "reduce-scatter"):
            raise InputError(f"operation={operation!r} is not modelled on {fleet.fabric}, a {' or '.join(TORUS)}: the others are")
        device = fleet.node.accelerator
        supply = device.supply(next(iter(device.compute.peak.precisions)))
        supply.need("link_bandwidth")
        numbers, origins = assumed(efficiency, "collectives", device)
        x |= numbers | {"operation": operation, "collective": algorithm, "device": device, "hardware": supply}
        x |= {"node": fleet.node_numbers, "fabric": fabric, "links": links(numbers["profile"], fleet.fabric)}
        return _DOORS.solve(CollectiveResult, core, x, **origins)


def lie(fleet: Fleet, devices: float) -> dict[str, Any]:
    """Return how so many devices lie on the nodes of a fleet, or refuse what fills no whole nodes."""
    each = float(fleet.node.accelerators)
    if not 2 <= devices <= fleet.devices:
        raise InputError(f"devices={devices:g}: a collective needs two or more, and {fleet.title} has {fleet.devices}")
    if devices > each and devices % each:
        raise InputError(f"devices={devices:g} fill no whole nodes of {each:g}")
    nodes = max(1.0, devices / each)
    inside = devices / nodes
    return {"devices": devices, "inside": inside, "nodes": nodes, "span": nodes, "gathers": inside > 1, "crosses": nodes > 1}


_DOORS = Doors(single="devices", message_size="Message", devices="Devices", inside="LocalDevices", nodes="Nodes")
