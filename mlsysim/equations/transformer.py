"""Transformers: parameters, arithmetic and memory from geometry."""

from .. import quantities as q
from ..equation import equation
from ..vocabulary import ceil, floor


@equation(source="austin2025llama", where="section Counting Parameters and FLOPs, table, row Attention params (one layer of it)")
def attention_parameters(hidden: q.Hidden, heads: q.Heads, kv_heads: q.KvHeads, head_dim: q.HeadDim) -> q.Parameters:
    """Parameters of the query, key, value and output projections of one attention layer.

    Holds when keys and values have as many dimensions a head as queries, groups of query heads share one key-value head, and
    projections carry no bias.

    Stops holding when projections are factored through a low rank, when keys and values are shared between layers, or when biases
    and normalisation of queries and keys are to be counted; those vectors are counted apart.
    """
    return 2 * hidden * heads * head_dim + 2 * hidden * kv_heads * head_dim


@equation(source="deepseek2024v2", where="sections 2.1.2 and 2.1.3, shapes of the matrices in eqs. 9 to 19")
def latent_attention_parameters(
    hidden: q.Hidden,
    heads: q.Heads,
    query_rank: q.QueryRank,
    kv_rank: q.KvRank,
    rope_dim: q.RopeDim,
    nope_dim: q.NopeDim,
    value_dim: q.ValueDim,
) -> q.Parameters:
    """Parameters of the projections of one layer of multi-head latent attention.

    Holds when queries, and jointly keys and values, pass through a low-rank bottleneck, and one rotary key, computed straight from
    the residual stream, serves all heads.

    Stops holding when queries are not compressed (small variants of the architecture have one full query matrix), or when the
    gains of the two norms behind the bottlenecks are to be included; they are vectors and counted apart.
    """
    query: q.Parameters = hidden * query_rank + query_rank * heads * (nope_dim + rope_dim)
    key_value: q.Parameters = hidden * (kv_rank + rope_dim) + kv_rank * heads * (nope_dim + value_dim)
    return query + key_value + heads * value_dim * hidden


@equation(source="deepseek2024v2", where="section 2.1.2, key-value compression of eqs. 9 to 11 without the compression of queries")
def latent_attention_parameters_with_whole_queries(
    hidden: q.Hidden, heads: q.Heads, kv_rank: q.KvRank, rope_dim: q.RopeDim, nope_dim: q.NopeDim, value_dim: q.ValueDim
) -> q.Parameters:
    """Parameters of the projections of one layer of latent attention that compresses keys and values, but no queries.

    Holds when queries come straight from the residual stream, as in the small variants of the architecture.

    Stops holding when queries pass through a bottleneck of their own, or when the gains of the norm behind the bottleneck of keys and
    values are to be included.
    """
    query: q.Parameters = hidden * heads * (nope_dim + rope_dim)
    key_value: q.Parameters = hidden * (kv_rank + rope_dim) + kv_rank * heads * (nope_dim + value_dim)
    return query + key_value + heads * value_dim * hidden


@equation(
    source="austin2025transformers",
    where="section Global FLOPs and Params Calculation, MLPs, table (three matrices) and note on gating einsums (two)",
)
def mlp_parameters(hidden: q.Hidden, mlp_width: q.MlpWidth, matrices: q.Matrices) -> q.Parameters:
    """Parameters of the weight matrices of one feed-forward block.

    Holds when every matrix joins the residual stream and the inner width: two of them in a plain block, three in a gated one.

    Stops holding when the block carries biases, when its matrices are low-rank or block-sparse, or when weights are shared
    between layers.
    """
    return matrices * hidden * mlp_width


@equation(source="deepseek2024v2", where="section 2.2.1, eqs. 20 to 22")
def expert_parameters(
    hidden: q.Hidden,
    expert_width: q.ExpertWidth,
    matrices: q.Matrices,
    experts: q.Experts,
    counted: q.CountedExperts,
    shared: q.SharedExperts,
) -> q.Parameters:
    """Parameters of the router and of the counted experts of one mixture-of-experts layer.

    Holds when the router is one linear map with an output for each routed expert and all experts, shared ones included, have the
    same width; counting all routed experts gives what is stored, counting the chosen ones what a token uses.

    Stops holding when shared experts have a width of their own, when the router carries a bias or hidden layers, or when experts
    are split further inside.
    """
    return hidden * experts + (counted + shared) * matrices * hidden * expert_width


