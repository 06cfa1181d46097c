"""EconomicsModel: what a fleet costs over a period, and what a query, a million tokens or a training run costs."""

from typing import Any

from ..errors import InputError, MissingFactError
from ..infrastructure import Datacenter, GridProfile
from ..nouns import Lowered
from ..quantities import nomenclature
from ..readings import Reading
from ..results import DistributedResult, EconomicsResult, Missing, ServingResult
from ..systems import Fleet
from .base import Doors, anywhere, expect, masked, needed

_Q = nomenclature()


def fleet_capital(eq: Reading, x: Lowered) -> Any:
    """Return the price of the fleet's nodes: as printed for the node, else the sum of its accelerators."""
    if x.node.has("price"):
        return eq.fleet_price(x.node.price, x.fleet.nodes)
    return eq.fleet_price(x.price, eq.fleet_devices(x.fleet.nodes, x.node.local_devices))


def fleet_energy(eq: Reading, x: Lowered) -> Any:
    """Return the IT energy of the fleet over the period."""
    idle = x.node.idle_power if x.node.has("idle_power") else 0.0
    node = eq.it_power(idle, x.node.max_power, x.utilization)
    return eq.it_energy(eq.fleet_power(node, x.fleet.nodes), x.duration)


def core(eq: Reading, x: Lowered) -> dict[str, Any]:
    """Solve costs, in whatever reading."""
    capital = fleet_capital(eq, x)
    if x.discounted:
        factor = eq.capital_recovery_factor(x.discount_rate, eq.years(x.lifetime))
        capex = eq.annualized_capital(capital, factor, eq.years(x.duration))
    else:
        capex = eq.straight_line_depreciation(capital, 0.0, x.duration, x.lifetime)
    energy = eq.facility_energy(fleet_energy(eq, x), x.pue)
    electricity = eq.energy_cost(energy, x.electricity_price)
    maintenance = eq.maintenance_cost(capital, x.maintenance_rate, x.duration)
    tco = eq.total_cost_of_ownership(capex, electricity, maintenance)
    values = {
        "capital": capital,
        "capex": capex,
        "energy": energy,
        "opex_energy": electricity,
        "opex_maintenance": maintenance,
        "tco": tco,
        "cost_per_query": Missing("give serving=, a ServingResult"),
        "cost_per_million_tokens": Missing("give serving=, a ServingResult, or training=, a DistributedResult"),
        "cost_per_training_run": Missing("give training=, a DistributedResult of a model whose training tokens are stated"),
    }
    if x.serving is not None:
        queries = eq.requests_served(x.serving.number("request_rate"), x.duration, x.utilization)
        tokens = eq.tokens_served(x.serving.number("throughput"), x.duration, x.utilization)
        values["cost_per_query"] = eq.cost_per_query(tco, queries)
        values["cost_per_million_tokens"] = eq.cost_per_million_tokens(tco, tokens)
    if x.training is not None:
        if x.serving is None:
            tokens = eq.tokens_served(x.training.number("throughput"), x.duration, x.utilization)
            values["cost_per_million_tokens"] = eq.cost_per_million_tokens(tco, tokens)
        if x.training.has("run_time"):
            run = eq.effective_duration(x.training.number("run_time"), x.utilization)
            values["cost_per_training_run"] = eq.training_run_cost(tco, x.duration, run)
    values |= {"feasible": True, "label": x.label}
    return masked(eq, True, values, EconomicsResult)


def chained(result: Any, kind: type, name: str, fleet: Fleet) -> Any:
    """Return a result that a solver goes on from; an infeasible one stops the chain with its reason."""
    if result is None:
        return None
    expect(result, kind, name, f"a {kind.__name__}")
    if result.feasible is False:
        result.number(next(f for f in result.fields if f not in result.always))
    on, device = result._inputs.devices, result._inputs.device
    if on != fleet.devices or device != fleet.node.accelerator:
        here = f"{fleet.devices} x {fleet.node.accelerator.title}"
        raise InputError(f"{name} was solved on {on:g} x {device.title}, and {fleet.title} has {here}: solve it with fleet=")
    return result


