"""Collectives: the alpha-beta model of messages between devices."""

from ..equation import equation, example, limit
from ..quantities import (
    AlgorithmBandwidth,
    BisectionBandwidth,
    BusBandwidth,
    CommunicationTime,
    Devices,
    LinkBandwidth,
    LinkLatency,
    LocalBandwidth,
    LocalDevices,
    LocalLatency,
    Message,
    Nics,
    Nodes,
    Oversubscription,
    RemoteBandwidth,
    RemoteLatency,
    SwitchPorts,
)
from ..vocabulary import ceil, log2


@equation(
    source="tsugriy2025algebra",
    where="chapter 13, Point-to-Point Operations",
    example=example(
        "1.28 ms",
        message="64 MB",
        link_bandwidth="50 GB/s",
        link_latency="5 us",
        where="chapter 13, worked example of a 70B model, pipeline communication",
        tolerance=0.005,
        note="5 us + 64 MB / 50 GB/s = 1.285 ms; the sixteen transfers of the example are left out",
    ),
    limits=(
        limit("an empty message costs the latency alone", lambda link_latency, **_: link_latency, message=0.0),
        limit("an infinitely fast link leaves the latency", lambda link_latency, **_: link_latency, link_bandwidth=1e30),
    ),
)
def point_to_point_time(message: Message, link_bandwidth: LinkBandwidth, link_latency: LinkLatency) -> CommunicationTime:
    """Time to send one message from one device to another.

    Holds when one transfer has the link to itself and its cost is well described by a fixed start-up and a steady rate.

    Stops holding when transfers share the link, when the software switches protocol with the size of the message, or when
    the bandwidth that is reached still grows with the size.
    """
    return link_latency + message / link_bandwidth


@equation(
    source="tsugriy2025algebra",
    where="chapter 13, AllReduce, ring algorithm",
    example=example(
        "2.175 ms",
        message="100 MB",
        devices=16,
        link_bandwidth="100 GB/s",
        link_latency="10 us",
        where="chapter 13, exercise 1, part 1",
        tolerance=0.0003,
    ),
    limits=(
        limit("one device has nothing to reduce", lambda **_: 0.0, devices=1),
        limit(
            "two devices send the buffer once", lambda message, link_bandwidth, **_: message / link_bandwidth, devices=2, link_latency=0.0
        ),
        limit(
            "many devices and no latency: twice the buffer",
            lambda message, **_: 2 * message / 1e9,
            devices=1e12,
            link_latency=0.0,
            link_bandwidth=1e9,
        ),
    ),
)
def ring_allreduce_time(message: Message, devices: Devices, link_bandwidth: LinkBandwidth, link_latency: LinkLatency) -> CommunicationTime:
    """Time of an all-reduce that passes pieces of the buffer twice around a ring.

    Holds when every device sends to its neighbour at the full rate of its link at once, and adding is free.

    Stops holding when the switches reduce inside the network, when the library picks a tree for small buffers, or when the
    links of the ring are unequal: then the slowest of them sets the pace.
    """
    return 2 * (devices - 1) * link_latency + 2 * (devices - 1) / devices * message / link_bandwidth


@equation(
    source="tsugriy2025algebra",
    where="chapter 12, Tree AllReduce, communication analysis",
    example=example(
        "80 us",
        message="0 byte",
        devices=256,
        link_bandwidth="200 GB/s",
        link_latency="5 us",
        where="chapter 12, exercise 2, constant term of the tree",
        tolerance=0.006,
        note="2 x log2(256) x 5 us; the source goes on with 8e-11 s for each byte of the buffer",
    ),
    limits=(
        limit("one device has nothing to reduce", lambda **_: 0.0, devices=1),
        limit(
            "two devices send there and back",
            lambda message, link_bandwidth, link_latency, **_: 2 * point_to_point_time(message, link_bandwidth, link_latency),
            devices=2,
        ),
        limit(
            "five devices need as many rounds as eight",
            lambda message, link_bandwidth, link_latency, **_: tree_allreduce_time(message, 8, link_bandwidth, link_latency),
            devices=5,
        ),
    ),
)
def tree_allreduce_time(message: Message, devices: Devices, link_bandwidth: LinkBandwidth, link_latency: LinkLatency) -> CommunicationTime:
    """Time of an all-reduce that sums up a binary tree and broadcasts back down, whole buffer in each round.

    Holds when the buffer is small, so that the number of rounds matters and nothing is gained by cutting it into pieces.

    Stops holding when the tree is pipelined or doubled, as in libraries that keep both directions of each link busy: for
    large buffers this form is then far too slow.
    """
    return 2 * ceil(log2(devices)) * (link_latency + message / link_bandwidth)


