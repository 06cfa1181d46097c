"""Reliability: failures, checkpoints, and the work that survives them."""

from ..equation import equation, example, limit
from ..quantities import (
    CheckpointTime,
    ComponentMtbf,
    Components,
    Duration,
    Failures,
    Goodput,
    Interval,
    Mtbf,
    Probability,
    RecoveryTime,
    StateBytes,
    StorageBandwidth,
)
from ..vocabulary import exp, sqrt


@equation(
    source="giladi2026recovery",
    where="section 'Goodput and the checkpoint interval', symbols",
    example=example(
        "30 min",
        component_mtbf="50000 hour",
        components=100000,
        source="epoch2024failures",
        where="introduction, second paragraph",
        kind="publication",
        tolerance=0.016,
    ),
    limits=limit("a single component fails at its own rate", lambda component_mtbf, **_: component_mtbf, components=1),
)
def series_mtbf(component_mtbf: ComponentMtbf, components: Components) -> Mtbf:
    """Mean time between failures of a system that stops as soon as any one of its equal components fails.

    Holds when the components fail independently of each other and at a constant rate.

    Stops holding when failures come in groups (a rack, a power feed, a switch), when new or worn parts fail more often, when
    different parts must be added by their rates, or when the system carries on with fewer components.
    """
    return component_mtbf / components


@equation(
    source="thoughtful2026exponential",
    where="distribution function of the exponential distribution",
    example=example(
        0.63,
        duration="500 day",
        mtbf="500 day",
        where="first worked problem, a tool that fails before its mean time between failures",
        kind="source",
        tolerance=0.008,
    ),
    limits=(
        limit(
            "over one mean time between failures it is one minus the inverse of e", lambda **_: 0.6321205588285577, duration=1e6, mtbf=1e6
        ),
        limit("a system that never fails survives with certainty", lambda **_: 0.0, mtbf=1e30),
    ),
)
def failure_probability(duration: Duration, mtbf: Mtbf) -> Probability:
    """Probability that at least one failure falls into a period.

    Holds when failures strike at a constant rate and without memory, as independent random faults do.

    Stops holding when equipment wears out or is still being burnt in, when one failure brings on the next, or when maintenance
    removes weak parts in between.
    """
    return 1 - exp(-duration / mtbf)


@equation(
    source="bookai2026checkpoint",
    where="section 'The Real Problem', expected number of crashes of a run",
    example=example(
        660,
        duration="55 day",
        mtbf="2 hour",
        where="section 'The Real Problem', a run of 55 days on 2,048 devices",
        kind="source",
        tolerance=0.008,
    ),
    limits=(
        limit("a mean time between failures brings one failure on average", lambda **_: 1.0, duration=1e6, mtbf=1e6),
        limit("a system that never fails has no failures to expect", lambda **_: 0.0, mtbf=1e30),
    ),
)
def expected_failures(duration: Duration, mtbf: Mtbf) -> Failures:
    """Average number of failures in a period.

    Holds when the system is repaired or restarted after each failure and then fails at the same rate as before.

    Stops holding when repairs take a good part of the period, when the rate drifts with age or load, or when a probability is
    wanted: the average may exceed one.
    """
    return duration / mtbf


@equation(
    source="giladi2026recovery",
    where="section 'Worked example', checkpoint size",
    example=example(
        "2.4 s",
        state="4.86 TB",
        storage_bandwidth="2 TB/s",
        where="section 'Worked example', checkpoint size",
        kind="source",
        tolerance=0.02,
        note="State: 405 billion parameters times 12 bytes, which the source rounds to one decimal.",
    ),
    limits=limit("storage of unbounded bandwidth takes no time", lambda **_: 0.0, storage_bandwidth=1e40),
)
def checkpoint_time(state: StateBytes, storage_bandwidth: StorageBandwidth) -> CheckpointTime:
    """Time to write a checkpoint when the bandwidth of the storage is the bottleneck.

    Holds when all devices write their parts at once, the state is written once, and training waits until it is safe.

    Stops holding when the copy is taken in memory and written behind the training, when the slowest rank or the creation of
    many files sets the pace, or when other jobs use the same storage.
    """
    return state / storage_bandwidth


@equation(
    source="young1974",
    where="result for the interval that minimizes the lost time",
    example=example(
        "19.3 min",
        checkpoint_time="1 min",
        mtbf="3.09 hour",
        source="giladi2026recovery",
        where="section 'Worked example', the interval",
        kind="publication",
        tolerance=0.0026,
    ),
    limits=(
        limit(
            "a checkpoint half as long as the time between failures is written once in that time",
            lambda **_: 3000.0,
            checkpoint_time=1500.0,
            mtbf=3000.0,
        ),
        limit("a checkpoint that costs nothing is written all the time", lambda **_: 0.0, checkpoint_time=0.0),
    ),
)
def young_interval(checkpoint_time: CheckpointTime, mtbf: Mtbf) -> Interval:
    """Work between two checkpoints that loses the least time to writing them and to repeating lost work, to first order.

    Holds when a checkpoint takes far less time than passes between failures, and failures come at a constant rate.

    Stops holding when the time to write approaches the time between failures, when failures also strike during checkpoint or
    restart often enough to matter, or when checkpoints are written behind the training.
    """
    return sqrt(2 * checkpoint_time * mtbf)


