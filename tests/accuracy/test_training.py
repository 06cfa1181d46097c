"""Predictions of published measurements of training, and the solver's terms behind them."""

import numpy as np
import pytest

from mlsysim import Models, Systems, zoo
from mlsysim.accuracy import training
from mlsysim.accuracy.rows import Row, Unanswered, read
from mlsysim.errors import InputError
from mlsysim.profiles import profile
from mlsysim.solvers import DistributedModel

PLAIN = {
    "id": "X-1",
    "hw": "NVIDIA H100-80GB",
    "hw_count": "64",
    "nodes": "8",
    "interconnect": "8x400 Gbps NDR IB per node",
    "model": "GPT of one's own",
    "layers": "32",
    "hidden": "4096",
    "heads": "32",
    "ffn": "16384",
    "vocab": "50000",
    "gated_mlp": "0",
    "seq_len": "2048",
    "precision": "bf16-mixed",
    "framework": "Megatron-Core",
    "tp": "2",
    "pp": "2",
    "micro_batch": "1",
    "global_batch": "256",
    "recompute": "none",
    "metric": "iteration_time_s",
    "value": "1",
    "unit": "s",
}


def answer(**changes):
    return training.predict(Row(PLAIN | {n: str(v) for n, v in changes.items()}))


@pytest.fixture(scope="module")
def rows():
    return [r for r in read(zoo.root() / "measurements" / "training.csv") if training.takes(r)]


def error(row, predicted):
    return abs(predicted / row.number("value") - 1) if training.METRICS[row.text("metric")] else abs(row.number("value") / predicted - 1)


def test_rows_that_count_are_within_the_target(rows):
    errors = sorted(error(r, training.predict(r).value) for r in rows if training.headline(r))
    assert errors[len(errors) // 2] <= 0.09
    assert errors[len(errors) * 9 // 10] <= 0.28


def test_complete_rows_are_answered_and_none_beats_physics(rows):
    complete = [r for r in rows if r.text("complete") == "1"]
    answers = [training.predict(r) for r in complete]
    assert len(answers) == len(complete) > 300
    assert not [r.text("id") for r, a in zip(complete, answers, strict=True) if a.beyond]


def test_each_metric_is_the_same_step_in_other_words():
    step = answer().value
    tokens = 256 * 2048
    assert answer(metric="throughput_tokens_per_s_per_chip").value == pytest.approx(tokens / step / 64)
    assert answer(metric="samples_per_s").value == pytest.approx(256 / step)
    assert answer(metric="days_per_trillion_tokens").value == pytest.approx(1e12 / tokens * step / 86400)
    assert answer(metric="training_chip_hours", notes="tokens=1e+12").value == pytest.approx(1e12 / tokens * step * 64 / 3600)
    assert answer(metric="time_to_train_s", notes="tokens=1e+12").value == pytest.approx(1e12 / tokens * step)
    flops = answer(metric="achieved_model_tflops_per_chip").value
    assert answer(metric="mfu_percent").value == pytest.approx(100 * flops * 1e12 / 989.4e12)
    once = answer(metric="achieved_model_tflops_per_chip", notes="causal attention FLOPs").value
    assert 0.9 * flops < once < flops
    assert (
        answer(metric="achieved_hw_tflops_per_chip", recompute="full").value
        > 1.3 * answer(metric="achieved_model_tflops_per_chip", recompute="full").value
    )


def test_memory_of_the_paper_comes_out(rows):
    memory = [r for r in rows if training.kind(r) == "memory"]
    assert memory
    for row in memory:
        assert training.predict(row).bound == pytest.approx(row.number("value"), rel=1e-6)


@pytest.mark.parametrize(
    ("text", "precision"),
    [
        ("float8 rowwise, compiled", "fp8"),
        ("amp fp16", "fp16"),
        ("bf16/fp16-mixed", "bf16"),
        ("TF32", "tf32"),
        ("FP32", "fp32"),
        ("", "bf16"),
    ],
)
def test_precision_is_read_from_text(text, precision):
    device = zoo.load("Hardware.Cloud.H100")
    assert training._precision(Row({"precision": text}), device, []) == precision


def test_a_precision_that_the_device_lacks_is_replaced_and_said():
    told: list[str] = []
    assert training._precision(Row({"precision": "bf16"}), zoo.load("Hardware.Cloud.V100"), told) == "fp16"
    assert "no peak at bf16" in told[0]


@pytest.mark.parametrize(
    ("text", "framework", "recompute"),
    [
        ("full (grad ckpt)", "", "full"),
        ("selective", "torchtitan", "alternate"),
        ("selective + sequence parallel", "Megatron-LM", "selective"),
        ("minimal_flash", "MaxText", "none"),
        ("unknown", "", "none"),
    ],
)
def test_recomputation_is_read_from_text(text, framework, recompute):
    assert training._recompute(Row({"recompute": text, "framework": framework})) == recompute


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"micro_batch": ""}, "microbatch is not stated"),
        ({"global_batch": ""}, "global batch is not stated"),
        ({"tp": 3}, "divides the heads"),
        ({"hw_count": 63, "nodes": ""}, "no multiple of the layout"),
        ({"pp": 40, "hw_count": 64}, "No more pipeline stages than layers"),
        ({"vp": 20}, "no interleaving"),
        ({"vp": 3, "global_batch": 144}, "interleaved pipeline needs a multiple"),
        ({"tp": "", "pp": ""}, "No layout is stated"),
        ({"interconnect": ""}, "network between nodes is not stated"),
        ({"recompute": ""}, "not stated: none"),
        ({"recompute": "", "hidden": 8192, "ffn": 32768, "heads": 64, "micro_batch": 4, "layers": 64}, "not stated: full"),
        ({"heads": "", "ffn": "", "vocab": ""}, "heads is not stated"),
        ({"layers": "", "params": 6.4e9}, "number of layers is not stated"),
        ({"hidden": 16384, "heads": 128, "ffn": 65536, "layers": 100}, "capacity is lifted"),
    ],
)
def test_what_a_row_does_not_state_is_assumed_and_said(changes, said):
    found = answer(**changes)
    assert found.value > found.bound > 0
    assert any(said in a for a in found.assumptions), found.assumptions


