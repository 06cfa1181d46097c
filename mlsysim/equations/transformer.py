"""Transformers: parameters, arithmetic and memory from geometry."""

from ..equation import equation, example, limit
from ..quantities import (
    ActivationBytes,
    ActiveExperts,
    AttentionWork,
    Batch,
    Context,
    CountedExperts,
    DataParallel,
    DenseLayerParameters,
    DenseLayers,
    EmbeddingParameters,
    EmbeddingTables,
    ExecutedWork,
    ExpertLayerParameters,
    Experts,
    ExpertWidth,
    FlopPerMac,
    FlopPerParameter,
    ForwardWork,
    GradientBytes,
    GradientSize,
    HeadDim,
    HeadParameters,
    Heads,
    Hidden,
    KvBytes,
    KvHeads,
    KvRank,
    KvSize,
    Layers,
    LogitTokens,
    MatmulParameters,
    Matrices,
    MlpWidth,
    NewTokens,
    NopeDim,
    OptimizerBytes,
    OptimizerSize,
    Page,
    Pairs,
    Parameters,
    PastTokens,
    Positions,
    QueryRank,
    RecomputedWork,
    ReplicatedCoefficient,
    ResidualCoefficient,
    RopeDim,
    ScoreCoefficient,
    Sequence,
    SharedExperts,
    StateBytes,
    TensorParallel,
    Tokens,
    TokenTypes,
    TokenWork,
    TouchedExperts,
    ValueDim,
    VectorParameters,
    Vocabulary,
    WeightBytes,
    WeightSize,
)
from ..vocabulary import ceil


@equation(
    source="austin2025llama",
    where="section Counting Parameters and FLOPs, table, row Attention params (one layer of it)",
    example=example(
        2359296,
        hidden=768,
        heads=12,
        kv_heads=12,
        head_dim=64,
        source="karpathy2023nanogpt",
        where="output of cell 3, rows attention/kqv and attention/proj",
        kind="publication",
        tolerance=1e-9,
        note="The two printed rows add up: 1769472 + 589824.",
    ),
    limits=(
        limit(
            "as many key-value as query heads, together as wide as the model: four square matrices",
            lambda hidden, **_: 4 * hidden**2,
            hidden=4096,
            heads=32,
            kv_heads=32,
            head_dim=128,
        ),
        limit("a single head: four equal projections", lambda hidden, head_dim, **_: 4 * hidden * head_dim, heads=1, kv_heads=1),
    ),
)
def attention_parameters(hidden: Hidden, heads: Heads, kv_heads: KvHeads, head_dim: HeadDim) -> Parameters:
    """Parameters of the query, key, value and output projections of one attention layer.

    Holds when keys and values have as many dimensions a head as queries, groups of query heads share one key-value head, and
    projections carry no bias.

    Stops holding when projections are factored through a low rank, when keys and values are shared between layers, or when biases
    and normalisation of queries and keys are to be counted; those vectors are counted apart.
    """
    return 2 * hidden * heads * head_dim + 2 * hidden * kv_heads * head_dim


@equation(
    source="deepseek2024v2",
    where="sections 2.1.2 and 2.1.3, shapes of the matrices in eqs. 9 to 19",
    example=example(
        187105280,
        hidden=7168,
        heads=128,
        query_rank=1536,
        kv_rank=512,
        rope_dim=64,
        nope_dim=128,
        value_dim=128,
        source="zhang2025memory",
        where="section 3.2, multi-head latent attention on a device, four layers with two tensor-parallel ranks",
        kind="publication",
        tolerance=1e-9,
        note="Printed for four layers: 318767104 on each of two ranks and 110886912 on both; (2 x 318767104 + 110886912) / 4.",
    ),
    limits=limit(
        "nothing compressed or rotated: only the output projection remains",
        lambda hidden, heads, value_dim, **_: heads * value_dim * hidden,
        query_rank=0,
        kv_rank=0,
        rope_dim=0,
    ),
)
def latent_attention_parameters(
    hidden: Hidden, heads: Heads, query_rank: QueryRank, kv_rank: KvRank, rope_dim: RopeDim, nope_dim: NopeDim, value_dim: ValueDim
) -> Parameters:
    """Parameters of the projections of one layer of multi-head latent attention.

    Holds when queries, and jointly keys and values, pass through a low-rank bottleneck, and one rotary key, computed straight from
    the residual stream, serves all heads.

    Stops holding when queries are not compressed (small variants of the architecture have one full query matrix), or when the
    gains of the two norms behind the bottlenecks are to be included; they are vectors and counted apart.
    """
    query: Parameters = hidden * query_rank + query_rank * heads * (nope_dim + rope_dim)
    key_value: Parameters = hidden * (kv_rank + rope_dim) + kv_rank * heads * (nope_dim + value_dim)
    return query + key_value + heads * value_dim * hidden


@equation(
    source="austin2025transformers",
    where="section Global FLOPs and Params Calculation, MLPs, table (three matrices) and note on gating einsums (two)",
    example=example(
        9437184,
        hidden=3072,
        mlp_width=1024,
        matrices=3,
        source="daxzeit2026expert",
        where="section The math: 0.45B per expert",
        kind="publication",
        tolerance=1e-9,
    ),
    limits=limit(
        "a plain MLP four times as wide as the model: eight square matrices",
        lambda hidden, **_: 8 * hidden**2,
        hidden=4096,
        mlp_width=16384,
        matrices=2,
    ),
)
def mlp_parameters(hidden: Hidden, mlp_width: MlpWidth, matrices: Matrices) -> Parameters:
    """Parameters of the weight matrices of one feed-forward block.

    Holds when every matrix joins the residual stream and the inner width: two of them in a plain block, three in a gated one.

    Stops holding when the block carries biases, when its matrices are low-rank or block-sparse, or when weights are shared
    between layers.
    """
    return matrices * hidden * mlp_width


