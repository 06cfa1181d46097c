"""Power, energy, greenhouse gas, water, costs and failures beside what others measured, and the solvers that tell them."""

import statistics

import pytest

from mlsysim import (
    DistributedModel,
    Hardware,
    InputError,
    MissingFactError,
    Models,
    ServingModel,
    SingleNodeModel,
    SustainabilityModel,
    Systems,
    zoo,
)
from mlsysim.accuracy import economics, energy, reliability
from mlsysim.accuracy.rows import Row, Unanswered, read
from mlsysim.accuracy.score import quantile
from mlsysim.accuracy.stated import intensity, maybe, parts
from mlsysim.profiles import profile

MEASURED = zoo.root() / "measurements"
ROWS = {m: [r for name in m.FILES for r in read(MEASURED / name)] for m in (energy, economics, reliability)}
LLAMA = Models.Language.Llama3_1_8B
H100 = Hardware.Cloud.H100
CHAT = {"hw": "NVIDIA H100-80GB SXM", "hw_count": 1, "model": "Llama-3.1-8B", "batch": 64, "output_len": 400, "precision": "bf16", "tp": 1}


def errors(module, *metrics, core=True):
    """Return sorted errors of predicted over measured, of rows with these metrics that are complete."""
    found = []
    for row in ROWS[module]:
        if row.text("metric") in metrics and row.text("complete") == "1" and (not core or row.text("core") == "1"):
            found.append(abs(module.predict(row).value / row.number("value") - 1))
    return sorted(found)


@pytest.mark.parametrize("core", [True, False])
def test_power_of_devices_that_serve(core):
    found = errors(energy, "gpu_avg_power_w", core=core)
    assert len(found) >= 10
    assert statistics.median(found) < 0.08
    assert quantile(found, 0.9) < 0.15


def test_energy_of_a_token():
    found = errors(energy, "gpu_joules_per_output_token", core=False)
    assert len(found) >= 40
    assert statistics.median(found) < 0.13
    assert quantile(found, 0.9) < 0.3


def test_power_of_servers():
    found = errors(energy, "system_avg_power_w")
    assert statistics.median(found) < 0.08
    assert quantile(found, 0.9) < 0.15
    found = errors(energy, "avg_power_per_chip_w", "node_power_kw", "node_power_fraction_of_rating")
    assert quantile(found, 0.9) < 0.2


def test_arithmetic_from_what_is_stated():
    rows = [(m, r) for m in (energy, economics) for r in ROWS[m] if m.takes(r) and m.kind(r) == "arithmetic"]
    found = []
    for module, row in rows:
        try:
            answer = module.predict(row)
        except Unanswered:
            continue
        found.append(abs(answer.value / row.number("value") - 1))
    assert len(found) >= 30
    assert statistics.median(found) < 0.005
    assert quantile(sorted(found), 0.9) < 0.01


def test_no_answer_is_beyond_what_physics_allows():
    for module, rows in ROWS.items():
        for row in rows:
            if module.takes(row):
                try:
                    assert not module.predict(row).beyond
                except Unanswered:
                    continue


def test_rates_of_failing_nodes_transfer_within_a_factor_of_two():
    for row in ROWS[reliability]:
        if row.text("metric") == "node_failure_rate_per_1000_node_days":
            answer = reliability.predict(row)
            assert answer.low <= row.number("value") <= answer.high
            assert answer.high / answer.low == pytest.approx(4)


def test_interruptions_of_jobs_have_a_wide_interval():
    row = Row({"hw": "A100", "hw_count": 992, "metric": "mean_time_to_interrupt_h", "unit": "h"})
    answer = reliability.predict(row)
    assert answer.rate
    assert answer.low * 25 == pytest.approx(answer.high)


def test_failures_of_hardware_that_nobody_describes():
    answer = reliability.predict(Row({"hw": "AMD MI300X", "hw_count": 1024, "metric": "node_failure_rate_per_1000_node_days"}))
    assert 1 < answer.value < 20
    assert "Nobody states" in answer.assumptions[0]


@pytest.mark.parametrize(
    ("unit", "days"),
    [("events in 54 days", 54), ("events in ~2 months (lower bound)", 2 * 365 / 12), ("events in 3 weeks", 21), ("events Dec 25-Jan 1", 8)],
)
def test_events_are_counted_over_the_days_that_the_row_states(unit, days):
    row = Row({"hw": "A100", "nodes": 124, "metric": "restarts", "unit": unit})
    daily = reliability.predict(Row({**row.cells, "unit": "events in 1 day"})).value
    assert reliability.predict(row).value == pytest.approx(days * daily)


