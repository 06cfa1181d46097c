"""Published power, energy, greenhouse gas and water, answered from activities of devices or from what a row states."""

import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ..errors import MlsysimError
from ..hardware import HardwareNode
from ..profiles import Profile, profile
from ..readings import NUMBERS
from .rows import Answer, Row, Unanswered, hardware
from .serving import ANSWER, PROMPT, Case, case_of, model_of
from .stated import elsewhere, intensity, maybe, parts, stated

FILES = ("energy_carbon_water.csv",)

DEVICE_POWER = {"gpu_avg_power_w"}
DEVICE_ENERGY = {f"gpu_joules_per_{what}" for what in ("output_token", "request", "response", "image", "video", "sample")}
SYSTEM_POWER = {"system_avg_power_w", "avg_power_per_chip_w", "node_power_kw", "node_power_fraction_of_rating", "inference_avg_power_w"}
SYSTEM_ENERGY = {f"joules_per_{what}_system" for what in ("output_token", "request", "image", "sample")}
TOTALS = {"training_energy_mwh", "inference_energy_kwh"}
CARBON = {"training_co2_t", "training_co2_kg", "training_co2_lb", "inference_co2_kg", "idle_co2_t", "lifecycle_co2_t"}
HOURS = {"training_gpu_hours"}
WATER = {"training_water_kl"}
INPUTS = {"pue", "wue_l_per_kwh", "grid_gco2e_per_kwh"}
UNKNOWN = {
    "co2_g_per_request": "what a request asks of which model is not published",
    "energy_wh_per_request": "what a request asks of which model is not published",
    "water_ml_per_request": "what a request asks of which model is not published",
    "datacentre_electricity_mwh": "a year of an operator's fleet is an input",
    "datacentre_water_withdrawal_ml": "a year of an operator's fleet is an input",
    "embodied_co2_t": "the carbon of making this equipment is an input",
    "training_co2_net_t": "the share of electricity free of carbon is not stated",
    "training_energy_ratio": "the two runs are not described",
}
"""Metrics of energy that have no answer, and why."""

_KNOWN = (DEVICE_POWER, DEVICE_ENERGY, SYSTEM_POWER, SYSTEM_ENERGY, TOTALS, CARBON, HOURS, WATER, INPUTS, UNKNOWN)
SEQUENCE, FLEET = 8192, 1024
"""Tokens of a sequence at most, and devices, of a training run that states neither."""

LATE = (0.8, 2.3)
"""How long runs took, over what is predicted where a row states no hours, in the middle eighty percent."""

_ASPECT = 128
"""Width of a usual transformer over its number of layers."""

_WORDS = re.compile(r"joules|energy|watt|power|co2|carbon|water|_wh_|mwh|kwh")


def takes(row: Row) -> bool:
    """Whether a row is one of power, energy, greenhouse gas or water; those of microcontrollers are not."""
    metric = row.text("metric")
    return any(metric in known for known in _KNOWN) or (bool(_WORDS.search(metric)) and "uj_per" not in metric and "mj_per" not in metric)


def fitted(row: Row) -> bool:
    """Whether constants are fitted on the row: on power that was measured at devices or servers, not on totals or products."""
    whole = row.text("complete") == "1" and row.text("value_is").startswith("measured")
    return whole and (row.text("metric") in DEVICE_POWER or row.text("metric") == "system_avg_power_w")


def compared(row: Row) -> bool:
    """Whether intervals are taken from the row: from those that are fitted on, and from energy for each token or sample."""
    return fitted(row) or row.text("metric") in DEVICE_ENERGY | SYSTEM_ENERGY or (row.text("metric") in DEVICE_POWER)


def kind(row: Row) -> str:
    """Return what sort of row it is."""
    metric = row.text("metric")
    if metric in DEVICE_POWER:
        return "device power"
    if metric.startswith("gpu_joules"):
        return "device energy"
    if metric in SYSTEM_POWER:
        return "system power" if metric == "system_avg_power_w" else "long-run power"
    if metric in SYSTEM_ENERGY:
        return "system energy"
    told = ("days",) if metric in HOURS else ("days", "device_hours", "hours")
    return "arithmetic" if parts(row) or any(maybe(row, n) is not None for n in told) else "run"


def group(row: Row) -> str:
    """Return the family of the model on a piece of hardware."""
    return f"{re.split(r'[-_ .]?[0-9]', row.text('model'))[0].lower()} on {row.text('hw')}"


def headline(row: Row) -> bool:
    """Whether the row counts in headline statistics."""
    metric = row.text("metric")
    return row.text("core") == "1" and metric not in INPUTS and metric not in UNKNOWN


