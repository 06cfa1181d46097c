"""LoadModel: continuous batching, queues against exact theory, replicas for a target, and laws."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mlsysim import Fleet, Hardware, InfeasibleError, InputError, LayoutError, LoadModel, MissingFactError, Models, Q, ServingModel, Systems
from mlsysim.equations import queueing

LLAMA = Models.Language.Llama3_8B
ROOMY = Systems.Nodes.DGX_H100.replace(accelerator__memory__capacity="1000 TB", accelerators=1)


def served(nodes=1, **arguments):
    """Solve serving on single-device nodes with all the memory that there could be."""
    given = {"batch_size": 32, "input_len": 1024, "output_len": 256, **arguments}
    return ServingModel().solve(LLAMA, fleet=Fleet(node=ROOMY, nodes=nodes), **{"efficiency": 1} | given)


SERVED = served()
MOST = LoadModel().solve(SERVED).number("max_request_rate")


def at(share, serving=SERVED, **arguments):
    """Solve at a share of the largest rate."""
    most = LoadModel().solve(serving, **{n: v for n, v in arguments.items() if n in ("chunk_size", "prefill", "kv_bandwidth")})
    return LoadModel().solve(serving, Q(share * most.number("max_request_rate"), "request/s"), **arguments)


lengths = st.integers(1, 4096)
batches = st.integers(1, 256)
shares = st.floats(0.01, 0.98)


# Continuous batching.


@given(batches, lengths, lengths)
def test_tokens_carry_the_prompts_between_them(batch, input_len, output_len):
    """TPOT = t_decode(b) + (b / output_len) t_prefill(input_len), and nothing is lost: the replica is busy all the time."""
    serving = served(batch_size=batch, input_len=input_len, output_len=output_len)
    prompt = served(batch_size=1, input_len=input_len, output_len=output_len).number("ttft")
    load = LoadModel().solve(serving)
    assert load.number("prompt_time") == pytest.approx(prompt, rel=1e-12)
    assert load.number("tpot") == pytest.approx(serving.number("itl") + batch / output_len * prompt, rel=1e-12)
    assert load.number("longest_gap") == pytest.approx(serving.number("itl") + prompt, rel=1e-12)
    busy_for_a_request = prompt + output_len * serving.number("itl") / batch
    assert load.number("max_request_rate") == pytest.approx(1 / busy_for_a_request, rel=1e-12)
    assert load.number("max_throughput") == pytest.approx(output_len / busy_for_a_request, rel=1e-12)


@given(batches, lengths, lengths, st.integers(1, 8192))
def test_chunks_shorten_the_longest_gap(batch, input_len, output_len, chunk):
    serving = served(batch_size=batch, input_len=input_len, output_len=output_len)
    whole, chunked = LoadModel().solve(serving), LoadModel().solve(serving, chunk_size=chunk)
    itl = serving.number("itl")
    assert chunked.number("longest_gap") <= whole.number("longest_gap") * (1 + 1e-12)
    assert itl * (1 - 1e-12) <= chunked.number("tpot") <= chunked.number("longest_gap") * (1 + 1e-12)
    chunks = math.ceil(input_len / chunk)
    assert chunked.number("prompt_time") == pytest.approx(chunks * chunked.number("longest_gap"), rel=1e-12)
    assert chunked.number("max_request_rate") <= 1 / (chunks * chunked.number("longest_gap")) * (1 + 1e-12)


def test_a_chunk_rides_on_a_step_that_waits_for_memory():
    """At the roofline's bound a few hundred tokens of a prompt fit into the time in which decoding reads its weights."""
    chunked = LoadModel().solve(SERVED, chunk_size=256)
    assert chunked.number("longest_gap") < 1.02 * SERVED.number("itl")
    assert chunked.number("max_throughput") > 1.2 * LoadModel().solve(SERVED).number("max_throughput")


# Queues.


@given(shares)
def test_prompts_queue_as_in_distserve(share):
    """With places for all, what is left is an M/D/1 queue for the prompts: D + R D^2 / (2 (1 - R D)), DistServe's equation 1."""
    serving = served(batch_size=4096)
    load = at(share, serving)
    d = load.number("prompt_time")
    rate = share * load.number("max_request_rate")
    assume(load.number("utilization") < 0.7)
    assert load.number("ttft") == pytest.approx(d + rate * d * d / (2 * (1 - rate * d)), rel=1e-9)


