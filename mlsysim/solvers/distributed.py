"""DistributedModel: one optimizer step of a transformer on a fleet, under a parallel layout."""

import math
from typing import Any

from ..errors import InputError, LayoutError, nearest
from ..nouns import Lowered
from ..readings import Reading
from ..results import DistributedResult, Missing
from ..systems import TORUS, Fleet
from ..workloads import (
    TransformerWorkload,
    all_parameters,
    attention_work,
    head_parameters,
    matmul_parameters,
    pass_work,
    read_parameters,
    routed_parameters,
)
from .base import Doors, anywhere, assumed, expect, masked, needed, sizes
from .communication import COLLECTIVES, Place, all_reduce, all_to_all, links, neighbour
from .power import energy_per_token, power_of_device
from .single_node import step_on_device

RECOMPUTE = ("none", "selective", "alternate", "full")
PRECISIONS = ("bf16", "fp16", "fp8", "int8", "tf32", "fp32")
HIDEABLE = ("stage", "expert")
FULL_PRECISION = ("tf32", "fp32")
SWEEPS = {"none": 3.0, "selective": 3.0, "alternate": 3.5, "full": 4.0}
"""Passes over the layers in a step by what is recomputed, where a backward pass counts as two."""
ALL_REDUCES = {n: 2 * v - 2 for n, v in SWEEPS.items()}
"""Collectives of a tensor- or expert-parallel layer in a step: two a pass, where a backward pass counts as one."""
ATTENTION = ("standard", "flash")
SCHEDULES = ("1f1b", "interleaved", "zero-bubble", "zero-bubble-2p")


def layer_activations(eq: Reading, x: Lowered, recompute: str) -> Any:
    """Return the activations that one layer stores for one microbatch on one device, with what is recomputed."""
    size, hidden, heads = x.microbatch_size, x.model.hidden, x.model.heads
    if recompute == "alternate":
        return eq.alternate_activation_bytes(layer_activations(eq, x, "none"), layer_activations(eq, x, "full"))
    without_scores = recompute == "selective" or x.flash
    if recompute == "full":
        whole = eq.activation_bytes_full(x.seq_len, size, hidden)
    elif without_scores and x.sequence_parallel:
        whole = eq.activation_bytes_selective_sequence_parallel(x.seq_len, size, hidden, x.tp_size)
    elif without_scores:
        whole = eq.activation_bytes_selective(x.seq_len, size, hidden, x.tp_size)
    elif x.sequence_parallel:
        whole = eq.activation_bytes_sequence_parallel(x.seq_len, size, hidden, heads, x.tp_size)
    else:
        whole = eq.activation_bytes(x.seq_len, size, hidden, heads, x.tp_size)
    if x.full_precision:
        whole = eq.wider_activation_bytes(whole, x.element_size)
    return eq.context_bytes(whole, x.cp_size)


def stored_activations(eq: Reading, x: Lowered, one_layer: Any, held: Any, microbatches: Any) -> Any:
    """Return the activations that the fullest device holds at the peak of the schedule."""
    if x.schedule == "interleaved":
        layers = eq.padded_layers(held, x.pp_size) if x.uneven else x.model.layers
        scheduled = eq.activation_bytes_interleaved(one_layer, layers, x.pp_size, x.virtual_stages)
        return eq.activation_bytes_at_most(scheduled, eq.pipeline_activation_bytes(one_layer, held, microbatches))
    if x.schedule == "zero-bubble-2p":
        return eq.pipeline_activation_bytes(one_layer, held, eq.zero_bubble_in_flight(microbatches, x.pp_size))
    return eq.pipeline_activation_bytes(one_layer, held, eq.microbatches_in_flight(microbatches, x.pp_size))


def parts_of_model(eq: Reading, x: Lowered) -> list[tuple[Any, Any]]:
    """Return the parts of the model that are replicated alike: parameters of one expert-parallel rank, and their replicas.

    Routed experts are spread over the ranks, so fewer replicas share, and reduce, each of them.
    """
    total = all_parameters(eq, x.model)
    if not x.expert_parallel:
        return [(total, x.dp_group)]
    routed = routed_parameters(eq, x.model)
    return [(eq.shared_parameters(total, routed), x.dp_group), (eq.expert_share(routed, x.ep_size), x.expert_group)]