@equation(
    source="deepseek2024v2",
    where="section 2.2.1, eqs. 20 to 22",
    example=example(
        1455161344,
        hidden=7168,
        expert_width=2048,
        matrices=3,
        experts=256,
        counted=32,
        shared=1,
        source="zhang2025memory",
        where="section 3.3 and table 6, row MoE",
        kind="publication",
        tolerance=1e-9,
        note="Printed for the four layers of a device that holds 32 of 256 routed experts: 5820645376 = 4 x 1455161344.",
    ),
    limits=limit(
        "one routed expert and none shared: an MLP and one router column",
        lambda hidden, expert_width, matrices, **_: mlp_parameters(hidden, expert_width, matrices) + hidden,
        experts=1,
        counted=1,
        shared=0,
    ),
)
def expert_parameters(
    hidden: Hidden, expert_width: ExpertWidth, matrices: Matrices, experts: Experts, counted: CountedExperts, shared: SharedExperts
) -> Parameters:
    """Parameters of the router and of the counted experts of one mixture-of-experts layer.

    Holds when the router is one linear map with an output for each routed expert and all experts, shared ones included, have the
    same width; counting all routed experts gives what is stored, counting the chosen ones what a token uses.

    Stops holding when shared experts have a width of their own, when the router carries a bias or hidden layers, or when experts
    are split further inside.
    """
    return hidden * experts + (counted + shared) * matrices * hidden * expert_width


@equation(
    source="narayanan2021",
    where="section 5.1, eq. 2, term 13/(12h): thirteen widths a layer, four in norms and nine in biases",
    example=example(
        9984,
        hidden=768,
        norm_vectors=4,
        biases=6912,
        source="park2026gpt2",
        where="table Layer information, rows of transformer.h.0 with form Vector",
        kind="publication",
        tolerance=1e-9,
        note="Printed row by row: four norm vectors of 768; biases 2304 + 768 + 3072 + 768 = 6912; eq. 2 gives 13 x 768 as well.",
    ),
    limits=limit("one norm with a gain and no bias: one width", lambda hidden, **_: hidden, norm_vectors=1, biases=0),
)
def norm_and_bias_parameters(hidden: Hidden, norm_vectors: VectorParameters, biases: VectorParameters) -> VectorParameters:
    """Parameters held in vectors: gains and shifts of norms, and biases.

    Holds when every norm vector is as wide as the residual stream and biases are given as a number of elements.

    Stops holding when norms act on narrower vectors, as those of queries, keys or compressed latents do; they then have to be
    entered as elements beside the biases.
    """
    return norm_vectors * hidden + biases


@equation(
    source="kaplan2020",
    where="section 2.1, table 1, row Embed",
    example=example(
        39383808,
        vocabulary=50257,
        hidden=768,
        tables=1,
        positions=1024,
        token_types=0,
        source="karpathy2023nanogpt",
        where="output of cell 3, row embedding",
        kind="publication",
        tolerance=1e-9,
    ),
    limits=limit(
        "one table shared by input and output, positions without parameters",
        lambda vocabulary, hidden, **_: vocabulary * hidden,
        tables=1,
        positions=0,
        token_types=0,
    ),
)
def embedding_parameters(
    vocabulary: Vocabulary, hidden: Hidden, tables: EmbeddingTables, positions: Positions, token_types: TokenTypes
) -> EmbeddingParameters:
    """Parameters of the token, position and segment embeddings and of an output head with a table of its own.

    Holds when every embedding is as wide as the residual stream; a head that reuses the input table adds nothing.

    Stops holding when embeddings are factored through a narrower space, when the vocabulary is padded to a multiple that suits
    the hardware, or when the head has a bias or a transformation before it.
    """
    return (vocabulary * tables + positions + token_types) * hidden


@equation(
    source="zhang2025memory",
    where="section 2, table 3: 3 layers with dense MLP, 58 with experts, embedding and head",
    example=example(
        671e9,
        layers=61,
        dense_layers=3,
        dense_layer=0.58e9,
        expert_layer=11.5e9,
        embeddings=1853358080,
        vectors=0,
        where="section 2, table 3, row Total",
        kind="source",
        tolerance=0.001,
        note="Vectors are inside the printed layers; embedding and head are two tables of 129280 x 7168.",
    ),
    limits=(
        limit(
            "no expert layer: as many dense layers as there are",
            lambda dense_layer, **_: 10 * dense_layer,
            layers=10,
            dense_layers=10,
            embeddings=0,
            vectors=0,
        ),
        limit(
            "experts everywhere, embeddings and vectors aside",
            lambda layers, expert_layer, **_: layers * expert_layer,
            dense_layers=0,
            embeddings=0,
            vectors=0,
        ),
    ),
)
def transformer_parameters(
    layers: Layers,
    dense_layers: DenseLayers,
    dense_layer: DenseLayerParameters,
    expert_layer: ExpertLayerParameters,
    embeddings: EmbeddingParameters,
    vectors: VectorParameters,
) -> Parameters:
    """Parameters of a whole transformer, from its layers, embeddings and vectors.

    Holds when layers come in at most two kinds, with a dense feed-forward block and with experts, and each kind is uniform.

    Stops holding when widths change from layer to layer, when layers share weights, or when the model has parts beside the stack,
    such as encoders of images or heads that predict several tokens.
    """
    return dense_layers * dense_layer + (layers - dense_layers) * expert_layer + embeddings + vectors