def predict(row: Row, using: Profile | None = None) -> Answer:
    """Answer one row from its configuration alone."""
    metric = row.text("metric")
    if metric in INPUTS:
        raise Unanswered(f"{metric} is an input, not a target")
    if metric in UNKNOWN:
        raise Unanswered(UNKNOWN[metric])
    told: list[str] = []
    numbers = (using or profile("energy")).values
    for known, answer in _ANSWERS:
        if metric in known:
            return answer(row, numbers, told)
    raise Unanswered(f"no model of energy knows the metric {metric}")


def _answer(row: Row, value: float, bound: float, rate: bool, told: list[str], device: str = "") -> Answer:
    short, long = {"run": LATE, "long-run power": (0.8, 1.2)}.get(kind(row), (math.nan, math.nan))
    low, high = (None, None) if math.isnan(short) else (value * short, value * long)
    return Answer(float(value), float(bound), row.text("unit"), kind(row), rate, device, tuple(dict.fromkeys(told)), low=low, high=high)


def _rating(device: HardwareNode) -> float:
    """Return the electrical power that a device is rated for, or the greatest that its vendor measured, where that is less."""
    lowered = device.lower("hardware", {"tdp": "power.tdp", "active": "power.active"})
    watts = [float(getattr(lowered, n)) for n in ("tdp", "active") if lowered.has(n)]
    if not watts:
        raise Unanswered(f"{device.title} states no electrical power")
    return min(watts)


def _cap(row: Row) -> float:
    """Return the power cap of each device that a row states."""
    return maybe(row, "power_cap_w") or math.inf


def _count(row: Row) -> int:
    """Return the number of devices of a row."""
    return row.whole("hw_count") or 1


