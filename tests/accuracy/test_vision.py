"""Predictions of vision, recommendation and diffusion rows, and the terms behind them."""

import numpy as np
import pytest

from mlsysim import Efficiency, Hardware, InputError, Models, SingleNodeModel, zoo
from mlsysim.accuracy import other, vision
from mlsysim.accuracy.rows import Row, Unanswered, read
from mlsysim.accuracy.score import quantile
from mlsysim.profiles import profile

SOLVER = SingleNodeModel()
RESNET = {
    "model": "resnet50",
    "arch": "cnn",
    "params": "25560000",
    "gmacs": "4.11",
    "macts": "11.11",
    "img_size": "224",
    "batch": "256",
    "hw": "NVIDIA RTX 3090",
    "hw_count": "1",
    "precision": "amp fp16",
    "framework": "PyTorch eager",
    "metric": "inference_images_per_s",
    "unit": "images/s",
}


def row(**changes: str) -> Row:
    return Row(RESNET | changes)


@pytest.fixture(scope="module")
def everything() -> list[tuple[Row, float]]:
    """Every answered row with the ratio of predicted to measured speed."""
    found = []
    for one in read(zoo.root() / "measurements" / "vision.csv"):
        assert vision.takes(one), one
        try:
            answer = vision.predict(one)
        except Unanswered:
            assert one.text("complete") == "0", one
            continue
        assert not answer.beyond, one
        ratio = answer.value / one.number("value")
        found.append((one, ratio if answer.rate else 1 / ratio))
    return found


def test_rows_that_count_are_met(everything):
    errors = sorted(abs(ratio - 1) for one, ratio in everything if vision.headline(one))
    assert len(errors) >= 80
    assert quantile(errors, 0.5) < 0.13
    assert quantile(errors, 0.9) < 0.40


def test_complete_rows_are_met(everything):
    errors = sorted(abs(ratio - 1) for one, ratio in everything if one.text("complete") == "1")
    assert len(errors) >= 600
    assert quantile(errors, 0.5) < 0.14
    assert quantile(errors, 0.9) < 0.42


def test_recommendation_and_diffusion_are_met():
    rows = read(zoo.root() / "measurements" / "other_inference.csv")
    errors = []
    for one in rows:
        assert other.takes(one)
        answer = other.predict(one)
        assert not answer.beyond
        errors.append(abs(answer.value / one.number("value") - 1))
    assert quantile(sorted(errors), 0.5) < 0.15


@pytest.mark.parametrize("model", [Models.Vision.ResNet50, Models.Vision.ViT_B16, Models.Vision.MobileNetV2])
@pytest.mark.parametrize("phase", ["forward", "training"])
def test_constants_slow_a_step_down_and_ratios_do_not_use_them(model, phase):
    given = {"batch_size": 32, "precision": "fp16", "phase": phase}
    bound = SOLVER.solve(model, Hardware.Cloud.A100, **given, efficiency=1)
    likely = SOLVER.solve(model, Hardware.Cloud.A100, **given, efficiency=profile("vision"))
    halved = SOLVER.solve(model, Hardware.Cloud.A100, **given, efficiency=Efficiency(0.5, 0.5))
    assert likely.label == "estimate"
    assert likely.latency > bound.latency
    assert halved.number("latency") == pytest.approx(2 * bound.number("latency_compute"), rel=1e-12) or halved.latency > bound.latency
    assert "efficiency_vector" not in repr(halved.why("latency"))


def test_the_constants_are_shown_by_name():
    likely = SOLVER.solve(Models.Vision.ResNet50, Hardware.Cloud.A100, batch_size=8, efficiency=profile("vision"))
    assert "efficiency_vector" in str(likely.why("latency"))


def test_every_reading_takes_the_terms():
    using = profile("vision")
    many = SOLVER.solve(Models.Vision.ResNet50, Hardware.Cloud.A100, batch_size=np.array([1, 256]), efficiency=using)
    for batch, latency in zip((1, 256), many.latency, strict=True):
        one = SOLVER.solve(Models.Vision.ResNet50, Hardware.Cloud.A100, batch_size=batch, efficiency=using)
        assert one.latency.to("s").magnitude == pytest.approx(latency.to("s").magnitude, rel=1e-12)


@pytest.mark.parametrize(
    ("faster", "slower"),
    [
        ({"framework": "PyTorch torch.compile"}, {}),
        ({"framework": "TensorRT 10"}, {"framework": "torch.compile"}),
        ({}, {"precision": "tf32"}),
        ({}, {"metric": "training_images_per_s"}),
        ({}, {"model": "densenet_of_its_kind"}),
        ({"hw": "NVIDIA RTX 4090"}, {}),
        ({"metric": "offline_samples_per_s"}, {"metric": "server_samples_per_s"}),
        ({"metric": "offline_samples_per_s"}, {"metric": "offline_samples_per_s", "locator": "system_MaxQ"}),
        ({"hw_count": "4", "batch": "1024"}, {}),
    ],
)
def test_what_makes_a_row_faster(faster, slower):
    assert vision.predict(row(**faster)).value > vision.predict(row(**slower)).value


def test_small_batches_wait_for_the_host():
    one, two = (vision.predict(row(batch=b)).value for b in ("1", "2"))
    assert two == pytest.approx(2 * one, rel=0.05)


def test_unknown_names_take_what_is_usual():
    assert vision.predict(row(model="something_new", arch="vit")).value > 0
    assert vision.passes("something_new", "cnn-detector") == vision.USUAL["cnn"]
    assert vision.predict(row(framework="", precision="half")).value > 0


@pytest.mark.parametrize(
    "changes",
    [{"model": "something_new", "gmacs": ""}, {"precision": "mixed feelings in base 3", "hw": "NVIDIA RTX 9999"}, {"precision": "posit"}],
)
def test_what_cannot_be_answered_says_why(changes):
    with pytest.raises(Unanswered):
        vision.predict(row(**changes))


def test_the_zoo_fills_in_counts_for_another_image_size():
    small, large = (vision.predict(row(gmacs="", macts="", params="", img_size=s)).value for s in ("160", "320"))
    assert small > 3 * large


def test_tail_latency_follows_the_limit():
    answer = vision.predict(row(metric="server_p99_latency_ms", model="ResNet-50 v1.5", unit="ms"))
    assert 0 < answer.value < 15
    with pytest.raises(Unanswered):
        vision.predict(row(metric="server_p99_latency_ms", model="3D-UNet", unit="ms"))


def test_a_wrong_kind_of_profile_is_refused():
    with pytest.raises(InputError):
        SOLVER.solve(Models.Vision.ResNet50, Hardware.Cloud.A100, efficiency=profile("other"))
