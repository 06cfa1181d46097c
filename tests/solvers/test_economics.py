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
    LoadModel,
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
    serving = ServingModel().solve(
        Models.Language.Llama3_70B, fleet=four, batch_size=16, input_len=1024, output_len=256, tp_size=4, efficiency=1
    )
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
    training = DistributedModel().solve(
        Models.Language.Llama3_8B, cluster, batch_size=512, seq_len=4096, tp_size=4, zero_stage=1, efficiency=1
    )
    for utilization in (1.0, 0.5):
        cost = EconomicsModel().solve(cluster, "1 year", training=training, utilization=utilization, **TERMS)
        tokens = float(Models.Language.Llama3_8B.published.training_tokens)
        assert cost.number("cost_per_training_run") == pytest.approx(cost.number("cost_per_million_tokens") * tokens / 1e6, rel=1e-9)


def test_an_infeasible_result_stops_the_chain(four):
    serving = ServingModel().solve(Models.Language.Llama3_70B, fleet=four, batch_size=16, input_len=1024, output_len=256, efficiency=1)
    training = DistributedModel().solve(Models.Language.Llama3_70B, four, batch_size=16, seq_len=1024, efficiency=1)
    for name, result in (("serving", serving), ("training", training)):
        with pytest.raises(InfeasibleError) as stopped:
            EconomicsModel().solve(four, "1 year", **{name: result}, **TERMS)
        assert str(stopped.value) == result.reason


def test_a_result_of_another_fleet_is_refused(four):
    serving = ServingModel().solve(
        Models.Language.Llama3_8B, hardware=Hardware.Cloud.H100, batch_size=16, input_len=1024, output_len=256, efficiency=1
    )
    with pytest.raises(InputError, match="solved on 1 x"):
        EconomicsModel().solve(four, "1 year", serving=serving, **TERMS)


def test_a_result_of_other_machines_is_refused(cluster):
    """As many devices are not the same devices."""
    other = cluster.replace(node=Systems.Nodes.DGX_A100)
    serving = ServingModel().solve(Models.Language.Llama3_8B, fleet=other, batch_size=16, input_len=1024, output_len=256, efficiency=1)
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


# Capital of every kind.


def test_capital_of_devices_nodes_network_and_building_by_hand():
    cost = solve(network_price="1000 USD", facility_price="12000 USD/kW", facility_lifetime="15 years")
    assert cost.number("capital_devices") == 16 * 27_500
    assert cost.number("capital_nodes") == 540_000
    assert cost.number("capital_network") == 16 * 1000
    assert cost.number("capital_facility") == pytest.approx(2 * 10.2 * 12_000)
    assert cost.number("capital") == pytest.approx(540_000 + 16_000 + 244_800)
    assert cost.number("capex") == pytest.approx(556_000 / 5 + 244_800 / 15)
    assert cost.number("opex_maintenance") == pytest.approx(556_000 * 0.02)


def test_what_is_not_stated_is_missing_and_not_nothing():
    cost = solve()
    for field, argument in (
        ("capital_network", "network_price="),
        ("capital_facility", "facility_price="),
        ("opex_staff", "staff_cost="),
        ("rental_cost", "rental="),
        ("break_even_utilization", "rental="),
        ("cost_per_million_input_tokens", "serving="),
    ):
        with pytest.raises(MissingFactError, match=argument):
            getattr(cost, field)
    bare = solve(FLEET.replace(node__accelerator__price=None))
    with pytest.raises(MissingFactError, match="states no price"):
        _ = bare.capital_devices
    assert bare.number("tco") == cost.number("tco")