def model_state(eq: Reading, x: Lowered, stages: Any) -> tuple[Any, Any, Any, Any, Any]:
    """Return weights, gradients and optimizer state on one device, sharded over replicas as ZeRO does, and the weights before that.

    The last is the traffic of the optimizer's pass: with any stage of ZeRO a device updates its own shard only.
    """
    sums: list[Any] = []
    for parameters, replicas in parts_of_model(eq, x):
        held = eq.device_parameters(parameters, x.tp_size, stages)
        state = [eq.weight_bytes(held, x.weight_size), eq.gradient_bytes(held, x.gradient_size)]
        state.append(eq.optimizer_bytes(held, 8.0 if x.full_precision else 12.0))
        state.append(state[0])
        for part, stage in ((2, 1), (1, 2), (0, 3)):
            if x.zero >= stage:
                state[part] = eq.sharded_bytes(state[part], replicas)
        updated = state[:2]
        if x.zero:
            updated = [state[0] if x.zero == 3 else eq.sharded_bytes(state[0], replicas)]
            updated.append(state[1] if x.zero >= 2 else eq.sharded_bytes(state[1], replicas))
        state.append(eq.optimizer_traffic(*updated, state[2]))
        sums = [eq.both_bytes(a, b) for a, b in zip(sums, state, strict=True)] if sums else state
    return sums[0], sums[1], sums[2], sums[3], sums[4]


def reduction_time(eq: Reading, x: Lowered, stages: Any) -> tuple[Any, Any]:
    """Return the time to reduce the gradients once over the replicas of each part, and the algorithm for the first of them."""
    total = algorithm = None
    places = [
        Place(x.dp_group, x.dp_inside, x.dp_nodes, x.dp_span, x.gathers_inside, not x.dp_in_one_node, x.zero > 0),
        Place(x.expert_group, x.expert_inside, x.expert_nodes, x.dp_span, x.experts_gather, x.experts_cross, x.zero > 0),
    ]
    for (parameters, _), place in zip(parts_of_model(eq, x), places[: 1 if x.experts_alone else 2], strict=False):
        message = eq.data_parallel_gradient_bytes(parameters, x.gradient_size, x.tp_size, stages)
        time, name = all_reduce(eq, x, message, place)
        total = time if total is None else eq.one_after_the_other(total, time)
        algorithm = algorithm if algorithm is not None else name
    return total, algorithm


def data_parallel_time(eq: Reading, x: Lowered, microbatches: Any, step: Any, stages: Any) -> tuple[Any, Any, Any]:
    """Return the time of data-parallel traffic in a step, the compute behind which it can hide, and the algorithm.

    Gradients are reduced once, behind the last backward pass; where they are sharded, after each microbatch, behind all backward
    passes. ZeRO stage 3 gathers the weights as well, forward and backward for each microbatch, behind all compute.
    """
    if x.alone:
        return 0.0, step, "none"
    once, algorithm = reduction_time(eq, x, stages)
    if x.zero == 3:
        return eq.repeated_time(once, eq.sharded_reductions(microbatches)), step, algorithm
    if x.zero == 2:
        return eq.repeated_time(once, eq.scattered_reductions(microbatches)), eq.backward_time(step, 1.0), algorithm
    return eq.repeated_time(once, 1.0), eq.backward_time(step, microbatches), algorithm


def full_attention_work(eq: Reading, g: Lowered, batch: Any, sequence: Any) -> Any:
    """Return the arithmetic of attention as if every query met every key."""
    pairs = eq.full_pairs(sequence, 0.0)
    if g.latent:
        return eq.attention_work(pairs, batch, g.layers, g.heads, eq.query_key_dim(g.nope_dim, g.rope_dim), g.value_dim)
    return eq.attention_work(pairs, batch, g.layers, g.heads, g.head_dim, g.head_dim)


def again(eq: Reading, x: Lowered, tokens: Any, attention: Any) -> Any:
    """Return the arithmetic that is done again: of layers or scores that were not stored, and inside a fused attention kernel.

    A fused kernel never stores the scores, so selective recomputation has nothing left to do there.
    """
    done = 0.0
    if x.recompute == "full":
        done = pass_work(eq, x.model, tokens, 0.0, x.batch_size, x.seq_len)
    elif x.recompute == "alternate":
        done = eq.alternate_work(pass_work(eq, x.model, tokens, 0.0, x.batch_size, x.seq_len))
    elif x.recompute == "selective" and not x.flash:
        done = attention
    if x.flash:
        kernel = eq.fused_attention_recomputed_work(attention)
        done = eq.recomputed_work(done, kernel) if x.recompute in ("full", "alternate") else kernel
    return done


