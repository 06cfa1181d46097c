"""EconomicsModel: what a fleet costs over a period, owned or rented, and what a query, a million tokens or a training run costs."""

import math
from typing import Any

from ..errors import InfeasibleError, InputError, MissingFactError
from ..infrastructure import Datacenter, GridProfile, Rental
from ..nouns import Lowered
from ..quantities import nomenclature
from ..readings import NUMBERS, Reading
from ..results import DistributedResult, EconomicsResult, LoadResult, Missing, ServingResult
from ..systems import Fleet
from .base import Doors, Inputs, anywhere, expect, fits_everywhere, masked, needed

_Q = nomenclature()


def devices_capital(eq: Reading, x: Lowered) -> Any:
    """Return the price of the fleet's accelerators alone."""
    return eq.fleet_price(x.price, eq.fleet_devices(x.fleet.nodes, x.node.local_devices))


def nodes_capital(eq: Reading, x: Lowered) -> Any:
    """Return the price of the fleet's nodes: as printed for the node, else the sum of its accelerators."""
    return eq.fleet_price(x.node.price, x.fleet.nodes) if x.node.has("price") else devices_capital(eq, x)


def network_capital(eq: Reading, x: Lowered, nodes: Any) -> Any:
    """Return the price of the network, by port or as a share of the nodes."""
    if x.has("network_price"):
        return eq.network_price(x.network_price, eq.fabric_ports(x.fleet.nodes, x.node.nics))
    if x.has("network_price_share"):
        return eq.shared_price(nodes, x.network_price_share)
    return Missing("give network_price=, a price for each port of a node or a share of the nodes' price")


def it_capital(eq: Reading, x: Lowered) -> Any:
    """Return the price of nodes and, where it is stated, network."""
    nodes = nodes_capital(eq, x)
    network = network_capital(eq, x, nodes)
    return nodes if type(network) is Missing else eq.added_price(nodes, network)


def network_draw(eq: Reading, x: Lowered) -> Any:
    """Return the power of the network, by port or as a share of the nodes at full load; missing where nobody states it."""
    if x.has("network_power"):
        return eq.network_power(x.network_power, eq.fabric_ports(x.fleet.nodes, x.node.nics))
    if x.has("network_power_share"):
        return eq.shared_power(eq.fleet_power(x.node.max_power, x.fleet.nodes), x.network_power_share)
    return Missing("give network_power=, a power for each port of a node or a share of the nodes' power")


def greatest_draw(eq: Reading, x: Lowered) -> Any:
    """Return the power for which the building is built: nodes at full load and, where it is stated, network."""
    nodes, network = eq.fleet_power(x.node.max_power, x.fleet.nodes), network_draw(eq, x)
    return nodes if type(network) is Missing else eq.added_power(nodes, network)


def full_power(eq: Reading, x: Lowered) -> Any:
    """Return the power of a node in use: what devices and host draw, where the work is known; else its maximum."""
    if not x.has("host_power"):
        return x.node.max_power
    host = eq.host_power(x.rating, x.node.local_devices, x.host_power)
    return eq.server_power(x.work.number("device_power"), x.node.local_devices, host)


def fleet_energy(eq: Reading, x: Lowered, utilization: Any) -> Any:
    """Return the IT energy of the fleet over the period; a network draws the same at every load."""
    idle = x.node.idle_power if x.node.has("idle_power") else 0.0
    power = eq.fleet_power(eq.it_power(idle, full_power(eq, x), utilization), x.fleet.nodes)
    network = network_draw(eq, x)
    if type(network) is not Missing:
        power = eq.added_power(power, network)
    return eq.it_energy(power, x.duration)


def charged(eq: Reading, x: Lowered, price: Any, residual: Any, lifetime: Any) -> Any:
    """Return the capital that the period bears: in a straight line, or by equal yearly payments with interest."""
    if not x.discounted:
        return eq.straight_line_depreciation(price, 0.0 if residual is None else residual, x.duration, lifetime)
    if residual is not None:
        return eq.annualized_net_capital(price, residual, x.discount_rate, eq.years(lifetime), eq.years(x.duration))
    return eq.annualized_capital(price, eq.capital_recovery_factor(x.discount_rate, eq.years(lifetime)), eq.years(x.duration))