def test_a_network_is_a_price_a_port_or_a_share():
    assert solve(network_price=0.1).number("capital_network") == pytest.approx(54_000)
    assert solve(network_price="10 %") == solve(network_price=0.1)
    fabric = Systems.Fabrics.InfiniBand_NDR.replace(port_price="1000 USD", port_power="30 W")
    stated = solve(FLEET.replace(fabric=fabric))
    assert stated.number("tco") == pytest.approx(solve(network_price="1000 USD", network_power="30 W").number("tco"), rel=1e-12)
    assert stated.number("energy") == pytest.approx((2 * 10_200 + 16 * 30) * 8760 * 3600 * 1.08)
    with pytest.raises(MissingFactError, match="nics"):
        solve(FLEET.replace(node__nics=None), network_price="1000 USD")
    with pytest.raises(InputError, match=r"network_price.*share|network_price.*USD"):
        solve(network_price="3 GB")


def test_the_building_needs_price_and_lifetime():
    for alone in ({"facility_price": "12 USD/W"}, {"facility_lifetime": "15 years"}):
        with pytest.raises(MissingFactError, match="give both"):
            solve(**alone)
    with pytest.raises(InputError, match="facility_lifetime"):
        solve(duration="2 years", facility_price="12 USD/W", facility_lifetime="1 year")


def test_a_building_outlives_its_servers():
    same = {"facility_price": "12 USD/W", "facility_lifetime": "5 years"}
    long = {**same, "facility_lifetime": "15 years"}
    assert solve(**long).number("capex") < solve(**same).number("capex")
    for rate in (None, 0.08):
        alone, both = solve(discount_rate=rate), solve(discount_rate=rate, **same)
        assert both.number("capex") / alone.number("capex") == pytest.approx(both.number("capital") / alone.number("capital"))


def test_a_residual_value_by_hand():
    share, amount = solve(residual_value=0.1), solve(residual_value="54000 USD")
    assert share.number("capex") == amount.number("capex") == pytest.approx((540_000 - 54_000) / 5)
    crf = 0.08 / (1 - 1.08**-5)
    found = solve(residual_value=0.1, discount_rate=0.08)
    assert found.number("capex") == pytest.approx((540_000 - 54_000 * 1.08**-5) * crf)
    assert solve(residual_value=0).number("tco") == solve().number("tco")
    with pytest.raises(InputError, match="residual_value"):
        solve(residual_value="541000 USD")
    assert solve(residual_value="541000 USD", network_price=0.1).number("capex") > 0


def test_a_residual_value_without_interest_is_a_straight_line():
    assert solve(residual_value=0.2, discount_rate=0).number("capex") == pytest.approx(solve(residual_value=0.2).number("capex"), rel=1e-12)


def test_staff_is_paid_by_the_year():
    cost = solve(duration="0.5 years", staff_cost="200000 USD/year")
    assert cost.number("opex_staff") == pytest.approx(100_000)
    assert cost.number("tco") == pytest.approx(solve(duration="0.5 years").number("tco") + 100_000)


# Renting.


def test_renting_by_hand_and_its_break_even():
    cost = solve(rental="2.5 USD/hour", utilization=0.5)
    assert cost.number("rental_cost") == pytest.approx(16 * 8760 * 2.5)
    assert cost.number("rental_cost_used") == pytest.approx(16 * 8760 * 2.5 / 2)
    share = cost.number("break_even_utilization")
    at = solve(rental="2.5 USD/hour", utilization=share)
    assert at.number("tco") == pytest.approx(at.number("rental_cost_used"), rel=1e-12)
    assert cost.number("break_even_utilization") == solve(rental="2.5 USD/hour").number("break_even_utilization")
    assert 0 < share < 1


def test_an_idle_power_moves_the_break_even():
    idle = FLEET.replace(node__idle_power="5 kW")
    one = solve(idle, rental="2.5 USD/hour").number("break_even_utilization")
    at = solve(idle, rental="2.5 USD/hour", utilization=one)
    assert at.number("tco") == pytest.approx(at.number("rental_cost_used"), rel=1e-12)
    assert one > solve(rental="2.5 USD/hour").number("break_even_utilization")


