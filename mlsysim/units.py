"""The unit registry: our own vocabulary, nothing inherited.

Pint does the arithmetic. Its default registry is not loaded, because there ``400 Gb/s`` means gilberts
and bytes, operations and dollars are plain numbers that add up. Here each of them is a dimension.
Pint is imported when the first quantity is made, not with the package.
"""

import math
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import UnitError

if TYPE_CHECKING:
    import pint


@cache
def registry() -> "pint.UnitRegistry":
    """Return the one registry, made on first use."""
    import pint
    from pint.facets import numpy as _  # noqa: F401  (array support without importing NumPy)

    class Quantity(pint.UnitRegistry.Quantity):
        """A pint quantity that cannot be changed in place, so that zoo entries are truly frozen."""

        def __reduce__(self) -> tuple[Any, ...]:
            return Q, (self._magnitude, f"{self.units:D}")

        def _frozen(self, *args: Any, **kwargs: Any) -> None:
            raise UnitError("quantities are immutable: use .to(unit), which returns a new one")

        def to(self, other: Any = None, *contexts: Any, **values: Any) -> Any:
            try:
                return super().to(other, *contexts, **values)
            except pint.DimensionalityError as error:
                raise UnitError(f"{self} is not in {other}: {error}") from None

        ito = ito_base_units = ito_root_units = ito_reduced_units = ito_preferred = _frozen  # type: ignore[assignment]

    class Registry(pint.UnitRegistry):
        pass

    Registry.Quantity = Quantity
    ureg = Registry(None, preprocessors=[lambda s: s.replace("%", " percent ")])
    ureg.load_definitions(Path(__file__).with_name("units.txt"))
    ureg.formatter.default_format = "~P"
    ureg.separate_format_defaults = True
    pint.set_application_registry(ureg)
    return ureg


def Q(value: Any, unit: str | None = None) -> Any:
    """Return a quantity: ``Q("3.35 TB/s")`` or ``Q(3.35, "TB/s")``.

    Parameters
    ----------
    value
        Text with a number and a unit, a number, an array, or a quantity (returned unchanged).
    unit
        Unit of a number; with a quantity, the unit to convert to.

    Raises
    ------
    UnitError
        The text is no quantity, or names an unknown unit.
    """
    ureg = registry()
    if isinstance(value, str):
        number, unit_text = parse(value)
        quantity = ureg.Quantity(number, _unit(unit_text))
        return quantity if unit is None else convert(quantity, unit)
    if isinstance(value, ureg.Quantity):
        return value if unit is None else convert(value, unit)
    return ureg.Quantity(value, _unit(unit or ""))


def convert(quantity: Any, unit: str) -> Any:
    """Return ``quantity`` in ``unit``; a wrong dimension is a :class:`UnitError`."""
    return quantity.to(_unit(unit))


@lru_cache(maxsize=4096)
def parse(text: str) -> tuple[float, str]:
    """Split text such as ``"3.35 TB/s"`` into its number and its unit text."""
    stripped = text.strip().replace("\u202f", "").replace("\u00a0", " ")
    end = 0
    for end in range(len(stripped), 0, -1):
        try:
            number = float(_ungrouped(stripped[:end]))
            break
        except ValueError:
            continue
    else:
        raise UnitError(f"{text[:60]!r} is no quantity: write a number and a unit, such as '3.35 TB/s' or '30 days'")
    unit = stripped[end:].strip()
    _unit(unit)
    return number, unit


def _ungrouped(number: str) -> str:
    """Drop the commas between groups of three digits; any other comma is no part of a number."""
    return number.replace(",", "") if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", number) else number