@pytest.mark.parametrize("metric", ["pue", "wue_l_per_kwh", "grid_gco2e_per_kwh", "price_usd_per_gpu_hour", "capital_price_usd"])
def test_inputs_are_no_targets(metric):
    with pytest.raises(Unanswered, match="input, not a target"):
        (economics if "usd" in metric else energy).predict(Row({"metric": metric, "hw": "H100"}))


@pytest.mark.parametrize(
    ("notes", "name", "value"),
    [
        ("512 chips x 20 d x 310 W (measured system average) x PUE 1.12; grid 0.545 kgCO2e/kWh.", "devices", 512),
        ("512 chips x 20 d x 310 W (measured system average) x PUE 1.12; grid 0.545 kgCO2e/kWh.", "days", 20),
        ("512 chips x 20 d x 310 W (measured system average) x PUE 1.12; grid 0.545 kgCO2e/kWh.", "watts", 310),
        ("512 chips x 20 d x 310 W (measured system average) x PUE 1.12; grid 0.545 kgCO2e/kWh.", "pue", 1.12),
        ("184,320 GPU-h x 400 W = 0.1 GWh; implied 423 gCO2e/kWh.", "device_hours", 184320),
        ("49696 A100-hours at about $2/A100-h", "device_hours", 49696),
        ("assumed rental $2 per H800 GPU-hour", "price_per_device_hour", 2),
        ("assumed rental $2 per H800 GPU-hour", "device_hours", None),
        ("8xH100: 459.165 tok/s, $23.92/h.", "price_per_hour", 23.92),
        ("8xH100: 459.165 tok/s, $23.92/h.", "tokens_per_second", 459.165),
        ("84 h, 1515 W, PUE 1.58", "hours", 84),
        ("MaxQ; power_limit 350 W per GPU in config", "power_cap_w", 350),
        ("PUE 1.1, 0.610 kg/kWh, WUE 4.26 L/kWh", "wue", 4.26),
    ],
)
def test_numbers_are_read_from_words(notes, name, value):
    assert maybe(Row({"notes": notes}), name) == value


def test_a_column_goes_before_words():
    assert maybe(Row({"notes": "power_limit 350 W", "power_cap_w": "400"}), "power_cap_w") == 400


@pytest.mark.parametrize(
    ("notes", "grams"), [("grid 0.545 kgCO2e/kWh", 545), ("57 gCO2e/kWh French grid", 57), ("0.954 lb/kWh", 432.727), ("no grid", None)]
)
def test_carbon_intensity_is_read_in_any_unit(notes, grams):
    assert intensity(Row({"notes": notes})) == (None if grams is None else pytest.approx(grams, rel=1e-4))


def test_parts_add_up():
    assert sum(parts(Row({"notes": "11.2 t embodied + 24.69 dynamic + 14.6 idle"}))) == pytest.approx(50.49)


def test_a_cap_holds():
    row = Row({**CHAT, "batch": 512, "metric": "gpu_avg_power_w"})
    capped = Row({**row.cells, "power_cap_w": 350})
    assert energy.predict(capped).value == 350 < energy.predict(row).value <= 700
    joules = [energy.predict(Row({**r.cells, "metric": "gpu_joules_per_output_token"})).value for r in (row, capped)]
    assert joules[1] < joules[0]


def test_a_model_that_nobody_describes_has_a_usual_shape():
    row = Row({**CHAT, "model": "Never-Heard-Of-9B", "params": 9e9, "metric": "gpu_avg_power_w"})
    answer = energy.predict(row)
    assert 0.4 * 700 < answer.value < 700
    assert any("stand in" in a for a in answer.assumptions)


def test_what_makes_images_computes_all_the_time():
    answer = energy.predict(Row({"hw": "NVIDIA B200", "hw_count": 1, "model": "FLUX.1-dev", "batch": 4, "metric": "gpu_avg_power_w"}))
    assert 0.8 * 1000 < answer.value <= 1000


def test_other_constants_give_another_answer():
    row = Row({**CHAT, "metric": "gpu_avg_power_w"})
    used = profile("energy")
    halved = used.with_values({n: v / 2 for n, v in used.values.items()})
    assert energy.predict(row, halved).value == pytest.approx(energy.predict(row, used).value / 2)


