"""Numbers that the pages compute: ``{mls:value}`name``` shows what the function of that name returns.

What a page says in words about a solve is asserted here, next to it, so that the sentence cannot outlive its truth.
"""

from typing import Any

from mlsysim import (
    DistributedModel,
    EconomicsModel,
    Fleet,
    Hardware,
    Infrastructure,
    LoadModel,
    Models,
    Q,
    ReliabilityModel,
    ServingModel,
    SingleNodeModel,
    SustainabilityModel,
    Systems,
)
from mlsysim.solvers import SOLVERS

BUDGET = Q("50000 USD")


def _decode_step() -> Any:
    """One decode step of Llama 3 8B on one H100: memory bounds it, so arithmetic does not matter."""
    step = SingleNodeModel().solve(
        Models.Language.Llama3_8B, Hardware.Cloud.H100, batch_size=64, seq_len=2048, phase="decode", efficiency=1
    )
    matters = step.elasticities("latency")
    assert step.label == "bound"
    assert step.bottleneck == "memory"
    assert round(matters["Hardware.Cloud.H100.memory.bandwidth"], 9) == -1
    assert matters["Hardware.Cloud.H100.compute.peak.fp16"] == 0
    return step


def llama3_8b_decode_latency() -> Any:
    """Shortest time of one decode step of Llama 3 8B on one H100, batch 64, context 2048."""
    return _decode_step().latency


def _likely_step() -> Any:
    """The same step with the documented constants: longer, and with an interval around it."""
    step = SingleNodeModel().solve(Models.Language.Llama3_8B, Hardware.Cloud.H100, batch_size=64, seq_len=2048, phase="decode")
    low, high = step.interval("latency")
    assert step.label == "estimate"
    assert _decode_step().latency < step.latency
    assert low < step.latency < high
    return step


def llama3_8b_decode_estimate() -> Any:
    """Likely time of that step, with the documented constants."""
    return _likely_step().latency


def llama3_8b_decode_low() -> Any:
    """Lower end of the range in which eight of ten measurements of such steps would lie."""
    return _likely_step().interval("latency")[0]


def llama3_8b_decode_high() -> Any:
    """Upper end of that range."""
    return _likely_step().interval("latency")[1]


def llama3_8b_decode_intensity() -> Any:
    """Arithmetic intensity of that step."""
    return _decode_step().arithmetic_intensity


def h100_ridge_point() -> Any:
    """Intensity from which an H100 is bound by arithmetic, at half precision."""
    return _decode_step().ridge_point


def _four_h100(grid: str) -> Fleet:
    """One server of four H100, taken to cost half of one of eight, in an efficient building, on a grid."""
    node = Systems.Nodes.HGX_H100_4.replace(price=Systems.Nodes.DGX_H100.price / 2)
    place = Infrastructure.Datacenters.Meta_Fleet_2023
    return Fleet(name="Four H100", node=node, nodes=1, datacenter=place, grid=getattr(Infrastructure.Grids, grid))


def _serving() -> Any:
    """Llama 3 70B served on four H100: it fits there and not on one; prompts are bound by arithmetic, answers by memory."""
    request = {"input_len": 1024, "output_len": 256}
    assert not ServingModel().solve(Models.Language.Llama3_70B, Hardware.Cloud.H100, efficiency=1, **request).feasible
    serving = ServingModel().solve(
        Models.Language.Llama3_70B, fleet=_four_h100("Quebec"), batch_size=16, tp_size=4, efficiency=1, **request
    )
    assert serving.feasible
    assert (serving.prefill_bottleneck, serving.bottleneck) == ("compute", "memory")
    return serving


def _cost(grid: str) -> Any:
    """A year of four H100 that serve Llama 3 70B all the time: within the budget, and mostly the price of the machine."""
    terms = Infrastructure.Prices.Server_Lifetime.assumption
    cost = EconomicsModel().solve(
        _four_h100(grid), "1 year", serving=_serving(), lifetime=terms.lifetime, maintenance_rate=terms.maintenance_rate
    )
    assert cost.tco < BUDGET
    assert cost.capex > 0.5 * cost.tco
    return cost


