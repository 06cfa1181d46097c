"""Hugging Face's ``config.json`` as a workload's geometry; nothing is downloaded.

What an architecture's code says and its file does not (biases, norms, defaults) stands in the tables below. An architecture
that no table has is refused by name, and so is a setting that the workload's geometry cannot hold.
"""

import json
from collections.abc import Callable, Mapping
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
_QWEN = _LLAMA | {"attention_bias": "attention_bias"}
_EXPERTS = {"experts": "num_experts", "experts_active": "num_experts_per_tok", "expert_width": "moe_intermediate_size"}
_LOCAL_EXPERTS = {"experts": "num_local_experts", "experts_active": "num_experts_per_tok", "expert_width": "intermediate_size"}
_LLAMA4 = _LLAMA | _LOCAL_EXPERTS | {"mlp_width": "intermediate_size_mlp", "attention_bias": "attention_bias"}
_GPT2 = {
    "layers": "n_layer", "hidden": "n_embd", "heads": "n_head", "mlp_width": "n_inner", "vocab": "vocab_size",
    "max_context": "n_positions", "learned_positions": "n_positions",
}  # fmt: skip
_ROUTED = {
    "experts": "n_routed_experts", "experts_active": "num_experts_per_tok", "experts_shared": "n_shared_experts",
    "expert_width": "moe_intermediate_size", "dense_layers": "first_k_dense_replace",
}  # fmt: skip
_DEEPSEEK = _LLAMA | _ROUTED | {"attention_bias": "attention_bias"}
_LATENT = {
    "query_rank": "q_lora_rank", "kv_rank": "kv_lora_rank", "rope_dim": "qk_rope_head_dim", "nope_dim": "qk_nope_head_dim",
    "value_dim": "v_head_dim",
}  # fmt: skip
_BERT = {n: k for n, k in _LLAMA.items() if n not in ("kv_heads", "head_dim", "tied")} | {
    "learned_positions": "max_position_embeddings",
    "token_types": "type_vocab_size",
}
_T5 = {
    "layers": "num_layers", "hidden": "d_model", "heads": "num_heads", "head_dim": "d_kv", "mlp_width": "d_ff", "vocab": "vocab_size",
    "max_context": "n_positions", "relative_buckets": "relative_attention_num_buckets",
}  # fmt: skip
_NEOX = {n: k for n, k in _LLAMA.items() if n not in ("kv_heads", "head_dim")}
_OPT = _NEOX | {"mlp_width": "ffn_dim", "learned_positions": "max_position_embeddings"}
_BLOOM = {"layers": "n_layer", "hidden": "hidden_size", "heads": "n_head", "vocab": "vocab_size", "max_context": "seq_length"}
_FALCON = {
    "layers": "num_hidden_layers", "hidden": "hidden_size", "heads": "num_attention_heads", "mlp_width": "ffn_hidden_size",
    "vocab": "vocab_size", "max_context": "max_position_embeddings", "attention_bias": "bias", "mlp_bias": "bias",
}  # fmt: skip
_BIASES = {"attention_bias": True, "mlp_bias": True, "norm_bias": True}
_OLD = {"gated": False, "tied": True} | _BIASES
_GEMMA = {"tied": True, "norms_per_layer": 4}

Table = dict[str, tuple[dict[str, str], dict[str, Any]]]

