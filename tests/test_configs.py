"""Configurations as Hugging Face writes them, against the zoo and against published counts."""

import json

import pytest

from mlsysim import InputError, Models, TransformerWorkload

LLAMA = {
    "architectures": ["LlamaForCausalLM"], "hidden_size": 4096, "intermediate_size": 14336, "num_attention_heads": 32,
    "num_hidden_layers": 32, "num_key_value_heads": 8, "vocab_size": 128256, "tie_word_embeddings": False, "max_position_embeddings": 8192,
    "attention_bias": False, "rope_theta": 500000.0,
}  # fmt: skip
MIXTRAL = {
    "architectures": ["MixtralForCausalLM"], "hidden_size": 4096, "intermediate_size": 14336, "num_attention_heads": 32,
    "num_hidden_layers": 32, "num_key_value_heads": 8, "vocab_size": 32000, "num_local_experts": 8, "num_experts_per_tok": 2,
    "sliding_window": None, "tie_word_embeddings": False,
}  # fmt: skip
DEEPSEEK = {
    "architectures": ["DeepseekV3ForCausalLM"], "hidden_size": 7168, "intermediate_size": 18432, "moe_intermediate_size": 2048,
    "num_attention_heads": 128, "num_key_value_heads": 128, "num_hidden_layers": 61, "vocab_size": 129280, "n_routed_experts": 256,
    "n_shared_experts": 1, "num_experts_per_tok": 8, "first_k_dense_replace": 3, "q_lora_rank": 1536, "kv_lora_rank": 512,
    "qk_rope_head_dim": 64, "qk_nope_head_dim": 128, "v_head_dim": 128, "tie_word_embeddings": False, "attention_bias": False,
}  # fmt: skip
GPT2 = {"architectures": ["GPT2LMHeadModel"], "n_layer": 12, "n_embd": 768, "n_head": 12, "n_positions": 1024, "vocab_size": 50257}
BERT = {
    "architectures": ["BertModel"], "hidden_size": 1024, "intermediate_size": 4096, "num_attention_heads": 16, "num_hidden_layers": 24,
    "vocab_size": 30522, "max_position_embeddings": 512, "type_vocab_size": 2,
}  # fmt: skip


