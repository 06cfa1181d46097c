"""LoadModel: a served model when requests come and go: continuous batching, queues, and replicas for a target."""

from dataclasses import dataclass
from typing import Any

from ..errors import InfeasibleError, InputError, LayoutError
from ..facts import Origin
from ..nouns import Lowered
from ..readings import Reading
from ..results import LoadResult, Missing, ServingResult
from ..workloads import attention_work, cache_bytes, decode_attention_work, decode_work, pass_work
from .base import Doors, anywhere, expect, fits_everywhere, masked, needed
from .serving import device_cache, pass_on_replica, prefill_pass


@dataclass(slots=True)
class Pace:
    """What load does not change, as a reading's values: a prompt, tokens between prompts, and what limits the requests.

    ``chunks`` are the time of a mixed step and the number of them for a prompt; ``limit`` is what a pool for prompts serves.
    """

    prompt: Any
    service: Any
    tpot: Any
    longest: Any
    slot: Any
    chunks: Any = None
    limit: Any = None
    moved: Any = 0.0


def prompt_alone(eq: Reading, s: Lowered) -> tuple[Any, Any]:
    """Return the time of one prompt by itself, and the time after which the next may follow."""
    _, _, step, waits = prefill_pass(eq, s, s.model, 1.0)
    prompt = eq.time_to_first_token(0.0, step, waits)
    return prompt, prompt if not s.pipelined else eq.stage_service(prompt, s.pp_size)


def mixed_step(eq: Reading, x: Lowered, new: Any, chunks: Any) -> Any:
    """Return the time of a step that decodes a full batch and computes a chunk of a prompt, on average over the chunks."""
    s = x.serving.inputs
    g, batch = s.model, s.batch_size
    prefix = s.prefix_len if s.prefixed else 0.0
    context = eq.mean_decode_context(s.input_len, s.output_len)
    chunk = eq.chunk_work(pass_work(eq, g, new, 1.0, 1.0, new, prefix), chunks)
    work = eq.mixed_work(decode_work(eq, g, batch, context), chunk)
    touched = device_cache(eq, s, g, eq.chunk_context(new, x.chunk_size, prefix), 1.0)
    cache = eq.both_caches(device_cache(eq, s, g, context, batch, met=True), touched)
    attention = None
    if s.attends_wider:
        part = eq.chunk_work(attention_work(eq, g, 1.0, new, prefix), chunks)
        attention = eq.mixed_work(decode_attention_work(eq, g, batch, context), part)
    _, _, step, waits = pass_on_replica(eq, s, g, work, cache, eq.mixed_tokens(batch, x.chunk_size), batch, attention=attention)
    return eq.inter_token_latency(step, waits)


def pace(eq: Reading, x: Lowered) -> Pace:
    """Return the pace of one replica that computes prompts and decodes, or of a pair of pools that share the two."""
    s = x.serving.inputs
    itl = x.serving.number("itl")
    if x.apart:
        p = x.prefill.inputs
        prompt, service = prompt_alone(eq, p)
        cache = cache_bytes(eq, p.model, p.input_len, 1.0, p.kv_size)
        moved = eq.point_to_point_time(cache, x.kv_bandwidth, 0.0)
        copies = x.prefill.number("replicas")
        limit = eq.slower_rate(eq.pool_rate(copies, service), eq.pool_rate(copies, moved))
        return Pace(prompt, service, itl, itl, eq.slot_time(itl, s.output_len), limit=limit, moved=moved)
    if x.chunked:
        new = eq.computed_tokens(s.input_len, s.prefix_len) if s.prefixed else s.input_len
        chunks = eq.chunk_count(new, x.chunk_size)
        mixed = mixed_step(eq, x, new, chunks)
        tpot = eq.chunked_token_time(itl, mixed, s.batch_size, chunks, s.output_len)
        prompt = eq.chunked_prompt_time(mixed, chunks)
        return Pace(prompt, prompt, tpot, mixed, eq.slot_time(tpot, s.output_len), chunks=(mixed, chunks))
    prompt, service = prompt_alone(eq, s)
    tpot = eq.interleaved_token_time(itl, service, s.batch_size, s.output_len)
    return Pace(prompt, service, tpot, eq.stalled_token_time(itl, service), eq.slot_time(tpot, s.output_len))


