"""Sustainability: energy, carbon and water."""

from .. import quantities as q
from ..equation import equation


@equation(source="ccf2022methodology", where="section 'Compute', formula of the average watts")
def it_power(idle: q.IdlePower, full: q.MaxPower, utilization: q.Utilization) -> q.Power:
    """Average electrical power of a server or device, on the straight line between rest and full load.

    Holds when utilization is averaged over a time much longer than a request or a step and covers the parts that draw the power.

    Stops holding when frequency scaling, power caps or sleep states bend the line, when different kinds of work with the same
    utilization draw different power, or when the full power is a rating that the equipment never reaches.
    """
    return idle + (full - idle) * utilization


@equation(source="mlsysim", where="counting")
def busy_share(busy: q.Time, time: q.Time) -> q.Activity:
    """Share of a time in which a part of a device is busy.

    Holds when what keeps the part busy lies inside the time, and the part does one thing at a time.

    Stops holding when a part counts as busy while it only waits for data, as the utilization that a driver reports does.
    """
    return min(1, busy / time)


@equation(source="mlsysim", where="counting")
def time_left(time: q.Time, first: q.Time, second: q.Time) -> q.Time:
    """What two parts leave of a time.

    Holds when the parts follow each other and lie inside the time.

    Stops holding when they overlap: then more is left than it says.
    """
    return max(0, time - first - second)


@equation(source="mlsysim", where="counting")
def waiting_time(messages: q.CommunicationTime, layers: q.Layers, layer_time: q.LayerTime) -> q.Time:
    """Time of a pass in which a device waits: for messages of others, and for the launches of its layers.

    Holds when nothing else runs on the device meanwhile.

    Stops holding when messages or launches hide behind other work.
    """
    return messages + layers * layer_time


@equation(source="vllm2026power", where="section 'Part 1', derivation chain: power between two shares of the rating, by activity")
def device_power(
    rating: q.MaxPower, waiting: q.PowerShare, streaming: q.PowerShare, computing: q.PowerShare, memory: q.Activity, compute: q.Activity
) -> q.Power:
    """Average electrical power of a device that by turns waits, moves data from its memory, and computes.

    Holds when each of the three states draws a steady share of the rating, and memory and compute activity are shares of the
    same time that do not overlap; what they leave of it is waiting for launches, messages or other devices.

    Stops holding when the device sleeps or is throttled, when the values themselves, such as zeros, spare switching, or when the
    rating is a limit that no program reaches.
    """
    return rating * (waiting + (streaming - waiting) * memory + (computing - waiting) * compute)


@equation(source="latif2024node", where="abstract, power of a whole node against that of its accelerators")
def server_power(power: q.Power, devices: q.LocalDevices, host: q.HostPower) -> q.Power:
    """Electrical power of a server: its accelerators and, beside them, processors, memory, fans, switches and conversion losses.

    Holds when the host draws about the same whatever its accelerators do.

    Stops holding when the processors do much of the work, when fans follow the heat, or when shelves of accelerators share a
    host and its supplies.
    """
    return power * devices + host


@equation(source="mlsysim", where="counting")
def host_power(rating: q.MaxPower, devices: q.LocalDevices, share: q.HostShare) -> q.HostPower:
    """Electrical power of a server beside its accelerators, in proportion to their rating.

    Holds when a host is built for its accelerators: supplies, fans and processors grow with the heat that they may give off.

    Stops holding when a large host carries few accelerators, or when cooling stands outside the server.
    """
    return share * rating * devices


@equation(source="superuser2010clock", where="answer, power as a cubic function of the clock")
def clock_under_cap(cap: q.PowerCap, resting: q.IdlePower, power: q.Power) -> q.ClockShare:
    """Clock that a device keeps under a power cap, as a share of its clock without.

    Holds when voltage goes with the clock, so that what a device draws above its rest grows with the cube of the clock.

    Stops holding when the voltage is at its lowest already, when memory draws what is saved, or when the cap is close to the
    power at rest: a thousandth of the cap is taken to be left for the clock at least.
    """
    left: q.Power = max(cap - resting, cap / 1000)
    return (left / max(left, power - resting)) ** (1 / 3)


@equation(source="mlsysim", where="counting")
def token_energy(power: q.Power, throughput: q.Throughput) -> q.TokenEnergy:
    """Electrical energy for each token, from the power of all devices that serve and the tokens that they make together.

    Holds when both are averages over the same time, in which the load is steady.

    Stops holding when ramps at both ends are counted in, or when the power is that of the accelerators and the whole server is meant.
    """
    return power / throughput