def erlang_wait(servers, load):
    """Return the exact mean wait of M/M/c in service times, by Erlang's recursion."""
    blocked, offered = 1.0, servers * load
    for k in range(1, servers + 1):
        blocked = offered * blocked / (k + offered * blocked)
    waiting = blocked / (1 - load * (1 - blocked))
    return waiting / (servers * (1 - load)), waiting


@pytest.mark.parametrize("servers", [1, 2, 3, 8, 32, 128])
@pytest.mark.parametrize("load", [0.01, 0.2, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99])
def test_the_closed_form_is_close_to_erlang(servers, load):
    """Within four hundredths of a service time, and two percent where servers are nearly always busy."""
    exact, _ = erlang_wait(servers, load)
    chance = queueing.waiting_probability(load, servers)
    found = queueing.mean_wait(chance, 1.0, servers, load)
    assert found == pytest.approx(exact, rel=0.02 if load > 0.95 else 0, abs=0.04)


@pytest.mark.parametrize("servers", [1, 4, 64])
def test_percentile_and_mean_belong_together(servers):
    """The integral of the tail is the mean."""
    load = 0.9
    chance = queueing.waiting_probability(load, servers)
    shares = np.linspace(1 - chance, 1 - 1e-9, 200001)
    waits = [queueing.wait_percentile(chance, 1.0, servers, load, s) for s in shares[::50]]
    assert np.trapezoid(waits, shares[::50]) == pytest.approx(queueing.mean_wait(chance, 1.0, servers, load), rel=0.01)


@given(shares, st.floats(1.01, 3))
def test_more_load_never_shortens_a_wait(share, factor):
    assume(share * factor < 0.99)
    calm, busy = at(share), at(share * factor)
    for name in ("utilization", "queue_time", "queue_time_percentile", "ttft", "ttft_percentile", "request_latency", "concurrency"):
        assert busy.number(name) >= calm.number(name) * (1 - 1e-12), name


@given(shares, st.integers(2, 16))
def test_more_replicas_never_lengthen_a_wait(share, nodes):
    rate = Q(share * MOST, "request/s")
    one, many = LoadModel().solve(SERVED, rate), LoadModel().solve(served(nodes), rate)
    assert many.number("queue_time") <= one.number("queue_time") * (1 + 1e-12)
    assert many.number("ttft_percentile") <= one.number("ttft_percentile") * (1 + 1e-12)
    assert many.number("max_request_rate") == pytest.approx(nodes * one.number("max_request_rate"), rel=1e-12)


@given(shares)
def test_littles_law_holds(share):
    load = at(share)
    assert load.number("concurrency") == pytest.approx(share * MOST * load.number("request_latency"), rel=1e-9)


def test_next_to_no_load_leaves_the_prompt():
    load = LoadModel().solve(SERVED, "1e-12 request/s")
    assert load.number("ttft") == pytest.approx(load.number("prompt_time"), rel=1e-12)
    assert load.number("ttft_percentile") == pytest.approx(load.number("prompt_time"), rel=1e-12)


def test_too_much_load_has_no_time_only_why_not():
    load = at(1.0001)
    assert not load.feasible
    assert load.number("utilization") > 1
    for name in ("ttft", "ttft_percentile", "queue_time", "request_latency", "concurrency"):
        with pytest.raises(InfeasibleError, match="requests a second arrive, and the system serves at most"):
            getattr(load, name)
    assert "the queue grows without end" in repr(load)


def test_without_a_rate_only_saturation_is_known():
    load = LoadModel().solve(SERVED)
    assert load.feasible
    with pytest.raises(MissingFactError, match="arrival_rate"):
        _ = load.ttft


# Replicas for a target.


@given(st.floats(0.2, 40), st.floats(1.01, 20), st.sampled_from([0.5, 0.9, 0.99]))
def test_the_replicas_needed_are_the_fewest(share, slack, percentile):
    rate = Q(share * MOST, "request/s")
    target = Q(slack * LoadModel().solve(SERVED).number("prompt_time"), "s")
    found = LoadModel().solve(SERVED, rate, percentile=percentile, ttft_target=target).number("replicas_needed")
    assert found == int(found) >= 1

    def meets(nodes):
        load = LoadModel().solve(served(nodes), rate, percentile=percentile)
        return load.feasible and load.number("ttft_percentile") <= target.to("s").magnitude

    assert meets(int(found))
    assert found == 1 or not meets(int(found) - 1)


