"""ReliabilityModel: failures of a fleet during a job, checkpoints, spare nodes, and the speed that is left."""

import math
from typing import Any

from ..errors import InfeasibleError, MissingFactError
from ..nouns import Lowered
from ..quantities import nomenclature
from ..readings import Reading
from ..results import DistributedResult, Missing, ReliabilityResult
from ..systems import Fleet
from .base import Doors, anywhere, expect, masked, needed
from .economics import chained, fleet_numbers

_PARTS = (("accelerator_mtbf", "local_devices"), ("nic_mtbf", "nics"), ("link_mtbf", "nics"), ("host_mtbf", None))
"""Parts of a node in series, and how many of each it has."""

_LOG_FACTORIALS = tuple(math.lgamma(n + 1.0) for n in range(int(nomenclature()["Spares"].high) + 1))


def node_mtbf(eq: Reading, node: Lowered) -> Any:
    """Return the mean time between failures of a node: as stated, else from its parts."""
    if node.has("mtbf"):
        return node.mtbf
    whole = None
    for name, count in _PARTS:
        if node.has(name):
            part = eq.series_mtbf(getattr(node, name), getattr(node, count) if count else 1.0)
            whole = part if whole is None else eq.joined_mtbf(whole, part)
    return whole


def core(eq: Reading, x: Lowered) -> dict[str, Any]:
    """Solve reliability, in whatever reading."""
    node = node_mtbf(eq, x.node)
    mtbf = x.fleet.mtbf if x.fleet.has("mtbf") else eq.series_mtbf(node, x.fleet.nodes)
    values: dict[str, Any] = {
        "node_mtbf": Missing(x.no_node) if node is None else node,
        "fleet_mtbf": mtbf,
        "failure_probability": eq.failure_probability(x.job_duration, mtbf),
        "expected_failures": eq.expected_failures(x.job_duration, mtbf),
    }
    values |= _checkpoints(eq, x, mtbf)
    values |= _spares(eq, x, mtbf)
    values |= _what_is_left(eq, x, mtbf, values)
    values |= {"feasible": True, "label": "bound"}
    return masked(eq, True, values, ReliabilityResult)


def _checkpoints(eq: Reading, x: Lowered, mtbf: Any) -> dict[str, Any]:
    """Return the time of a checkpoint and the work between two: as given, else Daly's, with the rule that it follows."""
    if x.has("checkpoint_time"):
        checkpoint = x.checkpoint_time
    elif x.training is not None and x.has("storage_bandwidth"):
        checkpoint = eq.checkpoint_time(x.training.number("checkpoint_size"), x.storage_bandwidth)
    else:
        none = Missing("give checkpoint_time=, or training= on a fleet whose storage states a write bandwidth")
        given = x.checkpoint_interval if x.has("checkpoint_interval") else none
        values = dict.fromkeys(("checkpoint_time", "young_interval", "daly_interval"), none)
        return {**values, "checkpoint_interval": given, "interval_rule": "given" if given is not none else "missing"}
    best = eq.daly_interval(checkpoint, mtbf)
    inside = eq.series_parameter(checkpoint, mtbf) < 1
    daly = Missing("a checkpoint takes twice the time between failures or longer, which is outside the range of Daly's estimate")
    return {
        "checkpoint_time": checkpoint,
        "young_interval": eq.young_interval(checkpoint, mtbf),
        "daly_interval": daly if inside is False else best if inside is True else eq.where(inside, best, math.nan),
        "checkpoint_interval": x.checkpoint_interval if x.has("checkpoint_interval") else best,
        "interval_rule": "given" if x.has("checkpoint_interval") else eq.label(inside, "daly", "outside"),
    }