@pytest.mark.parametrize("metric", ["gpu_avg_power_w", "gpu_joules_per_output_token", "system_avg_power_w"])
def test_hardware_that_nobody_describes_is_refused(metric):
    with pytest.raises(Unanswered, match="no hardware"):
        energy.predict(Row({**CHAT, "hw": "Quantum Abacus 3000", "metric": metric}))


# Solvers.


def served(batch, **changes):
    """Return a solved batch of an ordinary chat."""
    return ServingModel().solve(LLAMA, H100, batch_size=batch, input_len=300, output_len=400, **{"stack": "vllm", **changes})


def test_power_grows_with_the_batch_up_to_the_rating():
    powers = [served(b).number("device_power") for b in (1, 16, 64, 256)]
    assert powers == sorted(powers)
    assert 0.3 * 700 < powers[0] < powers[-1] <= 700


def test_energy_of_a_token_is_power_over_throughput_of_all_devices():
    result = ServingModel().solve(LLAMA, node=Systems.Nodes.DGX_H100, batch_size=8, input_len=300, output_len=400, tp_size=2, stack="vllm")
    assert result.number("energy_per_token") == pytest.approx(8 * result.number("device_power") / result.number("throughput"))


def test_shares_of_time_leave_waiting():
    result = served(8)
    assert 0 < result.number("activity_memory") + result.number("activity_compute") < 1


def test_quantised_weights_are_expanded_not_streamed():
    assert served(8, weight_precision="int4").number("activity_memory") == 0


def test_without_constants_power_is_the_rating():
    result = served(8, stack=None, efficiency=1)
    assert result.number("device_power") == 700
    with pytest.raises(MissingFactError, match="tell no activities"):
        result.number("activity_memory")


def test_one_device_uses_its_power_for_a_step():
    result = SingleNodeModel().solve(LLAMA, H100, batch_size=8, seq_len=512, phase="decode", stack="vllm")
    assert result.number("energy") == pytest.approx(result.number("device_power") * result.number("latency"))
    assert result.number("device_power") < 700
    bound = SingleNodeModel().solve(LLAMA, H100, batch_size=8, seq_len=512, phase="decode", efficiency=0.5)
    assert bound.number("energy") == pytest.approx(700 * bound.number("latency"))


def test_a_training_step_has_a_power():
    result = DistributedModel().solve(LLAMA, Systems.Clusters.Research_256, batch_size=256, seq_len=4096, zero_stage=3, recompute="full")
    assert 300 < result.number("device_power") < 700
    result = DistributedModel().solve(
        LLAMA, Systems.Clusters.Research_256, batch_size=256, seq_len=4096, zero_stage=3, recompute="full", efficiency=1
    )
    assert result.number("device_power") == 700
    assert result.number("energy_per_token") == pytest.approx(256 * 700 / result.number("throughput"))


def place():
    """Return a fleet and where it stands."""
    from mlsysim import Infrastructure

    return Systems.Clusters.Research_256, {
        "datacenter": Infrastructure.Datacenters.Google_Iowa_2025,
        "grid": Infrastructure.Grids.US_Average,
    }


def test_a_fleet_at_its_work_draws_less_than_its_maximum():
    fleet, where = place()
    work = ServingModel().solve(LLAMA, fleet=fleet, batch_size=32, input_len=300, output_len=400, stack="vllm")
    most = SustainabilityModel().solve(fleet, "30 days", **where)
    real = SustainabilityModel().solve(fleet, "30 days", work=work, **where)
    assert real.label == "estimate"
    assert 0.3 * most.number("it_energy") < real.number("it_energy") < most.number("it_energy")
    assert "server_power" in str(real.why("it_energy"))
    step = SingleNodeModel().solve(LLAMA, H100, batch_size=32, seq_len=500, phase="decode", stack="vllm")
    assert SustainabilityModel().solve(fleet, "30 days", work=step, **where).number("it_energy") < most.number("it_energy")


def test_a_bound_tells_no_power():
    fleet, where = place()
    work = ServingModel().solve(LLAMA, fleet=fleet, batch_size=32, input_len=300, output_len=400, efficiency=1)
    with pytest.raises(InputError, match="work is a bound"):
        SustainabilityModel().solve(fleet, "30 days", work=work, **where)
    other = SingleNodeModel().solve(LLAMA, Hardware.Cloud.A100, batch_size=32, seq_len=500, phase="decode", stack="vllm")
    with pytest.raises(InputError, match="was solved on"):
        SustainabilityModel().solve(fleet, "30 days", work=other, **where)
