"""Layer C, infrastructure: the grid, the building around the machines, and prices."""

from . import quantities as q
from .hardware import HardwareNode
from .nouns import Entry, Noun


class GridProfile(Entry):
    """An electricity grid: what a unit of its energy emits, drinks and costs."""

    region: str | None = None
    carbon_intensity: q.CarbonIntensity
    water_intensity: q.GridWater | None = None
    electricity_price: q.EnergyPrice | None = None


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
