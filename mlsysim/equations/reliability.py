"""Reliability: failures, checkpoints, and the work that survives them."""

from .. import quantities as q
from ..equation import equation
from ..vocabulary import exp, log, sqrt


@equation(source="giladi2026recovery", where="section 'Goodput and the checkpoint interval', symbols")
def series_mtbf(component_mtbf: q.ComponentMtbf, components: q.Components) -> q.Mtbf:
    """Mean time between failures of a system that stops as soon as any one of its equal components fails.

    Holds when the components fail independently of each other and at a constant rate.

    Stops holding when failures come in groups (a rack, a power feed, a switch), when new or worn parts fail more often, when
    different parts must be added by their rates, or when the system carries on with fewer components.
    """
    return component_mtbf / components


@equation(source="voxtechnologies2026mtbf", where="formula of a server's theoretical MTBF")
def joined_mtbf(one: q.Mtbf, other: q.Mtbf) -> q.Mtbf:
    """Mean time between failures of two different parts in series: their rates of failure add up.

    Holds when the parts fail independently, each at a constant rate, and a failure of either stops the whole.

    Stops holding when one part's failure is what breaks the other, so that it is counted twice, when a redundant part takes
    over, or when parts that nobody measured are left out.
    """
    return 1 / (1 / one + 1 / other)


@equation(source="thoughtful2026exponential", where="distribution function of the exponential distribution")
def failure_probability(duration: q.Duration, mtbf: q.Mtbf) -> q.Probability:
    """Probability that at least one failure falls into a period.

    Holds when failures strike at a constant rate and without memory, as independent random faults do.

    Stops holding when equipment wears out or is still being burnt in, when one failure brings on the next, or when maintenance
    removes weak parts in between.
    """
    return 1 - exp(-duration / mtbf)


@equation(source="bookai2026checkpoint", where="section 'The Real Problem', expected number of crashes of a run")
def expected_failures(duration: q.Duration, mtbf: q.Mtbf) -> q.Failures:
    """Average number of failures in a period.

    Holds when the system is repaired or restarted after each failure and then fails at the same rate as before.

    Stops holding when repairs take a good part of the period, when the rate drifts with age or load, or when a probability is
    wanted: the average may exceed one.
    """
    return duration / mtbf


@equation(source="giladi2026recovery", where="section 'Worked example', checkpoint size")
def checkpoint_time(state: q.CheckpointBytes, storage_bandwidth: q.StorageBandwidth) -> q.CheckpointTime:
    """Time to write a checkpoint when the bandwidth of the storage is the bottleneck.

    Holds when all devices write their parts at once, the state is written once, and training waits until it is safe.

    Stops holding when the copy is taken in memory and written behind the training, when the slowest rank or the creation of
    many files sets the pace, or when other jobs use the same storage.
    """
    return state / storage_bandwidth


@equation(source="young1974", where="result for the interval that minimizes the lost time")
def young_interval(checkpoint_time: q.CheckpointTime, mtbf: q.Mtbf) -> q.Interval:
    """Work between two checkpoints that loses the least time to writing them and to repeating lost work, to first order.

    Holds when a checkpoint takes far less time than passes between failures, and failures come at a constant rate.

    Stops holding when the time to write approaches the time between failures, when failures also strike during checkpoint or
    restart often enough to matter, or when checkpoints are written behind the training.
    """
    return sqrt(2 * checkpoint_time * mtbf)


@equation(source="daly2006", where="perturbation solution of the complete cost function")
def daly_interval(checkpoint_time: q.CheckpointTime, mtbf: q.Mtbf) -> q.Interval:
    """Work between two checkpoints that shortens a run the most, with terms beyond the first order.

    Holds when failures come at a constant rate and may strike at any time, during checkpoints and restarts too.

    Stops holding when the two times are alike, where the series is no longer short and the second branch only names a bound,
    or when failures come in bursts. The interval counts computation alone, without the checkpoint that follows it.
    """
    share: q.Goodput = checkpoint_time / (2 * mtbf)
    return sqrt(2 * checkpoint_time * mtbf) * (1 + sqrt(share) / 3 + share / 9) - checkpoint_time if checkpoint_time < 2 * mtbf else mtbf


@equation(source="daly2006", where="caption of fig. 2, the nondimensionalized dump time")
def series_parameter(checkpoint_time: q.CheckpointTime, mtbf: q.Mtbf) -> q.SeriesParameter:
    """Number in whose powers the higher-order interval is a series: small where that interval is good, one where it ends.

    Holds when failures come at a constant rate and checkpoints all take the same time.

    Stops holding when checkpoints are written behind the training, since their time is then no loss.
    """
    return sqrt(checkpoint_time / (2 * mtbf))


@equation(source="giladi2026recovery", where="section 'Goodput and the checkpoint interval', exact expectation of a segment")
def goodput_with_rework(interval: q.Interval, checkpoint_time: q.CheckpointTime, recovery: q.RecoveryTime, mtbf: q.Mtbf) -> q.Goodput:
    """Share of the time that makes lasting progress, when every lost segment is repeated until it is saved.

    Holds when failures come at a constant rate at any time, and each sends the run back to its last checkpoint.

    Stops holding when failures are noticed late, when the run goes on with fewer devices, when several levels of checkpoint
    are kept, or when writing overlaps with training.
    """
    failures: q.Failures = (interval + checkpoint_time) / mtbf
    survival: q.Probability = exp(-failures)
    loss: q.Probability = failures * (1 - failures / 2 * (1 - failures / 3)) if failures < 1e-4 else 1 - survival
    return interval / mtbf * exp(-recovery / mtbf) * survival / loss


@equation(source="giladi2026recovery", where="section 'Goodput and the checkpoint interval', first-order waste")
def goodput_first_order(interval: q.Interval, checkpoint_time: q.CheckpointTime, recovery: q.RecoveryTime, mtbf: q.Mtbf) -> q.Goodput:
    """Share of the time that makes progress, when each failure costs half an interval and one restart.

    Holds when writing, lost work and restarts together waste a small part of the time, so that their shares may be added.

    Stops holding when waste is large, because failures then strike during restarts and repeated work; the sum is cut off at
    zero there and underrates what is left.
    """
    return max(0, 1 - checkpoint_time / interval - (interval / 2 + recovery) / mtbf)


@equation(source="qnx2026availability", where="equation of the availability from MTBF and MTTR")
def availability(mtbf: q.Mtbf, recovery: q.RecoveryTime) -> q.Goodput:
    """Share of the time that a system is up, when it alternates between running and being repaired.

    Holds when the mean time between failures counts running time alone and the system is watched over many failures.

    Stops holding when the stated mean includes the time of repair, when planned maintenance also takes the system down, or
    when spare parts keep it running through a failure.
    """
    return mtbf / (mtbf + recovery)


@equation(source="reliabilitycalc2026spares", where="section 'Poisson Demand Model'")
def at_most(below: q.Availability, mean: q.Failures, spares: q.Spares, log_factorial: q.LogFactorial) -> q.Availability:
    """Probability that at most so many nodes are in repair, from the probability of fewer: one more term of Poisson's distribution.

    Holds when failed nodes are replaced at once, so that as many always run, and fail independently at a constant rate. The time
    of a repair may then be distributed in any way: its mean alone matters.

    Stops holding when repairs wait for each other, when failures come in groups, or when the job stands still for want of nodes,
    since nodes at rest fail less.
    """
    return below + exp(spares * log(max(mean, 1e-300)) - mean - log_factorial)
