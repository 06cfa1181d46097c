"""ServingModel: published figures, layouts, and laws."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim import Efficiency, Fleet, Hardware, InfeasibleError, InputError, LayoutError, Models, ServingModel, SingleNodeModel, Systems

LLAMA, BIG_LLAMA = Models.Language.Llama3_8B, Models.Language.Llama3_70B
H100, NODE = Hardware.Cloud.H100, Systems.Nodes.DGX_H100

batches = st.integers(1, 256)
lengths = st.integers(1, 4096)
outputs = st.integers(1, 1024)
degrees = st.sampled_from([1, 2, 4, 8])
ROOMY = H100.replace(memory__capacity="1000 TB")


def solve(model=LLAMA, **arguments):
    """Solve on a device with all the memory that there could be, unless another place is given."""
    place = {} if {"node", "fleet", "hardware"} & set(arguments) else {"hardware": ROOMY}
    return ServingModel().solve(model, **{"efficiency": 1} | {"batch_size": 8, "input_len": 512, "output_len": 128, **place, **arguments})


def test_decode_is_the_same_from_both_solvers():
    step = SingleNodeModel().solve(LLAMA, H100, batch_size=64, seq_len=2048, phase="decode", efficiency=1)
    served = ServingModel().solve(LLAMA, hardware=H100, batch_size=64, input_len=2047, output_len=2, efficiency=1)
    assert served.number("itl") == step.number("latency")
    assert served.itl.to("ms").magnitude == pytest.approx(9.61, rel=1e-3)


@given(st.sampled_from([LLAMA, Models.Language.Mixtral_8x7B, Models.Language.DeepSeek_V3]), batches, lengths)
def test_one_device_is_the_single_node(model, batch, length):
    served = solve(model, batch_size=batch, input_len=length, output_len=2)
    one = {"batch_size": batch, "hardware": ROOMY}
    assert served.number("ttft") == pytest.approx(
        SingleNodeModel().solve(model, **{"efficiency": 1} | one, seq_len=length, phase="prefill").number("latency"), rel=1e-12
    )
    assert served.number("itl") == pytest.approx(
        SingleNodeModel().solve(model, **{"efficiency": 1} | one, seq_len=length + 1, phase="decode").number("latency"), rel=1e-12
    )
    assert served.number("communication_time") == 0


def test_llama3_70b_needs_four_devices(four):
    one = ServingModel().solve(BIG_LLAMA, hardware=H100, batch_size=16, input_len=1024, output_len=256, efficiency=1)
    assert not one.feasible
    for name in ("ttft", "itl", "request_latency", "throughput", "decode_throughput", "request_rate", "concurrency"):
        with pytest.raises(InfeasibleError, match=r"needs .* GB .* which has 80 GB.* GB too much"):
            getattr(one, name)
    assert one.max_batch_size.magnitude == 0
    for place in ({"fleet": four}, {"node": Systems.Nodes.HGX_H100_4}, {"hardware": H100}):
        served = ServingModel().solve(BIG_LLAMA, **{"efficiency": 1} | place, batch_size=16, input_len=1024, output_len=256, tp_size=4)
        assert served.feasible
        assert served.replicas.magnitude == 1
        assert served.communication_time.magnitude > 0


def test_a_fleet_holds_as_many_replicas_as_fit(cluster):
    one = ServingModel().solve(
        BIG_LLAMA, node=Systems.Nodes.DGX_H100, batch_size=16, input_len=1024, output_len=256, tp_size=8, efficiency=1
    )
    many = ServingModel().solve(BIG_LLAMA, fleet=cluster, batch_size=16, input_len=1024, output_len=256, tp_size=8, efficiency=1)
    assert many.number("replicas") == 32
    assert many.number("itl") == one.number("itl")
    assert many.number("throughput") == pytest.approx(32 * one.number("throughput"), rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"tp_size": 3}, "tp_size=3 does not divide the 32 heads"),
        ({"tp_size": 64}, "tp_size"),
        ({"tp_size": 16, "node": NODE}, "more than the 8 devices of a node"),
        ({"pp_size": 33}, "more stages than the 32 layers"),
        ({"pp_size": 3}, "does not divide the 32 layers"),
        ({"tp_size": 4, "pp_size": 4, "node": NODE}, "more than the 8 devices"),
        ({"tp_size": 4, "pp_size": 4, "node": NODE.replace(accelerators=24)}, "does not divide the 24 devices"),
    ],
    ids=str,
)
def test_a_layout_that_cannot_be_is_refused(arguments, says):
    with pytest.raises(LayoutError, match=says):
        solve(**arguments)


@pytest.mark.parametrize("places", [{}, {"hardware": H100, "node": NODE}], ids=["none", "two"])
def test_exactly_one_place_is_given(places):
    with pytest.raises(InputError, match="exactly one of hardware, node and fleet"):
        ServingModel().solve(LLAMA, **{"efficiency": 1} | places, input_len=8, output_len=8)


@given(batches, lengths, outputs, degrees)
def test_doubling_the_batch_never_lowers_throughput(batch, prompt, output, tp):
    one, two = (solve(batch_size=b, input_len=prompt, output_len=output, tp_size=tp) for b in (batch, 2 * batch))
    assert two.number("decode_throughput") >= one.number("decode_throughput") * (1 - 1e-12)
    assert two.number("throughput") >= one.number("throughput") * (1 - 1e-12)


@given(batches, lengths, outputs, degrees, st.sampled_from([1, 2, 4]))
def test_the_largest_batch_fits_and_one_more_does_not(batch, prompt, output, tp, pp):
    place = {"hardware": H100, "input_len": prompt, "output_len": output, "tp_size": tp, "pp_size": pp}
    largest = int(solve(batch_size=batch, **place).number("max_batch_size"))
    assert largest > 0
    assert solve(batch_size=largest, **place).feasible
    assert not solve(batch_size=largest + 1, **place).feasible


@given(batches, lengths, outputs, degrees, st.integers(1, 64), st.integers(1, 512))
def test_time_grows_with_work(batch, prompt, output, tp, more, longer):
    base = {"batch_size": batch, "input_len": prompt, "output_len": output, "tp_size": tp}
    less = solve(**base)
    for change in ({"batch_size": batch + more}, {"input_len": prompt + longer}, {"output_len": output + longer}):
        grown = solve(**{**base, **change})
        for name in ("ttft", "itl", "request_latency", "memory_footprint", "kv_cache_size"):
            assert grown.number(name) >= less.number(name) * (1 - 1e-12), (change, name)


@given(batches, lengths, outputs, degrees, st.floats(0.01, 1), st.floats(0.01, 1), st.floats(0.01, 1))
def test_nothing_beats_the_bound(batch, prompt, output, tp, compute, memory, link):
    base = {"batch_size": batch, "input_len": prompt, "output_len": output, "tp_size": tp}
    bound, real = solve(**base), solve(**base, efficiency=Efficiency(compute=compute, memory=memory, link=link))
    assert real.label == "estimate" or (compute, memory, link) == (1, 1, 1)
    for name in ("ttft", "itl", "request_latency"):
        assert real.number(name) >= bound.number(name)
    assert real.number("throughput") <= bound.number("throughput")


@given(batches, lengths, outputs, degrees, st.sampled_from([1, 2, 4]))
def test_numbers_hang_together(batch, prompt, output, tp, pp):
    served = solve(batch_size=batch, input_len=prompt, output_len=output, tp_size=tp, pp_size=pp)
    numbers = {n: served.number(n) for n in served.to_dict()}
    assert all(math.isfinite(v) and v >= 0 for v in numbers.values())
    assert numbers["request_latency"] == pytest.approx(numbers["ttft"] + (output - 1) * numbers["itl"], rel=1e-12)
    assert numbers["throughput"] == pytest.approx(numbers["request_rate"] * output, rel=1e-12)
    assert numbers["concurrency"] == pytest.approx(batch, rel=1e-9)
    assert numbers["weight_memory"] == 2 * LLAMA.parameters


def test_a_smaller_cache_precision_halves_the_cache():
    wide, narrow = solve(hardware=H100), solve(hardware=H100, kv_precision="fp8")
    assert narrow.number("kv_cache_size") == wide.number("kv_cache_size") / 2
    assert narrow.number("itl") < wide.number("itl")


def test_int4_weights_help_less_the_larger_the_batch():
    """Weights shrink to a quarter, the cache does not: the gain falls towards one."""
    gains = []
    for batch in (1, 8, 64, 512):
        times = [
            ServingModel()
            .solve(
                Models.Language.Llama3_8B,
                Hardware.Cloud.H200,
                batch_size=batch,
                input_len=1024,
                output_len=64,
                weight_precision=p,
                efficiency=1,
            )
            .number("itl")
            for p in (None, "int4")
        ]
        gains.append(times[0] / times[1])
    assert gains == sorted(gains, reverse=True)
    assert 3 < gains[0] < 4
    assert 1 < gains[-1] < 1.2


@given(batches, lengths, outputs, st.integers(1, 512))
def test_pages_cost_memory_and_no_time(batch, prompt, output, page):
    plain, paged = (solve(batch_size=batch, input_len=prompt, output_len=output, page_size=p) for p in (None, page))
    pages = (prompt + output + page - 1) // page
    assert paged.number("kv_cache_size") * (prompt + output) == pytest.approx(plain.number("kv_cache_size") * pages * page, rel=1e-12)
    assert paged.number("memory_footprint") >= plain.number("memory_footprint")
    assert paged.number("max_batch_size") <= plain.number("max_batch_size")
    assert paged.number("request_latency") == plain.number("request_latency")


# Experts spread over replicas.

DEEPSEEK = Models.Language.DeepSeek_V3
BIG_NODE = NODE.replace(accelerator__memory__capacity="1000 TB")


def experts(ep, **arguments):
    """Solve DeepSeek-V3 on 256 roomy devices with a tensor group a node."""
    fleet = Systems.Clusters.Research_256.replace(node__accelerator__memory__capacity="1000 TB")
    given = {"batch_size": 16, "input_len": 512, "output_len": 64, "tp_size": 8, "precision": "bf16", **arguments}
    return ServingModel().solve(DEEPSEEK, fleet=fleet, ep_size=ep, **{"efficiency": 1} | given)


@given(batches, st.sampled_from([2, 4, 8, 16, 32]))
def test_experts_spread_over_replicas_take_less_memory_and_reading(batch, ep):
    alone, spread = experts(1, batch_size=batch), experts(ep, batch_size=batch)
    routed = 58 * 256 * 3 * 7168 * 2048 * 2 / 8
    assert alone.number("memory_footprint") - spread.number("memory_footprint") == pytest.approx(routed * (1 - 1 / ep), rel=1e-9)
    assert spread.number("communication_time") > alone.number("communication_time")
    step = spread.number("itl") - spread.number("communication_time")
    assert step <= (alone.number("itl") - alone.number("communication_time")) * (1 + 1e-12)


def test_experts_inside_a_node_need_no_network():
    inside = ServingModel().solve(
        DEEPSEEK,
        node=NODE.replace(accelerator__memory__capacity="1000 TB"),
        batch_size=8,
        input_len=64,
        output_len=8,
        ep_size=8,
        precision="fp8",
        efficiency=1,
    )
    assert inside.feasible
    assert inside.number("replicas") == 8


def wide(batch=88, **arguments):
    """Solve a decode step of DeepSeek-V3 on sixteen of its maker's servers, with two experts of a layer on each device."""
    fleet = Fleet(node=Systems.Nodes.DeepSeek_H800, nodes=16, fabric=Systems.Fabrics.InfiniBand_NDR)
    given = {"input_len": 4489, "output_len": 1000, "precision": "fp8", "kv_precision": "bf16", "ep_size": 128, **arguments}
    return ServingModel().solve(DEEPSEEK, fleet=fleet, batch_size=batch, **given)