def _owned_or_rented() -> Any:
    """That year with a network and a building, against the rent of the same accelerators: owning pays before full use."""
    terms = Infrastructure.Prices.Server_Lifetime.assumption
    cost = EconomicsModel().solve(
        _four_h100("Quebec"),
        "1 year",
        serving=_serving(),
        lifetime=terms.lifetime,
        maintenance_rate=terms.maintenance_rate,
        network_price=0.1,
        facility_price="12 USD/W",
        facility_lifetime="15 years",
        rental=Infrastructure.Prices.H100_Cloud_OnDemand,
    )
    assert cost.break_even_utilization < 1
    assert cost.cost_per_million_input_tokens < cost.cost_per_million_output_tokens
    return cost


def four_h100_break_even() -> Any:
    """Utilization from which owning four H100, network and building included, costs less than renting the hours used."""
    return _owned_or_rented().break_even_utilization


def four_h100_input_cost() -> Any:
    """Cost of a million prompt tokens of Llama 3 70B on four owned H100 in full use, network and building included."""
    return _owned_or_rented().cost_per_million_input_tokens


def four_h100_output_cost() -> Any:
    """Cost of a million generated tokens there."""
    return _owned_or_rented().cost_per_million_output_tokens


def _six_hours() -> Any:
    """Six hours of work on the Californian grid: some hours are cleaner; whole days have no better start."""
    found, day = (SustainabilityModel().solve(_four_h100("California"), d) for d in ("6 hours", "1 day"))
    assert found.shift_saving > 0
    assert abs(day.shift_saving) < 1e-9
    return found


def california_best_start() -> Any:
    """Hour of the day, by the time zone of its profile, from which six hours of work emit least on the Californian grid."""
    return _six_hours().best_start


def california_shift_saving() -> Any:
    """Share of the greenhouse gas that the best start saves there over a random one."""
    return Q(100 * _six_hours().number("shift_saving"), "percent")


def _footprint(grid: str) -> Any:
    """Energy, carbon and water of that year: Quebec emits less than the average of the United States, and drinks more."""
    result = SustainabilityModel().solve(_four_h100(grid), "1 year")
    if grid != "US_Average":
        other = _footprint("US_Average")
        assert result.carbon < other.carbon
        assert result.water > other.water
    return result


def _load() -> Any:
    """Llama 3 70B on four H100 under load: prompts in between make tokens slower."""
    serving = _serving()
    load = LoadModel().solve(serving, "2 request/s", ttft_target="1 s")
    assert load.feasible
    assert load.tpot > serving.itl
    return load


def llama3_70b_tpot() -> Any:
    """Time for each output token of Llama 3 70B on four H100, with the prompts computed in between."""
    return _load().tpot


def llama3_70b_max_rate() -> Any:
    """Requests a second that four H100 with Llama 3 70B serve at most."""
    return _load().number("max_request_rate")


def llama3_70b_weights() -> Any:
    """Memory of the weights of Llama 3 70B at half precision."""
    return _serving().weight_memory


def llama3_70b_kv_cache() -> Any:
    """Key-value cache of sixteen sequences of Llama 3 70B at the end of their answers."""
    return _serving().kv_cache_size


def llama3_70b_footprint() -> Any:
    """Memory that each of four H100 needs to serve Llama 3 70B."""
    return _serving().memory_footprint


def llama3_70b_ttft() -> Any:
    """Shortest time to first token of Llama 3 70B on four H100, sixteen prompts at once."""
    return _serving().ttft


def llama3_70b_itl() -> Any:
    """Shortest time between two tokens of Llama 3 70B on four H100, sixteen sequences at once."""
    return _serving().itl


