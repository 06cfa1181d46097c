"""Whole solves in other readings: arrays are scalars, duals are differences, and every number can say why."""

import math

import numpy as np
import pytest

from mlsysim import DistributedModel, Hardware, Models, ServingModel, SingleNodeModel, Systems, zoo
from mlsysim.readings import NUMBERS
from mlsysim.readings.reading import Lift

TITLES = [
    "single forward", "single prefill", "single decode", "single training", "single offload", "single cnn", "single cnn training",
    "single vision", "single vision training", "single diffusion", "single recommendation", "single state space prefill",
    "single state space decode", "single local prefill", "single local decode", "serving local",
    "serving one", "serving four", "serving experts", "serving paged", "serving expert-parallel", "serving speculative",
    "load", "load chunked", "load pipelined", "load apart",
    "distributed data", "distributed zero3", "distributed tensor-pipeline", "distributed interleaved", "distributed context",
    "distributed experts", "distributed latent", "distributed flash", "distributed uneven", "distributed wide",
    "collective", "collective across", "collective gather", "collective exchange",
    "economics", "economics serving", "economics training", "economics full", "sustainability", "sustainability full",
    "reliability", "reliability given", "reliability full",
]  # fmt: skip
every_result = pytest.mark.parametrize("title", TITLES)


def test_the_catalogue_is_complete(results):
    assert set(TITLES) == set(results)


# Arrays.


def same(swept, one, at):
    """Assert that one point of a sweep is the solve of that point."""
    assert bool(np.broadcast_to(swept.feasible, at[1])[at[0]]) == one.feasible
    for name in swept.fields:
        if not swept.has(name):
            assert not one.has(name), name
            continue
        value = np.broadcast_to(swept.number(name), at[1])[at[0]]
        if one.has(name):
            assert value == pytest.approx(one.number(name), rel=1e-12, abs=0), name
        else:
            assert math.isnan(value), name
    for name in ("bottleneck", "prefill_bottleneck"):
        if name in swept._values:
            assert str(np.broadcast_to(swept._values[name], at[1])[at[0]]) == one._values[name]


def check_sweep(solve, **axes):
    """Compare a sweep over a grid with solving every point of it."""
    names = list(axes)
    grids = np.meshgrid(*axes.values(), indexing="ij")
    swept = solve(**dict(zip(names, grids, strict=True)))
    shape = grids[0].shape
    mixed = set()
    for index in np.ndindex(shape):
        one = solve(**{n: g[index].item() for n, g in zip(names, grids, strict=True)})
        mixed.add(one.feasible)
        same(swept, one, (index, shape))
    return mixed


@pytest.mark.parametrize("phase", ["forward", "prefill", "decode", "training"])
@pytest.mark.parametrize("model", ["Llama3_8B", "Mixtral_8x7B", "DeepSeek_V3"])
def test_arrays_are_scalars_on_one_device(phase, model):
    device = Hardware.Cloud.H100.replace(memory__capacity="12 TB")

    def solve(**arguments):
        return SingleNodeModel().solve(getattr(Models.Language, model), device, precision="bf16", phase=phase, **arguments)

    mixed = check_sweep(solve, batch_size=np.array([1, 3, 64, 4096]), seq_len=np.array([1, 100, 2048, 131072]))
    assert mixed == ({True} if phase == "forward" else {True, False})
    check_sweep(solve, batch_size=np.array([1, 64]), seq_len=np.array([128]), efficiency=np.array([0.1, 0.5, 1.0]))


def test_arrays_are_scalars_of_images():
    check_sweep(
        lambda **a: SingleNodeModel().solve(Models.Vision.ResNet50, Hardware.Tiny.ESP32, precision="int8", **a),
        batch_size=np.array([1, 2, 512]),
    )


@pytest.mark.parametrize("phase", ["forward", "prefill", "decode"])
@pytest.mark.parametrize("model", ["Mistral_7B", "Gemma3_27B", "GPT_OSS_20B", "Mamba_2_8B"])
def test_arrays_are_scalars_of_windows_and_states(phase, model):
    def solve(**arguments):
        return SingleNodeModel().solve(getattr(Models.Language, model), Hardware.Cloud.B200, precision="bf16", phase=phase, **arguments)

    check_sweep(solve, batch_size=np.array([1, 64]), seq_len=np.array([1, 127, 128, 129, 4096, 4097, 131072]))