def largest_rate(eq: Reading, x: Lowered, p: Pace, copies: Any) -> Any:
    """Return the requests a second that a number of replicas can serve at most."""
    rate = eq.pool_rate(eq.slots(x.serving.inputs.batch_size, copies), p.slot)
    if x.apart:
        return eq.slower_rate(rate, p.limit)
    return eq.chunked_request_rate(rate, *p.chunks, copies) if x.chunked else rate


def waits(eq: Reading, x: Lowered, p: Pace, rate: Any, load: Any, copies: Any) -> tuple[Any, Any, Any]:
    """Return mean and percentile of the wait before a prompt is computed, and the mean wait for a place to decode.

    On the same replicas a request waits for a place and then for the prompts before it there; with pools apart, for a device that
    computes prompts, and after its prompt for a place.
    """
    servers = eq.slots(x.serving.inputs.batch_size, copies)
    if x.apart:
        prompts = x.prefill.number("replicas")
        busy = eq.server_load(eq.replica_rate(rate, prompts), p.service)
        load = eq.offered_load(rate, eq.pool_rate(servers, p.slot))
    else:
        prompts, busy = 1.0, eq.server_load(eq.replica_rate(rate, copies), p.service)
    chance = eq.waiting_probability(busy, prompts)
    first = eq.mean_wait(chance, p.service, prompts, busy, x.prompt_variability)
    late = eq.wait_percentile(chance, p.service, prompts, busy, x.percentile, x.prompt_variability)
    full = eq.waiting_probability(load, servers)
    place = eq.mean_wait(full, p.slot, servers, load, x.output_variability)
    if x.apart:
        return first, late, place
    late_place = eq.wait_percentile(full, p.slot, servers, load, x.percentile, x.output_variability)
    return eq.total_wait(place, first), eq.total_wait(late_place, late), 0.0


def core(eq: Reading, x: Lowered) -> dict[str, Any]:
    """Solve serving under load, in whatever reading."""
    s, p = x.serving.inputs, pace(eq, x)
    copies = x.serving.number("replicas")
    most = largest_rate(eq, x, p, copies)
    values: dict[str, Any] = {
        "tpot": p.tpot,
        "longest_gap": p.longest,
        "prompt_time": p.prompt,
        "max_request_rate": most,
        "max_throughput": eq.served_tokens(most, s.output_len),
        "kv_transfer_time": p.moved if x.apart else _TOGETHER,
        "feasible": True,
        "label": x.label,
    }
    loaded = ("queue_time", "queue_time_percentile", "ttft", "ttft_percentile", "request_latency", "concurrency", "kv_transfer_rate")
    if not x.has("arrival_rate"):
        values |= dict.fromkeys(("utilization", *loaded, "replicas_needed"), _NO_RATE)
        return masked(eq, True, values, LoadResult)
    load = eq.offered_load(x.arrival_rate, most)
    feasible = load < 1
    values |= {"utilization": load, "feasible": feasible, "replicas_needed": x.replicas_needed if x.has("replicas_needed") else x.no_target}
    if feasible is False:
        asked = eq.value(x.arrival_rate), eq.value(most)
        return values | {"reason": asked} | dict.fromkeys(loaded, Missing("the queue grows without end", InfeasibleError))
    rate = x.arrival_rate
    if feasible is not True:
        rate, load = eq.where(feasible, rate, 0.0), eq.where(feasible, load, 0.0)
    wait, late, place = waits(eq, x, p, rate, load, copies)
    ttft = eq.loaded_first_token(wait, p.prompt)
    latency = eq.loaded_latency(ttft, eq.total_wait(place, p.moved) if x.apart else 0.0, p.tpot, s.output_len)
    values |= {
        "queue_time": wait,
        "queue_time_percentile": late,
        "ttft": ttft,
        "ttft_percentile": eq.loaded_first_token(late, p.prompt),
        "request_latency": latency,
        "concurrency": eq.littles_law(rate, latency),
        "kv_transfer_rate": eq.kv_transfer_rate(rate, cache_bytes(eq, s.model, s.input_len, 1.0, s.kv_size)) if x.apart else _TOGETHER,
    }
    return masked(eq, feasible, values, LoadResult)