def served(eq: Reading, x: Lowered) -> tuple[Any, Any, Any]:
    """Return requests and tokens a second of a fleet that is busy, and the share of device time that its prompts take.

    A batch that starts and ends together spends on prompts what passes until its first tokens; under load, prompts come one by one.
    """
    if x.load is None:
        s = x.serving
        return s.number("request_rate"), s.number("throughput"), eq.prefill_share(s.number("ttft"), s.number("request_latency"))
    rate = x.load.number("max_request_rate")
    if x.load.inputs.chunked:
        return rate, x.load.number("max_throughput"), Missing("chunks of prompts share their steps with answers: one cost holds for both")
    share = eq.server_load(eq.replica_rate(rate, x.serving.number("replicas")), x.load.number("prompt_time"))
    return rate, x.load.number("max_throughput"), share


def core(eq: Reading, x: Lowered) -> dict[str, Any]:
    """Solve costs, in whatever reading."""
    busy = x.load.number("utilization") if x.follows else x.utilization
    nodes = nodes_capital(eq, x)
    network = network_capital(eq, x, nodes)
    equipment = it_capital(eq, x)
    residual = x.residual_value if x.has("residual_value") else None
    if x.has("residual_share"):
        residual = eq.shared_residual(equipment, x.residual_share)
    capital, capex = equipment, charged(eq, x, equipment, residual, x.lifetime)
    facility: Any = Missing("give facility_price=, a price for each kilowatt of IT power, and facility_lifetime=")
    if x.has("facility_price"):
        facility = eq.facility_capital(x.facility_price, greatest_draw(eq, x))
        capital = eq.added_price(equipment, facility)
        capex = eq.added_charge(capex, charged(eq, x, facility, None, x.facility_lifetime))
    maintenance = eq.maintenance_cost(equipment, x.maintenance_rate, x.duration)
    staff: Any = eq.staff_cost(x.staff_cost, x.duration) if x.has("staff_cost") else Missing("give staff_cost=, in USD/year")

    def owning(utilization: Any) -> tuple[Any, Any, Any]:
        """Return energy, its cost, and the whole cost of owning at a utilization."""
        energy = eq.facility_energy(fleet_energy(eq, x, utilization), x.pue)
        electricity = eq.energy_cost(energy, x.electricity_price)
        parts = (capex, electricity, maintenance) if type(staff) is Missing else (capex, electricity, maintenance, staff)
        return energy, electricity, eq.total_cost_of_ownership(*parts)

    energy, electricity, tco = owning(busy)
    values = {
        "capital": capital,
        "capital_devices": devices_capital(eq, x) if x.has("price") else Missing(f"{x.device_title} states no price"),
        "capital_nodes": nodes,
        "capital_network": network,
        "capital_facility": facility,
        "capex": capex,
        "energy": energy,
        "opex_energy": electricity,
        "opex_maintenance": maintenance,
        "opex_staff": staff,
        "tco": tco,
    }
    no_rental = Missing("give rental=, a Rental or a price such as '2.5 USD/hour'")
    no_serving = Missing("give serving=, a ServingResult, or load=, a LoadResult")
    values |= dict.fromkeys(("rental_cost", "rental_cost_used", "break_even_utilization"), no_rental)
    if x.has("rental"):
        devices = eq.fleet_devices(x.fleet.nodes, x.node.local_devices)
        whole = eq.rental_cost(x.rental, devices, x.duration)
        values["rental_cost"] = whole
        values["rental_cost_used"] = eq.rental_cost(x.rental, devices, x.duration, busy)
        values["break_even_utilization"] = break_even(eq, owning(0.0)[2], owning(1.0)[2], whole)
    values |= dict.fromkeys(("cost_per_query", "cost_per_million_input_tokens", "cost_per_million_output_tokens"), no_serving)
    values["cost_per_million_tokens"] = Missing("give serving=, a ServingResult, or training=, a DistributedResult")
    values["cost_per_training_run"] = Missing("give training=, a DistributedResult of a model whose training tokens are stated")
    if x.serving is not None:
        rate, throughput, prompts = served(eq, x)
        queries = eq.requests_served(rate, x.duration, busy)
        tokens = eq.tokens_served(throughput, x.duration, busy)
        values["cost_per_query"] = eq.cost_per_query(tco, queries)
        values["cost_per_million_tokens"] = eq.cost_per_million_tokens(tco, tokens)
        apart = {"cost_per_million_input_tokens": prompts, "cost_per_million_output_tokens": prompts}
        if type(prompts) is not Missing:
            asked = eq.prompt_tokens(queries, x.input_len)
            apart["cost_per_million_input_tokens"] = eq.cost_per_million_input_tokens(tco, prompts, asked)
            apart["cost_per_million_output_tokens"] = eq.cost_per_million_output_tokens(tco, prompts, tokens)
        values |= apart
    if x.training is not None:
        if x.serving is None:
            tokens = eq.tokens_served(x.training.number("throughput"), x.duration, busy)
            values["cost_per_million_tokens"] = eq.cost_per_million_tokens(tco, tokens)
        if x.training.has("run_time"):
            run = eq.effective_duration(x.training.number("run_time"), busy)
            values["cost_per_training_run"] = eq.training_run_cost(tco, x.duration, run)
    values |= {"feasible": True, "label": x.label}
    return masked(eq, True, values, EconomicsResult)