def test_where_renting_always_wins_there_is_no_break_even():
    cost = solve(rental="0.1 USD/hour")
    with pytest.raises(InfeasibleError, match="renting costs less"):
        _ = cost.break_even_utilization
    swept = solve(rental=Q(np.array([0.1, 2.5]), "USD/hour")).number("break_even_utilization")
    assert np.isnan(swept[0])
    assert swept[1] == solve(rental="2.5 USD/hour").number("break_even_utilization")


def test_a_published_rental_is_for_its_own_accelerator():
    rental = Infrastructure.Prices.H100_Cloud_OnDemand
    cost = solve(rental=rental)
    assert cost.number("rental_cost") == pytest.approx(16 * 8760 * 3.99)
    assert "Infrastructure.Prices.H100_Cloud_OnDemand.rental" in {f.name for f in cost.why("rental_cost").facts}
    with pytest.raises(InputError, match="rental="):
        solve(FLEET.replace(node=Systems.Nodes.DGX_A100, node__price="200000 USD"), rental=rental)


@given(st.floats(1, 100), st.floats(1.001, 10))
def test_dearer_rent_pays_off_sooner(price, factor):
    def share(usd):
        found = solve(rental=Q(usd, "USD/hour"))
        return found.number("break_even_utilization") if found.has("break_even_utilization") else float("inf")

    assert share(price * factor) <= share(price)


# A load of requests that come at random.


@pytest.fixture(scope="module")
def served(four):
    return ServingModel().solve(Models.Language.Llama3_70B, fleet=four, batch_size=16, input_len=1024, output_len=256, tp_size=4)


def test_a_load_pays_for_what_it_serves(four, served):
    load = LoadModel().solve(served, "1 request/s")
    cost = EconomicsModel().solve(four, "1 year", load=load, **TERMS)
    year = 365 * 24 * 3600
    assert cost.number("cost_per_query") == pytest.approx(cost.number("tco") / year, rel=1e-12)
    assert cost.number("cost_per_million_tokens") == pytest.approx(cost.number("tco") / year / 256 * 1e6, rel=1e-12)
    alone = EconomicsModel().solve(four, "1 year", utilization=load.utilization, **TERMS)
    assert cost.number("tco") == pytest.approx(alone.number("tco"), rel=1e-12)
    assert cost.label == load.label == "estimate"
    assert "offered_load" in cost.why("cost_per_million_tokens").equations
    matters = cost.elasticities("cost_per_million_tokens")
    assert matters["arrival_rate"] < -0.9 and matters["constants.serving.layer_time"] > 0


def test_under_load_prompts_and_answers_bear_the_whole_cost(four, served):
    rates = Q(np.array([0.1, 1.0, 2.0]), "request/s")
    cost = EconomicsModel().solve(four, "1 year", load=LoadModel().solve(served, rates), **TERMS)
    queries = cost.number("tco") / cost.number("cost_per_query")
    prompts, answers = cost.number("cost_per_million_input_tokens"), cost.number("cost_per_million_output_tokens")
    assert queries * (1024 * prompts + 256 * answers) / 1e6 == pytest.approx(cost.number("tco"), rel=1e-9)
    assert np.all(np.diff(cost.number("cost_per_million_tokens")) < 0)
    chunked = EconomicsModel().solve(four, "1 year", load=LoadModel().solve(served, "1 request/s", chunk_size=512), **TERMS)
    assert chunked.number("cost_per_query") > 0
    with pytest.raises(MissingFactError, match="chunks of prompts share"):
        _ = chunked.cost_per_million_input_tokens


def test_a_load_without_a_rate_fills_the_machine(four, served):
    load = LoadModel().solve(served)
    most, half = (EconomicsModel().solve(four, "1 year", load=load, utilization=u, **TERMS) for u in (None, 0.5))
    year = 365 * 24 * 3600
    assert most.number("tco") / most.number("cost_per_query") == pytest.approx(load.number("max_request_rate") * year, rel=1e-12)
    assert half.number("tco") / half.number("cost_per_query") == pytest.approx(load.number("max_request_rate") * year / 2, rel=1e-12)


