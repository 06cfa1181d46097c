"""Hugging Face's ``config.json`` as a workload's geometry; nothing is downloaded."""

import json
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from .errors import InputError, nearest

_LLAMA = {
    "layers": "num_hidden_layers", "hidden": "hidden_size", "heads": "num_attention_heads", "kv_heads": "num_key_value_heads",
    "head_dim": "head_dim", "mlp_width": "intermediate_size", "vocab": "vocab_size", "tied": "tie_word_embeddings",
    "max_context": "max_position_embeddings",
}  # fmt: skip
_BIASED = {"attention_bias": "attention_bias", "mlp_bias": "mlp_bias"}
_EXPERTS = {"experts": "num_experts", "experts_active": "num_experts_per_tok", "expert_width": "moe_intermediate_size"}
_GPT2 = {
    "layers": "n_layer", "hidden": "n_embd", "heads": "n_head", "mlp_width": "n_inner", "vocab": "vocab_size",
    "max_context": "n_positions", "learned_positions": "n_positions",
}  # fmt: skip
_DEEPSEEK = _LLAMA | {
    "experts": "n_routed_experts", "experts_active": "num_experts_per_tok", "experts_shared": "n_shared_experts",
    "expert_width": "moe_intermediate_size", "dense_layers": "first_k_dense_replace", "attention_bias": "attention_bias",
}  # fmt: skip
_LATENT = {
    "query_rank": "q_lora_rank", "kv_rank": "kv_lora_rank", "rope_dim": "qk_rope_head_dim", "nope_dim": "qk_nope_head_dim",
    "value_dim": "v_head_dim",
}  # fmt: skip
_BERT = {n: k for n, k in _LLAMA.items() if n not in ("kv_heads", "head_dim", "tied")} | {
    "learned_positions": "max_position_embeddings",
    "token_types": "type_vocab_size",
}
_OLD = {"gated": False, "tied": True, "attention_bias": True, "mlp_bias": True, "norm_bias": True}

ARCHITECTURES: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "LlamaForCausalLM": (_LLAMA | _BIASED, {}),
    "MistralForCausalLM": (_LLAMA, {}),
    "Phi3ForCausalLM": (_LLAMA, {}),
    "Qwen2ForCausalLM": (_LLAMA, {"attention_input_bias": True}),
    "Qwen3ForCausalLM": (_LLAMA | {"attention_bias": "attention_bias"}, {"qk_norm": True}),
    "Qwen3MoeForCausalLM": (_LLAMA | _EXPERTS, {"qk_norm": True}),
    "MixtralForCausalLM": (
        _LLAMA | {"experts": "num_local_experts", "experts_active": "num_experts_per_tok", "expert_width": "intermediate_size"},
        {},
    ),
    "DeepseekV3ForCausalLM": (_DEEPSEEK, {"router_bias": True}),
    "GPT2LMHeadModel": (_GPT2, _OLD),
    "BertModel": (_BERT, _OLD | {"causal": False, "final_norm": False, "embedding_norm": True, "pooler": True}),
}
"""By architecture: the key of the file for each field, and what the architecture itself says."""

_WITHOUT_DENSE_MLP = ("MixtralForCausalLM", "Qwen3MoeForCausalLM")


def geometry(path_or_dict: str | PathLike[str] | Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a workload from a configuration.

    Raises
    ------
    InputError
        The file is missing or no JSON, a key is missing, or the architecture is unknown or not modelled.
    """
    config = path_or_dict if isinstance(path_or_dict, Mapping) else _read(path_or_dict)
    name = (config.get("architectures") or ["no architecture"])[0]
    if name not in ARCHITECTURES:
        raise InputError(f"architectures={name!r} is not known here: {nearest(str(name), ARCHITECTURES)}")
    if config.get("sliding_window") and config.get("use_sliding_window", True):
        raise InputError(
            f"sliding_window={config['sliding_window']}: sliding-window attention is not modelled; drop the key to count full attention"
        )
    keys, says = ARCHITECTURES[name]
    fields = {field: config[key] for field, key in keys.items() if config.get(key) is not None}
    for needed in ("layers", "hidden", "heads", "vocab"):
        if needed not in fields:
            raise InputError(f"the configuration of a {name} lacks {keys[needed]!r}")
    fields |= says
    if name == "GPT2LMHeadModel":
        fields.setdefault("mlp_width", 4 * fields["hidden"])
    if name in _WITHOUT_DENSE_MLP:
        fields.pop("mlp_width", None)
    if name == "DeepseekV3ForCausalLM":
        fields["mla"] = {field: config[key] for field, key in _LATENT.items() if key in config}
        fields["head_dim"] = config.get("v_head_dim")
    return {"name": config.get("_name_or_path") or name.removesuffix("ForCausalLM"), **fields}


def _read(path: str | PathLike[str]) -> Mapping[str, Any]:
    try:
        found = json.loads(Path(path).read_text("utf-8"))
    except (OSError, TypeError) as error:
        raise InputError(f"path_or_dict={path!r} cannot be read: {error}") from None
    except ValueError as error:
        raise InputError(f"path_or_dict={path!r} is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise InputError(f"path_or_dict={path!r} holds a {type(found).__name__}, and a configuration is an object")
    return found