def test_no_number_of_replicas_shortens_a_prompt():
    load = LoadModel().solve(SERVED, "1 request/s", ttft_target="1 ms")
    with pytest.raises(MissingFactError, match="the prompt alone takes longer"):
        _ = load.replicas_needed
    with pytest.raises(InputError, match="ttft_target"):
        LoadModel().solve(SERVED, ttft_target="1 s")


# Pools apart.


def test_pools_apart_do_not_disturb_each_other():
    prompts = served(2, batch_size=1)
    load = at(0.5, prefill=prompts, kv_bandwidth="50 GB/s")
    assert load.number("tpot") == load.number("longest_gap") == SERVED.number("itl")
    assert load.number("prompt_time") == prompts.number("ttft")
    cache = 2 * 32 * 8 * 128 * 1024 * 2
    assert load.number("kv_transfer_time") == pytest.approx(cache / 50e9, rel=1e-12)
    assert load.number("kv_transfer_rate") == pytest.approx(0.5 * load.number("max_request_rate") * cache, rel=1e-12)
    decode = 32 / (256 * SERVED.number("itl"))
    assert load.number("max_request_rate") == pytest.approx(min(decode, 2 / prompts.number("ttft"), 2 * 50e9 / cache), rel=1e-12)
    slow = LoadModel().solve(SERVED, prefill=prompts, kv_bandwidth="1 GB/s")
    assert slow.number("max_request_rate") == pytest.approx(2 * 1e9 / cache, rel=1e-12)


TOO_MUCH = ServingModel().solve(LLAMA, Hardware.Cloud.H100, batch_size=9999, input_len=999, output_len=9, efficiency=1)
STAGED = ServingModel().solve(LLAMA, Hardware.Cloud.H100, batch_size=32, input_len=1024, output_len=256, pp_size=2, efficiency=1)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"kv_bandwidth": "1 GB/s"}, InputError, "prefill="),
        ({"prefill": SERVED}, InputError, "kv_bandwidth is needed"),
        ({"prefill": served(input_len=512), "kv_bandwidth": "1 GB/s"}, InputError, "input_len"),
        ({"prefill": served(kv_precision="fp8"), "kv_bandwidth": "1 GB/s"}, InputError, "kv_size"),
        (
            {
                "prefill": ServingModel().solve(Models.Language.Llama3_70B, ROOMY.accelerator, input_len=1024, output_len=2, efficiency=1),
                "kv_bandwidth": "1 GB/s",
            },
            InputError,
            "same model",
        ),
        ({"prefill": SERVED, "kv_bandwidth": "1 GB/s", "chunk_size": 64}, InputError, "chunk_size"),
        ({"serving": STAGED, "chunk_size": 64}, LayoutError, "chunk_size"),
        ({"serving": TOO_MUCH}, InfeasibleError, "serving"),
        ({"percentile": 1}, InputError, "percentile"),
        ({"arrival_rate": 5}, InputError, "arrival_rate"),
    ],
)
def test_what_does_not_go_together_is_refused(arguments, error, says):
    with pytest.raises(error, match=says):
        LoadModel().solve(**{"serving": SERVED, "arrival_rate": "1 request/s", **arguments})


def test_a_sweep_over_load_marks_what_cannot_be_served():
    rates = Q(np.array([0.2, 0.9, 1.1]) * MOST, "request/s")
    sweep = LoadModel().solve(SERVED, rates, ttft_target="50 ms")
    assert list(sweep.feasible) == [True, True, False]
    assert np.isnan(sweep.number("ttft")[2])
    for i, rate in enumerate(rates):
        one = LoadModel().solve(SERVED, rate, ttft_target="50 ms")
        assert one.number("replicas_needed") == sweep.number("replicas_needed")[i]
        if one.feasible:
            assert one.number("ttft_percentile") == pytest.approx(sweep.number("ttft_percentile")[i], rel=1e-12)