def break_even(eq: Reading, at_rest: Any, in_use: Any, rental: Any) -> Any:
    """Return the utilization from which owning costs less than renting the hours used, where there is one."""
    never = in_use > rental
    if never is True:
        return Missing("there is none: renting costs less than owning at every utilization, up to full use", InfeasibleError)
    return eq.break_even_utilization(at_rest, in_use, rental if never is False else eq.where(never, math.nan, rental))


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


def chained_load(load: Any, serving: Any, fleet: Fleet) -> ServingResult:
    """Return what serves a load that a solver goes on from."""
    expect(load, LoadResult, "load", "a LoadResult")
    if serving is not None:
        raise InputError("load= brings the serving result that it was solved for: leave out serving=")
    if load.inputs.apart:
        raise InputError("load has devices of their own for prompts: solve the costs of the two pools one by one, with serving=")
    fits_everywhere("load", load, "in which some rates are more than the system serves: solve those that it does")
    result: ServingResult = chained(load.inputs.serving, ServingResult, "load", fleet)
    return result


def place_of(fleet: Fleet, datacenter: Any = None, grid: Any = None) -> tuple[Any, Any]:
    """Return building and grid: an explicit one beats the fleet's own."""
    building = datacenter if datacenter is not None else fleet.datacenter
    return building, grid or (building.grid if building is not None else None) or fleet.grid