ARCHITECTURES: Table = {
    "LlamaForCausalLM": (_LLAMA | _BIASED, {}),
    "Llama4ForCausalLM": (_LLAMA4, {"experts_shared": 1}),
    "Llama4ForConditionalGeneration": (_LLAMA4, {"experts_shared": 1}),
    "MistralForCausalLM": (_LLAMA, {}),
    "PhiForCausalLM": (_LLAMA, {"gated": False, "norms_per_layer": 1, "head_bias": True} | _BIASES),
    "Phi3ForCausalLM": (_LLAMA, {}),
    "Qwen2ForCausalLM": (_LLAMA, {"attention_input_bias": True}),
    "Qwen3ForCausalLM": (_QWEN, {"qk_norm": True}),
    "Qwen2MoeForCausalLM": (_LLAMA | _EXPERTS | {"attention_input_bias": "qkv_bias"}, {"shared_gate": True}),
    "Qwen3MoeForCausalLM": (_LLAMA | _EXPERTS, {"qk_norm": True}),
    "MixtralForCausalLM": (_LLAMA | _LOCAL_EXPERTS, {}),
    "GptOssForCausalLM": (_LLAMA | _LOCAL_EXPERTS, {"attention_bias": True, "router_bias": True, "expert_bias": True, "sinks": True}),
    "DeepseekV2ForCausalLM": (_DEEPSEEK, {}),
    "DeepseekV3ForCausalLM": (_DEEPSEEK, {"router_bias": True}),
    "Glm4ForCausalLM": (_LLAMA | {"attention_input_bias": "attention_bias"}, {"norms_per_layer": 4}),
    "Glm4MoeForCausalLM": (_LLAMA | _ROUTED | {"attention_input_bias": "attention_bias", "qk_norm": "use_qk_norm"}, {"router_bias": True}),
    "GemmaForCausalLM": (_LLAMA, {"tied": True}),
    "Gemma2ForCausalLM": (_LLAMA, _GEMMA),
    "Gemma3ForCausalLM": (_LLAMA, _GEMMA | {"qk_norm": True}),
    "Gemma3ForConditionalGeneration": (_LLAMA, _GEMMA | {"qk_norm": True}),
    "OlmoForCausalLM": (_QWEN, {"norms_per_layer": 0, "final_norm": False}),
    "Olmo2ForCausalLM": (_QWEN, {"qk_norm": True, "qk_norm_whole": True}),
    "OPTForCausalLM": (_OPT, _OLD),
    "BloomForCausalLM": (_BLOOM, _OLD | {"embedding_norm": True}),
    "GPTNeoXForCausalLM": (_NEOX, {"gated": False} | _BIASES),
    "FalconForCausalLM": (_FALCON, {"gated": False, "tied": True, "norm_bias": True}),
    "GPT2LMHeadModel": (_GPT2, _OLD),
    "T5EncoderModel": (_T5, {"causal": False, "tied": True}),
    "BertModel": (_BERT, _OLD | {"causal": False, "final_norm": False, "embedding_norm": True, "pooler": True}),
}
"""By architecture: the key of the file for each field, and what the architecture itself says."""

NOT_MODELLED = {
    "T5ForConditionalGeneration": "a decoder joined to an encoder by cross-attention is not modelled; T5EncoderModel is the encoder alone",
    "BartForConditionalGeneration": "an encoder and a decoder joined by cross-attention are not modelled",
    "WhisperForConditionalGeneration": "an encoder and a decoder joined by cross-attention are not modelled",
    "ModernBertForMaskedLM": "local attention that looks both ways is not modelled",
    "ModernBertModel": "local attention that looks both ways is not modelled",
    "Qwen3NextForCausalLM": "layers of linear attention are not modelled",
    "DeepseekV32ForCausalLM": "attention to selected keys is not modelled",
    "JambaForCausalLM": "stacks of state-space and attention layers are not modelled",
    "NemotronHForCausalLM": "stacks of state-space and attention layers are not modelled",
    "Zamba2ForCausalLM": "stacks of state-space and attention layers are not modelled",
}
"""Architectures that people ask for, and why they are refused."""

_WITHOUT_DENSE_MLP = ("MixtralForCausalLM", "Qwen3MoeForCausalLM", "Qwen2MoeForCausalLM", "GptOssForCausalLM")
_IN_CHUNKS = ("Llama4ForCausalLM", "Llama4ForConditionalGeneration")
_LOCAL_EVERYWHERE = ("MistralForCausalLM", "MixtralForCausalLM", "Phi3ForCausalLM")
_LOCAL_ON_DEMAND = ("Qwen2ForCausalLM", "Qwen3ForCausalLM", "Qwen3MoeForCausalLM", "Qwen2MoeForCausalLM")
_LOCAL_BY_TURNS = {
    "Gemma2ForCausalLM": 2, "GptOssForCausalLM": 2, "Gemma3ForCausalLM": 6, "Gemma3ForConditionalGeneration": 6,
} | dict.fromkeys(_IN_CHUNKS, 4)  # fmt: skip


