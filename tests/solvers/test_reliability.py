"""ReliabilityModel: failures, checkpoints, goodput."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim import DistributedModel, InfeasibleError, MissingFactError, Models, Q, ReliabilityModel, Systems

LLAMA3 = Systems.Clusters.Llama3_405B
FLEET = Systems.Clusters.Research_256


def solve(fleet=FLEET, job_duration="54 days", **arguments):
    """Solve the length of a published run."""
    return ReliabilityModel().solve(fleet, job_duration, **arguments)


def test_the_published_interruptions_of_llama3():
    """419 unexpected interruptions in 54 days on 16,384 GPUs."""
    found = solve(LLAMA3)
    assert found.expected_failures.magnitude == pytest.approx(419, rel=1e-3)
    assert found.fleet_mtbf.to("hour").magnitude == pytest.approx(3.09, abs=0.01)
    assert found.failure_probability.magnitude == pytest.approx(1.0)


def test_more_nodes_fail_more_often():
    one, many = (solve(FLEET.replace(nodes=n, accelerators=None), "1 day") for n in (1, 32))
    assert one.number("fleet_mtbf") == pytest.approx(32 * many.number("fleet_mtbf"))
    assert one.number("failure_probability") < many.number("failure_probability")
    assert one.number("expected_failures") == pytest.approx(86400 / one.number("fleet_mtbf"))


def test_the_chain_from_training(cluster):
    training = DistributedModel().solve(
        Models.Language.Llama3_8B, cluster, batch_size=512, seq_len=4096, tp_size=4, zero_stage=1, efficiency=1
    )
    found = solve(cluster, training=training, recovery_time="10 min")
    store = cluster.storage.write_bandwidth.to("byte/s").magnitude
    assert found.number("checkpoint_time") == pytest.approx(training.number("checkpoint_size") / store, rel=1e-12)
    assert found.number("effective_duration") > 54 * 86400
    assert solve(cluster, training=training, checkpoint_time="1 s").number("checkpoint_time") == 1.0
    assert any(f.name == "Systems.Storage.Checkpoint_Store.write_bandwidth" for f in found.why("checkpoint_time").facts)


def test_an_infeasible_result_stops_the_chain(cluster):
    training = DistributedModel().solve(Models.Language.Llama3_70B, cluster, batch_size=256, seq_len=4096, efficiency=1)
    with pytest.raises(InfeasibleError) as stopped:
        solve(cluster, training=training)
    assert str(stopped.value) == training.reason


def test_what_nobody_states_is_named(cluster):
    with pytest.raises(MissingFactError, match="mtbf"):
        solve(FLEET.replace(node__reliability={}))
    bare = solve()
    for name in ("checkpoint_time", "checkpoint_interval", "goodput", "effective_duration"):
        with pytest.raises(MissingFactError, match="checkpoint_time="):
            getattr(bare, name)
    half = solve(checkpoint_time="60 s")
    assert half.has("checkpoint_interval")
    for name in ("goodput", "effective_duration"):
        with pytest.raises(MissingFactError, match="recovery_time="):
            getattr(half, name)


def test_fifty_four_days_can_be_written_or_given():
    assert solve(job_duration="54 days") == solve(job_duration=Q(54, "day")) == solve(job_duration=Q(54 * 24, "hour"))


@given(st.floats(0.1, 3600), st.floats(0, 7200).map(lambda x: round(x, 6)), st.integers(1, 4000), st.floats(1, 1000))
def test_laws(checkpoint, recovery, nodes, days):
    fleet = FLEET.replace(nodes=nodes, accelerators=None)
    found = solve(fleet, Q(days, "day"), checkpoint_time=Q(checkpoint, "s"), recovery_time=Q(recovery, "s"))
    numbers = {n: found.number(n) for n in found.to_dict()}
    assert all(math.isfinite(v) and v >= 0 for v in numbers.values())
    assert 0 <= numbers["goodput"] <= 1
    assert 0 <= numbers["failure_probability"] <= 1
    assert numbers.get("effective_duration", math.inf) >= days * 86400 * (1 - 1e-12)
    slower = solve(fleet, Q(days, "day"), checkpoint_time=Q(2 * checkpoint, "s"), recovery_time=Q(recovery, "s"))
    assert slower.number("goodput") <= numbers["goodput"] * (1 + 1e-9)


@given(st.floats(0.1, 3600), st.floats(1e-3, 1e9), st.floats(1e-6, 1e9))
def test_goodput_is_a_share_however_bad_it_gets(checkpoint, recovery, mtbf):
    """A machine that fails faster than it restarts makes no progress: zero, or a refusal, but no negative share."""
    from mlsysim import MlsysimError

    fleet = FLEET.replace(node__reliability__node_mtbf=Q(mtbf, "s"))
    try:
        found = solve(fleet, checkpoint_time=Q(checkpoint, "s"), recovery_time=Q(recovery, "s"))
    except MlsysimError:
        return
    if found.has("goodput"):
        assert 0 <= found.number("goodput") <= 1
        assert found.number("checkpoint_interval") > 0
        assert not found.has("effective_duration") or math.isfinite(found.number("effective_duration"))


def test_a_stated_fleet_mtbf_beats_its_nodes():
    assert solve(LLAMA3.replace(mtbf="1 hour")).number("fleet_mtbf") == 3600


# Parts in series.

DAYS, GPUS, NODES = 54, 16384, 2048
CAUSES = {"accelerator": 148 + 72 + 19 + 17 + 6 + 6, "nic": 7, "link": 35, "host": 54 + 32 + 7 + 3 + 3 + 2 + 2 + 2 + 2 + 2}
"""Unexpected interruptions of Llama 3 405B by cause (its table 5), laid to the part of a node that they stopped."""


def parts(**counts):
    """Return the mean times of parts of which a published run counted the failures."""
    units = {"accelerator": GPUS, "nic": GPUS, "link": GPUS, "host": NODES}
    return {f"{n}_mtbf": Q(units[n] * DAYS * 24 / c, "hour") for n, c in counts.items()}


def test_the_parts_of_llama3_add_up_to_its_interruptions():
    assert sum(CAUSES.values()) == 419
    bare = LLAMA3.replace(mtbf=None, node__reliability=parts(**CAUSES))
    found = solve(bare)
    assert found.expected_failures.magnitude == pytest.approx(419, rel=1e-9)
    assert found.fleet_mtbf.to("hour").magnitude == pytest.approx(3.09, abs=0.005)
    assert found.node_mtbf.to("hour").magnitude == pytest.approx(6335, rel=1e-3)
    assert found.why("fleet_mtbf").equations == ["series_mtbf", "joined_mtbf"]


@pytest.mark.parametrize("part", CAUSES)
def test_each_part_alone_fails_as_often_as_counted(part):
    found = solve(LLAMA3.replace(mtbf=None, node__reliability=parts(**{part: CAUSES[part]})))
    assert found.expected_failures.magnitude == pytest.approx(CAUSES[part], rel=1e-9)


def test_more_parts_fail_more_often_and_a_stated_node_beats_them():
    last = math.inf
    counted = {}
    for part, count in CAUSES.items():
        counted[part] = count
        now = solve(LLAMA3.replace(mtbf=None, node__reliability=parts(**counted))).number("fleet_mtbf")
        assert now < last
        last = now
    both = {**parts(**CAUSES), "node_mtbf": "1000 hours"}
    assert solve(LLAMA3.replace(mtbf=None, node__reliability=both)).number("node_mtbf") == 3.6e6


def test_parts_need_their_number():
    with pytest.raises(MissingFactError, match="nics"):
        solve(LLAMA3.replace(mtbf=None, node__nics=None, node__reliability=parts(nic=7)))


@pytest.mark.parametrize(("gpus", "hours"), [(16384, 1.8), (131072, 0.23)])
def test_the_projected_times_of_metas_research_cluster(gpus, hours):
    """At 6.50 failures in a thousand node-days, as published for RSC-1."""
    node = Systems.Nodes.DGX_A100
    found = solve(FLEET.replace(node=node, nodes=gpus // 8, accelerators=None))
    assert found.fleet_mtbf.to("hour").magnitude == pytest.approx(hours, rel=0.025)


# Intervals.


def test_one_can_give_the_interval():
    best = solve(checkpoint_time="60 s", recovery_time="10 min")
    assert best.interval_rule == "daly"
    assert best.number("checkpoint_interval") == best.number("daly_interval")
    given_ = solve(checkpoint_time="60 s", recovery_time="10 min", checkpoint_interval="6 hours")
    assert given_.interval_rule == "given"
    assert given_.number("checkpoint_interval") == 6 * 3600
    assert given_.number("daly_interval") == best.number("daly_interval")
    assert given_.number("goodput") < best.number("goodput")
    lone = solve(checkpoint_interval="6 hours")
    assert lone.number("checkpoint_interval") == 6 * 3600
    with pytest.raises(MissingFactError, match="checkpoint_time="):
        _ = lone.goodput


@pytest.mark.parametrize(("mtbf", "minutes"), [("24 hours", 117), ("6 hours", 57), ("15 min", 9.1)])
def test_the_intervals_that_daly_publishes(mtbf, minutes):
    """Captions of his figures 3 to 5: a checkpoint of five minutes and a restart of ten."""
    found = solve(FLEET.replace(mtbf=mtbf), "500 hours", checkpoint_time="5 min", recovery_time="10 min")
    assert found.interval_rule == "daly"
    assert found.checkpoint_interval.to("min").magnitude == pytest.approx(minutes, rel=0.006)


def test_outside_the_range_of_the_series_the_result_says_so():
    mtbf = 3600.0
    fleet = FLEET.replace(mtbf=Q(mtbf, "s"))
    inside, outside = (solve(fleet, checkpoint_time=Q(f * mtbf, "s"), recovery_time="1 min") for f in (1.999, 2.0))
    assert inside.interval_rule == "daly"
    assert inside.has("daly_interval")
    assert outside.interval_rule == "outside"
    with pytest.raises(MissingFactError, match="outside the range"):
        _ = outside.daly_interval
    assert outside.number("checkpoint_interval") == mtbf
    swept = solve(fleet, checkpoint_time=Q(np.array([1.999, 2.0]) * mtbf, "s"), recovery_time="1 min")
    assert list(swept.interval_rule) == ["daly", "outside"]
    assert swept.number("daly_interval")[0] == inside.number("daly_interval")
    assert math.isnan(swept.number("daly_interval")[1])


def test_young_and_daly_meet_where_checkpoints_are_short():
    found = solve(checkpoint_time="0.01 s")
    assert found.number("young_interval") == pytest.approx(found.number("daly_interval"), rel=1e-3)
    longer = solve(FLEET.replace(mtbf="1 hour"), checkpoint_time="30 min")
    assert longer.number("young_interval") > 1.3 * longer.number("daly_interval")


@given(st.floats(1e-6, 0.3), st.floats(0.05, 20), st.floats(0, 0.5))
def test_no_interval_beats_dalys(share, factor, recovery):
    """Within a thousandth of the best goodput where a checkpoint takes less than a third of the time between failures."""
    mtbf = 10000.0
    arguments = {"checkpoint_time": Q(share * mtbf, "s"), "recovery_time": Q(round(recovery * mtbf, 6), "s")}
    fleet = FLEET.replace(mtbf=Q(mtbf, "s"))
    best = solve(fleet, **arguments)
    other = solve(fleet, checkpoint_interval=Q(best.number("checkpoint_interval") * factor, "s"), **arguments)
    assert best.number("goodput") >= other.number("goodput") * (1 - 1e-3)
    young = solve(fleet, checkpoint_interval=best.young_interval, **arguments)
    assert best.number("goodput") >= young.number("goodput") * (1 - 1e-6)


@given(st.floats(1, 600), st.floats(0, 3600).map(lambda v: round(v, 6)), st.floats(3600, 1e7), st.floats(1, 100), st.booleans())
def test_more_failures_never_raise_goodput(checkpoint, recovery, mtbf, factor, given_interval):
    arguments = {"checkpoint_time": Q(checkpoint, "s"), "recovery_time": Q(recovery, "s"), "repair_time": "24 hours", "spares": 2}
    if given_interval:
        arguments["checkpoint_interval"] = "1 hour"
    often, seldom = (solve(FLEET.replace(mtbf=Q(m, "s")), **arguments).number("goodput") for m in (mtbf, mtbf * factor))
    assert often <= seldom * (1 + 1e-9)


def test_the_size_of_a_checkpoint_is_in_decimal_bytes():
    training = DistributedModel().solve(
        Models.Language.Llama3_8B, CLUSTER, batch_size=512, seq_len=4096, tp_size=4, zero_stage=1, efficiency=1
    )
    gb, gib = (
        solve(CLUSTER.replace(storage__write_bandwidth=f"100 {unit}/s"), training=training).number("checkpoint_time")
        for unit in ("GB", "GiB")
    )
    assert gb / gib == pytest.approx(1.024**3, rel=1e-12)
    assert gb == pytest.approx(training.checkpoint_size.to("GB").magnitude / 100, rel=1e-12)


# Spares.

CLUSTER = FLEET.replace(storage=Systems.Storage.Checkpoint_Store)


def poisson(mean, most):
    """Return the probability of at most so many, term by term."""
    return math.fsum(math.exp(-mean) * mean**k / math.factorial(k) for k in range(most + 1))


@pytest.mark.parametrize("spares", [0, 1, 2, 5, 20])
@pytest.mark.parametrize("hours", [1, 24, 400])
def test_spares_by_hand(spares, hours):
    found = solve(checkpoint_time="60 s", recovery_time="10 min", spares=spares, repair_time=Q(hours, "hour"))
    mean = hours * 3600 / found.number("fleet_mtbf")
    assert found.number("full_strength") == pytest.approx(poisson(mean, spares), rel=1e-12)
    ready = poisson(mean, spares - 1) if spares else 0
    assert found.number("spare_ready") == pytest.approx(ready, rel=1e-12)
    assert found.number("recovery_time") == pytest.approx(600 + (1 - ready) * hours * 3600, rel=1e-12)


@given(st.integers(1, 60), st.integers(0, 10), st.floats(0.1, 400))
def test_poisson_is_near_the_binomial_of_nodes_that_fail_by_themselves(nodes, spares, hours):
    """By Le Cam's inequality, and since a node in repair cannot fail: within twice the mean times the share of time down."""
    fleet = FLEET.replace(nodes=nodes, accelerators=None)
    found = solve(fleet, spares=spares, repair_time=Q(hours, "hour"))
    mean = hours * 3600 / found.number("fleet_mtbf")
    down = hours * 3600 / (hours * 3600 + found.number("node_mtbf"))
    exact = math.fsum(math.comb(nodes, k) * down**k * (1 - down) ** (nodes - k) for k in range(min(spares, nodes) + 1))
    assert found.number("full_strength") == pytest.approx(exact, abs=2 * mean * down + 1e-12)


