"""Workloads: counts from geometry are the published ones, and geometries that cannot exist are refused."""

import pytest

from mlsysim import CNNWorkload, InputError, Models, ServingModel, Systems, TransformerWorkload
from mlsysim.readings import NUMBERS
from mlsysim.workloads import cache_bytes

TRANSFORMERS = [m for m in Models if isinstance(m, TransformerWorkload)]
MISPRINTS = {"Models.Language.Llama2_70B": 80 * 64}
"""What a third party's count has too many: stored rotary frequencies, 64 in each of 80 layers."""
WITHOUT_INPUT_EMBEDDING = {"Models.Language.DeepSeek_V3"}
"""Models whose publisher leaves the looked-up table out of the active parameters."""


def agrees(count, published):
    """Exactly where more than four digits are printed, else within half of the last digit."""
    digits = str(published).rstrip("0")
    if len(digits) > 4:
        return count == published
    return abs(count - published) <= 0.5 * 10 ** (len(str(published)) - len(digits))


def test_agreement_is_strict():
    assert agrees(174_604_259_328, 175_000_000_000)
    assert not agrees(174_400_000_000, 175_000_000_000)
    assert not agrees(8_030_261_249, 8_030_261_248)


@pytest.mark.parametrize("model", TRANSFORMERS, ids=lambda m: m.zoo_name)
def test_parameters_are_the_published_ones(model):
    published = model.published.parameters
    assert published is not None
    assert agrees(model.parameters, int(published) - MISPRINTS.get(model.zoo_name, 0))


@pytest.mark.parametrize("model", [m for m in TRANSFORMERS if m.published.active_parameters], ids=lambda m: m.zoo_name)
def test_active_parameters_are_the_published_ones(model):
    active = model.active_parameters
    if model.zoo_name in WITHOUT_INPUT_EMBEDDING:
        active -= int(model.vocab) * int(model.hidden)
    assert agrees(active, int(model.published.active_parameters))


def test_experts_are_all_that_active_parameters_leave_out():
    for model in TRANSFORMERS:
        if model.experts is None:
            assert model.active_parameters == model.parameters
        else:
            idle = (
                (model.layers - (model.dense_layers or 0)) * (model.experts - model.experts_active) * 3 * model.hidden * model.expert_width
            )
            assert model.parameters - model.active_parameters == idle


def test_kv_cache_of_llama3_70b():
    """2 x 80 layers x 8 heads x 128 x 4096 tokens x 32 sequences x 2 bytes."""
    model = Models.Language.Llama3_70B
    assert cache_bytes(NUMBERS, model.geometry, 4096.0, 32.0, 2.0) == 2 * 80 * 8 * 128 * 4096 * 32 * 2
    served = ServingModel().solve(model, node=Systems.Nodes.DGX_H100, batch_size=32, input_len=3840, output_len=256, tp_size=8)
    assert served.kv_cache_size.to("GB").magnitude == pytest.approx(42.9, abs=0.05)


def test_latent_attention_caches_the_latent():
    model = Models.Language.DeepSeek_V3
    assert cache_bytes(NUMBERS, model.geometry, 1.0, 1.0, 2.0) == 61 * (512 + 64) * 2


GOOD = {"layers": 2, "hidden": 64, "heads": 4, "kv_heads": 2, "mlp_width": 128, "vocab": 1000}


def test_a_tiny_transformer_by_hand():
    tiny = TransformerWorkload(name="tiny", **GOOD)
    attention = 64 * 64 * 2 + 64 * 32 * 2
    assert tiny.parameters == 2 * (attention + 3 * 64 * 128 + 2 * 64) + 64 + 2 * 1000 * 64


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"kv_heads": 3}, "kv_heads"),
        ({"kv_heads": 8}, "kv_heads"),
        ({"hidden": 66, "kv_heads": 4}, "head_dim"),
        ({"mlp_width": None}, "mlp_width"),
        ({"experts": 8}, "experts_active"),
        ({"experts": 8, "experts_active": 9, "expert_width": 8}, "experts_active"),
        ({"experts": 8, "experts_active": 2, "expert_width": 8, "dense_layers": 3}, "dense_layers"),
        ({"experts": 8, "experts_active": 2, "expert_width": 8, "dense_layers": 1, "mlp_width": None}, "dense_layers"),
        ({"layers": 0}, "layers"),
        ({"layers": 1.5}, "layers"),
        ({"hidden": -64}, "hidden"),
        ({"heads": None}, "heads"),
        ({"vocab": "many"}, "vocab"),
        ({"mla": {"query_rank": 8, "kv_rank": 8, "rope_dim": 8, "nope_dim": 8}}, "value_dim"),
    ],
    ids=str,
)
def test_a_geometry_that_cannot_exist_is_refused(changes, names):
    with pytest.raises(InputError, match=names):
        TransformerWorkload(name="odd", **{**GOOD, **changes})


@pytest.mark.parametrize("field", ["parameters", "macs", "activations"])
def test_a_convolutional_network_needs_its_counts(field):
    counts = {"parameters": 1e6, "macs": 1e8, "activations": 1e6}
    assert CNNWorkload(name="net", **counts).phases == ("forward", "training")
    with pytest.raises(InputError, match=field):
        CNNWorkload(name="net", **{k: v for k, v in counts.items() if k != field})


def test_phases_are_the_workloads_own():
    with pytest.raises(InputError, match="forward"):
        Models.Vision.ResNet50.check_phase("decode")
    with pytest.raises(InputError, match="decode"):
        Models.Language.Llama3_8B.check_phase("decoding")
    encoder = Models.Language.BERT_Large
    with pytest.raises(InputError, match="encoder"):
        ServingModel().solve(encoder, node=Systems.Nodes.DGX_H100, input_len=8, output_len=8)
