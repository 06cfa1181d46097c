"""Workloads: counts from geometry are the published ones, and geometries that cannot exist are refused."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim import CNNWorkload, Hardware, InfeasibleError, InputError, Models, ServingModel, SingleNodeModel, Systems, TransformerWorkload
from mlsysim.readings import NUMBERS
from mlsysim.workloads import attention_work, cache_bytes, decode_work

TRANSFORMERS = [m for m in Models if isinstance(m, TransformerWorkload)]
MISPRINTS = {
    "Models.Language.Llama2_70B": 80 * 64,
    "Models.Language.Llama2_13B": 40 * 64,
    "Models.Language.Llama4_Scout": 871_932_416,
    "Models.Language.GLM4_5": (2 * 96 + 2 * 8) * 128 * 5120 + (160 + 1) * 3 * 5120 * 1536 + 160 * 5120 - 2 * 151552 * 5120,
}
"""What a printed count has too many: stored rotary frequencies, 64 in each layer (Llama 2); a vision tower (Llama 4); the matrices of a
further layer with experts that predicts ahead, less both vocabulary matrices (GLM-4.5)."""
WITHOUT_INPUT_EMBEDDING = {
    "Models.Language.DeepSeek_R1",
    "Models.Language.DeepSeek_V2_Lite",
    "Models.Language.DeepSeek_V3",
    "Models.Language.GPT_OSS_20B",
    "Models.Language.GPT_OSS_120B",
    "Models.Language.Kimi_K2",
}
"""Models whose publisher leaves the looked-up table out of the active parameters."""
WITHOUT_EMBEDDINGS = {"Models.Language.GLM4_5"}
"""Models whose publisher leaves the output head out of them as well."""
CUT_OFF = {
    "Models.Language.DeepSeek_V2_Lite.published.active_parameters",
    "Models.Language.Llama1_65B.published.parameters",
    "Models.Language.Llama3_2_1B.published.parameters",
    "Models.Language.Phi2.published.parameters",
    "Models.Language.Qwen3_30B_A3B.published.active_parameters",
}
"""Figures whose last digit is cut off, not rounded: 2.45 printed as 2.4."""


def agrees(count, published, cut_off=False):
    """Exactly where more than four digits are printed, else within half of the last digit; from it to the next where it is cut off."""
    digits = str(published).rstrip("0")
    last = 10 ** (len(str(published)) - len(digits))
    if len(digits) > 4:
        return count == published
    return published <= count < published + last if cut_off else abs(count - published) <= 0.5 * last


def test_agreement_is_strict():
    assert agrees(174_604_259_328, 175_000_000_000)
    assert not agrees(174_400_000_000, 175_000_000_000)
    assert not agrees(8_030_261_249, 8_030_261_248)
    assert agrees(2_451_000_000, 2_400_000_000, cut_off=True)
    assert not agrees(2_399_000_000, 2_400_000_000, cut_off=True)
    assert not agrees(2_500_000_000, 2_400_000_000, cut_off=True)


@pytest.mark.parametrize("model", TRANSFORMERS, ids=lambda m: m.zoo_name)
def test_parameters_are_the_published_ones(model):
    published = model.published.parameters
    assert published is not None
    cut_off = f"{model.zoo_name}.published.parameters" in CUT_OFF
    assert agrees(model.parameters + MISPRINTS.get(model.zoo_name, 0), int(published), cut_off)


@pytest.mark.parametrize("model", [m for m in TRANSFORMERS if m.published.active_parameters], ids=lambda m: m.zoo_name)
def test_active_parameters_are_the_published_ones(model):
    tables = 2 * (model.zoo_name in WITHOUT_EMBEDDINGS) + (model.zoo_name in WITHOUT_INPUT_EMBEDDING)
    active = model.active_parameters - tables * int(model.vocab) * int(model.hidden)
    assert agrees(active, int(model.published.active_parameters), f"{model.zoo_name}.published.active_parameters" in CUT_OFF)


def test_exceptions_are_all_needed():
    """A figure that agrees as printed has no business in the tables above."""
    entries = {m.zoo_name: m for m in TRANSFORMERS}
    assert set(MISPRINTS) | WITHOUT_INPUT_EMBEDDING | WITHOUT_EMBEDDINGS <= set(entries)
    for name in MISPRINTS:
        assert not agrees(entries[name].parameters, int(entries[name].published.parameters)), name
    for name in WITHOUT_INPUT_EMBEDDING | WITHOUT_EMBEDDINGS:
        assert not agrees(entries[name].active_parameters, int(entries[name].published.active_parameters)), name
    for figure in CUT_OFF:
        name, _, field = figure.partition(".published.")
        assert not agrees(getattr(entries[name], field), int(entries[name].get(f"published.{field}"))), figure


def test_experts_are_all_that_active_parameters_leave_out():
    for model in TRANSFORMERS:
        if model.experts is None:
            assert model.active_parameters == model.parameters
        else:
            idle = (
                (model.layers - (model.dense_layers or 0))
                * (model.experts - model.experts_active)
                * (3 * model.hidden * model.expert_width + model.expert_bias * (2 * model.expert_width + model.hidden))
            )
            assert model.parameters - model.active_parameters == idle


def test_kv_cache_of_llama3_70b():
    """2 x 80 layers x 8 heads x 128 x 4096 tokens x 32 sequences x 2 bytes."""
    model = Models.Language.Llama3_70B
    assert cache_bytes(NUMBERS, model.geometry, 4096.0, 32.0, 2.0) == 2 * 80 * 8 * 128 * 4096 * 32 * 2
    served = ServingModel().solve(
        model, node=Systems.Nodes.DGX_H100, batch_size=32, input_len=3840, output_len=256, tp_size=8, efficiency=1
    )
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


CLASSIC = TransformerWorkload(
    name="classic", layers=48, hidden=6144, heads=64, mlp_width=4 * 6144, gated=False, vocab=51200, tied=True, learned_positions=2048
)


@given(st.integers(1, 65536))
def test_the_full_square_is_the_formula_of_the_literature(tokens):
    """Korthikanti et al. 2022, appendix A: 72 B L s h^2 (1 + s / 6h + V / 12hL) in training; and 6N + 12LHQT a token."""
    layers, h, vocab = 48, 6144, 51200
    wanted = 72 * layers * tokens * h**2 * (1 + tokens / (6 * h) + vocab / (12 * h * layers))
    found = CLASSIC.training_flops(tokens, attention="full").to("flop").magnitude
    assert found == pytest.approx(wanted, rel=1e-12)
    multiplying = layers * 12 * h**2 + vocab * h
    assert found == pytest.approx(tokens * (6 * multiplying + 12 * layers * 64 * 96 * tokens), rel=1e-12)
    assert found == pytest.approx(tokens * NUMBERS.training_work_per_token(multiplying, layers, 64, 96, tokens), rel=1e-12)


@given(st.sampled_from(TRANSFORMERS), st.integers(1, 65536))
def test_causal_attention_is_at_most_the_full_square(model, tokens):
    full = model.forward_flops(tokens, attention="full")
    assert model.forward_flops(tokens) <= full
    assert model.training_flops(tokens).magnitude == pytest.approx(3 * model.forward_flops(tokens).magnitude, rel=1e-12)
    if model.causal:
        assert model.forward_flops(tokens, attention="causal") == model.forward_flops(tokens)
    else:
        assert model.forward_flops(tokens) == full


def test_a_reading_of_attention_that_there_is_not_is_refused():
    with pytest.raises(InputError, match="'causal' and 'full'"):
        CLASSIC.forward_flops(8, attention="half")
    with pytest.raises(InputError, match="has 'full'"):
        Models.Language.BERT_Large.training_flops(8, attention="causal")
    with pytest.raises(InputError, match="seq_len"):
        CLASSIC.forward_flops(0)


def local(window, **pattern):
    """Return a small transformer with a window."""
    return TransformerWorkload(name="local", **{**GOOD, "layers": 12}, window=window, **pattern)


WHOLE = TransformerWorkload(name="whole", **{**GOOD, "layers": 12})
windows, lengths = st.integers(1, 4096), st.integers(1, 8192)
patterns = st.sampled_from([{}, {"global_every": 1}, {"global_every": 2}, {"global_every": 6}, {"global_every": 12}, {"global_layers": 5}])


def asked(model, new, past):
    """Return what attention and the cache ask for: prefill after a past, one more token, bytes held."""
    g = model.geometry
    return (
        attention_work(NUMBERS, g, 3.0, float(new), float(past)),
        decode_work(NUMBERS, g, 3.0, float(new + past)),
        cache_bytes(NUMBERS, g, float(new + past), 3.0, 2.0),
    )


@given(windows, patterns, lengths, st.integers(0, 8192))
def test_a_window_never_adds_work_or_cache(window, pattern, new, past):
    whole, wide, narrow = (
        asked(WHOLE, new, past),
        asked(local(window + 1, **pattern), new, past),
        asked(local(window, **pattern), new, past),
    )
    for more, less in zip((*whole, *wide), (*wide, *narrow), strict=True):
        assert less <= more * (1 + 1e-12)


@given(patterns, lengths, st.integers(0, 8192))
def test_a_window_over_the_whole_sequence_is_full_attention(pattern, new, past):
    assert asked(local(new + past, **pattern), new, past) == pytest.approx(asked(WHOLE, new, past), rel=1e-12)


def test_local_layers_by_hand():
    """12 layers of 4 heads of 16 dimensions; every third is global; a window of 4 tokens, 6 new ones after 3."""
    model = local(4, global_every=3)
    everything, inside = 4 + 5 + 6 + 7 + 8 + 9, 6 * 4
    per_pair = 2 * 4 * (16 + 16)
    assert attention_work(NUMBERS, model.geometry, 1.0, 6.0, 3.0) == pytest.approx((4 * everything + 8 * inside) * per_pair, rel=1e-12)
    assert cache_bytes(NUMBERS, model.geometry, 9.0, 1.0, 2.0) == pytest.approx((4 * 9 + 8 * 4) * 2 * 2 * 16 * 2, rel=1e-12)
    matrices = decode_work(NUMBERS, model.geometry, 1.0, 9.0) - (4 * 9 + 8 * 4) * per_pair
    assert matrices == pytest.approx(2 * (12 * (64 * 64 * 2 + 64 * 32 * 2 + 3 * 64 * 128) + 64 * 1000), rel=1e-12)


def test_chunks_by_hand():
    """12 layers, every third global; chunks of 4 tokens, 6 new ones after 3: they end a chunk, fill one and begin a third."""
    model = local(4, global_every=3, chunked=True)
    everything, inside = 4 + 5 + 6 + 7 + 8 + 9, 4 + (1 + 2 + 3 + 4) + 1
    per_pair = 2 * 4 * (16 + 16)
    assert attention_work(NUMBERS, model.geometry, 1.0, 6.0, 3.0) == pytest.approx((4 * everything + 8 * inside) * per_pair, rel=1e-12)
    held, met = (cache_bytes(NUMBERS, model.geometry, 9.0, 1.0, 2.0, met=m) for m in (False, True))
    assert held == pytest.approx((4 * 9 + 8 * 4) * 2 * 2 * 16 * 2, rel=1e-12)
    assert met == pytest.approx((4 * 9 + 8 * 2.5) * 2 * 2 * 16 * 2, rel=1e-12)
    slid = local(4, global_every=3)
    assert decode_work(NUMBERS, slid.geometry, 1.0, 9.0) - decode_work(NUMBERS, model.geometry, 1.0, 9.0) == pytest.approx(
        8 * 1.5 * per_pair, rel=1e-9
    )


@given(st.integers(1, 64), st.integers(1, 300), st.integers(0, 300))
def test_pairs_of_chunks_are_those_that_the_mask_leaves(chunk, new, past):
    one = local(chunk, chunked=True).replace(layers=1)
    counted = sum(i % chunk + 1 for i in range(past, past + new))
    assert attention_work(NUMBERS, one.geometry, 1.0, float(new), float(past)) == pytest.approx(counted * 2 * 4 * 32, rel=1e-12)


@given(windows, patterns, lengths, st.integers(0, 8192))
def test_a_chunk_never_asks_for_more_than_a_window_of_its_length(window, pattern, new, past):
    slid, chunked = asked(local(window, **pattern), new, past), asked(local(window, chunked=True, **pattern), new, past)
    assert all(less <= more * (1 + 1e-12) for more, less in zip(slid, chunked, strict=True))
    if new + past <= window:
        assert chunked == pytest.approx(slid, rel=1e-12)


def test_serving_reads_half_of_the_chunk_that_it_holds():
    """Where all layers are local and contexts long, tokens read half of the cache; weights are small here."""
    chunked, slid = local(1024, chunked=True), local(1024)
    a, b = (
        ServingModel().solve(m, Hardware.Cloud.H100, batch_size=64, input_len=8192, output_len=16, efficiency=1) for m in (chunked, slid)
    )
    assert a.number("kv_cache_size") == b.number("kv_cache_size")
    assert a.number("memory_footprint") == b.number("memory_footprint")
    assert 0.5 < a.number("itl") / b.number("itl") < 0.6


def test_full_attention_calls_no_more_equations_for_windows():
    called = set()

    class Watch:
        def __getattr__(self, name):
            called.add(name)
            return getattr(NUMBERS, name)

    g = WHOLE.geometry
    attention_work(Watch(), g, 1.0, 8.0), decode_work(Watch(), g, 1.0, 8.0), cache_bytes(Watch(), g, 8.0, 1.0, 2.0)
    assert not called & {"windowed_pairs", "chunked_pairs", "layer_mean_pairs", "layer_mean_context", "layer_mean_chunk_context"}


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"window": 0}, "window"),
        ({"global_every": 2}, "needs a window"),
        ({"global_layers": 1}, "needs a window"),
        ({"chunked": True}, "needs a window"),
        ({"window": 8, "global_layers": 3}, "at most 2"),
        ({"window": 8, "global_layers": 1, "global_every": 2}, "no global_every"),
        ({"window": 8, "causal": False}, "looks both ways"),
    ],
    ids=str,
)
def test_windows_that_cannot_exist_are_refused(changes, names):
    with pytest.raises(InputError, match=names):
        TransformerWorkload(name="odd", **{**GOOD, **changes})


@pytest.mark.parametrize("field", ["parameters", "macs", "activations"])
def test_a_convolutional_network_needs_its_counts(field):
    counts = {"parameters": 1e6, "macs": 1e8, "activations": 1e6}
    assert CNNWorkload(name="net", **counts).phases == ("forward", "training")
    with pytest.raises(InputError, match=field):
        CNNWorkload(name="net", **{k: v for k, v in counts.items() if k != field})


def test_a_network_answers_on_a_microcontroller_or_says_what_is_too_much():
    """Weights in flash, the activations held at once in RAM: either can be what does not fit."""
    board, solver = Hardware.Tiny.ESP32, SingleNodeModel()
    small = CNNWorkload(name="small", parameters=20_000, macs=3e6, activations=100_000, peak_activations=16_000)
    fits = solver.solve(small, board, precision="int8", efficiency=1)
    assert fits.feasible
    assert fits.number("memory_footprint") == 20_000 + 16_000
    assert fits.number("latency") >= 2 * 3e6 / 0.96e9
    for wide, says in ((small.replace(peak_activations=10**6), r"needs 1.* MB .*has 0?\.?5"), (small.replace(parameters=10**8), "needs 1")):
        step = solver.solve(wide, board, precision="int8", efficiency=1)
        assert not step.feasible
        assert re.search(says, step.reason), step.reason
        assert " -" not in step.reason
        with pytest.raises(InfeasibleError, match="too much"):
            _ = step.latency
    with pytest.raises(InputError, match="fp16"):
        SingleNodeModel().solve(small, board, precision="fp16", efficiency=1)
    for refused in (Models.Vision.ViT_B16, Models.Diffusion.DiT_XL2, Models.Recommendation.DLRM_DCNv2):
        assert not SingleNodeModel().solve(refused, board, precision="int8", efficiency=1).feasible


def test_phases_are_the_workloads_own():
    with pytest.raises(InputError, match="forward"):
        Models.Vision.ResNet50.check_phase("decode")
    with pytest.raises(InputError, match="decode"):
        Models.Language.Llama3_8B.check_phase("decoding")
    encoder = Models.Language.BERT_Large
    with pytest.raises(InputError, match="encoder"):
        ServingModel().solve(encoder, node=Systems.Nodes.DGX_H100, input_len=8, output_len=8, efficiency=1)