def shared_work(eq: Reading, x: Lowered, work: Any, devices: Any, stages: Any) -> Any:
    """Return the part of a step's arithmetic that one device of the fullest stage does."""
    return eq.fullest_share(work, devices, x.pp_size, stages) if x.uneven else eq.device_share(work, devices)


def attention_again(eq: Reading, x: Lowered, attention: Any) -> Any:
    """Return the arithmetic of attention that is done again."""
    kernel = eq.fused_attention_recomputed_work(attention) if x.flash else 0.0
    if x.recompute == "full" or (x.recompute == "selective" and not x.flash):
        return eq.recomputed_work(kernel, attention)
    return eq.recomputed_work(kernel, eq.alternate_work(attention)) if x.recompute == "alternate" else kernel


def measured_step(
    eq: Reading, x: Lowered, tokens: Any, devices: Any, stages: Any, held_layers: Any, microbatches: Any, read: Any, moved: Any
) -> tuple[Any, Any, Any]:
    """Return compute time, memory time and the time of the passes of a step, by the documented constants.

    Matrix products run at the share of the peak that the power limit sustains, and attention at its own, in 16 bits where the products are
    narrower. Without a fused kernel, attention computes the pairs under the mask too. Between the products, activations travel.
    """
    g, hardware, base, sweeps = x.model, x.hardware, x.base, SWEEPS[x.recompute]
    share, attending = x.gemm_share, x.attention_share
    if base.has("power"):
        share = eq.sustained_share(share, base.peak, base.power)
        attending = eq.sustained_share(attending, base.peak, base.power)
    everywhere, parts = matmul_parameters(eq, g), []
    if g.moe:
        routed = eq.routed_expert_parameters(g.layers, g.dense_layers, g.experts_active, g.hidden, g.expert_width, g.matrices)
        everywhere = eq.shared_parameters(everywhere, routed)
        parts.append((routed, eq.joint_share(share, x.expert_share)))
    parts.append((everywhere, share))
    layers: Any = None
    for parameters, reached in parts:
        work = eq.forward_work(parameters, tokens, 0.0, tokens)
        again = {"full": work, "alternate": eq.alternate_work(work)}.get(x.recompute, 0.0)
        time = eq.compute_time(shared_work(eq, x, eq.training_work(work, again), devices, stages), hardware.peak, reached)
        layers = time if layers is None else eq.products_time(layers, time)
    head = eq.forward_work(0.0, tokens, head_parameters(eq, g), tokens)
    attention = attention_work(eq, g, x.batch_size, x.seq_len) if x.flash else full_attention_work(eq, g, x.batch_size, x.seq_len)
    for work, reached in (
        (eq.training_work(head, 0.0), share),
        (eq.training_work(attention, attention_again(eq, x, attention)), attending if x.flash else share),
    ):
        layers = eq.products_time(layers, eq.compute_time(shared_work(eq, x, work, devices, stages), base.peak, reached))
    if g.moe:
        sent = eq.token_count(x.microbatch_size, eq.context_share(x.seq_len, x.cp_size))
        experts = eq.expert_activation_bytes(sent, g.experts_active, g.hidden, g.expert_width, g.matrices, x.element_size, x.tp_size)
        moved = eq.joint_activation_bytes(moved, eq.routed_layers_mean(experts, g.layers, g.dense_layers))
    working = eq.working_traffic(moved, held_layers, microbatches, x.activation_passes, sweeps)
    if g.causal:
        working = eq.joint_traffic(working, eq.logit_traffic(tokens, g.vocab, x.logit_bytes, devices))
    memory = eq.memory_time(working, hardware.bandwidth, x.efficiency_memory)
    weights = eq.memory_time(eq.training_traffic(read, 0.0, microbatches), hardware.bandwidth, x.efficiency_memory)
    return layers, memory, eq.step_time(layers, weights, 0.0, memory)