@equation(source="narayanan2021", where="section 5.1, eq. 2, term 13/(12h): thirteen widths a layer, four in norms and nine in biases")
def norm_and_bias_parameters(hidden: q.Hidden, norm_vectors: q.VectorParameters, biases: q.VectorParameters) -> q.VectorParameters:
    """Parameters held in vectors: gains and shifts of norms, and biases.

    Holds when every norm vector is as wide as the residual stream and biases are given as a number of elements.

    Stops holding when norms act on narrower vectors, as those of queries, keys or compressed latents do; they then have to be
    entered as elements beside the biases.
    """
    return norm_vectors * hidden + biases


@equation(source="kaplan2020", where="section 2.1, table 1, row Embed")
def embedding_parameters(
    vocabulary: q.Vocabulary, hidden: q.Hidden, tables: q.EmbeddingTables, positions: q.Positions, token_types: q.TokenTypes
) -> q.EmbeddingParameters:
    """Parameters of the token, position and segment embeddings and of an output head with a table of its own.

    Holds when every embedding is as wide as the residual stream; a head that reuses the input table adds nothing.

    Stops holding when embeddings are factored through a narrower space, when the vocabulary is padded to a multiple that suits
    the hardware, or when the head has a bias or a transformation before it.
    """
    return (vocabulary * tables + positions + token_types) * hidden


@equation(source="zhang2025memory", where="section 2, table 3: 3 layers with dense MLP, 58 with experts, embedding and head")
def transformer_parameters(
    layers: q.Layers,
    dense_layers: q.DenseLayers,
    dense_layer: q.DenseLayerParameters,
    expert_layer: q.ExpertLayerParameters,
    embeddings: q.EmbeddingParameters,
    vectors: q.VectorParameters,
) -> q.Parameters:
    """Parameters of a whole transformer, from its layers, embeddings and vectors.

    Holds when layers come in at most two kinds, with a dense feed-forward block and with experts, and each kind is uniform.

    Stops holding when widths change from layer to layer, when layers share weights, or when the model has parts beside the stack,
    such as encoders of images or heads that predict several tokens.
    """
    return dense_layers * dense_layer + (layers - dense_layers) * expert_layer + embeddings + vectors


@equation(source="kaplan2020", where="section 2.1, table 1: twice the non-embedding parameters for each token, and row De-embed")
def forward_work(
    matmul_parameters: q.MatmulParameters,
    tokens: q.Tokens,
    head_parameters: q.HeadParameters,
    logit_tokens: q.LogitTokens,
    flop_per_parameter: q.FlopPerParameter = 2.0,
) -> q.ForwardWork:
    """Arithmetic of the weight matrices in one forward pass, output head included.

    Holds when every counted parameter multiplies once for each token, a multiplication and an addition each, and the head runs
    only for tokens whose scores are needed.

    Stops holding when attention scores matter, at long contexts, since they use no parameters and have an equation of their own;
    norms, activations and embedding look-ups are left out.
    """
    return flop_per_parameter * (matmul_parameters * tokens + head_parameters * logit_tokens)


@equation(source="1cademy2025causal", where="definition: query i meets keys 0 to i; list of products for four queries")
def causal_pairs(new_tokens: q.NewTokens, past_tokens: q.PastTokens) -> q.Pairs:
    """Query-key pairs of one sequence under a causal mask, each query paired with itself and everything before it.

    Holds when the new tokens follow one another, all earlier keys are kept, and masked pairs are neither computed nor counted.

    Stops holding when attention is limited to a window or to selected keys, or when a kernel works on whole tiles and so executes
    part of the masked half as well.
    """
    return new_tokens * past_tokens + new_tokens * (new_tokens + 1) / 2


@equation(
    source="austin2025transformers", where="section Attention, table of dot-product attention: queries of length T against keys of length S"
)
def full_pairs(new_tokens: q.NewTokens, past_tokens: q.PastTokens) -> q.Pairs:
    """Query-key pairs of one sequence when every query meets every key.

    Holds when attention looks both ways, as in encoders, or when a kernel computes the whole score matrix and masks it afterwards.

    Stops holding when masked pairs are skipped, which nearly halves long prompts, or when attention is local or sparse.
    """
    return new_tokens * (new_tokens + past_tokens)


