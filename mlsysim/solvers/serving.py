"""ServingModel: prefill and decode of a language model on one replica of devices, and on as many replicas as a fleet holds."""

import math
from typing import Any

from ..errors import InputError, LayoutError
from ..hardware import ELEMENT_SIZE, HardwareNode, check_precision
from ..nouns import Lowered
from ..readings import Reading
from ..results import Missing, ServingResult
from ..systems import Fleet, Node
from ..workloads import (
    TransformerWorkload,
    all_parameters,
    attention_work,
    cache_bytes,
    decode_attention_work,
    decode_work,
    pass_work,
    read_parameters,
    routed_parameters,
)
from .base import Doors, anywhere, assumed, expect, expect_hardware, masked, needed, sizes
from .communication import all_reduce_on_node, all_to_all, links, neighbour
from .power import energy_per_token, power_of_device, streaming_time
from .single_node import expansion, language_overhead, step_on_device, vector_units


def device_cache(eq: Reading, x: Lowered, g: Lowered, context: Any, batch: Any, met: bool = False) -> Any:
    """Return the cache that one device of a tensor group holds if it had all layers; a latent one is held by each of them.

    ``met`` asks for the part that a new token of each sequence reads.
    """
    held = None if g.latent or not x.tensor else eq.heads_held(g.kv_heads, x.tp_size)
    return cache_bytes(eq, g, context, batch, x.kv_size, held, met)


def weights_read(eq: Reading, x: Lowered, g: Lowered, tokens: Any) -> Any:
    """Return the weights that a pass over a replica's tokens reads, counted for a whole model; shared experts are read by their owners."""
    if not (x.expert_parallel and g.moe):
        return eq.weight_bytes(read_parameters(eq, g, tokens), x.weight_size)
    together = eq.group_tokens(tokens, x.ep_size)
    routed = routed_parameters(eq, g, together)
    return eq.weight_bytes(eq.expert_rank_parameters(read_parameters(eq, g, together), routed, x.ep_size), x.weight_size)


def messages(eq: Reading, x: Lowered, g: Lowered, tokens: Any, step: Any) -> Any:
    """Return the time of the messages of one pass over a replica's tokens: inside layers, to experts and back, between stages.

    Tokens travel to experts as precise as the arithmetic, and what these add up has 16 bits; tensor-parallel groups are taken to add as
    precisely as the arithmetic, since their share of links was fitted so. Of traffic to experts that is hidden, what is longer than the
    ``step`` of the other half of the batch waits.
    """
    tensor = expert = stages = 0.0
    message = None if x.alone else eq.activation_message(tokens, 1.0, g.hidden, x.element_size, 1.0)
    if x.tensor:
        tensor = eq.repeated_time(all_reduce_on_node(eq, x, message), eq.collective_count(2.0, g.layers, 1.0))
    if x.expert_parallel:
        there, back = (
            all_to_all(eq, x, eq.expert_parallel_message(tokens, g.hidden, g.experts_active, size), x.ep_size, x.ep_span, x.ep_inside)
            for size in (x.element_size, x.summed_size)
        )
        expert = eq.repeated_time(eq.one_after_the_other(there, back), eq.expert_layers(g.layers, g.dense_layers))
        if x.hides_expert:
            expert = eq.exposed_communication_time(expert, step)
    if x.pipelined:
        bandwidth, latency = neighbour(eq, x, 2.0, x.pp_span, x.pp_inside)
        hop = eq.point_to_point_time(eq.scattered_message(message, x.tp_size), bandwidth, latency)
        stages = eq.repeated_time(hop, eq.stage_hops(x.pp_size))
    return tensor if not (x.expert_parallel or x.pipelined) else eq.both_messages(tensor, expert, stages)


def pass_on_replica(
    eq: Reading, x: Lowered, g: Lowered, work: Any, cache: Any, tokens: Any, sequences: Any, decode: bool = True, attention: Any = None
) -> tuple[Any, Any, Any, Any]:
    """Return compute, memory, step and communication time of one pass through all stages of a replica.

    ``work`` is the whole model's for one stage's tokens; ``cache`` is what one device of a tensor group touches if it had all layers.
    ``attention`` is the part of the work that is done as precisely as the cache is kept, where that is more precise than the rest.
    """
    hardware = x.hardware
    share = eq.device_work(work, x.tp_size, x.pp_size)
    weights = eq.device_bytes(weights_read(eq, x, g, tokens), x.tp_size, x.pp_size)
    traffic = eq.decode_traffic(weights, eq.device_bytes(cache, 1.0, x.pp_size) if x.pipelined else cache)
    overhead = language_overhead(eq, x, g, tokens, sequences, decode) if x.has("layer_time") else None
    expanding = expansion(eq, x, weights, tokens)
    apart = None
    if attention is not None:
        attention = eq.device_work(attention, x.tp_size, x.pp_size)
        share, apart = eq.other_work(share, attention), (attention, x.wide.peak)
    compute, memory, stage = step_on_device(eq, x, share, traffic, hardware.peak, hardware.bandwidth, overhead, expanding, apart)
    step = eq.through_stages(stage, x.pp_size) if x.pipelined else stage
    return compute, memory, step, 0.0 if x.alone else messages(eq, x, g, tokens, step)