def test_tokens_travel_in_eight_bits_and_come_back_in_sixteen():
    """Austin et al., chapter on serving: 88 tokens to 8 experts of 7168 numbers each, in 58 layers; their 22 ms at 40 of the 50 GB/s."""
    sent = 58 * 88 * 8 * 7168 * (1 + 2) * 127 / 128 / 50e9
    assert wide(efficiency=1).number("communication_time") == pytest.approx(sent, rel=0.02)
    assert sent == pytest.approx(0.022 * 40 / 50, rel=0.02)


def test_a_production_step_is_near_the_published_one():
    """DeepSeek's service: 14,800 tokens a second for each server at 20 to 22 a second for each user, so 88 sequences on each device."""
    step = wide()
    assert step.number("itl") == pytest.approx(1 / 21, rel=0.1)
    assert step.number("decode_throughput") / 16 == pytest.approx(14800, rel=0.1)
    low, high = step.interval("itl")
    assert low.to("s").magnitude < 1 / 21 < high.to("s").magnitude


def test_halves_that_take_turns_hide_messages_and_read_weights_twice():
    plain, turns = wide(efficiency=1), wide(efficiency=1, overlap=("expert",))
    assert turns.number("communication_time") == 0
    assert turns.number("itl") > plain.number("itl") - plain.number("communication_time")
    assert turns.number("itl") < plain.number("itl")
    assert turns.number("memory_footprint") == plain.number("memory_footprint")
    few = {"efficiency": 1, "input_len": 64, "output_len": 2}
    once, twice = (wide(2, overlap=o, **few).number("itl") for o in ((), ("expert",)))
    assert 1.5 * once < twice < 2 * once


