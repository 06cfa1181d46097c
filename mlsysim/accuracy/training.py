"""Published measurements of training, answered by :class:`~mlsysim.solvers.DistributedModel`."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from .. import zoo
from ..hardware import HardwareNode
from ..profiles import Profile, profile
from ..results import DistributedResult
from ..solvers.distributed import DistributedModel
from ..systems import Fleet, NetworkFabric, Node, Topology
from ..workloads import TransformerWorkload
from .rows import Answer, Row, Unanswered, called, hardware

FILES = ("training.csv",)
METRICS = {
    "throughput_tokens_per_s_per_chip": True,
    "iteration_time_s": False,
    "achieved_model_tflops_per_chip": True,
    "achieved_hw_tflops_per_chip": True,
    "mfu_percent": True,
    "samples_per_s": True,
    "training_chip_hours": False,
    "time_to_train_s": False,
    "days_per_trillion_tokens": False,
    "activation_memory_gib_per_chip": False,
}
"""The metrics that are answered, and whether more is faster."""

_SOLVER = DistributedModel()
_ROOM = 0.6
"""Share of a device's memory that activations may fill, where a row does not say what is computed again."""


def takes(row: Row) -> bool:
    """Whether a row is one of training a transformer."""
    return row.text("metric") in METRICS


def fitted(row: Row) -> bool:
    """Whether the constants are fitted on the row: one step, measured, with a complete configuration."""
    return row.text("complete") == "1" and kind(row) == "step"


def kind(row: Row) -> str:
    """Return what sort of row it is, for intervals."""
    metric = row.text("metric")
    if metric == "activation_memory_gib_per_chip":
        return "memory"
    return "run" if metric in ("training_chip_hours", "time_to_train_s", "days_per_trillion_tokens") else "step"


def group(row: Row) -> str:
    """Return the group that is left out as a whole in cross-validation: a source on a piece of hardware."""
    return f"{row.text('source')} on {row.text('hw')}"


def headline(row: Row) -> bool:
    """Whether the row counts in headline statistics."""
    return row.text("core") == "1"


def predict(row: Row, using: Profile | None = None) -> Answer:
    """Answer one row from its configuration alone.

    Raises
    ------
    Unanswered
        The row does not state what its metric or the solver needs, and nothing usual stands for it.
    """
    case = _case(row)
    result = _SOLVER.solve(case.model, case.fleet, efficiency=using or profile("training"), stack=case.stack, **case.plan)
    return case.answer(_value(row, case.factor, result))


@dataclass(frozen=True, slots=True)
class _Case:
    """What a row asks, read once: ``factor`` over the time of a step, or times it, is the row's metric."""

    model: TransformerWorkload
    fleet: Fleet
    plan: dict[str, Any]
    stack: str | None
    factor: float
    answer: Callable[[float], Answer]


@lru_cache(maxsize=4096)
def _case(row: Row) -> _Case:
    """Return what a row asks; rows are told apart by being different objects."""
    told: list[str] = []
    device = _device(row.text("hw"))
    model = _model(row, told)
    fleet, plan = _plan(row, device, model, told)
    capacity = device.supply(plan["precision"]).capacity
    best = _SOLVER.solve(model, fleet, efficiency=1, **plan)
    if not _stated(row):
        for plan["recompute"] in ("none", "selective", "full"):
            best = _SOLVER.solve(model, fleet, efficiency=1, **plan)
            if best.number("memory_activations") < _ROOM * capacity:
                break
        told.append(f"Recomputation is not stated: {plan['recompute']}, the least with which activations leave room for the rest.")
    factor = _factor(row, device, model, fleet, plan)
    if best.number("memory_footprint") > capacity:
        told.append("By our count it needs more memory than a device has; it ran, so the capacity is lifted.")
    bound, rate, name = _value(row, factor, best), METRICS[row.text("metric")], device.zoo_name.rstrip("*")
    assumptions = tuple(dict.fromkeys(told))

    def answer(value: float) -> Answer:
        return Answer(value, bound, row.text("unit"), kind(row), rate, name, assumptions)

    return _Case(model, fleet, plan, _kernels(row), factor, answer)


