"""Sustainability: energy, carbon and water."""

from ..equation import equation, example, limit
from ..quantities import (
    Carbon,
    CarbonIntensity,
    DeviceCarbon,
    Duration,
    EmbodiedCarbon,
    Energy,
    FacilityEnergy,
    GridWater,
    IdlePower,
    ItEnergy,
    Lifetime,
    MaxPower,
    Power,
    Pue,
    Time,
    Utilization,
    Water,
    Wue,
)


@equation(
    source="ccf2022methodology",
    where="section 'Compute', formula of the average watts",
    example=example(
        "2.12 W",
        idle="0.74 W",
        full="3.5 W",
        utilization=0.5,
        source="planchon2026k8s",
        where="section 1.1, one virtual processor with the coefficients of the formula's source",
        kind="publication",
        tolerance=0.0024,
    ),
    limits=(
        limit("equipment without work draws its idle power", lambda idle, **_: idle, utilization=0.0),
        limit("equipment in full use draws its full power", lambda full, **_: full, idle=100.0, utilization=1.0),
    ),
)
def it_power(idle: IdlePower, full: MaxPower, utilization: Utilization) -> Power:
    """Average electrical power of a server or device, on the straight line between rest and full load.

    Holds when utilization is averaged over a time much longer than a request or a step and covers the parts that draw the power.

    Stops holding when frequency scaling, power caps or sleep states bend the line, when different kinds of work with the same
    utilization draw different power, or when the full power is a rating that the equipment never reaches.
    """
    return idle + (full - idle) * utilization


@equation(
    source="scottlogic2024server",
    where="section 'Example Using a High-Level Approach for Estimating Usage Emissions'",
    example=example(
        "2076 kWh",
        power="0.237 kW",
        duration="1 year",
        where="section 'Example Using a High-Level Approach for Estimating Usage Emissions', a server at half load",
        kind="source",
        tolerance=0.0003,
    ),
    limits=(
        limit("equipment that draws nothing uses nothing", lambda **_: 0.0, power=0.0),
        limit("a thousand watts for an hour are one kilowatt-hour", lambda **_: 3.6e6, power=1000.0, duration=3600.0),
    ),
)
def it_energy(power: Power, duration: Duration) -> ItEnergy:
    """Energy that the computing equipment uses in a period.

    Holds when the power is the average over that same period and counts every server, switch and store that is meant.

    Stops holding when a rated or a peak power stands in for the average, or when only the accelerators are counted and their
    hosts are forgotten.
    """
    return power * duration


@equation(
    source="luccioni2023",
    where="section 4.2, dynamic power consumption",
    example=example(
        "433196 kWh",
        power="0.4 kW",
        time="1082990 hour",
        where="section 4.2 and table 1; rated power of a device times all device-hours of the training",
        kind="source",
        tolerance=0.00001,
    ),
    limits=limit("in no time no energy flows", lambda **_: 0.0, time=0.0),
)
def device_energy(power: Power, time: Time) -> Energy:
    """Energy that a device uses for a piece of work.

    Holds when the power is the average while the work runs and the device does nothing else meanwhile.

    Stops holding when the device waits and draws less than the stated power, when several jobs share it, or when cooling and
    the conversion of the supply are meant to be included.
    """
    return power * time


@equation(
    source="patterson2021",
    where="section 2.5, energy of training as time, processors, power and PUE",
    example=example(
        "1287 MWh",
        it_energy="1172.16 MWh",
        pue=1.10,
        where="table 4, column 'GPT-3'",
        kind="source",
        tolerance=0.004,
        note="Energy of the processors and their systems: 330 watts times 10,000 chips times 14.8 days of 24 hours.",
    ),
    limits=limit("a facility without overhead takes what its equipment takes", lambda it_energy, **_: it_energy, pue=1.0),
)
def facility_energy(it_energy: ItEnergy, pue: Pue) -> FacilityEnergy:
    """Energy that a data center takes from the grid to supply its computing equipment.

    Holds when the effectiveness is an average over the same facility and period, as it is when taken over a year.

    Stops holding when the facility is nearly empty or the season extreme, so that overhead no longer follows the load, or when
    fans and power supplies inside the servers are credited to the wrong side.
    """
    return it_energy * pue