def geometry(path_or_dict: str | PathLike[str] | Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a transformer from a configuration.

    Raises
    ------
    InputError
        The file is missing or no JSON, a key is missing, or the architecture is unknown or not modelled.
    """
    name, config = _known(path_or_dict, "TransformerWorkload")
    keys, says = ARCHITECTURES[name]
    fields = {field: config[key] for field, key in keys.items() if config.get(key) is not None}
    for needed in ("layers", "hidden", "heads", "vocab"):
        if needed not in fields:
            raise InputError(f"the configuration of a {name} lacks {keys[needed]!r}")
    fields |= says
    if name in _WITHOUT_DENSE_MLP:
        fields.pop("mlp_width", None)
    fields |= _window(name, config, fields["layers"])
    fields |= _SPECIAL.get(name, lambda config, fields: {})(config, fields)
    return {"name": _title(config, name), **fields}


def _known(path_or_dict: str | PathLike[str] | Mapping[str, Any], wanted: str) -> tuple[str, Mapping[str, Any]]:
    """Return the architecture's name and the configuration of its text, where the wanted workload describes it."""
    config = path_or_dict if isinstance(path_or_dict, Mapping) else _read(path_or_dict)
    name = str((config.get("architectures") or ["no architecture"])[0])
    if name in NOT_MODELLED:
        raise InputError(f"architectures={name!r}: {NOT_MODELLED[name]}; {nearest(name, _KINDS[wanted])}")
    for kind, table in _KINDS.items():
        if name in table and kind != wanted:
            raise InputError(f"architectures={name!r} is described by a {kind}: use {kind}.from_config")
    if name not in _KINDS[wanted]:
        raise InputError(f"architectures={name!r} is not known here: {nearest(name, _KINDS[wanted])}")
    inner = config.get("text_config")
    return name, {**config, **inner} if isinstance(inner, Mapping) else config


def _title(config: Mapping[str, Any], name: str) -> str:
    return str(config.get("_name_or_path") or name.removesuffix("ForCausalLM"))


def _window(name: str, config: Mapping[str, Any], layers: Any) -> dict[str, Any]:
    """Return the fields of local attention: by the list of layers where there is one, else by the architecture's own rule."""
    in_chunks = name in _IN_CHUNKS
    key, local = ("attention_chunk_size", "chunked_attention") if in_chunks else ("sliding_window", "sliding_attention")
    window = config.get(key)
    if not window or not config.get("use_sliding_window", name not in _LOCAL_ON_DEMAND):
        return {}
    fields = {"window": window} | ({"chunked": True} if in_chunks else {})
    kinds = config.get("layer_types") or [local if rotary else "full_attention" for rotary in config.get("no_rope_layers") or ()]
    if kinds:
        odd = set(kinds) - {"full_attention", local}
        if odd:
            raise InputError(f"layer_types has {sorted(odd)[0]!r}: only full_attention and {local} are modelled for a {name}")
        everywhere = [i for i, kind in enumerate(kinds) if kind == "full_attention"]
        if len(everywhere) == len(kinds):
            return {}
        every = everywhere[0] + 1 if everywhere else 0
        if every and everywhere == list(range(every - 1, len(kinds), every)):
            return fields | {"global_every": every}
        return fields | {"global_layers": len(everywhere)}
    if name in _LOCAL_BY_TURNS:
        return fields | {"global_every": config.get("sliding_window_pattern") or _LOCAL_BY_TURNS[name]}
    if name == "Qwen2MoeForCausalLM":
        raise InputError(f"sliding_window={window}: say in layer_types which layers of a {name} are local")
    if name in _LOCAL_ON_DEMAND:
        whole = min(config.get("max_window_layers", 28), layers)
        return {} if whole == layers else fields | {"global_layers": whole}
    if name in _LOCAL_EVERYWHERE:
        return fields
    raise InputError(f"sliding_window={window}: a {name} has no sliding window here; drop the key to count full attention")


def _latent(config: Mapping[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    return {"mla": {f: config[k] for f, k in _LATENT.items() if config.get(k) is not None}, "head_dim": config.get("v_head_dim")}


def _shared(config: Mapping[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """Express the one wide shared expert of a Qwen2-MoE in experts of the routed width."""
    if config.get("mlp_only_layers") or config.get("decoder_sparse_step", 1) != 1:
        raise InputError("mlp_only_layers or decoder_sparse_step: layers without experts between others are not modelled")
    shared, width = config.get("shared_expert_intermediate_size"), fields.get("expert_width")
    if not shared or not width or shared % width:
        raise InputError(f"shared_expert_intermediate_size={shared} is no multiple of moe_intermediate_size={width}")
    return {"experts_shared": shared // width}


def _sparse(config: Mapping[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    if config.get("mlp_only_layers") or config.get("decoder_sparse_step", 1) != 1:
        raise InputError("mlp_only_layers or decoder_sparse_step: layers without experts between others are not modelled")
    return {}


def _llama4(config: Mapping[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """The last of every few layers of a Llama 4 has experts, or those that the file lists; the others have a wider MLP."""
    step, listed = config.get("interleave_moe_layer_step", 1), config.get("moe_layers")
    dense = fields["layers"] - (len(listed) if listed is not None else fields["layers"] // step if step else 0)
    if dense == fields["layers"]:
        for name in ("experts", "experts_active", "experts_shared", "expert_width"):
            fields.pop(name, None)
        return {}
    if not dense:
        fields.pop("mlp_width", None)
    return {"dense_layers": dense}


def _phi(config: Mapping[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    if config.get("qk_layernorm"):
        raise InputError("qk_layernorm=True: a Phi whose queries and keys have norms with biases is not modelled")
    return {}


def _opt(config: Mapping[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """An OPT table of positions has two rows that no token uses."""
    if config.get("word_embed_proj_dim", fields["hidden"]) != fields["hidden"] or not config.get("do_layer_norm_before", True):
        raise InputError("word_embed_proj_dim: an OPT with embeddings narrower than its layers is not modelled")
    return {"learned_positions": fields["learned_positions"] + 2, "tied": config.get("tie_word_embeddings", True)}


def _falcon(config: Mapping[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """A Falcon of the first kind has one key-value head and, where attention and MLP stand side by side, one norm."""
    fields.setdefault("mlp_width", 4 * fields["hidden"])
    if config.get("new_decoder_architecture", False):
        return {"kv_heads": config.get("num_kv_heads") or fields["heads"]}
    one = {"norms_per_layer": 1} if config.get("parallel_attn", True) else {}
    return one | ({"kv_heads": 1} if config.get("multi_query", True) else {})


_SPECIAL: dict[str, Callable[[Mapping[str, Any], dict[str, Any]], dict[str, Any]]] = {
    "GPT2LMHeadModel": lambda config, fields: {"mlp_width": fields.get("mlp_width", 4 * fields["hidden"])},
    "BloomForCausalLM": lambda config, fields: {"mlp_width": 4 * fields["hidden"]},
    "DeepseekV2ForCausalLM": _latent,
    "DeepseekV3ForCausalLM": _latent,
    "Qwen2MoeForCausalLM": _shared,
    "Qwen3MoeForCausalLM": _sparse,
    "Llama4ForCausalLM": _llama4,
    "Llama4ForConditionalGeneration": _llama4,
    "PhiForCausalLM": _phi,
    "T5EncoderModel": lambda config, fields: {"gated": str(config.get("feed_forward_proj", "relu")).startswith("gated")},
    "OPTForCausalLM": _opt,
    "FalconForCausalLM": _falcon,
}

VISION: Table = {
    "ViTForImageClassification": (
        {
            "layers": "num_hidden_layers", "hidden": "hidden_size", "heads": "num_attention_heads", "mlp_width": "intermediate_size",
            "image_size": "image_size", "patch": "patch_size", "channels": "num_channels", "attention_bias": "qkv_bias",
        },
        {},
    ),
}  # fmt: skip
STATE_SPACE: Table = {
    "MambaForCausalLM": (
        {
            "layers": "num_hidden_layers", "hidden": "hidden_size", "state": "state_size", "kernel": "conv_kernel", "vocab": "vocab_size",
            "inner": "intermediate_size", "step_rank": "time_step_rank", "tied": "tie_word_embeddings",
        },
        {},
    ),
    "Mamba2ForCausalLM": (
        {
            "layers": "num_hidden_layers", "hidden": "hidden_size", "state": "state_size", "kernel": "conv_kernel", "vocab": "vocab_size",
            "inner": "intermediate_size", "heads": "num_heads", "groups": "n_groups", "tied": "tie_word_embeddings",
        },
        {},
    ),
}  # fmt: skip
_KINDS = {"TransformerWorkload": ARCHITECTURES, "VisionTransformerWorkload": VISION, "StateSpaceWorkload": STATE_SPACE}


def _plain(path_or_dict: str | PathLike[str] | Mapping[str, Any], kind: str) -> tuple[str, Mapping[str, Any], dict[str, Any]]:
    name, config = _known(path_or_dict, kind)
    keys, says = _KINDS[kind][name]
    return name, config, {f: config[k] for f, k in keys.items() if config.get(k) is not None} | says


def vision_geometry(path_or_dict: str | PathLike[str] | Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a vision transformer from a configuration; what it does not state has the architecture's default."""
    name, config, fields = _plain(path_or_dict, "VisionTransformerWorkload")
    labels = config.get("num_labels") or len(config.get("id2label") or ()) or 2
    defaults = {"layers": 12, "hidden": 768, "heads": 12, "mlp_width": 3072, "image_size": 224, "patch": 16, "channels": 3}
    return {"name": _title(config, name), "classes": labels, **defaults, **fields}


def state_space_geometry(path_or_dict: str | PathLike[str] | Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a state-space model from a configuration."""
    name, config, fields = _plain(path_or_dict, "StateSpaceWorkload")
    for field in ("layers", "hidden", "state", "vocab"):
        if field not in fields:
            raise InputError(f"the configuration of a {name} lacks {_KINDS['StateSpaceWorkload'][name][0][field]!r}")
    if config.get("use_bias"):
        raise InputError("use_bias=True: projections with a bias are not modelled")
    fields.setdefault("inner", config.get("expand", 2) * fields["hidden"])
    if fields.get("step_rank") == "auto":
        del fields["step_rank"]
    if name == "MambaForCausalLM":
        fields.setdefault("step_rank", -(-fields["hidden"] // 16))
        fields.setdefault("tied", True)
    elif config.get("head_dim") and fields.get("heads") and config["head_dim"] * fields["heads"] != fields["inner"]:
        raise InputError(f"num_heads={fields['heads']} heads of {config['head_dim']} do not make up {fields['inner']}")
    return {"name": _title(config, name), **fields}


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
