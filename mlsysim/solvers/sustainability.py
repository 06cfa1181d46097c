"""SustainabilityModel: energy, greenhouse gas and water of a fleet over a period."""

from typing import Any

from ..errors import InputError, MissingFactError
from ..facts import Origin
from ..infrastructure import Datacenter, GridProfile, HourlyProfile
from ..nouns import Lowered
from ..profiles import profile as energy_profile
from ..quantities import nomenclature
from ..readings import Reading
from ..results import DistributedResult, Missing, PerformanceProfile, ServingResult, SustainabilityResult
from ..systems import Fleet
from .base import Doors, expect, masked, needed
from .economics import chained, fleet_energy, fleet_numbers, network_draw, network_numbers, place_numbers, place_of


def core(eq: Reading, x: Lowered) -> dict[str, Any]:
    """Solve energy, carbon and water, in whatever reading."""
    energy = fleet_energy(eq, x, x.utilization)
    facility = eq.facility_energy(energy, x.pue)
    intensity = eq.window_intensity(x.carbon_intensity, x.window_factor) if x.has("window_factor") else x.carbon_intensity
    network = network_draw(eq, x)
    values: dict[str, Any] = {
        "it_energy": energy,
        "facility_energy": facility,
        "network_energy": network if type(network) is Missing else eq.it_energy(network, x.duration),
        "carbon": eq.operational_carbon(facility, intensity),
        "carbon_market": _by_contract(eq, x, facility),
    }
    values |= _best_hour(eq, x, facility)
    values["embodied_carbon"] = _embodied(eq, x)
    given = x.__dict__
    no_wue, no_water = (Missing(x.missing.get(n, "")) if n not in given else None for n in ("wue", "water_intensity"))
    values["water"] = no_wue or no_water or eq.water_total(energy, x.wue, x.pue, x.water_intensity)
    values["water_on_site"] = no_wue or eq.water_on_site(energy, x.wue)
    values["water_off_site"] = no_water or eq.water_off_site(energy, x.pue, x.water_intensity)
    values |= {"feasible": True, "label": "estimate" if x.has("host_power") else "bound"}
    return masked(eq, True, values, SustainabilityResult)


def _by_contract(eq: Reading, x: Lowered, energy: Any) -> Any:
    """Return carbon by the market-based method; what no certificate covers has the residual mix, else the grid's average."""
    if not (x.has("renewable_share") or x.has("market_intensity")):
        return Missing("give renewable_share=, what certificates cover, or market_intensity=, that of the contract or the residual mix")
    rest = x.market_intensity if x.has("market_intensity") else x.carbon_intensity
    return eq.market_based_carbon(energy, rest, x.renewable_share if x.has("renewable_share") else 0.0)


def _best_hour(eq: Reading, x: Lowered, energy: Any) -> dict[str, Any]:
    """Return the cleanest hour to start at, what is emitted from there, and the saving over a random hour."""
    names = ("best_start", "carbon_best_start", "shift_saving")
    if not x.has("best_factor"):
        return dict.fromkeys(names, Missing(x.no_hourly))
    best = eq.operational_carbon(energy, eq.window_intensity(x.carbon_intensity, x.best_factor))
    return dict(zip(names, (x.best_start, best, eq.shift_saving(x.best_factor)), strict=True))


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


def hourly_numbers(profile: HourlyProfile, duration: Any, start: Any) -> dict[str, Any]:
    """Return the sums over the hours of a profile: the best start, its factor, and that of the window asked for.

    A reduction over the day, point by point of a sweep; the equations then work with its result.
    """

    def each(function: Any, *args: Any) -> Any:
        if all(type(a) is float for a in args):
            return function(*args)
        from ..readings.arrays import shapes_agree

        shapes_agree(dict(zip(("start_hour", "duration")[-len(args) :], args, strict=True)))
        zero = sum(a * 0.0 for a in args)
        whole = [(a + zero).flat for a in args]
        found = zero * 0.0
        found.flat = [function(*map(float, point)) for point in zip(*whole, strict=True)]
        return found

    best = each(profile.best, duration)
    numbers = {"best_start": best, "best_factor": each(profile.window, best, duration)}
    return numbers if start is None else numbers | {"window_factor": each(profile.window, start, duration)}


