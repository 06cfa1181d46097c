"""ReliabilityModel: failures of a fleet during a job, the best checkpoint interval, and the goodput that is left."""

import math
from typing import Any

from ..errors import InfeasibleError
from ..nouns import Lowered
from ..quantities import nomenclature
from ..readings import Reading
from ..results import DistributedResult, Missing, ReliabilityResult
from ..systems import Fleet
from .base import Doors, expect, masked, needed
from .economics import chained, fleet_numbers


def core(eq: Reading, x: Lowered) -> dict[str, Any]:
    """Solve reliability, in whatever reading."""
    given = x.__dict__
    mtbf = x.fleet.mtbf if x.fleet.has("mtbf") else eq.series_mtbf(x.node.mtbf, x.fleet.nodes)
    values: dict[str, Any] = {
        "fleet_mtbf": mtbf,
        "failure_probability": eq.failure_probability(x.job_duration, mtbf),
        "expected_failures": eq.expected_failures(x.job_duration, mtbf),
    }
    if "checkpoint_time" in given:
        checkpoint = x.checkpoint_time
    elif x.training is not None and "storage_bandwidth" in given:
        checkpoint = eq.checkpoint_time(x.training.number("checkpoint_size"), x.storage_bandwidth)
    else:
        checkpoint = Missing("give checkpoint_time=, or training= on a fleet whose storage states a write bandwidth")
    values["checkpoint_time"] = checkpoint
    if isinstance(checkpoint, Missing):
        interval = goodput = effective = checkpoint
    else:
        interval = eq.daly_interval(checkpoint, mtbf)
        if "recovery_time" in given:
            goodput = eq.goodput_with_rework(interval, checkpoint, x.recovery_time, mtbf)
            effective = duration_with_failures(eq, x, goodput)
        else:
            goodput = effective = Missing("give recovery_time=, the time to restart after a failure")
    values |= {"checkpoint_interval": interval, "goodput": goodput, "effective_duration": effective}
    values |= {"feasible": True, "label": "bound"}
    return masked(eq, True, values, ReliabilityResult)


def duration_with_failures(eq: Reading, x: Lowered, goodput: Any) -> Any:
    """Return the job's time with failures, where it ever ends."""
    stuck = goodput < 1e-9
    if stuck is True:
        return Missing("the fleet fails faster than it restarts, so the job never ends", InfeasibleError)
    return eq.effective_duration(x.job_duration, eq.where(stuck, math.nan, goodput) if stuck is not False else goodput)


class ReliabilityModel:
    """How often a fleet fails during a job, how often to checkpoint, and what share of the time makes progress.

    Nodes fail independently at a constant rate, and one failure stops the job. The interval is Daly's higher-order
    one; goodput counts checkpoints, work lost, and restarts.
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
    ) -> ReliabilityResult:
        """Solve the reliability of a job.

        Parameters
        ----------
        fleet
            The machines; the fleet itself, or its node, must state a mean time between failures.
        job_duration
            Time of the job without failures, such as ``"54 days"``.
        training
            What the job does; with a fleet whose storage is stated, the checkpoint time follows from it.
        checkpoint_time, recovery_time
            Such as ``"60 s"`` and ``"10 min"``. Without them, what needs them is missing and says so.

        Raises
        ------
        InputError, MissingFactError
            An argument is out of range; or a needed fact is stated nowhere, and the message names it.
        """
        expect(fleet, Fleet, "fleet", "a Fleet such as Systems.Clusters.Research_256")
        if not fleet.numbers.has("mtbf"):
            fleet.node_numbers.need("mtbf")
        x = fleet_numbers(fleet) | _DOORS.read(job_duration=job_duration, checkpoint_time=checkpoint_time, recovery_time=recovery_time)
        needed(x, "job_duration")
        x["training"] = chained(training, DistributedResult, "training", fleet)
        origins = {}
        if fleet.storage is not None:
            x["storage_bandwidth"] = _STORAGE.read(fleet.storage.write_bandwidth, "write_bandwidth")
            origins["storage_bandwidth"] = fleet.storage.origin("write_bandwidth", "storage")
        return _DOORS.solve(ReliabilityResult, core, x, **origins)


_DOORS = Doors(job_duration="Duration", checkpoint_time="CheckpointTime", recovery_time="RecoveryTime")
_STORAGE = nomenclature()["StorageBandwidth"]
