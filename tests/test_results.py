"""Results: quantities on access, frozen, and able to say why a number is not there."""

import copy
import pickle
import re
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest

from mlsysim import (
    CollectiveModel,
    DistributedModel,
    Fleet,
    Hardware,
    InfeasibleError,
    InputError,
    MissingFactError,
    Models,
    ServingModel,
    SingleNodeModel,
    SustainabilityModel,
    Systems,
    UnknownNameError,
)
from mlsysim import results as kinds
from mlsysim.published import worked
from mlsysim.units import is_quantity, registry

RESULT_TYPES = [r for r in vars(kinds).values() if isinstance(r, type) and issubclass(r, kinds.Result) and r is not kinds.Result]

DIMENSIONS = [
    (r"^activity_", ""),
    (r"^latency|(latency|_time|duration|mtbf|interval|ttft|itl|tpot|_gap|_percentile)$", "s"),
    (r"(throughput|request_rate)$", "1/s"),
    (r"^(replicas|replicas_needed|utilization|concurrency|max_batch_size|dp_size|stage_layers|expected_failures|spares_needed)$", ""),
    (r"^(mfu|mfu_full_attention|hfu|scaling_efficiency|bubble_fraction|goodput|failure_probability)$", ""),
    (r"(_transfer_rate|_bandwidth)$", "byte/s"),
    (r"^time$", "s"),
    (r"^(effective_mfu|full_strength|spare_ready|shift_saving|break_even_utilization)$", ""),
    (r"^best_start$", "s"),
    (r"^(arithmetic_intensity|ridge_point)$", "flop/byte"),
    (r"^(memory_.*|.*_memory|kv_cache_size|checkpoint_size)$", "byte"),
    (r"^(capital.*|capex|opex_.*|tco|cost_per_.*|rental_cost.*)$", "USD"),
    (r"energy(_per_token)?$", "J"),
    (r"_power$", "W"),
    (r"^(embodied_)?carbon", "gCO2e"),
    (r"^water", "liter"),
]


@pytest.mark.parametrize("kind", RESULT_TYPES, ids=lambda k: k.__name__)
def test_every_field_has_the_dimension_that_its_name_says(kind):
    for name, symbol in kind.fields.items():
        unit = next(u for pattern, u in DIMENSIONS if re.search(pattern, name))
        assert registry().Quantity(1, symbol.unit).dimensionality == registry().Quantity(1, unit).dimensionality, name


def test_every_number_is_a_quantity_of_its_field(results):
    seen = set()
    for title, result in results.items():
        seen.add(type(result))
        for name, symbol in result.fields.items():
            if result.has(name):
                value = getattr(result, name)
                assert is_quantity(value), (title, name)
                assert value.to(symbol.unit).magnitude == pytest.approx(result.number(name), rel=1e-12), (title, name)
    assert seen == set(RESULT_TYPES)


def test_to_dict_is_every_number_that_there_is(results):
    for result in results.values():
        found = result.to_dict()
        assert set(found) == {n for n in result.fields if result.has(n)}
        assert all(found[n] == getattr(result, n) for n in found)
        assert found


def test_every_number_is_finite_and_not_negative(results):
    for title, result in results.items():
        for name in result.to_dict():
            assert 0 <= result.number(name) < float("inf"), (title, name)


@pytest.fixture(scope="module")
def infeasible():
    """Return a model that does not fit."""
    return SingleNodeModel().solve(Models.Language.Llama3_70B, Hardware.Cloud.H100, seq_len=2048, phase="decode", efficiency=1)


@pytest.fixture(scope="module")
def missing():
    """Return a result without embodied carbon, since no lifetime is given."""
    from mlsysim import Infrastructure

    fleet = Fleet(
        node=Systems.Nodes.DGX_H100, nodes=1, datacenter=Infrastructure.Datacenters.Meta_Fleet_2023, grid=Infrastructure.Grids.Singapore
    )
    return SustainabilityModel().solve(fleet, "1 day")