@equation(
    source="kaplan2020",
    where="section 2.1, table 1: twice the non-embedding parameters for each token, and row De-embed",
    example=example(
        "252993601536 FLOP",
        matmul_parameters=84934656,
        tokens=1024,
        head_parameters=38597376,
        logit_tokens=1024,
        source="karpathy2023nanogpt",
        where="output of cell 6, row forward_total less the rows attention/scores and attention/reduce",
        kind="publication",
        tolerance=1e-9,
        note="291648307200 - 12 x (1610612736 + 1610612736); the parameters are 12 x (1769472 + 589824 + 2 x 2359296), cell 3.",
    ),
    limits=(
        limit(
            "a prompt whose scores nobody reads leaves the layers",
            lambda matmul_parameters, tokens, **_: matmul_parameters * tokens,
            logit_tokens=0,
            flop_per_parameter=1.0,
        ),
        limit(
            "one token with its scores: every parameter that multiplies, head included",
            lambda matmul_parameters, head_parameters, flop_per_parameter, **_: forward_work_per_token(
                matmul_parameters + head_parameters, flop_per_parameter
            ),
            tokens=1,
            logit_tokens=1,
        ),
    ),
)
def forward_work(
    matmul_parameters: MatmulParameters,
    tokens: Tokens,
    head_parameters: HeadParameters,
    logit_tokens: LogitTokens,
    flop_per_parameter: FlopPerParameter = 2.0,
) -> ForwardWork:
    """Arithmetic of the weight matrices in one forward pass, output head included.

    Holds when every counted parameter multiplies once for each token, a multiplication and an addition each, and the head runs
    only for tokens whose scores are needed.

    Stops holding when attention scores matter, at long contexts, since they use no parameters and have an equation of their own;
    norms, activations and embedding look-ups are left out.
    """
    return flop_per_parameter * (matmul_parameters * tokens + head_parameters * logit_tokens)


@equation(
    source="1cademy2025causal",
    where="definition: query i meets keys 0 to i; list of products for four queries",
    example=example(
        8390656,
        new_tokens=4096,
        past_tokens=0,
        source="ruvnet2026sparse",
        where="section Sparse edge estimates, column dense_causal, row 4,096",
        kind="publication",
        tolerance=1e-9,
    ),
    limits=(
        limit("decoding one token: it meets the past and itself", lambda past_tokens, **_: past_tokens + 1, new_tokens=1),
        limit("four tokens without a past, counted one by one", lambda **_: 1 + 2 + 3 + 4, new_tokens=4, past_tokens=0),
    ),
)
def causal_pairs(new_tokens: NewTokens, past_tokens: PastTokens) -> Pairs:
    """Query-key pairs of one sequence under a causal mask, each query paired with itself and everything before it.

    Holds when the new tokens follow one another, all earlier keys are kept, and masked pairs are neither computed nor counted.

    Stops holding when attention is limited to a window or to selected keys, or when a kernel works on whole tiles and so executes
    part of the masked half as well.
    """
    return new_tokens * past_tokens + new_tokens * (new_tokens + 1) / 2


@equation(
    source="austin2025transformers",
    where="section Attention, table of dot-product attention: queries of length T against keys of length S",
    example=example(
        16e9,
        new_tokens=128000,
        past_tokens=0,
        source="zubnet2026selfattention",
        where="paragraph on the attention matrix",
        kind="publication",
        tolerance=0.03,
        note="Printed as about 16 billion entries for a 128K context.",
    ),
    limits=(
        limit("one query meets every key", lambda past_tokens, **_: past_tokens + 1, new_tokens=1),
        limit("without a past: a square", lambda new_tokens, **_: new_tokens**2, past_tokens=0),
    ),
)
def full_pairs(new_tokens: NewTokens, past_tokens: PastTokens) -> Pairs:
    """Query-key pairs of one sequence when every query meets every key.

    Holds when attention looks both ways, as in encoders, or when a kernel computes the whole score matrix and masks it afterwards.

    Stops holding when masked pairs are skipped, which nearly halves long prompts, or when attention is local or sparse.
    """
    return new_tokens * (new_tokens + past_tokens)


@equation(
    source="korthikanti2022",
    where="appendix A: attention matrix and attention over values, two products for each pair and width",
    example=example(
        "3221225472 FLOP",
        pairs=1048576,
        batch=1,
        layers=1,
        heads=12,
        head_dim=64,
        value_dim=64,
        source="karpathy2023nanogpt",
        where="output of cell 6, rows attention/scores and attention/reduce",
        kind="publication",
        tolerance=1e-9,
        note="The two printed rows add up: 2 x 1610612736; pairs are the full square of 1024 tokens.",
    ),
    limits=(
        limit(
            "one pair of one head: a dot product and a weighted value",
            lambda head_dim, value_dim, **_: head_dim + value_dim,
            pairs=1,
            batch=1,
            layers=1,
            heads=1,
            flop_per_mac=1.0,
        ),
        limit("no pairs, no work", lambda **_: 0.0, pairs=0),
    ),
)
def attention_work(
    pairs: Pairs, batch: Batch, layers: Layers, heads: Heads, head_dim: HeadDim, value_dim: ValueDim, flop_per_mac: FlopPerMac = 2.0
) -> AttentionWork:
    """Arithmetic of scoring query-key pairs and mixing the values, over all heads and layers.

    Holds when each pair costs one dot product over the key's width and one scaled addition over the value's width in every query
    head; sharing key-value heads changes memory, not this count.

    Stops holding when the exponentials and sums of the softmax limit the speed, or when latent attention runs in its absorbed
    form, where keys and values are as wide as the latent vector.
    """
    return flop_per_mac * pairs * batch * layers * heads * (head_dim + value_dim)