@equation(
    source="daly2006",
    where="perturbation solution of the complete cost function",
    example=example(
        "117 min",
        checkpoint_time="5 min",
        mtbf="24 hour",
        where="caption of fig. 3",
        kind="source",
        tolerance=0.0043,
    ),
    limits=(
        limit(
            "a very short checkpoint leads back to the first-order interval",
            lambda mtbf, **_: (2e-12 * mtbf) ** 0.5,
            checkpoint_time=1e-12,
        ),
        limit(
            "a checkpoint too long to survive is tried once between failures",
            lambda mtbf, **_: mtbf,
            checkpoint_time=3600.0,
            mtbf=900.0,
        ),
    ),
)
def daly_interval(checkpoint_time: CheckpointTime, mtbf: Mtbf) -> Interval:
    """Work between two checkpoints that shortens a run the most, with terms beyond the first order.

    Holds when failures come at a constant rate and may strike at any time, during checkpoints and restarts too.

    Stops holding when the two times are alike, where the series is no longer short and the second branch only names a bound,
    or when failures come in bursts. The interval counts computation alone, without the checkpoint that follows it.
    """
    share: Goodput = checkpoint_time / (2 * mtbf)
    return sqrt(2 * checkpoint_time * mtbf) * (1 + sqrt(share) / 3 + share / 9) - checkpoint_time if checkpoint_time < 2 * mtbf else mtbf


@equation(
    source="giladi2026recovery",
    where="section 'Goodput and the checkpoint interval', exact expectation of a segment",
    example=example(
        0.852,
        interval="19.3 min",
        checkpoint_time="1 min",
        recovery="10 min",
        mtbf="3.09 hour",
        where="section 'Worked example', the exact formula at Young's interval",
        kind="source",
        tolerance=0.0006,
    ),
    limits=limit(
        "a system that never fails loses only the time of its checkpoints",
        lambda interval, checkpoint_time, **_: interval / (interval + checkpoint_time),
        interval=1e5,
        mtbf=1e12,
    ),
)
def goodput_with_rework(interval: Interval, checkpoint_time: CheckpointTime, recovery: RecoveryTime, mtbf: Mtbf) -> Goodput:
    """Share of the time that makes lasting progress, when every lost segment is repeated until it is saved.

    Holds when failures come at a constant rate at any time, and each sends the run back to its last checkpoint.

    Stops holding when failures are noticed late, when the run goes on with fewer devices, when several levels of checkpoint
    are kept, or when writing overlaps with training.
    """
    survival: Probability = exp(-(interval + checkpoint_time) / mtbf)
    return interval / mtbf * exp(-recovery / mtbf) * survival / (1 - survival)


@equation(
    source="giladi2026recovery",
    where="section 'Goodput and the checkpoint interval', first-order waste",
    example=example(
        0.842,
        interval="19.3 min",
        checkpoint_time="1 min",
        recovery="10 min",
        mtbf="3.09 hour",
        where="section 'Worked example', first-order waste at Young's interval",
        kind="source",
        tolerance=0.0006,
    ),
    limits=(
        limit(
            "a system that never fails loses only the writing of its checkpoints",
            lambda checkpoint_time, **_: 1 - checkpoint_time / 1e5,
            interval=1e5,
            mtbf=1e30,
        ),
        limit("intervals far longer than the time between failures leave no progress", lambda **_: 0.0, interval=1e6, mtbf=600.0),
    ),
)
def goodput_first_order(interval: Interval, checkpoint_time: CheckpointTime, recovery: RecoveryTime, mtbf: Mtbf) -> Goodput:
    """Share of the time that makes progress, when each failure costs half an interval and one restart.

    Holds when writing, lost work and restarts together waste a small part of the time, so that their shares may be added.

    Stops holding when waste is large, because failures then strike during restarts and repeated work; the sum is cut off at
    zero there and underrates what is left.
    """
    return max(0, 1 - checkpoint_time / interval - (interval / 2 + recovery) / mtbf)


@equation(
    source="qnx2026availability",
    where="equation of the availability from MTBF and MTTR",
    example=example(
        0.9999,
        mtbf="1000 hour",
        recovery="0.1 hour",
        where="fig. 1, failures every 1000 hours and repairs of six minutes",
        kind="source",
        tolerance=0.00005,
    ),
    limits=(
        limit("a system that recovers at once is always up", lambda **_: 1.0, recovery=0.0),
        limit("a system that is down as long as it is up is up half the time", lambda **_: 0.5, mtbf=3600.0, recovery=3600.0),
    ),
)
def availability(mtbf: Mtbf, recovery: RecoveryTime) -> Goodput:
    """Share of the time that a system is up, when it alternates between running and being repaired.

    Holds when the mean time between failures counts running time alone and the system is watched over many failures.

    Stops holding when the stated mean includes the time of repair, when planned maintenance also takes the system down, or
    when spare parts keep it running through a failure.
    """
    return mtbf / (mtbf + recovery)