@equation(
    source="austin2025gpus",
    where="Intra-node collectives, AllGather or ReduceScatter",
    example=example(
        "65 us",
        message="33554432 byte",
        devices=8,
        link_bandwidth="450 GB/s",
        link_latency="0 us",
        where="pop quiz 1, AllGather time",
        tolerance=0.008,
        note="the buffer is a bf16 array of 1024 by 16384",
    ),
    limits=(
        limit("one device has everything already", lambda **_: 0.0, devices=1),
        limit(
            "many devices and no latency: the buffer once",
            lambda message, link_bandwidth, **_: message / link_bandwidth,
            devices=1e12,
            link_latency=0.0,
        ),
    ),
)
def ring_allgather_time(message: Message, devices: Devices, link_bandwidth: LinkBandwidth, link_latency: LinkLatency) -> CommunicationTime:
    """Time of an all-gather around a ring, for a buffer counted as it is after gathering.

    Holds when each device starts with an equal share and all links of the ring run at their full rate at once.

    Stops holding when the ring is driven in both directions, which halves the time, when switches multicast, or when small
    shares do not reach the bandwidth of the link.
    """
    return (devices - 1) * link_latency + (devices - 1) / devices * message / link_bandwidth


@equation(
    source="tsugriy2025algebra",
    where="chapter 13, ReduceScatter, ring algorithm",
    example=example(
        "1.47 ms",
        message="1 GB",
        devices=8,
        link_bandwidth="600 GB/s",
        link_latency="1 us",
        where="chapter 12, exercise 3, phase 1",
        tolerance=0.004,
    ),
    limits=(
        limit("one device has nothing to reduce", lambda **_: 0.0, devices=1),
        limit(
            "it is half of an all-reduce",
            lambda message, devices, link_bandwidth, link_latency: ring_allreduce_time(message, devices, link_bandwidth, link_latency) / 2,
        ),
    ),
)
def ring_reduce_scatter_time(
    message: Message, devices: Devices, link_bandwidth: LinkBandwidth, link_latency: LinkLatency
) -> CommunicationTime:
    """Time of a reduce-scatter around a ring, for a buffer counted as it is before scattering.

    Holds when the buffer divides evenly over the devices, links run at their full rate at once, and adding is free.

    Stops holding when switches reduce inside the network, when the ring is driven in both directions, or when the buffer
    is too small to fill the links.
    """
    return (devices - 1) * link_latency + (devices - 1) / devices * message / link_bandwidth


@equation(
    source="tsugriy2025algebra",
    where="chapter 13, AlltoAll, pairwise exchange",
    example=example(
        "7186.2 us",
        message="1073741824 byte",
        devices=8,
        link_bandwidth="130.74 GB/s",
        link_latency="0 us",
        source="binyang2023alltoall",
        where="description, table for one node of eight processes",
        kind="publication",
        tolerance=0.0005,
        note="the bandwidth is the bus bandwidth of the same row, so the latency is inside it",
    ),
    limits=(
        limit("one device keeps its data", lambda **_: 0.0, devices=1),
        limit(
            "two devices exchange half of the buffer",
            lambda message, link_bandwidth, link_latency, **_: point_to_point_time(message / 2, link_bandwidth, link_latency),
            devices=2,
        ),
    ),
)
def all_to_all_time(message: Message, devices: Devices, link_bandwidth: LinkBandwidth, link_latency: LinkLatency) -> CommunicationTime:
    """Time of an all-to-all in which each device sends an equal part of its own buffer to every other device.

    Holds when the network carries every pair at once, as a full-bandwidth switch does, and all parts are of one size.

    Stops holding when messages must pass through other devices, as on a ring or a torus, when the fabric between nodes is
    slower than inside them, or when the parts are uneven, as with popular experts.
    """
    return (devices - 1) * link_latency + (devices - 1) / devices * message / link_bandwidth