@equation(
    source="kaplan2020",
    where="section 2.1, table 1, last row without its context term",
    example=example(
        "1.4e11 FLOP",
        matmul_parameters=70e9,
        source="towerofrecords2026compute",
        where="table, row 70B inference FLOPs per token",
        kind="publication",
        tolerance=0.005,
    ),
    limits=limit(
        "a share of the forward pass over many tokens",
        lambda matmul_parameters, flop_per_parameter, **_: forward_work(matmul_parameters, 1000, 0, 0, flop_per_parameter) / 1000,
    ),
)
def forward_work_per_token(matmul_parameters: MatmulParameters, flop_per_parameter: FlopPerParameter = 2.0) -> TokenWork:
    """Arithmetic of the forward pass for one token, attention scores aside.

    Holds when the context is short beside six times the width of the model, so that weights dominate, and each parameter is used
    once for each token.

    Stops holding when contexts are long, or when stored parameters are entered for a mixture of experts instead of the ones that
    a token uses.
    """
    return flop_per_parameter * matmul_parameters


@equation(
    source="korthikanti2022",
    where="appendix A, forward pass of a layer and of the logits, for one token",
    example=example(
        "284812800 FLOP",
        matmul_parameters=123532032,
        layers=12,
        sequence=1024,
        heads=12,
        head_dim=64,
        source="karpathy2023nanogpt",
        where="output of cell 6, row forward_total, over its 1024 tokens",
        kind="publication",
        tolerance=1e-9,
        note="291648307200 / 1024; the parameters are those of twelve layers and of the head, 84934656 + 38597376, cell 3.",
    ),
    limits=(
        limit(
            "an empty context leaves the weights",
            lambda matmul_parameters, flop_per_parameter, **_: forward_work_per_token(matmul_parameters, flop_per_parameter),
            sequence=0,
        ),
        limit(
            "without weights: scoring and mixing the full square, a token's share of it",
            lambda layers, sequence, heads, head_dim, flop_per_parameter, **_: (
                attention_work(full_pairs(sequence, 0), 1, layers, heads, head_dim, head_dim, flop_per_parameter) / sequence
            ),
            matmul_parameters=0,
        ),
    ),
)
def forward_work_per_token_with_attention(
    matmul_parameters: MatmulParameters,
    layers: Layers,
    sequence: Sequence,
    heads: Heads,
    head_dim: HeadDim,
    flop_per_parameter: FlopPerParameter = 2.0,
) -> TokenWork:
    """Arithmetic of the forward pass for one token of a sequence, attention scores included.

    Holds when all tokens of a sequence are computed together and attention is counted in full, without credit for the causal mask;
    keys and values are equally wide.

    Stops holding when skipped pairs are not to be counted (the attention term is then half as large), when attention is windowed,
    or when a single token is decoded against a context that differs from the sequence.
    """
    return flop_per_parameter * (matmul_parameters + 2 * layers * sequence * heads * head_dim)


@equation(
    source="korthikanti2022",
    where="appendix A, eqs. 7 and 8: the backward pass doubles the forward one; recomputation is added",
    example=example(
        "874944921600 FLOP",
        forward_work="291648307200 FLOP",
        recomputed_work="0 FLOP",
        source="karpathy2023nanogpt",
        where="output of cell 6, rows forward_total and total",
        kind="publication",
        tolerance=1e-9,
    ),
    limits=limit(
        "recomputing the whole forward pass executes it twice, four passes' worth in all",
        lambda **_: 4e15,
        forward_work=1e15,
        recomputed_work=1e15,
    ),
)
def training_work(forward_work: ForwardWork, recomputed_work: RecomputedWork) -> ExecutedWork:
    """Arithmetic executed in one training step, with what is computed again to save memory.

    Holds when the backward pass takes one product for the gradient of the inputs and one of the weights for each product of the
    forward pass.

    Stops holding when weights are frozen, as in adapter tuning, so that their gradients are skipped, or when the optimizer's own
    arithmetic is large.
    """
    return 3 * forward_work + recomputed_work


@equation(
    source="karpathy2023nanogpt",
    where="cell 7, palm_flops: 6N + 12LHQT, after Chowdhery et al. 2022, appendix B",
    example=example(
        "859272192 FLOP",
        parameters=124337664,
        layers=12,
        heads=12,
        head_dim=64,
        sequence=1024,
        where="output of cell 7, palm_flops over its 1024 tokens",
        kind="source",
        tolerance=1e-9,
        note="Printed for the sequence: 879894724608 = 1024 x 859272192.",
    ),
    limits=(
        limit(
            "six for each parameter when the sequence is short",
            lambda parameters, **_: 6 * parameters,
            sequence=0,
            flop_per_parameter=6.0,
        ),
        limit(
            "three times the forward pass",
            lambda parameters, layers, heads, head_dim, sequence, **_: (
                3 * forward_work_per_token_with_attention(parameters, layers, sequence, heads, head_dim)
            ),
            flop_per_parameter=6.0,
        ),
    ),
)
def training_work_per_token(
    parameters: MatmulParameters,
    layers: Layers,
    heads: Heads,
    head_dim: HeadDim,
    sequence: Sequence,
    flop_per_parameter: FlopPerParameter = 6.0,
) -> TokenWork:
    """Arithmetic that training requires for one token, forward and backward, by which utilization is judged.

    Holds when nothing is credited for recomputation and attention is counted over the full square of the sequence.

    Stops holding when causal pairs are counted only once, when attention is windowed, or when parameters that do not multiply,
    such as a separate input table, are left in the count.
    """
    return flop_per_parameter * (parameters + 2 * layers * heads * head_dim * sequence)


