"""Workloads that see and make images: counts are the published ones, and a step is made of the same equations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim import CNNWorkload, DiffusionWorkload, Hardware, InputError, Models, SingleNodeModel, VisionTransformerWorkload

H100 = Hardware.Cloud.H100
BASE = {"image_size": 224, "patch": 16, "layers": 12, "hidden": 768, "heads": 12, "mlp_width": 3072, "classes": 1000}
LARGE = BASE | {"layers": 24, "hidden": 1024, "heads": 16, "mlp_width": 4096}
TINY = {"image_size": 8, "patch": 4, "layers": 2, "hidden": 64, "heads": 4, "mlp_width": 128}


def vit(**geometry):
    """Return a vision transformer."""
    return VisionTransformerWorkload(name="vit", **geometry)


@pytest.mark.parametrize(
    ("geometry", "parameters", "gmacs", "digit"),
    [
        (BASE, 86_567_656, 17.56, 0.01),
        (BASE | {"patch": 32}, 88_224_232, 4.41, 0.01),
        (LARGE, 304_326_632, 61.55, 0.01),
        (BASE | {"image_size": 384}, 86_859_496, 55.5, 0.1),
    ],
    ids=["B/16", "B/32", "L/16", "B/16 at 384"],
)
def test_counts_are_those_that_torchvision_prints(geometry, parameters, gmacs, digit):
    """Its column GFLOPS counts a multiply-accumulate once; here it is two FLOPs."""
    model = vit(**geometry)
    assert model.parameters == parameters
    assert model.forward_flops().to("GFLOP").magnitude / 2 == pytest.approx(gmacs, abs=digit / 2)
    assert model.training_flops().magnitude == pytest.approx(3 * model.forward_flops().magnitude)


def test_a_tiny_one_by_hand():
    """4 patches and a class token of 64 numbers; every map of a layer has a bias."""
    model = vit(**TINY, classes=10)
    layer = 4 * 64 * 64 + 4 * 64 + 2 * 64 * 128 + 128 + 64 + 4 * 64
    around = 4 * 4 * 3 * 64 + 64 + 5 * 64 + 64 + 2 * 64 + 64 * 10 + 10
    assert model.parameters == 2 * layer + around
    macs = 5 * 2 * (4 * 64 * 64 + 2 * 64 * 128) + 4 * (4 * 4 * 3 * 64) + 64 * 10 + 2 * 5 * 5 * 2 * 64
    assert model.forward_flops().to("flop").magnitude == 2 * macs


def test_a_configuration_is_read():
    config = {"architectures": ["ViTForImageClassification"], "id2label": {str(i): "" for i in range(1000)}, "image_size": 384}
    assert VisionTransformerWorkload.from_config(config).parameters == 86_859_496
    with pytest.raises(InputError, match=r"TransformerWorkload\.from_config"):
        VisionTransformerWorkload.from_config({"architectures": ["LlamaForCausalLM"]})
    with pytest.raises(InputError, match="not known"):
        VisionTransformerWorkload.from_config({"architectures": ["SwinForImageClassification"]})


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"image_size": 9}, "patch"),
        ({"heads": 5}, "heads"),
        ({"layers": 0}, "layers"),
        ({"conditioning": {"block_vectors": 6}}, "frequency"),
    ],
    ids=str,
)
def test_a_geometry_that_cannot_exist_is_refused(changes, names):
    with pytest.raises(InputError, match=names):
        vit(**{**TINY, **changes})


@given(st.integers(1, 256), st.sampled_from(["forward", "training"]))
def test_images_have_no_sequence_and_a_larger_batch_takes_longer(batch, phase):
    model = vit(**BASE)
    one, two = (SingleNodeModel().solve(model, H100, batch_size=b, phase=phase, precision="bf16", efficiency=1) for b in (batch, 2 * batch))
    assert one.number("latency") <= two.number("latency") <= 2 * one.number("latency") * (1 + 1e-12)
    assert one.throughput.magnitude == pytest.approx(batch / one.number("latency"), rel=1e-12)
    with pytest.raises(InputError, match="seq_len"):
        SingleNodeModel().solve(model, H100, seq_len=8, efficiency=1)
    with pytest.raises(InputError, match="decode"):
        SingleNodeModel().solve(model, H100, phase="decode", efficiency=1)


# Diffusion.

DIT = Models.Diffusion.DiT_XL2


def test_dit_has_its_published_counts():
    """675 million parameters; 119 billion multiply-accumulates, which the authors call Gflops, at 256 pixels, and 525 at 512."""
    assert DIT.parameters == pytest.approx(675e6, abs=0.5e6)
    assert DIT.denoiser.forward_flops().to("GFLOP").magnitude / 2 == pytest.approx(119, abs=0.5)
    assert DIT.denoiser.replace(image_size=64).forward_flops().to("GFLOP").magnitude / 2 == pytest.approx(525, abs=0.5)


def test_an_image_is_as_many_passes_as_it_has_steps():
    step = DIT.denoiser.forward_flops()
    assert DIT.image_flops().to("flop").magnitude == pytest.approx(2 * 250 * step.to("flop").magnitude, rel=1e-12)
    assert DIT.replace(guidance=False).image_flops() * 2 == DIT.image_flops()
    image = SingleNodeModel().solve(DIT, H100, batch_size=4, efficiency=1)
    passes = SingleNodeModel().solve(DIT.denoiser, H100, batch_size=8, efficiency=1)
    assert image.number("latency") == pytest.approx(250 * passes.number("latency"), rel=1e-12)
    assert image.memory_footprint == passes.memory_footprint
    assert image.throughput.magnitude == pytest.approx(4 / image.number("latency"), rel=1e-12)


def test_training_denoises_each_image_once():
    one, other = (
        SingleNodeModel().solve(m, H100, batch_size=4, phase="training", precision="bf16", efficiency=1) for m in (DIT, DIT.denoiser)
    )
    assert one.latency == other.latency


def test_a_denoiser_may_be_given_by_its_counts():
    net = CNNWorkload(name="U-Net", parameters=859_520_964, macs=3.4e11, activations=5e8)
    model = DiffusionWorkload(name="latent diffusion", denoiser=net, steps=50)
    assert model.parameters == 859_520_964
    assert model.image_flops().to("flop").magnitude == pytest.approx(50 * 2 * 2 * 3.4e11)
    image, step = (SingleNodeModel().solve(m, H100, batch_size=b, efficiency=1) for m, b in ((model, 1), (net, 2)))
    assert image.number("latency") == pytest.approx(50 * step.number("latency"), rel=1e-12)
    for bad in ({"steps": 0}, {"steps": None}, {"denoiser": Models.Language.BERT_Large}):
        with pytest.raises(InputError):
            DiffusionWorkload(**{"name": "odd", "denoiser": net, "steps": 5, **bad})


@pytest.mark.parametrize(("given", "needed", "other"), [({"macs": 1e9}, "needs 'parameters'", "patch"), ({}, "needs 'patch'", "macs")])
def test_a_denoiser_that_lacks_something_is_told_of_one_kind(given, needed, other):
    with pytest.raises(InputError, match=needed) as error:
        DiffusionWorkload(name="odd", steps=5, denoiser={"name": "net", **given})
    assert other not in str(error.value)
