"""SustainabilityModel: energy, greenhouse gas and water of a fleet over a period."""

from typing import Any

from ..errors import MissingFactError
from ..infrastructure import Datacenter, GridProfile
from ..nouns import Lowered
from ..quantities import nomenclature
from ..readings import Reading
from ..results import Missing, SustainabilityResult
from ..systems import Fleet
from .base import Doors, expect, masked, needed
from .economics import fleet_energy, fleet_numbers, place_numbers


def core(eq: Reading, x: Lowered) -> dict[str, Any]:
    """Solve energy, carbon and water, in whatever reading."""
    energy = fleet_energy(eq, x)
    facility = eq.facility_energy(energy, x.pue)
    values: dict[str, Any] = {
        "it_energy": energy,
        "facility_energy": facility,
        "carbon": eq.operational_carbon(facility, x.carbon_intensity),
    }
    values["embodied_carbon"] = _embodied(eq, x)
    given = x.__dict__
    no_wue, no_water = (Missing(x.missing.get(n, "")) if n not in given else None for n in ("wue", "water_intensity"))
    values["water"] = no_wue or no_water or eq.water_total(energy, x.wue, x.pue, x.water_intensity)
    values["water_on_site"] = no_wue or eq.water_on_site(energy, x.wue)
    values["water_off_site"] = no_water or eq.water_off_site(energy, x.pue, x.water_intensity)
    values |= {"feasible": True, "label": "bound"}
    return masked(eq, True, values, SustainabilityResult)


def _embodied(eq: Reading, x: Lowered) -> Any:
    if not x.has("lifetime"):
        return Missing("give lifetime=, over which the making of the equipment is spread")
    if x.node.has("embodied_carbon"):
        whole = eq.fleet_embodied_carbon(x.node.embodied_carbon, x.fleet.nodes)
    elif x.has("embodied_carbon"):
        whole = eq.fleet_embodied_carbon(x.embodied_carbon, eq.fleet_devices(x.fleet.nodes, x.node.local_devices))
    else:
        return Missing(f"neither {x.titles} states embodied carbon")
    return eq.embodied_carbon_share(whole, x.duration, x.lifetime)


class SustainabilityModel:
    """What a fleet draws, emits and drinks over a period.

    Power is the node's, hosts and network ports included, from idle to full with utilization; cooling comes in
    through the PUE. Water is used on site for cooling, and off site at the power plants.
    """

    result = SustainabilityResult
    core = staticmethod(core)

    def solve(
        self,
        fleet: Fleet,
        duration: Any,
        datacenter: Datacenter | None = None,
        grid: GridProfile | None = None,
        utilization: Any = 1.0,
        lifetime: Any = None,
    ) -> SustainabilityResult:
        """Solve energy, carbon and water of a period.

        Parameters
        ----------
        fleet
            The machines; their node must state a maximal power.
        duration
            The period, such as ``"30 days"``.
        datacenter, grid
            Where they stand; by default the fleet's own. An explicit grid beats that of the datacenter.
        utilization
            Share of full load; power follows it from idle to full. A node that states no idle power counts as drawing none at
            rest, which makes the energy a lower bound.
        lifetime
            Service life over which the embodied carbon is spread; without it that number is missing.

        Raises
        ------
        InputError, MissingFactError
            An argument is out of range; or a needed fact is stated nowhere, and the message names it.
        """
        expect(fleet, Fleet, "fleet", "a Fleet such as Systems.Clusters.Research_256")
        values, origins = place_numbers(fleet, datacenter, grid)
        for fact in ("pue", "carbon_intensity"):
            if fact not in values:
                raise MissingFactError(f"{fact}: {values['missing'][fact]}")
        fleet.node_numbers.need("max_power")
        x = {**values, **fleet_numbers(fleet), **_DOORS.read(duration=duration, utilization=utilization, lifetime=lifetime)}
        needed(x, "duration", "utilization")
        device = fleet.node.accelerator
        if device.embodied_carbon is not None:
            x["embodied_carbon"] = _EMBODIED.read(device.embodied_carbon, "embodied_carbon")
            origins["embodied_carbon"] = device.origin("embodied_carbon", "hardware")
        x["titles"] = f"{fleet.node.title} nor {device.title}"
        return _DOORS.solve(SustainabilityResult, core, x, **origins)


_DOORS = Doors(duration="Duration", utilization="Utilization", lifetime="Lifetime")
_EMBODIED = nomenclature()["DeviceCarbon"]
