"""Rows of images: inference and training of networks that see.

A network is given by its counts, in the row or in the zoo. What its operators between layers move is counted from the family that its name
tells; families that are not known take what is usual for their kind of network.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

from .. import zoo
from ..hardware import HardwareNode
from ..profiles import Profile, profile
from ..solvers import SingleNodeModel
from ..workloads import CNNWorkload
from .rows import Answer, Row, Unanswered, called, hardware, hardware_name

FILES = ("vision.csv",)
RATES = ("images_per_s", "frames_per_s", "fps", "samples_per_s")
LATENCIES = ("inference_latency_ms", "latency_ms", "singlestream_latency_ms")
TAIL = "server_p99_latency_ms"
LIMITS = {"resnet": 15.0, "retinanet": 100.0, "bert": 130.0, "gpt-j": 20000.0}
"""Latency in ms that the server scenario of MLPerf admits: ``target_latency`` in loadgen/mlperf.conf of mlcommons/inference."""

Blocks = Literal["dense", "grouped", "mixed"]
PASSES: tuple[tuple[str, float, Blocks], ...] = (
    (r"densenet", 16, "dense"),
    (r"vgg\d+_bn", 6, "dense"),
    (r"vgg|alexnet|squeezenet", 4, "dense"),
    (r"repvgg|mobileone", 9, "dense"),
    (r"seres|ecares|gcres|skres|senet|resnest|res2ne|regnetz|resnet\d+_?ts", 10, "dense"),
    (r"hrnet|dla\d|dpn|vovnet|selecsls|hgnet", 9, "dense"),
    (r"nf_res|nf_ecares", 9, "dense"),
    (r"nfnet|nf_reg", 9, "grouped"),
    (r"resnet(10|14|18|26|34)|resnext|wide_resnet|gernet", 7.5, "dense"),
    (r"resnet|darknet|cspres", 8, "dense"),
    (r"regnet_?x", 7, "grouped"),
    (r"regnet", 8, "grouped"),
    (r"inception_next", 7, "mixed"),
    (r"inception|googlenet", 9.3, "dense"),
    (r"ghost|shufflenet", 9, "mixed"),
    (r"efficientnet_?v2", 7, "mixed"),
    (r"efficientnet_lite", 6.1, "mixed"),
    (r"efficientnet|tinynet|rexnet|mixnet|convmixer", 7.5, "mixed"),
    (r"mobilenet_?v3|fbnetv3|lcnet|hardcore", 7, "mixed"),
    (r"mobilenet|mnasnet|fbnet|spnas|semnas|repvit", 6.1, "mixed"),
    (r"xception", 5.5, "mixed"),
    (r"convnext", 6.5, "mixed"),
    (r"swin(v2|_v2)", 9, "mixed"),
    (r"swin", 8, "mixed"),
    (r"cait", 7, "mixed"),
    (r"mixer|gmlp", 5.5, "mixed"),
    (r"resmlp", 6.5, "mixed"),
    (r"former_[smlb]\d|convformer", 11, "mixed"),
    (r"fastvit", 9, "mixed"),
    (r"edgenext", 8, "mixed"),
    (r"pvt", 5, "mixed"),
    (r"levit|coat|maxvit|mobilevit", 6.5, "mixed"),
)
"""Reads and writes of each activation by family, when every operator is a kernel, and what its blocks are.

Counted on the family's block: a layer's output is written, normalised (two), activated (two) and read by the next layer: six. Shortcuts,
squeeze and excitation, concatenations, branches and changes of precision come on top, shared by all that the block's layers write: a
bottleneck of a ResNet has eight, an inverted one of an EfficientNet seven and a half. Attention and channel norms work on wider numbers,
but the inner width of an MLP, which most activations belong to, is touched less often.
"""

USUAL: dict[str, tuple[float, Blocks]] = {"cnn": (7.5, "dense"), "vit": (6.5, "mixed"), "hybrid": (7.0, "mixed"), "mlp": (6.0, "mixed")}
PLAIN = re.compile(r"(vit|deit|beit|eva|flexivit|samvit|clip|dino)")
TOKEN_PASSES = 5.2
"""Fifty-two passes over the width of a token for ten widths that an encoder's matrices write (see the equation encoder_traffic)."""

DEPTHS = (
    (r"vit_(tiny|small|base|medium)|deit3?_(tiny|small|base|medium)|beit(v2)?_base|eva02_(tiny|small|base)", 50),
    (r"large", 98),
    (r"huge", 130),
    (r"giant", 162),
)
"""Matrices and convolutions of plain encoders, by size."""