def test_attention_is_as_precise_as_the_cache():
    """Half the peak for the part of the arithmetic that is attention, which rules a step at long contexts."""
    eight, sixteen = (wide(64, efficiency=Efficiency(memory=1, compute=0.05), kv_precision=p).number("itl") for p in ("fp8", "bf16"))
    attention = 2 * 61 * 128 * (576 + 512) * 4989 * 64
    assert sixteen - eight == pytest.approx(attention * (1 / 989.4e12 - 1 / 1978.9e12) / 0.05, rel=1e-3)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"model": LLAMA, "ep_size": 2, "node": NODE}, "has no experts"),
        ({"model": DEEPSEEK, "ep_size": 2}, "ep_size=2"),
        ({"model": DEEPSEEK, "ep_size": 3, "node": NODE}, "does not divide the 256 experts"),
        ({"model": DEEPSEEK, "ep_size": 4, "tp_size": 4, "node": NODE}, "does not divide the 2 replicas"),
        ({"draft": LLAMA, "draft_tokens": 4, "acceptance_rate": 0.5, "model": Models.Language.Mixtral_8x7B}, "shares the vocabulary"),
        ({"draft": LLAMA, "draft_tokens": 4}, "acceptance_rate is needed"),
        ({"draft_tokens": 4}, "give draft="),
        ({"draft": LLAMA, "draft_tokens": 4, "acceptance_rate": 1.5}, "acceptance_rate=1.5"),
        ({"draft": LLAMA, "draft_tokens": 4, "acceptance_rate": 0.5, "pp_size": 2}, "pp_size=2"),
        ({"prefix_len": 512}, "leaves nothing"),
        ({"overlap": ("expert",)}, "nothing travels to experts"),
        ({"overlap": ("stage",), "model": DEEPSEEK, "ep_size": 8, "node": BIG_NODE}, "give \\('expert',\\)"),
        ({"overlap": "expert"}, "give a tuple"),
        ({"overlap": ("expert",), "model": DEEPSEEK, "ep_size": 8, "node": BIG_NODE, "batch_size": 1}, "at least 2"),
    ],
)
def test_what_cannot_be_served_so_is_refused(arguments, says):
    with pytest.raises(InputError, match=says):
        solve(**arguments)


