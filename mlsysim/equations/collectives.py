"""Collectives: the alpha-beta model of messages between devices."""

from .. import quantities as q
from ..equation import equation
from ..vocabulary import ceil, log2, sqrt


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


@equation(source="deepseek2026deepep", where="section Low-latency kernels with pure RDMA, table: 128 and 256 devices take equally long")
def direct_all_to_all_time(
    message: q.Message, devices: q.Devices, link_bandwidth: q.LinkBandwidth, link_latency: q.LinkLatency
) -> q.CommunicationTime:
    """Time of an all-to-all in which each device sends to all others at once, as kernels that carry tokens to experts do.

    Holds when no part waits for another, so that however many devices there are, the latency of a hop is paid once.

    Stops holding when a library exchanges the parts in rounds, with one partner after the other, when messages are so small that to
    start each of them counts, or when the parts are uneven.
    """
    return min(1, devices - 1) * link_latency + (devices - 1) / devices * message / link_bandwidth


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


@equation(source="lu2026algorithms", where="section 3.2, double binary tree; bytes for each rank in lu2026innetwork, section 1.3")
def pipelined_tree_allreduce_time(
    message: q.Message, devices: q.Devices, link_bandwidth: q.LinkBandwidth, link_latency: q.LinkLatency
) -> q.CommunicationTime:
    """Time of an all-reduce over two binary trees, each of which carries half of the buffer in small pieces.

    Holds when pieces follow one another through the trees so that all levels work at once, and a device that is inner in one
    tree is a leaf in the other: it then sends the buffer twice, in as many rounds as the trees are deep, up and down.

    Stops holding when the buffer is too small to be cut, when filling the trees takes a good part of the time, or when links
    cannot carry both directions at full rate.
    """
    return 2 * ceil(log2(devices)) * link_latency + min(2, devices - 1) * message / link_bandwidth


@equation(source="lu2026innetwork", where="section 1.3, how the switch recovers the full link")
def in_network_allreduce_time(
    message: q.Message, devices: q.Devices, link_bandwidth: q.LinkBandwidth, link_latency: q.LinkLatency
) -> q.CommunicationTime:
    """Time of an all-reduce in which the switch adds up what the devices send and sends the sum to all of them.

    Holds when one switch level joins all devices, adds at the rate of the links, and both directions run at once: each device
    sends its buffer once and receives the sum once.

    Stops holding when the operation or the number format is not one that the switch can add, when several groups share its
    adders, or for gathering and scattering, which save rounds there but no bytes.
    """
    return min(1, devices - 1) * (2 * link_latency + message / link_bandwidth)


@equation(source="lu2026innetwork", where="section 3.1, table of all-reduces on 512 devices; the faster of two rows")
def faster_collective(first: q.CommunicationTime, second: q.CommunicationTime) -> q.CommunicationTime:
    """Time of the faster of two algorithms for the same collective.

    Holds when the library knows both times and picks accordingly.

    Stops holding when it picks by thresholds of its own, or when one of them is switched off.
    """
    return min(first, second)


@equation(source="addylady2023rings", where="comment of 2023-03-31: bus bandwidth beside the ports of a node")
def ring_across_bandwidth(
    local_devices: q.LocalDevices, local_bandwidth: q.LocalBandwidth, remote_bandwidth: q.RemoteBandwidth
) -> q.LinkBandwidth:
    """Rate of rings that run through the devices of each node and cross between nodes on all network ports of the group.

    Holds when there are as many rings as ports, each crossing on another one, so that together they fill all ports.

    Stops holding when all rings cross on one port, or when the way from a device to another one's port is slow.
    """
    return min(local_bandwidth, local_devices * remote_bandwidth)


