"""Serving: prefill, decode, what fits, and how requests wait."""

from .. import quantities as q
from ..equation import equation
from ..vocabulary import ceil, floor
from .roofline import compute_time, memory_time, step_time


@equation(source="austin2025inference", where="Theoretical estimates for LLM latency and throughput, theoretical min step time")
def decode_traffic(weights: q.ReadWeightBytes, cache: q.KvBytes) -> q.Traffic:
    """Bytes read from memory to generate one token for each sequence of the batch.

    Holds when every weight that is needed and the whole key-value cache are read once, and activations are small beside
    them.

    Stops holding when sequences share a cached prefix that is read once, when weights stay in on-chip memory, or when the
    attention kernel reads keys again for every query head.
    """
    return weights + cache


@equation(source="chen2022arithmetic", where="kv cache, cost of a full forward pass")
def prefill_time(
    work: q.Work,
    traffic: q.Traffic,
    peak: q.Peak,
    bandwidth: q.Bandwidth,
    compute_efficiency: q.Efficiency = 1.0,
    memory_efficiency: q.Efficiency = 1.0,
    contention: q.Contention = 0.0,
    overhead: q.Overhead = 0.0,
) -> q.StepTime:
    """Time to run the model once over the prompts, up to the first token.

    Holds when all prompt tokens go through in one pass, so that arithmetic usually bounds it.

    Stops holding when the prompt is cut into chunks that share passes with decoding, when a part of it is cached already,
    or when prompts are so short that launches dominate.
    """
    return step_time(compute_time(work, peak, compute_efficiency), memory_time(traffic, bandwidth, memory_efficiency), contention, overhead)


@equation(source="austin2025inference", where="Theoretical estimates for LLM latency and throughput")
def decode_step_time(
    work: q.Work,
    weights: q.ReadWeightBytes,
    cache: q.KvBytes,
    peak: q.Peak,
    bandwidth: q.Bandwidth,
    compute_efficiency: q.Efficiency = 1.0,
    memory_efficiency: q.Efficiency = 1.0,
    contention: q.Contention = 0.0,
    overhead: q.Overhead = 0.0,
) -> q.StepTime:
    """Time of one decoding step, which gives one token to each sequence of the batch.

    Holds when reading weights and cache and the arithmetic overlap over the step as a whole, as far as the contention says.

    Stops holding when large batches make the MLP compute-bound while attention is still bound by memory: the two then take
    turns, and the times of the two parts add up.
    """
    return step_time(
        compute_time(work, peak, compute_efficiency),
        memory_time(decode_traffic(weights, cache), bandwidth, memory_efficiency),
        contention,
        overhead,
    )


@equation(source="nvidia2026nimmetrics", where="Time to First Token")
def time_to_first_token(queue: q.QueueTime, prefill: q.StepTime, communication: q.CommunicationTime) -> q.Ttft:
    """Time from sending a request to receiving the first token of the answer.

    Holds when waiting, prefill and communication follow one another.

    Stops holding when decoding steps of other requests are slipped between chunks of the prefill, or when the first token
    comes from another server that must first receive the cache.
    """
    return queue + prefill + communication


@equation(source="chen2022arithmetic", where="latency calculations, compute and comms")
def inter_token_latency(step: q.StepTime, communication: q.CommunicationTime) -> q.Itl:
    """Time between two tokens of a sequence that is being generated.

    Holds when each step yields one token for a sequence and its communication waits for the compute.

    Stops holding when communication overlaps with compute, when speculation yields several tokens a step, or when prefills
    of other requests interrupt the decoding.
    """
    return step + communication


@equation(source="xullnn2025physics", where="Total Decode FLOPs, avg_seq")
def mean_decode_context(input_len: q.InputLen, output_len: q.OutputLen) -> q.Context:
    """Tokens of context that a decoding step reads on average over one answer.

    Holds when the cache grows by one token each step and all earlier tokens stay visible.

    Stops holding when a sliding window or an eviction policy caps the context, or when answers of different lengths share
    a batch: longer ones then weigh more.
    """
    return input_len + output_len / 2