# Speculation.


@given(batches, lengths, st.integers(1, 12), st.just(0.0) | st.floats(1e-6, 1))
def test_speculation_gains_no_more_than_its_tokens(batch, length, drafts, acceptance):
    given = {"batch_size": batch, "input_len": length, "output_len": 64}
    plain, small = solve(BIG_LLAMA, **given), solve(LLAMA, **given)
    fast = solve(BIG_LLAMA, **given, draft=LLAMA, draft_tokens=drafts, acceptance_rate=acceptance)
    tokens = sum(acceptance**i for i in range(drafts + 1))
    assert fast.number("itl") >= (plain.number("itl") + drafts * small.number("itl")) / tokens * (1 - 1e-9)
    assert fast.number("memory_footprint") == pytest.approx(plain.number("memory_footprint") + small.number("memory_footprint"), rel=1e-12)
    assert fast.number("ttft") == pytest.approx(plain.number("ttft") + small.number("ttft"), rel=1e-12)


def test_speculation_is_the_published_factor_while_memory_bounds():
    """Leviathan et al., theorem 3.8: (1 - a^(g+1)) / ((1 - a) (g c + 1)), with the cost ratio of the two models."""
    given = {"batch_size": 1, "input_len": 512, "output_len": 64}
    plain, small = (solve(m, **given).number("itl") for m in (BIG_LLAMA, LLAMA))
    for acceptance, drafts in ((0.6, 2), (0.8, 5), (0.9, 10)):
        fast = solve(BIG_LLAMA, **given, draft=LLAMA, draft_tokens=drafts, acceptance_rate=acceptance).number("itl")
        factor = (1 - acceptance ** (drafts + 1)) / ((1 - acceptance) * (drafts * small / plain + 1))
        assert plain / fast == pytest.approx(factor, rel=1e-9)


