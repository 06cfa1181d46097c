"""DistributedModel: layouts, memory, communication, and the device that stands alone."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim import (
    DistributedModel,
    Efficiency,
    Fleet,
    HardwareNode,
    InfeasibleError,
    InputError,
    LayoutError,
    Models,
    SingleNodeModel,
    Systems,
)
from mlsysim.equations import collectives

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
    return DistributedModel().solve(model, fleet, **{"efficiency": 1} | {"batch_size": 128, "seq_len": 2048, **arguments})


@st.composite
def layouts(draw):
    """Draw a layout that 64 devices and 32 layers allow."""
    tp = draw(st.sampled_from([1, 2, 4, 8]))
    pp = draw(st.sampled_from([1, 2, 4]))
    cp = draw(st.sampled_from([1, 2]))
    dp = 64 // (tp * pp * cp)
    micro = draw(st.sampled_from([1, 2]))
    virtual = draw(st.sampled_from([1, 2])) if pp > 1 else 1
    return {
        "model": draw(st.sampled_from([LLAMA, BIG_LLAMA, MIXTRAL])),
        "tp_size": tp,
        "pp_size": pp,
        "cp_size": cp,
        "microbatch_size": micro,
        "virtual_stages": virtual,
        "schedule": draw(st.sampled_from([None, "zero-bubble"])) if virtual == 1 else None,
        "attention": draw(st.sampled_from(["standard", "flash"])),
        "sequence_parallel": draw(st.booleans()),
        "collective": draw(st.sampled_from(["auto", "ring", "tree", "hierarchical", "in-network"])),
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
    one = SingleNodeModel().solve(model, ROOMY, batch_size=batch, seq_len=sequence, precision="bf16", phase="training", efficiency=1)
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
    step = DistributedModel().solve(BIG_LLAMA, cluster, batch_size=256, seq_len=4096, efficiency=1)
    assert not step.feasible
    with pytest.raises(InfeasibleError, match="TB too much"):
        _ = step.step_time
    assert step.memory_weights.to("GB").magnitude == pytest.approx(141.1, abs=0.1)
    assert (
        DistributedModel()
        .solve(BIG_LLAMA, cluster, batch_size=256, seq_len=4096, tp_size=8, pp_size=4, zero_stage=1, recompute="full", efficiency=1)
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
    step = DistributedModel().solve(
        model, fleet, 256, 4096, tp_size=2, ep_size=ep, cp_size=cp, zero_stage=stage, recompute="full", efficiency=1
    )
    for name, bytes_each, sharded_from in zip(STATE, (2, 2, 12), (3, 2, 1), strict=True):
        held = step.number(name) * fleet.devices
        least = model.parameters * bytes_each
        assert held == pytest.approx(least, rel=1e-9) if stage >= sharded_from else held > least


def test_experts_held_once_are_not_reduced():
    """With as many expert ranks as replicas, only what is not routed is reduced."""
    from mlsysim import Fleet

    fleet = Fleet(node=Systems.Nodes.DGX_H100.replace(accelerator__memory__capacity="1 TB"), nodes=1)
    spread, together = (
        DistributedModel().solve(Models.Language.Mixtral_8x7B, fleet, 8, 512, ep_size=e, zero_stage=1, recompute="full", efficiency=1)
        for e in (8, 1)
    )
    routed = 45_097_156_608
    share = 1 - routed / Models.Language.Mixtral_8x7B.parameters
    assert spread.number("dp_communication_time") == pytest.approx(share * together.number("dp_communication_time"), rel=1e-3)


def test_the_slower_of_port_and_fabric_sets_the_pace():
    fast = Systems.Clusters.Research_256
    slow = fast.replace(fabric=Systems.Fabrics.Ethernet_100G)
    times = [
        DistributedModel().solve(Models.Language.Llama3_8B, f, 256, 2048, zero_stage=1, efficiency=1).number("dp_communication_time")
        for f in (fast, slow)
    ]
    assert times[1] > 2 * times[0]


def test_a_pair_in_a_mesh_has_its_own_links_only():
    from mlsysim import ServingModel

    pair, all_four = (
        ServingModel()
        .solve(Models.Language.Llama3_8B, node=Systems.Nodes.HGX_H100_4, input_len=1024, output_len=2, tp_size=t, efficiency=1)
        .why("communication_time")
        for t in (2, 4)
    )
    speed = [next(s.value for s in w.steps if s.equation.name == "mesh_bandwidth") for w in (pair, all_four)]
    assert speed[0] == pytest.approx(speed[1] / 3)


def test_one_device_keeps_all_of_its_speed():
    from mlsysim import Fleet

    alone = Fleet(node=Systems.Nodes.DGX_H100.replace(accelerators=1), nodes=1)
    step = DistributedModel().solve(Models.Language.Llama3_8B.replace(layers=2), alone, 4, 1024, efficiency=1)
    assert step.number("scaling_efficiency") == pytest.approx(1, rel=1e-12)


def test_only_the_last_backward_pass_hides_the_reduction():
    fleet = Systems.Clusters.Research_256
    few, many = (
        DistributedModel()
        .solve(Models.Language.Llama3_8B, fleet, b, 256, zero_stage=1, recompute="full", efficiency=1)
        .number("exposed_communication_time")
        for b in (256, 2048)
    )
    assert many == pytest.approx(few, rel=1e-6)
    assert few > 0


# Algorithms of collectives, by size and place.

NODE = FLEET.node
SLOW_START = {
    "node__accelerator__link": ROOMY.link.replace(latency="5 us"),
    "fabric": Systems.Fabrics.InfiniBand_NDR.replace(latency="10 us"),
}
NO_ADDERS = FLEET.replace(node__link__switch_reduction=False)


def on(nodes=8, **changes):
    """Return the roomy fleet with another number of nodes, and other changes."""
    return FLEET.replace(nodes=nodes, **changes)


def algorithm(**arguments):
    step = solve(**arguments)
    return step.tp_algorithm, step.dp_algorithm


def test_the_fastest_algorithm_goes_by_size_and_place():
    small = {"model": LLAMA.replace(hidden=64, layers=4), "seq_len": 1, "microbatch_size": 1}
    one = NO_ADDERS.replace(nodes=1, node__accelerator__link=ROOMY.link.replace(latency="0.5 us"))
    assert algorithm(tp_size=8, fleet=one) == ("ring", "none"), "many bytes: rings send least"
    assert algorithm(tp_size=8, fleet=one, **small)[0] == "tree", "few bytes: trees have the fewest rounds"
    assert algorithm(tp_size=8, fleet=on(1)) == ("in-network", "none"), "switches that add halve the bytes"
    assert algorithm(fleet=on(2))[1] == "in-network"
    assert algorithm(fleet=on(8))[1] == "hierarchical", "over many nodes, a ring between them sends less than a tree"
    assert algorithm(fleet=NO_ADDERS)[1] in ("ring", "hierarchical")
    slow = NO_ADDERS.replace(node__nics=1)
    assert solve(fleet=slow).number("dp_communication_time") > solve(fleet=NO_ADDERS).number("dp_communication_time")


def test_trees_reduce_small_buffers_over_many_nodes():
    far = NO_ADDERS.replace(nodes=64, fabric=SLOW_START["fabric"])
    small = LLAMA.replace(hidden=32, layers=2, mlp_width=32, vocab=100)
    assert algorithm(fleet=far, batch_size=1024, model=small)[1] == "tree"
    assert algorithm(fleet=far, batch_size=1024)[1] != "tree"


@given(layouts(), st.sampled_from(["ring", "tree", "hierarchical", "in-network"]), st.booleans())
def test_what_is_chosen_is_the_fastest_of_what_is_offered(layout, asked, slow):
    fleet = FLEET.replace(**SLOW_START) if slow else FLEET
    auto, one = (solve(fleet=fleet, **{**layout, "collective": c}) for c in ("auto", asked))
    for kind in ("tp", "dp"):
        name = f"{kind}_communication_time"
        assert auto.number(name) <= one.number(name) * (1 + 1e-12)
        assert getattr(one, f"{kind}_algorithm") in (asked, "ring", "none")
        if getattr(auto, f"{kind}_algorithm") == getattr(one, f"{kind}_algorithm"):
            assert auto.number(name) == one.number(name)
    assert auto.number("step_time") <= one.number("step_time") * (1 + 1e-12)


def test_why_shows_the_times_of_all_algorithms():
    steps = solve(tp_size=8).why("tp_communication_time").equations
    assert {"ring_allreduce_time", "pipelined_tree_allreduce_time", "in_network_allreduce_time", "faster_collective"} <= set(steps)
    steps = solve(tp_size=2).why("dp_communication_time").equations
    assert {"pipelined_hierarchical_allreduce_time", "tree_across_allreduce_time", "in_network_tree_allreduce_time"} <= set(steps)


def test_sharded_buffers_are_scattered_and_gathered_by_rings():
    for stage in (1, 2, 3):
        assert algorithm(zero_stage=stage)[1] in ("ring", "hierarchical")
    assert algorithm(tp_size=8, sequence_parallel=True)[0] == "ring"


def test_switches_add_only_where_they_are_stated():
    with pytest.raises(InputError, match=r"in-network.*switch_reduction"):
        solve(fleet=NO_ADDERS, collective="in-network")
    with pytest.raises(InputError, match="mesh has no switches"):
        Systems.Nodes.HGX_H100_4.replace(link__switch_reduction=True)
    assert Systems.Nodes.DGX_H100.link.switch_reduction
    assert not Systems.Nodes.DGX_A100.link.switch_reduction


def test_all_ports_of_a_node_count():
    half = FLEET.replace(node__nics=4)
    slow, fast = (solve(fleet=f, collective="hierarchical", zero_stage=1).number("dp_communication_time") for f in (half, FLEET))
    assert slow == pytest.approx(2 * fast, rel=0.05)


def test_degenerate_groups_meet_the_simple_formulas():
    message = LLAMA.parameters * 2
    one = solve(fleet=on(1), collective="ring")
    bandwidth = 450e9
    assert one.number("dp_communication_time") == pytest.approx(2 * 7 / 8 * message / bandwidth, rel=1e-12)
    single = FLEET.replace(node__accelerators=1, node__nics=1)
    steps = {a: solve(fleet=single, batch_size=64, collective=a).number("dp_communication_time") for a in ("ring", "hierarchical")}
    latency = 2 * 7 * FLEET.fabric.latency.to("s").magnitude
    assert steps["ring"] == pytest.approx(2 * 7 / 8 * message / 50e9 + latency, rel=1e-12)
    assert steps["hierarchical"] == steps["ring"]


def test_sweeps_choose_for_each_point():
    np = pytest.importorskip("numpy")
    fleet = NO_ADDERS.replace(nodes=1, node__accelerator__link=ROOMY.link.replace(latency="0.5 us"))
    small = LLAMA.replace(hidden=64, layers=4)
    lengths = np.array([1, 16, 65536])
    sweep = solve(small, fleet, tp_size=8, seq_len=lengths)
    single = [solve(small, fleet, tp_size=8, seq_len=int(n)) for n in lengths]
    assert list(sweep.tp_algorithm) == [s.tp_algorithm for s in single]
    assert len(set(sweep.tp_algorithm)) == 2
    assert sweep.number("step_time") == pytest.approx([s.number("step_time") for s in single], rel=1e-12)


# Topologies of the network.


def fabric(topology, **changes):
    """Return the fabric of the fleet with another topology, oversubscribed four times."""
    return FLEET.replace(fabric=Systems.Fabrics.InfiniBand_NDR.replace(topology=topology, **{"oversubscription": 4, **changes}))


def gradient_time(fleet):
    return solve(fleet=fleet, zero_stage=1, tp_size=8).number("dp_communication_time")


def test_rails_keep_one_rank_below_the_spine():
    assert gradient_time(fabric("rail-optimised")) == gradient_time(fabric("fat-tree", oversubscription=1))
    assert gradient_time(fabric("rail-optimised", pod_nodes=8)) == gradient_time(fabric("rail-optimised"))
    assert gradient_time(fabric("rail-optimised", pod_nodes=4)) == gradient_time(fabric("fat-tree"))


def test_a_dragonfly_shares_its_global_links():
    inside = gradient_time(fabric("dragonfly", pod_nodes=8))
    assert inside == gradient_time(fabric("fat-tree", oversubscription=1))
    assert gradient_time(fabric("dragonfly", oversubscription=1)) == inside, "the canonic dragonfly has a global link for each server"
    assert gradient_time(fabric("dragonfly", pod_nodes=4)) == gradient_time(fabric("fat-tree"))


def test_a_torus_has_fewer_rounds_than_a_ring():
    chips = FLEET.replace(node__accelerators=1, node__nics=None, node__nic_bandwidth=None, nodes=64)
    links = {"ring": "300 GB/s", "torus-2d": "150 GB/s", "torus-3d": "100 GB/s"}
    fabrics = [Systems.Fabrics.ICI_V5p.replace(topology=t, bandwidth=b, latency="1 ms") for t, b in links.items()]
    times = [solve(fleet=chips.replace(fabric=f)).number("dp_communication_time") for f in fabrics]
    rounds = [2 * 1 * 63, 2 * 2 * 7, 2 * 3 * 3]
    assert [a - b for a, b in itertools.pairwise(times)] == pytest.approx([(126 - 28) * 1e-3, (28 - 18) * 1e-3], rel=1e-9)
    assert times[0] - rounds[0] * 1e-3 == pytest.approx(2 * 63 / 64 * LLAMA.parameters * 2 / 600e9, rel=1e-9)
    step = solve(MIXTRAL, chips.replace(fabric=fabrics[2]), ep_size=8)
    assert "torus_all_to_all_time" in step.why("ep_communication_time").equations
    sent = 2048 * 4096 * 2 * MIXTRAL.experts_active
    crossing = 8 * sent / 4 / collectives.torus_bisection_bandwidth(8, 3, 100e9)
    rounds = 3 * 2 / 2 * 1e-3
    assert step.number("ep_communication_time") == pytest.approx(4 * 32 * 2 * (crossing + rounds), rel=1e-9)
    assert step.dp_algorithm == "ring"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"topology": "moebius"}, "topology"),
        ({"topology": None}, "topology"),
        ({"pod_nodes": 3}, "only rails and dragonflies have pods"),
        ({"topology": "torus-3d", "pod_nodes": 3}, "only rails and dragonflies have pods"),
        ({"topology": "dragonfly", "pod_nodes": 0}, "pod_nodes"),
    ],
    ids=str,
)
def test_a_network_that_cannot_be_is_refused(arguments, says):
    with pytest.raises(InputError, match=says):
        Systems.Fabrics.InfiniBand_NDR.replace(**arguments)


TOPOLOGIES = ["fat-tree", "switched", "hypercube", "rail-optimised", "dragonfly", "ring", "torus-2d", "torus-3d"]


@given(layouts(), st.sampled_from(TOPOLOGIES), st.floats(1, 8), st.sampled_from([None, 1, 2, 8]))
def test_a_thinner_network_never_speeds_up(layout, topology, ratio, pods):
    more = {"pod_nodes": pods} if pods and topology in ("rail-optimised", "dragonfly") else {}
    full, thin = (solve(**layout, fleet=fabric(topology, oversubscription=r, **more)) for r in (1, ratio))
    assert thin.number("step_time") >= full.number("step_time") * (1 - 1e-12)
    assert all(math.isfinite(thin.number(n)) for n in thin.to_dict())


# Tensor parallelism beyond a node.


def test_tensor_parallelism_leaves_a_node_only_when_told():
    with pytest.raises(LayoutError, match="tp_across_nodes=True"):
        solve(tp_size=16)
    wide = solve(tp_size=16, tp_across_nodes=True)
    assert wide.tp_algorithm in ("in-network", "hierarchical", "ring", "tree")
    assert wide.number("tp_communication_time") > solve(tp_size=8).number("tp_communication_time")
    rings = solve(tp_size=16, tp_across_nodes=True, collective="hierarchical")
    message, layers, microbatches = 2048 * 4096 * 2, 32, 128 / 4
    inside, across = 2 * 7 / 8 * message / 450e9, 2 * 1 / 2 * message / 8 / 50e9
    rounds = 2 * FLEET.fabric.latency.to("s").magnitude
    assert rings.number("tp_communication_time") == pytest.approx(4 * layers * microbatches * (max(inside, across) + rounds), rel=1e-9)
    assert solve(tp_size=4, tp_across_nodes=True) == solve(tp_size=4)


# Schedules and stages of a pipeline.


def test_zero_bubble_schedules():
    layout = {"model": BIG_LLAMA, "tp_size": 8, "pp_size": 4, "batch_size": 32}
    plain, half, none = (solve(**layout, schedule=s) for s in ("1f1b", "zero-bubble", "zero-bubble-2p"))
    assert solve(**layout) == plain
    assert half.number("bubble_fraction") == pytest.approx(1 / 17)
    assert none.number("bubble_fraction") == 0
    assert half.number("memory_activations") == plain.number("memory_activations")
    assert none.number("memory_activations") == pytest.approx(plain.number("memory_activations") * 7 / 4)
    assert none.number("step_time") < half.number("step_time") < plain.number("step_time")
    assert solve(**layout, virtual_stages=2) == solve(**layout, virtual_stages=2, schedule="interleaved")


def test_interleaving_holds_no_more_than_all_microbatches():
    """With as many microbatches as stages a stage holds each once; with twice as many, the share that the schedule adds too."""
    layout = {"model": BIG_LLAMA, "tp_size": 8, "pp_size": 4, "virtual_stages": 4}
    replicas = solve(**layout, batch_size=128).number("dp_size")
    few, many, plain = (
        solve(**{**layout, "virtual_stages": v}, batch_size=int(n * replicas)).number("memory_activations")
        for n, v in ((4, 4), (8, 4), (4, 1))
    )
    assert few == pytest.approx(plain, rel=1e-12)
    assert many == pytest.approx(few * (1 + 3 / 16), rel=1e-12)


@given(layouts(), st.integers(2, 4), st.sampled_from(["1f1b", "interleaved", "zero-bubble", "zero-bubble-2p"]))
def test_more_microbatches_never_raise_the_bubble(layout, times, schedule):
    layout["virtual_stages"] = 2 if schedule == "interleaved" and layout["pp_size"] > 1 else 1
    layout["batch_size"] *= 2
    chosen = None if schedule == "interleaved" else schedule
    base, more = (solve(**{**layout, "batch_size": layout["batch_size"] * n, "schedule": chosen}) for n in (1, times))
    assert more.number("bubble_fraction") <= base.number("bubble_fraction")
    plain = solve(**{**layout, "virtual_stages": 1, "schedule": None})
    assert base.number("bubble_fraction") <= plain.number("bubble_fraction")
    if layout["pp_size"] == 1:
        assert base.number("bubble_fraction") == 0
        assert base.number("step_time") == plain.number("step_time")


def test_the_fullest_stage_sets_the_pace():
    """126 layers on 16 stages: some have eight, so it takes as long as 128 would, and holds as much."""
    model = Models.Language.Llama3_405B
    fleet = Systems.Clusters.Llama3_405B.replace(nodes=128, accelerators=None, node__accelerator__memory__capacity="1 TB")
    layout = {"fleet": fleet, "batch_size": 128, "seq_len": 8192, "tp_size": 8, "pp_size": 16, "zero_stage": 1, "attention": "flash"}
    uneven, padded = (solve(model.replace(layers=n), **layout) for n in (126, 128))
    assert uneven.number("stage_layers") == padded.number("stage_layers") == 8
    assert uneven.number("memory_activations") == padded.number("memory_activations")
    assert uneven.number("compute_time") == pytest.approx(padded.number("compute_time"), rel=2e-3)
    assert uneven.number("memory_weights") == pytest.approx(padded.number("memory_weights"), rel=2e-3)
    assert uneven.number("tp_communication_time") == padded.number("tp_communication_time")
    assert uneven.number("mfu") == pytest.approx(padded.number("mfu") * 126 / 128, rel=2e-3)
    even = uneven.number("compute_time") * 15.75 / 16
    assert uneven.number("scaling_efficiency") < even / uneven.number("step_time") * (1 + 1e-2)
    woven = solve(model, **layout, virtual_stages=4)
    assert woven.number("stage_layers") == 8
    assert woven.number("bubble_fraction") < uneven.number("bubble_fraction")


def test_llama3_405b_is_laid_out():
    layout = {"tp_size": 8, "pp_size": 16, "zero_stage": 1, "attention": "flash", "sequence_parallel": True, "recompute": "full"}
    step = DistributedModel().solve(Models.Language.Llama3_405B, Systems.Clusters.Llama3_405B, 2048, 8192, **{"efficiency": 1} | layout)
    assert step.feasible
    assert step.number("dp_size") == 128


@given(st.integers(4, 40), st.sampled_from([1, 2, 4]), st.sampled_from([1, 2]))
def test_uneven_stages_lie_between_even_ones(layers, stages, virtual):
    virtual = virtual if stages > 1 and layers >= stages * virtual else 1
    chunks = stages * virtual

    def at(n):
        return solve(LLAMA.replace(layers=n), tp_size=8, pp_size=stages, virtual_stages=virtual, batch_size=64)

    below, here, above = at(layers // chunks * chunks), at(layers), at(-(-layers // chunks) * chunks)
    for name in ("step_time", "memory_footprint"):
        assert below.number(name) <= here.number(name) * (1 + 1e-12), name
    assert here.number("memory_activations") == pytest.approx(above.number("memory_activations"), rel=1e-12)
    assert here.number("mfu") <= 1


# Fused attention.


@given(layouts(), st.booleans())
def test_flash_attention_never_adds_bytes(layout, together):
    layout["sequence_parallel"] = together
    standard, flash = (solve(**{**layout, "attention": a}) for a in ("standard", "flash"))
    for name in ("memory_activations", "memory_footprint"):
        assert flash.number(name) <= standard.number(name)
    if layout["recompute"] != "full":
        without = solve(**{**layout, "recompute": "selective", "attention": "standard"})
        assert flash.number("memory_activations") == without.number("memory_activations")


def test_flash_attention_computes_its_scores_once_more():
    """The forward pass has two products for each pair; the backward pass does the first again, and nothing beyond."""
    step = {r: solve(tp_size=2, recompute=r) for r in ("none", "selective")}
    extra = step["selective"].number("compute_time") - step["none"].number("compute_time")
    flash = {r: solve(tp_size=2, recompute=r, attention="flash") for r in ("none", "selective")}
    assert flash["none"].number("compute_time") - step["none"].number("compute_time") == pytest.approx(extra / 2, rel=1e-9)
    assert flash["selective"].number("compute_time") == flash["none"].number("compute_time")
    assert flash["none"].number("hfu") > flash["none"].number("mfu") * flash["none"].number("compute_time") / flash["none"].number(
        "step_time"
    )


@given(layouts(), st.sampled_from(["standard", "flash"]))
def test_selective_recomputation_never_costs_more_than_full(layout, attention):
    selective, full = (solve(**{**layout, "recompute": r, "attention": attention}) for r in ("selective", "full"))
    assert selective.number("step_time") <= full.number("step_time") * (1 + 1e-12)
    assert selective.number("compute_time") <= full.number("compute_time") * (1 + 1e-12)
    assert selective.number("tp_communication_time") <= full.number("tp_communication_time") * (1 + 1e-12)
    if layout["pp_size"] == 1 and layout["zero_stage"] < 3:
        assert selective.number("compute_time") < full.number("compute_time")


# What is counted, and what hides.


@given(layouts())
def test_utilizations_are_ordered(layout):
    step = solve(**layout)
    assert step.number("mfu") <= step.number("hfu") * (1 + 1e-12) <= 1 + 2e-12
    assert step.number("mfu") <= step.number("mfu_full_attention") <= 2 * step.number("mfu")
    if layout["recompute"] == "none" and layout["attention"] == "standard":
        assert step.number("hfu") == pytest.approx(step.number("mfu"), rel=1e-12)


def test_attention_is_credited_in_both_ways():
    step, sequence = solve(tp_size=2, seq_len=4096), 4096
    pairs = 12 * LLAMA.layers * LLAMA.hidden * sequence
    share = pairs * (1 - (sequence + 1) / sequence / 2)
    seconds, tokens = step.number("step_time"), 128 * sequence
    difference = share * tokens / (seconds * 64 * 1e15)
    assert step.number("mfu_full_attention") - step.number("mfu") == pytest.approx(difference, rel=1e-9)
    encoder = solve(Models.Language.BERT_Large, seq_len=512)
    assert encoder.number("mfu_full_attention") == encoder.number("mfu")


@given(layouts())
def test_overlap_hides_no_more_than_the_compute(layout):
    step = solve(**layout)
    kinds = ("tp", "dp", "pp", "ep", "cp")
    total = sum(step.number(f"{k}_communication_time") for k in kinds)
    hidden = total - step.number("exposed_communication_time")
    busy = step.number("step_time") - step.number("exposed_communication_time")
    assert -1e-12 * total <= hidden <= busy * (1 + 1e-12)


def test_zero_stage_3_costs_half_as_much_again():
    """With one microbatch: weights gathered forward and backward, gradients scattered; each is half of an all-reduce."""
    plain, sharded = (solve(batch_size=64, zero_stage=z, collective="ring").number("dp_communication_time") for z in (0, 3))
    assert sharded == pytest.approx(1.5 * plain, rel=1e-12)


@pytest.mark.parametrize("zero", [0, 1])
def test_whole_gradients_are_reduced_once_whatever_is_accumulated(zero):
    times = {solve(batch_size=64 * n, zero_stage=zero).number("dp_communication_time") for n in (1, 2, 8)}
    assert len(times) == 1


@pytest.mark.parametrize(("zero", "halves"), [(2, lambda n: n + 1), (3, lambda n: 3 * n)])
def test_sharded_gradients_are_scattered_after_each_microbatch(zero, halves):
    """Every scatter or gather is half of an all-reduce; gradients that lie sharded hide behind all backward passes."""
    once, *more = (solve(batch_size=64 * n, zero_stage=zero, collective="ring") for n in (1, 2, 8))
    for n, step in zip((2, 8), more, strict=True):
        ratio = step.number("dp_communication_time") / once.number("dp_communication_time")
        assert ratio == pytest.approx(halves(n) / halves(1), rel=1e-12)


def test_context_parallelism_passes_keys_and_values_around():
    step = solve(cp_size=2, tp_size=4)
    keys = 2 * 2048 * LLAMA.kv_heads * 128 * 2 / 4
    assert step.number("cp_communication_time") == pytest.approx(3 * 32 * 16 * keys / 2 / 450e9, rel=1e-9)


# Memory by part.


@pytest.mark.parametrize("attention", ["standard", "flash"])
@pytest.mark.parametrize("recompute", ["alternate", "full"])
def test_a_layer_that_is_computed_again_exists_whole(recompute, attention):
    stored, again = (solve(attention=attention, recompute=r) for r in ("none", recompute))
    assert again.number("memory_buffers") == pytest.approx(stored.number("memory_activations") / 32, rel=1e-12)
    parts = ("weights", "gradients", "optimizer", "activations", "buffers")
    assert again.number("memory_footprint") == pytest.approx(sum(again.number(f"memory_{p}") for p in parts), rel=1e-12)
    assert solve(attention=attention, recompute="selective").number("memory_buffers") == 0


def test_buffers_are_the_gathered_layer_and_what_is_stated():
    assert solve().number("memory_buffers") == 0
    assert solve(zero_stage=3).number("memory_buffers") == pytest.approx(2 * LLAMA.parameters / 32, rel=1e-12)
    stated = solve(zero_stage=3, bucket_size="500 MB", tp_size=2)
    assert stated.number("memory_buffers") == pytest.approx(LLAMA.parameters / 32 + 500e6, rel=1e-12)
    assert sum(part.to("byte").magnitude for part in stated.memory.values()) == pytest.approx(stated.number("memory_footprint"), rel=1e-12)


def test_a_gigabyte_is_no_gibibyte():
    small, large = (solve(bucket_size=f"1 {unit}").number("memory_buffers") for unit in ("GB", "GiB"))
    assert (small, large) == (1e9, 2**30)


@given(layouts(), st.sampled_from([0, 1, 2, 3]))
def test_no_step_beats_physics(layout, stage):
    """Arithmetic at the peak, and every gradient byte that must leave a device over all of its links."""
    group = 64 / (layout["tp_size"] * layout["pp_size"])
    layout["zero_stage"] = stage if group > 1 else 0
    step = solve(**layout)
    assert step.number("step_time") >= step.number("mfu") * step.number("step_time")
    assert step.number("compute_time") <= step.number("step_time")
    if group > 1:
        gradients = 2 * layout["model"].parameters / (layout["tp_size"] * layout["pp_size"])
        fastest = 450e9 if group * layout["tp_size"] <= 8 else 450e9 + 50e9
        assert step.number("dp_communication_time") >= gradients * (group - 1) / group / fastest


@given(layouts(), st.floats(1.01, 20))
def test_more_memory_never_slows(layout, factor):
    base, more = (solve(**layout, fleet=FLEET.replace(node__accelerator__memory__capacity=ROOMY.memory.capacity * f)) for f in (1, factor))
    assert more.number("step_time") == base.number("step_time")
    small = FLEET.replace(node__accelerator__memory__capacity="1 kB")
    assert not solve(**layout, fleet=small).feasible


@given(layouts())
def test_one_of_each_is_the_simple_step(layout):
    """One device, one stage, one expert rank, one node: no schedule, algorithm or topology changes anything."""
    fleet = alone()
    kept = {n: layout[n] for n in ("model", "seq_len", "recompute", "attention", "sequence_parallel")}
    plain = solve(fleet=fleet, batch_size=4, **kept)
    for change in (
        {"schedule": "zero-bubble"},
        {"schedule": "zero-bubble-2p"},
        {"collective": layout["collective"]},
        {"tp_across_nodes": True},
    ):
        other = solve(fleet=fleet, batch_size=4, **kept, **change)
        for name in plain.to_dict():
            assert other.number(name) == pytest.approx(plain.number(name), rel=1e-12), (name, change)
    executed = plain.number("hfu") * plain.number("step_time") * 1e15
    assert plain.number("compute_time") == pytest.approx(executed / 1e15, rel=1e-12)


@pytest.mark.parametrize("zero", [0, 1, 2, 3])
def test_a_device_updates_its_own_shard_only(zero):
    """Whatever is sharded, all replicas together write each weight, read each gradient, and read and write the state once."""
    found = solve(zero_stage=zero)
    (pass_,) = [s for s in found.why("step_time").steps if s.equation.name == "optimizer_traffic"]
    replicas = 1 if zero == 0 else 64
    assert pass_.value * replicas == pytest.approx((2 + 2 + 2 * 12) * LLAMA.parameters, rel=1e-12)