def in_halves(eq: Reading, one: tuple[Any, Any, Any, Any]) -> tuple[Any, Any, Any, Any]:
    """Return the times of a pass whose batch is computed in two halves, from those of one: each reads the weights for itself."""
    compute, memory, step, waits = one
    return eq.both_halves(compute), eq.both_halves(memory), eq.both_halves(step), eq.both_halves(waits)


def prefill_pass(eq: Reading, x: Lowered, g: Lowered, batch: Any) -> tuple[Any, Any, Any, Any]:
    """Return compute, memory, step and communication time of the prompts of a batch, without what is cached already."""
    batch = eq.half_batch(batch) if x.hides_expert else batch
    new, past = (eq.computed_tokens(x.input_len, x.prefix_len), x.prefix_len) if x.prefixed else (x.input_len, 0.0)
    tokens = eq.token_count(batch, new)
    work = pass_work(eq, g, tokens, batch, batch, new, past)
    attention = attention_work(eq, g, batch, new, past) if x.attends_wider else None
    cache = device_cache(eq, x, g, x.input_len, batch)
    found = pass_on_replica(eq, x, g, work, cache, tokens, batch, decode=False, attention=attention)
    return in_halves(eq, found) if x.hides_expert else found


def decode_pass(eq: Reading, x: Lowered, g: Lowered, batch: Any, context: Any) -> tuple[Any, Any, Any, Any]:
    """Return compute, memory, step and communication time of one token for each sequence of a batch."""
    batch = eq.half_batch(batch) if x.hides_expert else batch
    attention = decode_attention_work(eq, g, batch, context) if x.attends_wider else None
    cache = device_cache(eq, x, g, context, batch, met=True)
    found = pass_on_replica(eq, x, g, decode_work(eq, g, batch, context), cache, batch, batch, attention=attention)
    return in_halves(eq, found) if x.hides_expert else found


def speculation(eq: Reading, x: Lowered, batch: Any, context: Any) -> tuple[Any, Any, Any, Any]:
    """Return compute and memory time of a verification, and step and communication time for each token that is gained."""
    g = x.model
    _, _, draft, draft_waits = decode_pass(eq, x, x.draft, batch, context)
    tokens = eq.verified_tokens(batch, x.draft_tokens)
    work = decode_work(eq, g, tokens, context)
    compute, memory, verify, waits = pass_on_replica(eq, x, g, work, device_cache(eq, x, g, context, batch, met=True), tokens, batch)
    gained = eq.speculative_tokens(x.acceptance_rate, x.draft_tokens)
    step = eq.speculative_token_time(draft, verify, x.draft_tokens, gained)
    return compute, memory, step, eq.speculative_token_time(draft_waits, waits, x.draft_tokens, gained) if x.tensor else 0.0


def held_on_device(eq: Reading, x: Lowered, final: Any, batch: Any) -> Any:
    """Return the cache of a batch on one device, at a context, with that of a draft model; a shared prefix is counted apart."""

    def of(g: Lowered) -> Any:
        whole = device_cache(eq, x, g, final, batch)
        return eq.unshared_cache(whole, device_cache(eq, x, g, x.prefix_len, batch)) if x.prefixed else whole

    cache = of(x.model) if not x.speculative else eq.both_caches(of(x.model), of(x.draft))
    return eq.device_bytes(cache, 1.0, x.pp_size) if x.pipelined else cache


