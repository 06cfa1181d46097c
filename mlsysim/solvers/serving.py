"""ServingModel: prefill and decode of a language model on one replica of devices, and on as many replicas as a fleet holds."""

from typing import Any

from ..errors import InputError, LayoutError
from ..hardware import HardwareNode, check_precision
from ..nouns import Lowered
from ..readings import Reading
from ..results import ServingResult
from ..systems import Fleet, Node
from ..workloads import TransformerWorkload, all_parameters, cache_bytes, decode_work, pass_work, read_parameters
from .base import Doors, efficiency_numbers, expect, expect_hardware, masked, needed, sizes
from .communication import all_reduce_on_node
from .single_node import step_on_device


def phase_on_replica(eq: Reading, x: Lowered, work: Any, read: Any, cache: Any, batch: Any, new_tokens: Any) -> tuple[Any, Any, Any, Any]:
    """Return compute, memory, step and communication time of one pass through all stages of a replica.

    ``work`` and ``read`` are the whole model's for one stage's batch; ``cache`` is what one device of a whole-model
    tensor group touches.
    """
    hardware = x.hardware
    share = eq.device_work(work, x.tp_size, x.pp_size)
    weights = eq.device_bytes(read, x.tp_size, x.pp_size)
    traffic = eq.decode_traffic(weights, eq.device_bytes(cache, 1.0, x.pp_size))
    compute, memory, stage = step_on_device(eq, x, share, traffic, hardware.peak, hardware.bandwidth)
    communication = 0.0
    if x.tensor:
        message = eq.activation_message(batch, new_tokens, x.model.hidden, x.element_size, 1.0)
        communication = eq.repeated_time(all_reduce_on_node(eq, x, message), eq.collective_count(2.0, x.model.layers, 1.0))
    return compute, memory, eq.through_stages(stage, x.pp_size), communication


def all_devices(eq: Reading, x: Lowered, replica: Any) -> Any:
    """Return the devices of the fleet, of the node, or of one replica where only a device is given."""
    if x.fleet is not None:
        return eq.fleet_devices(x.fleet.nodes, x.node.local_devices)
    return replica if x.node is None else x.node.local_devices


def core(eq: Reading, x: Lowered) -> dict[str, Any]:
    """Solve serving, in whatever reading."""
    g, hardware = x.model, x.hardware
    whole = eq.weight_bytes(all_parameters(eq, g), x.weight_size)
    weights = eq.device_bytes(whole, x.tp_size, x.pp_size)
    held = None if g.latent or not x.tensor else eq.heads_held(g.kv_heads, x.tp_size)
    final = eq.final_context(x.input_len, x.output_len)
    if x.paged:
        final = eq.paged_context(final, x.page_size)

    def device_cache(context: Any, batch: Any) -> Any:
        return cache_bytes(eq, g, context, batch, x.kv_size, held)

    sequence_cache = eq.device_bytes(device_cache(final, 1.0), 1.0, x.pp_size)
    cache = eq.device_bytes(device_cache(final, x.batch_size), 1.0, x.pp_size)
    footprint = eq.serving_footprint(weights, cache)
    feasible = footprint <= hardware.capacity

    tokens = eq.token_count(x.batch_size, x.input_len)
    work = pass_work(eq, g, tokens, x.batch_size, x.batch_size, x.input_len)
    read = eq.weight_bytes(read_parameters(eq, g, tokens), x.weight_size)
    prefill_compute, prefill_memory, prefill, prefill_waits = phase_on_replica(
        eq, x, work, read, device_cache(x.input_len, x.batch_size), x.batch_size, x.input_len
    )
    ttft = eq.time_to_first_token(0.0, prefill, prefill_waits)

    stage = x.batch_size if not x.pipelined else eq.stage_batch(x.batch_size, x.pp_size)
    context = eq.mean_decode_context(x.input_len, x.output_len)
    work = decode_work(eq, g, stage, context)
    read = eq.weight_bytes(read_parameters(eq, g, stage), x.weight_size)
    compute, memory, step, waits = phase_on_replica(eq, x, work, read, device_cache(context, stage), stage, 1.0)
    itl = eq.inter_token_latency(step, waits)

    latency = eq.request_latency(ttft, itl, x.output_len)
    replica = eq.replica_devices(x.tp_size, x.pp_size)
    copies = eq.replicas(all_devices(eq, x, replica), replica)
    generated = eq.fleet_throughput(eq.end_to_end_throughput(x.batch_size, x.output_len, latency), copies)
    rate = eq.request_rate(generated, x.output_len)
    values = {
        "ttft": ttft,
        "itl": itl,
        "request_latency": latency,
        "decode_throughput": eq.fleet_throughput(eq.decode_throughput(x.batch_size, itl), copies),
        "throughput": generated,
        "request_rate": rate,
        "replicas": copies,
        "kv_cache_size": cache_bytes(eq, g, final, x.batch_size, x.kv_size),
        "weight_memory": whole,
        "max_batch_size": eq.largest_batch(hardware.capacity, weights, sequence_cache),
        "memory_footprint": footprint,
        "communication_time": waits,
        "concurrency": eq.littles_law(rate, latency),
        "bottleneck": eq.label(waits > step, "link", eq.label(compute >= memory, "compute", "memory")),
        "prefill_bottleneck": eq.label(prefill_waits > prefill, "link", eq.label(prefill_compute >= prefill_memory, "compute", "memory")),
        "feasible": feasible,
        "label": x.label,
    }
    if feasible is False:
        values["reason"] = (eq.value(footprint), eq.value(hardware.capacity))
    return masked(eq, feasible, values, ServingResult)