@equation(source="brown2026latency", where="summary, end-to-end latency")
def request_latency(ttft: q.Ttft, itl: q.Itl, output_len: q.OutputLen) -> q.RequestLatency:
    """Time from sending a request to receiving the last token of the answer.

    Holds when the first token comes with the prefill and each further one after the mean time between tokens.

    Stops holding when the time between tokens is averaged over all tokens, the first included, or when a request is
    preempted and its cache computed anew.
    """
    return ttft + (output_len - 1) * itl


@equation(source="austin2025inference", where="Theoretical estimates for LLM latency and throughput, theoretical max tokens/s")
def decode_throughput(batch: q.Batch, itl: q.Itl) -> q.DecodeThroughput:
    """Tokens generated a second while all places of the batch are decoding.

    Holds when the batch stays full and each step gives each sequence one token.

    Stops holding when sequences end and their places stay empty, or when prefills take a part of the time.
    """
    return batch / itl


@equation(source="austin2025serving", where="What's the LLaMA Serving Story?, throughput per chip")
def end_to_end_throughput(batch: q.Batch, output_len: q.OutputLen, latency: q.RequestLatency) -> q.Throughput:
    """Tokens generated a second by a number of requests in flight, with prefill and waiting counted.

    Holds when each request that ends is replaced at once and the answers are alike in length.

    Stops holding when the server idles between requests, or when lengths differ so much that the mean latency does not
    belong to the mean answer.
    """
    return batch * output_len / latency


@equation(source="austin2025serving", where="What's the LLaMA Serving Story?, smallest slice")
def largest_batch(capacity: q.Capacity, weights: q.WeightBytes, sequence_cache: q.SequenceKvBytes) -> q.MaxBatch:
    """Largest number of sequences whose key-value caches fit beside the weights.

    Holds when every sequence reserves a cache of the same size and nothing else takes up memory to speak of.

    Stops holding when caches are paged and grow with the sequence, when sequences share a prefix, or when activations and
    the runtime need a part of the memory.
    """
    return max(0, floor((capacity - weights) / sequence_cache))


@equation(source="little1961", where="abstract")
def littles_law(rate: q.RequestRate, latency: q.RequestLatency) -> q.Concurrency:
    """Mean number of requests in a system, from how often they arrive and how long they stay.

    Holds when the system is stationary, that is, when as many requests leave as arrive in the long run, whatever the
    distribution of either.

    Stops holding when load exceeds capacity and the queue grows, during a burst or a start, or when requests are dropped
    but still counted as arrivals.
    """
    return rate * latency


@equation(source="austin2025inference", where="What about memory?")
def serving_footprint(weights: q.WeightBytes, cache: q.KvBytes) -> q.Footprint:
    """Memory that serving a model needs, for its weights and the key-value caches.

    Holds when activations are small beside them, which a fused attention kernel and chunked prefills ensure.

    Stops holding when the runtime reserves buffers and captured graphs, when paging leaves unused slots, or when a draft
    model for speculation is loaded as well.
    """
    return weights + cache


@equation(source="leviathan2023", where="section 3.1, equation 1")
def speculative_tokens(acceptance: q.Acceptance, draft_tokens: q.DraftTokens) -> q.TokensPerPass:
    """Expected tokens that a sequence gains from one verification of a draft: those accepted, and the one that the model adds itself.

    Holds when each proposed token is accepted with the same probability, whatever came before it.

    Stops holding when acceptance falls along the draft, when several drafts are verified as a tree, or when the answer ends
    within the draft.
    """
    return draft_tokens + 1 if acceptance >= 1 else (1 - acceptance ** (draft_tokens + 1)) / (1 - acceptance)


@equation(source="leviathan2023", where="section 3.3, theorem 3.8 and its proof")
def speculative_token_time(draft: q.DraftTime, verify: q.VerifyTime, draft_tokens: q.DraftTokens, tokens: q.TokensPerPass) -> q.Itl:
    """Mean time for each token when a draft model proposes several, one after the other, and the model verifies them in one pass.

    Holds when drafting and verifying take turns on the same devices.

    Stops holding when drafts are made while the last ones are verified, when the draft comes from heads of the model itself, or when
    answers are so short that the last pass counts.
    """
    return (draft_tokens * draft + verify) / tokens


