"""What a device draws while it works: by turns it waits, streams weights from its memory, and computes.

To attend to cached keys and values, to hand activations on between kernels and to expand quantised weights keeps arithmetic units busy
too, so that such times count as computing, although memory may set their pace.
"""

from typing import Any

from ..nouns import Lowered
from ..readings import Reading
from ..results import Missing


def streaming_time(eq: Reading, x: Lowered, weights: Any) -> Any:
    """Return the time in which a device streams weights; those that it expands for its arithmetic keep it computing."""
    return 0.0 if x.expands_weights else eq.memory_time(weights, x.hardware.bandwidth, x.efficiency_memory)


def rated_power(eq: Reading, x: Lowered) -> Any:
    """Return the power that a device is rated at, what constants make of it or, where nothing is stated, of its clock."""
    hardware = x.hardware
    if hardware.has("power"):
        return eq.power_at_work(hardware.power, x.power_activity) if x.has("power_activity") else hardware.power
    if x.has("cycle_energy") and hardware.has("clock"):
        return eq.clocked_power(hardware.clock, x.cycle_energy)
    return Missing(hardware.missing["power"])


def power_of_device(eq: Reading, x: Lowered, whole: Any, streaming: Any, waiting: Any, computing: Any = None) -> dict[str, Any]:
    """Return activities and average power over a time by the documented constants; without them, the power is the rating.

    The device computes in what is left of the time, unless it is known for how long it does.
    """
    rated = rated_power(eq, x)
    if not x.has("waiting_power"):
        return {"activity_memory": _UNTOLD, "activity_compute": _UNTOLD, "device_power": rated}
    computing = eq.time_left(whole, streaming, waiting) if computing is None else computing
    memory, compute = eq.busy_share(streaming, whole), eq.busy_share(computing, whole)
    if type(rated) is not Missing:
        rated = eq.device_power(rated, x.waiting_power, x.streaming_power, x.computing_power, memory, compute)
    return {"activity_memory": memory, "activity_compute": compute, "device_power": rated}


_UNTOLD = Missing("shares of the peaks alone tell no activities: leave efficiency out, or give a Profile")


def energy_per_token(eq: Reading, power: Any, devices: Any, rate: Any) -> Any:
    """Return the energy of all devices for each token, where their power is known."""
    return power if type(power) is Missing else eq.token_energy(eq.fleet_power(power, devices), rate)
