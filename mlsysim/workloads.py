"""Layer A, workloads: what a model asks for, independent of any hardware.

Parameters, arithmetic and bytes follow from geometry, by the one equation for each. One multiply-accumulate is two
FLOPs; a causal model's attention is counted as causal. The other reading of attention, its full square, is a method of its own
(:meth:`TransformerWorkload.forward_flops`).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal, Self

from . import quantities as q
from .errors import InputError, nearest
from .facts import Origin
from .nouns import Entry, Lowered, Noun
from .readings import NUMBERS, Reading

_FORWARD_WORK, _SEQUENCE = q.nomenclature()["ForwardWork"], q.nomenclature()["Sequence"]
PHASES = ("forward", "prefill", "decode", "training")


@dataclass(slots=True)
class Demand:
    """What one step asks of a device, as a reading's values.

    ``tokens`` are what throughput counts: new tokens of a transformer, images of a convolutional network. ``update`` is the
    traffic of the optimizer's pass, which training alone has; ``working`` is what must lie in main memory, where storage holds weights;
    ``read`` is the part of the traffic that is weights, where they may lie elsewhere; ``depthwise`` is the part of the arithmetic that
    depthwise convolutions do. Where documented constants are used, ``moved`` is the part of the traffic that operators handle element by
    element, and ``launch`` the time in which their kernels are launched.
    """

    tokens: Any
    model_work: Any
    work: Any
    traffic: Any
    footprint: Any
    weights: Any
    update: Any = None
    working: Any = None
    read: Any = None
    depthwise: Any = None
    moved: Any = None
    launch: Any = None


class Workload(Entry):
    """Base of the workloads: anything that can say what a step demands."""

    takes_sequence: ClassVar[bool] = False
    """Whether a step needs the tokens of a sequence."""

    offloads: ClassVar[bool] = False
    """Whether weights may stay in the host's memory."""

    family: ClassVar[str] = "vision"
    """The family of measurements whose constants hold for its inference."""

    training_precisions: ClassVar[tuple[str, ...]] = ("bf16", "fp16", "fp32", "tf32")
    """Arithmetic in which training is modelled."""

    name: str = ""
    developer: str | None = None
    released: str | None = None

    @property
    def phases(self) -> tuple[str, ...]:
        """The kinds of step that it has."""
        return ("forward", "training")

    def check_phase(self, phase: Any) -> str:
        """Return a phase that this workload has, or raise naming those it has."""
        if not isinstance(phase, str) or phase not in self.phases:
            known = ", ".join(map(repr, self.phases))
            hint = "" if isinstance(phase, str) and phase in PHASES else f"; {nearest(str(phase), PHASES)}"
            raise InputError(f"phase={phase!r}: {self.title} has {known}{hint}")
        return phase


class Configured(Workload):
    """Base of the workloads that a ``config.json`` describes; ``config_reader`` is the function of ``configs`` that reads it."""

    config_reader: ClassVar[str]

    @classmethod
    def from_config(cls, path_or_dict: Any, **changes: Any) -> Self:
        """Return the workload that a Hugging Face ``config.json`` describes; nothing is downloaded.

        Parameters
        ----------
        path_or_dict
            The file's path, or its content as a mapping.
        changes
            Fields that the configuration does not state, or that should differ, such as ``name``.

        Raises
        ------
        InputError
            The architecture is unknown (the message names those that are known), or the configuration is incomplete.
        """
        from . import configs

        return cls(**(getattr(configs, cls.config_reader)(path_or_dict) | changes))


class Published(Noun):
    """What the model's publisher prints about it."""

    parameters: q.Parameters | None = None
    active_parameters: q.Parameters | None = None
    macs: q.Macs | None = None
    training_tokens: q.TrainingTokens | None = None
    top1: q.Probability | None = None


class LatentAttention(Noun):
    """Multi-head latent attention: keys and values, and queries where they have a ``query_rank``, compressed to a low rank."""

    query_rank: q.QueryRank | None = None
    kv_rank: q.KvRank
    rope_dim: q.RopeDim
    nope_dim: q.NopeDim
    value_dim: q.ValueDim