@equation(
    source="tsugriy2025algebra",
    where="chapter 13, Two-Level AllReduce Model",
    example=example(
        "40.91 ms",
        message="4 GB",
        local_devices=8,
        nodes=8,
        local_bandwidth="300 GB/s",
        local_latency="1 us",
        remote_bandwidth="50 GB/s",
        remote_latency="5 us",
        where="chapter 13, exercise 4, configuration A",
        tolerance=0.0005,
    ),
    limits=(
        limit(
            "one node is a ring inside it",
            lambda message, local_devices, local_bandwidth, local_latency, **_: ring_allreduce_time(
                message, local_devices, local_bandwidth, local_latency
            ),
            nodes=1,
        ),
        limit(
            "one device a node is a ring across the nodes",
            lambda message, nodes, remote_bandwidth, remote_latency, **_: ring_allreduce_time(
                message, nodes, remote_bandwidth, remote_latency
            ),
            local_devices=1,
        ),
    ),
)
def hierarchical_allreduce_time(
    message: Message,
    local_devices: LocalDevices,
    nodes: Nodes,
    local_bandwidth: LocalBandwidth,
    local_latency: LocalLatency,
    remote_bandwidth: RemoteBandwidth,
    remote_latency: RemoteLatency,
) -> CommunicationTime:
    """Time of an all-reduce that reduces inside each node, then across nodes, then gathers inside each node.

    Holds when the three phases follow one another and every device of a node crosses the network at the same time with its
    own share, at the bandwidth stated for one device.

    Stops holding when the phases are pipelined chunk by chunk, so that the slower of them hides the other, or when switches
    reduce inside the network.
    """
    scatter: CommunicationTime = ring_reduce_scatter_time(message, local_devices, local_bandwidth, local_latency)
    across: CommunicationTime = ring_allreduce_time(message / local_devices, nodes, remote_bandwidth, remote_latency)
    gather: CommunicationTime = ring_allgather_time(message, local_devices, local_bandwidth, local_latency)
    return scatter + across + gather


@equation(
    source="nvidia2024nccltests",
    where="Algorithm bandwidth",
    example=example(
        "134.22 GB/s",
        message="17179869184 byte",
        time="127997 us",
        source="bekman2024network",
        where="output of all_reduce_perf on eight A100, last row",
        kind="publication",
        tolerance=0.0001,
    ),
    limits=(
        limit("a collective that takes a second has the bandwidth of its buffer", lambda message, **_: message, time=1.0),
        limit("an empty buffer has no bandwidth", lambda **_: 0.0, message=0.0),
    ),
)
def algorithm_bandwidth(message: Message, time: CommunicationTime) -> AlgorithmBandwidth:
    """Size of a collective's buffer over the time that the collective takes.

    Holds when the size is counted as the benchmark counts it, which for gathering and scattering is the whole buffer.

    Stops holding when it is read as the speed of a link: it depends on the collective and on the number of devices.
    """
    return message / time


@equation(
    source="nvidia2024nccltests",
    where="Bus bandwidth, AllReduce",
    example=example(
        "234.89 GB/s",
        message="17179869184 byte",
        time="127997 us",
        devices=8,
        source="bekman2024network",
        where="output of all_reduce_perf on eight A100, last row",
        kind="publication",
        tolerance=0.0001,
    ),
    limits=(
        limit("one device uses no bus", lambda **_: 0.0, devices=1),
        limit("with two devices it is the algorithm bandwidth", lambda message, time, **_: algorithm_bandwidth(message, time), devices=2),
        limit(
            "with many devices it is twice the algorithm bandwidth",
            lambda message, time, **_: 2 * algorithm_bandwidth(message, time),
            devices=1e12,
        ),
    ),
)
def allreduce_bus_bandwidth(message: Message, time: CommunicationTime, devices: Devices) -> BusBandwidth:
    """Rate at which each device must send during an all-reduce, to be compared with the speed of its link.

    Holds when the devices reduce by sending to one another, whatever the order in which they do it.

    Stops holding when switches reduce inside the network: fewer bytes then pass each link, and the figure can exceed the
    speed of the wire.
    """
    return message / time * 2 * (devices - 1) / devices