def work_numbers(work: Any, fleet: Fleet, origins: dict[str, Origin]) -> dict[str, Any]:
    """Return what is known of the power of a fleet that does some work: the work's, and the host beside the devices."""
    if not isinstance(work, PerformanceProfile):
        chained(work, DistributedResult if isinstance(work, DistributedResult) else ServingResult, "work", fleet)
    elif work.inputs.device != fleet.node.accelerator:
        raise InputError(f"work was solved on {work.inputs.device.title}, and {fleet.title} has {fleet.node.accelerator.title}")
    work.number("device_power")
    profile = work.inputs.profile
    if profile is None:
        raise InputError("work is a bound, and knows no power but the devices' rating: solve it with stack= or a Profile, or leave it out")
    numbers, sources = energy_profile("energy").on(hardware=fleet.node.accelerator.zoo_name)
    supply = work.inputs.hardware
    origins |= {"host_power": sources["host_power"], "rating": supply.origins["power"]}
    return {"work": work, "host_power": numbers["host_power"], "rating": supply.power}


class SustainabilityModel:
    """What a fleet draws, emits and drinks over a period.

    Power is the node's, host and network adapters included, from idle to full with utilization; switches and optics enter where
    the fabric or an argument states their power, and draw the same at every load. Cooling comes in through the PUE. Where a result
    says what the devices do, full power is what they draw at that work, with a host in proportion to their rating.

    ``carbon`` is location-based: the grid's average, or that of the hours in which the work runs if a start is given and the grid
    states how its day goes. ``carbon_market`` is market-based: what certificates cover is free of carbon, and the rest has the
    intensity of the contract or the residual mix, else the grid's yearly average. The hours of a profile are those of an average
    day, power is even over the window, and elasticities hold its hours fixed.

    Water is used on site for cooling, and off site at the power plants.
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
        network_power: Any = None,
        renewable_share: Any = None,
        market_intensity: Any = None,
        start_hour: Any = None,
        work: ServingResult | DistributedResult | PerformanceProfile | None = None,
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
        network_power
            Power of switches and optics for each port of a node, such as ``"30 W"``, or as a share of the nodes' full power, such as
            ``0.05``. By default what the fabric states; without either it is left out.
        renewable_share, market_intensity
            For the market-based figure: the share of the electricity that certificates or contracts cover, and the intensity of
            what they do not cover, such as ``"450 gCO2e/kWh"``.
        start_hour
            Hour of the day at which the work starts, such as ``"22 hour"``, in the time zone of the grid's hourly profile.
        work
            What the fleet does, as :class:`~mlsysim.ServingModel` or :class:`~mlsysim.DistributedModel` solved it on this fleet, or
            :class:`~mlsysim.SingleNodeModel` on one of its devices, with documented constants; its power stands for the nodes' maximum.

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
        x = {**values, **fleet_numbers(fleet)}
        if work is None:
            fleet.node_numbers.need("max_power")
        else:
            x |= work_numbers(work, fleet, origins)
        x |= _DOORS.read(
            duration=duration, utilization=utilization, lifetime=lifetime, renewable_share=renewable_share,
            market_intensity=market_intensity, start_hour=start_hour,
        )  # fmt: skip
        needed(x, "duration", "utilization")
        network_numbers(fleet, x, origins, "power", "NetworkShare", "PortPower", network_power)
        power = place_of(fleet, datacenter, grid)[1]
        x["no_hourly"] = f"{power.title} states no hourly profile: give grid=, one that has it"
        if power.hourly is not None:
            fact = power.facts.get("hourly.intensity")
            x |= hourly_numbers(power.hourly, x["duration"], x.get("start_hour"))
            for name, quantity in (("best_start", "HourOfDay"), ("best_factor", "HourFactor"), ("window_factor", "HourFactor")):
                origins[name] = Origin(name, _Q[quantity], fact)
        elif start_hour is not None:
            raise MissingFactError(f"start_hour={start_hour}: {x['no_hourly']}")
        device = fleet.node.accelerator
        if device.embodied_carbon is not None:
            x["embodied_carbon"] = _Q["DeviceCarbon"].read(device.embodied_carbon, "embodied_carbon")
            origins["embodied_carbon"] = device.origin("embodied_carbon", "hardware")
        x["titles"] = f"{fleet.node.title} nor {device.title}"
        return _DOORS.solve(SustainabilityResult, core, x, **origins)


_Q = nomenclature()
_DOORS = Doors(
    duration="Duration", utilization="Utilization", lifetime="Lifetime", network_power="PortPower", network_power_share="NetworkShare",
    renewable_share="RenewableShare", market_intensity="CarbonIntensity", start_hour="HourOfDay",
)  # fmt: skip