class TransformerWorkload(Configured):
    """A transformer, described by its geometry.

    Where it has a ``window`` (tokens, the query's own included), its layers are local: they attend to the window, and their
    cache keeps no more than that. The last of every ``global_every`` layers attends to everything instead; where layers follow no such
    rhythm, ``global_layers`` counts those that do. Where it is ``chunked``, the window does not slide: the sequence is cut into chunks
    that long, and a token meets the earlier ones of its own chunk.

    Examples
    --------
    >>> tiny = TransformerWorkload(name="tiny", layers=2, hidden=64, heads=4, kv_heads=2, mlp_width=128, vocab=1000)
    >>> tiny.parameters
    202048
    """

    config_reader: ClassVar[str] = "geometry"
    takes_sequence: ClassVar[bool] = True
    family: ClassVar[str] = "serving"
    offloads: ClassVar[bool] = True
    training_precisions: ClassVar[tuple[str, ...]] = ("bf16", "fp16", "fp8")

    layers: q.Layers
    hidden: q.Hidden
    heads: q.Heads
    kv_heads: q.KvHeads | None = None
    head_dim: q.HeadDim | None = None
    mlp_width: q.MlpWidth | None = None
    gated: bool = True
    vocab: q.Vocabulary
    tied: bool = False
    max_context: q.Sequence | None = None
    causal: bool = True
    window: q.Window | None = None
    global_every: q.GlobalEvery | None = None
    global_layers: q.GlobalLayers | None = None
    chunked: bool = False

    experts: q.Experts | None = None
    experts_active: q.ActiveExperts | None = None
    experts_shared: q.SharedExperts | None = None
    expert_width: q.ExpertWidth | None = None
    dense_layers: q.DenseLayers | None = None
    router_bias: bool = False
    expert_bias: bool = False
    shared_gate: bool = False
    mla: LatentAttention | None = None

    learned_positions: q.Positions | None = None
    token_types: q.TokenTypes | None = None
    relative_buckets: q.RelativeBuckets | None = None
    pooler: bool = False
    attention_bias: bool = False
    attention_input_bias: bool = False
    qk_norm: bool = False
    qk_norm_whole: bool = False
    sinks: bool = False
    mlp_bias: bool = False
    norm_bias: bool = False
    norms_per_layer: q.NormsPerLayer = 2
    final_norm: bool = True
    embedding_norm: bool = False
    head_bias: bool = False

    published: Published = Published()

    def model_post_init(self, context: Any) -> None:
        """Refuse a geometry that cannot exist."""
        kv = self.kv_heads or self.heads
        if self.heads % kv:
            raise InputError(f"heads={self.heads} is no multiple of kv_heads={kv}")
        if self.head_dim is None and self.hidden % self.heads:
            raise InputError(f"hidden={self.hidden} is no multiple of heads={self.heads}: give head_dim")
        if self.window is not None and not self.causal:
            raise InputError(f"window={self.window}: local attention that looks both ways is not modelled; leave the window out")
        if self.chunked and self.window is None:
            raise InputError("chunked=True needs a window, which says how long a chunk is")
        for name in ("global_every", "global_layers"):
            if getattr(self, name) is not None and self.window is None:
                raise InputError(f"{name}={getattr(self, name)} needs a window: without one every layer attends to everything")
        if self.global_layers is not None and (self.global_every is not None or self.global_layers > self.layers):
            raise InputError(f"global_layers={self.global_layers}: give at most {self.layers}, and no global_every beside it")
        if self.qk_norm_whole and not self.qk_norm:
            raise InputError("qk_norm_whole says how wide the norms of queries and keys are: give qk_norm too")
        if self.experts is None and self.mlp_width is None:
            raise InputError("give mlp_width (a dense MLP), or experts, experts_active and expert_width")
        if self.experts is not None:
            if self.experts_active is None or self.expert_width is None:
                raise InputError(f"experts={self.experts} needs experts_active and expert_width")
            if self.experts_active > self.experts:
                raise InputError(f"experts_active={self.experts_active} is more than experts={self.experts}")
            if self.dense_layers and (self.mlp_width is None or self.dense_layers > self.layers):
                raise InputError(f"dense_layers={self.dense_layers} needs mlp_width and at most {self.layers} layers")

    @cached_property
    def geometry(self) -> Lowered:
        """The geometry as plain numbers, for a solver."""
        fields = {n: n for n in ("layers", "hidden", "heads", "vocab")}
        for name in ("kv_heads", "head_dim", "mlp_width", "experts", "experts_active", "experts_shared", "expert_width", "dense_layers"):
            if getattr(self, name) is not None:
                fields[name] = name
        for name in ("learned_positions", "token_types", "window", "global_layers"):
            if getattr(self, name) is not None:
                fields[name] = name
        if self.mla is not None:
            fields |= {n: f"mla.{n}" for n in type(self.mla).model_fields if getattr(self.mla, n) is not None}
        g = self.lower(
            "model",
            fields,
            moe=self.experts is not None,
            latent=self.mla is not None,
            causal=self.causal,
            local=self.window is not None,
            chunked=self.chunked,
        )
        role = self.zoo_name or "model"

        def counted(name: str, value: float, like: str = "") -> None:
            g.__dict__[name] = value
            g.origins[name] = g.origins[like] if like else Origin(f"{role}.{name}")

        if self.kv_heads is None:
            counted("kv_heads", g.heads, "heads")
        if self.head_dim is None:
            counted("head_dim", g.hidden / g.heads)
        if not g.moe:
            counted("dense_layers", g.layers, "layers")
        if g.local and self.global_layers is None:
            counted("global_layers", float(self.layers // self.global_every) if self.global_every else 0.0)
        for name in ("dense_layers", "experts_shared", "learned_positions", "token_types"):
            g.__dict__.setdefault(name, 0.0)
        if self.published.training_tokens is not None:
            g.__dict__["training_tokens"] = float(self.published.training_tokens)
            g.origins["training_tokens"] = self.origin("published.training_tokens", "model")
        counted("matrices", 3.0 if self.gated else 2.0)
        counted("tables", 1.0 if self.tied else 2.0)
        counted(
            "norm_vectors", (self.layers * self.norms_per_layer + self.final_norm + self.embedding_norm) * (2.0 if self.norm_bias else 1.0)
        )
        counted("biases", self._biases(g, g.experts if g.moe else 0.0))
        if self.expert_bias:
            counted("active_biases", self._biases(g, g.experts_active))
        return g

    @staticmethod
    def _expert_biases(g: Lowered) -> float:
        return (g.matrices - 1) * g.expert_width + g.hidden

    def _biases(self, g: Lowered, counted: float) -> float:
        """Elements of biases (of experts: of the counted ones), of norms and sinks inside attention, of a pooler and a shared gate.

        Biases by relative position stand once: all layers share those of the first.
        """
        total = 0.0
        if self.attention_bias:
            total += g.layers * ((g.heads + 2 * g.kv_heads) * g.head_dim + g.hidden)
        elif self.attention_input_bias:
            total += g.layers * (g.heads + 2 * g.kv_heads) * g.head_dim
        if self.qk_norm:
            total += g.layers * ((g.heads + g.kv_heads) * g.head_dim if self.qk_norm_whole else 2 * g.head_dim)
        if self.sinks:
            total += g.layers * g.heads
        if g.moe:
            total += (g.layers - g.dense_layers) * (self.shared_gate * g.hidden + self.expert_bias * counted * self._expert_biases(g))
        if self.mlp_bias and self.mlp_width:
            total += g.dense_layers * ((g.matrices - 1) * g.mlp_width + g.hidden)
        if self.router_bias and g.moe:
            total += (g.layers - g.dense_layers) * g.experts
        if g.latent:
            total += g.layers * (g.__dict__.get("query_rank", 0.0) + g.kv_rank)
        if self.pooler:
            total += g.hidden * (g.hidden + 1)
        if self.head_bias:
            total += g.vocab
        return total + (self.relative_buckets or 0) * g.heads

    @property
    def phases(self) -> tuple[str, ...]:
        """The kinds of step that it has; an encoder generates no tokens."""
        return PHASES if self.causal else ("forward", "training")

    @property
    def parameters(self) -> int:
        """Parameters, counted from the geometry."""
        return round(all_parameters(NUMBERS, self.geometry))

    @property
    def active_parameters(self) -> int:
        """Parameters that take part in one token."""
        return round(all_parameters(NUMBERS, self.geometry, active=True))

    def forward_flops(self, seq_len: Any, attention: str | None = None) -> Any:
        """Return the arithmetic of a forward pass over one sequence, scores for every token included.

        A multiply-accumulate is two FLOPs. There are two readings of attention. ``causal`` counts the pairs that a causal mask and
        a window leave, which is what solvers count. ``full`` counts the whole square, as much of the literature on utilization
        does (the equation ``training_work_per_token``); windows are not credited then either. In both,
        parameters count that multiply: the output head does, a table that tokens are looked up in does not.

        Parameters
        ----------
        seq_len
            Tokens of the sequence.
        attention
            ``causal``, ``full``, or ``None`` for what the model itself does.

        Raises
        ------
        InputError
            ``attention`` is neither, or ``causal`` is asked of an encoder.
        """
        return _FORWARD_WORK.quantity(self._forward(seq_len, attention))

    def training_flops(self, seq_len: Any, attention: str | None = None) -> Any:
        """Return the arithmetic that training needs for one sequence, forward and backward, nothing computed twice.

        See :meth:`forward_flops` for the arguments and the two readings of attention.
        """
        return _FORWARD_WORK.quantity(NUMBERS.training_work(self._forward(seq_len, attention), 0.0))

    def _forward(self, seq_len: Any, attention: str | None) -> float:
        known = ("causal", "full") if self.causal else ("full",)
        if attention is not None and attention not in known:
            raise InputError(f"attention={attention!r}: {self.title} has {' and '.join(map(repr, known))}")
        g, tokens = self.geometry, _SEQUENCE.read(seq_len, "seq_len")
        if attention != "full":
            return pass_work(NUMBERS, g, tokens, tokens, 1.0, tokens)
        matrices = NUMBERS.forward_work(matmul_parameters(NUMBERS, g), tokens, head_parameters(NUMBERS, g), tokens)
        return NUMBERS.total_forward_work(matrices, pairs_work(NUMBERS, g, NUMBERS.full_pairs(tokens, 0.0), 1.0))

    def demand(self, eq: Reading, x: Lowered) -> Demand:
        """Return what a step of phase ``x.phase`` with ``x.batch_size`` sequences of ``x.seq_len`` tokens asks for."""
        return transformer_demand(eq, x.model, x)


def attention_layer(eq: Reading, g: Lowered) -> Any:
    """Return the parameters of one layer's attention."""
    if g.latent and not g.has("query_rank"):
        return eq.latent_attention_parameters_with_whole_queries(g.hidden, g.heads, g.kv_rank, g.rope_dim, g.nope_dim, g.value_dim)
    if g.latent:
        return eq.latent_attention_parameters(g.hidden, g.heads, g.query_rank, g.kv_rank, g.rope_dim, g.nope_dim, g.value_dim)
    return eq.attention_parameters(g.hidden, g.heads, g.kv_heads, g.head_dim)


def dense_layer(eq: Reading, g: Lowered) -> Any:
    """Return the parameters of the matrices of a layer with a dense MLP; none where there is no such layer."""
    if g.moe and "mlp_width" not in g.__dict__:
        return 0.0
    return eq.block_parameters(g.once("attention", lambda: attention_layer(eq, g)), eq.mlp_parameters(g.hidden, g.mlp_width, g.matrices))


def expert_layer(eq: Reading, g: Lowered, counted: Any) -> Any:
    """Return the parameters of the matrices of a layer with experts, of which ``counted`` are counted."""
    if not g.moe:
        return 0.0
    experts = eq.expert_parameters(g.hidden, g.expert_width, g.matrices, g.experts, counted, g.experts_shared)
    return eq.block_parameters(g.once("attention", lambda: attention_layer(eq, g)), experts)


def stack(eq: Reading, g: Lowered, counted: Any, embeddings: Any, vectors: Any) -> Any:
    """Return the parameters of all layers, with embeddings, norms and biases."""
    dense = g.once("dense_layer", lambda: dense_layer(eq, g))
    return eq.transformer_parameters(g.layers, g.dense_layers, dense, expert_layer(eq, g, counted), embeddings, vectors)


def vector_parameters(eq: Reading, g: Lowered) -> Any:
    """Return the parameters of norms and biases."""
    return g.once("vectors", lambda: eq.norm_and_bias_parameters(g.hidden, g.norm_vectors, g.biases))


def head_parameters(eq: Reading, g: Lowered) -> Any:
    """Return the parameters of the output head; an encoder has none."""
    return g.once("head", lambda: eq.output_head_parameters(g.vocab, g.hidden)) if g.causal else 0.0


def all_parameters(eq: Reading, g: Lowered, active: bool = False) -> Any:
    """Return every parameter, or those that take part in one token."""

    def total() -> Any:
        embeddings = eq.embedding_parameters(g.vocab, g.hidden, g.tables, g.learned_positions, g.token_types)
        counted = 0.0 if not g.moe else g.experts_active if active else g.experts
        if active and g.has("active_biases"):
            return stack(eq, g, counted, embeddings, eq.norm_and_bias_parameters(g.hidden, g.norm_vectors, g.active_biases))
        return stack(eq, g, counted, embeddings, vector_parameters(eq, g))

    return g.once("active" if active else "all", total)


def matmul_parameters(eq: Reading, g: Lowered) -> Any:
    """Return the parameters that multiply each token, without the output head."""
    return g.once("matmul", lambda: stack(eq, g, g.experts_active if g.moe else 0.0, 0.0, 0.0))


def read_parameters(eq: Reading, g: Lowered, tokens: Any) -> Any:
    """Return the parameters that a pass over ``tokens`` reads.

    An embedding counts where it is read whole, as the output head, not as the table that tokens are looked up in; of
    experts, those count that the tokens touch.
    """
    if not g.moe:
        return g.once("read", lambda: stack(eq, g, 0.0, head_parameters(eq, g), vector_parameters(eq, g)))
    touched = eq.experts_touched(g.experts, g.experts_active, tokens)
    return stack(eq, g, touched, head_parameters(eq, g), vector_parameters(eq, g))


def routed_parameters(eq: Reading, g: Lowered, tokens: Any = None) -> Any:
    """Return the parameters of all routed experts, or of those that ``tokens`` touch."""
    counted = g.experts if tokens is None else eq.experts_touched(g.experts, g.experts_active, tokens)
    return eq.routed_expert_parameters(g.layers, g.dense_layers, counted, g.hidden, g.expert_width, g.matrices)


def pass_work(eq: Reading, g: Lowered, tokens: Any, logit_tokens: Any, batch: Any, new_tokens: Any, past_tokens: Any = 0.0) -> Any:
    """Return the arithmetic of a forward pass over all ``tokens``: matrices, output head, attention.

    Each sequence of the batch computes ``new_tokens``, which also attend to ``past_tokens`` that were computed before.
    """
    matrices = eq.forward_work(matmul_parameters(eq, g), tokens, head_parameters(eq, g), logit_tokens)
    return eq.total_forward_work(matrices, attention_work(eq, g, batch, new_tokens, past_tokens))


def decode_work(eq: Reading, g: Lowered, batch: Any, context: Any) -> Any:
    """Return the arithmetic of one new token for each sequence of a batch."""
    matrices = eq.forward_work(matmul_parameters(eq, g), batch, head_parameters(eq, g), batch)
    return eq.total_forward_work(matrices, decode_attention_work(eq, g, batch, context))


def decode_attention_work(eq: Reading, g: Lowered, batch: Any, context: Any) -> Any:
    """Return the arithmetic of attention for one new token for each sequence of a batch.

    Latent attention works on the cached latent itself: each head's query is carried into it, and its values out of it. A local
    layer meets its window; where ``context`` is the mean of a growing one, that is at most the mean of what the layer meets.
    """
    context = met_context(eq, g, context)
    if g.latent:
        return eq.attention_work(context, batch, g.layers, g.heads, eq.query_key_dim(g.kv_rank, g.rope_dim), g.kv_rank)
    return eq.attention_work(context, batch, g.layers, g.heads, g.head_dim, g.head_dim)


def attention_work(eq: Reading, g: Lowered, batch: Any, new_tokens: Any, past_tokens: Any = 0.0) -> Any:
    """Return the arithmetic of attention scores and mixing, where each sequence computes ``new_tokens`` after ``past_tokens``."""
    pairs = eq.causal_pairs(new_tokens, past_tokens) if g.causal else eq.full_pairs(new_tokens, past_tokens)
    if g.local:
        inside = (eq.chunked_pairs if g.chunked else eq.windowed_pairs)(new_tokens, past_tokens, g.window)
        pairs = eq.layer_mean_pairs(pairs, inside, g.layers, g.global_layers)
    return pairs_work(eq, g, pairs, batch)


def pairs_work(eq: Reading, g: Lowered, pairs: Any, batch: Any) -> Any:
    """Return the arithmetic of scoring and mixing so many query-key pairs of each sequence in every layer."""
    if g.latent:
        return eq.attention_work(pairs, batch, g.layers, g.heads, eq.query_key_dim(g.nope_dim, g.rope_dim), g.value_dim)
    return eq.attention_work(pairs, batch, g.layers, g.heads, g.head_dim, g.head_dim)


def held_context(eq: Reading, g: Lowered, context: Any) -> Any:
    """Return the tokens of context that the mean layer holds."""
    return eq.layer_mean_context(context, g.window, g.layers, g.global_layers) if g.local else context


def met_context(eq: Reading, g: Lowered, context: Any) -> Any:
    """Return the tokens of context that a new token meets in the mean layer: what the layer holds, or in chunks half of it."""
    if g.local and g.chunked:
        return eq.layer_mean_chunk_context(context, g.window, g.layers, g.global_layers)
    return held_context(eq, g, context)


def cache_bytes(eq: Reading, g: Lowered, context: Any, batch: Any, element_size: Any, kv_heads: Any = None, met: bool = False) -> Any:
    """Return the key-value cache of a batch; ``kv_heads`` counts the heads that one device holds.

    A local layer holds its window, as a rolling buffer does, and of a chunk at most all of it; ``met`` asks for what a new token reads.
    """
    context = (met_context if met else held_context)(eq, g, context)
    if g.latent:
        return eq.latent_kv_cache_bytes(g.layers, g.kv_rank, g.rope_dim, context, batch, element_size)
    return eq.kv_cache_bytes(g.layers, g.kv_heads if kv_heads is None else kv_heads, g.head_dim, context, batch, element_size)


def transformer_demand(eq: Reading, g: Lowered, x: Lowered) -> Demand:
    """Return what one step of a transformer asks of one device that holds all of it."""
    weights = eq.weight_bytes(all_parameters(eq, g), x.weight_size)
    if x.phase == "decode":
        cache = cache_bytes(eq, g, x.seq_len, x.batch_size, x.kv_size)
        tokens = x.batch_size
        work = decode_work(eq, g, tokens, x.seq_len)
        read = eq.weight_bytes(read_parameters(eq, g, tokens), x.weight_size)
        met = cache_bytes(eq, g, x.seq_len, x.batch_size, x.kv_size, met=True)
        return Demand(tokens, work, work, eq.decode_traffic(read, met), eq.serving_footprint(weights, cache), weights, read=read)
    tokens = eq.token_count(x.batch_size, x.seq_len)
    work = pass_work(eq, g, tokens, x.batch_size if x.phase == "prefill" else tokens, x.batch_size, x.seq_len)
    if x.phase == "training":
        read = eq.weight_bytes(read_parameters(eq, g, tokens), x.weight_size)
        attention = attention_work(eq, g, x.batch_size, x.seq_len)
        return transformer_training(eq, g, x, x.seq_len, tokens, work, attention, all_parameters(eq, g), weights, read)
    read = eq.weight_bytes(read_parameters(eq, g, tokens), x.weight_size)
    cache = cache_bytes(eq, g, x.seq_len, x.batch_size, x.kv_size) if x.phase == "prefill" else 0.0
    return Demand(tokens, work, work, eq.pass_traffic(read, cache), eq.serving_footprint(weights, cache), weights, read=read)


def transformer_training(
    eq: Reading, g: Lowered, x: Lowered, sequence: Any, tokens: Any, forward: Any, attention: Any, parameters: Any, weights: Any, read: Any
) -> Demand:
    """Return what a training step with ``x.batch_size`` sequences asks for, given its forward pass and what of it is attention.

    All activations are kept, but for the scores, which a fused kernel computes again.
    """
    gradients = eq.gradient_bytes(parameters, x.gradient_size)
    optimizer = eq.optimizer_bytes(parameters)
    one_layer = eq.activation_bytes_selective_sequence_parallel(sequence, x.batch_size, g.hidden, 1.0)
    activations = eq.pipeline_activation_bytes(one_layer, g.layers, 1.0)
    state = eq.model_state_bytes(weights, gradients, optimizer)
    work = eq.training_work(forward, eq.fused_attention_recomputed_work(attention))
    traffic = eq.training_traffic(read, activations, 1.0)
    update = eq.optimizer_traffic(weights, gradients, optimizer)
    return Demand(tokens, eq.training_work(forward, 0.0), work, traffic, eq.training_footprint(state, activations), weights, update)


class CNNWorkload(Workload):
    """A convolutional network, described by its published counts for one input.

    ``activations`` are the elements that convolution and dense layers write in one forward pass, ``peak_activations`` the
    most that must be held at once; where they are not stated, the footprint of inference is the weights alone. Of ``macs``, those of
    depthwise convolutions are ``depthwise_macs``.

    With documented constants (a :class:`~mlsysim.Profile`) two things more count: ``passes`` are how often operators read or write an
    activation when none is fused, and ``blocks`` says what the network is made of, since backward passes differ: ``dense`` (convolutions
    and norms over the batch), ``grouped`` (convolutions in wide groups), or ``mixed`` (depthwise convolutions, attention, norms of tokens).
    """

    parameters: q.Parameters
    macs: q.Macs
    activations: q.Activations
    layers: q.Layers | None = None
    image_size: q.Sequence | None = None
    peak_activations: q.Activations | None = None
    depthwise_macs: q.DepthwiseMacs | None = None
    passes: q.ActivationPasses = 8.0
    blocks: Literal["dense", "grouped", "mixed"] = "dense"
    published: Published = Published()

    @cached_property
    def geometry(self) -> Lowered:
        """The counts as plain numbers, for a solver."""
        names = ["parameters", "macs", "activations", "passes"]
        names += [n for n in ("peak_activations", "depthwise_macs", "layers") if getattr(self, n) is not None]
        return self.lower("model", {n: n for n in names}, blocks=self.blocks)

    def demand(self, eq: Reading, x: Lowered) -> Demand:
        """Return what a step with ``x.batch_size`` images asks for."""
        return cnn_demand(eq, x.model, x, x.batch_size)


def cnn_demand(eq: Reading, g: Lowered, x: Lowered, batch: Any) -> Demand:
    """Return what one step of a convolutional network asks for."""
    weights = eq.weight_bytes(g.parameters, x.weight_size)
    forward = eq.work_from_macs(g.macs, batch)
    fitted = x.has("fused_share")
    operators = eq.operator_traffic(g.activations, g.passes, x.fused_share, batch, x.weight_size) if fitted else None
    if x.phase == "forward":
        moved = operators if fitted else eq.activation_traffic(g.activations, batch, x.weight_size)
        footprint, working = weights, None
        if g.has("peak_activations"):
            working = eq.stored_activations(g.peak_activations, batch, x.weight_size)
            footprint = eq.inference_footprint(weights, working)
        depthwise = eq.work_from_macs(g.depthwise_macs, batch) if g.has("depthwise_macs") else None
        traffic = eq.convolution_traffic(weights, moved)
        demand = Demand(batch, forward, forward, traffic, footprint, weights, working=working, depthwise=depthwise)
        return by_operators(eq, x, demand, operators, g.layers if g.has("layers") else None, 1.0)
    gradients = eq.gradient_bytes(g.parameters, x.gradient_size)
    optimizer = eq.optimizer_bytes(g.parameters, 8.0 if x.full_precision else 12.0)
    kept = eq.stored_activations(g.activations, batch, x.weight_size)
    state = eq.model_state_bytes(weights, gradients, optimizer)
    work = eq.training_work(forward, 0.0)
    if fitted:
        operators = eq.trained_traffic(operators, getattr(x, f"training_passes_{g.blocks}"))
    traffic = eq.convolution_traffic(weights, operators) if fitted else eq.convolution_training_traffic(weights, kept)
    update = eq.optimizer_traffic(weights, gradients, optimizer)
    demand = Demand(batch, work, work, traffic, eq.training_footprint(state, kept), weights, update)
    return by_operators(eq, x, demand, operators, g.layers if g.has("layers") else None, 3.0)


def by_operators(eq: Reading, x: Lowered, demand: Demand, moved: Any, layers: Any, rounds: float) -> Demand:
    """Return a demand with what documented constants ask for: activations handled one by one, and kernels launched."""
    if moved is not None:
        demand.moved = moved
        demand.launch = None if layers is None else eq.launch_time(layers, x.layer_floor, rounds, x.host_pace)
    return demand
