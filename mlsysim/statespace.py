"""Layer A, workloads of state-space models: a state of fixed size instead of a cache that grows."""

from functools import cached_property
from typing import Any, ClassVar

from . import quantities as q
from .errors import InputError
from .facts import Origin
from .nouns import Lowered
from .readings import NUMBERS, Reading
from .workloads import Configured, Demand, Published, head_parameters, vector_parameters

_FORWARD_WORK, _SEQUENCE = q.nomenclature()["ForwardWork"], q.nomenclature()["Sequence"]


class StateSpaceWorkload(Configured):
    """A language model of Mamba blocks, described by its geometry.

    With a ``step_rank`` the blocks are those of the first generation, with ``heads`` and ``groups`` those of Mamba-2. ``vocab``
    counts the rows of the table, padding included.

    Its steps are ``forward`` and ``prefill`` over whole sequences, and ``decode``, which reads and rewrites a state that does not
    depend on the context. The scan is counted as a recurrence in all of them; Mamba-2's scan in chunks does more arithmetic, on
    matrix units. Training is not modelled: what its kernels keep and compute again for the backward pass is not.

    Examples
    --------
    >>> StateSpaceWorkload(name="mamba-130m", layers=24, hidden=768, inner=1536, state=16, step_rank=48, vocab=50280).parameters
    129135360
    """

    config_reader: ClassVar[str] = "state_space_geometry"
    takes_sequence: ClassVar[bool] = True
    family: ClassVar[str] = "serving"

    layers: q.Layers
    hidden: q.Hidden
    inner: q.Inner
    state: q.StateDim
    kernel: q.ShortKernel = 4
    step_rank: q.StepRank | None = None
    heads: q.StateHeads | None = None
    groups: q.StateGroups | None = None
    vocab: q.Vocabulary
    tied: bool = True
    published: Published = Published()

    def model_post_init(self, context: Any) -> None:
        """Refuse a geometry that cannot exist."""
        if (self.step_rank is None) == (self.heads is None):
            raise InputError("give step_rank (blocks of the first generation) or heads (Mamba-2), one of them")
        if self.heads is None and self.groups is not None:
            raise InputError(f"groups={self.groups}: blocks of the first generation have none")
        if self.heads is not None and self.inner % self.heads:
            raise InputError(f"inner={self.inner} is no multiple of heads={self.heads}")

    @property
    def phases(self) -> tuple[str, ...]:
        """The kinds of step that it has."""
        return ("forward", "prefill", "decode")

    @cached_property
    def geometry(self) -> Lowered:
        """The geometry as plain numbers, for a solver."""
        fields = {n: n for n in ("layers", "hidden", "inner", "state", "kernel", "vocab")}
        fields |= {n: n for n in ("step_rank", "heads", "groups") if getattr(self, n) is not None}
        g = self.lower("model", fields, grouped=self.heads is not None, causal=True)
        role = self.zoo_name or "model"

        def counted(name: str, value: float) -> None:
            g.__dict__[name] = value
            g.origins[name] = Origin(f"{role}.{name}")

        if g.grouped and self.groups is None:
            counted("groups", 1.0)
        channels = NUMBERS.convolved_channels(g.inner, g.groups, g.state) if g.grouped else g.inner
        counted("channels", channels)
        counted("tables", 1.0 if self.tied else 2.0)
        counted("norm_vectors", g.layers + 1.0)
        own = 3 * g.heads + channels + g.inner if g.grouped else g.inner * (g.state + 3)
        counted("biases", g.layers * own)
        return g

    @property
    def parameters(self) -> int:
        """Parameters, counted from the geometry."""
        return round(_all_parameters(NUMBERS, self.geometry))

    def forward_flops(self, seq_len: Any) -> Any:
        """Return the arithmetic of a forward pass over one sequence, scores for every token included.

        Parameters
        ----------
        seq_len
            Tokens of the sequence.
        """
        tokens = _SEQUENCE.read(seq_len, "seq_len")
        return _FORWARD_WORK.quantity(_work(NUMBERS, self.geometry, tokens, tokens))

    def state_bytes(self, batch_size: Any = 1, element_size: float = 2.0) -> Any:
        """Return the memory of what sequences carry from token to token, whatever their context.

        Parameters
        ----------
        batch_size
            Sequences.
        element_size
            Bytes of a number of state.
        """
        batch = q.nomenclature()["Batch"].read(batch_size, "batch_size")
        return q.nomenclature()["KvBytes"].quantity(_state(NUMBERS, self.geometry, batch, element_size))

    def demand(self, eq: Reading, x: Lowered) -> Demand:
        """Return what a step of phase ``x.phase`` with ``x.batch_size`` sequences asks for."""
        g, batch = x.model, x.batch_size
        weights = eq.weight_bytes(_all_parameters(eq, g), x.weight_size)
        read = eq.weight_bytes(_read_parameters(eq, g), x.weight_size)
        state = 0.0 if x.phase == "forward" else _state(eq, g, batch, x.kv_size)
        footprint = eq.serving_footprint(weights, state)
        if x.phase == "decode":
            work = _work(eq, g, batch, batch)
            return Demand(batch, work, work, eq.decode_traffic(read, eq.rewritten_bytes(state)), footprint, weights)
        tokens = eq.token_count(batch, x.seq_len)
        work = _work(eq, g, tokens, batch if x.phase == "prefill" else tokens)
        return Demand(tokens, work, work, eq.pass_traffic(read, state), footprint, weights)


def _matrices(eq: Reading, g: Lowered) -> Any:
    """The parameters that multiply each token, without the output head."""

    def total() -> Any:
        if g.grouped:
            projections = eq.grouped_projection_parameters(g.hidden, g.inner, g.state, g.groups, g.heads)
        else:
            projections = eq.selective_projection_parameters(g.hidden, g.inner, g.state, g.step_rank)
        return eq.stacked_parameters(g.layers, eq.joint_parameters(projections, eq.short_convolution_parameters(g.channels, g.kernel)))

    return g.once("matmul", total)


def _all_parameters(eq: Reading, g: Lowered) -> Any:
    def total() -> Any:
        around = eq.joint_parameters(eq.embedding_parameters(g.vocab, g.hidden, g.tables, 0.0, 0.0), vector_parameters(eq, g))
        return eq.joint_parameters(_matrices(eq, g), around)

    return g.once("all", total)


def _read_parameters(eq: Reading, g: Lowered) -> Any:
    """What a pass reads: everything but a table that tokens are only looked up in."""
    return g.once(
        "read", lambda: eq.joint_parameters(_matrices(eq, g), eq.joint_parameters(head_parameters(eq, g), vector_parameters(eq, g)))
    )


def _work(eq: Reading, g: Lowered, tokens: Any, logit_tokens: Any) -> Any:
    matrices = eq.forward_work(_matrices(eq, g), tokens, head_parameters(eq, g), logit_tokens)
    return eq.joint_work(matrices, eq.scan_work(tokens, g.layers, g.inner, g.state))


def _state(eq: Reading, g: Lowered, batch: Any, element_size: Any) -> Any:
    return eq.recurrent_state_bytes(g.layers, g.inner, g.state, g.channels, g.kernel, batch, element_size)