def _spares(eq: Reading, x: Lowered, mtbf: Any) -> dict[str, Any]:
    """Return how often the spares suffice, how many a target needs, and the mean time to run again after a failure."""
    no_repair = Missing("give repair_time=, the time to bring a failed node back")
    values: dict[str, Any] = dict.fromkeys(("full_strength", "spare_ready", "spares_needed"), no_repair)
    values["recovery_time"] = (
        x.recovery_time if x.has("recovery_time") else Missing("give recovery_time=, the time to restart after a failure")
    )
    if not x.has("repair_time"):
        return values
    down = eq.expected_failures(x.repair_time, mtbf)
    fewer: Any = 0.0
    spares = round(eq.value(x.spares))
    for kept in range(spares):
        fewer = eq.at_most(fewer, down, float(kept), _LOG_FACTORIALS[kept])
    values["spare_ready"] = fewer
    values["full_strength"] = eq.at_most(fewer, down, float(spares), _LOG_FACTORIALS[spares])
    values["spares_needed"] = _spares_needed(eq, x, down)
    if x.has("recovery_time"):
        values["recovery_time"] = eq.recovery_with_spares(x.recovery_time, x.repair_time, fewer)
    return values


def _spares_needed(eq: Reading, x: Lowered, down: Any) -> Any:
    """Return the fewest spares that reach the target: the sum goes on until it does."""
    if not x.has("availability_target"):
        return Missing("give availability_target=, the share of the time in which the job shall have all its nodes")
    reached: Any = 0.0
    count: Any = 0.0
    for spares, log_factorial in enumerate(_LOG_FACTORIALS):
        reached = eq.at_most(reached, down, float(spares), log_factorial)
        count = eq.count_below(count, reached, x.availability_target)
        if not anywhere(eq.value(reached) < eq.value(x.availability_target)):
            return count
    found = reached >= x.availability_target
    short = Missing(f"{len(_LOG_FACTORIALS) - 1} spares do not reach the target", InfeasibleError)
    return eq.where(found, count, math.nan) if hasattr(found, "shape") and found.any() else short


