"""Layer D, systems: accelerators in a node, nodes on a fabric, a fleet in its building."""

from functools import cached_property
from typing import Any, Literal

from . import quantities as q
from .errors import InputError, MissingFactError
from .hardware import Direction, HardwareNode
from .infrastructure import Datacenter, GridProfile
from .nouns import Entry, Lowered, Noun

Topology = Literal["fat-tree", "switched", "hypercube", "rail-optimised", "dragonfly", "ring", "torus-2d", "torus-3d"]
TORUS = {"ring": 1.0, "torus-2d": 2.0, "torus-3d": 3.0}
"""Dimensions of the networks without switches, by their names."""


class NodeLink(Noun):
    """How the accelerators of a node are joined: through switches, or directly in a mesh.

    ``switch_reduction`` says that the switches add up what the accelerators send, as those of the fourth NVLink generation do.
    """

    name: str | None = None
    topology: Literal["switched", "mesh"] | None = None
    switch_reduction: bool = False

    def model_post_init(self, context: Any) -> None:
        """Refuse switches that add in a node that has none."""
        if self.switch_reduction and self.topology == "mesh":
            raise InputError("switch_reduction=True: a mesh has no switches that could add; leave it out")


class NodeReliability(Noun):
    """How often a node fails: the whole of it, or its parts, each as the mean time between failures of one.

    ``link_mtbf`` is that of what joins one port to the network: cable, optics and its share of the switches. ``host_mtbf`` is that
    of all the rest: processors, memory, disks, power supplies and, where they are counted, software.
    """

    node_mtbf: q.ComponentMtbf | None = None
    accelerator_mtbf: q.ComponentMtbf | None = None
    nic_mtbf: q.ComponentMtbf | None = None
    link_mtbf: q.ComponentMtbf | None = None
    host_mtbf: q.ComponentMtbf | None = None


class Node(Entry):
    """A server: accelerators in one chassis, and its network ports."""

    vendor: str | None = None
    released: str | None = None
    accelerator: HardwareNode
    accelerators: q.LocalDevices
    nics: q.Nics | None = None
    nic_bandwidth: q.LinkBandwidth | None = None
    host_memory: q.Capacity | None = None
    max_power: q.MaxPower | None = None
    idle_power: q.IdlePower | None = None
    price: q.Price | None = None
    embodied_carbon: q.DeviceCarbon | None = None
    link: NodeLink = NodeLink()
    reliability: NodeReliability = NodeReliability()

    @cached_property
    def numbers(self) -> Lowered:
        """The node's numbers, for a solver; absent ones raise when they are needed."""
        fields = {
            "local_devices": "accelerators",
            "nics": "nics",
            "nic_bandwidth": "nic_bandwidth",
            "max_power": "max_power",
            "idle_power": "idle_power",
            "price": "price",
            "embodied_carbon": "embodied_carbon",
            "mtbf": "reliability.node_mtbf",
            "accelerator_mtbf": "reliability.accelerator_mtbf",
            "nic_mtbf": "reliability.nic_mtbf",
            "link_mtbf": "reliability.link_mtbf",
            "host_mtbf": "reliability.host_mtbf",
        }
        return self.lower("node", fields, mesh=self.link.topology == "mesh", reduces=self.link.switch_reduction)


class NetworkFabric(Entry):
    """The network between nodes. Price and power are those of all switches and optics for each port of a node.

    ``oversubscription`` is what the worst level of the network is thinned by: above the leaves of a fat tree, between the pods of
    rails, and servers over global links of a dragonfly's router. ``pod_nodes`` counts the nodes that reach each other below that level,
    on the same leaves of a rail-optimised network or in a group of a dragonfly. One switch and a hypercube of switches are read as
    fat trees are. On a ring or torus, the bandwidth is that of one link in one dimension.
    """

    topology: Topology = "fat-tree"
    bandwidth: q.LinkBandwidth
    direction: Direction = "unidirectional"
    latency: q.LinkLatency | None = None
    oversubscription: q.Oversubscription = 1.0
    pod_nodes: q.PodNodes | None = None
    port_price: q.PortPrice | None = None
    port_power: q.PortPower | None = None

    def model_post_init(self, context: Any) -> None:
        """Refuse what does not go with the topology."""
        if self.pod_nodes is not None and self.topology not in ("rail-optimised", "dragonfly"):
            raise InputError(f"pod_nodes={self.pod_nodes}: only rails and dragonflies have pods; topology={self.topology!r}")


class Storage(Entry):
    """Shared storage that checkpoints are written to."""

    write_bandwidth: q.StorageBandwidth
    read_bandwidth: q.StorageBandwidth | None = None
    peak_bandwidth: q.StorageBandwidth | None = None
    capacity: q.Capacity | None = None


class Fleet(Entry):
    """Nodes on a fabric, in a datacenter, on a grid: the whole that solvers work on."""

    name: str = ""
    operator: str | None = None
    node: Node
    nodes: q.Nodes
    accelerators: q.Devices | None = None
    fabric: NetworkFabric | None = None
    oversubscription: q.Oversubscription | None = None
    datacenter: Datacenter | None = None
    grid: GridProfile | None = None
    storage: Storage | None = None
    mtbf: q.Mtbf | None = None

    def model_post_init(self, context: Any) -> None:
        """Refuse a count of accelerators that the nodes do not add up to, and two grids."""
        if self.grid is not None and self.datacenter is not None and self.datacenter.grid not in (None, self.grid):
            raise InputError(f"grid={self.grid.title}: {self.datacenter.title} stands on {self.datacenter.grid.title}; give one of the two")
        if self.accelerators is not None and self.accelerators != self.devices:
            raise InputError(f"accelerators={self.accelerators}: {self.nodes} nodes of {self.node.accelerators} hold {self.devices}")

    @property
    def devices(self) -> int:
        """Accelerators of the fleet."""
        return int(self.nodes) * int(self.node.accelerators)

    @property
    def place(self) -> GridProfile | None:
        """The grid: the fleet's own, else its datacenter's."""
        return self.grid or (self.datacenter.grid if self.datacenter else None)

    @cached_property
    def numbers(self) -> Lowered:
        """The fleet's own numbers, for a solver; absent ones raise when they are used."""
        return self.lower("fleet", {"nodes": "nodes", "mtbf": "mtbf"})

    @property
    def node_numbers(self) -> Lowered:
        """The node's numbers, for a solver."""
        return self.node.numbers

    @cached_property
    def fabric_numbers(self) -> Lowered:
        """The fabric's numbers, for a solver."""
        if self.fabric is None:
            raise MissingFactError(f"{self.title} has {self.nodes} nodes and no fabric: give the fleet one, fabric=Systems.Fabrics.…")
        fields = {n: n for n in ("bandwidth", "latency", "oversubscription", "pod_nodes")}
        both = 2.0 if self.fabric.direction == "bidirectional" else 1.0
        lowered = self.fabric.lower(
            "fabric", fields, directions=both, topology=self.fabric.topology, dimensions=TORUS.get(self.fabric.topology, 0.0)
        )
        lowered.__dict__.setdefault("latency", 0.0)
        if self.oversubscription is not None:
            lowered.__dict__["oversubscription"] = float(self.oversubscription)
            lowered.origins["oversubscription"] = self.origin("oversubscription", "fleet")
        return lowered