PRECISIONS = (
    ("int8", ("int8", "fp8")),
    ("fp8", ("fp8", "int8")),
    ("tf32", ("tf32", "fp32")),
    ("bf16|bfloat16", ("bf16", "fp16", "fp32")),
    ("fp16|float16|half|amp|mixed", ("fp16", "bf16", "fp32")),
    ("fp32|float32|single", ("fp32",)),
)
"""What a row calls its precision, and the peaks that are taken for it in turn."""


def takes(row: Row) -> bool:
    """Whether a row measures a network that sees."""
    metric = row.text("metric")
    if metric == TAIL or metric in ("offline_samples_per_s", "server_samples_per_s", "samples_per_s", "training_samples_per_s"):
        return _sees(row)
    return metric.endswith(RATES[:3]) or (metric in LATENCIES and _sees(row))


def _sees(row: Row) -> bool:
    name = row.text("model").lower()
    return bool(row.text("gmacs") or row.text("img_size") or re.search(r"resnet|retinanet|unet|ssd|yolo|vit_|efficientnet|mobilenet", name))


def headline(row: Row) -> bool:
    """Whether a row counts for the family's figures."""
    return row.text("core") == "1"


fitted = headline


def group(row: Row) -> str:
    """Return what is left out at a time: a source on one piece of hardware."""
    return f"{row.text('source')}|{row.text('hw')}"


def kind(row: Row) -> str:
    """Return the interval that a row has."""
    return "training" if row.text("metric").startswith("training") else "inference"


@cache
def passes(model: str, arch: str) -> tuple[float, Blocks]:
    """Return the passes over a network's activations, and what it is made of."""
    for pattern, count, blocks in PASSES:
        if re.search(pattern, model):
            return count, blocks
    return USUAL.get(arch.partition("-")[0], USUAL["cnn"])


@cache
def depth(model: str, blocks: str, plain: bool) -> int:
    """Return how many convolutions and matrices a network has, where nothing tells."""
    if plain:
        return next((n for pattern, n in DEPTHS if re.search(pattern, model)), 50)
    if stated := re.search(r"(?:res|dense|wide|next|vgg)\D*?(\d{2,3})(?!\d)", model):
        return int(stated[1])
    return 80 if blocks == "mixed" else 60


@cache
def _zoo() -> dict[str, str]:
    """Return the networks of the zoo that are given by their counts, by what they are called."""
    return called("Models.Vision", _bare, CNNWorkload)


def _bare(title: str) -> str:
    return re.sub(r"[^a-z0-9.]", "", title.lower())


@cache
def known(model: str) -> CNNWorkload | None:
    """Return the zoo's network of a name, where it has one."""
    bare = _bare(model)
    for title in (bare, re.sub(r"v1\.5$", "", bare), re.sub(r"^tf", "", bare)):
        if title in _zoo():
            entry: CNNWorkload = zoo.load(_zoo()[title])
            return entry
    return None


@cache
def network(
    model: str, arch: str, size: float | None, macs: float | None, activations: float | None, parameters: float | None
) -> CNNWorkload:
    """Return the network of a row; what the row does not count is taken from the zoo, for images of the row's size."""
    name, entry = model.lower(), known(model)
    if entry is not None:
        area = (size / float(entry.image_size)) ** 2 if size and entry.image_size else 1.0
        macs = float(entry.macs) * area if macs is None else macs
        activations = float(entry.activations) * area if activations is None else activations
        parameters = float(entry.parameters) if parameters is None else parameters
    if macs is None or activations is None or parameters is None:
        raise Unanswered("neither the row nor the zoo states the operations, activations and parameters of this network")
    plain = PLAIN.match(name) is not None and arch not in ("cnn", "hybrid")
    count, blocks = passes(name, arch)
    if plain:
        side = re.search(r"patch(\d+)", name)
        tokens = ((size or 224.0) / float(side[1] if side else 16)) ** 2 + 1
        activations, count, blocks = activations / (1 + tokens / 640), TOKEN_PASSES, "mixed"
    layers = int(entry.layers) if entry is not None and entry.layers else depth(name, blocks, plain)
    counts: dict[str, Any] = {"parameters": round(parameters), "macs": round(macs), "activations": round(activations)}
    return CNNWorkload(name=model, **counts, layers=layers, passes=count, blocks=blocks)