@pytest.fixture(scope="module")
def sweep():
    """Return a sweep of which one point does not fit."""
    return ServingModel().solve(
        Models.Language.Llama3_8B,
        hardware=Hardware.Cloud.H100,
        batch_size=np.array([1, 64, 4096]),
        input_len=1024,
        output_len=128,
        efficiency=1,
    )


def test_an_infeasible_result_says_by_how_much(infeasible):
    assert infeasible.feasible is False
    assert "GB" in infeasible.reason
    assert "too much" in infeasible.reason
    assert infeasible.memory_footprint > Hardware.Cloud.H100.memory.capacity
    assert set(infeasible.to_dict()) == {"memory_footprint"}
    for name in infeasible.fields:
        if name != "memory_footprint":
            assert not infeasible.has(name)
            for ask in (lambda n=name: getattr(infeasible, n), lambda n=name: infeasible.why(n), lambda n=name: infeasible.elasticities(n)):
                with pytest.raises(InfeasibleError, match="too much"):
                    ask()
    assert set(infeasible.why()) == {"memory_footprint"}


def test_a_missing_number_says_what_to_give(missing):
    assert missing.feasible
    assert not missing.has("embodied_carbon")
    with pytest.raises(MissingFactError, match="lifetime"):
        _ = missing.embodied_carbon
    with pytest.raises(MissingFactError, match=r"water.intensity"):
        _ = missing.water
    assert missing.water_on_site > 0 * missing.water_on_site
    assert "embodied_carbon" not in missing.to_dict()
    assert "embodied_carbon" not in missing.why()


def test_a_sweep_marks_what_does_not_fit(sweep):
    assert list(sweep.feasible) == [True, True, False]
    assert sweep.reason == ""
    assert list(np.isnan(sweep.number("itl"))) == [False, False, True]
    assert np.isfinite(sweep.number("memory_footprint")).all()
    assert sweep.itl.to("ms").magnitude.shape == (3,)


def test_every_kind_of_result_can_be_shown(results, infeasible, missing, sweep):
    for result in (*results.values(), infeasible, missing, sweep):
        text, html = repr(result), result._repr_html_()
        for name in result.fields:
            if name in result._values:
                assert name in text
                assert name in html
        assert html.count("<tr>") == html.count("</tr>")
    assert infeasible.reason in repr(infeasible)
    assert "too much" in infeasible._repr_html_()
    assert "array" in repr(sweep)
    assert (
        "<script"
        not in SingleNodeModel()
        .solve(Models.Language.Llama3_70B.replace(name="<script>"), Hardware.Cloud.H100, seq_len=8, efficiency=1)
        ._repr_html_()
    )


def test_a_result_is_frozen(results):
    for result in results.values():
        name = next(iter(result.to_dict()))
        for change in (
            lambda r=result, n=name: setattr(r, n, 1),
            lambda r=result: setattr(r, "other", 1),
            lambda r=result, n=name: delattr(r, n),
        ):
            with pytest.raises(InputError, match="immutable"):
                change()


def test_a_sweep_cannot_be_changed_through_its_arrays(sweep):
    before = sweep.number("itl")[0]
    try:
        sweep.number("itl")[0] = 7.0
        sweep.feasible[0] = False
    except (ValueError, TypeError):
        pass
    assert sweep.number("itl")[0] == before
    assert sweep.feasible[0]


def test_a_misspelt_number_names_the_nearest(results):
    result = results["single decode"]
    for ask in (
        lambda: result.latncy,
        lambda: result.number("latncy"),
        lambda: result.why("latncy"),
        lambda: result.elasticities("latncy"),
    ):
        with pytest.raises(UnknownNameError, match="latency"):
            ask()
    with pytest.raises(UnknownNameError):
        result.why("bottleneck")


def test_equal_solves_are_equal():
    def solve(batch):
        return SingleNodeModel().solve(
            Models.Language.Llama3_8B, Hardware.Cloud.H100, batch_size=batch, seq_len=128, phase="decode", efficiency=1
        )

    assert solve(4) == solve(4)
    assert hash(solve(4)) == hash(solve(4))
    assert solve(4) != solve(5)
    assert len({solve(4), solve(4), solve(5)}) == 2
    swept = solve(np.array([4, 5]))
    assert swept == solve(np.array([4, 5]))
    assert swept != solve(np.array([4, 6]))