def memory_of_replica(eq: Reading, x: Lowered, final: Any) -> tuple[Any, Any, Any, Any]:
    """Return all weights, and one device's weights (with a shared prefix), footprint, and cache of one sequence."""
    g = x.model
    parameters = all_parameters(eq, g)
    whole = eq.weight_bytes(parameters, x.weight_size)
    held = whole
    if x.expert_parallel:
        held = eq.weight_bytes(eq.expert_rank_parameters(parameters, routed_parameters(eq, g), x.ep_size), x.weight_size)
    if x.speculative:
        held = eq.both_weights(held, eq.weight_bytes(all_parameters(eq, x.draft), x.weight_size))
    weights = eq.device_bytes(held, x.tp_size, x.pp_size)
    if x.prefixed:
        prefix = device_cache(eq, x, g, x.prefix_len, 1.0)
        prefix = prefix if not x.speculative else eq.both_caches(prefix, device_cache(eq, x, x.draft, x.prefix_len, 1.0))
        weights = eq.prefix_footprint(weights, eq.device_bytes(prefix, 1.0, x.pp_size))
    footprint = eq.serving_footprint(weights, held_on_device(eq, x, final, x.batch_size))
    return whole, weights, footprint, held_on_device(eq, x, final, 1.0)


def all_devices(eq: Reading, x: Lowered, replica: Any) -> Any:
    """Return the devices of the fleet, of the node, or of one replica where only a device is given."""
    if x.fleet is not None:
        return eq.fleet_devices(x.fleet.nodes, x.node.local_devices)
    return replica if x.node is None else x.node.local_devices


def power_of_replica(eq: Reading, x: Lowered, latency: Any, batch: Any, waits: tuple[Any, Any]) -> dict[str, Any]:
    """Return activities and power of one device over a request; ``waits`` are the messages in prefill and in a step of decode."""
    if not x.has("waiting_power"):
        return power_of_device(eq, x, latency, 0.0, 0.0)
    if x.speculative:
        names = ("activity_memory", "activity_compute", "device_power")
        return dict.fromkeys(names, Missing("what devices do is not told apart while two models take turns: leave draft= out"))
    g = x.model
    new = eq.computed_tokens(x.input_len, x.prefix_len) if x.prefixed else x.input_len

    def streams(sequences: Any, each: Any) -> Any:
        sequences = eq.half_batch(sequences) if x.hides_expert else sequences
        one = streaming_time(eq, x, eq.device_bytes(weights_read(eq, x, g, eq.token_count(sequences, each)), x.tp_size, x.pp_size))
        return eq.both_halves(one) if x.hides_expert else one

    streaming = eq.request_latency(streams(x.batch_size, new), streams(batch, 1.0), x.output_len)
    layers = eq.layers_held(g.layers, x.pp_size)
    prefill_waits, decode_waits = waits
    prefill_waits = eq.waiting_time(prefill_waits, layers, x.layer_time)
    waiting = eq.request_latency(prefill_waits, eq.waiting_time(decode_waits, layers, x.decode_layer_time), x.output_len)
    if x.pipelined:
        streaming, waiting = eq.through_stages(streaming, x.pp_size), eq.through_stages(waiting, x.pp_size)
    return power_of_device(eq, x, latency, streaming, waiting)


def core(eq: Reading, x: Lowered) -> dict[str, Any]:
    """Solve serving, in whatever reading."""
    g, hardware = x.model, x.hardware
    final = eq.final_context(x.input_len, x.output_len)
    if x.paged:
        final = eq.paged_context(final, x.page_size)
    whole, weights, footprint, sequence_cache = memory_of_replica(eq, x, final)
    feasible = footprint <= hardware.capacity

    prefill_compute, prefill_memory, prefill, prefill_waits = prefill_pass(eq, x, g, x.batch_size)
    if x.speculative:
        prefill = eq.both_prefills(prefill, prefill_pass(eq, x, x.draft, x.batch_size)[2])
    ttft = eq.time_to_first_token(0.0, prefill, prefill_waits)

    stage = x.batch_size if not x.pipelined else eq.stage_batch(x.batch_size, x.pp_size)
    context = eq.mean_decode_context(x.input_len, x.output_len)
    decode = speculation(eq, x, stage, context) if x.speculative else decode_pass(eq, x, g, stage, context)
    compute, memory, step, waits = decode
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
        **(power := power_of_replica(eq, x, latency, stage, (prefill_waits, waits))),
        "energy_per_token": energy_per_token(eq, power["device_power"], all_devices(eq, x, replica), generated),
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


def check_replicas(tp: float, pp: float, widest: int, devices: int) -> None:
    """Refuse replicas that a node or a fleet cannot hold."""
    replica = tp * pp
    if widest and tp > widest:
        raise LayoutError(f"tp_size={tp:g} is more than the {widest} devices of a node, whose links it needs")
    if devices and replica > devices:
        raise LayoutError(f"tp_size x pp_size = {replica:g} is more than the {devices} devices there are")
    if devices and devices % replica:
        raise LayoutError(f"tp_size x pp_size = {replica:g} does not divide the {devices} devices there are")


