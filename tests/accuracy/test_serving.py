"""Language models that answer, beside what others measured."""

import math
import statistics

import pytest

from mlsysim import Efficiency, Hardware, Models, ServingModel, SingleNodeModel, zoo
from mlsysim.accuracy import serving
from mlsysim.accuracy.rows import Row, Unanswered, read
from mlsysim.accuracy.score import quantile
from mlsysim.errors import InputError
from mlsysim.formats import BITS, weight_bytes
from mlsysim.profiles import profile

LLAMA, H100 = Models.Language.Llama3_8B, Hardware.Cloud.H100
SHAPE = {"batch_size": 8, "input_len": 512, "output_len": 256}


@pytest.fixture(scope="module")
def scored():
    found = []
    for row in read(zoo.root() / "measurements" / "llm_inference.csv"):
        if serving.takes(row):
            try:
                answer = serving.predict(row)
            except Unanswered:
                continue
            ratio = answer.value / row.number("value")
            found.append((row, answer, ratio if answer.rate else 1 / ratio))
    return found


def test_a_chip_that_does_not_sustain_its_peak_is_known(scored):
    """MLPerf on the MI300X, on which no constant is fitted: near with the share of its group, far too fast with that of others."""
    near = [r for row, _, r in scored if "MI300X" in row.text("hw") and row.text("source").startswith("MLPerf")]
    assert len(near) == 3
    assert all(0.9 < r < 1.15 for r in near)
    own, others = (profile("serving").on(hardware=f"Hardware.Cloud.{n}")[0]["efficiency_compute"] for n in ("MI300X", "H100"))
    assert own / others == pytest.approx((1273 / 2614.9) / (1402.6 / 1978.9), rel=0.05)


@pytest.mark.parametrize(
    ("kind", "median", "ninetieth"), [("decode1", 0.08, 0.20), ("batched", 0.10, 0.30), ("prefill", 0.15, 0.36), ("throughput", 0.12, 0.34)]
)
def test_errors_on_the_rows_that_count(scored, kind, median, ninetieth):
    errors = sorted(abs(r - 1) for row, answer, r in scored if serving.headline(row) and answer.kind == kind)
    assert len(errors) >= 25
    assert statistics.median(errors) < median
    assert quantile(errors, 0.9) < ninetieth


def test_nearly_every_complete_row_is_answered(scored):
    rows = [r for r in read(zoo.root() / "measurements" / "llm_inference.csv") if r.text("complete") == "1" and serving.takes(r)]
    answered = [row for row, _, _ in scored if row.text("complete") == "1"]
    assert len(answered) >= 0.95 * len(rows)


def test_no_prediction_is_beyond_its_bound(scored):
    assert not [row for row, answer, _ in scored if answer.beyond]


def test_a_ratio_and_an_efficiency_leave_the_constants_out():
    bound = ServingModel().solve(LLAMA, H100, efficiency=1, **SHAPE)
    assert ServingModel().solve(LLAMA, H100, efficiency=Efficiency(), **SHAPE).itl == bound.itl
    half = ServingModel().solve(LLAMA, H100, efficiency=0.5, **SHAPE)
    assert half.itl.m == pytest.approx(2 * bound.itl.m)
    assert not half.inputs.has("layer_time")


@pytest.mark.parametrize("stack", [None, "vllm", "llama.cpp"])
def test_both_solvers_give_one_step_of_decoding(stack):
    # the mean context of the serving solve is the sequence of the single one
    served = ServingModel().solve(LLAMA, H100, efficiency=None if stack else profile("serving"), stack=stack, **SHAPE)
    single = SingleNodeModel().solve(
        LLAMA, H100, batch_size=8, seq_len=640, phase="decode", efficiency=None if stack else profile("serving"), stack=stack
    )
    assert served.itl.m == single.latency.m


def test_constants_are_named_in_the_explanation():
    why = str(ServingModel().solve(LLAMA, H100, stack="vllm", **SHAPE).why("itl"))
    for name in ("efficiency_memory", "contention", "decode_layer_time", "moved_size", "continuous.sequence_time"):
        assert f"constants.serving.{name}" in why


def test_an_estimate_is_slower_than_the_bound_and_has_an_interval():
    bound = ServingModel().solve(LLAMA, H100, efficiency=1, **SHAPE)
    estimate = ServingModel().solve(LLAMA, H100, efficiency=profile("serving"), **SHAPE)
    assert estimate.label == "estimate"
    assert estimate.itl > bound.itl
    assert estimate.ttft > bound.ttft
    low, high = estimate.interval("itl")
    assert low < estimate.itl < high


def test_a_stack_on_stacked_memory_has_its_own_shares():
    on = [
        ServingModel().solve(LLAMA, d, stack="llama.cpp", batch_size=1, input_len=1, output_len=8).inputs.efficiency_memory
        for d in (Hardware.Cloud.A100, Hardware.Workstation.RTX_4090)
    ]
    assert on[0] < on[1]


def test_weights_of_few_bits_are_expanded():
    shape = {"batch_size": 1, "input_len": 1, "output_len": 2}
    plain = ServingModel().solve(LLAMA, H100, **shape)
    narrow = ServingModel().solve(LLAMA, H100, weight_precision="int4", **shape)
    assert "expansion_time" not in repr(plain.why("itl"))
    assert "expansion_time" in repr(narrow.why("itl"))
    assert "expansion_time" not in repr(ServingModel().solve(LLAMA, H100, weight_precision="int4", efficiency=1, **shape).why("itl"))
    assert narrow.itl.m > plain.itl.m / 4