def four_h100_cost_per_year() -> Any:
    """Cost of owning four H100 for a year, on the grid of Quebec."""
    return _cost("Quebec").tco


def four_h100_capital_per_year() -> Any:
    """Share of the price of four H100 that falls on one year."""
    return _cost("Quebec").capex


def four_h100_cost_per_million_tokens() -> Any:
    """Cost of a million generated tokens of Llama 3 70B on four H100 that are never idle, on the grid of Quebec."""
    return _cost("Quebec").cost_per_million_tokens


def four_h100_cost_per_year_us() -> Any:
    """Cost of owning four H100 for a year, on the average grid of the United States."""
    return _cost("US_Average").tco


def four_h100_energy_per_year() -> Any:
    """Energy that four H100 at full power draw in a year, cooling included."""
    return _footprint("Quebec").facility_energy


def four_h100_carbon_quebec() -> Any:
    """Greenhouse gas of that energy on the grid of Quebec."""
    return _footprint("Quebec").carbon


def four_h100_carbon_us() -> Any:
    """Greenhouse gas of that energy on the average grid of the United States."""
    return _footprint("US_Average").carbon


def four_h100_carbon_ratio() -> float:
    """How many times more four H100 emit on the average grid of the United States than in Quebec."""
    return _footprint("US_Average").number("carbon") / _footprint("Quebec").number("carbon")


def four_h100_water_quebec() -> Any:
    """Water used for that energy, in the building and at the power plants, on the grid of Quebec."""
    return _footprint("Quebec").water


def four_h100_water_us() -> Any:
    """Water used for that energy, in the building and at the power plants, on the average grid of the United States."""
    return _footprint("US_Average").water


def poland_to_quebec_carbon_ratio() -> float:
    """How many times more carbon a unit of energy carries in Poland than in Quebec."""
    dirty, clean = Infrastructure.Grids.Poland, Infrastructure.Grids.Quebec
    return float((dirty.carbon_intensity / clean.carbon_intensity).to("").magnitude)


def _training() -> Any:
    """One optimizer step of Llama 3 8B on a research cluster: it fits, and gradients hide behind the backward pass."""
    layout = {"tp_size": 2, "zero_stage": 1}
    step = DistributedModel().solve(
        Models.Language.Llama3_8B, Systems.Clusters.Research_256, batch_size=256, seq_len=8192, efficiency=1, **layout
    )
    assert step.feasible
    assert step.number("exposed_communication_time") == step.number("tp_communication_time")
    assert step.number("dp_communication_time") > 0
    return step


def llama3_8b_training_step() -> Any:
    """Time of one optimizer step of Llama 3 8B on the research cluster."""
    return _training().step_time


def llama3_8b_training_efficiency() -> Any:
    """Share of the ideal speed that the step keeps."""
    return _training().scaling_efficiency


def llama3_8b_training_run() -> Any:
    """Time to train Llama 3 8B on all its published tokens there, without failures."""
    return _training().run_time


def _reliability() -> Any:
    """That run with failures, its checkpoints written to the storage fabric of Llama 3."""
    training = _training()
    fleet = Systems.Clusters.Research_256.replace(storage=Systems.Storage.Checkpoint_Store)
    return ReliabilityModel().solve(fleet, training.run_time, training=training, recovery_time="10 min")


def _spared() -> Any:
    """That run with a day to repair a node, and a target for having all nodes."""
    training = _training()
    fleet = Systems.Clusters.Research_256.replace(storage=Systems.Storage.Checkpoint_Store)
    return ReliabilityModel().solve(
        fleet, training.run_time, training=training, recovery_time="10 min", spares=1, repair_time="24 hours", availability_target=0.999
    )


def research_256_spares() -> Any:
    """Spare nodes with which the research cluster has all its nodes for 99.9 % of the time, if a repair takes a day."""
    found = _spared()
    assert 1 < found.number("spares_needed") < 10
    return int(found.number("spares_needed"))


