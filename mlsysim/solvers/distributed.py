"""DistributedModel: one optimizer step of a transformer on a fleet, under a parallel layout."""

from typing import Any

from ..errors import InputError, LayoutError
from ..nouns import Lowered
from ..readings import Reading
from ..results import DistributedResult, Missing
from ..systems import Fleet
from ..workloads import TransformerWorkload, all_parameters, attention_work, pass_work, read_parameters, routed_parameters
from .base import Doors, anywhere, efficiency_numbers, expect, masked, needed, sizes
from .communication import all_reduce_on_node, local_bandwidth, network
from .serving import check_split
from .single_node import step_on_device

RECOMPUTE = ("none", "selective", "full")
PRECISIONS = ("bf16", "fp16", "fp8")


def layer_activations(eq: Reading, x: Lowered) -> Any:
    """Return the activations that one layer stores for one microbatch on one device."""
    size, hidden, heads = x.microbatch_size, x.model.hidden, x.model.heads
    if x.recompute == "full":
        whole = eq.activation_bytes_full(x.seq_len, size, hidden)
    elif x.recompute == "selective" and x.sequence_parallel:
        whole = eq.activation_bytes_selective_sequence_parallel(x.seq_len, size, hidden, x.tp_size)
    elif x.recompute == "selective":
        whole = eq.activation_bytes_selective(x.seq_len, size, hidden, x.tp_size)
    elif x.sequence_parallel:
        whole = eq.activation_bytes_sequence_parallel(x.seq_len, size, hidden, heads, x.tp_size)
    else:
        whole = eq.activation_bytes(x.seq_len, size, hidden, heads, x.tp_size)
    return eq.context_bytes(whole, x.cp_size)


def parts_of_model(eq: Reading, x: Lowered) -> list[tuple[Any, Any]]:
    """Return the parts of the model that are replicated alike: parameters of one expert-parallel rank, and their replicas.

    Routed experts are spread over the ranks, so fewer replicas share, and reduce, each of them.
    """
    total = all_parameters(eq, x.model)
    if not x.expert_parallel:
        return [(total, x.dp_group)]
    routed = routed_parameters(eq, x.model)
    return [(eq.shared_parameters(total, routed), x.dp_group), (eq.expert_share(routed, x.ep_size), x.expert_group)]


def model_state(eq: Reading, x: Lowered) -> tuple[Any, Any, Any]:
    """Return weights, gradients and optimizer state on one device, sharded over replicas as ZeRO does."""
    sums: list[Any] = []
    for parameters, replicas in parts_of_model(eq, x):
        held = eq.device_parameters(parameters, x.tp_size, x.pp_size)
        state = [eq.weight_bytes(held, x.weight_size), eq.gradient_bytes(held, x.gradient_size), eq.optimizer_bytes(held)]
        for part, stage in ((2, 1), (1, 2), (0, 3)):
            if x.zero >= stage:
                state[part] = eq.sharded_bytes(state[part], replicas)
        sums = [eq.both_bytes(a, b) for a, b in zip(sums, state, strict=True)] if sums else state
    return sums[0], sums[1], sums[2]


def reduction_time(eq: Reading, x: Lowered) -> Any:
    """Return the time to reduce the gradients once over the replicas of each part."""
    total = None
    places = [(x.dp_inside, x.dp_nodes), (x.expert_inside, x.expert_nodes)]
    for (parameters, replicas), (inside, nodes) in zip(parts_of_model(eq, x), places, strict=False):
        message = eq.data_parallel_gradient_bytes(parameters, x.gradient_size, x.tp_size, x.pp_size)
        if x.dp_in_one_node:
            time = eq.ring_allreduce_time(message, replicas, local_bandwidth(eq, x, replicas), x.hardware.link_latency)
        else:
            out, latency = network(eq, x)
            near = local_bandwidth(eq, x, inside) if x.gathers_inside else out
            time = eq.hierarchical_allreduce_time(message, inside, nodes, near, x.hardware.link_latency, out, latency)
        total = time if total is None else eq.one_after_the_other(total, time)
    return total