def bubble(eq: Reading, x: Lowered, microbatches: Any) -> Any:
    """Return the idle time of the pipeline over its busy time, under the schedule."""
    if x.schedule == "zero-bubble-2p":
        return 0.0
    if x.schedule == "zero-bubble":
        return eq.zero_bubble_overhead(x.pp_size, microbatches)
    return eq.interleaved_bubble_overhead(x.pp_size, microbatches, x.virtual_stages)


def core(eq: Reading, x: Lowered) -> dict[str, Any]:
    """Solve one optimizer step, in whatever reading."""
    g, hardware = x.model, x.hardware
    devices = eq.fleet_devices(x.fleet.nodes, x.node.local_devices)
    dp = eq.data_parallel_degree(devices, x.tp_size, x.pp_size, x.cp_size)
    microbatches = eq.microbatch_count(x.batch_size, dp, x.microbatch_size)
    held_layers, stages = eq.layers_held(g.layers, x.pp_size), x.pp_size
    if x.uneven:
        held_layers = eq.fullest_stage_layers(g.layers, x.pp_size, x.virtual_stages)
        stages = eq.full_stages(g.layers, held_layers)

    # Memory of one device: the first of the fullest stages, which holds most.
    weights, gradients, optimizer, unsharded, updated = model_state(eq, x, stages)
    state = eq.model_state_bytes(weights, gradients, optimizer)
    one_layer = layer_activations(eq, x, x.recompute)
    activations = stored_activations(eq, x, one_layer, held_layers, microbatches)
    footprint = eq.training_footprint(state, activations)
    buffers = eq.gathered_layer_bytes(unsharded, held_layers) if x.zero == 3 else 0.0
    if x.buckets:
        buffers = eq.buffer_bytes(buffers, x.bucket_size)
    by_layers = x.recompute in ("alternate", "full")
    if by_layers:
        buffers = eq.buffers_with_layer(buffers, layer_activations(eq, x, "none"))
    if x.buckets or x.zero == 3 or by_layers:
        footprint = eq.footprint_with_buffers(footprint, buffers)
    feasible = footprint <= hardware.capacity

    # Arithmetic and memory traffic of one device of the fullest stage.
    tokens = eq.token_count(x.batch_size, x.seq_len)
    matrices = eq.forward_work(matmul_parameters(eq, g), tokens, head_parameters(eq, g), tokens)
    attention = attention_work(eq, g, x.batch_size, x.seq_len)
    forward = eq.total_forward_work(matrices, attention)
    full_forward = eq.total_forward_work(matrices, full_attention_work(eq, g, x.batch_size, x.seq_len)) if g.causal else forward
    executed = eq.training_work(forward, again(eq, x, tokens, attention))
    share = shared_work(eq, x, executed, devices, stages)
    parameters = read_parameters(eq, g, tokens)
    if x.expert_parallel:
        routed = routed_parameters(eq, g)
        parameters = eq.pass_parameters(parameters, eq.shared_parameters(all_parameters(eq, g), routed), eq.expert_share(routed, x.ep_size))
    read = eq.device_bytes(eq.weight_bytes(parameters, x.weight_size), x.tp_size, stages)
    moved = one_layer if x.recompute == "none" else layer_activations(eq, x, "none")
    traffic = eq.training_traffic(read, eq.pipeline_activation_bytes(moved, held_layers, 1.0), microbatches)
    if x.recompute == "full":
        traffic = eq.recomputed_traffic(traffic, read, eq.pipeline_activation_bytes(one_layer, held_layers, 1.0), microbatches)
    if x.fitted:
        compute, memory, step = measured_step(eq, x, tokens, devices, stages, held_layers, microbatches, read, moved)
    else:
        compute, memory, step = step_on_device(eq, x, share, traffic, hardware.peak, hardware.bandwidth)

    update = eq.memory_time(updated, hardware.bandwidth, x.efficiency_memory)

    # Communication.
    message = eq.activation_message(x.microbatch_size, x.seq_len, g.hidden, x.element_size, x.cp_size)
    tensor = expert = context = stage = 0.0
    tensor_algorithm: Any = "none"
    if x.tensor:
        repeats = eq.collective_count(ALL_REDUCES[x.recompute], held_layers, microbatches)
        place = Place(x.tp_size, x.tp_inside, x.tp_nodes, x.tp_span, x.tp_gathers, x.tp_crosses, x.sequence_parallel)
        once, tensor_algorithm = all_reduce(eq, x, message, place)
        tensor = eq.repeated_time(once, repeats)
    if x.expert_parallel:
        copies = g.experts_active
        if x.hides_expert:
            copies = eq.experts_touched(x.ep_size if x.ep_inside else float(x.ep_span), 1.0, copies)
        sent = eq.expert_parallel_message(
            eq.token_count(x.microbatch_size, eq.context_share(x.seq_len, x.cp_size)), g.hidden, copies, x.element_size
        )
        if x.hides_expert:
            sent = eq.scattered_message(sent, x.tp_size)
        moe_layers = eq.layers_held(eq.expert_layers(g.layers, g.dense_layers), stages)
        expert = eq.repeated_time(
            all_to_all(eq, x, sent, x.ep_size, x.ep_span, x.ep_inside),
            eq.collective_count(ALL_REDUCES[x.recompute], moe_layers, microbatches),
        )
        if x.hides_expert:
            expert = eq.exposed_communication_time(expert, step)
    if x.contextual:
        bandwidth, latency = neighbour(eq, x, x.cp_size, x.cp_span, x.cp_inside)
        keys = eq.context_parallel_message(x.microbatch_size, x.seq_len, g.kv_heads, g.head_dim, x.element_size, x.tp_size)
        context = eq.repeated_time(
            eq.ring_allgather_time(keys, x.cp_size, bandwidth, latency), eq.collective_count(SWEEPS[x.recompute], held_layers, microbatches)
        )
    if x.pipelined:
        bandwidth, latency = neighbour(eq, x, 2.0, x.fleet_span, x.pp_inside)
        stage = eq.repeated_time(
            eq.point_to_point_time(eq.scattered_message(message, x.tp_size), bandwidth, latency),
            eq.collective_count(2.0, x.virtual_stages, microbatches),
        )
        if x.hides_stage:
            stage = eq.exposed_communication_time(stage, step)
    free = eq.free_compute_time(step, context) if x.contextual else step
    data, hiding, data_algorithm = data_parallel_time(eq, x, microbatches, free, stages)
    hidden_context = eq.exposed_communication_time(context, step)
    busy = eq.busy_time(step, tensor, expert, hidden_context, stage)
    overhead = bubble(eq, x, microbatches)
    exposed_data = eq.exposed_communication_time(data, hiding)
    total = eq.training_step_time(eq.pipelined_time(busy, overhead), exposed_data, update)
    rate = eq.throughput(tokens, total)
    ideal = eq.training_step_time(eq.balanced_time(step, x.pp_size, stages) if x.uneven else step, 0.0, update)
    power = power_of_device(eq, x, total, update, None, step)
    values = {
        "step_time": total,
        "throughput": rate,
        "mfu": eq.model_flops_utilization(eq.training_work(forward, 0.0), total, hardware.peak, devices),
        "mfu_full_attention": eq.model_flops_utilization(eq.training_work(full_forward, 0.0), total, hardware.peak, devices),
        "hfu": eq.hardware_flops_utilization(executed, total, hardware.peak, devices),
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
        "stage_layers": held_layers,
        "memory_footprint": footprint,
        "memory_weights": weights,
        "memory_gradients": gradients,
        "memory_optimizer": optimizer,
        "memory_activations": activations,
        "memory_buffers": buffers,
        "checkpoint_size": eq.checkpoint_bytes(all_parameters(eq, g), *((4.0, 8.0) if x.full_precision else ())),
        "run_time": eq.training_run_time(g.training_tokens, rate)
        if g.has("training_tokens")
        else Missing(f"{x.model_title} states no number of training tokens"),
        **power,
        "energy_per_token": energy_per_token(eq, power["device_power"], devices, rate),
        "bottleneck": eq.label(eq.either(tensor > step, data > total), "link", eq.label(compute >= memory, "compute", "memory")),
        "tp_algorithm": tensor_algorithm,
        "dp_algorithm": data_algorithm,
        "feasible": feasible,
        "label": x.label,
    }
    if feasible is False:
        values["reason"] = (eq.value(footprint), eq.value(hardware.capacity))
    return masked(eq, feasible, values, DistributedResult)


