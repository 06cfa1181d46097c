"""SustainabilityModel: energy, carbon and water, and the place that they are computed for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim import Fleet, Infrastructure, MissingFactError, Q, SustainabilityModel, Systems

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