@equation(
    source="patterson2021",
    where="section 2.5, emissions as energy times the carbon intensity of the data center",
    example=example(
        "552.1 tCO2e",
        energy="1287 MWh",
        intensity="429 gCO2e/kWh",
        where="table 4, column 'GPT-3'",
        kind="source",
        tolerance=0.0002,
    ),
    limits=limit("electricity free of carbon emits nothing", lambda **_: 0.0, intensity=0.0),
)
def operational_carbon(energy: FacilityEnergy, intensity: CarbonIntensity) -> Carbon:
    """Greenhouse gas that is emitted to generate the electricity of a facility.

    Holds when the intensity is the average of the grid that feeds the facility, over the hours in which the energy is used.

    Stops holding when the work follows the cleanest hours of the day, when certificates are counted against the grid's mix, or
    when the question is what additional load causes, which depends on the plants that answer it.
    """
    return energy * intensity


@equation(
    source="gsf2021sci",
    where="section 'Embodied Emissions (M)', time share",
    example=example(
        "28 gCO2e",
        embodied="1000 kgCO2e",
        duration="1 hour",
        lifetime="4 year",
        where="section 'Embodied Emissions (M)', example of the time share",
        kind="source",
        tolerance=0.02,
        note="The source cuts the result after two digits.",
    ),
    limits=(
        limit("a whole lifetime bears all that the making emitted", lambda embodied, **_: embodied, duration=1e8, lifetime=1e8),
        limit("equipment that is made without emissions passes none on", lambda **_: 0.0, embodied=0.0),
    ),
)
def embodied_carbon_share(embodied: DeviceCarbon, duration: Duration, lifetime: Lifetime) -> EmbodiedCarbon:
    """Greenhouse gas of making the equipment that is charged to a period, in proportion to its part of the service life.

    Holds when the period lies inside the service life and the work has the equipment to itself for all of it.

    Stops holding when the equipment idles or is shared, so that someone must bear the unused hours, when it is retired early,
    or when its making is booked at once in the year of purchase.
    """
    return embodied * duration / lifetime


@equation(
    source="li2023",
    where="section 3, on-site operational water; table 1",
    example=example(
        "2.200 mL",
        it_energy="4 Wh",
        wue="0.550 L/kWh",
        where="table 1, row 'U.S. Average', a medium-sized request",
        kind="source",
        tolerance=0.0003,
    ),
    limits=limit("cooling in a closed loop takes no water", lambda **_: 0.0, wue=0.0),
)
def water_on_site(it_energy: ItEnergy, wue: Wue) -> Water:
    """Water that a data center's own cooling consumes.

    Holds when the effectiveness counts consumed water for each unit of IT energy, averaged over the same site and period.

    Stops holding when withdrawal is reported in place of consumption, or when the hour or the season is hot enough that
    evaporation leaves its yearly average far behind.
    """
    return it_energy * wue


@equation(
    source="li2023",
    where="section 3, off-site operational water; table 1",
    example=example(
        "14.704 mL",
        it_energy="4 Wh",
        pue=1.170,
        grid_water="3.142 L/kWh",
        where="table 1, row 'U.S. Average', a medium-sized request",
        kind="source",
        tolerance=0.0001,
    ),
    limits=limit("power plants that need no water pass none on", lambda **_: 0.0, grid_water=0.0),
)
def water_off_site(it_energy: ItEnergy, pue: Pue, grid_water: GridWater) -> Water:
    """Water that power plants consume to generate a facility's electricity.

    Holds when the water intensity is an average over the plants that feed the grid in question.

    Stops holding when one plant supplies the site, when hydropower's evaporation is counted by one author and left out by
    another, or when power is generated on the premises.
    """
    return it_energy * pue * grid_water


@equation(
    source="li2023",
    where="section 3, operational water footprint as the sum of both parts; table 1",
    example=example(
        "16.904 mL",
        it_energy="4 Wh",
        wue="0.550 L/kWh",
        pue=1.170,
        grid_water="3.142 L/kWh",
        where="table 1, row 'U.S. Average', a medium-sized request",
        kind="source",
        tolerance=0.0001,
    ),
    limits=(
        limit("with dry power plants the site's own water is left", lambda it_energy, wue, **_: it_energy * wue, grid_water=0.0),
        limit("dry cooling and dry power plants consume nothing", lambda **_: 0.0, wue=0.0, grid_water=0.0),
    ),
)
def water_total(it_energy: ItEnergy, wue: Wue, pue: Pue, grid_water: GridWater) -> Water:
    """Water that running the equipment consumes, on the site and at the power plants.

    Holds when both intensities count consumption and belong to the same site and period.

    Stops holding when the water of making the chips and servers is meant too, or when places with plenty of water and places
    in drought are added as if a liter were worth the same in both.
    """
    return it_energy * (wue + pue * grid_water)