@pytest.mark.parametrize(
    "title", ["single decode", "serving four", "distributed data", "economics serving", "sustainability", "reliability"]
)
def test_a_result_can_be_copied_and_pickled(results, title):
    result = results[title]
    for twin in (copy.copy(result), copy.deepcopy(result), pickle.loads(pickle.dumps(result))):
        assert twin == result
        assert twin.to_dict() == result.to_dict()


def test_labels_say_what_was_assumed(results):
    assert results["single decode"].label == "estimate"
    assert results["single decode"].interval("latency")[0] < results["single decode"].latency
    assert results["serving one"].label == "estimate"
    assert results["single cnn training"].label == "estimate"


def test_intervals_end_at_the_bound(results, cluster, layouts):
    solves = {
        "single decode": lambda e: SingleNodeModel().solve(
            Models.Language.Llama3_8B, Hardware.Cloud.H100, batch_size=4, seq_len=2048, phase="decode", efficiency=e
        ),
        "single vision": lambda e: SingleNodeModel().solve(Models.Vision.ViT_B16, Hardware.Cloud.H100, batch_size=32, efficiency=e),
        "single tiny": lambda e: SingleNodeModel().solve(Models.Tiny.DS_CNN_KWS, Hardware.Tiny.STM32L4R5, precision="int8", efficiency=e),
        "serving paged": lambda e: ServingModel().solve(
            Models.Language.Llama3_8B,
            hardware=Hardware.Cloud.H100,
            batch_size=16,
            input_len=1000,
            output_len=250,
            page_size=16,
            efficiency=e,
        ),
        "distributed data": lambda e: DistributedModel().solve(fleet=cluster, efficiency=e, **layouts["data"]),
        "collective": lambda e: CollectiveModel().solve("all-reduce", "1 GB", fleet=cluster, devices=64, efficiency=e),
    }
    for title, solve in solves.items():
        wide, bound = solve(spread_wide(solve(None).inputs.profile)), solve(1)
        for name, rate in wide.measured.items():
            if wide.has(name):
                low, high = (end.magnitude for end in wide.interval(name))
                assert (high if rate else low) == pytest.approx(getattr(bound, name).magnitude, rel=1e-12), f"{title}: {name}"


def test_estimates_have_the_intervals_of_the_documented_constants(results):
    asked = []
    for title, result in results.items():
        for name in result.measured if result.label == "estimate" and result.feasible is True else ():
            if result.inputs.profile and result.has(name) and not hasattr(result.number(name), "shape"):
                low, high = result.interval(name)
                assert low < high and low <= getattr(result, name) <= high, f"{title}: {name}"
                asked.append(type(result).__name__)
    assert len(asked) > 10
    assert {"PerformanceProfile", "DistributedResult", "ServingResult"} <= set(asked)


def spread_wide(profile):
    """Return a profile whose measurements were from a thousandth to a thousand times the predicted time."""
    return replace(profile, intervals=defaultdict(lambda: {"seen": (1e-3, 1e3), "unseen": (1e-3, 1e3)}), known={})


def test_memory_of_a_device_by_part(results):
    for title, result in results.items():
        if title.startswith("distributed") and result.feasible:
            parts = result.memory
            assert set(parts) == {"weights", "gradients", "optimizer", "activations", "buffers"}
            assert sum(p.to("byte").magnitude for p in parts.values()) == pytest.approx(result.number("memory_footprint"), rel=1e-12)


@pytest.mark.parametrize("name", [*worked.EXAMPLES])
def test_every_number_that_was_measured_has_an_interval_with_the_documented_constants(name):
    """For every way of solving that the site shows."""
    for text in [worked.EXAMPLES[name], *worked.FURTHER.get(name, [])]:
        found = worked.run(text)
        for field in found.measured if found.label == "estimate" else ():
            if found.has(field):
                low, high = (end.magnitude for end in found.interval(field))
                assert 0 < low < high, (text, field)
