"""Layer C, infrastructure: the grid, the building around the machines, and prices."""

from . import quantities as q
from .hardware import HardwareNode
from .nouns import Noun


class GridProfile(Noun):
    """An electricity grid: what a unit of its energy emits, drinks and costs."""

    name: str
    summary: str = ""
    aliases: tuple[str, ...] = ()
    region: str | None = None
    carbon_intensity: q.CarbonIntensity
    water_intensity: q.GridWater | None = None
    electricity_price: q.EnergyPrice | None = None


class Datacenter(Noun):
    """A building, or the average of an operator's buildings."""

    name: str
    summary: str = ""
    aliases: tuple[str, ...] = ()
    operator: str | None = None
    pue: q.Pue
    wue: q.Wue | None = None
    grid: GridProfile | None = None


class Rental(Noun):
    """The price of renting one accelerator."""

    name: str
    summary: str = ""
    aliases: tuple[str, ...] = ()
    operator: str | None = None
    hardware: HardwareNode
    rental: q.RentalRate


class OwnershipTerms(Noun):
    """How long equipment is written off, and what its upkeep costs."""

    lifetime: q.Lifetime | None = None
    maintenance_rate: q.MaintenanceRate | None = None


class Ownership(Noun):
    """Published assumptions on owning servers."""

    name: str
    summary: str = ""
    aliases: tuple[str, ...] = ()
    assumption: OwnershipTerms
