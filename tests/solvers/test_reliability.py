"""ReliabilityModel: failures, checkpoints, goodput."""

import math

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
    training = DistributedModel().solve(Models.Language.Llama3_8B, cluster, batch_size=512, seq_len=4096, tp_size=4, zero_stage=1)
    found = solve(cluster, training=training, recovery_time="10 min")
    store = cluster.storage.write_bandwidth.to("byte/s").magnitude
    assert found.number("checkpoint_time") == pytest.approx(training.number("checkpoint_size") / store, rel=1e-12)
    assert found.number("effective_duration") > 54 * 86400
    assert solve(cluster, training=training, checkpoint_time="1 s").number("checkpoint_time") == 1.0
    assert any(f.name == "Systems.Storage.Checkpoint_Store.write_bandwidth" for f in found.why("checkpoint_time").facts)


def test_an_infeasible_result_stops_the_chain(cluster):
    training = DistributedModel().solve(Models.Language.Llama3_70B, cluster, batch_size=256, seq_len=4096)
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