@equation(source="torchedup2026window", where="description and hint: a token meets the window that ends with itself")
def windowed_pairs(new_tokens: q.NewTokens, past_tokens: q.PastTokens, window: q.Window) -> q.Pairs:
    """Query-key pairs of one sequence under a causal mask with a sliding window, which counts the query itself.

    Holds when each query meets the last tokens of the window and nothing before them, and masked pairs are neither computed nor
    counted.

    Stops holding when a kernel works on whole tiles along the window's two edges, when some tokens stay visible for ever (stored
    attention sinks), or when attention is cut into chunks instead of sliding.
    """
    growing: q.NewTokens = min(new_tokens, max(0, window - past_tokens))
    return causal_pairs(growing, past_tokens) + (new_tokens - growing) * window


@equation(source="modular2026chunked", where="text and example of the mask: causal inside each chunk, nothing of the others")
def pairs_in_chunks(tokens: q.PastTokens, window: q.Window) -> q.WindowPairs:
    """Query-key pairs of the first tokens of a sequence that is cut into chunks, each of which attends to itself alone.

    Holds when chunks are counted from the first token, and a query meets the earlier tokens of its own chunk and itself.

    Stops holding when chunks overlap or look at their neighbours, or when padding moves their edges.
    """
    inside: q.NewTokens = tokens - floor(tokens / window) * window
    return floor(tokens / window) * causal_pairs(window, 0) + causal_pairs(inside, 0)


@equation(source="modular2026chunked", where="text and example of the mask: causal inside each chunk, nothing of the others")
def chunked_pairs(new_tokens: q.NewTokens, past_tokens: q.PastTokens, window: q.Window) -> q.WindowPairs:
    """Query-key pairs of one sequence under a causal mask that is cut into chunks: over many chunks, half of those of a window.

    Holds when chunks are counted from the first token of the sequence, and masked pairs are neither computed nor counted.

    Stops holding when a kernel works on whole tiles across the edge of a chunk, or when the mask slides with the query.
    """
    return pairs_in_chunks(past_tokens + new_tokens, window) - pairs_in_chunks(past_tokens, window)


@equation(source="korthikanti2022", where="appendix A: attention matrix and attention over values, two products for each pair and width")
def attention_work(
    pairs: q.Pairs,
    batch: q.Batch,
    layers: q.Layers,
    heads: q.Heads,
    head_dim: q.HeadDim,
    value_dim: q.ValueDim,
    flop_per_mac: q.FlopPerMac = 2.0,
) -> q.AttentionWork:
    """Arithmetic of scoring query-key pairs and mixing the values, over all heads and layers.

    Holds when each pair costs one dot product over the key's width and one scaled addition over the value's width in every query
    head; sharing key-value heads changes memory, not this count.

    Stops holding when the exponentials and sums of the softmax limit the speed, or when latent attention runs in its absorbed
    form, where keys and values are as wide as the latent vector.
    """
    return flop_per_mac * pairs * batch * layers * heads * (head_dim + value_dim)


@equation(source="kaplan2020", where="section 2.1, table 1, last row without its context term")
def forward_work_per_token(matmul_parameters: q.MatmulParameters, flop_per_parameter: q.FlopPerParameter = 2.0) -> q.TokenWork:
    """Arithmetic of the forward pass for one token, attention scores aside.

    Holds when the context is short beside six times the width of the model, so that weights dominate, and each parameter is used
    once for each token.

    Stops holding when contexts are long, or when stored parameters are entered for a mixture of experts instead of the ones that
    a token uses.
    """
    return flop_per_parameter * matmul_parameters


@equation(source="korthikanti2022", where="appendix A, forward pass of a layer and of the logits, for one token")
def forward_work_per_token_with_attention(
    matmul_parameters: q.MatmulParameters,
    layers: q.Layers,
    sequence: q.Sequence,
    heads: q.Heads,
    head_dim: q.HeadDim,
    flop_per_parameter: q.FlopPerParameter = 2.0,
) -> q.TokenWork:
    """Arithmetic of the forward pass for one token of a sequence, attention scores included.

    Holds when all tokens of a sequence are computed together and attention is counted in full, without credit for the causal mask;
    keys and values are equally wide.

    Stops holding when skipped pairs are not to be counted (the attention term is then half as large), when attention is windowed,
    or when a single token is decoded against a context that differs from the sequence.
    """
    return flop_per_parameter * (matmul_parameters + 2 * layers * sequence * heads * head_dim)