@equation(source="mlsysim", where="counting")
def interleaved_token_time(itl: q.Itl, prompt: q.PromptTime, batch: q.Batch, output_len: q.OutputLen) -> q.Tpot:
    """Mean time for each output token under continuous batching, where decoding stops for each prompt that joins the batch.

    In a steady state a batch starts as many prompts as it ends answers: so many of them for each step.

    Holds when the batch stays full and prompts are computed one at a time, whole.

    Stops holding when prompts run on other devices, when they share the steps of decoding in chunks, or when load is too low to
    keep the batch full: tokens then come faster.
    """
    return itl + batch / output_len * prompt


@equation(source="zhou2026sarathiserve", where="Short answer, chunked-prefills")
def chunk_count(new_tokens: q.NewTokens, chunk: q.ChunkSize) -> q.Chunks:
    """Chunks that a prompt is cut into.

    Holds when all chunks but the last are full.

    Stops holding when the size of a chunk follows the number of sequences that decode beside it.
    """
    return ceil(new_tokens / chunk)


@equation(source="mlsysim", where="counting")
def chunked_token_time(itl: q.Itl, mixed: q.MixedTime, batch: q.Batch, chunks: q.Chunks, output_len: q.OutputLen) -> q.Tpot:
    """Mean time for each output token when prompts are computed in chunks that share the steps of decoding.

    Holds when a step carries at most one chunk, so that the share of mixed steps is the number of chunks that each step of a full
    batch has to start.

    Stops holding when several chunks fit into a step, or when the batch is not full.
    """
    return itl + min(1, batch * chunks / output_len) * (mixed - itl)


@equation(source="mlsysim", where="counting")
def chunked_request_rate(rate: q.RequestRate, mixed: q.MixedTime, chunks: q.Chunks, copies: q.Replicas) -> q.RequestRate:
    """Requests a second that chunked prefills allow: no more than one chunk for each step.

    Holds when each replica takes one chunk at a time.

    Stops holding when several prompts advance in the same step.
    """
    return min(rate, copies / (chunks * mixed))


@equation(source="zhong2024distserve", where="section 3.3, communication overhead")
def kv_transfer_rate(rate: q.RequestRate, cache: q.KvBytes) -> q.TransferRate:
    """Rate at which the caches of prompts move from the devices that compute prompts to those that decode.

    Holds when every prompt's cache is sent once and arrivals are steady.

    Stops holding when cached prefixes are there already, when caches are compressed on the way, or during a burst.
    """
    return rate * cache


@equation(source="mlsysim", where="counting")
def moved_between_kernels(tokens: q.Tokens, layers: q.Layers, hidden: q.Hidden, each: q.MovedSize) -> q.Traffic:
    """Bytes that a pass moves to and from memory between the kernels of its layers.

    Holds when what is written and read again grows with the width of the model, whatever the width of its MLP.

    Stops holding when kernels are fused so far that a layer keeps its activations on the chip.
    """
    return tokens * layers * hidden * each


@equation(source="mlsysim", where="counting")
def vector_columns(tokens: q.Tokens, limit: q.MatvecLimit) -> q.VectorColumns:
    """Times that vector units handle each stored weight in a pass.

    Holds when a runtime multiplies a few tokens at a time by kernels for matrices and vectors, once for each token, and more of them by
    matrix units, for which each weight is expanded once.

    Stops holding when matrix units take large batches in several tiles, each of which expands weights anew.
    """
    return tokens if tokens <= limit else 1.0


@equation(source="mlsysim", where="counting")
def expansion_time(
    weights: q.ReadWeightBytes, weight_size: q.WeightSize, columns: q.VectorColumns, vector_peak: q.Peak, work: q.ExpansionWork
) -> q.ComputeTime:
    """Time in which vector units turn weights that are stored in few bits into numbers of the arithmetic.

    Holds when it takes as many operations for each weight, whatever its format: masks, shifts, a scale.

    Stops holding when matrix units take the format as it is stored.
    """
    return weights / weight_size * columns * work / vector_peak


@equation(source="mlsysim", where="counting")
def pass_overhead(
    between: q.MemoryTime, layers: q.LayersHeld, layer_time: q.LayerTime, sequences: q.Batch, sequence_time: q.SequenceTime
) -> q.Overhead:
    """Time of a pass in which neither matrices are multiplied nor weights and caches read.

    Holds when launches and small kernels take the same time in every layer, and the runtime handles sequences one after the other.

    Stops holding when launches hide behind long kernels, or when the runtime prepares the next pass while this one runs.
    """
    return between + layers * layer_time + sequences * sequence_time