def research_256_mtbf() -> Any:
    """Mean time between failures of the research cluster."""
    return _reliability().fleet_mtbf


def research_256_checkpoint_interval() -> Any:
    """Best time between two checkpoints of Llama 3 8B there."""
    return _reliability().checkpoint_interval


def research_256_goodput() -> Any:
    """Share of the time that makes lasting progress there."""
    return _reliability().goodput


def number_of_solvers() -> int:
    """Number of solvers that the library has."""
    return len(SOLVERS)


def solvers_beside_single_node() -> int:
    """Number of solvers beside the one for a single device."""
    return len([s for s in SOLVERS if s is not SingleNodeModel])


def _estimated_load() -> Any:
    """Llama 3 70B on four H100 at two requests a second, with the documented constants: it keeps up, and is not idle."""
    fleet = _four_h100("Quebec")
    serving = ServingModel().solve(Models.Language.Llama3_70B, fleet=fleet, batch_size=16, input_len=1024, output_len=256, tp_size=4)
    load = LoadModel().solve(serving, "2 request/s", ttft_target="1 s")
    assert load.feasible
    return fleet, serving, load.utilization


def llama3_70b_likely_ttft() -> Any:
    """Likely time to first token of Llama 3 70B on four H100, sixteen prompts at once: later than the bound."""
    likely = _estimated_load()[1].ttft
    assert likely > llama3_70b_ttft()
    return likely


def llama3_70b_likely_itl() -> Any:
    """Likely time between two tokens there: longer than the bound."""
    likely = _estimated_load()[1].itl
    assert likely > llama3_70b_itl()
    return likely


def llama3_70b_likely_tpot() -> Any:
    """Likely time for each output token there, with the prompts computed in between: longer than without."""
    _, serving, _ = _estimated_load()
    load = LoadModel().solve(serving, "2 request/s", ttft_target="1 s")
    assert load.tpot > serving.itl
    return load.tpot


def llama3_70b_likely_max_rate() -> Any:
    """Requests a second that the same machine likely serves at most."""
    return LoadModel().solve(_estimated_load()[1], "2 request/s").number("max_request_rate")


def four_h100_likely_cost_per_million_tokens() -> Any:
    """Likely cost of a million generated tokens on four H100 that are never idle: more than at the bound."""
    fleet, serving, _ = _estimated_load()
    terms = Infrastructure.Prices.Server_Lifetime.assumption
    more = {"lifetime": terms.lifetime, "maintenance_rate": terms.maintenance_rate}
    likely = EconomicsModel().solve(fleet, "1 year", serving=serving, **more).cost_per_million_tokens
    assert likely > four_h100_cost_per_million_tokens()
    return likely


def chained_utilization() -> Any:
    """Share of the time that four H100 are busy with Llama 3 70B at two requests a second."""
    return _estimated_load()[2].to("percent")


def chained_cost_per_million_tokens() -> Any:
    """Cost of a million generated tokens of that load: more than of batches that are never interrupted."""
    fleet, serving, _ = _estimated_load()
    load = LoadModel().solve(serving, "2 request/s")
    terms = Infrastructure.Prices.Server_Lifetime.assumption
    more = {"lifetime": terms.lifetime, "maintenance_rate": terms.maintenance_rate}
    cost = EconomicsModel().solve(fleet, "1 year", load=load, **more).cost_per_million_tokens
    assert cost > four_h100_likely_cost_per_million_tokens()
    return cost


def chained_carbon() -> Any:
    """Greenhouse gas of a year at that utilization: less than at the greatest power, since decoding draws less."""
    fleet, serving, busy = _estimated_load()
    used, most = (SustainabilityModel().solve(fleet, "1 year", utilization=busy, work=work) for work in (serving, None))
    assert used.carbon < most.carbon
    return used.carbon