@equation(source="dao2024benchmark", where="function flops: backward pass 2.5 times the forward one, both together 3.5 times")
def fused_attention_recomputed_work(attention_work: q.AttentionWork) -> q.RecomputedWork:
    """Arithmetic that the backward pass of a fused attention kernel adds, which computes the scores again instead of loading them.

    Holds when keys are as wide as values: of the two products of the forward pass, that of the scores is done once more.

    Stops holding when keys and values differ much in width, or when whole tiles under the mask are computed too.
    """
    return attention_work / 2


@equation(source="korthikanti2022", where="appendix A, eqs. 7 and 8: the backward pass doubles the forward one; recomputation is added")
def training_work(forward_work: q.ForwardWork, recomputed_work: q.RecomputedWork) -> q.ExecutedWork:
    """Arithmetic executed in one training step, with what is computed again to save memory.

    Holds when the backward pass takes one product for the gradient of the inputs and one of the weights for each product of the
    forward pass.

    Stops holding when weights are frozen, as in adapter tuning, so that their gradients are skipped, or when the optimizer's own
    arithmetic is large.
    """
    return 3 * forward_work + recomputed_work


@equation(source="karpathy2023nanogpt", where="cell 7, palm_flops: 6N + 12LHQT, after Chowdhery et al. 2022, appendix B")
def training_work_per_token(
    parameters: q.MatmulParameters,
    layers: q.Layers,
    heads: q.Heads,
    head_dim: q.HeadDim,
    sequence: q.Sequence,
    flop_per_parameter: q.FlopPerParameter = 6.0,
) -> q.TokenWork:
    """Arithmetic that training requires for one token, forward and backward, by which utilization is judged.

    Holds when nothing is credited for recomputation and attention is counted over the full square of the sequence.

    Stops holding when causal pairs are counted only once, when attention is windowed, or when parameters that do not multiply,
    such as a separate input table, are left in the count.
    """
    return flop_per_parameter * (parameters + 2 * layers * heads * head_dim * sequence)


@equation(source="rajbhandari2020", where="section 3, first paragraph")
def weight_bytes(parameters: q.Parameters, weight_size: q.WeightSize) -> q.WeightBytes:
    """Memory of the stored weights.

    Holds when all weights have the same precision and one copy is kept.

    Stops holding when only some layers are quantized, when scales and zero points of quantized groups add their share, or when
    weights are padded or replicated.
    """
    return parameters * weight_size


@equation(source="austin2025inference", where="section What about memory?, KV cache size")
def kv_cache_bytes(
    layers: q.Layers, kv_heads: q.KvHeads, head_dim: q.HeadDim, context: q.Context, batch: q.Batch, element_size: q.KvSize
) -> q.KvBytes:
    """Memory of the keys and values that a batch of sequences keeps.

    Holds when every layer stores a key and a value for each token of context and each key-value head.

    Stops holding when layers with a sliding window forget old tokens, when a latent vector or cache shared between layers replaces
    keys and values, when sequences share a prefix, or when allocation in pages rounds contexts up.
    """
    return 2 * layers * kv_heads * head_dim * context * batch * element_size


@equation(source="deepseek2024v2", where="section 2.1.3, last paragraph, and table 1, row MLA")
def latent_kv_cache_bytes(
    layers: q.Layers, kv_rank: q.KvRank, rope_dim: q.RopeDim, context: q.Context, batch: q.Batch, element_size: q.KvSize
) -> q.KvBytes:
    """Memory of the latent vectors and rotary keys that multi-head latent attention keeps.

    Holds when one compressed vector, from which all heads rebuild keys and values, and one rotary key are stored for each token and
    layer.

    Stops holding when tensor parallelism replicates the latent vector on every device, when the rotary part is kept at another
    precision, or when an index for sparse selection is stored beside it.
    """
    return layers * (kv_rank + rope_dim) * context * batch * element_size


@equation(source="kwon2023", where="section 4.1: keys and values are kept in blocks of a fixed number of tokens")
def paged_context(context: q.Context, page: q.Page) -> q.Context:
    """Tokens for which a sequence holds room when its cache is handed out in pages.

    Holds when pages are handed out on demand and only the last page of a sequence stands partly empty.

    Stops holding when pages are reserved ahead of the tokens that will fill them.
    """
    return ceil(context / page) * page