def check_experts(model: TransformerWorkload, ep: float, replicas: float) -> None:
    """Refuse an expert-parallel degree that the experts or the replicas do not allow."""
    if model.experts is None:
        raise LayoutError(f"ep_size={ep:g}: {model.title} has no experts")
    if model.experts % ep:
        raise LayoutError(f"ep_size={ep:g} does not divide the {model.experts} experts of {model.title}")
    if replicas % ep:
        raise LayoutError(f"ep_size={ep:g} does not divide the {replicas:g} replicas there are")


def check_draft(draft: Any, x: dict[str, Any], model: TransformerWorkload) -> None:
    """Refuse a draft model that cannot run beside the model, and speculation without one."""
    if draft is None:
        for name in ("draft_tokens", "acceptance_rate"):
            if name in x:
                raise InputError(f"{name}={x[name]} is of speculative decoding: give draft=, a smaller TransformerWorkload")
        return
    expect(draft, TransformerWorkload, "draft", "a small TransformerWorkload such as Models.Language.Llama3_8B")
    if not draft.causal:
        raise InputError(f"draft: {draft.title} is an encoder and generates no tokens")
    for name, hint in (("draft_tokens", "4"), ("acceptance_rate", "0.7")):
        if name not in x:
            raise InputError(f"{name} is needed with draft={draft.title}: give {name}={hint}")
    if draft.vocab != model.vocab:
        raise InputError(f"draft: {draft.title} has {draft.vocab} tokens and {model.title} {model.vocab}: a draft shares the vocabulary")
    if x["pp_size"] > 1:
        raise LayoutError(f"pp_size={x['pp_size']:g}: speculative decoding is modelled for one stage; give pp_size=1, or no draft")
    if x["ep_size"] > 1:
        raise LayoutError(f"ep_size={x['ep_size']:g}: speculation is modelled without expert parallelism; give ep_size=1, or no draft")
    if draft.heads % x["tp_size"]:
        raise LayoutError(f"tp_size={x['tp_size']:g} does not divide the {draft.heads} heads of the draft model {draft.title}")


def check_overlap(overlap: Any, ep: float, batch: Any) -> bool:
    """Return whether traffic to experts is hidden, or refuse what cannot be."""
    if not isinstance(overlap, tuple):
        raise InputError(f"overlap={overlap!r}: give a tuple of names, such as ('expert',)")
    for hidden in overlap:
        if hidden != "expert":
            raise InputError(f"overlap={overlap!r}: serving hides what travels to experts; give ('expert',), or nothing")
    if overlap and ep == 1:
        raise LayoutError(f"overlap={overlap!r}: nothing travels to experts with ep_size=1; spread them, or leave overlap out")
    if overlap and anywhere(batch < 2):
        raise InputError(f"overlap={overlap!r}: two halves of a batch take turns; give a batch_size of at least 2 for each stage")
    return bool(overlap)


