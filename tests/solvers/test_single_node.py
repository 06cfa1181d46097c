"""SingleNodeModel: published figures, and laws that hold for every input."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mlsysim import Efficiency, Hardware, HardwareNode, InfeasibleError, InputError, MissingFactError, Models, SingleNodeModel

LLAMA = Models.Language.Llama3_8B
H100 = Hardware.Cloud.H100
BIG = HardwareNode(
    name="big",
    compute={"peak": {"fp16": "1 PFLOP/s", "bf16": "1 PFLOP/s"}},
    memory={"capacity": "1000 TB", "bandwidth": "3 TB/s"},
    power={"tdp": "500 W"},
)

phases = st.sampled_from(["forward", "prefill", "decode", "training"])
batches = st.integers(1, 512)
sequences = st.integers(1, 8192)
factors = st.floats(1, 100)
models = st.sampled_from([LLAMA, Models.Language.Mixtral_8x7B, Models.Language.DeepSeek_V3, Models.Language.GPT3])


def solve(model=LLAMA, hardware=BIG, **arguments):
    """Solve with a precision that every phase has."""
    return SingleNodeModel().solve(model, hardware, **{"efficiency": 1} | {"precision": "bf16", **arguments})


def test_the_figure_of_llama3_8b():
    step = SingleNodeModel().solve(LLAMA, H100, batch_size=64, seq_len=2048, phase="decode", efficiency=1)
    assert step.latency.to("ms").magnitude == pytest.approx(9.61, rel=1e-3)
    assert step.bottleneck == "memory"
    assert step.label == "bound"
    by_hand = (2 * (8_030_261_248 - 128256 * 4096) + 64 * 2048 * 2 * 32 * 8 * 128 * 2) / 3.35e12
    assert step.number("latency") == pytest.approx(by_hand, rel=1e-12)


def test_llama3_70b_does_not_fit_one_device():
    step = SingleNodeModel().solve(Models.Language.Llama3_70B, H100, seq_len=2048, phase="decode", efficiency=1)
    assert not step.feasible
    with pytest.raises(InfeasibleError, match=r"141\.\d.* GB .*80 GB.* too much"):
        _ = step.latency


def test_ridge_point_and_energy_follow():
    step = SingleNodeModel().solve(LLAMA, H100, batch_size=64, seq_len=2048, phase="decode", efficiency=1)
    assert step.ridge_point.magnitude == pytest.approx(989.4 / 3.35, rel=1e-12)
    assert step.energy.to("J").magnitude == pytest.approx(700 * step.number("latency"), rel=1e-12)
    assert step.throughput.magnitude == pytest.approx(64 / step.number("latency"), rel=1e-12)


def test_a_mixture_computes_its_active_experts_and_reads_all_that_many_tokens_touch():
    """DeepSeek-V3 states 37 billion of 671 billion parameters active for a token."""
    model = Models.Language.DeepSeek_V3
    one, many = (solve(model, seq_len=1, batch_size=batch, phase="prefill") for batch in (1, 4096))
    for step, tokens in ((one, 1), (many, 4096)):
        assert step.number("latency_compute") * 1e15 / tokens == pytest.approx(2 * 37e9, rel=0.015)
    assert one.number("latency_memory") * 3e12 == pytest.approx(2 * 37e9, rel=0.015)
    assert many.number("latency_memory") * 3e12 == pytest.approx(2 * 671e9, rel=0.015)


def test_a_convolutional_network_needs_no_sequence():
    net = Models.Vision.ResNet50
    assert SingleNodeModel().solve(net, H100, batch_size=8, efficiency=1).feasible
    with pytest.raises(InputError, match="seq_len"):
        SingleNodeModel().solve(net, H100, seq_len=3, efficiency=1)
    with pytest.raises(InputError, match="seq_len"):
        SingleNodeModel().solve(LLAMA, H100, efficiency=1)
    with pytest.raises(InputError, match="decode"):
        SingleNodeModel().solve(net, H100, phase="decode", efficiency=1)


@given(models, phases, batches, sequences, factors)
def test_more_bandwidth_never_slows(model, phase, batch, sequence, factor):
    fast = BIG.replace(memory__bandwidth=BIG.memory.bandwidth * factor)
    slow, quick = (solve(model, h, batch_size=batch, seq_len=sequence, phase=phase) for h in (BIG, fast))
    assert quick.number("latency") <= slow.number("latency")


@given(models, phases, batches, sequences, factors)
def test_more_compute_never_slows(model, phase, batch, sequence, factor):
    fast = BIG.replace(compute__peak__bf16=BIG.compute.peak.bf16 * factor)
    slow, quick = (solve(model, h, batch_size=batch, seq_len=sequence, phase=phase) for h in (BIG, fast))
    assert quick.number("latency") <= slow.number("latency")


@given(models, phases, batches, sequences, st.floats(0.01, 1), st.floats(0.01, 1))
def test_nothing_beats_the_bound(model, phase, batch, sequence, compute, memory):
    arguments = {"batch_size": batch, "seq_len": sequence, "phase": phase}
    bound = solve(model, **arguments)
    real = solve(model, **arguments, efficiency=Efficiency(compute=compute, memory=memory))
    assert real.number("latency") >= bound.number("latency")
    assert 0 <= real.number("mfu") <= bound.number("mfu") <= 1 + 1e-12


@given(models, phases, batches, sequences, st.integers(1, 64), st.integers(0, 4096))
def test_time_grows_with_work(model, phase, batch, sequence, more, longer):
    less = solve(model, batch_size=batch, seq_len=sequence, phase=phase)
    wider = solve(model, batch_size=batch + more, seq_len=sequence, phase=phase)
    deeper = solve(model, batch_size=batch, seq_len=sequence + longer, phase=phase)
    assert wider.number("latency") >= less.number("latency")
    assert deeper.number("latency") >= less.number("latency")
    assert wider.number("memory_footprint") >= less.number("memory_footprint")


@given(models, batches, sequences)
def test_doubling_the_batch_never_lowers_decode_throughput(model, batch, sequence):
    one, two = (solve(model, batch_size=b, seq_len=sequence, phase="decode") for b in (batch, 2 * batch))
    assert two.number("throughput") >= one.number("throughput") * (1 - 1e-12)


@given(models, sequences)
def test_a_large_prefill_is_bound_by_compute_and_a_small_decode_by_memory(model, sequence):
    assert solve(model, batch_size=4096, seq_len=max(sequence, 1024), phase="prefill").bottleneck == "compute"
    assert solve(model, batch_size=1, seq_len=sequence, phase="decode").bottleneck == "memory"


@given(models, phases, batches, sequences)
def test_the_roofline(model, phase, batch, sequence):
    step = solve(model, batch_size=batch, seq_len=sequence, phase=phase)
    numbers = {n: step.number(n) for n in step.to_dict()}
    assert all(math.isfinite(v) and v >= 0 for v in numbers.values())
    assume(step.feasible)
    assert numbers["latency"] == max(numbers["latency_compute"], numbers["latency_memory"]) + numbers["latency_overhead"]
    assert (numbers["latency_overhead"] > 0) == (phase == "training")
    right = numbers["arithmetic_intensity"] >= numbers["ridge_point"]
    assume(not math.isclose(numbers["arithmetic_intensity"], numbers["ridge_point"], rel_tol=1e-9))
    assert (step.bottleneck == "compute") == right


@given(st.sampled_from(list(Models.Vision) + list(Models.Tiny)), batches, st.sampled_from(["forward", "training"]))
def test_convolutional_networks_obey_the_same_laws(model, batch, phase):
    one, two = (solve(model, batch_size=b, phase=phase) for b in (batch, 2 * batch))
    assert one.number("latency") <= two.number("latency") <= 2 * one.number("latency") * (1 + 1e-12)
    assert solve(model, batch_size=batch, phase="training").number("latency") > solve(model, batch_size=batch).number("latency")


@given(phases, batches, sequences)
def test_feasible_means_that_the_footprint_fits(phase, batch, sequence):
    step = SingleNodeModel().solve(LLAMA, H100, batch_size=batch, seq_len=sequence, precision="bf16", phase=phase, efficiency=1)
    assert step.feasible == (step.number("memory_footprint") <= 80e9)
    assert bool(step.reason) != step.feasible


@pytest.mark.parametrize("device", list(Hardware), ids=lambda d: d.zoo_name)
def test_every_model_meets_every_device(device):
    for model in Models:
        given_ = {"seq_len": 128} if model.takes_sequence else {}
        for precision in device.compute.peak.precisions:
            for phase in model.phases:
                if phase == "training" and precision not in model.training_precisions:
                    continue
                step = SingleNodeModel().solve(model, device, precision=precision, phase=phase, **{"efficiency": 1} | given_)
                assert step.number("memory_footprint") > 0
                if step.feasible:
                    assert step.number("latency") > 0, (model, precision, phase)
                else:
                    assert "too much" in step.reason, (model, precision, phase)


# Levels of memory.

HOSTED = {"seq_len": 512, "phase": "decode", "memory_level": "host"}


def test_weights_over_the_host_link_bound_a_small_batch():
    """16.06 GB less the input table, over one direction of PCIe Gen5: 15.01 GB / 64 GB/s."""
    step = SingleNodeModel().solve(Models.Language.Llama3_8B, Hardware.Cloud.H100, batch_size=1, **{"efficiency": 1} | HOSTED)
    assert step.number("latency") == pytest.approx((8_030_261_248 - 128256 * 4096) * 2 / 64e9, rel=1e-12)
    assert step.bottleneck == "memory"
    many = SingleNodeModel().solve(
        Models.Language.Llama3_8B, Hardware.Cloud.H100, **{"efficiency": 1} | {**HOSTED, "phase": "prefill"}, batch_size=512
    )
    assert many.bottleneck == "compute"


def test_a_model_that_does_not_fit_runs_from_the_host():
    llama = Models.Language.Llama3_70B
    assert not SingleNodeModel().solve(llama, Hardware.Cloud.H100, batch_size=8, seq_len=512, phase="decode", efficiency=1).feasible
    assert SingleNodeModel().solve(llama, Hardware.Cloud.H100, batch_size=8, **{"efficiency": 1} | HOSTED).feasible


@given(st.integers(1, 512), st.integers(1, 8192), st.sampled_from(["forward", "prefill", "decode"]))
def test_offload_is_never_faster_and_never_takes_more_memory(batch, length, phase):
    device = Hardware.Cloud.H100.replace(memory__capacity="1000 TB")
    near, far = (
        SingleNodeModel().solve(
            Models.Language.Mixtral_8x7B, device, batch_size=batch, seq_len=length, phase=phase, memory_level=level, efficiency=1
        )
        for level in ("main", "host")
    )
    assert far.number("latency") >= near.number("latency") * (1 - 1e-12)
    assert far.number("memory_footprint") <= near.number("memory_footprint")


def test_on_the_chip_the_cache_bounds():
    chip = Hardware.Cloud.H100.replace(memory__cache_bandwidth="20 TB/s", memory__cache="50 GB")
    arguments = {"batch_size": 4, "seq_len": 512, "phase": "decode"}
    near = SingleNodeModel().solve(Models.Language.Llama3_8B, chip, **{"efficiency": 1} | arguments, memory_level="cache")
    main = SingleNodeModel().solve(Models.Language.Llama3_8B, chip, **{"efficiency": 1} | arguments)
    assert main.number("latency") / near.number("latency") == pytest.approx(20 / 3.35, rel=1e-12)
    small = chip.replace(memory__cache="1 GB")
    full = SingleNodeModel().solve(Models.Language.Llama3_8B, small, **{"efficiency": 1} | arguments, memory_level="cache")
    assert not full.feasible
    assert "on chip needs" in full.reason


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"memory_level": "hbm"}, InputError, "memory_level='hbm' is none of main, cache, host"),
        ({"memory_level": "cache"}, MissingFactError, "cache_bandwidth"),
        ({"memory_level": "host", "phase": "training"}, InputError, "training of"),
        ({"memory_level": "host", "hardware": Hardware.Cloud.H100.replace(host_link=None)}, MissingFactError, "host_link"),
        ({"memory_level": "host", "model": Models.Vision.ResNet50, "seq_len": None}, InputError, "forward of"),
    ],
)
def test_a_level_that_is_not_there_is_refused(arguments, error, says):
    given_ = {"model": Models.Language.Llama3_8B, "hardware": Hardware.Cloud.H100, "seq_len": 64, **arguments}
    with pytest.raises(error, match=says):
        SingleNodeModel().solve(**{"efficiency": 1} | given_)
