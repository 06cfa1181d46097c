"""DistributedModel: layouts, memory, communication, and the device that stands alone."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim import DistributedModel, Efficiency, Fleet, HardwareNode, InfeasibleError, LayoutError, Models, SingleNodeModel, Systems

LLAMA, BIG_LLAMA, MIXTRAL, DEEPSEEK = (getattr(Models.Language, n) for n in ("Llama3_8B", "Llama3_70B", "Mixtral_8x7B", "DeepSeek_V3"))
ROOMY = HardwareNode(
    name="roomy",
    compute={"peak": {"bf16": "1 PFLOP/s"}},
    memory={"capacity": "1000 TB", "bandwidth": "3 TB/s"},
    link={"bandwidth": "900 GB/s", "direction": "bidirectional"},
)
FLEET = Fleet(
    node=Systems.Nodes.DGX_H100.replace(accelerator=ROOMY), nodes=8, fabric=Systems.Fabrics.InfiniBand_NDR
)  # 64 devices with all the memory that there could be


def solve(model=LLAMA, fleet=FLEET, **arguments):
    """Solve a step of 128 sequences."""
    return DistributedModel().solve(model, fleet, **{"batch_size": 128, "seq_len": 2048, **arguments})


@st.composite
def layouts(draw):
    """Draw a layout that 64 devices and 32 layers allow."""
    tp = draw(st.sampled_from([1, 2, 4, 8]))
    pp = draw(st.sampled_from([1, 2, 4]))
    cp = draw(st.sampled_from([1, 2]))
    dp = 64 // (tp * pp * cp)
    micro = draw(st.sampled_from([1, 2]))
    return {
        "model": draw(st.sampled_from([LLAMA, BIG_LLAMA, MIXTRAL])),
        "tp_size": tp,
        "pp_size": pp,
        "cp_size": cp,
        "microbatch_size": micro,
        "virtual_stages": draw(st.sampled_from([1, 2])) if pp > 1 else 1,
        "batch_size": dp * micro * pp * draw(st.integers(1, 8)),
        "seq_len": 2 * draw(st.integers(1, 4096)),
        "zero_stage": draw(st.sampled_from([0, 1, 2, 3])) if dp > 1 else 0,
        "recompute": draw(st.sampled_from(["none", "selective", "full"])),
    }


def alone():
    """Return a fleet of one device."""
    return Fleet(node=Systems.Nodes.DGX_H100.replace(accelerator=ROOMY, accelerators=1), nodes=1)


@given(st.sampled_from([LLAMA, BIG_LLAMA, MIXTRAL]), st.integers(1, 16), st.integers(512, 8192))
def test_one_device_is_the_single_node(model, batch, sequence):
    one = SingleNodeModel().solve(model, ROOMY, batch_size=batch, seq_len=sequence, precision="bf16", phase="training")
    step = solve(model, alone(), batch_size=batch, microbatch_size=batch, seq_len=sequence)
    assert step.number("compute_time") == pytest.approx(one.number("latency_compute"), rel=1e-12)
    assert step.number("memory_footprint") == pytest.approx(one.number("memory_footprint"), rel=1e-12)
    if one.bottleneck == "compute":
        assert step.number("step_time") == pytest.approx(one.number("latency"), rel=1e-12)
        assert step.number("mfu") == pytest.approx(one.number("mfu"), rel=1e-12)
    assert step.number("exposed_communication_time") == 0
    assert step.number("bubble_fraction") == 0


@given(layouts())
def test_every_number_is_lawful(layout):
    step = solve(**layout)
    assert step.feasible
    numbers = {n: step.number(n) for n in step.to_dict()}
    assert all(math.isfinite(v) and v >= 0 for v in numbers.values())
    kinds = ("tp", "dp", "pp", "ep", "cp")
    total = sum(numbers[f"{k}_communication_time"] for k in kinds)
    assert numbers["exposed_communication_time"] <= total * (1 + 1e-12)
    assert numbers["step_time"] >= numbers["compute_time"]
    assert numbers["step_time"] >= numbers["exposed_communication_time"] * (1 - 1e-12)
    assert 0 < numbers["mfu"] <= numbers["scaling_efficiency"] * (1 + 1e-12) <= 1 + 2e-12
    assert 0 <= numbers["bubble_fraction"] < 1
    assert numbers["throughput"] == pytest.approx(layout["batch_size"] * layout["seq_len"] / numbers["step_time"], rel=1e-12)
    for kind in ("tp", "pp", "cp"):
        assert (numbers[f"{kind}_communication_time"] > 0) == (layout[f"{kind}_size"] > 1)
    assert (numbers["dp_communication_time"] > 0) == (numbers["dp_size"] * layout["cp_size"] > 1)


@given(layouts())
def test_zero_never_raises_memory(layout):
    dp = 64 // (layout["tp_size"] * layout["pp_size"] * layout["cp_size"])
    if dp == 1:
        return
    held = [solve(**{**layout, "zero_stage": z}).number("memory_footprint") for z in range(4)]
    assert held == sorted(held, reverse=True)
    assert held[3] < held[0]


@given(layouts())
def test_recomputation_trades_memory_for_time(layout):
    steps = [solve(**{**layout, "recompute": r}) for r in ("none", "selective", "full")]
    held = [s.number("memory_footprint") for s in steps]
    assert held == sorted(held, reverse=True)
    worked = [s.number("compute_time") for s in steps]
    assert worked == sorted(worked)
    assert worked[0] < worked[2] <= worked[0] * 4 / 3 * (1 + 1e-12)


@given(layouts(), st.floats(0.01, 1), st.floats(0.01, 1), st.floats(0.01, 1))
def test_nothing_beats_the_bound(layout, compute, memory, link):
    bound, real = solve(**layout), solve(**layout, efficiency=Efficiency(compute=compute, memory=memory, link=link))
    assert real.number("step_time") >= bound.number("step_time") * (1 - 1e-12)
    assert real.number("mfu") <= bound.number("mfu") * (1 + 1e-12)


@given(layouts(), st.floats(1, 20))
def test_better_parts_never_slow(layout, factor):
    base = solve(**layout).number("step_time")
    for change in (
        {"node__accelerator__memory__bandwidth": ROOMY.memory.bandwidth * factor},
        {"node__accelerator__compute__peak__bf16": ROOMY.compute.peak.bf16 * factor},
        {"node__accelerator__link__bandwidth": ROOMY.link.bandwidth * factor},
        {"node__nic_bandwidth": FLEET.node.nic_bandwidth * factor},
    ):
        assert solve(**layout, fleet=FLEET.replace(**change)).number("step_time") <= base * (1 + 1e-12), change


@given(layouts(), st.integers(2, 4))
def test_time_grows_with_work(layout, times):
    base = solve(**layout).number("step_time")
    assert solve(**{**layout, "batch_size": layout["batch_size"] * times}).number("step_time") >= base
    assert solve(**{**layout, "seq_len": layout["seq_len"] * times}).number("step_time") >= base


def test_interleaving_shrinks_the_bubble():
    layout = {"model": BIG_LLAMA, "tp_size": 8, "pp_size": 4, "batch_size": 32}
    plain, woven = solve(**layout), solve(**layout, virtual_stages=4)
    assert plain.number("bubble_fraction") == pytest.approx(3 / (16 + 3))
    assert woven.number("bubble_fraction") == pytest.approx(0.75 / (16 + 0.75))
    assert woven.number("pp_communication_time") > plain.number("pp_communication_time")


def test_training_state_is_sixteen_bytes_a_parameter():
    step = solve(zero_stage=0)
    for name, size in (("weights", 2), ("gradients", 2), ("optimizer", 12)):
        assert step.number(f"memory_{name}") == pytest.approx(size * LLAMA.parameters, rel=1e-12)
    sharded = solve(zero_stage=3)
    assert sharded.number("memory_optimizer") == pytest.approx(12 * LLAMA.parameters / 64, rel=1e-12)


def test_llama3_70b_needs_a_layout(cluster):
    step = DistributedModel().solve(BIG_LLAMA, cluster, batch_size=256, seq_len=4096)
    assert not step.feasible
    with pytest.raises(InfeasibleError, match="TB too much"):
        _ = step.step_time
    assert step.memory_weights.to("GB").magnitude == pytest.approx(141.1, abs=0.1)
    assert (
        DistributedModel()
        .solve(BIG_LLAMA, cluster, batch_size=256, seq_len=4096, tp_size=8, pp_size=4, zero_stage=1, recompute="full")
        .feasible
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"tp_size": 3}, "tp_size=3 does not divide the 32 heads"),
        ({"tp_size": 16}, "more than the 8 devices of a node"),
        ({"pp_size": 64}, "more stages than the 32 layers"),
        ({"tp_size": 16, "model": LLAMA}, "give tp_across_nodes=True"),
        ({"tp_size": 16, "model": LLAMA.replace(heads=48, kv_heads=48, hidden=4800), "tp_across_nodes": True, "pp_size": 3}, "48 does not"),
        ({"cp_size": 3}, "does not divide the 64 devices"),
        ({"tp_size": 8, "pp_size": 16}, "does not divide the 64 devices"),
        ({"ep_size": 2}, "no experts"),
        ({"ep_size": 3, "model": MIXTRAL}, "ep_size=3 does not divide the data-parallel degree"),
        ({"ep_size": 16, "model": MIXTRAL}, "ep_size=16 does not divide the 8 experts"),
        ({"cp_size": 2, "model": DEEPSEEK}, "latent attention"),
        ({"batch_size": 100}, "no multiple of data-parallel degree"),
        ({"microbatch_size": 3}, "no multiple of data-parallel degree"),
        ({"cp_size": 2, "seq_len": 2047}, "no multiple of cp_size"),
        ({"virtual_stages": 2}, "give pp_size"),
        ({"pp_size": 4, "virtual_stages": 9}, "virtual_stages = 36 is more chunks than the 32 layers"),
        ({"pp_size": 4, "schedule": "interleaved"}, "does not go with virtual_stages=1"),
        ({"pp_size": 4, "virtual_stages": 2, "schedule": "1f1b"}, "does not go with virtual_stages=2"),
        ({"pp_size": 4, "tp_size": 8, "schedule": "zero-bubble", "batch_size": 6}, "need 4 microbatches"),
        ({"pp_size": 4, "tp_size": 8, "schedule": "zero-bubble-2p", "batch_size": 12}, "need 7 microbatches"),
        ({"tp_size": 12, "model": LLAMA.replace(heads=48, kv_heads=48, hidden=4800), "tp_across_nodes": True}, "no whole number of nodes"),
        ({"pp_size": 4, "tp_size": 8, "virtual_stages": 2, "batch_size": 6}, "multiple of pp_size=4 microbatches"),
        ({"tp_size": 8, "pp_size": 8, "zero_stage": 1}, "there is only one"),
    ],
    ids=str,
)
def test_a_layout_that_cannot_be_is_refused(arguments, says):
    with pytest.raises(LayoutError, match=says):
        solve(**arguments)


def test_experts_are_spread_and_talk():
    together, spread = solve(MIXTRAL), solve(MIXTRAL, ep_size=8)
    assert together.number("ep_communication_time") == 0
    assert spread.number("ep_communication_time") > 0
    assert spread.number("dp_size") == together.number("dp_size")


def test_expert_parallelism_spares_memory():
    """That is what it is for: each device holds its share of the experts only."""
    together, spread = solve(MIXTRAL), solve(MIXTRAL, ep_size=8)
    assert spread.number("memory_weights") < together.number("memory_weights")


def test_experts_cost_more_between_nodes_than_inside_one():
    inside, outside = solve(MIXTRAL, ep_size=8), solve(MIXTRAL, ep_size=8, tp_size=2)
    assert outside.number("ep_communication_time") > inside.number("ep_communication_time")


STATE = ("memory_weights", "memory_gradients", "memory_optimizer")


@pytest.mark.parametrize("ep", [1, 2, 4, 8])
@pytest.mark.parametrize("stage", [1, 2, 3])
@pytest.mark.parametrize("cp", [1, 2])
def test_state_is_conserved_over_the_devices(ep, stage, cp):
    """However it is sharded, the devices together hold every parameter's optimizer state once, and no less."""
    model = Models.Language.Mixtral_8x7B
    fleet = Systems.Clusters.Research_256
    step = DistributedModel().solve(model, fleet, 256, 4096, tp_size=2, ep_size=ep, cp_size=cp, zero_stage=stage, recompute="full")
    for name, bytes_each, sharded_from in zip(STATE, (2, 2, 12), (3, 2, 1), strict=True):
        held = step.number(name) * fleet.devices
        least = model.parameters * bytes_each
        assert held == pytest.approx(least, rel=1e-9) if stage >= sharded_from else held > least