def data_parallel_time(eq: Reading, x: Lowered, microbatches: Any, step: Any) -> tuple[Any, Any]:
    """Return the time of data-parallel traffic in a step, and the compute behind which it can hide.

    Gradients are reduced once, behind the last backward pass. ZeRO stage 3 gathers the weights as well, forward and backward
    for each microbatch, behind all compute.
    """
    if x.alone:
        return 0.0, step
    once = reduction_time(eq, x)
    if x.zero < 3:
        return eq.repeated_time(once, 1.0), eq.backward_time(step, microbatches)
    return eq.repeated_time(once, eq.sharded_reductions(microbatches)), step


def core(eq: Reading, x: Lowered) -> dict[str, Any]:
    """Solve one optimizer step, in whatever reading."""
    g, hardware = x.model, x.hardware
    devices = eq.fleet_devices(x.fleet.nodes, x.node.local_devices)
    dp = eq.data_parallel_degree(devices, x.tp_size, x.pp_size, x.cp_size)
    microbatches = eq.microbatch_count(x.batch_size, dp, x.microbatch_size)
    held_layers = eq.layers_held(g.layers, x.pp_size)

    # Memory of one device: the first stage, which holds most.
    weights, gradients, optimizer = model_state(eq, x)
    state = eq.model_state_bytes(weights, gradients, optimizer)
    in_flight = eq.microbatches_in_flight(microbatches, x.pp_size)
    one_layer = layer_activations(eq, x)
    if x.interleaved:
        activations = eq.activation_bytes_interleaved(one_layer, g.layers, x.pp_size, x.virtual_stages)
    else:
        activations = eq.pipeline_activation_bytes(one_layer, held_layers, in_flight)
    footprint = eq.training_footprint(state, activations)
    feasible = footprint <= hardware.capacity

    # Arithmetic and memory traffic of one device.
    tokens = eq.token_count(x.batch_size, x.seq_len)
    forward = pass_work(eq, g, tokens, tokens, x.batch_size, x.seq_len)
    recomputed = 0.0
    if x.recompute == "full":
        recomputed = pass_work(eq, g, tokens, 0.0, x.batch_size, x.seq_len)
    elif x.recompute == "selective":
        recomputed = attention_work(eq, g, x.batch_size, x.seq_len)
    model_work = eq.training_work(forward, 0.0)
    share = eq.device_share(eq.training_work(forward, recomputed), devices)
    parameters = read_parameters(eq, g, tokens)
    if x.expert_parallel:
        routed = routed_parameters(eq, g)
        parameters = eq.pass_parameters(parameters, eq.shared_parameters(all_parameters(eq, g), routed), eq.expert_share(routed, x.ep_size))
    read = eq.device_bytes(eq.weight_bytes(parameters, x.weight_size), x.tp_size, x.pp_size)
    stored = eq.pipeline_activation_bytes(one_layer, held_layers, 1.0)
    traffic = eq.training_traffic(read, stored, microbatches)
    compute, memory, step = step_on_device(eq, x, share, traffic, hardware.peak, hardware.bandwidth)

    update = eq.memory_time(eq.optimizer_traffic(weights, gradients, optimizer), hardware.bandwidth, x.efficiency_memory)

    # Communication.
    message = eq.activation_message(x.microbatch_size, x.seq_len, g.hidden, x.element_size, x.cp_size)
    tensor = expert = context = stage = 0.0
    if x.tensor:
        repeats = eq.collective_count(6.0 if x.recompute == "full" else 4.0, held_layers, microbatches)
        tensor = eq.repeated_time(all_reduce_on_node(eq, x, message), repeats)
    if x.expert_parallel:
        sent = eq.expert_parallel_message(
            eq.token_count(x.microbatch_size, eq.context_share(x.seq_len, x.cp_size)), g.hidden, g.experts_active, x.element_size
        )
        inside = x.ep_inside
        bandwidth, latency = (local_bandwidth(eq, x, x.ep_size), hardware.link_latency) if inside else network(eq, x)
        moe_layers = eq.layers_held(eq.expert_layers(g.layers, g.dense_layers), x.pp_size)
        expert = eq.repeated_time(
            eq.all_to_all_time(sent, x.ep_size, bandwidth, latency),
            eq.collective_count(6.0 if x.recompute == "full" else 4.0, moe_layers, microbatches),
        )
    if x.contextual:
        bandwidth, latency = (local_bandwidth(eq, x, x.cp_size), hardware.link_latency) if x.cp_inside else network(eq, x)
        keys = eq.context_parallel_message(x.microbatch_size, x.seq_len, g.kv_heads, g.head_dim, x.element_size, x.tp_size)
        context = eq.repeated_time(
            eq.ring_allgather_time(keys, x.cp_size, bandwidth, latency),
            eq.collective_count(4.0 if x.recompute == "full" else 3.0, held_layers, microbatches),
        )
    if x.pipelined:
        bandwidth, latency = (local_bandwidth(eq, x, 2.0), hardware.link_latency) if x.pp_inside else network(eq, x)
        stage = eq.repeated_time(
            eq.point_to_point_time(eq.scattered_message(message, x.tp_size), bandwidth, latency),
            eq.collective_count(2.0, x.virtual_stages, microbatches),
        )
    data, hiding = data_parallel_time(eq, x, microbatches, step)
    hidden_context = eq.exposed_communication_time(context, step)
    busy = eq.busy_time(step, tensor, expert, hidden_context, stage)
    overhead = eq.interleaved_bubble_overhead(x.pp_size, microbatches, x.virtual_stages)
    exposed_data = eq.exposed_communication_time(data, hiding)
    total = eq.training_step_time(eq.pipelined_time(busy, overhead), exposed_data, update)
    rate = eq.throughput(tokens, total)
    ideal = eq.training_step_time(step, 0.0, update)
    values = {
        "step_time": total,
        "throughput": rate,
        "mfu": eq.model_flops_utilization(model_work, total, hardware.peak, devices),
        "scaling_efficiency": eq.scaling_efficiency(ideal, total),
        "compute_time": compute,
        "tp_communication_time": tensor,
        "dp_communication_time": data,
        "pp_communication_time": stage,
        "ep_communication_time": expert,
        "cp_communication_time": context,
        "exposed_communication_time": eq.total_exposed_time(tensor, exposed_data, stage, expert, hidden_context),
        "bubble_fraction": eq.bubble_fraction(overhead),
        "dp_size": dp,
        "memory_footprint": footprint,
        "memory_weights": weights,
        "memory_gradients": gradients,
        "memory_optimizer": optimizer,
        "memory_activations": activations,
        "checkpoint_size": eq.checkpoint_bytes(all_parameters(eq, g)),
        "run_time": eq.training_run_time(g.training_tokens, rate)
        if g.has("training_tokens")
        else Missing(f"{x.model_title} states no number of training tokens"),
        "bottleneck": eq.label(eq.either(tensor > step, data > total), "link", eq.label(compute >= memory, "compute", "memory")),
        "feasible": feasible,
        "label": x.label,
    }
    if feasible is False:
        values["reason"] = (eq.value(footprint), eq.value(hardware.capacity))
    return masked(eq, feasible, values, DistributedResult)