@pytest.mark.parametrize("model", [Models.Vision.ViT_B16, Models.Diffusion.DiT_XL2, Models.Recommendation.DLRM_DCNv2], ids=str)
def test_arrays_are_scalars_of_batches(model):
    check_sweep(lambda **a: SingleNodeModel().solve(model, Hardware.Cloud.H100, **a), batch_size=np.array([1, 3, 4096]))


@pytest.mark.parametrize(("model", "tp", "pp"), [("Llama3_8B", 1, 1), ("Llama3_70B", 4, 2), ("Mixtral_8x7B", 2, 4), ("DeepSeek_V3", 8, 1)])
def test_arrays_are_scalars_in_serving(model, tp, pp):
    def solve(**arguments):
        return ServingModel().solve(
            getattr(Models.Language, model), hardware=Hardware.Cloud.B200, tp_size=tp, pp_size=pp, page_size=16, **arguments
        )

    mixed = check_sweep(solve, batch_size=np.array([1, 7, 512]), input_len=np.array([1, 1024, 100000]), output_len=np.array([1, 300]))
    assert mixed == {True, False}


def test_arrays_are_scalars_on_a_fleet(cluster, layouts):
    for layout in layouts.values():
        fixed = {k: v for k, v in layout.items() if k not in ("batch_size", "seq_len")}

        def solve(fixed=fixed, **arguments):
            return DistributedModel().solve(fleet=cluster, **fixed, **arguments)

        check_sweep(solve, batch_size=np.array([256, 512, 1024]), seq_len=np.array([128, 4096, 131072]))


def test_a_sweep_of_one_is_an_array():
    found = SingleNodeModel().solve(Models.Language.Llama3_8B, Hardware.Cloud.H100, batch_size=np.array([4]), seq_len=128, phase="decode")
    assert found.number("latency").shape == (1,)
    assert found.latency.to("ms").magnitude.shape == (1,)


# Duals.


def scaled(result, name, factor):
    """Return a solve's numbers with one input scaled."""
    lift = Lift(NUMBERS, lambda value, origin: value * factor if origin.name == name else value)
    return result._core(NUMBERS, result._inputs.lifted(lift))


STEP = 1e-6


@every_result
def test_elasticities_are_central_differences(results, title):
    """Where a number stands on a kink, this holds for the inputs in whose direction there is none."""
    result = results[title]
    assert result.feasible
    compared = 0
    for name in result.to_dict():
        exact = result.elasticities(name)
        value = result.number(name)
        if value == 0:
            continue
        for origin, slope in exact.items():
            up, down = (scaled(result, origin, 1 + s * STEP)[name] for s in (1, -1))
            right, left = (up - value) / (STEP * value), (value - down) / (STEP * value)
            if exact.kinks and not math.isclose(right, left, rel_tol=1e-3, abs_tol=2e-6):
                continue
            small, lost = (1e-5, 1e-2) if name == "activity_compute" else (1e-6, 1e-6)  # what is left of a time has lost digits
            assert slope == pytest.approx((right + left) / 2, abs=small, rel=lost), (name, origin)
            compared += 1
    assert compared >= 5


MAIN = {
    "single decode": "latency",
    "single prefill": "latency",
    "single training": "latency",
    "serving one": "itl",
    "distributed tensor-pipeline": "step_time",
    "economics": "tco",
    "sustainability": "carbon",
    "reliability": "goodput",
}


@pytest.mark.parametrize("title", MAIN)
def test_the_main_number_stands_on_no_kink(results, title):
    """But where a node's port and the fabric are equally fast: then neither alone makes it faster."""
    assert results[title].elasticities(MAIN[title]).kinks <= {"two arms of min are equal"}


@every_result
def test_what_is_not_in_the_elasticities_has_no_influence(results, title):
    result = results[title]
    every = set()
    result._inputs.lifted(Lift(NUMBERS, lambda value, origin: every.add(origin.name) or value))
    for name in result.to_dict():
        exact = result.elasticities(name)
        if exact.kinks:
            continue
        for origin in every - set(exact):
            assert scaled(result, origin, 1 + STEP)[name] == pytest.approx(result.number(name), rel=1e-12, abs=0), (name, origin)