def _what_is_left(eq: Reading, x: Lowered, mtbf: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Return goodput, the job's time with failures, and the speed of training that is left."""
    names = ("goodput", "effective_duration", "effective_throughput", "effective_mfu", "effective_run_time")
    for needs in ("checkpoint_time", "recovery_time"):
        if type(values[needs]) is Missing:
            return dict.fromkeys(names, values[needs])
    goodput = eq.goodput_with_rework(values["checkpoint_interval"], values["checkpoint_time"], values["recovery_time"], mtbf)
    left: dict[str, Any] = dict.fromkeys(names[2:], Missing("give training=, a DistributedResult"))
    left |= {"goodput": goodput, "effective_duration": duration_with_failures(eq, x.job_duration, goodput)}
    if x.training is not None:
        left["effective_throughput"] = eq.effective_throughput(x.training.number("throughput"), goodput)
        left["effective_mfu"] = eq.effective_mfu(x.training.number("mfu"), goodput)
        left["effective_run_time"] = Missing("the model's training tokens are stated nowhere, so the run has no length")
        if x.training.has("run_time"):
            left["effective_run_time"] = duration_with_failures(eq, x.training.number("run_time"), goodput)
    return left


def duration_with_failures(eq: Reading, duration: Any, goodput: Any) -> Any:
    """Return the job's time with failures, where it ever ends."""
    stuck = goodput < 1e-9
    if stuck is True:
        return Missing("the fleet fails faster than it restarts, so the job never ends", InfeasibleError)
    return eq.effective_duration(duration, eq.where(stuck, math.nan, goodput) if stuck is not False else goodput)


class ReliabilityModel:
    """How often a fleet fails during a job, how often to checkpoint, what share of the time makes progress, and at what speed.

    Nodes, and the parts of a node where they are what is stated, fail independently at constant rates, and one failure stops the
    job. Parts that state none count as never failing, which makes the time between failures an upper bound.

    The interval is Daly's higher-order one. ``interval_rule`` says which it is: ``daly``; ``outside`` where a checkpoint takes
    twice the mean time between failures or longer, so that the series does not hold and the interval is that time itself;
    ``given`` for one's own. Young's holds only while a checkpoint is short beside the time between failures. A checkpoint is all of
    weights and optimizer state, written while training waits; goodput counts checkpoints, work lost, and recoveries.

    With a repair time, the number of nodes in repair is Poisson's, as it is when spares replace failed nodes at once and repairs do
    not wait for each other; spares come on top of the fleet's nodes, and every failure is taken to need a repair. The binomial
    distribution of nodes that fail by themselves differs by at most twice the mean number in repair times the share of time that a
    node is down. Where a spare is ready a failure costs a restart, else a repair before it.
    """

    result = ReliabilityResult
    core = staticmethod(core)

    def solve(
        self,
        fleet: Fleet,
        job_duration: Any,
        training: DistributedResult | None = None,
        checkpoint_time: Any = None,
        recovery_time: Any = None,
        checkpoint_interval: Any = None,
        spares: Any = None,
        repair_time: Any = None,
        availability_target: Any = None,
    ) -> ReliabilityResult:
        """Solve the reliability of a job.

        Parameters
        ----------
        fleet
            The machines; the fleet itself, its node, or parts of the node must state a mean time between failures.
        job_duration
            Time of the job without failures, such as ``"54 days"``.
        training
            What the job does; with a fleet whose storage is stated, the checkpoint time follows from it. Its throughput, its
            utilization and the time of the whole run are then also given with failures.
        checkpoint_time, recovery_time
            Such as ``"60 s"`` and ``"10 min"``. Without them, what needs them is missing and says so.
        checkpoint_interval
            Work between two checkpoints, such as ``"30 min"``; by default Daly's.
        spares, repair_time
            Spare nodes beside those of the fleet, none by default, and the mean time to bring a failed node back, such as
            ``"24 hours"``. Without a repair time a failure costs a restart alone.
        availability_target
            Share of the time in which the job shall have all its nodes, such as ``0.99``; tells how many spares that needs.

        Raises
        ------
        InputError, MissingFactError
            An argument is out of range; or a needed fact is stated nowhere, and the message names it.
        """
        expect(fleet, Fleet, "fleet", "a Fleet such as Systems.Clusters.Research_256")
        node = fleet.node_numbers
        parts = [(name, count) for name, count in _PARTS if node.has(name)]
        if not fleet.numbers.has("mtbf") and not parts:
            node.need("mtbf")
        if not node.has("mtbf"):
            node.need(*(count for _, count in parts if count))
        x = fleet_numbers(fleet) | _DOORS.read(
            job_duration=job_duration, checkpoint_time=checkpoint_time, recovery_time=recovery_time,
            checkpoint_interval=checkpoint_interval, spares=spares, repair_time=repair_time, availability_target=availability_target,
        )  # fmt: skip
        needed(x, "job_duration")
        for name in ("spares", "availability_target"):
            if name in x and "repair_time" not in x:
                raise MissingFactError(
                    f"{name}={x[name]} needs repair_time=, the time to bring a failed node back: give for example '24 hours'"
                )
        x.setdefault("spares", 0.0)
        x["no_node"] = node.missing.get("mtbf", "")
        x["training"] = chained(training, DistributedResult, "training", fleet)
        origins = {}
        if fleet.storage is not None:
            x["storage_bandwidth"] = _STORAGE.read(fleet.storage.write_bandwidth, "write_bandwidth")
            origins["storage_bandwidth"] = fleet.storage.origin("write_bandwidth", "storage")
        return _DOORS.solve(ReliabilityResult, core, x, **origins)


_DOORS = Doors(
    single="spares", job_duration="Duration", checkpoint_time="CheckpointTime", recovery_time="RecoveryTime",
    checkpoint_interval="Interval", spares="Spares", repair_time="RepairTime", availability_target="AvailabilityTarget",
)  # fmt: skip
_STORAGE = nomenclature()["StorageBandwidth"]
