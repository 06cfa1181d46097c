"""Collectives: how long an all-reduce and its kin take, or at what bandwidth, on nodes and fabrics told in free text."""

import re
from functools import cache
from typing import Any

from .. import zoo
from ..errors import MlsysimError
from ..profiles import Profile, profile
from ..solvers import CollectiveModel
from ..systems import Fleet, NetworkFabric, Node, NodeLink
from .rows import Answer, Row, Unanswered, hardware

FILES = ("collectives.csv",)
LARGE = 2**26
"""Bytes from which a message counts as large."""

_OPERATIONS = {
    "all-reduce": r"all[_ -]?reduce",
    "all-gather": r"all[_ -]?gather",
    "reduce-scatter": r"reduce[_ -]?scatter",
    "all-to-all": r"all[_ -]?(to|2)?[_ -]?all",
}
_METRIC = re.compile(r"_(time_us|time_ms|busbw_gb_s|algbw_gb_s|gb_s)$")
_RATES = {"XDR": 800, "NDR200": 200, "NDR": 400, "HDR100": 100, "HDR": 200, "EDR": 100, "FDR": 56}
_NETWORKS = (
    (r"\befa|elastic fabric|\bp[3-6]\w*\.\d+xlarge", "EFA_V1"),
    (r"\bici\b", "ICI_V4"),
    (r"slingshot", "Slingshot_11"),
    (r"omni-?path|\bopa\b", "OmniPath_100"),
    (r"roce|spectrum", "RoCE_400G"),
    (r"ethernet|\btcp\b|\d+ ?gbe\b|\bena\b|gpudirect-tcpx", "Ethernet_100G"),
    (r"infiniband|\bib\b|connectx|quantum|\b[xnhef]dr\d*\b", "InfiniBand_HDR"),
)


def operation(row: Row) -> str | None:
    """Return the operation that a row measured, if it is one that is modelled."""
    text = f"{row.text('metric')} {row.text('model')}".lower()
    return next((name for name, pattern in _OPERATIONS.items() if re.search(pattern, text)), None)


def takes(row: Row) -> bool:
    """Whether a row is of this family."""
    metric = row.text("metric")
    return bool(_METRIC.search(metric)) and any(re.search(p, metric) for p in (*_OPERATIONS.values(), "broadcast|sendrecv|collective"))


def fitted(row: Row) -> bool:
    """Whether a row is one that constants are fitted on."""
    return row.text("metric").startswith("allreduce")


def headline(row: Row) -> bool:
    """Whether a row counts for the family's figures."""
    return row.text("core") == "1"


def kind(row: Row) -> str:
    """Return which interval holds for a row."""
    return "large" if row.number("message_bytes", LARGE) >= LARGE else "small"


def group(row: Row) -> str:
    """Return the machine, which is left out as a whole to judge the constants."""
    nodes = "nodes" if row.number("nodes", 2) > 1 else "one node"
    network = next((name for pattern, name in _NETWORKS if re.search(pattern, row.text("interconnect").lower())), "")
    return f"{row.text('hw').split('-')[0].split(' SXM')[0]} {nodes} {network}"


@cache
def _nodes() -> tuple[tuple[str, Any], ...]:
    return tuple((n, zoo.load(n)) for n in zoo.names("Systems.Nodes"))


@cache
def named(text: str) -> Node | None:
    """Return the node of the zoo that a text names by one of its other names."""
    for _, node in _nodes():
        if any(re.search(rf"(?<![\w.]){re.escape(a.lower())}(?![\w.]\w)", text.lower()) for a in node.aliases):
            return node
    return None