def the_place(hardware: Any, node: Any, fleet: Any) -> tuple[HardwareNode, int, int]:
    """Return the device, the devices that a tensor-parallel group can have, and all devices (0: as many as one replica has)."""
    if (hardware is not None) + (node is not None) + (fleet is not None) != 1:
        given = [n for n, v in (("hardware", hardware), ("node", node), ("fleet", fleet)) if v is not None]
        raise InputError(f"give exactly one of hardware, node and fleet; {' and '.join(given) or 'none'} was given")
    if hardware is not None:
        return expect_hardware(hardware), 0, 0
    if node is not None:
        expect(node, Node, "node", "a Node such as Systems.Nodes.DGX_H100")
        return node.accelerator, node.accelerators, node.accelerators
    expect(fleet, Fleet, "fleet", "a Fleet such as Systems.Clusters.Research_256")
    return fleet.node.accelerator, fleet.node.accelerators, fleet.devices


def check_split(model: TransformerWorkload, tp: float, pp: float) -> None:
    """Refuse tensor and pipeline degrees that do not divide the model."""
    if model.heads % tp:
        raise LayoutError(f"tp_size={tp:g} does not divide the {model.heads} heads of {model.title}")
    if pp > model.layers:
        raise LayoutError(f"pp_size={pp:g} is more stages than the {model.layers} layers of {model.title}")
    if model.layers % pp:
        raise LayoutError(f"pp_size={pp:g} does not divide the {model.layers} layers of {model.title}")


class ServingModel:
    """How a language model answers: time to first token, time between tokens, what fits.

    Prefill computes the prompts of a batch; decode then makes one token for each sequence at a time. Tensor parallelism
    splits every layer over the devices of a node, with two all-reduces a layer; pipeline stages work on as many
    groups of sequences as there are stages, and the small messages between stages are left out. A whole batch of prompts passes
    the stages as one. A fleet holds as many replicas as fit its devices.
    """

    result = ServingResult
    core = staticmethod(core)

    def solve(
        self,
        model: TransformerWorkload,
        hardware: HardwareNode | None = None,
        node: Node | None = None,
        fleet: Fleet | None = None,
        batch_size: Any = 1,
        *,
        input_len: Any,
        output_len: Any,
        precision: str = "fp16",
        kv_precision: str | None = None,
        tp_size: int = 1,
        pp_size: int = 1,
        efficiency: Any = None,
        weight_precision: str | None = None,
        page_size: Any = None,
    ) -> ServingResult:
        """Solve one batch of requests that arrive together.

        Parameters
        ----------
        model
            A causal :class:`~mlsysim.TransformerWorkload`.
        hardware, node, fleet
            Exactly one: a device (of which ``tp_size * pp_size`` are taken), a node, or a fleet.
        batch_size
            Sequences served together by one replica; a whole number or an array.
        input_len
            Prompt tokens of each request; a whole number or an array.
        output_len
            Generated tokens of each request; a whole number or an array.
        precision
            Of the arithmetic.
        kv_precision
            Of the cache; that of the arithmetic by default.
        tp_size
            Tensor-parallel degree, at most a node's devices.
        pp_size
            Pipeline stages; they must divide the layers.
        efficiency
            Share of the peaks that is achieved: one ratio, an :class:`~mlsysim.Efficiency`, or ``None`` for 1 (the bound).
        weight_precision
            In which weights are stored and read, such as ``"int4"``; that of the arithmetic by default.
        page_size
            Tokens of a page in which cache memory is handed out, a whole number or an array; none is wasted by default.

        Returns
        -------
        ServingResult
            Times for one batch; throughput of all replicas; cache size at the end of generation.

        Raises
        ------
        InputError
            An argument is out of range, of the wrong dimension, or unknown.
        LayoutError
            The layout does not divide the model or the machines.
        """
        expect(model, TransformerWorkload, "model", "a TransformerWorkload such as Models.Language.Llama3_8B")
        if not model.causal:
            raise InputError(f"model: {model.title} is an encoder and generates no tokens; solve it with SingleNodeModel")
        device, widest, devices = the_place(hardware, node, fleet)
        supply = device.supply(check_precision(precision))
        x = _DOORS.read(
            batch_size=batch_size, input_len=input_len, output_len=output_len, tp_size=tp_size, pp_size=pp_size, page_size=page_size
        )
        needed(x, "batch_size", "input_len", "output_len", "tp_size", "pp_size")
        tp, pp = x["tp_size"], x["pp_size"]
        check_split(model, tp, pp)
        replica = tp * pp
        if widest and tp > widest:
            raise LayoutError(f"tp_size={tp:g} is more than the {widest} devices of a node, whose links it needs")
        if devices:
            if replica > devices:
                raise LayoutError(f"tp_size x pp_size = {replica:g} is more than the {devices} devices there are")
            if devices % replica:
                raise LayoutError(f"tp_size x pp_size = {replica:g} does not divide the {devices} devices there are")
        if tp > 1:
            supply.need("link_bandwidth")
        x |= efficiency_numbers(efficiency) | sizes(precision, kv_precision, weight_precision)
        place = node if node is not None else None if fleet is None else fleet.node
        x |= {"overhead": 0.0, "tensor": tp > 1, "pipelined": pp > 1, "paged": page_size is not None, "devices": float(devices) or replica}
        x |= {"fleet": None if fleet is None else fleet.numbers, "node": None if place is None else place.numbers}
        x |= {"model": model.geometry, "hardware": supply, "device": device}
        x["what"] = ("{} at {} on {:g} x {}", model, precision, replica, device)
        return _DOORS.solve(ServingResult, core, x)


_DOORS = Doors(
    "tp_size pp_size",
    batch_size="Batch",
    input_len="InputLen",
    output_len="OutputLen",
    tp_size="TensorParallel",
    pp_size="PipelineParallel",
    page_size="Page",
)