_NO_RATE = Missing("give arrival_rate=, such as '10 request/s'")
_NO_TARGET = Missing("give ttft_target=, such as '500 ms'")
_TOGETHER = Missing("prompts are computed where tokens are: give prefill=, a ServingResult of the devices that compute prompts")


def fewest_replicas(eq: Reading, x: Lowered) -> Any:
    """Return the smallest number of replicas that serve the load, with the percentile of the time to first token on target.

    Where none does, because a prompt alone takes longer, the answer is not a number.
    """
    p = pace(eq, x)

    def meets(copies: Any) -> Any:
        load = eq.offered_load(x.arrival_rate, largest_rate(eq, x, p, copies))
        stable = load < 1
        _, late, _ = waits(eq, x, p, eq.where(stable, x.arrival_rate, 0.0), eq.where(stable, load, 0.0), copies)
        return eq.both(stable, eq.loaded_first_token(late, p.prompt) <= x.ttft_target)

    low = (x.arrival_rate + p.prompt + x.ttft_target) * 0  # zero in the shape of the answer
    high = low + 1
    for _ in range(_DOUBLINGS):
        good = meets(high)
        low, high = eq.where(good, low, high), eq.where(good, high, high * 2)
    found = meets(high)
    for _ in range(_DOUBLINGS):
        middle = (low + high + 1) // 2
        good = eq.both(meets(middle), middle < high)
        low, high = eq.where(good, low, eq.where(middle < high, middle, low)), eq.where(good, middle, high)
    return eq.where(found, high, float("nan"))


_DOUBLINGS = 24


class LoadModel:
    """How a served model answers when requests come at random: tokens between prompts, queues, and the replicas that a target needs.

    Batching is continuous: a request takes the place of one that ends, and its prompt is computed between two steps, whole or in chunks.
    The batch of the serving result is the number of places of a replica, and steps are as slow as those of a full batch, so that waits at
    lighter load are overstated. Requests arrive at random (Poisson), share one queue for all places, and then wait for the prompts
    before them on their replica. Variabilities are squared coefficients of variation: zero for equal prompts or answers, one for
    exponential ones; lengths themselves stay at their means. The percentile adds the percentiles of both waits. The step that is under way
    when a prompt's turn comes is left out.

    The label speaks of constants: times of steps are bounds where it says so, and waits are expectations of these queues.

    With ``prefill=``, prompts are computed by devices of their own, and their caches then move to those that decode.
    """

    result = LoadResult
    core = staticmethod(core)

    def solve(
        self,
        serving: ServingResult,
        arrival_rate: Any = None,
        percentile: Any = 0.99,
        chunk_size: Any = None,
        prefill: ServingResult | None = None,
        kv_bandwidth: Any = None,
        prompt_variability: Any = 0.0,
        output_variability: Any = 1.0,
        ttft_target: Any = None,
    ) -> LoadResult:
        """Solve serving at a request rate, or at saturation.

        Parameters
        ----------
        serving
            The model on its devices; ``batch_size`` there is the number of requests that a replica decodes together. An infeasible one is
            refused with its reason.
        arrival_rate
            Requests a second, such as ``"10 request/s"``; without it, what depends on load is missing and says so.
        percentile
            Share of requests for which the percentile fields hold.
        chunk_size
            Prompt tokens that share a step with decoding; by default a prompt is computed whole, between two steps.
        prefill
            For disaggregated serving: the same model solved on the devices that compute prompts; ``serving`` then only decodes.
        kv_bandwidth
            At which a prefill replica sends caches, such as ``"50 GB/s"``; needed with ``prefill``.
        prompt_variability, output_variability
            Squared coefficients of variation of the time of a prompt and of an answer.
        ttft_target
            Such as ``"500 ms"``: ``replicas_needed`` is the fewest that keep the percentile of the time to first token within it.

        Returns
        -------
        LoadResult
            With arrays where an argument is one.

        Raises
        ------
        InputError, LayoutError
            An argument is out of range, of the wrong dimension, or does not go with another.
        """
        x = _DOORS.read(
            arrival_rate=arrival_rate, percentile=percentile, chunk_size=chunk_size, kv_bandwidth=kv_bandwidth,
            prompt_variability=prompt_variability, output_variability=output_variability, ttft_target=ttft_target,
        )  # fmt: skip
        needed(x, "percentile", "prompt_variability", "output_variability")
        results = {"serving": expect(serving, ServingResult, "serving", "a ServingResult")}
        if prefill is not None:
            results["prefill"] = expect(prefill, ServingResult, "prefill", "a ServingResult")
        for name, result in results.items():
            fits_everywhere(name, result, "of which some points do not fit: solve those that do")
            x |= {f"{name}_{n}": result._values[n] for n in ("ttft", "itl")}
        x |= {"serving": serving, "chunked": chunk_size is not None, "apart": prefill is not None}
        check_pools(x, prefill)
        if chunk_size is not None:
            check_chunks(serving.inputs, chunk_size, prefill)
        if ttft_target is not None and arrival_rate is None:
            raise InputError(f"ttft_target={ttft_target} needs a load: give arrival_rate=, such as '10 request/s'")
        x |= {"label": serving.label if prefill is None or prefill.label == serving.label else "estimate", "no_target": _NO_TARGET}
        if ttft_target is not None:
            if prefill is not None:
                raise InputError(f"ttft_target={ttft_target} sizes replicas that compute prompts too: leave out prefill=")
            reading = _DOORS.reading(x)
            found = fewest_replicas(reading, Lowered(_DOORS.origins, **x))
            if anywhere(found != found):
                x["no_target"] = Missing(f"no number of replicas meets ttft_target={ttft_target}: the prompt alone takes longer")
            else:
                x["replicas_needed"] = found
        return _DOORS.solve(LoadResult, core, x)