def place_numbers(fleet: Fleet, datacenter: Any = None, grid: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the numbers of building and grid: an explicit one beats the fleet's own."""
    if datacenter is not None:
        expect(datacenter, Datacenter, "datacenter", "a Datacenter such as Infrastructure.Datacenters.Meta_Fleet_2023")
    if grid is not None:
        expect(grid, GridProfile, "grid", "a GridProfile such as Infrastructure.Grids.Quebec")
    building, power = place_of(fleet, datacenter, grid)
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


def share_or_amount(value: Any, name: str, share: str, amount: str) -> tuple[bool, Any]:
    """Return whether an argument is a share, a plain ratio, and its number; else it is an amount with a unit."""
    try:
        return True, _Q[share].read(value, name)
    except InputError:
        pass
    try:
        return False, _Q[amount].read(value, name)
    except InputError as error:
        raise type(error)(f"{error}; or {_Q[share].wanted()}") from None


def network_numbers(fleet: Fleet, x: dict[str, Any], origins: dict[str, Any], what: str, share: str, amount: str, given: Any) -> None:
    """Read what a network costs or draws: an explicit argument beats what the fabric states by port; without either it is missing."""
    name = f"network_{what}"
    if given is None:
        stated = getattr(fleet.fabric, f"port_{what}", None)
        if stated is None:
            return
        x[name] = _Q[amount].read(stated, f"port_{what}")
        origins[name] = fleet.fabric.origin(f"port_{what}", "fabric")  # type: ignore[union-attr]
    else:
        is_share, number = share_or_amount(given, name, share, amount)
        x[f"{name}_share" if is_share else name] = number
    if name in x and not fleet.node_numbers.has("nics"):
        raise MissingFactError(f"{name}={given}: {fleet.node_numbers.missing['nics']}, or give a share of the nodes")


class EconomicsModel:
    """What owning a fleet costs over a period: capital, energy, maintenance, staff; and what its work then costs.

    Nodes and network are written off over ``lifetime`` and the building over ``facility_lifetime``: without a discount rate in a
    straight line, with one by equal yearly payments. Network, building, staff and resale value enter where they are stated;
    their fields are missing otherwise, and the total is that of the stated parts. Maintenance is a share of the price of nodes and
    network, the building's upkeep is not in it, and the building has no resale value.

    Renting is set against it: the same accelerators for the whole period, and for the hours used alone. The break-even is the
    utilization at which owning costs as much as renting the hours used; where renting the whole period is still cheaper than
    owning in full use there is none, and the field says so.

    A serving result's cost is split between prompt and generated tokens by device time: prompts bear the share of a request's
    latency that passes until its first token, answers the rest, so that both together bear the whole. Under load, prompts bear the share of
    the time in which they are computed.

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
        utilization: Any = None,
        electricity_price: Any = None,
        lifetime: Any = None,
        maintenance_rate: Any = None,
        discount_rate: Any = None,
        datacenter: Datacenter | None = None,
        grid: GridProfile | None = None,
        residual_value: Any = None,
        network_price: Any = None,
        network_power: Any = None,
        facility_price: Any = None,
        facility_lifetime: Any = None,
        staff_cost: Any = None,
        rental: Any = None,
        load: LoadResult | None = None,
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
            Share of the period in use, all of it by default, or that of ``load``; power follows it from idle to full. A node that
            states no idle power counts as drawing none at rest, which makes the energy a lower bound.
        electricity_price
            Such as ``"0.08 USD/kWh"``; by default that of the fleet's grid.
        lifetime, maintenance_rate
            Service life, and yearly maintenance as a share of the price, such as ``"2 %/year"``.
        discount_rate
            Yearly cost of capital as a ratio; ``None`` for straight-line depreciation.
        datacenter, grid
            Where the fleet stands; by default its own.
        residual_value
            What nodes and network are sold for at the end of the lifetime: a share of their price such as ``0.1``, or an amount
            such as ``"50000 USD"``. Nothing by default.
        network_price, network_power
            Switches, optics and cables: an amount for each port of a node, such as ``"1000 USD"`` and ``"30 W"``, or a share of the
            nodes' price and full power, such as ``0.15``. By default what the fabric states; without either they are left out.
        facility_price, facility_lifetime
            Price of the building for its IT power, such as ``"12 USD/W"`` or ``"12000 USD/kW"``, and over how long it is written off.
        staff_cost
            Yearly cost of staff, such as ``"200000 USD/year"``.
        rental
            What renting one accelerator costs: a Rental such as ``Infrastructure.Prices.H100_Cloud_OnDemand``, or ``"2.5 USD/hour"``.
        load
            In place of ``serving``, what :class:`~mlsysim.LoadModel` says of requests that come at random: the fleet is as busy
            as they keep it, and its cost is that of the requests and tokens that are really served.

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
            maintenance_rate=maintenance_rate, discount_rate=discount_rate, facility_price=facility_price,
            facility_lifetime=facility_lifetime, staff_cost=staff_cost,
        )  # fmt: skip
        needed(x, "duration")
        x["serving"] = chained(serving, ServingResult, "serving", fleet) if load is None else chained_load(load, serving, fleet)
        x |= {"load": load, "follows": load is not None and utilization is None and load.inputs.has("arrival_rate")}
        x.setdefault("utilization", 1.0)
        x["training"] = chained(training, DistributedResult, "training", fleet)
        for name, hint in (("lifetime", "5 years"), ("maintenance_rate", "2 %/year")):
            if name not in x:
                where = f"Infrastructure.Prices.Server_Lifetime.assumption.{name}"
                raise MissingFactError(f"{name} is stated nowhere: give {name}='{hint}', or {where}")
        if ("facility_price" in x) != ("facility_lifetime" in x):
            given = "facility_price" if "facility_price" in x else "facility_lifetime"
            raise MissingFactError(f"{given} goes with facility_price='12 USD/W' and facility_lifetime='15 years': give both")
        for name, life in (("lifetime", lifetime), ("facility_lifetime", facility_lifetime)):
            if name in x and anywhere(x["duration"] > x[name]):
                raise InputError(f"duration={duration} is longer than {name}={life}: solve one life of the equipment at a time")
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
        device = fleet.node.accelerator
        x["device_title"] = device.title
        if device.price is not None:
            x["price"] = _Q["Price"].read(device.price, "price")
            origins["price"] = device.origin("price", "hardware")
        elif not fleet.node_numbers.has("price"):
            raise MissingFactError(f"neither {fleet.node.title} nor {device.title} states a price: give one with replace(price='… USD')")
        network_numbers(fleet, x, origins, "price", "NetworkShare", "PortPrice", network_price)
        network_numbers(fleet, x, origins, "power", "NetworkShare", "PortPower", network_power)
        if residual_value is not None:
            is_share, number = share_or_amount(residual_value, "residual_value", "ResidualShare", "ResidualValue")
            x["residual_share" if is_share else "residual_value"] = number
            if not is_share and anywhere(number > it_capital(NUMBERS, Inputs({}, dict(x)))):
                raise InputError(
                    f"residual_value={residual_value} is more than the equipment costs: give what is left, or a share such as 0.1"
                )
        if isinstance(rental, Rental):
            if rental.hardware != device:
                raise InputError(f"rental={rental.title} is the price of {rental.hardware.title}, and {fleet.title} has {device.title}")
            x["rental"], origins["rental"] = _Q["RentalRate"].read(rental.rental, "rental"), rental.origin("rental", "rental")
        else:
            x |= _DOORS.read(rental=rental)
        results = {n: x[n] for n in ("serving", "training", "load") if x[n] is not None}
        x["label"] = "estimate" if "estimate" in {r.label for r in results.values()} else "bound"
        x |= {f"{n}_throughput": r._values["max_throughput" if n == "load" else "throughput"] for n, r in results.items()}
        if x["follows"]:
            x["load_utilization"] = load._values["utilization"]  # type: ignore[union-attr]
        if x["serving"] is not None:
            x["input_len"], origins["input_len"] = x["serving"]._inputs.input_len, x["serving"]._inputs.origins["input_len"]
        return _DOORS.solve(EconomicsResult, core, x, **origins)


_DOORS = Doors(
    duration="Duration", utilization="Utilization", electricity_price="EnergyPrice", lifetime="Lifetime",
    maintenance_rate="MaintenanceRate", discount_rate="PeriodRate", residual_value="ResidualValue", residual_share="ResidualShare",
    network_price="PortPrice", network_price_share="NetworkShare", network_power="PortPower", network_power_share="NetworkShare",
    facility_price="FacilityPrice", facility_lifetime="Lifetime", staff_cost="StaffRate", rental="RentalRate",
    input_len="InputLen", serving_throughput="Throughput", training_throughput="Throughput", load_throughput="Throughput",
    load_utilization="Utilization",
)  # fmt: skip