def test_the_zoo_fills_in_models_that_a_row_only_names():
    assert answer(model="Llama-2-7B", layers="", hidden="", heads="", ffn="", vocab="").value > 0
    with pytest.raises(Unanswered, match="hidden size"):
        answer(model="nobody's", layers="", hidden="")
    with pytest.raises(Unanswered, match="hardware"):
        answer(hw="Abacus 3000")
    with pytest.raises(Unanswered, match="tokens"):
        answer(metric="training_chip_hours")


def test_hardware_in_brackets_and_chips_on_a_torus():
    assert answer(hw="NVIDIA Ampere (A100-class)").hardware == "Hardware.Cloud.A100"
    assert answer(hw="Google TPU v5p", nodes="", interconnect="ICI 3D torus", tp=1, pp=1, zero_stage=3).value > 0
    assert answer(hw="NVIDIA DGX-GB200", nodes=16).value > 0


MODEL, FLEET, SOLVER = Models.Language.Llama3_8B, Systems.Clusters.Research_256, DistributedModel()


def step(**changes):
    options = {"zero_stage": 3, "attention": "flash", "efficiency": profile("training")} | changes
    return SOLVER.solve(MODEL, FLEET, 512, 4096, **options)


def test_constants_are_shown_by_name_and_answer_to_every_reading():
    result = step()
    why = str(result.why("step_time"))
    assert "sustained_share" in why
    assert "constants.training.gemm_share" in result.elasticities("step_time")
    many = SOLVER.solve(MODEL, FLEET, np.array([256, 512]), 4096, zero_stage=3, attention="flash", efficiency=profile("training"))
    assert many.number("step_time")[1] == pytest.approx(result.number("step_time"))
    assert result.label == "estimate"


def test_a_ratio_leaves_every_further_term_out():
    whole, half = step(efficiency=1), step(efficiency=0.5)
    assert half.number("compute_time") == pytest.approx(2 * whole.number("compute_time"))
    assert "sustained_share" not in str(half.why("step_time"))


def test_recomputing_every_other_layer_lies_half_way():
    times = [step(recompute=n, efficiency=1).number("compute_time") for n in ("none", "alternate", "full")]
    assert times[1] == pytest.approx((times[0] + times[2]) / 2)
    stored = [step(recompute=n).number("memory_activations") for n in ("none", "alternate", "full")]
    assert stored[1] == pytest.approx((stored[0] + stored[2]) / 2)
    fitted = [step(recompute=n).number("step_time") for n in ("none", "alternate", "full")]
    assert fitted[0] < fitted[1] < fitted[2]


def test_full_precision_stores_twice_as_much():
    narrow, wide = step(precision="bf16"), step(precision="tf32")
    assert wide.number("memory_weights") == pytest.approx(2 * narrow.number("memory_weights"))
    assert wide.number("memory_activations") == pytest.approx(2 * narrow.number("memory_activations"))
    assert wide.number("checkpoint_size") == pytest.approx(12 / 14 * narrow.number("checkpoint_size"))
    assert wide.number("step_time") > narrow.number("step_time")


def test_newer_kernels_attend_faster_and_lower_power_slows_products():
    assert step(stack="megatron-bridge").number("step_time") < step().number("step_time")
    capped = FLEET.replace(node__accelerator__power__tdp="500 W")
    slower = SOLVER.solve(MODEL, capped, 512, 4096, zero_stage=3, attention="flash", efficiency=profile("training"))
    assert slower.number("step_time") > 1.05 * step().number("step_time")


def test_traffic_of_the_critical_path_can_hide():
    moe = Models.Language.Mixtral_8x7B
    options = {"ep_size": 8, "pp_size": 2, "tp_size": 2, "recompute": "full"}
    plain = SOLVER.solve(moe, FLEET, 512, 4096, **options)
    hidden = SOLVER.solve(moe, FLEET, 512, 4096, overlap=("stage", "expert"), **options)
    assert hidden.number("pp_communication_time") < plain.number("pp_communication_time")
    assert hidden.number("ep_communication_time") < plain.number("ep_communication_time")
    assert hidden.number("step_time") < plain.number("step_time")
    for wrong in ("stage", ("tensor",)):
        with pytest.raises(InputError, match="overlap"):
            SOLVER.solve(moe, FLEET, 512, 4096, overlap=wrong, **options)