@pytest.mark.parametrize(
    ("config", "entry"),
    [(LLAMA, "Llama3_8B"), (MIXTRAL, "Mixtral_8x7B"), (DEEPSEEK, "DeepSeek_V3"), (BERT, "BERT_Large")],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_a_configuration_gives_the_zoos_geometry(config, entry):
    known = getattr(Models.Language, entry)
    built = TransformerWorkload.from_config(config)
    assert built.parameters == known.parameters
    assert built.active_parameters == known.active_parameters
    assert built.causal == known.causal


def test_gpt2_small_has_its_published_count():
    assert TransformerWorkload.from_config(GPT2, name="GPT-2").parameters == 124_439_808


def test_a_file_is_read_and_fields_can_be_changed(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(LLAMA))
    built = TransformerWorkload.from_config(path, name="mine", layers=2)
    assert built.name == "mine"
    assert built.layers == 2


def llama_like(architecture, layers, hidden, heads, kv_heads, width, vocab, **more):
    """Return a configuration in the keys that most architectures share."""
    return {
        "architectures": [architecture], "num_hidden_layers": layers, "hidden_size": hidden, "num_attention_heads": heads,
        "num_key_value_heads": kv_heads, "intermediate_size": width, "vocab_size": vocab, **more,
    }  # fmt: skip


GEMMA3 = llama_like("Gemma3ForCausalLM", 62, 5376, 32, 16, 21504, 262144, head_dim=128, sliding_window=1024)
GPT_OSS = llama_like("GptOssForCausalLM", 24, 2880, 64, 8, 2880, 201088, head_dim=64, num_local_experts=32, num_experts_per_tok=4)
QWEN_MOE = llama_like(
    "Qwen2MoeForCausalLM", 24, 2048, 16, 16, 5632, 151936, num_experts=60, num_experts_per_tok=4, moe_intermediate_size=1408,
    shared_expert_intermediate_size=5632, qkv_bias=True, sliding_window=4096, use_sliding_window=False,
)  # fmt: skip
BLOOM = {"architectures": ["BloomForCausalLM"], "n_layer": 24, "hidden_size": 1024, "n_head": 16, "vocab_size": 250880}
OPT = {
    "architectures": ["OPTForCausalLM"], "num_hidden_layers": 12, "hidden_size": 768, "num_attention_heads": 12, "ffn_dim": 3072,
    "vocab_size": 50272, "max_position_embeddings": 2048,
}  # fmt: skip
FALCON = {
    "architectures": ["FalconForCausalLM"], "num_hidden_layers": 24, "hidden_size": 2048, "num_attention_heads": 32, "vocab_size": 50304,
    "alibi": True, "multi_query": False, "parallel_attn": False, "bias": True,
}  # fmt: skip
DEEPSEEK_LITE = llama_like(
    "DeepseekV2ForCausalLM", 27, 2048, 16, 16, 10944, 102400, n_routed_experts=64, n_shared_experts=2, num_experts_per_tok=6,
    moe_intermediate_size=1408, first_k_dense_replace=1, q_lora_rank=None, kv_lora_rank=512, qk_rope_head_dim=64, qk_nope_head_dim=128,
    v_head_dim=128,
)  # fmt: skip


@pytest.mark.parametrize(
    ("config", "count"),
    [
        (llama_like("MistralForCausalLM", 32, 4096, 32, 8, 14336, 32000, sliding_window=4096), 7_241_732_096),
        (llama_like("Gemma2ForCausalLM", 26, 2304, 8, 4, 9216, 256000, head_dim=256, sliding_window=4096), 2_614_341_888),
        (llama_like("Gemma2ForCausalLM", 42, 3584, 16, 8, 14336, 256000, head_dim=256, sliding_window=4096), 9_241_705_984),
        (llama_like("GemmaForCausalLM", 18, 2048, 8, 1, 16384, 256000, head_dim=256), 2_506_172_416),
        (GEMMA3, 27_009_002_240),
        (llama_like("Qwen3ForCausalLM", 36, 4096, 32, 8, 12288, 151936, head_dim=128), 8_190_735_360),
        (llama_like("Qwen3ForCausalLM", 28, 1024, 16, 8, 3072, 151936, head_dim=128, tie_word_embeddings=True), 596_049_920),
        (QWEN_MOE, 14_315_784_192),
        (llama_like("Phi3ForCausalLM", 32, 3072, 32, 32, 8192, 32064, sliding_window=2047), 3_821_079_552),
        (BLOOM, 559_214_592),
        (BLOOM | {"n_layer": 30, "hidden_size": 2560, "n_head": 32}, 3_002_557_440),
        (FALCON, 1_311_625_216),
        (OPT, 125_237_760 + 2 * 768),
    ],
    ids=lambda x: x["architectures"][0] if isinstance(x, dict) else str(x),
)
def test_parameters_are_those_that_keras_hub_prints(config, count):
    """Its presets print the count of every model; its OPT leaves out the two rows of positions that no token uses."""
    assert TransformerWorkload.from_config(config).parameters == count


def test_a_qwen_with_experts_has_2_7_billion_active():
    assert TransformerWorkload.from_config(QWEN_MOE).active_parameters == pytest.approx(2.7e9, rel=0.01)


LLAMA4 = {
    "architectures": ["Llama4ForConditionalGeneration"],
    "text_config": {
        "hidden_size": 5120, "intermediate_size": 8192, "intermediate_size_mlp": 16384, "num_hidden_layers": 48, "num_attention_heads": 40,
        "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 202048, "num_local_experts": 16, "num_experts_per_tok": 1,
        "interleave_moe_layer_step": 1, "attention_chunk_size": 8192, "no_rope_layers": [1, 1, 1, 0] * 12, "tie_word_embeddings": False,
    },
    "vision_config": {"hidden_size": 1408},
}  # fmt: skip


def llama4(**more):
    """Return a Llama 4 with changes in its text."""
    return TransformerWorkload.from_config(LLAMA4 | {"text_config": LLAMA4["text_config"] | more})


@pytest.mark.parametrize(
    ("more", "total", "dense"),
    [({}, 109e9, 0), ({"num_local_experts": 128, "interleave_moe_layer_step": 2}, 400e9, 24)],
    ids=["Scout", "Maverick"],
)
def test_a_llama_4_has_its_published_counts(more, total, dense):
    """109 and 400 billion, with a vision tower of 0.9 billion that is not counted here; 17 billion active."""
    model = llama4(**more)
    assert model.parameters + 0.9e9 == pytest.approx(total, rel=0.005)
    assert model.active_parameters == pytest.approx(17e9, abs=0.5e9)
    assert (model.window, model.chunked, model.global_every) == (8192, True, 4)
    assert (model.dense_layers or 0) == dense


T5 = {
    "architectures": ["T5EncoderModel"], "d_ff": 10240, "d_kv": 64, "d_model": 4096, "feed_forward_proj": "gated-gelu", "num_heads": 64,
    "num_layers": 24, "num_decoder_layers": 24, "relative_attention_num_buckets": 32, "tie_word_embeddings": False, "vocab_size": 32128,
}  # fmt: skip
T5_BASE = T5 | {"d_ff": 3072, "d_model": 768, "feed_forward_proj": "relu", "num_heads": 12, "num_layers": 12, "n_positions": 512}
PHI = {
    "architectures": ["PhiForCausalLM"], "hidden_size": 2048, "intermediate_size": 8192, "num_attention_heads": 32,
    "num_hidden_layers": 24, "num_key_value_heads": 32, "qk_layernorm": False, "tie_word_embeddings": False, "vocab_size": 51200,
}  # fmt: skip


@pytest.mark.parametrize(
    ("config", "entry", "count"),
    [
        (T5, "T5_XXL_Encoder", 4_762_310_656),
        (T5_BASE, "T5_Base_Encoder", 109_628_544),
        (PHI, "Phi1_5", 1_418_270_720),
        (PHI | {"hidden_size": 2560, "intermediate_size": 10240, "num_hidden_layers": 32}, "Phi2", 2_779_683_840),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_encoders_of_t5_and_models_of_phi_have_their_published_counts(config, entry, count):
    """With biases by relative position, stored once for all layers, and with the bias of an output head."""
    built, known = TransformerWorkload.from_config(config), getattr(Models.Language, entry)
    assert built.parameters == known.parameters == count
    assert built.causal == known.causal


def test_a_llama_4_may_list_its_layers_and_may_be_dense():
    listed = llama4(moe_layers=[1, 3, 5], no_rope_layers=None, layer_types=["chunked_attention", "full_attention"] * 24)
    assert (listed.dense_layers, listed.global_every, listed.chunked) == (45, 2, True)
    dense = llama4(moe_layers=[], interleave_moe_layer_step=0, layer_types=["full_attention"] * 48)
    assert (dense.experts, dense.window, dense.chunked, dense.mlp_width) == (None, None, False, 16384)
    assert llama4(no_rope_layers=None).global_every == 4


def test_gpt_oss_has_its_published_counts():
    """20.9 billion in all; 3.6 billion active, where the looked-up table is left out."""
    model = TransformerWorkload.from_config(GPT_OSS | {"sliding_window": 128})
    assert model.parameters == pytest.approx(20.9e9, abs=0.05e9)
    assert model.active_parameters - model.vocab * model.hidden == pytest.approx(3.6e9, abs=0.05e9)
    assert (model.window, model.global_every) == (128, 2)


def test_a_small_deepseek_compresses_no_queries():
    """DeepSeek-V2-Lite has 15.7 billion parameters."""
    model = TransformerWorkload.from_config(DEEPSEEK_LITE)
    assert model.mla.query_rank is None
    assert model.parameters == pytest.approx(15.7e9, abs=0.05e9)
    assert TransformerWorkload.from_config(DEEPSEEK_LITE | {"q_lora_rank": 1536}).parameters > model.parameters


@pytest.mark.parametrize(
    ("config", "vectors"),
    [
        (llama_like("Olmo2ForCausalLM", 2, 64, 4, 4, 128, 1000), 2 * (2 * 64 + 2 * 64) + 64),
        (llama_like("OlmoForCausalLM", 2, 64, 4, 4, 128, 1000, tie_word_embeddings=False), 0),
        (llama_like("Glm4ForCausalLM", 2, 64, 4, 4, 128, 1000, attention_bias=True), 2 * (4 * 64 + 3 * 64) + 64),
        (llama_like("LlamaForCausalLM", 2, 64, 4, 4, 128, 1000), 2 * 2 * 64 + 64),
    ],
    ids=lambda x: x["architectures"][0] if isinstance(x, dict) else "",
)
def test_norms_and_biases_by_hand(config, vectors):
    matrices = 2 * (4 * 64 * 64 + 3 * 64 * 128) + 2 * 64 * 1000
    assert TransformerWorkload.from_config(config).parameters == matrices + vectors


def test_neox_has_all_biases_and_glm_experts_have_a_correction():
    neox = llama_like("GPTNeoXForCausalLM", 2, 64, 4, 4, 256, 1000)
    assert TransformerWorkload.from_config(neox).parameters == 2 * (12 * 64 * 64 + 13 * 64) + 2 * 64 + 2 * 64 * 1000
    glm = llama_like(
        "Glm4MoeForCausalLM", 3, 64, 4, 2, 128, 1000, n_routed_experts=8, n_shared_experts=1, num_experts_per_tok=2,
        moe_intermediate_size=32, first_k_dense_replace=1, attention_bias=True, use_qk_norm=True,
    )  # fmt: skip
    attention = 2 * 64 * 64 + 2 * 64 * 32 + (64 + 2 * 32) + 2 * 16
    experts = 64 * 8 + 8 + 9 * 3 * 64 * 32
    assert TransformerWorkload.from_config(glm).parameters == 3 * (attention + 2 * 64) + 3 * 64 * 128 + 2 * experts + 64 + 2 * 64 * 1000


def test_a_falcon_of_the_first_kind_has_one_key_value_head_and_one_norm():
    falcon = TransformerWorkload.from_config(FALCON | {"multi_query": True, "parallel_attn": True, "bias": False})
    assert (falcon.kv_heads, falcon.norms_per_layer) == (1, 1)
    new = TransformerWorkload.from_config(FALCON | {"new_decoder_architecture": True, "num_kv_heads": 8})
    assert (new.kv_heads, new.norms_per_layer) == (8, 2)


QWEN = llama_like("Qwen2ForCausalLM", 28, 64, 4, 2, 128, 1000, sliding_window=512)
FULL, LOCAL = "full_attention", "sliding_attention"


@pytest.mark.parametrize(
    ("config", "window", "every", "whole"),
    [
        (QWEN, None, None, None),
        (QWEN | {"use_sliding_window": True, "max_window_layers": 28}, None, None, None),
        (QWEN | {"use_sliding_window": True, "max_window_layers": 21}, 512, None, 21),
        (QWEN | {"use_sliding_window": True, "layer_types": [LOCAL, FULL] * 14}, 512, 2, None),
        (QWEN | {"use_sliding_window": True, "layer_types": [FULL] * 20 + [LOCAL] * 8}, 512, None, 20),
        (QWEN | {"use_sliding_window": True, "layer_types": [FULL] * 28}, None, None, None),
        (GEMMA3, 1024, 6, None),
        (GEMMA3 | {"sliding_window_pattern": 4}, 1024, 4, None),
        (GEMMA3 | {"layer_types": ([LOCAL] * 5 + [FULL]) * 10 + [LOCAL] * 2}, 1024, 6, None),
        (MIXTRAL | {"sliding_window": 4096}, 4096, None, None),
    ],
)
def test_windows_are_read(config, window, every, whole):
    model = TransformerWorkload.from_config(config)
    assert (model.window, model.global_every, model.global_layers) == (window, every, whole)


def test_the_text_of_a_model_that_also_sees_is_read():
    inner = {k: v for k, v in GEMMA3.items() if k != "architectures"}
    nested = {"architectures": ["Gemma3ForConditionalGeneration"], "text_config": inner, "vision_config": {"hidden_size": 1152}}
    assert TransformerWorkload.from_config(nested).parameters == 27_009_002_240


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"architectures": ["LlamaForCausalML"]}, "did you mean 'LlamaForCausalLM'"),
        ({}, "no architecture"),
        ({"architectures": ["LlamaForCausalLM"]}, "lacks 'num_hidden_layers'"),
        (LLAMA | {"sliding_window": 4096}, "sliding_window=4096"),
        ({"architectures": ["T5ForConditionalGeneration"]}, "T5EncoderModel is the encoder alone"),
        (PHI | {"qk_layernorm": True}, "qk_layernorm"),
        ({"architectures": ["ModernBertModel"]}, "both ways"),
        (QWEN | {"use_sliding_window": True, "layer_types": ["chunked_attention"] * 28}, "chunked_attention"),
        (QWEN_MOE | {"use_sliding_window": True}, "layer_types"),
        (QWEN_MOE | {"mlp_only_layers": [0]}, "mlp_only_layers"),
        (QWEN_MOE | {"shared_expert_intermediate_size": 5000}, "shared_expert_intermediate_size=5000"),
        (OPT | {"word_embed_proj_dim": 512}, "word_embed_proj_dim"),
        ({"architectures": ["MambaForCausalLM"]}, "StateSpaceWorkload.from_config"),
        ({"architectures": ["ViTForImageClassification"]}, "VisionTransformerWorkload.from_config"),
        ("/nowhere/config.json", "cannot be read"),
        (LLAMA | {"hidden_size": -1}, "hidden"),
        (7, "cannot be read"),
    ],
)
def test_what_is_unknown_or_incomplete_is_refused_by_name(config, says):
    with pytest.raises(InputError, match=says):
        TransformerWorkload.from_config(config)


def test_what_is_no_json_is_said(tmp_path):
    path = tmp_path / "config.json"
    path.write_text("{")
    with pytest.raises(InputError, match="no JSON"):
        TransformerWorkload.from_config(path)