def test_a_load_that_cannot_be_paid_for_is_refused(four, served):
    solver, load = EconomicsModel(), LoadModel().solve(served, "1 request/s")
    with pytest.raises(InfeasibleError, match="load: 9 requests a second arrive"):
        solver.solve(four, "1 year", load=LoadModel().solve(served, "9 request/s"), **TERMS)
    with pytest.raises(InputError, match="leave out serving="):
        solver.solve(four, "1 year", load=load, serving=served, **TERMS)
    with pytest.raises(InputError, match="some rates are more than the system serves"):
        solver.solve(four, "1 year", load=LoadModel().solve(served, Q([1.0, 9.0], "request/s")), **TERMS)
    with pytest.raises(InputError, match="load was solved on 4"):
        solve(load=load)
    apart = LoadModel().solve(served, "1 request/s", prefill=served, kv_bandwidth="50 GB/s")
    with pytest.raises(InputError, match="two pools one by one"):
        solver.solve(four, "1 year", load=apart, **TERMS)
    with pytest.raises(InputError, match="LoadResult"):
        solver.solve(four, "1 year", load=served, **TERMS)


# Prompts and answers.


@given(st.integers(1, 64), st.integers(1, 4096), st.integers(1, 512), st.floats(0.01, 1))
def test_prompts_and_answers_bear_the_whole_cost(batch, input_len, output_len, utilization):
    fleet = FLEET.replace(nodes=1)
    serving = ServingModel().solve(
        Models.Language.Llama3_8B, fleet=fleet, batch_size=batch, input_len=input_len, output_len=output_len, efficiency=1
    )
    if not serving.feasible:
        return
    cost = solve(fleet, serving=serving, utilization=utilization)
    queries = cost.number("tco") / cost.number("cost_per_query")
    paid = queries * (input_len * cost.number("cost_per_million_input_tokens") + output_len * cost.number("cost_per_million_output_tokens"))
    assert paid / 1e6 == pytest.approx(cost.number("tco"), rel=1e-9)
    assert cost.number("cost_per_million_input_tokens") > 0
    assert cost.number("cost_per_million_output_tokens") >= 0


def test_the_length_of_a_prompt_is_an_input_of_its_price(four, terms):
    serving = ServingModel().solve(
        Models.Language.Llama3_70B, fleet=four, batch_size=16, input_len=1024, output_len=256, tp_size=4, efficiency=1
    )
    cost = EconomicsModel().solve(four, "1 year", serving=serving, **terms)
    assert "input_len" in cost.why("cost_per_million_input_tokens").leaves
    up, down = (
        EconomicsModel()
        .solve(
            four,
            "1 year",
            serving=ServingModel().solve(
                Models.Language.Llama3_70B, fleet=four, batch_size=16, input_len=n, output_len=256, tp_size=4, efficiency=1
            ),
            **terms,
        )
        .number("cost_per_million_input_tokens")
        for n in (1025, 1023)
    )
    slope = (up - down) / (2 / 1024) / cost.number("cost_per_million_input_tokens")
    assert cost.elasticities("cost_per_million_input_tokens")["input_len"] == pytest.approx(slope, rel=1e-3, abs=1e-4)


@given(
    st.floats(0, 1).map(lambda v: round(v, 6)),
    st.floats(0, 1).map(lambda v: round(v, 6)),
    st.sampled_from([None, 0.0, 0.05, 1.0]),
    st.floats(0.01, 1),
)
def test_money_is_never_negative(residual, share, rate, utilization):
    cost = solve(
        residual_value=residual, network_price=share, network_power=share, discount_rate=rate, utilization=utilization,
        facility_price="12 USD/W", facility_lifetime="15 years", staff_cost="1 USD/year", rental="3 USD/hour",
    )  # fmt: skip
    for name in cost.to_dict():
        assert cost.number(name) >= 0, name
    assert cost.number("tco") >= cost.number("opex_energy")
