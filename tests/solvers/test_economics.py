"""EconomicsModel: costs add up, chains hold, and what nobody states is named."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim import (
    DistributedModel,
    EconomicsModel,
    Fleet,
    Hardware,
    InfeasibleError,
    Infrastructure,
    InputError,
    MissingFactError,
    Models,
    Q,
    ServingModel,
    Systems,
)

TERMS = {"lifetime": "5 years", "maintenance_rate": "2 %/year"}
FLEET = Fleet(
    node=Systems.Nodes.DGX_H100, nodes=2, datacenter=Infrastructure.Datacenters.Meta_Fleet_2023, grid=Infrastructure.Grids.US_Average
)


def solve(fleet=FLEET, duration="1 year", **arguments):
    """Solve with terms, which may be replaced."""
    return EconomicsModel().solve(fleet, duration, **{**TERMS, **arguments})


def test_a_year_by_hand():
    cost = solve()
    assert cost.capital.to("USD").magnitude == 540_000
    assert cost.capex.to("USD").magnitude == pytest.approx(108_000)
    assert cost.opex_maintenance.to("USD").magnitude == pytest.approx(10_800)
    assert cost.energy.to("kWh").magnitude == pytest.approx(2 * 10.2 * 8760 * 1.08)
    assert cost.opex_energy.to("USD").magnitude == pytest.approx(2 * 10.2 * 8760 * 1.08 * 0.0861)
    assert cost.number("tco") == pytest.approx(cost.number("capex") + cost.number("opex_energy") + cost.number("opex_maintenance"))


def test_without_a_node_price_its_accelerators_count(four):
    cost = EconomicsModel().solve(four, "1 year", **TERMS)
    assert cost.capital.to("USD").magnitude == 4 * 27_500
    assert any(f.name == "Hardware.Cloud.H100.price" for f in cost.why("capital").facts)


def test_durations_can_be_written_or_given():
    assert solve(duration="30 days") == solve(duration=Q(30, "day")) == solve(duration="720 hours")
    assert solve(duration="1 year").number("tco") == pytest.approx(solve(duration="365 days").number("tco"), rel=1e-12)


def test_the_chain_from_serving(four):
    serving = ServingModel().solve(Models.Language.Llama3_70B, fleet=four, batch_size=16, input_len=1024, output_len=256, tp_size=4)
    cost = EconomicsModel().solve(four, "1 year", serving=serving, utilization=0.5, **TERMS)
    queries = serving.number("request_rate") * 8760 * 3600 * 0.5
    assert cost.number("cost_per_query") == pytest.approx(cost.number("tco") / queries, rel=1e-12)
    assert cost.number("cost_per_million_tokens") == pytest.approx(cost.number("cost_per_query") / 256 * 1e6, rel=1e-12)
    assert cost.label == serving.label == "bound"
    with pytest.raises(MissingFactError, match="training="):
        _ = cost.cost_per_training_run
    why = cost.why("cost_per_query")
    assert "ring_allreduce_time" in why.equations
    assert {"Hardware.Cloud.H100.memory.bandwidth", "Infrastructure.Grids.Quebec.electricity_price"} <= {f.name for f in why.facts}


def test_the_chain_from_training(cluster):
    training = DistributedModel().solve(
        Models.Language.Llama3_8B, cluster, batch_size=512, seq_len=4096, tp_size=4, zero_stage=1, efficiency=0.5
    )
    cost = EconomicsModel().solve(cluster, "1 year", training=training, **TERMS)
    share = training.number("run_time") / (8760 * 3600)
    assert cost.number("cost_per_training_run") == pytest.approx(cost.number("tco") * share, rel=1e-12)
    assert cost.label == training.label == "estimate"
    with pytest.raises(MissingFactError, match="serving="):
        _ = cost.cost_per_query


def test_a_run_costs_what_its_tokens_cost(cluster):
    """A training run is as many tokens as it is: its cost is their cost, whatever the utilization."""
    training = DistributedModel().solve(Models.Language.Llama3_8B, cluster, batch_size=512, seq_len=4096, tp_size=4, zero_stage=1)
    for utilization in (1.0, 0.5):
        cost = EconomicsModel().solve(cluster, "1 year", training=training, utilization=utilization, **TERMS)
        tokens = float(Models.Language.Llama3_8B.published.training_tokens)
        assert cost.number("cost_per_training_run") == pytest.approx(cost.number("cost_per_million_tokens") * tokens / 1e6, rel=1e-9)


def test_an_infeasible_result_stops_the_chain(four):
    serving = ServingModel().solve(Models.Language.Llama3_70B, fleet=four, batch_size=16, input_len=1024, output_len=256)
    training = DistributedModel().solve(Models.Language.Llama3_70B, four, batch_size=16, seq_len=1024)
    for name, result in (("serving", serving), ("training", training)):
        with pytest.raises(InfeasibleError) as stopped:
            EconomicsModel().solve(four, "1 year", **{name: result}, **TERMS)
        assert str(stopped.value) == result.reason


def test_a_result_of_another_fleet_is_refused(four):
    serving = ServingModel().solve(Models.Language.Llama3_8B, hardware=Hardware.Cloud.H100, batch_size=16, input_len=1024, output_len=256)
    with pytest.raises(InputError, match="solved on 1 x"):
        EconomicsModel().solve(four, "1 year", serving=serving, **TERMS)


def test_a_result_of_other_machines_is_refused(cluster):
    """As many devices are not the same devices."""
    other = cluster.replace(node=Systems.Nodes.DGX_A100)
    serving = ServingModel().solve(Models.Language.Llama3_8B, fleet=other, batch_size=16, input_len=1024, output_len=256)
    with pytest.raises(InputError, match="serving"):
        EconomicsModel().solve(cluster, "1 year", serving=serving, **TERMS)


@pytest.mark.parametrize(
    ("fleet", "arguments", "names"),
    [
        (FLEET.replace(grid=None), {}, "grid"),
        (FLEET.replace(grid=Infrastructure.Grids.Singapore), {}, "electricity.price"),
        (FLEET.replace(datacenter=None), {}, "datacenter"),
        (FLEET.replace(node__price=None, node__accelerator__price=None), {}, "price"),
        (FLEET.replace(node__max_power=None), {}, "max.power"),
        (FLEET, {"lifetime": None}, "lifetime"),
        (FLEET, {"maintenance_rate": None}, "maintenance_rate"),
    ],
    ids=["grid", "electricity", "datacenter", "price", "power", "lifetime", "maintenance"],
)
def test_what_nobody_states_is_named(fleet, arguments, names):
    with pytest.raises(MissingFactError, match=names):
        solve(fleet, **arguments)


def test_an_explicit_price_beats_the_grid():
    assert solve(electricity_price="0.1 USD/kWh").number("opex_energy") == pytest.approx(2 * 10.2 * 8760 * 1.08 * 0.1)
    nowhere = FLEET.replace(grid=None)
    assert solve(nowhere, electricity_price="0.1 USD/kWh").number("opex_energy") > 0


@given(st.floats(0.05, 1), st.floats(1, 20), st.floats(0, 0.2).map(lambda x: round(x, 6)), st.floats(0.01, 5))
def test_laws(utilization, lifetime, maintenance, years):
    terms = {"lifetime": Q(lifetime, "year"), "maintenance_rate": Q(maintenance, "1/year")}
    years = min(years, lifetime)
    cost = EconomicsModel().solve(FLEET, Q(years, "year"), utilization=utilization, **terms)
    full = EconomicsModel().solve(FLEET, Q(years, "year"), **terms)
    assert 0 < cost.number("tco") <= full.number("tco") * (1 + 1e-12)
    assert cost.number("tco") >= cost.number("capex")
    if 2 * years > lifetime:
        with pytest.raises(InputError, match="one life"):
            EconomicsModel().solve(FLEET, Q(2 * max(years, lifetime), "year"), utilization=utilization, **terms)
        return
    longer = EconomicsModel().solve(FLEET, Q(2 * years, "year"), utilization=utilization, **terms)
    assert longer.number("tco") == pytest.approx(2 * cost.number("tco"), rel=1e-9)


@given(st.floats(1e-6, 0.3))
def test_capital_costs_more_with_interest(rate):
    assert solve(discount_rate=rate).number("capex") > solve().number("capex")


def test_no_interest_is_a_straight_line():
    assert solve(discount_rate=0).number("capex") == pytest.approx(solve().number("capex"), rel=1e-12)
    assert solve(discount_rate=1e-6).number("capex") == pytest.approx(solve().number("capex"), rel=1e-3)


@pytest.mark.parametrize("rate", [1e-12, Q(1e-12, ""), np.array([0.05, 1e-12])], ids=["number", "quantity", "array"])
def test_a_rate_too_small_to_compute_with_is_refused_however_it_is_written(four, terms, rate):
    with pytest.raises(InputError, match="discount_rate"):
        EconomicsModel().solve(four, "1 year", discount_rate=rate, **terms)