class DistributedModel:
    """How fast a fleet trains a transformer under a parallel layout, and where the time goes.

    Tensor-parallel groups stay inside a node; then come context, data and pipeline parallelism. Gradients are reduced
    once an optimizer step, and hide behind the last backward pass as far as it lasts. Tensor, expert and stage-to-stage
    traffic stands on the critical path, and all traffic between nodes passes the fabric's worst ratio. Activations are those
    of the classic layer with a plain four-times-wider MLP and dropout, whose attention scores are stored unless recomputed.
    So the time is that of this schedule; one that overlaps more can beat it.
    """

    result = DistributedResult
    core = staticmethod(core)

    def solve(
        self,
        model: TransformerWorkload,
        fleet: Fleet,
        batch_size: Any,
        seq_len: Any,
        precision: str = "bf16",
        tp_size: int = 1,
        pp_size: int = 1,
        ep_size: int = 1,
        cp_size: int = 1,
        zero_stage: int = 0,
        microbatch_size: int = 1,
        virtual_stages: int = 1,
        recompute: str = "none",
        efficiency: Any = None,
        sequence_parallel: bool = False,
    ) -> DistributedResult:
        """Solve one optimizer step.

        Parameters
        ----------
        model, fleet
            What is trained, and on what.
        batch_size
            Sequences of an optimizer step over the whole fleet; a whole number or an array.
        seq_len
            Tokens of a sequence; a whole number or an array.
        precision
            Of the arithmetic: ``bf16``, ``fp16`` or ``fp8``; weights, gradients and activations are stored in 16 bits.
        tp_size, pp_size, cp_size
            Tensor-, pipeline- and context-parallel degrees; data parallelism is what is left of the fleet.
        ep_size
            Expert-parallel degree; it divides the data-parallel degree and is no further factor.
        zero_stage
            0 to 3: what is sharded over data-parallel replicas (optimizer; gradients too; weights too).
        microbatch_size, virtual_stages
            Sequences of a microbatch, and chunks of layers that each stage interleaves.
        recompute
            ``none``, ``selective`` (attention scores) or ``full`` (every layer).
        efficiency
            Share of the peaks that is achieved: one ratio, an :class:`~mlsysim.Efficiency`, or ``None`` for 1 (the bound).
        sequence_parallel
            Whether norms and dropout are split over tensor-parallel devices too, which stores less for the same traffic.

        Returns
        -------
        DistributedResult
            With arrays where an argument is one.

        Raises
        ------
        InputError
            An argument is out of range, of the wrong dimension, or unknown.
        LayoutError
            The layout does not multiply out, or does not divide the model or the batch.
        """
        expect(model, TransformerWorkload, "model", "a TransformerWorkload such as Models.Language.Llama3_8B")
        expect(fleet, Fleet, "fleet", "a Fleet such as Systems.Clusters.Research_256")
        if not isinstance(precision, str) or precision not in PRECISIONS:
            raise InputError(f"precision={precision!r}: training computes in {', '.join(PRECISIONS)}")
        if not isinstance(recompute, str) or recompute not in RECOMPUTE:
            raise InputError(f"recompute={recompute!r} is none of {', '.join(RECOMPUTE)}")
        supply = fleet.node.accelerator.supply(precision)
        x = _DOORS.read(
            batch_size=batch_size, seq_len=seq_len, tp_size=tp_size, pp_size=pp_size, ep_size=ep_size, cp_size=cp_size,
            zero_stage=zero_stage, microbatch_size=microbatch_size, virtual_stages=virtual_stages,
        )  # fmt: skip
        needed(x, *_DOORS.symbols.keys() - _GROUPS)
        layout = Layout(model, fleet, x)
        layout.check_links(supply, fleet)
        layout.check_batch(x["batch_size"], x["microbatch_size"], x["seq_len"])
        x |= efficiency_numbers(efficiency) | sizes("bf16") | layout.groups
        if not isinstance(sequence_parallel, bool):
            raise InputError(f"sequence_parallel={sequence_parallel!r} is neither True nor False")
        x |= {
            "sequence_parallel": sequence_parallel,
            "overhead": 0.0,
            "recompute": recompute,
            "model": model.geometry,
            "hardware": supply,
            "fleet": fleet.numbers,
        }
        x |= {"node": fleet.node_numbers, "fabric": fleet.fabric_numbers if layout.crosses_nodes else None}
        x |= {"what": ("Training {}", model), "model_title": model.title, "device": fleet.node.accelerator}
        return _DOORS.solve(DistributedResult, core, x)


