"""Collectives: the alpha-beta model of messages between devices."""

from .. import quantities as q
from ..equation import equation
from ..vocabulary import ceil, log2


@equation(source="tsugriy2025algebra", where="chapter 13, Point-to-Point Operations")
def point_to_point_time(message: q.Message, link_bandwidth: q.LinkBandwidth, link_latency: q.LinkLatency) -> q.CommunicationTime:
    """Time to send one message from one device to another.

    Holds when one transfer has the link to itself and its cost is well described by a fixed start-up and a steady rate.

    Stops holding when transfers share the link, when the software switches protocol with the size of the message, or when
    the bandwidth that is reached still grows with the size.
    """
    return link_latency + message / link_bandwidth


@equation(source="tsugriy2025algebra", where="chapter 13, AllReduce, ring algorithm")
def ring_allreduce_time(
    message: q.Message, devices: q.Devices, link_bandwidth: q.LinkBandwidth, link_latency: q.LinkLatency
) -> q.CommunicationTime:
    """Time of an all-reduce that passes pieces of the buffer twice around a ring.

    Holds when every device sends to its neighbour at the full rate of its link at once, and adding is free.

    Stops holding when the switches reduce inside the network, when the library picks a tree for small buffers, or when the
    links of the ring are unequal: then the slowest of them sets the pace.
    """
    return 2 * (devices - 1) * link_latency + 2 * (devices - 1) / devices * message / link_bandwidth


@equation(source="tsugriy2025algebra", where="chapter 12, Tree AllReduce, communication analysis")
def tree_allreduce_time(
    message: q.Message, devices: q.Devices, link_bandwidth: q.LinkBandwidth, link_latency: q.LinkLatency
) -> q.CommunicationTime:
    """Time of an all-reduce that sums up a binary tree and broadcasts back down, whole buffer in each round.

    Holds when the buffer is small, so that the number of rounds matters and nothing is gained by cutting it into pieces.

    Stops holding when the tree is pipelined or doubled, as in libraries that keep both directions of each link busy: for
    large buffers this form is then far too slow.
    """
    return 2 * ceil(log2(devices)) * (link_latency + message / link_bandwidth)


@equation(source="austin2025gpus", where="Intra-node collectives, AllGather or ReduceScatter")
def ring_allgather_time(
    message: q.Message, devices: q.Devices, link_bandwidth: q.LinkBandwidth, link_latency: q.LinkLatency
) -> q.CommunicationTime:
    """Time of an all-gather around a ring, for a buffer counted as it is after gathering.

    Holds when each device starts with an equal share and all links of the ring run at their full rate at once.

    Stops holding when the ring is driven in both directions, which halves the time, when switches multicast, or when small
    shares do not reach the bandwidth of the link.
    """
    return (devices - 1) * link_latency + (devices - 1) / devices * message / link_bandwidth


@equation(source="tsugriy2025algebra", where="chapter 13, ReduceScatter, ring algorithm")
def ring_reduce_scatter_time(
    message: q.Message, devices: q.Devices, link_bandwidth: q.LinkBandwidth, link_latency: q.LinkLatency
) -> q.CommunicationTime:
    """Time of a reduce-scatter around a ring, for a buffer counted as it is before scattering.

    Holds when the buffer divides evenly over the devices, links run at their full rate at once, and adding is free.

    Stops holding when switches reduce inside the network, when the ring is driven in both directions, or when the buffer
    is too small to fill the links.
    """
    return (devices - 1) * link_latency + (devices - 1) / devices * message / link_bandwidth


@equation(source="tsugriy2025algebra", where="chapter 13, AlltoAll, pairwise exchange")
def all_to_all_time(
    message: q.Message, devices: q.Devices, link_bandwidth: q.LinkBandwidth, link_latency: q.LinkLatency
) -> q.CommunicationTime:
    """Time of an all-to-all in which each device sends an equal part of its own buffer to every other device.

    Holds when the network carries every pair at once, as a full-bandwidth switch does, and all parts are of one size.

    Stops holding when messages must pass through other devices, as on a ring or a torus, when the fabric between nodes is
    slower than inside them, or when the parts are uneven, as with popular experts.
    """
    return (devices - 1) * link_latency + (devices - 1) / devices * message / link_bandwidth