@equation(
    source="rajbhandari2020",
    where="section 3, first paragraph",
    example=example("3 GB", parameters=1.5e9, weight_size="2 byte", where="section 3, first paragraph", kind="source", tolerance=0.005),
    limits=limit("one byte a weight: as many bytes as parameters", lambda parameters, **_: parameters, weight_size=1.0),
)
def weight_bytes(parameters: Parameters, weight_size: WeightSize) -> WeightBytes:
    """Memory of the stored weights.

    Holds when all weights have the same precision and one copy is kept.

    Stops holding when only some layers are quantized, when scales and zero points of quantized groups add their share, or when
    weights are padded or replicated.
    """
    return parameters * weight_size


@equation(
    source="austin2025inference",
    where="section What about memory?, KV cache size",
    example=example(
        "6.7 GB",
        layers=40,
        kv_heads=40,
        head_dim=128,
        context=8192,
        batch=1,
        element_size="2 byte",
        where="section What about memory?, LLaMA-13B with a sequence of 8192",
        kind="source",
        tolerance=0.0075,
    ),
    limits=limit(
        "one token in one layer with one head: a key and a value",
        lambda head_dim, **_: 2 * head_dim,
        layers=1,
        kv_heads=1,
        context=1,
        batch=1,
        element_size=1.0,
    ),
)
def kv_cache_bytes(layers: Layers, kv_heads: KvHeads, head_dim: HeadDim, context: Context, batch: Batch, element_size: KvSize) -> KvBytes:
    """Memory of the keys and values that a batch of sequences keeps.

    Holds when every layer stores a key and a value for each token of context and each key-value head.

    Stops holding when layers with a sliding window forget old tokens, when a latent vector or cache shared between layers replaces
    keys and values, when sequences share a prefix, or when allocation in pages rounds contexts up.
    """
    return 2 * layers * kv_heads * head_dim * context * batch * element_size


@equation(
    source="deepseek2024v2",
    where="section 2.1.3, last paragraph, and table 1, row MLA",
    example=example(
        "70.272 kB",
        layers=61,
        kv_rank=512,
        rope_dim=64,
        context=1,
        batch=1,
        element_size="2 byte",
        source="zhao2025insights",
        where="table 1, row DeepSeek-V3 (MLA)",
        kind="publication",
        tolerance=1e-5,
    ),
    limits=limit(
        "as large as a plain cache with one head whose key and value together are as wide",
        lambda layers, context, batch, element_size, **_: kv_cache_bytes(layers, 1, 288, context, batch, element_size),
        kv_rank=512,
        rope_dim=64,
    ),
)
def latent_kv_cache_bytes(
    layers: Layers, kv_rank: KvRank, rope_dim: RopeDim, context: Context, batch: Batch, element_size: KvSize
) -> KvBytes:
    """Memory of the latent vectors and rotary keys that multi-head latent attention keeps.

    Holds when one compressed vector, from which all heads rebuild keys and values, and one rotary key are stored for each token and
    layer.

    Stops holding when tensor parallelism replicates the latent vector on every device, when the rotary part is kept at another
    precision, or when an index for sparse selection is stored beside it.
    """
    return layers * (kv_rank + rope_dim) * context * batch * element_size


@equation(
    source="kwon2023",
    where="sections 4.1 to 4.3: blocks of a fixed number of tokens, the last one partly filled",
    example=example(
        "6553600 byte",
        layers=40,
        kv_heads=40,
        head_dim=128,
        context=7,
        page=4,
        batch=1,
        element_size="2 byte",
        kind="derived",
        tolerance=1e-9,
        note="Prompt of section 4.3 and fig. 6: 7 tokens in blocks of 4 take 2 blocks, 8 slots; OPT-13B of section 3 needs "
        "2 x 5120 x 40 x 2 = 819200 bytes a token; 8 x 819200 = 6553600.",
    ),
    limits=(
        limit(
            "pages of one token waste nothing",
            lambda layers, kv_heads, head_dim, batch, element_size, **_: kv_cache_bytes(
                layers, kv_heads, head_dim, 1000, batch, element_size
            ),
            context=1000,
            page=1,
        ),
        limit(
            "a single token holds a whole page",
            lambda layers, kv_heads, head_dim, page, batch, element_size, **_: kv_cache_bytes(
                layers, kv_heads, head_dim, page, batch, element_size
            ),
            context=1,
        ),
    ),
)
def paged_kv_cache_bytes(
    layers: Layers, kv_heads: KvHeads, head_dim: HeadDim, context: Context, page: Page, batch: Batch, element_size: KvSize
) -> KvBytes:
    """Memory that sequences hold when their keys and values are stored in pages of fixed size.

    Holds when pages are handed out on demand, all sequences of the batch have the same context, and the last page of each stands
    partly empty.

    Stops holding when sequences share pages of a common prefix, or when pages are reserved ahead of the tokens that will fill them.
    """
    held: Context = ceil(context / page) * page
    return kv_cache_bytes(layers, kv_heads, head_dim, held, batch, element_size)