def _case(row: Row, told: list[str]) -> Case | None:
    """Return how a row of a language model that generates is solved; of a model that nobody describes, a usual shape stands in."""
    size, metric = row.number("params"), row.text("metric")
    if not (row.number("output_len") or "token" in metric or (metric in SYSTEM_POWER | SYSTEM_ENERGY and "MLPerf" in row.text("source"))):
        return None
    cells = {**row.cells, **_lengths(row), "metric": "throughput_output_tokens_per_s_total"}
    try:
        found = case_of(Row(cells))
    except MlsysimError:
        if size is None or row.text("arch") in ("cnn", "encoder", "diffusion"):
            return None
        hidden = 128 * round((size / 12 * _ASPECT) ** (1 / 3) / 128)
        shape = {"layers": max(1, round(size / 12 / hidden**2)), "hidden": hidden, "heads": hidden // 128, "kv_heads": 8, "vocab": 128000}
        shape["heads"] -= shape["heads"] % 8
        told.append(f"The shape of the model is not known: {shape['layers']} layers of width {hidden} stand in.")
        found = case_of(Row({**cells, **shape, "head_dim": 128, "ffn": 4 * hidden, "gated_mlp": 0, "experts": "", "model": "unknown"}))
    told.extend(found.assumptions)
    return found if found.model.causal else None


def _lengths(row: Row) -> dict[str, str]:
    """Return lengths of prompts and answers that the notes of a row state in words, as cells that the columns leave empty."""
    found = {"output_len": maybe(row, "mean_output_len") or maybe(row, "max_output_len")}
    if (longest := maybe(row, "max_input_len")) is not None:
        found["input_len"] = longest // 2
    return {n: str(v) for n, v in found.items() if v is not None and not row.text(n)}


def _activities(row: Row, told: list[str]) -> tuple[float, float]:
    """Return how much of the time a device streams from memory, and how much it computes."""
    memory, compute, said = _busy(tuple(row.cells.items()))
    told.extend(said)
    return memory, compute


@lru_cache(maxsize=4096)
def _busy(cells: tuple[tuple[str, str], ...]) -> tuple[float, float, tuple[str, ...]]:
    row, told = Row(dict(cells)), list[str]()
    case = _case(row, told)
    if case is None:
        if row.text("metric") == "avg_power_per_chip_w":
            share = _training_share()
            return 0.0, share, (f"In a long run devices are taken to compute {share:.0%} of the time, and to wait else.",)
        return 0.0, 1.0, ("Devices are taken to compute all the time.",)
    row = Row({**row.cells, **_lengths(row)})
    prompt, answer = row.number("input_len") or PROMPT, row.number("output_len") or ANSWER
    batch = (row.number("batch") or case.places(prompt, answer)) / max(1, row.whole("dp") or 1)
    result = case.serve(batch, prompt, answer, profile("serving"), case.stack)
    return result.number("activity_memory"), result.number("activity_compute"), tuple(told)


def _device_power(row: Row, device: HardwareNode, numbers: Any, told: list[str]) -> float:
    """Return the average power of one device of a row, without a cap."""
    memory, compute = _activities(row, told)
    shares = (numbers["waiting_power"], numbers["streaming_power"], numbers["computing_power"])
    return float(NUMBERS.device_power(_rating(device), *shares, memory, compute))


def _of_devices(row: Row, numbers: Any, told: list[str]) -> Answer:
    """Answer the power of all accelerators of a row together."""
    device, count = hardware(row.text("hw")), _count(row)
    power = count * min(_cap(row), _device_power(row, device, numbers, told))
    return _answer(row, power, count * _rating(device), True, told, device.zoo_name)


def _energy_of_devices(row: Row, numbers: Any, told: list[str]) -> Answer:
    """Answer the energy of all accelerators for one token, image or such."""
    device, count = hardware(row.text("hw")), _count(row)
    power = _device_power(row, device, numbers, told)
    cap = _cap(row)
    rate = _rate(row, told) * NUMBERS.clock_under_cap(min(cap, power), numbers["resting_power"] * _rating(device), power)
    return _answer(row, NUMBERS.token_energy(count * min(cap, power), rate), 0.0, False, told, device.zoo_name)


def _system(row: Row, numbers: Any, told: list[str]) -> tuple[float, HardwareNode, float]:
    """Return the power of a whole server or instance, its device, and the clock share under a cap."""
    device, count = hardware(row.text("hw")), _count(row)
    rating, cap = _rating(device), _cap(row)
    power = _device_power(row, device, numbers, told)
    told.append("The host draws a documented share of the accelerators' rating.")
    host = NUMBERS.host_power(rating, float(count), numbers["host_power"])
    clock = NUMBERS.clock_under_cap(min(cap, power), numbers["resting_power"] * rating, power)
    return NUMBERS.server_power(min(cap, power), float(count), host), device, clock


def _open_interface(row: Row, numbers: Any, told: list[str]) -> float:
    """Return the power of the accelerators of a model that anybody may ask."""
    told.append(
        "An interface that is open to all waits for requests, half of the time with clocks down; power is that of the accelerators."
    )
    share = (numbers["waiting_power"] + numbers["resting_power"]) / 2
    return float(share * _count(row) * _rating(hardware(row.text("hw"))))


def _of_system(row: Row, numbers: Any, told: list[str]) -> Answer:
    """Answer the power of whole servers."""
    metric, count = row.text("metric"), _count(row)
    device = hardware(row.text("hw"))
    if metric == "inference_avg_power_w":
        return _answer(row, _open_interface(row, numbers, told), count * _rating(device), True, told, device.zoo_name)
    value = _system(row, numbers, told)[0]
    if metric == "avg_power_per_chip_w":
        value /= count
    elif metric == "node_power_kw":
        value /= 1e3
    elif metric == "node_power_fraction_of_rating":
        rated = re.search(r"([\d.]+) ?kW", row.text("unit"))
        if rated is None:
            raise Unanswered("the rating of the node is not stated")
        value /= 1e3 * float(rated[1])
    return _answer(row, value, math.inf, True, told, device.zoo_name)


def _energy_of_system(row: Row, numbers: Any, told: list[str]) -> Answer:
    """Answer the energy of a whole server for one token, image or sample."""
    power, device, clock = _system(row, numbers, told)
    return _answer(row, NUMBERS.token_energy(power, clock * _rate(row, told)), 0.0, False, told, device.zoo_name)


_RATES = {
    "Offline": ("offline_samples_per_s",),
    "Server": ("server_samples_per_s", "offline_samples_per_s"),
    "SingleStream": ("singlestream_mean_latency_ms", "inference_latency_ms", "offline_samples_per_s"),
    "": ("inference_images_per_s", "offline_samples_per_s", "inference_latency_ms"),
}


def _rate(row: Row, told: list[str]) -> float:
    """Return tokens, images or samples a second, as the family of the model answers it."""
    metric = row.text("metric")
    if "token" in metric or "request" in metric or "response" in metric:
        case = _case(row, told)
        if case is None:
            raise Unanswered(f"how fast {row.text('model')} runs is not known")
        rate = case.speed(case, profile("serving"), case.stack)
        return rate if "token" in metric else rate / (row.number("output_len") or ANSWER)
    place = row.text("locator") + row.text("url")
    scenario = next((s for s in ("Offline", "Server", "SingleStream") if s in place), "")
    for asked in _RATES[scenario]:
        if (value := elsewhere(Row({**row.cells, **_lengths(row)}), asked)) is not None:
            return (1e3 / value if asked.endswith("_ms") else value) / (maybe(row, "beams") or 1.0)
    raise Unanswered(f"how fast {row.text('model')} runs is not known")


def _training_share() -> float:
    """Return the share of a training run in which devices compute, where nothing is said of the run."""
    return profile("energy").values["training_share"]


def _run_hours(row: Row, told: list[str]) -> float:
    """Return device-hours of a training run: as stated, else as the training family answers them."""
    if "per trillion" in row.text("notes"):
        raise Unanswered("the hours are stated for each trillion tokens, and the tokens are not")
    days, devices = maybe(row, "days"), maybe(row, "devices") or row.number("hw_count")
    if days is not None and devices is not None:
        return float(devices * (24 * days + (maybe(row, "hours") or 0.0)))
    own = row.text("metric") in HOURS
    if not own and (hours := maybe(row, "device_hours")) is not None:
        return hours
    if not own and (hours := maybe(row, "hours")) is not None:
        return hours
    try:
        usual = min(float(model_of(row).max_context or SEQUENCE), SEQUENCE)
    except MlsysimError:
        usual = SEQUENCE
    missing = {n: str(v) for n, v in (("seq_len", usual), ("hw_count", FLEET)) if not row.text(n)}
    found = elsewhere(Row({**row.cells, **missing}), "training_chip_hours")
    if found is None:
        raise Unanswered("the row does not state for how long how many devices worked, and the run is not known")
    share = _training_share()
    told.append(f"The hours are not stated: training is predicted, with devices that compute {share:.0%} of the time.")
    return found / share


def _energy(row: Row, numbers: Any, told: list[str]) -> float:
    """Return the energy that a row asks for, or that its carbon and water follow from, in kilowatt-hours."""
    if row.text("metric").startswith("inference"):
        days = re.search(r"([\d.]+) days", row.text("unit"))
        if days is None:
            raise Unanswered("the row does not state a period")
        return float(NUMBERS.it_energy(_open_interface(row, numbers, told), 24 * float(days[1])) / 1e3)
    hours, watts_stated = _run_hours(row, told), maybe(row, "watts")
    if watts_stated is None:
        device = hardware(row.text("hw"))
        shares, busy = (numbers[f"{n}_power"] for n in ("waiting", "streaming", "computing")), _training_share()
        watts = min(_cap(row), NUMBERS.device_power(_rating(device), *shares, 0.0, busy))
        told.append(f"The power is not stated: devices are taken to compute {busy:.0%} of the time.")
    else:
        watts = watts_stated
    energy = float(NUMBERS.it_energy(watts, hours) / 1e3)
    pue, unit = maybe(row, "pue"), row.text("unit")
    asked_alone = row.text("metric") in TOTALS and "PUE" not in unit
    return energy if pue is None or asked_alone or "no PUE" in unit else float(NUMBERS.facility_energy(energy, pue))


def _of_run(row: Row, numbers: Any, told: list[str]) -> Answer:
    """Answer the energy of a run."""
    unit = row.text("metric").rpartition("_")[2]
    scale = {"mwh": 1e-3, "kwh": 1.0, "gwh": 1e-6, "wh": 1e3}[unit]
    return _answer(row, _energy(row, numbers, told) * scale, 0.0, False, told)


def _of_carbon(row: Row, numbers: Any, told: list[str]) -> Answer:
    """Answer the greenhouse gas of a run: its energy times the intensity that the row states, or the sum of stated parts."""
    unit = row.text("metric").rpartition("_")[2]
    grams = {"t": 1e6, "kg": 1e3, "g": 1.0, "lb": 453.59237}[unit]
    if row.text("metric").startswith("lifecycle"):
        if len(whole := parts(row)) < 2:
            raise Unanswered("the parts of the whole are not stated")
        return _answer(row, sum(whole), 0.0, False, told)
    clean = intensity(row)
    if clean is None:
        raise Unanswered("the row does not state the carbon intensity of the electricity")
    if row.text("metric").startswith("idle"):
        raise Unanswered("how much stood idle is not stated")
    return _answer(row, NUMBERS.operational_carbon(_energy(row, numbers, told), clean) / grams, 0.0, False, told)


def _of_water(row: Row, numbers: Any, told: list[str]) -> Answer:
    """Answer the water of a run: its energy times what the row states for each kilowatt-hour."""
    (wue,) = stated(row, "wue")
    return _answer(row, NUMBERS.water_on_site(_energy(row, numbers, told), wue) / 1e3, 0.0, False, told)


def _of_hours(row: Row, numbers: Any, told: list[str]) -> Answer:
    """Answer the device-hours of a run."""
    return _answer(row, _run_hours(row, told), 0.0, False, told)


_ANSWERS: tuple[tuple[set[str], Callable[[Row, Any, list[str]], Answer]], ...] = (
    (DEVICE_POWER, _of_devices),
    (DEVICE_ENERGY, _energy_of_devices),
    (SYSTEM_POWER, _of_system),
    (SYSTEM_ENERGY, _energy_of_system),
    (TOTALS, _of_run),
    (CARBON, _of_carbon),
    (WATER, _of_water),
    (HOURS, _of_hours),
)