def test_experts_held_once_are_not_reduced():
    """With as many expert ranks as replicas, only what is not routed is reduced."""
    from mlsysim import Fleet

    fleet = Fleet(node=Systems.Nodes.DGX_H100.replace(accelerator__memory__capacity="1 TB"), nodes=1)
    spread, together = (
        DistributedModel().solve(Models.Language.Mixtral_8x7B, fleet, 8, 512, ep_size=e, zero_stage=1, recompute="full") for e in (8, 1)
    )
    routed = 45_097_156_608
    share = 1 - routed / Models.Language.Mixtral_8x7B.parameters
    assert spread.number("dp_communication_time") == pytest.approx(share * together.number("dp_communication_time"), rel=1e-3)


def test_the_slower_of_port_and_fabric_sets_the_pace():
    fast = Systems.Clusters.Research_256
    slow = fast.replace(fabric=Systems.Fabrics.Ethernet_100G)
    times = [
        DistributedModel().solve(Models.Language.Llama3_8B, f, 256, 2048, zero_stage=1).number("dp_communication_time")
        for f in (fast, slow)
    ]
    assert times[1] > 2 * times[0]


def test_a_pair_in_a_mesh_has_its_own_links_only():
    from mlsysim import ServingModel

    pair, all_four = (
        ServingModel()
        .solve(Models.Language.Llama3_8B, node=Systems.Nodes.HGX_H100_4, input_len=1024, output_len=2, tp_size=t)
        .why("communication_time")
        for t in (2, 4)
    )
    speed = [next(s.value for s in w.steps if s.equation.name == "mesh_bandwidth") for w in (pair, all_four)]
    assert speed[0] == pytest.approx(speed[1] / 3)


def test_one_device_keeps_all_of_its_speed():
    from mlsysim import Fleet

    alone = Fleet(node=Systems.Nodes.DGX_H100.replace(accelerators=1), nodes=1)
    step = DistributedModel().solve(Models.Language.Llama3_8B.replace(layers=2), alone, 4, 1024)
    assert step.number("scaling_efficiency") == pytest.approx(1, rel=1e-12)


def test_only_the_last_backward_pass_hides_the_reduction():
    fleet = Systems.Clusters.Research_256
    few, many = (
        DistributedModel()
        .solve(Models.Language.Llama3_8B, fleet, b, 256, zero_stage=1, recompute="full")
        .number("exposed_communication_time")
        for b in (256, 2048)
    )
    assert many == pytest.approx(few, rel=1e-6)
    assert few > 0
