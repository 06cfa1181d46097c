"""What a device draws while it works: by turns it waits, moves data from its memory, and computes."""

from typing import Any

from ..nouns import Lowered
from ..readings import Reading
from ..results import Missing


def activities(eq: Reading, whole: Any, memory: Any, waiting: Any) -> tuple[Any, Any]:
    """Return the shares of a time in which a device moves data from its memory, and in which it computes."""
    return eq.busy_share(memory, whole), eq.busy_share(eq.computing_time(whole, memory, waiting), whole)


def power_of_device(eq: Reading, x: Lowered, memory: Any, compute: Any) -> Any:
    """Return the average power of a device from its activities by the documented constants; without them, its rating."""
    hardware = x.hardware
    if not hardware.has("power"):
        return Missing(hardware.missing["power"])
    if not x.has("waiting_power"):
        return hardware.power
    return eq.device_power(hardware.power, x.waiting_power, x.streaming_power, x.computing_power, memory, compute)