def test_without_spares_and_repairs_there_is_the_simple_formula():
    plain = solve(checkpoint_time="60 s", recovery_time="10 min")
    quick = solve(checkpoint_time="60 s", recovery_time="10 min", repair_time="0 s")
    assert quick.number("goodput") == pytest.approx(plain.number("goodput"), rel=1e-12)
    assert quick.number("full_strength") == 1
    none = solve(checkpoint_time="60 s", recovery_time="10 min", repair_time="5 hours")
    both = solve(checkpoint_time="60 s", recovery_time=Q(600 + 5 * 3600, "s"))
    assert none.number("goodput") == pytest.approx(both.number("goodput"), rel=1e-12)
    many = solve(checkpoint_time="60 s", recovery_time="10 min", repair_time="5 hours", spares=50)
    assert many.number("goodput") == pytest.approx(plain.number("goodput"), rel=1e-9)


def test_one_node_that_never_fails_loses_only_checkpoints():
    fleet = FLEET.replace(nodes=1, accelerators=None, node__reliability__node_mtbf=Q(1e16, "s"))
    found = solve(fleet, checkpoint_time="60 s", recovery_time="10 min", checkpoint_interval="1 hour", repair_time="1 day")
    assert found.number("fleet_mtbf") == 1e16
    assert found.number("goodput") == pytest.approx(3600 / 3660, rel=1e-9)
    assert found.number("full_strength") == pytest.approx(1, abs=1e-9)