@equation(source="kwon2023", where="sections 4.1 to 4.3: blocks of a fixed number of tokens, the last one partly filled")
def paged_kv_cache_bytes(
    layers: q.Layers, kv_heads: q.KvHeads, head_dim: q.HeadDim, context: q.Context, page: q.Page, batch: q.Batch, element_size: q.KvSize
) -> q.KvBytes:
    """Memory that sequences hold when their keys and values are stored in pages of fixed size.

    Holds when pages are handed out on demand, all sequences of the batch have the same context, and the last page of each stands
    partly empty.

    Stops holding when sequences share pages of a common prefix, or when pages are reserved ahead of the tokens that will fill them.
    """
    held: q.Context = paged_context(context, page)
    return kv_cache_bytes(layers, kv_heads, head_dim, held, batch, element_size)


@equation(source="korthikanti2022", where="section 4.2.1, eq. 2, and table 2, row tensor parallel (baseline)")
def activation_bytes(
    sequence: q.Sequence,
    batch: q.Batch,
    hidden: q.Hidden,
    heads: q.Heads,
    tensor_parallel: q.TensorParallel,
    replicated: q.ReplicatedCoefficient = 10.0,
    residual: q.ResidualCoefficient = 24.0,
    score: q.ScoreCoefficient = 5.0,
) -> q.ActivationBytes:
    """Memory of the activations that one layer keeps on a device for the backward pass under tensor parallelism.

    Holds when a layer has the classic form, with an MLP four times as wide as the model, dropout, half-precision activations and
    stored attention scores; norms, dropouts and inputs of the blocks are replicated.

    Stops holding when a fused attention kernel never stores the scores, when gates, shared key-value heads or other precisions
    change the coefficients, or when dropout is absent.
    """
    return sequence * batch * hidden * (replicated + residual / tensor_parallel + score * heads * sequence / (hidden * tensor_parallel))


@equation(source="korthikanti2022", where="section 4.2.2, eq. 4")
def activation_bytes_sequence_parallel(
    sequence: q.Sequence,
    batch: q.Batch,
    hidden: q.Hidden,
    heads: q.Heads,
    tensor_parallel: q.TensorParallel,
    residual: q.ResidualCoefficient = 34.0,
    score: q.ScoreCoefficient = 5.0,
) -> q.ActivationBytes:
    """Memory of the activations that one layer keeps on a device when tensor and sequence parallelism split all of them.

    Holds when norms and dropouts are split along the sequence by as many devices as share the matrices, and inputs of the blocks
    are gathered again in the backward pass instead of kept.

    Stops holding when the gathered inputs are kept, when the sequence does not divide evenly, or when the layer departs from the
    classic form behind the coefficients.
    """
    return sequence * batch * hidden / tensor_parallel * (residual + score * heads * sequence / hidden)


@equation(source="korthikanti2022", where="table 2, row tensor parallel with selective activation recomputation")
def activation_bytes_selective(
    sequence: q.Sequence,
    batch: q.Batch,
    hidden: q.Hidden,
    tensor_parallel: q.TensorParallel,
    replicated: q.ReplicatedCoefficient = 10.0,
    residual: q.ResidualCoefficient = 24.0,
) -> q.ActivationBytes:
    """Memory of the activations that one layer keeps on a device under tensor parallelism when attention scores are recomputed.

    Holds when scores, their softmax and its dropout are dropped after use and computed again, or are never stored at all, as in
    fused attention kernels.

    Stops holding when the layer departs from the classic form behind the coefficients; statistics that a fused kernel keeps for
    each query are neglected.
    """
    return sequence * batch * hidden * (replicated + residual / tensor_parallel)


@equation(source="korthikanti2022", where="section 5, eq. 6, for one layer")
def activation_bytes_selective_sequence_parallel(
    sequence: q.Sequence, batch: q.Batch, hidden: q.Hidden, tensor_parallel: q.TensorParallel, residual: q.ResidualCoefficient = 34.0
) -> q.ActivationBytes:
    """Memory of the activations that one layer keeps on a device with both parallelisms and recomputed attention scores.

    Holds when nothing that grows with the square of the sequence is stored and everything else is split evenly.

    Stops holding when the layer departs from the classic form behind the coefficient, or when buffers that gather the full sequence
    are alive at the peak.
    """
    return sequence * batch * hidden * residual / tensor_parallel