@equation(source="lu2026algorithms", where="section 3.3, the conveyor of pieces, for the three phases of the two-level all-reduce")
def pipelined_hierarchical_allreduce_time(
    message: q.Message,
    local_devices: q.LocalDevices,
    nodes: q.Nodes,
    local_bandwidth: q.LocalBandwidth,
    local_latency: q.LocalLatency,
    remote_bandwidth: q.RemoteBandwidth,
    remote_latency: q.RemoteLatency,
) -> q.CommunicationTime:
    """Time of a hierarchical all-reduce whose phases run at once on different pieces of the buffer.

    Holds when the buffer is cut into many pieces, so that links inside nodes and between them are busy together and the slower
    ones set the pace, and every device crosses the network with its own share.

    Stops holding when the buffer is small, so that the phases follow one another, or when both kinds of traffic compete for
    the memory or the cores of the device.
    """
    rounds: q.CommunicationTime = 2 * (local_devices - 1) * local_latency + 2 * (nodes - 1) * remote_latency
    inside: q.CommunicationTime = 2 * (local_devices - 1) / local_devices * message / local_bandwidth
    across: q.CommunicationTime = 2 * (nodes - 1) / nodes * message / (local_devices * remote_bandwidth)
    return rounds + max(inside, across)


@equation(source="lu2026algorithms", where="section 3.2, double binary tree, laid over nodes with a chain inside each")
def tree_across_allreduce_time(
    message: q.Message,
    local_devices: q.LocalDevices,
    nodes: q.Nodes,
    local_bandwidth: q.LocalBandwidth,
    local_latency: q.LocalLatency,
    remote_bandwidth: q.RemoteBandwidth,
    remote_latency: q.RemoteLatency,
) -> q.CommunicationTime:
    """Time of an all-reduce over two pipelined trees of nodes, inside which the buffer runs up and down a chain of devices.

    Holds when the trees are laid over all network ports of the group, and pieces keep links inside nodes and between them busy
    together.

    Stops holding when filling chains and trees takes a good part of the time, or when the trees use a single port.
    """
    rounds: q.CommunicationTime = 2 * (local_devices - 1) * local_latency + 2 * ceil(log2(nodes)) * remote_latency
    inside: q.CommunicationTime = min(2, local_devices - 1) * message / local_bandwidth
    across: q.CommunicationTime = min(2, nodes - 1) * message / (local_devices * remote_bandwidth)
    return rounds + max(inside, across)


@equation(source="lu2026innetwork", where="sections 1.3 and 2.1, reduction in the node's switch, with a double tree between nodes")
def in_network_tree_allreduce_time(
    message: q.Message,
    local_devices: q.LocalDevices,
    nodes: q.Nodes,
    local_bandwidth: q.LocalBandwidth,
    local_latency: q.LocalLatency,
    remote_bandwidth: q.RemoteBandwidth,
    remote_latency: q.RemoteLatency,
) -> q.CommunicationTime:
    """Time of an all-reduce that the switch of each node adds up, and that two pipelined trees carry between the nodes.

    Holds when switches inside nodes add at the rate of the links, trees use all network ports of the group, and pieces keep both
    kinds of links busy together.

    Stops holding when the switches between nodes add up as well, or when the number format is none that the switch can add.
    """
    rounds: q.CommunicationTime = 2 * local_latency + 2 * ceil(log2(nodes)) * remote_latency
    across: q.CommunicationTime = min(2, nodes - 1) * message / (local_devices * remote_bandwidth)
    return rounds + max(message / local_bandwidth, across)


@equation(source="lu2026innetwork", where="section 4.1, table, torus, all-reduce by dimensions")
def torus_allreduce_time(
    message: q.Message, devices: q.Devices, dimensions: q.TorusDimensions, link_bandwidth: q.LinkBandwidth, link_latency: q.LinkLatency
) -> q.CommunicationTime:
    """Time of an all-reduce on a torus, by rings along one dimension after another that close over the wrap-around links.

    Holds when all sides of the torus are equally long, and the stated bandwidth is kept busy all the time: that of one link
    for one dimension at a time, or of all links of a device where parts of the buffer take the dimensions in turns.

    Stops holding when wrap-around links are missing, as in small slices, or when the sides differ much.
    """
    side: q.Devices = devices ** (1 / dimensions)
    return 2 * dimensions * (side - 1) * link_latency + 2 * (devices - 1) / devices * message / link_bandwidth