def test_speculation_does_not_pay_where_compute_bounds():
    plain, fast = (
        solve(BIG_LLAMA, batch_size=2048, input_len=64, output_len=64, **more).number("itl")
        for more in ({}, {"draft": LLAMA, "draft_tokens": 8, "acceptance_rate": 0.5})
    )
    assert fast > 2 * plain


# Cached prefixes.


@given(batches, st.integers(2, 4096), st.data())
def test_a_cached_prefix_saves_prefill_and_memory(batch, length, data):
    prefix = data.draw(st.integers(1, length - 1))
    given = {"batch_size": batch, "input_len": length, "output_len": 64}
    plain, cached = solve(**given), solve(**given, prefix_len=prefix)
    shared = 2 * 32 * 8 * 128 * prefix * 2
    assert cached.number("itl") == plain.number("itl")
    assert cached.number("ttft") <= plain.number("ttft") * (1 + 1e-12)
    assert plain.number("memory_footprint") - cached.number("memory_footprint") == pytest.approx((batch - 1) * shared, abs=1e-3, rel=1e-9)
    assert cached.number("max_batch_size") >= plain.number("max_batch_size") - 1


def test_an_uncached_prompt_is_the_limit_of_a_cached_one():
    plain, cached = solve(input_len=2000), solve(input_len=2000, prefix_len=1)
    assert cached.number("ttft") == pytest.approx(plain.number("ttft"), rel=1e-3)


def test_stages_send_what_passes_between_them():
    """One hop of 8 sequences x 4096 values x 2 bytes at 450 GB/s, and of 8 x 512 tokens in prefill."""
    two = solve(node=NODE.replace(accelerator__memory__capacity="1000 TB"), pp_size=2, batch_size=16)
    assert two.number("communication_time") == pytest.approx(
        8 * 4096 * 2 / 450e9 + (H100.link.latency.to("s").magnitude if H100.link.latency else 0)
    )