@cache
def roomy(text: str) -> HardwareNode:
    """Return the hardware that a row names, with room for whatever it ran."""
    found: HardwareNode = hardware(text).replace(memory__capacity="1000 TB")
    return found


@cache
def precision(text: str, called: str) -> str:
    """Return the precision at which a device runs what a row states."""
    device = roomy(called)
    for pattern, taken in PRECISIONS:
        if re.search(pattern, text.lower()):
            for name in taken:
                if name in device.compute.peak.precisions:
                    return name
    raise Unanswered(f"{device.name} has no peak in the zoo for the precision {text!r}")


def stack(row: Row) -> str | None:
    """Return the kind of software: an engine, a framework that fuses operators, or (none) one that does not."""
    text = row.text("framework").lower()
    if re.search(r"tensorrt|\btrt|openvino|migraphx|onnx", text) or row.text("metric").startswith(("offline", "server")):
        return "engine"
    return "compiled" if re.search(r"compile|dynamo|inductor|mxnet|xla|jax|aot", text) else None


_SOLVER = SingleNodeModel()


def step(row: Row, using: Profile | None, batch: float) -> tuple[float, float]:
    """Return the time of a step of one device, in seconds, and the least that it can be."""
    counts = [None if (v := row.number(n)) is None else v * scale for n, scale in (("gmacs", 1e9), ("macts", 1e6), ("params", 1.0))]
    asked = (row.text("model"), row.text("arch"), row.number("img_size"), *counts)
    model = network(*asked)
    device = roomy(row.text("hw"))
    given: dict[str, Any] = {
        "batch_size": batch,
        "precision": precision(row.text("precision"), row.text("hw")),
        "phase": "training" if kind(row) == "training" else "forward",
    }
    if given["phase"] == "training" and given["precision"] not in model.training_precisions:
        raise Unanswered(f"training at {given['precision']} is not modelled")
    likely = _SOLVER.solve(model, device, efficiency=using or profile("vision"), stack=stack(row), **given)
    return likely.number("latency"), least(asked, row.text("hw"), tuple(given.items()))


@cache
def least(asked: tuple[Any, ...], device: str, given: tuple[tuple[str, Any], ...]) -> float:
    """Return the least time of a step of a network."""
    return float(_SOLVER.solve(network(*asked), roomy(device), efficiency=1, **dict(given)).number("latency"))


def scenario(row: Row, said: list[str], using: Profile | None = None) -> float:
    """Return the share of a system's throughput that a benchmark's scenario and power setting leave."""
    constants = (using or profile("vision")).on()[0]
    share: float = constants["server_share"] if row.text("metric").startswith("server") else 1.0
    if "maxq" in (row.text("locator") + row.text("hw") + row.text("url")).lower().replace("-", ""):
        said.append("the system runs at its most efficient power setting")
        share *= constants["capped_share"]
    return share


def at_limit(row: Row, limits: Mapping[str, float], using: Profile, said: list[str]) -> float:
    """Return the latency of a server that gets as many requests as a limit admits, in ms."""
    limit = next((v for n, v in limits.items() if n in row.text("model").lower()), None)
    if limit is None:
        raise Unanswered("no limit on the latency of this network is known")
    said.append(f"requests come as fast as the limit of {limit:g} ms admits")
    return limit * float(using.on()[0]["tail_share"])


def predict(row: Row, using: Profile | None = None) -> Answer:
    """Return the answer to a row."""
    metric, unit, used = row.text("metric"), row.text("unit"), using or profile("vision")
    name = hardware_name(row.text("hw"))
    said: list[str] = []
    if metric == TAIL:
        return Answer(at_limit(row, LIMITS, used, said), 0.0, unit, "latency", False, name, tuple(said))
    devices = row.number("hw_count", 1.0)
    batch = row.number("micro_batch") or row.number("batch")
    if batch is None:
        batch = 1.0 if metric in LATENCIES else 256.0
        said.append(f"batches of {batch:g}")
    elif row.number("micro_batch") is None and not metric.startswith(("offline", "server")):
        batch = max(1.0, batch // devices)
    likely, best = step(row, used, float(batch))
    if metric in LATENCIES:
        return Answer(likely * 1e3, best * 1e3, unit, "inference", False, name, tuple(said))
    share = scenario(row, said, used)
    if re.search(r"per (gpu|chip|device)|/chip|/gpu", unit.lower()):
        devices = 1.0
    return Answer(devices * batch / likely * share, devices * batch / best, unit, kind(row), True, name, tuple(said))
