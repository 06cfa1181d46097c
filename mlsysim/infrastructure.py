"""Layer C, infrastructure: the grid, the building around the machines, and prices."""

import math
import re
from functools import cached_property
from typing import Annotated, Any

from pydantic import BeforeValidator

from . import quantities as q
from .errors import InputError
from .hardware import HardwareNode
from .nouns import Entry, Noun

HOUR, DAY = 3600.0, 86400.0
_SYMBOLS = q.nomenclature()


def _day(value: Any) -> tuple[float, ...]:
    """Read twenty-four numbers, plain or all in one unit of carbon intensity; a zoo file writes them as one text."""
    if isinstance(value, str):
        found = re.fullmatch(r"\s*((?:[\d.]+[,;]?\s*)+)(\S.*)?", value)
        if found is None:
            raise InputError(f"intensity={value[:40]!r} is no row of numbers: write 24 of them and, if they have one, their unit")
        numbers, unit = re.split(r"[,;\s]+", found[1].strip(" ,;")), (found[2] or "").strip()
        value = [f"{n} {unit}" for n in numbers] if unit else [float(n) for n in numbers]
    if not isinstance(value, (list, tuple)) or len(value) != 24:
        raise InputError(f"intensity has {len(value) if hasattr(value, '__len__') else 'no'} values: a day has 24, one for each hour")
    relative = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in value)
    symbol = _SYMBOLS["HourFactor" if relative else "CarbonIntensity"]
    day = tuple(symbol.read(v, "intensity") for v in value)
    if math.fsum(day) <= 0 or not all(type(v) is float for v in day):
        raise InputError("intensity is nothing at every hour: a profile needs an hour that emits")
    return day


class HourlyProfile(Noun):
    """The shape of an average day: the carbon intensity of each of its hours, from midnight on in ``timezone``.

    Only the shape counts. The level is the grid's yearly average, so a whole day of work emits what the average says.
    """

    intensity: Annotated[tuple[float, ...], BeforeValidator(_day)]
    timezone: str = "UTC"

    @cached_property
    def factors(self) -> tuple[float, ...]:
        """Intensity of each hour over that of the day."""
        whole = math.fsum(self.intensity)
        return tuple(24 * v / whole for v in self.intensity)

    def mean(self, start: Any, duration: Any) -> float:
        """Return the mean intensity of a window over that of the day.

        Parameters
        ----------
        start, duration
            Hour of the day at which it begins, such as ``"22 hour"``, and how long it lasts.
        """
        return self.window(_SYMBOLS["HourOfDay"].read(start, "start"), _SYMBOLS["Duration"].read(duration, "duration"))

    def best_start(self, duration: Any) -> Any:
        """Return the hour of the day from which a window of this length has the lowest mean."""
        symbol = _SYMBOLS["HourOfDay"]
        return symbol.quantity(self.best(_SYMBOLS["Duration"].read(duration, "duration")))

    def saving(self, duration: Any) -> float:
        """Return the share that the best start saves over a random one, for which the mean is one."""
        length = _SYMBOLS["Duration"].read(duration, "duration")
        return max(0.0, 1.0 - self.window(self.best(length), length))

    def window(self, start: float, duration: float) -> float:
        """Return the mean of a window, in seconds: whole days count one, the rest hour by hour."""
        days, rest = divmod(duration, DAY)
        position, into = divmod(start % DAY, HOUR)
        hour, total, length = int(position), days * DAY, days * DAY
        while rest > 0:
            step = min(rest, HOUR - into)
            total += step * self.factors[hour % 24]
            length += step
            rest, into, hour = rest - step, 0.0, hour + 1
        return total / length

    def best(self, duration: float) -> float:
        """Return the best start in seconds: the mean has its lowest value where a window begins or ends on the hour."""
        rest = duration % DAY
        starts = sorted({s for h in range(24) for s in (h * HOUR, (h * HOUR - rest) % DAY)})
        return min(starts, key=lambda s: round(self.window(s, duration), 12))


class GridProfile(Entry):
    """An electricity grid: what a unit of its energy emits, drinks and costs."""

    region: str | None = None
    carbon_intensity: q.CarbonIntensity
    water_intensity: q.GridWater | None = None
    electricity_price: q.EnergyPrice | None = None
    hourly: HourlyProfile | None = None


class Datacenter(Entry):
    """A building, or the average of an operator's buildings."""

    operator: str | None = None
    pue: q.Pue
    wue: q.Wue | None = None
    grid: GridProfile | None = None


class Rental(Entry):
    """The price of renting one accelerator."""

    operator: str | None = None
    hardware: HardwareNode
    rental: q.RentalRate


class OwnershipTerms(Noun):
    """How long equipment is written off, and what its upkeep costs."""

    lifetime: q.Lifetime | None = None
    maintenance_rate: q.MaintenanceRate | None = None


class Ownership(Entry):
    """Published assumptions on owning servers."""

    assumption: OwnershipTerms