class DistributedModel:
    """How fast a fleet trains a transformer under a parallel layout, and where the time goes.

    Tensor-parallel groups fill nodes first, and leave them only where that is asked for; then come context, data and pipeline
    parallelism. An all-reduce takes the fastest algorithm that its place offers: rings; trees; a hierarchy of a node's links and
    the network; and adders in the node's switches, where it has them. Sharded buffers are scattered and gathered, by rings. The
    network's topology decides what traffic between nodes is thinned by; on a fat tree, all of it is by the worst ratio.

    Gradients are reduced once an optimizer step, and hide behind the last backward pass as far as it lasts; keys and values that
    context parallelism passes around hide behind compute too, of which no part hides both. Recomputation spares memory, but no
    traffic to it: what is computed again is written and read as at first. Tensor, expert and
    stage-to-stage traffic stands on the critical path, unless you say that software hides it. Of layers that the stages do not divide,
    some stages hold one more; the fullest sets pace and memory, as if embedding and output head were spread over the layers. Experts
    all get equal work. Schedules without a bubble take forward pass and both halves of the backward pass as equally long, and the
    optimizer as not waiting for all stages.

    With documented constants, products run at the share of the peak that a device's power limit sustains, attention at a share of its
    own, and what travels between products takes its own time.

    Activations are those of the classic layer with a plain four-times-wider MLP and dropout. Its attention scores are stored unless
    they are recomputed, or the attention is fused, whose kernel computes them again. Buffers are the activations of a layer that is
    computed again, the weights of one under ZeRO stage 3, and those that you state. So the time is that of this schedule; one that
    overlaps more can beat it.
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
        schedule: str | None = None,
        attention: str = "flash",
        collective: str = "auto",
        tp_across_nodes: bool = False,
        bucket_size: Any = None,
        stack: str | None = None,
        overlap: tuple[str, ...] = (),
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
            Of the matrix products: ``bf16``, ``fp16``, ``fp8`` or ``int8``, with weights, gradients and activations stored in 16 bits;
            ``tf32`` or ``fp32``, with all of them in 32.
        tp_size, pp_size, cp_size
            Tensor-, pipeline- and context-parallel degrees; data parallelism is what is left of the fleet.
        ep_size
            Expert-parallel degree; it divides the data-parallel degree and is no further factor.
        zero_stage
            0 to 3: what is sharded over data-parallel replicas (optimizer; gradients too; weights too).
        microbatch_size, virtual_stages
            Sequences of a microbatch, and chunks of layers that each stage interleaves.
        recompute
            ``none``, ``selective`` (attention scores), ``alternate`` (every other layer, or every other product of all) or ``full``
            (every layer).
        efficiency
            Share of the peaks that is achieved: one ratio, an :class:`~mlsysim.Efficiency`, a :class:`~mlsysim.Profile` of documented
            or calibrated constants, 1 for the bound, or ``None`` for the documented constants, where there are any.
        sequence_parallel
            Whether norms and dropout are split over tensor-parallel devices too, which stores less for the same traffic.
        schedule
            Of the pipeline: ``1f1b``, ``interleaved``, ``zero-bubble`` (in the memory of ``1f1b``) or ``zero-bubble-2p`` (no bubble,
            about twice the activations); by default interleaved where ``virtual_stages`` are given, else ``1f1b``.
        attention
            ``flash``, a fused kernel that stores no scores and computes them again in the backward pass; or ``standard``, which stores
            them, as training before 2022 did.
        collective
            Algorithm of all-reduces: ``ring``, ``tree``, ``hierarchical`` or ``in-network`` where a place offers it, else rings;
            ``auto`` takes the fastest that it offers.
        tp_across_nodes
            Whether tensor-parallel groups may be larger than a node, and so reduce over the network.
        bucket_size
            Memory that a device keeps for communication buckets, such as ``"400 MB"``; none by default.
        stack
            Software whose documented constants are taken, such as ``"flash-attention-3"``.
        overlap
            What traffic of the critical path hides behind compute: ``stage`` (what one stage sends to the next,
            while it computes the next microbatch), ``expert`` (the same with what travels to experts, of which each
            tensor-parallel rank sends its part, and one copy to each node or, inside a node, device), or both.

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
        one_of(RECOMPUTE, recompute=recompute)
        one_of(ATTENTION, attention=attention)
        one_of(COLLECTIVES, collective=collective)
        if not isinstance(overlap, tuple):
            raise InputError(f"overlap={overlap!r}: give a tuple of names, such as ('stage',)")
        for hidden in overlap:
            one_of(HIDEABLE, overlap=hidden)
        for name, value in (("sequence_parallel", sequence_parallel), ("tp_across_nodes", tp_across_nodes)):
            if not isinstance(value, bool):
                raise InputError(f"{name}={value!r} is neither True nor False")
        if collective == "in-network" and not fleet.node.link.switch_reduction:
            raise InputError(f"collective='in-network': no switches of {fleet.node.title} are known to add; state link.switch_reduction")
        supply = fleet.node.accelerator.supply(precision)
        x = _DOORS.read(
            batch_size=batch_size, seq_len=seq_len, tp_size=tp_size, pp_size=pp_size, ep_size=ep_size, cp_size=cp_size,
            zero_stage=zero_stage, microbatch_size=microbatch_size, virtual_stages=virtual_stages, bucket_size=bucket_size,
        )  # fmt: skip
        needed(x, *_NEEDED)
        layout = Layout(model, fleet, x, tp_across_nodes)
        layout.check_links(supply, fleet)
        layout.check_batch(x["batch_size"], x["microbatch_size"], x["seq_len"])
        numbers, origins = assumed(efficiency, "training", fleet.node.accelerator, stack)
        full_precision = precision in FULL_PRECISION
        x |= numbers | sizes("fp32" if full_precision else "bf16") | layout.groups
        x |= {
            "sequence_parallel": sequence_parallel,
            "schedule": layout.schedule(schedule, x["batch_size"], x["microbatch_size"]),
            "flash": attention == "flash",
            "collective": collective,
            "buckets": bucket_size is not None,
            "overhead": 0.0,
            "recompute": recompute,
            "model": model.geometry,
            "hardware": supply,
            "base": sixteen_bits(fleet, precision, supply),
            "fleet": fleet.numbers,
            "fitted": x["profile"] is not None,
            "full_precision": full_precision,
            **{f"hides_{n}": n in overlap for n in HIDEABLE},
        }
        x |= {"node": fleet.node_numbers, "fabric": fleet.fabric_numbers if layout.crosses_nodes else None}
        x["links"] = links(x["profile"], fleet.fabric)
        x |= {"what": ("Training {}", model), "model_title": model.title, "device": fleet.node.accelerator}
        return _DOORS.solve(DistributedResult, core, x, **origins)


def sixteen_bits(fleet: Fleet, precision: str, supply: Lowered) -> Lowered:
    """Return the accelerator's numbers at the precision in which attention and the output head are computed."""
    if precision not in ("fp8", "int8"):
        return supply
    accelerator = fleet.node.accelerator
    return next((accelerator.supply(p) for p in ("bf16", "fp16") if p in accelerator.compute.peak.precisions), supply)