@equation(source="tsugriy2025algebra", where="chapter 13, Two-Level AllReduce Model")
def hierarchical_allreduce_time(
    message: q.Message,
    local_devices: q.LocalDevices,
    nodes: q.Nodes,
    local_bandwidth: q.LocalBandwidth,
    local_latency: q.LocalLatency,
    remote_bandwidth: q.RemoteBandwidth,
    remote_latency: q.RemoteLatency,
) -> q.CommunicationTime:
    """Time of an all-reduce that reduces inside each node, then across nodes, then gathers inside each node.

    Holds when the three phases follow one another and every device of a node crosses the network at the same time with its
    own share, at the bandwidth stated for one device.

    Stops holding when the phases are pipelined chunk by chunk, so that the slower of them hides the other, or when switches
    reduce inside the network.
    """
    scatter: q.CommunicationTime = ring_reduce_scatter_time(message, local_devices, local_bandwidth, local_latency)
    across: q.CommunicationTime = ring_allreduce_time(message / local_devices, nodes, remote_bandwidth, remote_latency)
    gather: q.CommunicationTime = ring_allgather_time(message, local_devices, local_bandwidth, local_latency)
    return scatter + across + gather


@equation(source="nvidia2024nccltests", where="Algorithm bandwidth")
def algorithm_bandwidth(message: q.Message, time: q.CommunicationTime) -> q.AlgorithmBandwidth:
    """Size of a collective's buffer over the time that the collective takes.

    Holds when the size is counted as the benchmark counts it, which for gathering and scattering is the whole buffer.

    Stops holding when it is read as the speed of a link: it depends on the collective and on the number of devices.
    """
    return message / time


@equation(source="nvidia2024nccltests", where="Bus bandwidth, AllReduce")
def allreduce_bus_bandwidth(message: q.Message, time: q.CommunicationTime, devices: q.Devices) -> q.BusBandwidth:
    """Rate at which each device must send during an all-reduce, to be compared with the speed of its link.

    Holds when the devices reduce by sending to one another, whatever the order in which they do it.

    Stops holding when switches reduce inside the network: fewer bytes then pass each link, and the figure can exceed the
    speed of the wire.
    """
    return message / time * 2 * (devices - 1) / devices


@equation(source="austin2025gpus", where="quiz 2, question 2, bisection bandwidth")
def bisection_bandwidth(
    devices: q.Devices, link_bandwidth: q.LinkBandwidth, oversubscription: q.Oversubscription = 1.0
) -> q.BisectionBandwidth:
    """Bandwidth in one direction across a cut of a fat tree into two equal halves.

    Holds when the tree above the devices is as wide as below, up to the stated oversubscription, and routing spreads the
    traffic evenly.

    Stops holding when the topology is a ring, a torus or another in which a cut has fewer links, when flows collide on a
    path, or when both directions are counted, which doubles the figure.
    """
    return devices / 2 * link_bandwidth / oversubscription


@equation(source="alfares2008", where="p. 64, oversubscription")
def oversubscribed_bandwidth(link_bandwidth: q.LinkBandwidth, oversubscription: q.Oversubscription) -> q.LinkBandwidth:
    """Bandwidth that is left to a device when all devices below a switch send through it at once.

    Holds when every device sends upwards at the same time, which is the worst case.

    Stops holding when traffic stays below the switch or only some devices send: then a device gets up to its full link.
    """
    return link_bandwidth / oversubscription


@equation(source="austin2025gpus", where="Beyond the node level, How much bandwidth do we have?")
def device_network_bandwidth(nics: q.Nics, nic_bandwidth: q.LinkBandwidth, local_devices: q.LocalDevices) -> q.RemoteBandwidth:
    """Share of a node's network bandwidth that falls to one of its devices.

    Holds when all devices of the node send at once and reach every port at full speed.

    Stops holding when the path from a device to a port is slower than the port, or when few devices send and may borrow the
    ports of the others.
    """
    return nics * nic_bandwidth / local_devices


@equation(source="alfares2008", where="section 2.2, Clos networks and fat trees")
def fat_tree_hosts(ports: q.SwitchPorts) -> q.Devices:
    """Hosts that a three-level fat tree of equal switches connects at full bandwidth.

    Holds when all switches have the same even number of ports and every level is fully populated.

    Stops holding when the tree has two levels or four, when it is oversubscribed, or when ports are kept for storage and
    management.
    """
    return ports**3 / 4