def check_pools(x: dict[str, Any], prefill: ServingResult | None) -> None:
    """Refuse a pool for prompts that does not go with the one that decodes."""
    if prefill is None:
        if "kv_bandwidth" in x:
            raise InputError("kv_bandwidth is of disaggregated serving: give prefill=, a ServingResult, too")
        return
    if "kv_bandwidth" not in x:
        raise InputError("kv_bandwidth is needed with prefill=: give it, such as kv_bandwidth='50 GB/s'")
    here, there = x["serving"].inputs, prefill.inputs
    if here.model is not there.model:
        raise InputError(f"prefill computes {there.what[1].title}, and serving {here.what[1].title}: give the same model twice")
    for name in ("input_len", "kv_size"):
        if anywhere(getattr(here, name) != getattr(there, name)):
            raise InputError(f"prefill was solved at another {name} than serving: {getattr(there, name)}, not {getattr(here, name)}")
    x["prefill"] = prefill


def check_chunks(inside: Lowered, chunk_size: Any, prefill: ServingResult | None) -> None:
    """Refuse chunks where they are not modelled."""
    if prefill is not None:
        raise InputError(f"chunk_size={chunk_size} mixes prompts and tokens, and prefill= takes them apart: give one of the two")
    if inside.pipelined:
        raise LayoutError(f"chunk_size={chunk_size}: chunked prefills are modelled for one stage; solve serving with pp_size=1")
    if inside.speculative:
        raise InputError(f"chunk_size={chunk_size}: chunked prefills are modelled without a draft model")
    if inside.hides_expert:
        raise InputError(f"chunk_size={chunk_size}: chunked prefills are modelled for a batch in one piece; solve serving without overlap")


_DOORS = Doors(
    arrival_rate="RequestRate", percentile="Percentile", chunk_size="ChunkSize", kv_bandwidth="TransferRate",
    prompt_variability="Variability", output_variability="Variability", ttft_target="Ttft", serving_ttft="Ttft", serving_itl="Itl",
    prefill_ttft="Ttft", prefill_itl="Itl",
)  # fmt: skip
_DOORS.origins["replicas_needed"] = Origin("replicas_needed", LoadResult.fields["replicas_needed"])