def one_of(known: tuple[str, ...], **given: Any) -> None:
    """Refuse a word that is none of those known."""
    for name, value in given.items():
        if not isinstance(value, str) or value not in known:
            hint = f"; {nearest(value, known)}" if isinstance(value, str) else ""
            raise InputError(f"{name}={str(value)[:40]!r} is none of {', '.join(known)}{hint}")


class Layout:
    """A parallel layout: its degrees, where each group lies, and whether it can exist."""

    def __init__(self, model: TransformerWorkload, fleet: Fleet, x: dict[str, Any], across: bool) -> None:
        tp, pp, cp, ep = (x[n] for n in ("tp_size", "pp_size", "cp_size", "ep_size"))
        self.tp, self.pp, self.cp, self.ep = tp, pp, cp, ep
        self.virtual = virtual = x["virtual_stages"]
        local, devices = fleet.node.accelerators, float(fleet.devices)
        if tp > local and not across:
            say = "give tp_across_nodes=True to reduce over the network"
            raise LayoutError(f"tp_size={tp:g} is more than the {local} devices of a node, whose links it needs; {say}")
        if tp > local and tp % local:
            raise LayoutError(f"tp_size={tp:g} fills no whole number of nodes of {local} devices")
        if model.heads % tp:
            raise LayoutError(f"tp_size={tp:g} does not divide the {model.heads} heads of {model.title}")
        if pp > model.layers:
            raise LayoutError(f"pp_size={pp:g} is more stages than the {model.layers} layers of {model.title}")
        if virtual > 1 and pp == 1:
            raise LayoutError(f"virtual_stages={virtual:g} interleaves a pipeline: give pp_size of at least 2")
        if pp * virtual > model.layers:
            raise LayoutError(f"pp_size x virtual_stages = {pp * virtual:g} is more chunks than the {model.layers} layers of {model.title}")
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
        self.tp_inside = min(tp, float(local))
        self.groups = {
            "tensor": tp > 1, "pipelined": pp > 1, "contextual": cp > 1, "expert_parallel": ep > 1, "zero": int(x["zero_stage"]),
            "uneven": model.layers % (pp * virtual) > 0,
            "tp_inside": self.tp_inside, "tp_nodes": tp / self.tp_inside, "tp_gathers": self.tp_inside > 1, "tp_crosses": tp > local,
            "experts_alone": sharing == 1, "experts_gather": near > 1, "experts_cross": near < sharing, "fleet_span": float(fleet.nodes),
            "tp_span": math.ceil(tp / local), "cp_span": math.ceil(cp * tp / local), "ep_span": math.ceil(ep * cp * tp / local),
            "dp_span": math.ceil(group * tp / local),
            "devices": devices, "dp_group": group, "dp_inside": inside, "dp_nodes": group / inside, "interleaved": virtual > 1,
            "expert_group": sharing, "expert_inside": near, "expert_nodes": sharing / near,
            "alone": group == 1, "gathers_inside": inside > 1, "dp_in_one_node": inside == group,
            "cp_inside": cp * tp <= local, "ep_inside": ep * tp * cp <= local, "pp_inside": group * tp * pp <= local,
        }  # fmt: skip

    def schedule(self, asked: Any, batch: Any, micro: float) -> str:
        """Return the pipeline's schedule, or refuse one that does not go with the layout."""
        if asked is None:
            return "interleaved" if self.virtual > 1 else "1f1b"
        one_of(SCHEDULES, schedule=asked)
        if (asked == "interleaved") != (self.virtual > 1):
            raise LayoutError(f"schedule={asked!r} does not go with virtual_stages={self.virtual:g}: interleaving is what needs several")
        if asked.startswith("zero-bubble"):
            least = 2 * self.pp - 1 if asked == "zero-bubble-2p" else self.pp
            if anywhere(batch / (self.dp * micro) < least):
                raise LayoutError(
                    f"schedule={asked!r}: pp_size={self.pp:g} stages need {least:g} microbatches; batch_size={batch} has fewer"
                )
        return str(asked)

    def check_links(self, supply: Lowered, fleet: Fleet) -> None:
        """Refuse a layout whose groups need a link that nobody states."""
        if self.tp > 1 or self.cp > 1 or self.ep > 1 or self.groups["gathers_inside"] or self.groups["pp_inside"]:
            supply.need("link_bandwidth")
        if self.crosses_nodes and (fleet.fabric is None or fleet.fabric.topology not in TORUS):
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


_NEEDED = (
    "batch_size", "seq_len", "tp_size", "pp_size", "ep_size", "cp_size", "zero_stage", "microbatch_size", "virtual_stages",
)  # fmt: skip
_DOORS = Doors(
    "tp_size pp_size ep_size cp_size zero_stage microbatch_size virtual_stages dp_group dp_inside dp_nodes "
    "expert_group expert_inside expert_nodes tp_inside tp_nodes",
    batch_size="GlobalBatch", seq_len="Sequence", tp_size="TensorParallel", pp_size="PipelineParallel", ep_size="ExpertParallel",
    cp_size="ContextParallel", zero_stage="ZeroStage", microbatch_size="MicrobatchSize", virtual_stages="VirtualStages",
    dp_group="Devices", dp_inside="LocalDevices", dp_nodes="Nodes", expert_group="Devices", expert_inside="LocalDevices",
    expert_nodes="Nodes", tp_inside="LocalDevices", tp_nodes="Nodes", bucket_size="BucketBytes",
)  # fmt: skip
