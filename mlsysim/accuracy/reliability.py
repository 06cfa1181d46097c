"""Published measurements of failures, answered by :class:`~mlsysim.solvers.ReliabilityModel` with the zoo's times between failures."""

import math
import re
from datetime import datetime
from functools import cache

from .. import zoo
from ..profiles import Profile
from ..readings import NUMBERS
from ..solvers.reliability import ReliabilityModel, node_mtbf
from ..systems import Fleet
from ..workloads import all_parameters
from .rows import Answer, Row, Unanswered, hardware
from .serving import model_of

FILES = ("reliability.csv",)

HOURS = {"mean_time_to_interrupt_h", "mttf_h", "mtbf_h", "mean_time_to_failure_h", "mean_time_between_failures_h"}
EVENTS = {
    "job_interruptions_total", "job_interruptions_unexpected", "automatic_restarts", "manual_restarts", "restarts", "hosts_cycled",
    "restarts_in_lineage", "auto_recoveries", "node_failures", "hardware_failures",
}  # fmt: skip
RATES = {"node_failure_rate_per_1000_node_days", "node_failures_per_day"}
SHARES = {"effective_training_time_pct", "job_uptime_pct", "ettr", "goodput", "goodput_pct", "ettr_pct"}
STATES = {"checkpoint_size_tb"}
UNKNOWN = {
    "interruptions_by_cause": "the zoo states failures of whole nodes, and no source but the one that is asked counts causes in this way",
    "job_interruptions_planned": "planned interruptions are a decision, not a failure",
    "hardware_share_of_unexpected_pct": "the zoo states failures of whole nodes, whatever their cause",
    "significant_manual_interventions": "what operators do is not modelled",
    "ideal_training_days": "the time without failures is the job's own, an input",
    "longest_run_days": "the greatest of many times between failures is not modelled",
}
"""Metrics of reliability that have no answer, and why."""

SPREAD = {"node": 2.0, "job": 5.0, "share": 1.3, "state": 1.6}
"""Factor within which eight of ten published values lie: rates of hardware transfer between sources, interruptions of jobs do not."""

RECOVERY, CHECKPOINT = "10 min", "60 s"
"""Taken where a row asks what share of the time makes progress: hardly any source states either."""

_SOLVER = ReliabilityModel()


def takes(row: Row) -> bool:
    """Whether a row is one of failures."""
    metric = row.text("metric")
    return any(metric in known for known in (HOURS, EVENTS, RATES, SHARES, STATES, UNKNOWN)) or metric.startswith("checkpoint_")


def fitted(row: Row) -> bool:
    """Whether constants are fitted on the row: there are none."""
    return False


def kind(row: Row) -> str:
    """Return what sort of row it is."""
    metric = row.text("metric")
    if metric in SHARES:
        return "share"
    return "node" if metric in RATES else "state" if metric in STATES else "job"


def group(row: Row) -> str:
    """Return the source on a piece of hardware."""
    return f"{row.text('source')} on {row.text('hw')}"


def headline(row: Row) -> bool:
    """Whether the row counts in headline statistics."""
    return row.text("core") == "1" and row.text("metric") not in UNKNOWN


def predict(row: Row, using: Profile | None = None) -> Answer:
    """Answer one row from its configuration alone."""
    metric = row.text("metric")
    if metric in UNKNOWN:
        raise Unanswered(UNKNOWN[metric])
    told: list[str] = []
    if metric in STATES:
        value, device = _checkpoint(row), ""
    else:
        fleet = _fleet(row, told)
        value, device = _of_fleet(row, fleet, told), fleet.node.accelerator.zoo_name
    rate = metric in HOURS or metric in SHARES
    factor = SPREAD[kind(row)]
    high = min(value * factor, 100.0) if metric in SHARES else value * factor
    bound = math.inf if rate else 0.0
    return Answer(value, bound, row.text("unit"), kind(row), rate, device, tuple(dict.fromkeys(told)), low=value / factor, high=high)


def _of_fleet(row: Row, fleet: Fleet, told: list[str]) -> float:
    """Return what a row asks of a fleet."""
    metric = row.text("metric")
    if metric in SHARES:
        told.append(f"Checkpoints of {CHECKPOINT} and restarts of {RECOVERY} are assumed.")
        result = _SOLVER.solve(fleet, "30 days", checkpoint_time=CHECKPOINT, recovery_time=RECOVERY)
        share = result.number("goodput")
        return float(share if "pct" not in metric and "%" not in row.text("unit") else 100 * share)
    if metric in HOURS:
        return float(_SOLVER.solve(fleet, "1 day").number("fleet_mtbf") / 3600)
    if metric in RATES:
        daily = _SOLVER.solve(fleet, "1 day").number("expected_failures")
        return float(daily if metric == "node_failures_per_day" else 1000 * daily / fleet.nodes)
    return float(_SOLVER.solve(fleet, f"{_days(row)} day").number("expected_failures"))


_MONTH = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"


def _days(row: Row) -> float:
    """Return how long events were counted."""
    for name in ("unit", "notes", "model"):
        if found := re.search(r"([\d.]+)[ -](day|week|month|year)s?\b", row.text(name)):
            return float(found[1]) * {"day": 1, "week": 7, "month": 365 / 12, "year": 365}[found[2]]
    if found := re.search(rf"({_MONTH}) (\d+) ?- ?({_MONTH}) (\d+)", row.text("unit")):
        first, last = (datetime.strptime(f"2001 {found[n]} {found[n + 1]}", "%Y %b %d") for n in (1, 3))
        return float((last - first).days % 365 + 1)
    raise Unanswered("the row does not state over how many days the events were counted")


def _fleet(row: Row, told: list[str]) -> Fleet:
    """Return the machines of a row: as many nodes as it states, which fail as the zoo says of a node with this accelerator."""
    device = hardware(row.text("hw"))
    known = zoo.load(_node(device.zoo_name, told))
    count = row.whole("nodes") or math.ceil(row.need("hw_count")[0] / known.accelerators)
    return Fleet(name="Fleet", node=known, nodes=count)


@cache
def _rates() -> dict[str, dict[str, float]]:
    """Return the zoo's nodes that state how often they fail, by accelerator, with the time between failures of one share."""
    found: dict[str, dict[str, float]] = {}
    for name in zoo.names("Systems.Nodes"):
        node = zoo.load(name)
        if (mtbf := node_mtbf(NUMBERS, node.numbers)) is not None:
            found.setdefault(node.accelerator.zoo_name, {})[name] = mtbf * node.accelerators
    return found


def _node(device: str, told: list[str]) -> str:
    """Return the zoo's node with an accelerator whose failures are stated, else the one in the middle of those that state any."""
    rates = _rates()
    if own := rates.get(device):
        return min(own, key=lambda n: (own[n], n))
    ordered = sorted((hours, name) for of in rates.values() for name, hours in of.items())
    told.append("Nobody states how often this hardware fails: the middle of what others state stands in.")
    return ordered[len(ordered) // 2][1]


def _checkpoint(row: Row) -> float:
    """Return the size of a checkpoint in terabytes."""
    model = model_of(row)
    return float(NUMBERS.checkpoint_bytes(all_parameters(NUMBERS, model.geometry)) / 1e12)
