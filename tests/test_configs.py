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


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"architectures": ["LlamaForCausalML"]}, "did you mean 'LlamaForCausalLM'"),
        ({}, "no architecture"),
        ({"architectures": ["LlamaForCausalLM"]}, "lacks 'num_hidden_layers'"),
        (MIXTRAL | {"sliding_window": 4096}, "sliding_window=4096"),
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