@given(st.floats(0.1, 500), st.floats(0.5, 0.9999))
def test_the_spares_needed_are_the_fewest_that_reach_the_target(hours, target):
    repair = Q(hours, "hour")
    needed = round(solve(repair_time=repair, availability_target=target).number("spares_needed"))
    assert solve(repair_time=repair, spares=needed).number("full_strength") >= target
    if needed:
        assert solve(repair_time=repair, spares=needed - 1).number("full_strength") < target


def test_spares_that_are_never_enough():
    with pytest.raises(InfeasibleError, match="200 spares"):
        _ = solve(repair_time="10 years", availability_target=0.99).spares_needed
    swept = solve(repair_time=Q(np.array([24.0, 87600.0]), "hour"), availability_target=0.99).number("spares_needed")
    assert swept[0] == solve(repair_time="24 hours", availability_target=0.99).number("spares_needed")
    assert math.isnan(swept[1])
    for argument in ({"spares": 2}, {"availability_target": 0.9}):
        with pytest.raises(MissingFactError, match="repair_time="):
            solve(**argument)


@given(st.integers(0, 30), st.floats(0.1, 200))
def test_more_spares_never_lower_goodput(spares, hours):
    less, more = (
        solve(checkpoint_time="60 s", recovery_time="10 min", spares=n, repair_time=Q(hours, "hour")).number("goodput")
        for n in (spares, spares + 1)
    )
    assert less <= more * (1 + 1e-12)