def _value(row: Row, factor: float, result: DistributedResult) -> float:
    """Return a result in the metric of a row."""
    metric = row.text("metric")
    if metric == "activation_memory_gib_per_chip":
        return float(result.number("memory_activations")) * factor
    step = float(result.number("step_time"))
    return factor / step if METRICS[metric] else factor * step


@cache
def _device(text: str) -> HardwareNode:
    """Return the hardware that a row's text means; where its name says nothing, what stands in brackets behind it may."""
    try:
        return hardware(text)
    except Unanswered:
        inside = re.search(r"\(([^)]*)\)", text)
        if inside is None:
            raise
        return hardware(inside[1].split("-class")[0])


def _model(row: Row, told: list[str]) -> TransformerWorkload:
    """Return the model that a row's columns describe; a model with experts or latent attention from the zoo, where it is there."""
    hidden, layers = row.whole("hidden"), row.whole("layers")
    known = _known().get(_plain(row.text("model")))
    if known and (row.number("experts") or "mla" in row.text("arch") or hidden is None or layers is None):
        return zoo.load(known)
    if hidden is None or (layers is None and row.number("params") is None):
        raise Unanswered("the row does not state the hidden size and the number of layers")
    if layers is None:
        layers = max(1, round(row.number("params") / (12 * hidden**2)))
        told.append(f"The number of layers is not stated: {layers}, from the number of parameters.")
    heads = row.whole("heads")
    if heads is None:
        heads = max(1, hidden // 128)
        told.append(f"The number of heads is not stated: {heads}, of 128 each.")
    gated = row.number("gated_mlp", 0.0) == 1.0
    width = row.whole("ffn")
    if width is None:
        width = round(hidden * 8 / 3) if gated else 4 * hidden
        told.append(f"The width of the MLP is not stated: {width}.")
    vocab = row.whole("vocab")
    if vocab is None:
        vocab = 50000
        told.append("The vocabulary is not stated: 50,000.")
    return _transformer(
        row.text("model") or "model",
        layers,
        hidden,
        heads,
        row.whole("kv_heads") or heads,
        row.whole("head_dim") or (None if hidden % heads == 0 else round(hidden / heads)),
        width,
        gated,
        vocab,
        "encoder" not in row.text("arch").lower(),
        row.whole("experts"),
        row.whole("experts_top"),
    )


@cache
def _transformer(
    name: str,
    layers: int,
    hidden: int,
    heads: int,
    kv_heads: int,
    head_dim: int | None,
    width: int,
    gated: bool,
    vocab: int,
    causal: bool,
    experts: int | None,
    active: int | None,
) -> TransformerWorkload:
    kv_heads = kv_heads if heads % kv_heads == 0 else heads
    routed: dict[str, Any] = {"mlp_width": width}
    if experts and experts > 1:
        routed = {"experts": experts, "experts_active": active or 2, "expert_width": width}
    return TransformerWorkload(
        name=name, layers=layers, hidden=hidden, heads=heads, kv_heads=kv_heads, head_dim=head_dim, gated=gated, vocab=vocab, causal=causal,
        **routed,
    )  # fmt: skip


@cache
def _known() -> dict[str, str]:
    """Return the zoo's models of language by all their names."""
    return called("Models.Language", _plain)


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _precision(row: Row, device: HardwareNode, told: list[str]) -> str:
    """Return the precision of matrix products that a row's text means, as one for which the device has a peak."""
    text = row.text("precision").lower()
    peaks = device.compute.peak.precisions
    wanted = "bf16"
    for pattern, name in (
        (r"fp8|float8|f8|nvfp|mxfp", "fp8"),
        (r"int8|aqt", "int8"),
        (r"bf16|bfloat16", "bf16"),
        (r"fp16|float16|amp|half|mixed", "fp16"),
        (r"tf32", "tf32"),
        (r"fp32|float32|single", "fp32"),
    ):
        if re.search(pattern, text):
            wanted = name
            break
    if wanted in peaks:
        return wanted
    other = {"bf16": "fp16", "fp16": "bf16", "tf32": "fp32", "fp8": "int8", "int8": "fp8"}.get(wanted, "bf16")
    for name in (other, "bf16", "fp16", "fp32"):
        if name in peaks:
            told.append(f"The device has no peak at {wanted}: computed at {name}.")
            return name
    raise Unanswered(f"{device.title} has no peak at {wanted}")


def _stated(row: Row) -> bool:
    """Whether the row says what is computed again."""
    return row.text("recompute").lower() not in ("", "unknown", "not stated", "n/a")


def _recompute(row: Row) -> str:
    """Return what is computed again; the selective kind of some stacks computes every other product again, not the scores."""
    text = row.text("recompute").lower()
    if re.search(r"full|every layer|uniform|block", text):
        return "full"
    if re.search(r"per-op|per op|op\b", text) or (text == "selective" and "titan" in row.text("framework").lower()):
        return "alternate"
    if "selective" in text:
        return "selective"
    return "none"


def _fused(row: Row) -> bool:
    """Whether attention is a fused kernel: of the stacks of the time before it, and of none that is unknown, it is said that it is not."""
    return not re.search(r"megatron-deepspeed|megatron-lm|ngc 2[01]|ngc 1|hugging", row.text("framework").lower())


def _overlap(row: Row) -> tuple[str, ...]:
    """Return what traffic the row's software hides behind compute, as schedulers of interleaved microbatches do."""
    text = row.text("framework").lower()
    if re.search(r"megatron-?core|megatron-?bridge|nemo|megascale|hai-llm", text):
        return ("stage", "expert")
    return ()


def _kernels(row: Row) -> str | None:
    """Return the stack of constants that the row's text means: that of attention kernels written for the newer matrix units."""
    text = f"{row.text('framework')} {row.text('recompute')}".lower()
    for pattern, name in ((r"fa3|fa4|flash-?attention-?[34]", "flash-attention-3"), (r"megatron-?bridge", "megatron-bridge")):
        if re.search(pattern, text):
            return name
    return None


def _plan(row: Row, device: HardwareNode, model: TransformerWorkload, told: list[str]) -> tuple[Fleet, dict[str, Any]]:
    """Return the fleet and the solver's arguments that a row describes."""
    (sequence,) = row.need("seq_len")
    tp, pp, cp = (max(1, row.whole(n, 1)) for n in ("tp", "pp", "cp"))
    while model.heads % tp:
        tp -= 1
        told.append(f"Tensor parallelism of {tp}, which divides the heads.")
    devices = row.whole("hw_count") or 1
    if not row.whole("hw_count"):
        dp = row.whole("dp", 1)
        devices = tp * pp * cp * dp
        told.append(f"The number of devices is not stated: {devices}, from the degrees of parallelism.")
    if pp > model.layers:
        pp = model.layers
        told.append(f"No more pipeline stages than layers: {pp}.")
    if devices < tp * pp * cp:
        cp = max(1, devices // (tp * pp))
    whole = tp * pp * cp * max(1, devices // (tp * pp * cp))
    if whole != devices:
        told.append(f"{devices} devices are no multiple of the layout's: {whole} of them.")
        devices = whole
    dp = devices // (tp * pp * cp)
    vp = _chunks(row, model, pp, told)
    micro, count = _batches(row, dp, pp, vp, sequence, told)
    local = _local(row, device, devices, tp, told)
    fleet = _fleet(row.text("hw"), local, devices // local, *_network(row, device, local, devices, told))
    ep = max(1, row.whole("ep", 1))
    if ep > 1 and (model.experts is None or dp % ep or model.experts % ep):
        told.append(f"Expert parallelism of {ep} does not divide the {dp} replicas and the experts: none.")
        ep = 1
    if cp > 1 and model.mla is not None:
        raise Unanswered("context parallelism of latent attention is not modelled")
    fused = _fused(row)
    plan = {
        "batch_size": dp * micro * count,
        "seq_len": sequence,
        "precision": _precision(row, device, told),
        "tp_size": tp,
        "pp_size": pp,
        "cp_size": cp,
        "ep_size": ep,
        "zero_stage": _zero(row, dp * cp, told),
        "microbatch_size": micro,
        "virtual_stages": vp,
        "recompute": _recompute(row),
        "overlap": _overlap(row),
        "sequence_parallel": tp > 1 and ("sequence" in row.text("recompute") or (fused and row.text("framework") != "")),
        "attention": "flash" if fused else "standard",
        "tp_across_nodes": tp > local,
    }
    return fleet, plan


def _chunks(row: Row, model: TransformerWorkload, pp: int, told: list[str]) -> int:
    """Return the chunks of layers that each stage interleaves, of which there are no more than layers."""
    vp = max(1, row.whole("vp", 1))
    if pp == 1 or vp == 1:
        return 1
    if pp * vp > model.layers:
        told.append(f"{pp} stages of {vp} chunks are more than {model.layers} layers: no interleaving.")
        return 1
    return vp


def _batches(row: Row, dp: int, pp: int, vp: int, sequence: float, told: list[str]) -> tuple[int, int]:
    """Return the sequences of a microbatch, and the microbatches of a replica in a step."""
    batch, micro, steps = row.whole("global_batch"), row.whole("micro_batch"), row.whole("grad_accum")
    if micro is None:
        micro = 1
        if batch and pp == 1:
            each = max(1, batch // dp)
            micro = max(m for m in range(1, each + 1) if each % m == 0 and (m == 1 or m * sequence <= 8192))
        told.append(f"The microbatch is not stated: {micro} sequences.")
    if batch is None:
        count = steps or (4 * pp if pp > 1 else 1)
        told.append(f"The global batch is not stated: {count} microbatches a replica.")
    else:
        count = max(1, round(batch / (dp * micro)))
    if vp > 1 and count % pp:
        count = pp * max(1, round(count / pp))
        told.append(f"An interleaved pipeline needs a multiple of its stages: {count} microbatches.")
    return micro, count


def _local(row: Row, device: HardwareNode, devices: int, tp: int, told: list[str]) -> int:
    """Return how many devices of a node the layout uses; every chip of a torus is a node of its own."""
    if _torus(device):
        return 1
    nodes = row.whole("nodes")
    domain = 72 if re.search(r"gb[23]00", row.text("hw"), re.I) else None
    local = domain or (max(1, devices // nodes) if nodes else _usual(device.zoo_name.rstrip("*"))[0])
    local = min(local, devices)
    while devices % local or (tp > local and tp % local):
        local -= 1
    return local


def _torus(device: HardwareNode) -> int:
    """Return the dimensions of the torus that the device's links form; none for devices that switches join."""
    name = device.zoo_name
    if ".TPU" not in name:
        return 0
    return 3 if re.search(r"v4|v5p|v7", name) else 2


@cache
def _usual(device: str) -> tuple[int, float]:
    """Return how many devices share a node, and the network bandwidth of each in bytes a second, in the zoo's nodes with this device."""
    found = []
    for name in zoo.names("Systems.Nodes"):
        node = zoo.load(name)
        if node.accelerator.zoo_name == device:
            numbers = node.numbers
            if numbers.has("nics") and numbers.has("nic_bandwidth"):
                found.append((numbers.local_devices, numbers.nics * numbers.nic_bandwidth / numbers.local_devices))
    if not found:
        return 8, 25e9
    local, each = sorted(found)[len(found) // 2]
    return int(local), each


def _network(row: Row, device: HardwareNode, local: int, devices: int, told: list[str]) -> tuple[float, int]:
    """Return the network's bandwidth for each device in bytes a second, and the dimensions of a torus."""
    if dimensions := _torus(device):
        supply = device.supply(device.compute.peak.precisions[-1])
        if supply.has("link_bandwidth"):
            return supply.link_bandwidth / supply.directions / (2 * dimensions), dimensions
        told.append("The links of the torus are not stated: 50 GB/s each.")
        return 50e9, dimensions
    text = row.text("interconnect")
    if stated := re.search(r"(\d+) ?x ?(\d+) ?G(?:b/s|bps|b)?\b", text):
        return int(stated[1]) * int(stated[2]) / 8 * 1e9 / local, 0
    if stated := re.search(r"(\d+) ?G(?:b/s|bps)(?:/| per |.{0,12}per )(node|GPU|chip|accel)", text):
        each = int(stated[1]) / 8 * 1e9
        return each / local if stated[2] == "node" else each, 0
    if local < devices:
        told.append("The network between nodes is not stated: that of usual nodes with this device.")
    return _usual(device.zoo_name.rstrip("*"))[1], 0


@cache
def _fleet(text: str, local: int, nodes: int, each: float, dimensions: int) -> Fleet:
    """Return a fleet of devices with memory for everything; switches are not taken to add up, which libraries seldom let them."""
    roomy = _device(text).replace(memory__capacity="1e9 GB")
    topology: Topology = "torus-3d" if dimensions == 3 else "torus-2d" if dimensions else "fat-tree"
    if roomy.link is None and roomy.host_link is None:
        roomy = roomy.replace(link={"bandwidth": f"{each} B/s", "direction": "unidirectional"})
    return Fleet(
        node=Node(name="node", accelerator=roomy, accelerators=local, nics=local, nic_bandwidth=f"{each} B/s"),
        nodes=nodes,
        fabric=NetworkFabric(name="network", topology=topology, bandwidth=f"{each} B/s"),
    )


def _zero(row: Row, replicas: int, told: list[str]) -> int:
    """Return the stage of sharding over replicas."""
    text = row.text("zero_stage").lower()
    if replicas == 1:
        return 0
    if "in node" in text:
        told.append("Weights are sharded inside nodes only; their traffic between nodes is that of gradients alone.")
        return 0
    if stated := re.match(r"[0-3]", text):
        return int(stated[0])
    if not any(row.text(n) for n in ("tp", "pp", "dp", "zero_stage")):
        told.append("No layout is stated: all state sharded over all devices.")
        return 3
    return 0


def _tokens(row: Row, model: TransformerWorkload) -> float:
    """Return the tokens of a whole run, from the notes or the zoo's entry of the model."""
    if stated := re.search(r"(?:tokens ?= ?|train_samples value=)([\d.e+]+)", row.text("notes")):
        return float(stated[1].rstrip("."))
    known = model if model.published.training_tokens else zoo.load(name) if (name := _known().get(_plain(row.text("model")))) else None
    if known is not None and known.published.training_tokens:
        return float(known.published.training_tokens)
    raise Unanswered("the row does not state the tokens of the run")


def _factor(row: Row, device: HardwareNode, model: TransformerWorkload, fleet: Fleet, plan: dict[str, Any]) -> float:
    """Return what the time of a step is divided by, or multiplied with, for the metric and unit of a row."""
    metric, sequences, devices = row.text("metric"), plan["batch_size"], fleet.devices
    tokens = sequences * plan["seq_len"]
    if metric == "activation_memory_gib_per_chip":
        return float(2**-30)
    if metric == "iteration_time_s":
        return float(row.number("global_batch", sequences) / sequences)
    if metric == "training_chip_hours":
        return _tokens(row, model) / tokens * devices / 3600
    if metric == "time_to_train_s":
        return _tokens(row, model) / tokens
    if metric == "days_per_trillion_tokens":
        return float(1e12 / tokens / 86400)
    if metric == "samples_per_s":
        return float(sequences)
    if metric == "throughput_tokens_per_s_per_chip":
        return float(tokens / devices)
    once = model.causal and re.search(
        r"(?<!non-)(?<!non)causal attention|ml-engineering", f"{row.text('notes')} {row.text('source')}", re.I
    )
    forward = float(model.forward_flops(plan["seq_len"], "causal" if once else "full").to("FLOP").magnitude)
    work = 3 * forward
    if metric == "achieved_hw_tflops_per_chip" and plan["recompute"] == "full":
        work += forward - 2 * plan["seq_len"] * model.vocab * model.hidden
    return work * sequences / devices * (1e-12 if metric != "mfu_percent" else 100 / device.supply(plan["precision"]).peak)