@equation(
    source="korthikanti2022",
    where="section 4.2.1, eq. 2, and table 2, row tensor parallel (baseline)",
    example=example(
        "578813952 byte",
        sequence=2048,
        batch=1,
        hidden=12288,
        heads=96,
        tensor_parallel=8,
        kind="derived",
        tolerance=1e-9,
        note="Row 175B (GPT-3) of table 3, eight-way tensor parallel: sbh = 2048 x 1 x 12288 = 25165824; "
        "5as/h = 80 (section 5); 10 + 24/8 + 80/8 = 23; 25165824 x 23 = 578813952.",
    ),
    limits=(
        limit(
            "on one device sequence parallelism changes nothing",
            lambda sequence, batch, hidden, heads, **_: activation_bytes_sequence_parallel(sequence, batch, hidden, heads, 1),
            tensor_parallel=1,
            replicated=10.0,
            residual=24.0,
            score=5.0,
        ),
        limit(
            "over very many devices the replicated part remains",
            lambda sequence, batch, hidden, replicated, **_: sequence * batch * hidden * replicated,
            tensor_parallel=1e30,
        ),
    ),
)
def activation_bytes(
    sequence: Sequence,
    batch: Batch,
    hidden: Hidden,
    heads: Heads,
    tensor_parallel: TensorParallel,
    replicated: ReplicatedCoefficient = 10.0,
    residual: ResidualCoefficient = 24.0,
    score: ScoreCoefficient = 5.0,
) -> ActivationBytes:
    """Memory of the activations that one layer keeps on a device for the backward pass under tensor parallelism.

    Holds when a layer has the classic form, with an MLP four times as wide as the model, dropout, half-precision activations and
    stored attention scores; norms, dropouts and inputs of the blocks are replicated.

    Stops holding when a fused attention kernel never stores the scores, when gates, shared key-value heads or other precisions
    change the coefficients, or when dropout is absent.
    """
    return sequence * batch * hidden * (replicated + residual / tensor_parallel + score * heads * sequence / (hidden * tensor_parallel))


@equation(
    source="korthikanti2022",
    where="section 4.2.2, eq. 4",
    example=example(
        "358612992 byte",
        sequence=2048,
        batch=1,
        hidden=12288,
        heads=96,
        tensor_parallel=8,
        kind="derived",
        tolerance=1e-9,
        note="Row 175B (GPT-3) of table 3, eight-way tensor parallel: sbh = 2048 x 1 x 12288 = 25165824; "
        "34 + 5as/h = 34 + 80 = 114 (section 5); 25165824 x 114 / 8 = 358612992.",
    ),
    limits=(
        limit(
            "without stored scores as after selective recomputation",
            lambda sequence, batch, hidden, tensor_parallel, residual, **_: activation_bytes_selective_sequence_parallel(
                sequence, batch, hidden, tensor_parallel, residual
            ),
            score=0,
        ),
        limit(
            "published share: scores of GPT-3 weigh 80 beside 34",
            lambda batch, tensor_parallel, **_: 2048 * 12288 * batch * 114 / tensor_parallel,
            sequence=2048,
            hidden=12288,
            heads=96,
            residual=34.0,
            score=5.0,
        ),
    ),
)
def activation_bytes_sequence_parallel(
    sequence: Sequence,
    batch: Batch,
    hidden: Hidden,
    heads: Heads,
    tensor_parallel: TensorParallel,
    residual: ResidualCoefficient = 34.0,
    score: ScoreCoefficient = 5.0,
) -> ActivationBytes:
    """Memory of the activations that one layer keeps on a device when tensor and sequence parallelism split all of them.

    Holds when norms and dropouts are split along the sequence by as many devices as share the matrices, and inputs of the blocks
    are gathered again in the backward pass instead of kept.

    Stops holding when the gathered inputs are kept, when the sequence does not divide evenly, or when the layer departs from the
    classic form behind the coefficients.
    """
    return sequence * batch * hidden / tensor_parallel * (residual + score * heads * sequence / hidden)


@equation(
    source="korthikanti2022",
    where="table 2, row tensor parallel with selective activation recomputation",
    example=example(
        "327155712 byte",
        sequence=2048,
        batch=1,
        hidden=12288,
        tensor_parallel=8,
        kind="derived",
        tolerance=1e-9,
        note="Row 175B (GPT-3) of table 3, eight-way tensor parallel: sbh = 2048 x 1 x 12288 = 25165824; "
        "10 + 24/8 = 13; 25165824 x 13 = 327155712.",
    ),
    limits=(
        limit(
            "on one device as with sequence parallelism",
            lambda sequence, batch, hidden, **_: activation_bytes_selective_sequence_parallel(sequence, batch, hidden, 1),
            tensor_parallel=1,
            replicated=10.0,
            residual=24.0,
        ),
        limit(
            "over very many devices the replicated part remains",
            lambda sequence, batch, hidden, replicated, **_: sequence * batch * hidden * replicated,
            tensor_parallel=1e30,
        ),
    ),
)
def activation_bytes_selective(
    sequence: Sequence,
    batch: Batch,
    hidden: Hidden,
    tensor_parallel: TensorParallel,
    replicated: ReplicatedCoefficient = 10.0,
    residual: ResidualCoefficient = 24.0,
) -> ActivationBytes:
    """Memory of the activations that one layer keeps on a device under tensor parallelism when attention scores are recomputed.

    Holds when scores, their softmax and its dropout are dropped after use and computed again, or are never stored at all, as in
    fused attention kernels.

    Stops holding when the layer departs from the classic form behind the coefficients; statistics that a fused kernel keeps for
    each query are neglected.
    """
    return sequence * batch * hidden * (replicated + residual / tensor_parallel)