# A job.


def test_step_time_failures_and_checkpoints_in_one_answer(cluster):
    training = DistributedModel().solve(
        Models.Language.Llama3_8B, cluster, batch_size=512, seq_len=4096, tp_size=4, zero_stage=1, efficiency=0.5
    )
    found = solve(cluster, training.run_time, training=training, recovery_time="10 min")
    goodput = found.number("goodput")
    assert 0.5 < goodput < 1
    assert found.number("effective_throughput") == pytest.approx(training.number("throughput") * goodput, rel=1e-12)
    assert found.number("effective_mfu") == pytest.approx(training.number("mfu") * goodput, rel=1e-12)
    assert found.number("effective_run_time") == pytest.approx(training.number("run_time") / goodput, rel=1e-12)
    assert found.number("effective_run_time") == pytest.approx(found.number("effective_duration"), rel=1e-12)
    tokens = float(Models.Language.Llama3_8B.published.training_tokens)
    assert found.number("effective_run_time") * found.number("effective_throughput") == pytest.approx(tokens, rel=1e-9)
    with pytest.raises(MissingFactError, match="training="):
        _ = solve(cluster, checkpoint_time="60 s", recovery_time="10 min").effective_mfu


def test_a_training_that_never_ends_says_so(cluster):
    training = DistributedModel().solve(
        Models.Language.Llama3_8B, cluster, batch_size=512, seq_len=4096, tp_size=4, zero_stage=1, efficiency=1
    )
    found = solve(cluster.replace(mtbf="1 min"), training=training, recovery_time="10 hours")
    for name in ("effective_duration", "effective_run_time"):
        with pytest.raises(InfeasibleError, match="never ends"):
            getattr(found, name)