def test_elasticities_of_a_memory_bound_step():
    step = SingleNodeModel().solve(Models.Language.Llama3_8B, Hardware.Cloud.H100, batch_size=1, seq_len=128, phase="decode", efficiency=1)
    exact = step.elasticities("latency")
    assert exact["Hardware.Cloud.H100.memory.bandwidth"] == pytest.approx(-1)
    assert exact.get("Hardware.Cloud.H100.compute.peak.fp16", 0.0) == 0


def test_a_step_on_the_ridge_says_so():
    step = SingleNodeModel().solve(Models.Language.Llama3_8B, Hardware.Cloud.H100, batch_size=1, seq_len=128, phase="decode", efficiency=1)
    ridge = Hardware.Cloud.H100.replace(
        compute__peak__fp16=Hardware.Cloud.H100.compute.peak.fp16 * (step.number("latency_compute") / step.number("latency_memory"))
    )
    again = SingleNodeModel().solve(Models.Language.Llama3_8B, ridge, batch_size=1, seq_len=128, phase="decode", efficiency=1)
    assert again.elasticities("latency").kinks


# Why.


@every_result
def test_every_number_can_say_why(results, title):
    result = results[title]
    found = result.why()
    assert set(found) == set(result.to_dict())
    for name, why in found.items():
        assert why.value == result.number(name), name
        assert why.steps or why.leaves or why.value == 0, name
        if why.steps:
            assert why.steps[-1].value == why.value
            assert why.leaves, name
        one = result.why(name)
        assert one.value == why.value
        assert one.equations == why.equations
        assert name in repr(one)


@every_result
def test_every_step_is_its_equation(results, title):
    """Each step refers only to earlier ones, and has every argument of its equation."""
    for why in results[title].why().values():
        for position, step in enumerate(why.steps, 1):
            assert step.number == position
            assert list(step.inputs) == list(step.equation.arguments)
            for shown in step.inputs.values():
                if str(shown).startswith("["):
                    assert 1 <= int(str(shown)[1:-1]) < position


@every_result
def test_what_comes_from_the_zoo_says_where(results, title):
    known = {f.name: f for n in zoo.names() for f in zoo.load(n).facts.values()}
    seen = 0
    for why in results[title].why().values():
        for leaf, value in why.leaves.items():
            if leaf in known:
                fact = value.how.fact
                assert fact is known[leaf], leaf
                assert fact.source in repr(why)
                assert fact.where in repr(why)
                seen += 1
    assert seen


USED = {
    "single decode": (
        "latency",
        ["Hardware.Cloud.H100.memory.bandwidth", "Models.Language.Llama3_8B.layers", "Models.Language.Llama3_8B.vocab"],
    ),
    "single cnn": ("latency", ["Models.Vision.ResNet50.macs"]),
    "serving four": ("itl", ["Hardware.Cloud.H100.link.bandwidth", "Models.Language.Llama3_70B.kv_heads"]),
    "distributed tensor-pipeline": ("step_time", ["Systems.Nodes.DGX_H100.nic_bandwidth", "Hardware.Cloud.H100.compute.peak.bf16"]),
    "economics serving": (
        "cost_per_query",
        [
            "Infrastructure.Grids.Quebec.electricity_price",
            "Infrastructure.Datacenters.Meta_Fleet_2023.pue",
            "Systems.Nodes.HGX_H100_4.max_power",
            "Hardware.Cloud.H100.price",
        ],
    ),
    "sustainability": (
        "carbon",
        [
            "Infrastructure.Grids.US_Average.carbon_intensity",
            "Infrastructure.Datacenters.Meta_Fleet_2023.pue",
            "Systems.Nodes.DGX_H100.max_power",
        ],
    ),
    "reliability": ("goodput", ["Systems.Nodes.DGX_H100.reliability.node_mtbf", "Systems.Storage.Checkpoint_Store.write_bandwidth"]),
}


@pytest.mark.parametrize("title", USED)
def test_the_facts_that_it_rests_on(results, title):
    name, facts = USED[title]
    assert set(facts) <= {f.name for f in results[title].why(name).facts}


def test_a_fleets_own_oversubscription_is_its_fact():
    step = DistributedModel().solve(Models.Language.Llama3_8B, Systems.Clusters.Meta_RSC, batch_size=16000, seq_len=2048, zero_stage=1)
    assert "Systems.Clusters.Meta_RSC.oversubscription" in {f.name for f in step.why("dp_communication_time").facts}
