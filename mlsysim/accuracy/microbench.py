"""Rows of single kernels: the rate of a large matrix multiplication, and the bandwidth of a copy in memory."""

import re
from math import inf

from ..errors import InputError
from ..profiles import Profile, profile
from ..readings import NUMBERS as EQ
from .rows import Answer, Row, Unanswered, hardware

FILES = ("microbench.csv",)


def takes(row: Row) -> bool:
    """Return whether a row is one of a single kernel."""
    return bool(re.match(r"(gemm|matmul)_|.*(copy|stream|triad)_?gb_s", row.text("metric")))


def kind(row: Row) -> str:
    """Return which interval applies."""
    return "copy" if "gb_s" in row.text("metric") else "gemm"


def group(row: Row) -> str:
    """Return what is left out together: a device."""
    return f"{hardware(row.text('hw')).zoo_name} {row.text('source')}"


def headline(row: Row) -> bool:
    """Return whether a row counts."""
    return row.text("core") == "1"


fitted = headline


def predict(row: Row, using: Profile | None = None) -> Answer:
    """Return the answer to a row: the peak times the share of it that the best shape reaches, or what a copy of a size achieves."""
    device = hardware(row.text("hw"))
    text = row.text("precision").lower()
    precision = next((p for p in ("fp64", "tf32", "bf16", "fp16", "fp8", "fp4", "int8", "fp32") if p in text), "bf16")
    constants, _ = (using or profile("microbench")).on(hardware=device.zoo_name, precision=precision)
    assumptions = [] if text else ["The precision is not stated; bf16 is taken."]
    if kind(row) == "copy":
        supply = device.supply(next(iter(device.compute.peak.precisions)))
        stated = row.number("message_bytes")
        if stated is None:
            assumptions = ["The size is not stated; one so large that starting the copy takes no time is taken."]
        seconds = EQ.memory_time(1.0, supply.bandwidth, constants["efficiency_memory"]) + constants["overhead"] / (2 * (stated or inf))
        return Answer(1e-9 / seconds, 1e-9 * supply.bandwidth, "GB/s", "copy", True, device.zoo_name, tuple(assumptions))
    try:
        supply = device.supply(precision)
    except InputError as error:
        raise Unanswered(str(error)) from None
    seconds = EQ.compute_time(1.0, supply.peak, constants["efficiency_compute"])
    return Answer(1e-12 / seconds, 1e-12 * supply.peak, "TFLOP/s", "gemm", True, device.zoo_name, tuple(assumptions))