def node_of(hw: str, text: str, nodes: float, each: float | None, efa: bool) -> tuple[float, Node]:
    """Return a node like the one that was measured, and how many accelerators such nodes usually have.

    It is one that the row names, else one of the zoo with the row's accelerators.
    """
    told = named(f"{hw} {text}")
    try:
        device = hardware(hw)
    except Unanswered:
        if told is None:
            raise
        return float(told.accelerators), told
    name = device.zoo_name.rstrip("*")
    switched = bool(re.search(r"nvls|nvswitch|dgx|hgx|sharp|\bp5", f"{hw} {text}".lower()))
    best: tuple[float, Any] | None = None
    alike = [(p, n) for p, n in _nodes() if n.accelerator.zoo_name == name]
    for path, node in alike:
        title = path.rpartition(".")[2]
        score = 4.0 * (told is node) + 2.0 * (node.accelerators == each) + title.startswith("DGX") + 1.5 * (efa and "AWS" in title)
        score += 1.5 * (switched and node.link.switch_reduction) - 0.1 * (node.link.topology is None)
        if best is None or score > best[0]:
            best = score, node
    if best is None:
        adds = bool(re.search(r"nvls|sharp|nvlink ?[456]", f"{hw} {text}".lower()))
        link = NodeLink(topology="switched", switch_reduction=adds)
        return each or 8, Node(name=f"{int(each or 8)}x {device.title}", accelerator=device, accelerators=each or 8, link=link)
    node = best[1].replace(accelerator=device) if device.zoo_name != name else best[1]
    if node.link.topology is None:
        linked = [n.link for _, n in alike if n.link.topology is not None and n.accelerators == node.accelerators]
        node = node.replace(link=linked[0]) if linked else node
    usual = float(node.accelerators)
    if each and usual != each and (nodes > 1 or device.vendor == "NVIDIA"):
        node = node.replace(accelerators=each)
    return usual, node


def ports(text: str) -> tuple[float | None, float | None, bool]:
    """Return network ports of a node, Gb/s of each, and whether the rate is the whole node's instead, as far as a text states them."""
    rate = re.search(r"([\d.]+) ?(?:(T)b(?:/s|ps|it/s)|(?:Gb(?:/s|ps|it/s)|G\b|GbE))", text)
    before = re.search(r"\b(\d+) ?[x×] ?(?=[^+,;]*(?:Gb|G\b|[XNHEF]DR|ConnectX|CX|EFA|NIC|port|Tb))", text)
    after = re.search(r"(?:Gb/s|Gbps|GbE|G|[XNHEF]DR\d*) ?[x×] ?(\d+)\b", text)
    count = before or after
    speed = float(rate[1]) * (1000 if rate[2] else 1) if rate else None
    if speed is None:
        speed = next((float(v) for n, v in _RATES.items() if re.search(rf"\b{n}\b", text)), None)
    whole = speed is not None and (
        speed >= 1600 or re.search(r"(?:per|/|each|a) ?(?:node|instance|server|host)|total|aggregate|efa|ethernet|gbe", text.lower())
    )
    each = re.search(r"(?:per|/|each) ?(?:gpu|accelerator|device)", text.lower())
    return (float(count[1]) if count else None), speed, bool(whole and not count and not each)


def fabric_of(network: str, device: str, text: str) -> NetworkFabric:
    """Return the fabric of the zoo that a text means, of the generation that goes with the accelerator."""
    name = network
    if name == "EFA_V1":
        later = re.search(r"EFA ?v?3|p5en|p6|trn2", text, re.IGNORECASE) or device.endswith(("H200", "B200", "GB200", "B300", "Trainium2"))
        name = "EFA_V3" if later else "EFA_V2" if device.endswith(("H100", "Trainium1")) else name
    if name == "InfiniBand_HDR":
        name = next((f"InfiniBand_{n}" for n in ("XDR", "NDR", "HDR", "EDR", "FDR") if re.search(rf"\b{n}", text)), name)
    if name == "ICI_V4":
        name = {"v5e": "ICI_V5e", "v5p": "ICI_V5p"}.get(device[-3:], name)
    fabric: NetworkFabric = zoo.load(f"Systems.Fabrics.{name}")
    return fabric