@equation(
    source="korthikanti2022",
    where="section 5, eq. 6, for one layer",
    example=example(
        "106954752 byte",
        sequence=2048,
        batch=1,
        hidden=12288,
        tensor_parallel=8,
        kind="derived",
        tolerance=1e-9,
        note="Row 175B (GPT-3) of table 3, eight-way tensor parallel: sbh = 2048 x 1 x 12288 = 25165824; "
        "25165824 x 34 / 8 = 106954752; beside 358612992 with scores that saves the 70 percent of section 5.",
    ),
    limits=(
        limit(
            "over seventeen devices no more than full recomputation keeps",
            lambda sequence, batch, hidden, **_: activation_bytes_full(sequence, batch, hidden),
            tensor_parallel=17,
            residual=34.0,
        ),
        limit("over very many devices nothing remains", lambda **_: 0.0, tensor_parallel=1e30),
    ),
)
def activation_bytes_selective_sequence_parallel(
    sequence: Sequence, batch: Batch, hidden: Hidden, tensor_parallel: TensorParallel, residual: ResidualCoefficient = 34.0
) -> ActivationBytes:
    """Memory of the activations that one layer keeps on a device with both parallelisms and recomputed attention scores.

    Holds when nothing that grows with the square of the sequence is stored and everything else is split evenly.

    Stops holding when the layer departs from the classic form behind the coefficient, or when buffers that gather the full sequence
    are alive at the peak.
    """
    return sequence * batch * hidden * residual / tensor_parallel


@equation(
    source="korthikanti2022",
    where="section 5, first paragraph, and table 2, row full activation recomputation",
    example=example(
        "2.73 GiB",
        sequence=2048,
        batch=35,
        hidden=20480,
        where="appendix B, last paragraph: sbhp of the 530B model at 2 bytes an element",
        kind="source",
        tolerance=0.002,
        note="35 microbatches of one sequence in flight; the tensor between stages is as large as a layer's input. Printed as GB.",
    ),
    limits=limit("one token: its residual vector in half precision", lambda hidden, **_: 2 * hidden, sequence=1, batch=1, residual=2.0),
)
def activation_bytes_full(sequence: Sequence, batch: Batch, hidden: Hidden, residual: ResidualCoefficient = 2.0) -> ActivationBytes:
    """Memory of the activations that one layer keeps when only its input is stored and the rest is recomputed.

    Holds when each layer is a checkpoint of its own and its input stays whole on every device.

    Stops holding when the input is split over devices that share the layer, when several layers form one checkpoint, or at the
    moment when one layer is computed again and its full activations exist for a while.
    """
    return sequence * batch * hidden * residual


@equation(
    source="rajbhandari2020",
    where="section 3.1, Mixed-Precision Training",
    example=example(
        "140 GB",
        parameters=70e9,
        gradient_size="2 byte",
        source="kunwar2026distributed",
        where="section 12.1, table, row Gradients (bf16)",
        kind="publication",
        tolerance=0.005,
    ),
    limits=limit(
        "at the precision of the weights as large as they are",
        lambda parameters, **_: weight_bytes(parameters, 2.0),
        gradient_size=2.0,
    ),
)
def gradient_bytes(parameters: Parameters, gradient_size: GradientSize) -> GradientBytes:
    """Memory of the gradients of all trained parameters.

    Holds when one gradient is kept for each parameter until the optimizer's step.

    Stops holding when gradients are applied and freed layer by layer, when a second, wider buffer accumulates them over
    microbatches, or when most parameters are frozen.
    """
    return parameters * gradient_size


@equation(
    source="rajbhandari2020",
    where="section 3.1, Mixed-Precision Training, multiplier K",
    example=example(
        "560 GB",
        parameters=70e9,
        optimizer_size="8 byte",
        source="austin2025llama",
        where="question on the batch of 4M tokens, table, row Optimizer State",
        kind="publication",
        tolerance=0.005,
        note="Two moments in 32 bits and no master copy, hence 8 bytes in place of the default 12.",
    ),
    limits=limit(
        "mixed-precision Adam keeps three wide copies: weights and two moments",
        lambda parameters, **_: 3 * weight_bytes(parameters, 4.0),
        optimizer_size=12.0,
    ),
)
def optimizer_bytes(parameters: Parameters, optimizer_size: OptimizerSize = 12.0) -> OptimizerBytes:
    """Memory of the optimizer's state: moments and, in mixed precision, the master copy of the weights.

    Holds when the optimizer keeps a fixed number of values for each parameter.

    Stops holding when the state is factored, as in optimizers that keep row and column sums, when it is quantized in blocks, or when
    it is moved to the host.
    """
    return parameters * optimizer_size


@equation(
    source="rajbhandari2020",
    where="section 3.1, sum of the three parts",
    example=example(
        "24 GB",
        weights="3 GB",
        gradients="3 GB",
        optimizer="18 GB",
        where="section 3.1, model of 1.5 billion parameters",
        kind="source",
        tolerance=0.005,
        note="Printed as 2, 2 and 12 bytes for each of 1.5 billion parameters.",
    ),
    limits=limit("inference keeps the weights alone", lambda weights, **_: weights, gradients=0, optimizer=0),
)
def model_state_bytes(weights: WeightBytes, gradients: GradientBytes, optimizer: OptimizerBytes) -> StateBytes:
    """Memory of weights, gradients and optimizer state together on a device that holds all of them.

    Holds when plain data parallelism replicates the whole model state.

    Stops holding when parts are sharded or offloaded; activations, temporary buffers and fragmentation come on top.
    """
    return weights + gradients + optimizer