@equation(source="lu2026innetwork", where="section 4.1, table, torus, all-to-all bound by bisection")
def torus_all_to_all_time(
    message: q.Message, devices: q.Devices, dimensions: q.TorusDimensions, link_bandwidth: q.LinkBandwidth, link_latency: q.LinkLatency
) -> q.CommunicationTime:
    """Time of an all-to-all on a torus, bound by the links across its middle.

    Holds when all sides of the torus are equally long, wrap-around links close it, and messages spread evenly over the links;
    the bandwidth is what a device can send in one dimension, by both ways round where both are taken.

    Stops holding when the torus has one side much longer than the others, or when messages share it with other traffic.
    """
    side: q.Devices = devices ** (1 / dimensions)
    return min(1, devices - 1) * (dimensions * side / 2 * link_latency + side / 4 * message / link_bandwidth)


@equation(source="lu2026topology", where="section 1.2, neighbours of a rank on a torus")
def torus_device_bandwidth(link_bandwidth: q.LinkBandwidth, dimensions: q.TorusDimensions) -> q.RemoteBandwidth:
    """Bandwidth of all links of a device on a torus, which has two of them in each dimension.

    Holds when every side of the torus is at least three long, all links are equal, and traffic takes both ways round in every
    dimension at once.

    Stops holding when a side is two long: both ways round then lead to the same neighbour.
    """
    return 2 * dimensions * link_bandwidth


@equation(source="lu2026topology", where="section 1.2, wrap-around links and bisection of a torus")
def torus_bisection_bandwidth(devices: q.Devices, dimensions: q.TorusDimensions, link_bandwidth: q.LinkBandwidth) -> q.BisectionBandwidth:
    """Bandwidth in one direction across the middle of a torus.

    Holds when all sides are equally long, so that a cut through one dimension meets each of its rings twice.

    Stops holding when sides differ, since the cut then goes through the longest, or when wrap-around links are missing.
    """
    side: q.Devices = devices ** (1 / dimensions)
    return 2 * devices / side * link_bandwidth


@equation(source="juniper2026rails", where="Rail Optimized Fabric, communication on the same rail")
def rail_bandwidth(
    link_bandwidth: q.LinkBandwidth, oversubscription: q.Oversubscription, span: q.SpanNodes, pod_nodes: q.PodNodes
) -> q.LinkBandwidth:
    """Bandwidth of a device on a rail, whose leaf switch joins the devices of one rank on all nodes of a pod.

    Holds when groups talk among devices of one rank, or hand over inside the node first: up to the size of a pod nothing then
    passes the spine, and beyond it everything shares the spine's bandwidth.

    Stops holding when traffic changes the rail on the way, or when only few of the messages leave the pod.
    """
    return link_bandwidth if span <= pod_nodes else link_bandwidth / oversubscription


@equation(source="caminos2021dragonfly", where="CanonicDragonfly, description of its dimensions")
def dragonfly_bandwidth(
    link_bandwidth: q.LinkBandwidth,
    oversubscription: q.Oversubscription,
    span: q.SpanNodes,
    pod_nodes: q.PodNodes,
    global_hops: q.GlobalHops = 1,
) -> q.LinkBandwidth:
    """Bandwidth of a device on a dragonfly, whose routers form groups that are joined by global links.

    Holds when oversubscription counts servers over global links of a router, one in the canonic dragonfly, and a group of devices
    that leaves its group of routers shares the global links evenly; a message passes one of them, or two where it takes a
    detour through a third group to spread the load.

    Stops holding when traffic crowds on the few links between two groups, or when routers are thinned inside the groups as well.
    """
    return link_bandwidth if span <= pod_nodes else link_bandwidth / (oversubscription * global_hops)


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