def test_a_few_sequences_are_multiplied_one_by_one_in_portable_kernels():
    def step(batch, stack):
        card = Hardware.Workstation.RTX_3090
        shape = {"batch_size": batch, "input_len": 1, "output_len": 2}
        return ServingModel().solve(LLAMA, card, weight_precision="int4", stack=stack, **shape).itl.m

    assert step(8, None) < 1.15 * step(1, None)
    assert step(8, "llama.cpp") > 1.5 * step(1, "llama.cpp")
    assert step(9, "llama.cpp") < step(8, "llama.cpp")


def test_a_server_at_its_limit_is_within_it(scored):
    errors = sorted(abs(r - 1) for row, answer, r in scored if answer.kind == "latency")
    assert len(errors) == 39
    assert statistics.median(errors) < 0.25
    row = Row({"model": "Llama-2-70B", "hw": "NVIDIA H100-SXM-80GB", "unit": "ms", "metric": "server_mean_tpot_ms"})
    token = serving.predict(row)
    first = serving.predict(Row({**row.cells, "metric": "server_mean_ttft_ms"}))
    assert token.value < serving.TOKEN_LIMITS["llama-2-70b"]
    assert first.value == pytest.approx(serving.TO_FIRST * token.value)
    with pytest.raises(Unanswered, match="no limit"):
        serving.predict(Row({**row.cells, "model": "Falcon-7B"}))


def test_an_unknown_stack_is_refused_with_the_nearest_name():
    with pytest.raises(InputError, match="vllm"):
        ServingModel().solve(LLAMA, H100, stack="vlm", **SHAPE)


@pytest.mark.parametrize(
    ("text", "stack"),
    [
        ("vLLM 0.11", "vllm"),
        ("SGLang v0.4", "sglang"),
        ("llama.cpp b6000, Metal", "llama.cpp"),
        ("llama.cpp (llama-bench, 2024-05)", "llama.cpp 2024"),
        ("gpt-fast (PyTorch compile)", "gpt-fast"),
        ("TensorRT-LLM 0.9.0 (gptSessionBenchmark, static batch)", "tensorrt-llm static"),
        ("TensorRT-LLM 1.2", None),
        ("something new", None),
    ],
)
def test_stacks_are_read_from_free_text(text, stack):
    assert serving.stack_of(text) == stack


@pytest.mark.parametrize(
    ("text", "bits"),
    [("bf16", 16), ("fp8", 8), ("Q4_0", 4.5), ("Q4_K_M", BITS["q4_k_m"]), ("EXL2 3.0 bpw", 3), ("Q8_0", 8.5), ("unheard of", 16)],
)
def test_formats_are_read_from_free_text(text, bits):
    assert serving.format_of(text, LLAMA, "").bits == bits


def test_the_size_of_a_file_tells_the_bits():
    assert serving.format_of("Q4_K_M (4.58 GiB)", LLAMA, "").bits == pytest.approx(BITS["q4_k_m"], rel=0.01)


def test_experts_alone_are_quantised_in_some_formats():
    model = Models.Language.GPT_OSS_20B
    written = serving.format_of("mxfp4", model, "")
    assert 4.25 < written.average(model, 64) < written.average(model, 1) < 16


@pytest.mark.parametrize(("text", "size"), [("int4", 0.5), ("Q4_0", 4.5 / 8), ("4.5 bits", 4.5 / 8), ("1 bit", 1 / 8)])
def test_weights_have_bytes(text, size):
    assert weight_bytes(text) == size


@pytest.mark.parametrize("text", ["q3.5", "0.5 bits", "100 bits", 4, None])
def test_unknown_formats_are_refused(text):
    with pytest.raises(InputError):
        weight_bytes(text)


def test_a_text_may_name_several_devices():
    assert serving.of_device("fp8 (A100: int8, H100: fp8 row-wise)", "NVIDIA H100") == "fp8  fp8 row-wise"


def row(**cells):
    plain = {
        "hw": "NVIDIA H100-80GB SXM", "hw_count": "1", "model": "Llama-3.1-8B", "precision": "bf16", "framework": "vLLM", "batch": "8",
        "input_len": "512", "output_len": "128", "metric": "decode_tokens_per_s_total", "unit": "tokens/s",
    }  # fmt: skip
    return Row(plain | cells)


def test_what_a_row_does_not_state_is_an_assumption():
    answer = serving.predict(row(input_len="", output_len=""))
    assert any("prompts" in a for a in answer.assumptions)
    assert any("answers" in a for a in answer.assumptions)


@pytest.mark.parametrize("metric", serving.METRICS)
def test_every_metric_has_an_answer(metric):
    cells = {"model": "BERT-Large", "arch": "encoder"} if metric.startswith("encoder") else {}
    answer = serving.predict(row(metric=metric, **cells))
    assert math.isfinite(answer.value)
    assert answer.value > 0
    assert not answer.beyond


@pytest.mark.parametrize("cells", [{"hw": "Abacus 3000"}, {"model": "a model of no name"}, {"metric": "ttft_ms", "input_len": ""}])
def test_what_cannot_be_answered_says_why(cells):
    with pytest.raises(Unanswered):
        serving.predict(row(**cells))