@equation(
    source="rajbhandari2020",
    where="section 5.1, Memory Savings",
    example=example(
        "31.4 GB",
        weights="15 GB",
        gradients="15 GB",
        optimizer="90 GB",
        data_parallel=64,
        where="fig. 1 and table 1, 7.5B model, column Pos, 64-way",
        kind="source",
        tolerance=0.002,
        note="Printed as 2, 2 and 12 bytes for each of 7.5 billion parameters.",
    ),
    limits=(
        limit(
            "a single replica shards nothing",
            lambda weights, gradients, optimizer, **_: model_state_bytes(weights, gradients, optimizer),
            data_parallel=1,
        ),
        limit(
            "over very many replicas the optimizer's share vanishes",
            lambda weights, gradients, **_: weights + gradients,
            data_parallel=1e30,
        ),
    ),
)
def zero1_state_bytes(weights: WeightBytes, gradients: GradientBytes, optimizer: OptimizerBytes, data_parallel: DataParallel) -> StateBytes:
    """Memory of the model state on a device when data-parallel replicas shard the optimizer's state.

    Holds when the state is split evenly and every device keeps all weights and gradients.

    Stops holding when experts are replicated less often than the rest, so that their state has a smaller group to be split over, or
    when buckets for communication and the gathered weights add to the peak.
    """
    return weights + gradients + optimizer / data_parallel


@equation(
    source="rajbhandari2020",
    where="section 5.2, Memory Savings",
    example=example(
        "16.6 GB",
        weights="15 GB",
        gradients="15 GB",
        optimizer="90 GB",
        data_parallel=64,
        where="fig. 1 and table 1, 7.5B model, column Pos+g, 64-way",
        kind="source",
        tolerance=0.003,
        note="Printed as 2, 2 and 12 bytes for each of 7.5 billion parameters.",
    ),
    limits=(
        limit(
            "a single replica shards nothing",
            lambda weights, gradients, optimizer, **_: model_state_bytes(weights, gradients, optimizer),
            data_parallel=1,
        ),
        limit("over very many replicas the weights remain", lambda weights, **_: weights, data_parallel=1e30),
    ),
)
def zero2_state_bytes(weights: WeightBytes, gradients: GradientBytes, optimizer: OptimizerBytes, data_parallel: DataParallel) -> StateBytes:
    """Memory of the model state on a device when data-parallel replicas shard optimizer state and gradients.

    Holds when each gradient is reduced to the device that owns its part and freed elsewhere as soon as it is known.

    Stops holding when gradients are accumulated over microbatches without being reduced in between, since all of them then stay on
    every device.
    """
    return weights + (gradients + optimizer) / data_parallel


@equation(
    source="rajbhandari2020",
    where="section 5.3, Memory Savings",
    example=example(
        "1.88 GB",
        weights="15 GB",
        gradients="15 GB",
        optimizer="90 GB",
        data_parallel=64,
        where="table 1, 7.5B model, column Pos+g+p, 64-way",
        kind="source",
        tolerance=0.003,
        note="Printed as 2, 2 and 12 bytes for each of 7.5 billion parameters.",
    ),
    limits=(
        limit(
            "a single replica shards nothing",
            lambda weights, gradients, optimizer, **_: model_state_bytes(weights, gradients, optimizer),
            data_parallel=1,
        ),
        limit("over very many replicas nothing remains", lambda **_: 0.0, data_parallel=1e30),
    ),
)
def zero3_state_bytes(weights: WeightBytes, gradients: GradientBytes, optimizer: OptimizerBytes, data_parallel: DataParallel) -> StateBytes:
    """Memory of the model state on a device when data-parallel replicas shard all of it.

    Holds when weights are gathered for one layer at a time and released after use.

    Stops holding when gathered layers, which need not be small, and prefetched ones count at the peak, or when sharding stops at the
    border of a node and is replicated beyond.
    """
    return (weights + gradients + optimizer) / data_parallel


@equation(
    source="oncescu2025",
    where="section 2, footnote 1",
    example=example(
        82,
        experts=128,
        active_experts=8,
        tokens=16,
        where="section 2, third paragraph from the end",
        kind="source",
        tolerance=0.0061,
    ),
    limits=(
        limit("one token touches just the experts that it uses", lambda active_experts, **_: active_experts, tokens=1),
        limit("very many tokens touch all experts", lambda experts, **_: experts, experts=256, active_experts=8, tokens=1e6),
        limit("two tokens that pick one of two experts: one and a half on average", lambda **_: 1.5, experts=2, active_experts=1, tokens=2),
    ),
)
def experts_touched(experts: Experts, active_experts: ActiveExperts, tokens: Tokens) -> TouchedExperts:
    """Expected number of distinct routed experts that the tokens of a batch use in one layer.

    Holds when tokens choose independently, each picks different experts, and all experts are equally likely, which balanced training
    aims at.

    Stops holding when routing is skewed or neighbouring tokens choose alike, which lowers the number, or when the router confines a
    token to groups of experts.
    """
    return experts * (1 - (1 - active_experts / experts) ** tokens)