@equation(
    source="austin2025gpus",
    where="quiz 2, question 2, bisection bandwidth",
    example=example(
        "1.8 TB/s",
        devices=8,
        link_bandwidth="450 GB/s",
        where="quiz 2, question 2, answer",
        tolerance=0.001,
        note="the four devices of a half send 4 x 450 GB/s; the source then adds the other direction and states 3.6 TB/s",
    ),
    limits=(
        limit(
            "two devices meet over one link",
            lambda link_bandwidth, **_: link_bandwidth,
            devices=2,
            oversubscription=1.0,
        ),
        limit(
            "a cut of full bandwidth lets half of the devices send",
            lambda link_bandwidth, **_: 512 * link_bandwidth,
            devices=1024,
            oversubscription=1.0,
        ),
    ),
)
def bisection_bandwidth(devices: Devices, link_bandwidth: LinkBandwidth, oversubscription: Oversubscription = 1.0) -> BisectionBandwidth:
    """Bandwidth in one direction across a cut of a fat tree into two equal halves.

    Holds when the tree above the devices is as wide as below, up to the stated oversubscription, and routing spreads the
    traffic evenly.

    Stops holding when the topology is a ring, a torus or another in which a cut has fewer links, when flows collide on a
    path, or when both directions are counted, which doubles the figure.
    """
    return devices / 2 * link_bandwidth / oversubscription


@equation(
    source="alfares2008",
    where="p. 64, oversubscription",
    example=example(
        "400 Mb/s",
        link_bandwidth="1 Gb/s",
        oversubscription=2.5,
        where="p. 64, typical designs",
        tolerance=0.001,
    ),
    limits=limit("no oversubscription leaves the full link", lambda link_bandwidth, **_: link_bandwidth, oversubscription=1.0),
)
def oversubscribed_bandwidth(link_bandwidth: LinkBandwidth, oversubscription: Oversubscription) -> LinkBandwidth:
    """Bandwidth that is left to a device when all devices below a switch send through it at once.

    Holds when every device sends upwards at the same time, which is the worst case.

    Stops holding when traffic stays below the switch or only some devices send: then a device gets up to its full link.
    """
    return link_bandwidth / oversubscription


@equation(
    source="austin2025gpus",
    where="Beyond the node level, How much bandwidth do we have?",
    example=example(
        "50 GB/s",
        nics=8,
        nic_bandwidth="400 Gb/s",
        local_devices=8,
        where="table of levels, GPU-to-GPU bandwidth of the leaf",
        tolerance=0.001,
    ),
    limits=limit("one port for each device gives it the whole port", lambda nic_bandwidth, **_: nic_bandwidth, nics=8, local_devices=8),
)
def device_network_bandwidth(nics: Nics, nic_bandwidth: LinkBandwidth, local_devices: LocalDevices) -> RemoteBandwidth:
    """Share of a node's network bandwidth that falls to one of its devices.

    Holds when all devices of the node send at once and reach every port at full speed.

    Stops holding when the path from a device to a port is slower than the port, or when few devices send and may borrow the
    ports of the others.
    """
    return nics * nic_bandwidth / local_devices


@equation(
    source="alfares2008",
    where="section 2.2, Clos networks and fat trees",
    example=example(27648, ports=48, where="abstract", tolerance=0.00001),
    limits=(
        limit("two-port switches join two hosts", lambda **_: 2.0, ports=2),
        limit("four-port switches join sixteen hosts", lambda **_: 16.0, ports=4),
    ),
)
def fat_tree_hosts(ports: SwitchPorts) -> Devices:
    """Hosts that a three-level fat tree of equal switches connects at full bandwidth.

    Holds when all switches have the same even number of ports and every level is fully populated.

    Stops holding when the tree has two levels or four, when it is oversubscribed, or when ports are kept for storage and
    management.
    """
    return ports**3 / 4
