"""State-space models: projections, short convolutions, the scan, and a state that does not grow."""

from .. import quantities as q
from ..equation import equation


@equation(source="gu2023mambacode", where="class Mamba: in_proj, x_proj, dt_proj, out_proj")
def selective_projection_parameters(hidden: q.Hidden, inner: q.Inner, state: q.StateDim, step_rank: q.StepRank) -> q.Parameters:
    """Parameters of the matrices of one Mamba block, its short convolution left out.

    Holds when the block widens the residual stream twice, for the scan and for its gate, and makes step, input and output
    vectors of the scan from the widened stream.

    Stops holding when projections carry a bias, when blocks have heads (the second generation), or when attention stands between.
    """
    return hidden * 2 * inner + inner * (step_rank + 2 * state) + step_rank * inner + inner * hidden


@equation(source="dao2024mamba2code", where="class Mamba2: d_in_proj, and out_proj")
def grouped_projection_parameters(
    hidden: q.Hidden, inner: q.Inner, state: q.StateDim, groups: q.StateGroups, heads: q.StateHeads
) -> q.Parameters:
    """Parameters of the matrices of one Mamba-2 block, its short convolution left out.

    Holds when one projection makes gate, input, the scan's vectors for each group, and one step for each head.

    Stops holding when part of the width is a gated MLP instead of a scan, or when projections carry a bias.
    """
    return hidden * (2 * inner + 2 * groups * state + heads) + inner * hidden


@equation(source="dao2024mamba2code", where="class Mamba2: conv_dim")
def convolved_channels(inner: q.Inner, groups: q.StateGroups, state: q.StateDim) -> q.ConvolvedChannels:
    """Channels that pass through the short convolution of a Mamba-2 block.

    Holds when the scan's input and output vectors are convolved together with its input.

    Stops holding when blocks are of the first generation, which convolves the input alone.
    """
    return inner + 2 * groups * state


@equation(source="gu2024scanflops", where="comments: 9BLDN for the core of the selective scan, where D is the widened stream")
def scan_work(tokens: q.Tokens, layers: q.Layers, inner: q.Inner, state: q.StateDim, flop_per_state: q.FlopPerState = 9.0) -> q.ForwardWork:
    """Arithmetic of the scans of all layers: discretisation, recurrence and read-out.

    Holds when the recurrence runs as an associative scan, or step by step, which takes no more.

    Stops holding when the scan runs in chunks on matrix units, as the second generation does in prompts and training: that is more
    arithmetic, done faster.
    """
    return flop_per_state * tokens * layers * inner * state


@equation(source="lockwood2026mamba", where="Principles: elements of the recurrent state and of the convolution state of a layer")
def recurrent_state_bytes(
    layers: q.Layers,
    inner: q.Inner,
    state: q.StateDim,
    channels: q.ConvolvedChannels,
    kernel: q.ShortKernel,
    batch: q.Batch,
    element_size: q.KvSize,
) -> q.KvBytes:
    """Memory of what a batch of sequences carries from token to token.

    Holds when each layer keeps its recurrent state and the last inputs of its convolution, at one precision, however long the
    context is.

    Stops holding when the recurrent state is kept at a higher precision than the rest, or when attention layers add a cache.
    """
    return layers * (inner * state + channels * kernel) * batch * element_size