class ServingModel:
    """How a language model answers: time to first token, time between tokens, what fits.

    Prefill computes the prompts of a batch; decode then makes one token for each sequence at a time. Tensor parallelism
    splits every layer over the devices of a node, with two all-reduces a layer; pipeline stages work on as many
    groups of sequences as there are stages, and a whole batch of prompts passes them as one. Expert parallelism spreads the
    routed experts over replicas, which then send each token to its experts, as precise as the arithmetic, and back, in 16 bits. Nothing
    hides these messages, unless you say that halves of a batch take turns: what one sends hides behind the step of the other, and
    each half reads the weights for itself. A fleet holds as many replicas as fit its devices.

    Attention is as precise as the cache, where that is more precise than the rest of the arithmetic, and the device has a peak for it.

    With a draft model, the devices draft and verify in turns, and both models compute the prompt before the first token. All tokens of a
    verification attend to the mean context. A shared prefix is stored once, but each sequence reads it for itself.

    With the documented constants, arithmetic and memory traffic get in each other's way, vector units expand weights that are stored in
    fewer bits than the arithmetic takes, and every pass also takes a fixed time for each layer, the traffic between the kernels of its
    layers and, in servers that schedule anew in every step, a time for each sequence.
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
        ep_size: int = 1,
        prefix_len: Any = None,
        draft: TransformerWorkload | None = None,
        draft_tokens: Any = None,
        acceptance_rate: Any = None,
        stack: str | None = None,
        overlap: tuple[str, ...] = (),
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
            Share of the peaks that is achieved: one ratio, an :class:`~mlsysim.Efficiency`, a :class:`~mlsysim.Profile` of documented
            or calibrated constants, 1 for the bound, or ``None`` for the documented constants, where there are any.
        weight_precision
            In which weights are stored and read, such as ``"int4"``, ``"Q4_K_M"`` or ``"4.5 bits"``; that of the arithmetic by default.
        page_size
            Tokens of a page in which cache memory is handed out, a whole number or an array; none is wasted by default.
        ep_size
            Replicas that share one set of routed experts, each with a part of them; it divides the replicas and the experts.
        prefix_len
            Prompt tokens that all requests share and whose keys and values are cached already; a whole number or an array.
        draft, draft_tokens, acceptance_rate
            For speculative decoding: a smaller model with the same vocabulary, how many tokens it proposes at a time, and the
            probability that one is accepted.
        stack
            Software whose documented constants are taken, such as ``"vllm"``.
        overlap
            What traffic hides behind compute: nothing, or ``("expert",)``: what travels to experts, behind the other half of the batch.

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
            batch_size=batch_size, input_len=input_len, output_len=output_len, tp_size=tp_size, pp_size=pp_size, page_size=page_size,
            ep_size=ep_size, prefix_len=prefix_len, draft_tokens=draft_tokens, acceptance_rate=acceptance_rate,
        )  # fmt: skip
        needed(x, "batch_size", "input_len", "output_len", "tp_size", "pp_size", "ep_size")
        tp, pp, ep = x["tp_size"], x["pp_size"], x["ep_size"]
        check_split(model, tp, pp)
        check_replicas(tp, pp, widest, devices)
        replica = tp * pp
        if ep > 1:
            if not devices:
                raise LayoutError(f"ep_size={ep:g} shares experts between replicas: give a node= or a fleet= that holds them")
            check_experts(model, ep, devices / replica)
        check_draft(draft, x, model)
        hides = check_overlap(overlap, ep, x["batch_size"] / pp)
        if prefix_len is not None and anywhere(x["prefix_len"] >= x["input_len"]):
            raise InputError(f"prefix_len={prefix_len} leaves nothing of input_len={input_len} to compute: give at least one token less")
        local = widest or replica
        x |= {"tensor": tp > 1, "pipelined": pp > 1, "expert_parallel": ep > 1, "alone": replica * ep == 1}
        x |= {"pp_inside": replica <= local, "ep_inside": ep * replica <= local}
        x |= {"pp_span": math.ceil(replica / local), "ep_span": math.ceil(ep * replica / local)}
        inside = x["pp_inside"] and (ep == 1 or x["ep_inside"])
        if replica * ep > 1 and (tp > 1 or inside):
            supply.need("link_bandwidth")
        if not inside and fleet is not None:
            x["fabric"] = fleet.fabric_numbers
            if not x["fabric"].dimensions:
                fleet.node_numbers.need("nics", "nic_bandwidth")
        numbers, origins = assumed(efficiency, "serving", device, stack)
        x |= numbers | sizes(precision, kv_precision, weight_precision)
        place = node if node is not None else None if fleet is None else fleet.node
        x |= {"overhead": 0.0, "paged": page_size is not None, "prefixed": prefix_len is not None, "devices": float(devices) or replica}
        x |= {"fleet": None if fleet is None else fleet.numbers, "node": None if place is None else place.numbers}
        wide = kv_precision if kv_precision is not None and ELEMENT_SIZE[kv_precision] > ELEMENT_SIZE[precision] else None
        wide = wide if wide in device.compute.peak.precisions else None
        x |= {"hides_expert": hides, "attends_wider": wide is not None, "wide": None if wide is None else device.supply(wide)}
        x |= vector_units(x, device, supply)
        x["links"] = links(x["profile"], None if fleet is None else fleet.fabric)
        x |= {"model": model.geometry, "hardware": supply, "device": device, "speculative": draft is not None}
        if draft is not None:
            x["draft"] = draft.geometry
        x["what"] = ("{} at {} on {:g} x {}", model, precision, replica, device)
        return _DOORS.solve(ServingResult, core, x, **origins)


_DOORS = Doors(
    "tp_size pp_size ep_size",
    batch_size="Batch",
    input_len="InputLen",
    output_len="OutputLen",
    tp_size="TensorParallel",
    pp_size="PipelineParallel",
    page_size="Page",
    ep_size="ExpertParallel",
    prefix_len="PrefixLen",
    draft_tokens="DraftTokens",
    acceptance_rate="Acceptance",
)
