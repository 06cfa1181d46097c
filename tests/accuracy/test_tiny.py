"""Rows of small devices: what a text names, what is assumed, and how near predictions are."""

import statistics

import pytest

from mlsysim import Hardware, Models, SingleNodeModel, profile, zoo
from mlsysim.accuracy import microbench, tiny
from mlsysim.accuracy.rows import Row, Unanswered, read

ROWS = [r for r in read(zoo.root() / "measurements" / "tinyml_edge.csv") if tiny.headline(r)]


def row(**cells):
    """Return a row of a network of MLPerf Tiny, with other cells."""
    usual = {"model": "ResNet-8", "precision": "int8", "metric": "inferences_per_s", "batch": "1", "framework": "X-CUBE-AI v9.0.0"}
    return Row(usual | cells)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("NUCLEO_H7A3ZI_Q (32-Bit ARM Cortex-M7, 280 MHz)", "Hardware.Tiny.STM32H7A3"),
        ("NUCLEO-L4R5ZI_MICROTVM-NATIVE (32-bit Arm® Cortex®-M4)", "Hardware.Tiny.STM32L4R5"),
        ("CY8CPROTO_062_4343W (Cortex-M4, 150 MHz)", "Hardware.Tiny.PSoC_62"),
        ("NUCLEO-U575ZI-Q (Cortex-M33)", "Hardware.Tiny.STM32U575"),
        ("ESP32-S3-DevKitC", "Hardware.Tiny.ESP32_S3"),
        ("ESP32-C3 (RISC-V, 160 MHz)", "core.scalar"),
        ("Corstone-300 (Cortex-M55 + Ethos-U55-128, 500 MHz)", "core.ethos"),
        ("Some board (Arm Cortex-M85, 480 MHz)", "core.cortex_m85"),
        ("Some phone with Cortex-A53 cores", "core.cortex_a53"),
        ("Google Pixel 4 CPU, 4 threads", "Hardware.Mobile.Snapdragon_855"),
        ("Google Pixel 4 GPU", "Hardware.Mobile.Adreno_640"),
        ("Google Pixel 4 Edge TPU (Pixel Neural Core)", "Hardware.Mobile.Pixel_Neural_Core"),
        ("Google Pixel XL CPU, 1 big core", "Hardware.Mobile.Snapdragon_821"),
    ],
)
def test_a_text_names_a_device(text, name):
    assert tiny.device_name(row(hw=text)) == name


def test_what_names_neither_device_nor_core_is_refused():
    with pytest.raises(Unanswered, match="no small device called"):
        tiny.predict(row(hw="A toaster"))


def test_unknown_cores_say_what_is_assumed():
    answer = tiny.predict(row(hw="Some board (Arm Cortex-M7)", framework="homemade"))
    assert len(answer.assumptions) == 2
    assert "0.4 GHz is taken" in answer.assumptions[1]


def test_a_clock_and_threads_that_a_row_states_count():
    slow, fast = (tiny.predict(row(hw=f"STM32F446 ({f} MHz)")).value for f in (90, 180))
    assert fast == pytest.approx(2 * slow)
    one, four = (tiny.predict(row(hw=f"Google Pixel 4 CPU, {n} threads")).bound for n in (1, 4))
    assert four == pytest.approx(4 * one)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("X-CUBE-AI v7.3.0", "x-cube-ai-7"),
        ("X-CUBE-AI v8.1.0", "x-cube-ai-8.1"),
        ("STM32Cube.AI 10.0", "x-cube-ai-9"),
        ("ST Edge AI Core 2.0", "x-cube-ai-9"),
        ("Bosch Hardware-Aware Lowering Engine (HALE) version 1.0", "hale"),
        ("TensorFlow Lite Micro", "tflite-micro"),
        ("TFLite 2.4 with CMSIS-NN", "tflite-micro"),
        ("microTVM with CMSIS-NN", "microtvm"),
        ("TensorFlow Lite", "tflite-micro"),
        ("", ""),
    ],
)
def test_a_framework_names_a_stack(text, name):
    assert tiny.stack(row(hw="NUCLEO-L4R5ZI", framework=text)) == name


def test_energy_goes_with_the_supply_voltage_of_a_linear_regulator():
    cells = {"hw": "NUCLEO_L4R5ZI", "metric": "energy_uj_per_inference"}
    low, high = (tiny.predict(row(supply_v=v, **cells)).value for v in ("1.8", "3.0"))
    assert high / low == pytest.approx(3.0 / 1.8)
    assert "supply voltage" in tiny.predict(row(**cells)).assumptions[-1]


def test_networks_that_the_zoo_lacks_are_made_of_the_counts_of_a_row():
    answer = tiny.predict(row(hw="STM32H743", model="Something", gmacs="0.02", params="100000"))
    assert answer.value < answer.bound
    with pytest.raises(Unanswered, match="gmacs"):
        tiny.predict(row(hw="STM32H743", model="Something"))
    twice = tiny.predict(row(hw="STM32H743", gmacs="0.025003264"))
    assert any("not that of" in a for a in twice.assumptions)


def test_predictions_are_near_and_none_is_beyond_physics():
    errors = {"inference": [], "energy": []}
    for one in ROWS:
        answer = tiny.predict(one)
        assert not answer.beyond, one
        if "Mobile" not in answer.hardware:
            errors[answer.kind].append(abs(answer.value / one.number("value") - 1))
    for found in errors.values():
        assert statistics.median(found) <= 0.18
        assert statistics.quantiles(found, n=10)[-1] <= 0.35


def test_constants_show_by_name_and_a_ratio_leaves_them_out():
    solve = SingleNodeModel().solve
    case = (Models.Tiny.DS_CNN_KWS, Hardware.Tiny.STM32L4R5, 1, "int8")
    why = str(solve(*case, efficiency=profile("tiny"), stack="hale").why("latency"))
    for name in ("plain_depthwise.depthwise_cost", "tuned.software_slowdown", "tiny.efficiency_compute"):
        assert f"constants.tiny.{name}" in why or name.partition(".")[2] in why
    plain = solve(*case, efficiency=0.5)
    assert plain.number("latency") == pytest.approx(2 * solve(*case, efficiency=1).number("latency"))


def test_kernels():
    gemm = Row({"hw": "NVIDIA H100 SXM", "metric": "gemm_tflops", "precision": "bf16", "gemm_mnk": "8192"})
    assert 600 < microbench.predict(gemm).value < microbench.predict(gemm).bound
    copy = {"hw": "Google TPU v6e (Trillium)", "metric": "hbm_copy_gb_s_per_chip"}
    small, large = (microbench.predict(Row(copy | {"message_bytes": b})).value for b in ("1000000", "1000000000"))
    assert small < large < microbench.predict(Row(copy)).value < 1640
    assert microbench.kind(gemm) == "gemm"
    with pytest.raises(Unanswered):
        microbench.predict(Row({**copy, "hw": "A toaster"}))