@cache
def site(hw: str, text: str, count: float | None, nodes: float | None) -> tuple[Fleet, float, tuple[str, ...]]:
    """Return the machines, how many devices take part, and what had to be assumed."""
    assumed = []
    network = next((name for pattern, name in _NETWORKS if re.search(pattern, text.lower())), None)
    each = count / nodes if count and nodes else None
    usual, node = node_of(hw, text, nodes or 1, each, network == "EFA_V1")
    if nodes is None:
        nodes = max(1.0, -(-count // node.accelerators)) if count else 2.0 if network else 1.0
        assumed.append(f"{nodes:g} nodes")
    if count is None:
        count = nodes * node.accelerators
        assumed.append(f"{count:g} accelerators")
    if nodes > 1 and network is None and re.search(r"nvl(?:ink)?[ -]?(?:36|72|576)|gb[23]00", f"{hw} {text}".lower()):
        rack = zoo.load("Systems.Nodes.GB200_NVL72").replace(accelerator=node.accelerator, accelerators=count)
        return Fleet(node=rack, nodes=1), count, tuple(assumed)
    if nodes <= 1:
        return Fleet(node=node.replace(accelerators=max(count, node.accelerators)), nodes=1), count, tuple(assumed)
    outside = text.partition("+")[2] or text
    found, speed, whole = ports(outside)
    if speed is None:
        speed = float(node.nic_bandwidth.to("Gb/s").magnitude) if node.nic_bandwidth is not None else 200.0
        assumed.append(f"ports of {speed:g} Gb/s")
    number = found or (node.nics if node.nics is not None else node.accelerators)
    if not found and not whole and each and usual != each:
        number = max(1.0, round(number * each / usual))
    if whole:
        speed = speed / float(number)
    node = node.replace(nics=float(number), nic_bandwidth=f"{speed:g} Gb/s")
    if network is None:
        network = "InfiniBand_HDR"
        assumed.append("InfiniBand between nodes")
    fabric = fabric_of(network, node.accelerator.zoo_name.rstrip("*"), text)
    if network == "ICI_V4":
        return Fleet(node=node, nodes=int(nodes), fabric=fabric), count, tuple(assumed)
    fabric = fabric.replace(bandwidth=f"{speed:g} Gb/s", direction="unidirectional")
    return Fleet(node=node, nodes=int(nodes), fabric=fabric), count, tuple(assumed)


def algorithm(row: Row, fleet: Fleet) -> str:
    """Return the algorithm that a row's words name; Volta on Amazon's fabric is of the years in which rings were all there was."""
    told = re.search(r"\bring\b|nccl_algo ?= ?(\w+)", f"{row.text('framework')} {row.text('notes')}".lower())
    if told and (told[1] or "ring") in ("ring", "tree"):
        return told[1] or "ring"
    volta = "V100" in fleet.node.accelerator.zoo_name and fleet.fabric is not None and "EFA" in fleet.fabric.zoo_name
    return "ring" if volta else "auto"


def predict(row: Row, using: Profile | None = None) -> Answer:
    """Return the time or bandwidth of a collective.

    Raises
    ------
    Unanswered
        The operation is not modelled, or the machines are unknown.
    """
    name = operation(row)
    if name is None:
        raise Unanswered(f"{row.text('metric')}: of collectives, {', '.join(_OPERATIONS)} are modelled")
    fleet, count, told = site(row.text("hw"), row.text("interconnect"), row.number("hw_count"), row.number("nodes"))
    assumed = list(told)
    size = row.number("message_bytes")
    if not size:
        size = 2.0**27 if "moe" in row.text("metric") else 2.0**33
        assumed.append(f"a buffer of {size / 2**20:g} MiB")
    asked: dict[str, Any] = {"operation": name, "message_size": f"{size!r} byte", "fleet": fleet, "devices": count}
    way = algorithm(row, fleet) if name == "all-reduce" else "auto"
    if way != "auto":
        assumed.append(f"the {way} algorithm")
    try:
        real = CollectiveModel().solve(**asked, algorithm=way, efficiency=using or profile("collectives"))
        ideal = CollectiveModel().solve(**asked, efficiency=1)
    except MlsysimError as error:
        raise Unanswered(str(error)) from None
    device = fleet.node.accelerator.zoo_name
    metric = row.text("metric")
    if "_time_" in metric:
        unit, scale = ("us", 1e6) if metric.endswith("us") else ("ms", 1e3)
        return Answer(real.number("time") * scale, ideal.number("time") * scale, unit, kind(row), False, device, tuple(assumed))
    quantity = "algorithm_bandwidth" if "algbw" in metric else "bus_bandwidth"
    scale = 1e-9
    if "moe" in metric and fleet.nodes > 1:
        scale *= (count - fleet.node.accelerators) / (count - 1)
        assumed.append("bytes that cross the network counted")
    if quantity == "algorithm_bandwidth" and "bigscience" in row.text("source").lower():
        scale *= 2
        assumed.append("bytes sent and received both counted, as that source's script does")
    return Answer(real.number(quantity) * scale, ideal.number(quantity) * scale, "GB/s", kind(row), True, device, tuple(assumed))
