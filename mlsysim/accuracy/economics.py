"""Published costs, answered by the equations of :class:`~mlsysim.solvers.EconomicsModel` from what a row states."""

import re

from ..profiles import Profile
from ..readings import NUMBERS
from .rows import Answer, Row, Unanswered
from .stated import stated

FILES = ("economics.csv",)

HOUR = 3600.0

INPUTS = {
    "price_usd_per_gpu_hour", "price_usd_per_instance_hour", "capital_price_usd", "input_tokens_per_day", "output_tokens_per_day",
    "price_usd_per_million_tokens",
}  # fmt: skip
"""Metrics that a solver is told."""

UNKNOWN = {"theoretical_revenue_usd_per_day": "what customers would pay is no cost"}


def takes(row: Row) -> bool:
    """Whether a row is one of costs."""
    metric = row.text("metric")
    return metric in INPUTS or metric in UNKNOWN or "usd" in metric


def fitted(row: Row) -> bool:
    """Whether constants are fitted on the row: there are none."""
    return False


def kind(row: Row) -> str:
    """Return what sort of row it is."""
    return "arithmetic"


def group(row: Row) -> str:
    """Return the source."""
    return row.text("source")


def headline(row: Row) -> bool:
    """Whether the row counts in headline statistics."""
    return row.text("core") == "1"


def predict(row: Row, using: Profile | None = None) -> Answer:
    """Answer one row from what it states."""
    metric = row.text("metric")
    if metric in INPUTS or metric.startswith("price_"):
        raise Unanswered(f"{metric} is an input, not a target")
    if metric in UNKNOWN:
        raise Unanswered(UNKNOWN[metric])
    if metric.startswith("training_cost"):
        (hours,), (price,) = stated(row, "device_hours"), stated(row, "price_per_device_hour")
        value = NUMBERS.rental_cost(price / HOUR, 1.0, hours * HOUR)
    elif metric.startswith("serving_cost"):
        value = NUMBERS.rental_cost(_factors(row)[0] / HOUR, _factors(row)[1], 24 * HOUR)
    elif "per_million" in metric:
        rate, price = stated(row, "tokens_per_second", "price_per_hour")
        cost = NUMBERS.rental_cost(price / HOUR, 1.0, HOUR)
        value = NUMBERS.cost_per_million_tokens(cost, NUMBERS.tokens_served(rate, HOUR, 1.0))
    else:
        raise Unanswered(f"nothing that the row states leads to {metric}")
    return Answer(float(value), 0.0, row.text("unit"), kind(row), False, "", ("The row states the numbers; this is their arithmetic.",))


def _factors(row: Row) -> tuple[float, float]:
    """Return price an hour and number of devices, from columns or from a product of nodes, devices, hours and price in words."""
    text = row.text("notes")
    price, nodes = re.search(r"\$([\d.]+)", text), re.search(r"([\d.]+) nodes x (\d+)", text)
    each = row.number("price_per_device_hour") or (float(price[1]) if price else None)
    devices = row.number("devices") or (float(nodes[1]) * float(nodes[2]) if nodes else row.number("hw_count"))
    if each is None or devices is None:
        raise Unanswered("the row does not state devices and a price")
    return each, devices
