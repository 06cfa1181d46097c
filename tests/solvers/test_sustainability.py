"""SustainabilityModel: energy, carbon and water, and the place that they are computed for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim import Fleet, Infrastructure, InputError, MissingFactError, Q, SustainabilityModel, Systems

META, QUEBEC, POLAND = Infrastructure.Datacenters.Meta_Fleet_2023, Infrastructure.Grids.Quebec, Infrastructure.Grids.Poland
FLEET = Fleet(node=Systems.Nodes.DGX_H100, nodes=2, datacenter=META, grid=QUEBEC)


def solve(fleet=FLEET, duration="30 days", **arguments):
    """Solve thirty days."""
    return SustainabilityModel().solve(fleet, duration, **arguments)


def test_thirty_days_by_hand():
    found = solve()
    energy = 2 * 10.2 * 720
    assert found.it_energy.to("kWh").magnitude == pytest.approx(energy)
    assert found.facility_energy.to("kWh").magnitude == pytest.approx(energy * 1.08)
    assert found.carbon.to("gCO2e").magnitude == pytest.approx(energy * 1.08 * 35)
    assert found.water_on_site.to("L").magnitude == pytest.approx(energy * 0.18)
    assert found.water_off_site.to("L").magnitude == pytest.approx(energy * 1.08 * 8.166262)
    assert found.number("water") == pytest.approx(found.number("water_on_site") + found.number("water_off_site"))


def test_embodied_carbon_is_spread_over_the_lifetime():
    found = solve(lifetime="5 years")
    assert found.embodied_carbon.to("kgCO2e").magnitude == pytest.approx(16 * 164 * 30 / (5 * 365))
    with pytest.raises(MissingFactError, match="lifetime"):
        _ = solve().embodied_carbon


def test_thirty_days_can_be_written_or_given():
    assert solve(duration="30 days") == solve(duration=Q(30, "day")) == solve(duration=Q("43200 min"))


def test_an_explicit_grid_beats_the_datacenters_which_beats_the_fleets():
    in_poland = META.replace(grid=POLAND)

    def ratio(**place):
        found = solve(**place)
        return (found.carbon / found.facility_energy).to("gCO2e/kWh").magnitude

    quebec, poland = (g.carbon_intensity.to("gCO2e/kWh").magnitude for g in (QUEBEC, POLAND))
    assert ratio() == pytest.approx(quebec)
    assert ratio(grid=POLAND) == pytest.approx(poland)
    assert ratio(datacenter=in_poland) == pytest.approx(poland)
    assert ratio(datacenter=in_poland, grid=QUEBEC) == pytest.approx(quebec)
    assert ratio(datacenter=META) == pytest.approx(quebec)
    assert ratio(fleet=FLEET.replace(grid=None, datacenter=in_poland)) == pytest.approx(poland)


@pytest.mark.parametrize(
    ("fleet", "names"),
    [
        (FLEET.replace(grid=None), "grid"),
        (FLEET.replace(datacenter=None), "datacenter"),
        (FLEET.replace(node__max_power=None), "max.power"),
    ],
    ids=["grid", "datacenter", "power"],
)
def test_what_nobody_states_is_named(fleet, names):
    with pytest.raises(MissingFactError, match=names):
        solve(fleet)


@pytest.mark.parametrize("grid", list(Infrastructure.Grids), ids=lambda g: g.zoo_name)
@pytest.mark.parametrize("place", list(Infrastructure.Datacenters), ids=lambda d: d.zoo_name)
def test_every_grid_and_every_building(grid, place):
    found = solve(datacenter=place, grid=grid)
    assert found.facility_energy >= found.it_energy
    assert found.carbon.to("gCO2e").magnitude == pytest.approx(
        grid.carbon_intensity.to("gCO2e/kWh").magnitude * found.facility_energy.to("kWh").magnitude
    )
    assert found.has("water_on_site") == (place.wue is not None)
    assert found.has("water_off_site") == (grid.water_intensity is not None)
    assert found.has("water") == (found.has("water_on_site") and found.has("water_off_site"))


@given(st.floats(0.01, 1), st.floats(1, 1000))
def test_laws(utilization, days):
    less, more = (solve(duration=Q(days, "day"), utilization=u) for u in (utilization, 1))
    assert less.number("carbon") <= more.number("carbon") * (1 + 1e-12)
    assert solve(duration=Q(2 * days, "day")).number("carbon") == pytest.approx(2 * more.number("carbon"), rel=1e-12)


def test_an_idle_machine_still_draws():
    idle = FLEET.replace(node__idle_power="5 kW")
    assert solve(idle, utilization=0.01).number("it_energy") > 0.49 * solve(idle).number("it_energy")
    assert solve(idle).number("it_energy") == solve().number("it_energy")


# Network.


def test_a_network_draws_the_same_at_every_load():
    ports = 2 * 8
    for utilization in (0.1, 1.0):
        plain, found = solve(utilization=utilization), solve(utilization=utilization, network_power="30 W")
        assert found.network_energy.to("kWh").magnitude == pytest.approx(ports * 0.03 * 720)
        assert found.number("it_energy") == pytest.approx(plain.number("it_energy") + found.number("network_energy"), rel=1e-12)
    assert solve(network_power=0.05).network_energy.to("kWh").magnitude == pytest.approx(0.05 * 2 * 10.2 * 720)
    with pytest.raises(MissingFactError, match="network_power="):
        _ = solve().network_energy


def test_a_fabric_may_state_its_power():
    fabric = Systems.Fabrics.InfiniBand_NDR.replace(port_power="30 W")
    stated = solve(FLEET.replace(fabric=fabric))
    assert stated.number("it_energy") == solve(network_power="30 W").number("it_energy")
    assert solve(FLEET.replace(fabric=fabric), network_power="0 W").number("it_energy") == solve().number("it_energy")
    with pytest.raises(MissingFactError, match="nics"):
        solve(FLEET.replace(fabric=fabric, node__nics=None))


# By place and by market.


def test_certificates_by_hand():
    found = solve(renewable_share=0.6, market_intensity="450 gCO2e/kWh")
    energy = found.facility_energy.to("kWh").magnitude
    assert found.carbon.to("gCO2e").magnitude == pytest.approx(energy * 35)
    assert found.carbon_market.to("gCO2e").magnitude == pytest.approx(energy * 0.4 * 450)
    assert solve(renewable_share=0.25).number("carbon_market") == pytest.approx(0.75 * found.number("carbon"))
    assert solve(renewable_share=1).number("carbon_market") == 0
    assert solve(renewable_share=0).number("carbon_market") == solve().number("carbon")
    with pytest.raises(MissingFactError, match=r"renewable_share=.*market_intensity="):
        _ = solve().carbon_market


# Hours.

CALIFORNIA = Infrastructure.Grids.California


def test_a_window_by_hand():
    day = CALIFORNIA.hourly
    mean = sum(day.intensity) / 24
    assert day.mean("18 hour", "4 hour") == pytest.approx(sum(day.intensity[18:22]) / 4 / mean)
    night = day.intensity[22] / 2 + day.intensity[23] + day.intensity[0] + day.intensity[1] / 2
    assert day.mean("22.5 hour", "3 hour") == pytest.approx(night / 3 / mean)
    found = solve(grid=CALIFORNIA, duration="4 hours", start_hour="18 hour")
    assert found.carbon.to("gCO2e").magnitude == pytest.approx(
        found.facility_energy.to("kWh").magnitude * 229 * day.mean("18 hour", "4 hour")
    )
    assert "Infrastructure.Grids.California.hourly.intensity" in {f.name for f in found.why("carbon").facts}
    assert solve(grid=CALIFORNIA, duration="4 hours", start_hour="18 hour") == solve(
        grid=CALIFORNIA, duration=Q(4, "hour"), start_hour=Q(18 * 60, "min")
    )


@given(st.floats(0, 24).map(lambda h: round(h, 6)), st.floats(0.01, 100))
def test_no_start_is_better_than_the_best(start, hours):
    day = CALIFORNIA.hourly
    best = day.best_start(Q(hours, "hour"))
    assert day.mean(best, Q(hours, "hour")) <= day.mean(Q(start, "hour"), Q(hours, "hour")) + 1e-11
    assert 0 <= day.saving(Q(hours, "hour")) < 1


@given(st.floats(0, 24).map(lambda h: round(h, 6)), st.floats(0.001, 10000), st.floats(0.01, 1000))
def test_a_flat_day_is_the_average(start, hours, level):
    flat = QUEBEC.replace(hourly={"intensity": [level] * 24})
    found = solve(grid=flat, duration=Q(hours, "hour"), start_hour=Q(start, "hour"))
    plain = solve(duration=Q(hours, "hour"))
    assert found.number("carbon") == pytest.approx(plain.number("carbon"), rel=1e-12)
    assert found.number("carbon_best_start") == pytest.approx(plain.number("carbon"), rel=1e-12)
    assert found.number("shift_saving") == pytest.approx(0, abs=1e-12)


@given(st.integers(1, 400), st.floats(0, 24).map(lambda h: round(h, 6)))
def test_whole_days_emit_the_average_wherever_they_start(days, start):
    found = solve(grid=CALIFORNIA, duration=Q(days, "day"), start_hour=Q(start, "hour"))
    flat = solve(grid=CALIFORNIA.replace(hourly=None), duration=Q(days, "day"))
    assert found.number("carbon") == pytest.approx(flat.number("carbon"), rel=1e-9)


def test_over_all_starts_a_window_is_the_average():
    day = CALIFORNIA.hourly
    for hours in (1, 5.5, 23):
        mean = sum(day.mean(Q(i / 4, "hour"), Q(hours, "hour")) for i in range(96)) / 96
        assert mean == pytest.approx(1, rel=1e-12)


def test_the_best_start_is_reported_with_its_saving():
    found = solve(grid=CALIFORNIA, duration="6 hours")
    assert found.best_start.to("hour").magnitude == 17
    assert found.number("shift_saving") == pytest.approx(1 - found.number("carbon_best_start") / found.number("carbon"), rel=1e-12)
    there = solve(grid=CALIFORNIA, duration="6 hours", start_hour=found.best_start)
    assert there.number("carbon") == pytest.approx(found.number("carbon_best_start"), rel=1e-12)
    assert solve(grid=CALIFORNIA, duration="2 days").number("shift_saving") == pytest.approx(0, abs=1e-12)


def test_a_start_needs_a_profile():
    with pytest.raises(MissingFactError, match="start_hour"):
        solve(start_hour="3 hour")
    for name in ("best_start", "carbon_best_start", "shift_saving"):
        with pytest.raises(MissingFactError, match="hourly profile"):
            getattr(solve(), name)


def test_hours_in_a_sweep():
    starts, lengths = np.meshgrid(np.arange(0.0, 24, 5.5), np.array([0.5, 6.0, 30.0]), indexing="ij")
    swept = solve(grid=CALIFORNIA, duration=Q(lengths, "hour"), start_hour=Q(starts, "hour"))
    for index in np.ndindex(starts.shape):
        one = solve(grid=CALIFORNIA, duration=Q(lengths[index], "hour"), start_hour=Q(starts[index], "hour"))
        for name in ("carbon", "carbon_best_start", "best_start", "shift_saving"):
            assert np.broadcast_to(swept.number(name), starts.shape)[index] == pytest.approx(one.number(name), rel=1e-12), name
    with pytest.raises(InputError, match=r"start_hour.*duration|duration.*start_hour"):
        solve(grid=CALIFORNIA, duration=Q(np.ones(3), "hour"), start_hour=Q(np.ones(2), "hour"))


@pytest.mark.parametrize(
    ("intensity", "says"),
    [
        ([1.0] * 23, "24"),
        ("1 2 3", "24"),
        ("sunny", "24 of them"),
        ([0.0] * 24, "nothing at every hour"),
        (["1 GB"] * 24, "dimension"),
        ([-1.0] * 24, "out of range"),
        (None, "24"),
    ],
    ids=str,
)
def test_a_profile_that_is_none_is_refused(intensity, says):
    with pytest.raises(InputError, match=says):
        QUEBEC.replace(hourly={"intensity": intensity})


# Laws.


def test_without_overhead_the_facility_takes_what_its_machines_take():
    found = solve(datacenter=META.replace(pue=1.0))
    assert found.number("facility_energy") == found.number("it_energy")


@given(st.floats(1, 1000), st.floats(0.01, 1), st.floats(1, 100))
def test_carbon_is_linear_in_energy(days, utilization, factor):
    def per_energy(**arguments):
        found = solve(renewable_share=0.3, **arguments)
        return [found.number(n) / found.number("facility_energy") for n in ("carbon", "carbon_market")]

    assert per_energy(duration=Q(days, "day"), utilization=utilization) == pytest.approx(
        per_energy(duration=Q(days * factor, "day")), rel=1e-12
    )