def place_numbers(fleet: Fleet, datacenter: Any = None, grid: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the numbers of building and grid: an explicit one beats the fleet's own."""
    if datacenter is not None:
        expect(datacenter, Datacenter, "datacenter", "a Datacenter such as Infrastructure.Datacenters.Meta_Fleet_2023")
    if grid is not None:
        expect(grid, GridProfile, "grid", "a GridProfile such as Infrastructure.Grids.Quebec")
    building = datacenter if datacenter is not None else fleet.datacenter
    home = datacenter.grid if datacenter is not None else fleet.datacenter.grid if fleet.datacenter is not None else None
    power = grid or home or fleet.grid
    values: dict[str, Any] = {}
    origins: dict[str, Any] = {}
    missing: dict[str, str] = {}
    for noun, role, fields in (
        (building, "datacenter", {"pue": "pue", "wue": "wue"}),
        (power, "grid", {"carbon_intensity": "carbon_intensity", "water_intensity": "water_intensity", "grid_price": "electricity_price"}),
    ):
        if noun is None:
            missing |= dict.fromkeys(fields, f"{fleet.title} stands in no {role}: give {role}=, or a fleet that has one")
            continue
        lowered = noun.lower(role, fields)
        missing |= lowered.missing
        values |= {n: v for n, v in lowered.__dict__.items() if n in lowered.origins}
        origins |= lowered.origins
    return values | {"missing": missing}, origins


def fleet_numbers(fleet: Fleet) -> dict[str, Any]:
    """Return the lowered parts of a fleet."""
    return {"fleet": fleet.numbers, "node": fleet.node_numbers}


class EconomicsModel:
    """What owning a fleet costs over a period: capital, energy, maintenance; and what its work then costs.

    Without a discount rate, capital is written off in a straight line; with one, by the capital recovery factor.
    Nothing is guessed: a price, a lifetime or a rate that nobody states is refused by name.
    """

    result = EconomicsResult
    core = staticmethod(core)

    def solve(
        self,
        fleet: Fleet,
        duration: Any,
        serving: ServingResult | None = None,
        training: DistributedResult | None = None,
        utilization: Any = 1.0,
        electricity_price: Any = None,
        lifetime: Any = None,
        maintenance_rate: Any = None,
        discount_rate: Any = None,
        datacenter: Datacenter | None = None,
        grid: GridProfile | None = None,
    ) -> EconomicsResult:
        """Solve the costs of a period.

        Parameters
        ----------
        fleet
            What is owned. Its node or accelerator must state a price, its node a maximal power, its datacenter a PUE.
        duration
            The period, such as ``"1 year"``.
        serving, training
            What the fleet does in it; an infeasible one is refused with its reason.
        utilization
            Share of the period in use; power follows it from idle to full. A node that states no idle power counts as drawing
            none at rest, which makes the energy a lower bound.
        electricity_price
            Such as ``"0.08 USD/kWh"``; by default that of the fleet's grid.
        lifetime, maintenance_rate
            Service life, and yearly maintenance as a share of the price, such as ``"2 %/year"``.
        discount_rate
            Yearly cost of capital as a ratio; ``None`` for straight-line depreciation.
        datacenter, grid
            Where the fleet stands; by default its own.

        Raises
        ------
        InputError, MissingFactError
            An argument is out of range; or a needed fact is stated nowhere, and the message names it.
        """
        expect(fleet, Fleet, "fleet", "a Fleet such as Systems.Clusters.Research_256")
        values, origins = place_numbers(fleet, datacenter, grid)
        x: dict[str, Any] = {**values, **fleet_numbers(fleet), "discounted": discount_rate is not None}
        x |= _DOORS.read(
            duration=duration, utilization=utilization, electricity_price=electricity_price, lifetime=lifetime,
            maintenance_rate=maintenance_rate, discount_rate=discount_rate,
        )  # fmt: skip
        needed(x, "duration", "utilization")
        x["serving"] = chained(serving, ServingResult, "serving", fleet)
        x["training"] = chained(training, DistributedResult, "training", fleet)
        for name, hint in (("lifetime", "5 years"), ("maintenance_rate", "2 %/year")):
            if name not in x:
                where = f"Infrastructure.Prices.Server_Lifetime.assumption.{name}"
                raise MissingFactError(f"{name} is stated nowhere: give {name}='{hint}', or {where}")
        if anywhere(x["duration"] > x["lifetime"]):
            raise InputError(f"duration={duration} is longer than lifetime={lifetime}: solve one life of the equipment at a time")
        if electricity_price is None:
            if "grid_price" not in x:
                raise MissingFactError(f"electricity_price: {x['missing']['grid_price']}; or give electricity_price='0.08 USD/kWh'")
            x["electricity_price"], origins["electricity_price"] = x["grid_price"], origins["grid_price"]
        rate = x.get("discount_rate", 0.0)
        if anywhere((rate > 0) & (rate < 1e-9)):
            raise InputError(f"discount_rate={discount_rate} is too small for a yearly rate: give 0, or a ratio such as 0.05")
        if "pue" not in x:
            raise MissingFactError(f"pue: {x['missing']['pue']}")
        fleet.node_numbers.need("max_power")
        if not fleet.node_numbers.has("price"):
            device = fleet.node.accelerator
            if device.price is None:
                raise MissingFactError(
                    f"neither {fleet.node.title} nor {device.title} states a price: give one with replace(price='… USD')"
                )
            x["price"] = _Q["Price"].read(device.price, "price")
            origins["price"] = device.origin("price", "hardware")
        results = {n: x[n] for n in ("serving", "training") if x[n] is not None}
        x["label"] = "estimate" if "estimate" in {r.label for r in results.values()} else "bound"
        x |= {f"{n}_throughput": r._values["throughput"] for n, r in results.items()}
        return _DOORS.solve(EconomicsResult, core, x, **origins)


_DOORS = Doors(
    duration="Duration", utilization="Utilization", electricity_price="EnergyPrice", lifetime="Lifetime",
    maintenance_rate="MaintenanceRate", discount_rate="PeriodRate", serving_throughput="Throughput", training_throughput="Throughput",
)  # fmt: skip
