"""Numbers that a row states beside its configuration, in columns or in words: the inputs of arithmetic."""

import re
from importlib import import_module

from ..errors import MlsysimError
from .rows import Row, Unanswered

_NUMBER = r"(\d[\d,]*(?:\.\d+)?(?:e\d+)?) ?([KM](?= ?\w*-?h))?"


def _found(text: str, pattern: str) -> float | None:
    """Return the first number that a pattern finds, with thousands and millions multiplied out."""
    match = re.search(pattern, text)
    if match is None:
        return None
    return float(match[1].replace(",", "")) * {"K": 1e3, "M": 1e6, None: 1.0, "": 1.0}[match[2]]


PATTERNS = {
    "power_cap_w": r"power[_ ](?:limit|cap)\D{0,12}?" + _NUMBER + r" ?W\b",
    "beams": r"beam width " + _NUMBER,
    "max_input_len": r"max length " + _NUMBER + r" but variable",
    "max_output_len": r"max " + _NUMBER + r" output tokens",
    "mean_output_len": r"mean output (?:tokens/sample = tokens/s / samples/s \(about )?" + _NUMBER,
    "devices": _NUMBER + r"(?: ?x)? (?:chips|GPUs|TPUs|accelerators)\b",
    "nodes": _NUMBER + r" nodes\b",
    "days": _NUMBER + r" (?:days?|d)\b",
    "hours": _NUMBER + r" ?(?:hours?|h)\b(?!/)",
    "device_hours": r"(?<![\w$.])" + _NUMBER + r" ?(?:[A-Z]+\d*|TPU ?v\d\w*|GPU|chip|accelerator|device)[- ](?:h|hours?)\b",
    "watts": _NUMBER + r" W\b(?!h)",
    "watt_hours": _NUMBER + r" Wh\b",
    "kilowatt_hours": _NUMBER + r" kWh\b",
    "megawatt_hours": _NUMBER + r" MWh\b",
    "gigawatt_hours": _NUMBER + r" GWh\b",
    "requests": _NUMBER + r" requests\b",
    "tokens_per_second": _NUMBER + r" (?:output )?(?:tok|tokens)/s\b",
    "price_per_device_hour": r"\$" + _NUMBER + r" ?(?:per|/) ?(?:[A-Z]+\d*|GPU|chip|TPU)(?: ?GPU)?[- ]?(?:hours?|h)\b",
    "price_per_hour": r"\$" + _NUMBER + r" ?(?:/|per|an) ?(?:h|hour)\b",
    "pue": r"PUE (?:of )?" + _NUMBER,
    "wue": r"WUE (?:of )?" + _NUMBER + r" L/kWh",
}
"""What is looked for in a row's notes, as regular expressions whose first group is the number."""

_INTENSITY = re.compile(r"([\d.]+) ?(kgCO2e?|kg|gCO2e?|g|lb|t)(?: ?CO2e?)?/(kWh|MWh)")
_GRAMS = {"kg": 1e3, "g": 1.0, "lb": 453.59237, "t": 1e6}


def stated(row: Row, *names: str) -> list[float]:
    """Return numbers that the notes of a row state.

    Raises
    ------
    Unanswered
        One of them is not stated.
    """
    found = [maybe(row, n) for n in names]
    lacking = [n.replace("_", " ") for n, v in zip(names, found, strict=True) if v is None]
    if lacking:
        raise Unanswered(f"the row does not state {', '.join(lacking)}")
    return [v for v in found if v is not None]


def maybe(row: Row, name: str) -> float | None:
    """Return a number that a row states in a column or in its notes, or nothing."""
    value = row.number(name)
    return value if value is not None else _found(row.text("notes"), PATTERNS[name])


def parts(row: Row) -> list[float]:
    """Return the parts of a whole that a row states in a column or in its notes."""
    words = row.text("parts_tco2e") or " + ".join(re.findall(r"([\d.]+) ?t? (?:embodied|dynamic|idle)", row.text("notes")))
    return [float(p) for p in words.split("+") if p.strip()]


def intensity(row: Row) -> float | None:
    """Return the carbon intensity that a row states in a column or in its notes, in grams for each kilowatt-hour."""
    if (value := row.number("grid_gco2e_per_kwh")) is not None:
        return float(value)
    match = _INTENSITY.search(row.text("notes"))
    if match is None:
        return None
    return float(match[1]) * _GRAMS[match[2].removesuffix("e").removesuffix("CO2")] / (1e3 if match[3] == "MWh" else 1.0)


def elsewhere(row: Row, metric: str) -> float | None:
    """Return what another family answers for the same configuration, if any does."""
    asked = Row({**row.cells, "metric": metric})
    for name in ("serving", "vision", "other", "training"):
        try:
            family = import_module(f".{name}", __package__)
            if family.takes(asked):
                return float(family.predict(asked).value)
        except (ImportError, MlsysimError):
            continue
    return None