@lru_cache(maxsize=1024)
def _unit(text: str) -> Any:
    import pint

    ureg = registry()
    try:
        return ureg.parse_units(text) if text and text not in ("1", "dimensionless") else ureg.dimensionless
    except pint.UndefinedUnitError as error:
        known = [n for n in ureg._units if n.isascii()]
        from .errors import nearest

        bad = error.unit_names if isinstance(error.unit_names, str) else error.unit_names[0]
        raise UnitError(f"unknown unit {bad!r} in {text!r}: {nearest(bad, known)}") from None
    except Exception:  # what pint's parser raises on arbitrary text is not documented
        raise UnitError(f"{text!r} is no unit: write for example 'TB/s', 'TFLOP/s', 'gCO2e/kWh'") from None


@lru_cache(maxsize=4096)
def factor(unit: str, coherent: str) -> float:
    """Return the factor from ``unit`` to ``coherent``; a wrong dimension is a :class:`UnitError`."""
    try:
        return float((1.0 * _unit(unit)).to(_unit(coherent)).magnitude)
    except UnitError as error:
        if "is not in" not in str(error):
            raise
        raise UnitError(f"{unit or 'a bare number'!r} cannot be read as {coherent!r}") from None


_FACTORS: dict[tuple[Any, str], float] = {}


def magnitude(quantity: Any, coherent: str) -> Any:
    """Return the magnitude of a quantity in a coherent unit, through a cached factor."""
    key = (quantity._units, coherent)
    found = _FACTORS.get(key)
    if found is None:
        found = _FACTORS[key] = factor(f"{quantity.units:D}" if quantity._units else "", coherent)
    return quantity._magnitude * found


def is_quantity(value: Any) -> bool:
    """True for a quantity of this package's registry."""
    return hasattr(value, "_magnitude") and hasattr(value, "_units")


def shown(value: float, digits: int = 4) -> str:
    """Write a number with a few significant digits, thousands apart by a thin space."""
    if value != value or math.isinf(value):
        return str(value)
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e7 or size < 1e-4:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    places = max(0, digits - 1 - math.floor(math.log10(size)))
    text = f"{round(value, places):,.{places}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(",", "\u202f")


_LADDERS = {
    "s": ("ns", "us", "ms", "s", "min", "hour", "day"),
    "byte": ("B", "kB", "MB", "GB", "TB", "PB"),
    "byte/s": ("B/s", "kB/s", "MB/s", "GB/s", "TB/s", "PB/s"),
    "flop": ("FLOP", "MFLOP", "GFLOP", "TFLOP", "PFLOP", "EFLOP", "ZFLOP", "YFLOP"),
    "flop/s": ("FLOP/s", "MFLOP/s", "GFLOP/s", "TFLOP/s", "PFLOP/s"),
    "W": ("uW", "mW", "W", "kW", "MW"),
    "J": ("uJ", "mJ", "J", "kWh", "MWh", "GWh"),
    "gCO2e": ("gCO2e", "kgCO2e", "tCO2e"),
}


def rung(value: float, unit: str, display: str = "") -> str:
    """Return the unit in which people say a coherent number: that of its size on a ladder of prefixes, else ``display``."""
    ladder = _LADDERS.get(unit, ())
    if value == 0 or not ladder:
        return display or unit
    return next((r for r in reversed(ladder) if abs(value) >= factor(r, unit)), ladder[0])


def people(value: float, unit: str, display: str = "") -> str:
    """Write a coherent number as people say it: on a ladder of prefixes where there is one, else in ``display``."""
    chosen = rung(value, unit, display)
    text = shown(value / factor(chosen, unit))
    plural = "s" if chosen in ("hour", "day", "year") and text != "1" else ""
    return f"{text} {label(chosen)}{plural}".strip()


def label(unit: str) -> str:
    """Write a unit for people: counts have none, and rates of counts are per second."""
    return {
        "count": "",
        "count/s": "/s",
        "1/s": "/s",
        "USD": "USD",
        "byte": "B",
        "flop": "FLOP",
        "percent/year": "%/year",
        "flop/byte": "FLOP/B",
        "USD/(PFLOP/s*hour)": "USD per PFLOP/s and hour",
    }.get(unit, unit)