@equation(source="scottlogic2024server", where="section 'Example Using a High-Level Approach for Estimating Usage Emissions'")
def it_energy(power: q.Power, duration: q.Duration) -> q.ItEnergy:
    """Energy that the computing equipment uses in a period.

    Holds when the power is the average over that same period and counts every server, switch and store that is meant.

    Stops holding when a rated or a peak power stands in for the average, or when only the accelerators are counted and their
    hosts are forgotten.
    """
    return power * duration


@equation(source="luccioni2023", where="section 4.2, dynamic power consumption")
def device_energy(power: q.Power, time: q.Time) -> q.Energy:
    """Energy that a device uses for a piece of work.

    Holds when the power is the average while the work runs and the device does nothing else meanwhile.

    Stops holding when the device waits and draws less than the stated power, when several jobs share it, or when cooling and
    the conversion of the supply are meant to be included.
    """
    return power * time


@equation(source="patterson2021", where="section 2.5, energy of training as time, processors, power and PUE")
def facility_energy(it_energy: q.ItEnergy, pue: q.Pue) -> q.FacilityEnergy:
    """Energy that a data center takes from the grid to supply its computing equipment.

    Holds when the effectiveness is an average over the same facility and period, as it is when taken over a year.

    Stops holding when the facility is nearly empty or the season extreme, so that overhead no longer follows the load, or when
    fans and power supplies inside the servers are credited to the wrong side.
    """
    return it_energy * pue


@equation(source="patterson2021", where="section 2.5, emissions as energy times the carbon intensity of the data center")
def operational_carbon(energy: q.FacilityEnergy, intensity: q.CarbonIntensity) -> q.Carbon:
    """Greenhouse gas that is emitted to generate the electricity of a facility.

    Holds when the intensity is the average of the grid that feeds the facility, over the hours in which the energy is used.

    Stops holding when the work follows the cleanest hours of the day, when certificates are counted against the grid's mix, or
    when the question is what additional load causes, which depends on the plants that answer it.
    """
    return energy * intensity


@equation(source="gera2026scope2", where="section 'How it works', market-based")
def market_based_carbon(energy: q.FacilityEnergy, intensity: q.CarbonIntensity, renewable_share: q.RenewableShare) -> q.MarketCarbon:
    """Greenhouse gas of a facility's electricity by its contracts: what certificates cover counts as free of it.

    Holds when the certificates are of the same market and year and are retired for this use, and the intensity is that of the
    residual mix, from which all claims are taken out, or of the supplier's contract.

    Stops holding when the certified power is not free of carbon, when the grid's average stands in for an unknown residual mix
    and so counts clean power twice, or when covered and used hours must match.
    """
    return energy * (1 - renewable_share) * intensity


@equation(source="gsf2021sci", where="section 'Embodied Emissions (M)', time share")
def embodied_carbon_share(embodied: q.DeviceCarbon, duration: q.Duration, lifetime: q.Lifetime) -> q.EmbodiedCarbon:
    """Greenhouse gas of making the equipment that is charged to a period, in proportion to its part of the service life.

    Holds when the period lies inside the service life and the work has the equipment to itself for all of it.

    Stops holding when the equipment idles or is shared, so that someone must bear the unused hours, when it is retired early,
    or when its making is booked at once in the year of purchase.
    """
    return embodied * duration / lifetime


@equation(source="li2023", where="section 3, on-site operational water; table 1")
def water_on_site(it_energy: q.ItEnergy, wue: q.Wue) -> q.Water:
    """Water that a data center's own cooling consumes.

    Holds when the effectiveness counts consumed water for each unit of IT energy, averaged over the same site and period.

    Stops holding when withdrawal is reported in place of consumption, or when the hour or the season is hot enough that
    evaporation leaves its yearly average far behind.
    """
    return it_energy * wue


@equation(source="li2023", where="section 3, off-site operational water; table 1")
def water_off_site(it_energy: q.ItEnergy, pue: q.Pue, grid_water: q.GridWater) -> q.Water:
    """Water that power plants consume to generate a facility's electricity.

    Holds when the water intensity is an average over the plants that feed the grid in question.

    Stops holding when one plant supplies the site, when hydropower's evaporation is counted by one author and left out by
    another, or when power is generated on the premises.
    """
    return it_energy * pue * grid_water


@equation(source="li2023", where="section 3, operational water footprint as the sum of both parts; table 1")
def water_total(it_energy: q.ItEnergy, wue: q.Wue, pue: q.Pue, grid_water: q.GridWater) -> q.Water:
    """Water that running the equipment consumes, on the site and at the power plants.

    Holds when both intensities count consumption and belong to the same site and period.

    Stops holding when the water of making the chips and servers is meant too, or when places with plenty of water and places
    in drought are added as if a liter were worth the same in both.
    """
    return it_energy * (wue + pue * grid_water)