@equation(source="nvidia2024nccltests", where="Bus bandwidth, AllGather and ReduceScatter; summary, AlltoAll")
def gather_bus_bandwidth(message: q.Message, time: q.CommunicationTime, devices: q.Devices) -> q.BusBandwidth:
    """Rate at which each device must send while gathering, scattering or exchanging, to be compared with the speed of its link.

    Holds when the size is that of the whole buffer, of which each device keeps its own part.

    Stops holding when switches multicast or add, or when parts are uneven.
    """
    return message / time * (devices - 1) / devices


@equation(source="lu2026algorithms", where="section 3.3, optimal segmentation, with all rounds counted")
def chunked_collective_time(start: q.CollectiveStart, streaming: q.CommunicationTime) -> q.CommunicationTime:
    """Time of a collective whose buffer is cut into pieces of the best size.

    Holds when pieces follow one another through all rounds, and each of them costs the latencies anew: smaller pieces fill the rounds
    sooner and cost more of them, so that the loss grows with the root of the size.

    Stops holding when the library's pieces have a fixed size, when its protocol changes with the size, or when every round moves the
    whole buffer.
    """
    return start + streaming + 2 * sqrt(start * streaming)


@equation(source="nvidia2020nccltuning", where="baseLat and latencies: a base for each algorithm, and the latencies of its steps")
def collective_start(rounds: q.CommunicationTime, devices: q.Devices, launch: q.Overhead) -> q.CollectiveStart:
    """Time of a collective with next to nothing to send: its launch, and one latency for each round.

    Holds when the devices arrive together, and the kernel that sends is launched for each collective.

    Stops holding when collectives are fused or captured with other work, so that their launch is shared.
    """
    return min(1, devices - 1) * launch + rounds


@equation(source="nvidia2020nccltuning", where="nsteps and nInterSteps of rings: steps inside nodes and between them")
def ring_across_latency(
    devices: q.Devices, nodes: q.Nodes, local_latency: q.LocalLatency, remote_latency: q.RemoteLatency
) -> q.LinkLatency:
    """Mean latency of the steps of a ring that leaves each node once.

    Holds when the ring passes all devices of a node before it goes on to the next, so that as many of its links cross the network as
    there are nodes.

    Stops holding when devices of a node are scattered along the ring.
    """
    return local_latency + min(1, nodes / max(1, devices - 1)) * (remote_latency - local_latency)


@equation(source="nvidia2020nccltuning", where="hwLat: latencies of trees beside those of rings, and of protocols")
def hop_latency(link_latency: q.LinkLatency, hop_messages: q.HopMessages) -> q.LinkLatency:
    """Latency of a hop that takes several messages one after another.

    Holds when a device waits for each of them: for two children of a tree, or for room and for data where the link keeps no order.

    Stops holding when messages overlap.
    """
    return hop_messages * link_latency


@equation(source="tsugriy2025algebra", where="chapter 13, AlltoAll, pairwise exchange, counted by where each part goes")
def all_to_all_across_time(
    message: q.Message,
    local_devices: q.LocalDevices,
    nodes: q.Nodes,
    local_bandwidth: q.LocalBandwidth,
    local_latency: q.LocalLatency,
    remote_bandwidth: q.RemoteBandwidth,
    remote_latency: q.RemoteLatency,
) -> q.CommunicationTime:
    """Time of an all-to-all over nodes, of which each device sends a part to its own node and the rest over the network.

    Holds when all parts are of one size, and links inside nodes and between them are busy at once.

    Stops holding when parts are gathered inside the node first, when the network is thinned for such traffic, or when parts are uneven.
    """
    devices: q.Devices = local_devices * nodes
    rounds: q.CommunicationTime = (local_devices - 1) * local_latency + (devices - local_devices) * remote_latency
    inside: q.CommunicationTime = (local_devices - 1) / devices * message / local_bandwidth
    across: q.CommunicationTime = (devices - local_devices) / devices * message / remote_bandwidth
    return rounds + max(inside, across)