class Layout:
    """A parallel layout: its degrees, where each group lies, and whether it can exist."""

    def __init__(self, model: TransformerWorkload, fleet: Fleet, x: dict[str, Any]) -> None:
        tp, pp, cp, ep = (x[n] for n in ("tp_size", "pp_size", "cp_size", "ep_size"))
        self.tp, self.pp, self.cp, self.ep = tp, pp, cp, ep
        self.virtual = virtual = x["virtual_stages"]
        local, devices = fleet.node.accelerators, float(fleet.devices)
        if tp > local:
            raise LayoutError(f"tp_size={tp:g} is more than the {local} devices of a node, whose links it needs")
        check_split(model, tp, pp)
        if virtual > 1 and pp == 1:
            raise LayoutError(f"virtual_stages={virtual:g} interleaves a pipeline: give pp_size of at least 2")
        if model.layers % (pp * virtual):
            raise LayoutError(f"pp_size x virtual_stages = {pp * virtual:g} does not divide the {model.layers} layers of {model.title}")
        if devices % (tp * pp * cp):
            raise LayoutError(f"tp_size x pp_size x cp_size = {tp * pp * cp:g} does not divide the {devices:g} devices of {fleet.title}")
        self.dp = dp = devices / (tp * pp * cp)
        if ep > 1:
            if model.experts is None:
                raise LayoutError(f"ep_size={ep:g}: {model.title} has no experts")
            for whole, what in ((dp, f"data-parallel degree {dp:g}"), (model.experts, f"{model.experts} experts of {model.title}")):
                if whole % ep:
                    raise LayoutError(f"ep_size={ep:g} does not divide the {what}")
        if cp > 1 and model.mla is not None:
            raise LayoutError(f"cp_size={cp:g}: context parallelism is not modelled for latent attention")
        if x["zero_stage"] and dp * cp == 1:
            raise LayoutError(f"zero_stage={x['zero_stage']:g} shards over data-parallel replicas, and there is only one")
        group = dp * cp
        inside = min(group, max(1.0, local // tp))
        while group % inside:
            inside -= 1
        sharing = group / ep
        near = max(1.0, inside // ep)
        while sharing % near:
            near -= 1
        self.crosses_nodes = inside < group or ep * tp > local or cp * tp > local or group * tp * pp > local
        self.groups = {
            "tensor": tp > 1, "pipelined": pp > 1, "contextual": cp > 1, "expert_parallel": ep > 1, "zero": int(x["zero_stage"]),
            "devices": devices, "dp_group": group, "dp_inside": inside, "dp_nodes": group / inside, "interleaved": virtual > 1,
            "expert_group": sharing, "expert_inside": near, "expert_nodes": sharing / near,
            "alone": group == 1, "gathers_inside": inside > 1, "dp_in_one_node": inside == group,
            "cp_inside": cp * tp <= local, "ep_inside": ep * tp * cp <= local, "pp_inside": group * tp * pp <= local,
        }  # fmt: skip

    def check_links(self, supply: Lowered, fleet: Fleet) -> None:
        """Refuse a layout whose groups need a link that nobody states."""
        if self.tp > 1 or self.cp > 1 or self.ep > 1 or self.groups["gathers_inside"] or self.groups["pp_inside"]:
            supply.need("link_bandwidth")
        if self.crosses_nodes:
            fleet.node_numbers.need("nics", "nic_bandwidth")

    def check_batch(self, batch: Any, micro: float, sequence: Any) -> None:
        """Refuse a batch that the replicas and microbatches do not divide, or a sequence that context parallelism does not."""
        each = self.dp * micro
        if anywhere(batch % each):
            raise LayoutError(f"batch_size={batch} is no multiple of data-parallel degree x microbatch_size = {self.dp:g} x {micro:g}")
        if self.cp > 1 and anywhere(sequence % self.cp):
            raise LayoutError(f"seq_len={sequence} is no multiple of cp_size={self.cp:g}")
        if self.virtual > 1 and anywhere(batch / each % self.pp):
            raise LayoutError(f"batch_size={batch}: an interleaved pipeline needs a multiple of pp_size={self.pp:g} microbatches")


_GROUPS = {"dp_group", "dp_inside", "dp_nodes", "expert_group", "expert_inside", "expert_nodes"}
_DOORS = Doors(
    "tp_size pp_size ep_size cp_size zero_stage microbatch_size virtual_stages dp_group dp_inside dp_nodes "
    "expert_group expert_inside expert_nodes",
    batch_size="GlobalBatch", seq_len="Sequence", tp_size="TensorParallel", pp_size="PipelineParallel", ep_size="ExpertParallel",
    cp_size="ContextParallel", zero_stage="ZeroStage", microbatch_size="MicrobatchSize", virtual_stages="VirtualStages",
    dp_group="Devices", dp_inside="LocalDevices", dp_nodes="Nodes", expert_group="Devices", expert_inside="LocalDevices",
    expert_nodes="Nodes",
)  # fmt: skip