@equation(source="korthikanti2022", where="section 5, first paragraph, and table 2, row full activation recomputation")
def activation_bytes_full(
    sequence: q.Sequence, batch: q.Batch, hidden: q.Hidden, residual: q.ResidualCoefficient = 2.0
) -> q.ActivationBytes:
    """Memory of the activations that one layer keeps when only its input is stored and the rest is recomputed.

    Holds when each layer is a checkpoint of its own and its input stays whole on every device.

    Stops holding when the input is split over devices that share the layer, when several layers form one checkpoint, or at the
    moment when one layer is computed again and its full activations exist for a while.
    """
    return sequence * batch * hidden * residual


@equation(source="rajbhandari2020", where="section 3.1, Mixed-Precision Training")
def gradient_bytes(parameters: q.Parameters, gradient_size: q.GradientSize) -> q.GradientBytes:
    """Memory of the gradients of all trained parameters.

    Holds when one gradient is kept for each parameter until the optimizer's step.

    Stops holding when gradients are applied and freed layer by layer, when a second, wider buffer accumulates them over
    microbatches, or when most parameters are frozen.
    """
    return parameters * gradient_size


@equation(source="rajbhandari2020", where="section 3.1, Mixed-Precision Training, multiplier K")
def optimizer_bytes(parameters: q.Parameters, optimizer_size: q.OptimizerSize = 12.0) -> q.OptimizerBytes:
    """Memory of the optimizer's state: moments and, in mixed precision, the master copy of the weights.

    Holds when the optimizer keeps a fixed number of values for each parameter.

    Stops holding when the state is factored, as in optimizers that keep row and column sums, when it is quantized in blocks, or when
    it is moved to the host.
    """
    return parameters * optimizer_size


@equation(source="rajbhandari2020", where="section 3.1, sum of the three parts")
def model_state_bytes(weights: q.WeightBytes, gradients: q.GradientBytes, optimizer: q.OptimizerBytes) -> q.StateBytes:
    """Memory of weights, gradients and optimizer state together on a device that holds all of them.

    Holds when plain data parallelism replicates the whole model state.

    Stops holding when parts are sharded or offloaded; activations, temporary buffers and fragmentation come on top.
    """
    return weights + gradients + optimizer


@equation(source="rajbhandari2020", where="section 5.1, Memory Savings")
def zero1_state_bytes(
    weights: q.WeightBytes, gradients: q.GradientBytes, optimizer: q.OptimizerBytes, data_parallel: q.DataParallel
) -> q.StateBytes:
    """Memory of the model state on a device when data-parallel replicas shard the optimizer's state.

    Holds when the state is split evenly and every device keeps all weights and gradients.

    Stops holding when experts are replicated less often than the rest, so that their state has a smaller group to be split over, or
    when buckets for communication and the gathered weights add to the peak.
    """
    return weights + gradients + optimizer / data_parallel


@equation(source="rajbhandari2020", where="section 5.2, Memory Savings")
def zero2_state_bytes(
    weights: q.WeightBytes, gradients: q.GradientBytes, optimizer: q.OptimizerBytes, data_parallel: q.DataParallel
) -> q.StateBytes:
    """Memory of the model state on a device when data-parallel replicas shard optimizer state and gradients.

    Holds when each gradient is reduced to the device that owns its part and freed elsewhere as soon as it is known.

    Stops holding when gradients are accumulated over microbatches without being reduced in between, since all of them then stay on
    every device.
    """
    return weights + (gradients + optimizer) / data_parallel


@equation(source="rajbhandari2020", where="section 5.3, Memory Savings")
def zero3_state_bytes(
    weights: q.WeightBytes, gradients: q.GradientBytes, optimizer: q.OptimizerBytes, data_parallel: q.DataParallel
) -> q.StateBytes:
    """Memory of the model state on a device when data-parallel replicas shard all of it.

    Holds when weights are gathered for one layer at a time and released after use.

    Stops holding when gathered layers, which need not be small, and prefetched ones count at the peak, or when sharding stops at the
    border of a node and is replicated beyond.
    """
    return (weights + gradients + optimizer) / data_parallel


@equation(source="oncescu2025", where="section 2, footnote 1")
def experts_touched(experts: q.Experts, active_experts: q.ActiveExperts, tokens: q.Tokens) -> q.TouchedExperts:
    """Expected number of distinct routed experts that the tokens of a batch use in one layer.

    Holds when tokens choose independently, each picks different experts, and all experts are equally likely, which balanced training
    aims at.

    Stops holding when routing is skewed or neighbouring tokens choose alike, which lowers the number, or when the router confines a
    token to groups of experts.
    """
    return experts * (1 - (1 - active_experts / experts) ** tokens)
