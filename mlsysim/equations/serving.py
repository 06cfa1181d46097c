"""Serving: prefill, decode, what fits, and how requests wait."""

from ..equation import equation, example, limit
from ..quantities import (
    Bandwidth,
    Batch,
    Capacity,
    CommunicationTime,
    Concurrency,
    Contention,
    Context,
    DecodeThroughput,
    Efficiency,
    Footprint,
    InputLen,
    Itl,
    KvBytes,
    MaxBatch,
    OutputLen,
    Overhead,
    Peak,
    QueueTime,
    ReadWeightBytes,
    RequestLatency,
    RequestRate,
    SequenceKvBytes,
    StepTime,
    Throughput,
    Traffic,
    Ttft,
    WeightBytes,
    Work,
)
from ..vocabulary import floor
from .roofline import compute_time, memory_time, step_time


@equation(
    source="austin2025inference",
    where="Theoretical estimates for LLM latency and throughput, theoretical min step time",
    example=example(
        "79.6 GB",
        weights="26 GB",
        cache="53.6 GB",
        where="Modeling throughput and latency for LLaMA 2-13B, first table, batch size 8",
        tolerance=0.0007,
        note="the source writes GiB",
    ),
    limits=(
        limit("an empty cache leaves the weights", lambda weights, **_: weights, cache=0.0),
        limit("without weights only the cache is read", lambda cache, **_: cache, weights=0.0),
    ),
)
def decode_traffic(weights: ReadWeightBytes, cache: KvBytes) -> Traffic:
    """Bytes read from memory to generate one token for each sequence of the batch.

    Holds when every weight that is needed and the whole key-value cache are read once, and activations are small beside
    them.

    Stops holding when sequences share a cached prefix that is read once, when weights stay in on-chip memory, or when the
    attention kernel reads keys again for every query head.
    """
    return weights + cache


@equation(
    source="chen2022arithmetic",
    where="kv cache, cost of a full forward pass",
    example=example(
        "69 ms",
        work="21.4405 TFLOP",
        traffic="103.079 GB",
        peak="312 TFLOP/s",
        bandwidth="1.5 TB/s",
        where="kv cache and flops counting, 52B model, 208 tokens",
        tolerance=0.007,
        note="208 tokens of 103,079,215,104 FLOP each; as many bytes of weights as FLOP a token",
    ),
    limits=(
        limit(
            "without traffic the arithmetic is left",
            lambda work, peak, compute_efficiency, overhead, **_: compute_time(work, peak, compute_efficiency) + overhead,
            traffic=0.0,
        ),
        limit(
            "without overlap the times add up",
            lambda work, traffic, peak, bandwidth, **_: compute_time(work, peak) + memory_time(traffic, bandwidth),
            compute_efficiency=1.0,
            memory_efficiency=1.0,
            contention=1.0,
            overhead=0.0,
        ),
    ),
)
def prefill_time(
    work: Work,
    traffic: Traffic,
    peak: Peak,
    bandwidth: Bandwidth,
    compute_efficiency: Efficiency = 1.0,
    memory_efficiency: Efficiency = 1.0,
    contention: Contention = 0.0,
    overhead: Overhead = 0.0,
) -> StepTime:
    """Time to run the model once over the prompts, up to the first token.

    Holds when all prompt tokens go through in one pass, so that arithmetic usually bounds it.

    Stops holding when the prompt is cut into chunks that share passes with decoding, when a part of it is cached already,
    or when prompts are so short that launches dominate.
    """
    return step_time(compute_time(work, peak, compute_efficiency), memory_time(traffic, bandwidth, memory_efficiency), contention, overhead)


@equation(
    source="austin2025inference",
    where="Theoretical estimates for LLM latency and throughput",
    example=example(
        "12.13 ms",
        work="0.208 TFLOP",
        weights="26 GB",
        cache="53.6 GB",
        peak="1600 TFLOP/s",
        bandwidth="6.56 TB/s",
        where="Modeling throughput and latency for LLaMA 2-13B, first table, batch size 8",
        tolerance=0.0005,
        note="eight sequences, two FLOP for each of 13e9 parameters; eight devices of 0.82 TB/s; the source writes GiB and TiB",
    ),
    limits=(
        limit(
            "an empty cache and endless arithmetic: the weights are read",
            lambda weights, bandwidth, memory_efficiency, overhead, **_: memory_time(weights, bandwidth, memory_efficiency) + overhead,
            work=0.0,
            cache=0.0,
        ),
        limit(
            "with nothing to read the arithmetic is left",
            lambda work, peak, compute_efficiency, overhead, **_: compute_time(work, peak, compute_efficiency) + overhead,
            weights=0.0,
            cache=0.0,
        ),
    ),
)
def decode_step_time(
    work: Work,
    weights: ReadWeightBytes,
    cache: KvBytes,
    peak: Peak,
    bandwidth: Bandwidth,
    compute_efficiency: Efficiency = 1.0,
    memory_efficiency: Efficiency = 1.0,
    contention: Contention = 0.0,
    overhead: Overhead = 0.0,
) -> StepTime:
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


@equation(
    source="nvidia2026nimmetrics",
    where="Time to First Token",
    example=example(
        "8.38 s",
        queue="0 s",
        prefill="8.3 s",
        communication="80 ms",
        kind="derived",
        source="xullnn2025physics",
        where="Total Prefill FLOPs, and TTFT in the formula summary",
        tolerance=0.0006,
        note="1.66 PFLOP of prefill at 200 TFLOP/s are 8.3 s; the fixed 80 ms of the summary stand for the way there and back; no queue",
    ),
    limits=(
        limit("an idle server nearby leaves the prefill", lambda prefill, **_: prefill, queue=0.0, communication=0.0),
        limit("a long queue is all that counts", lambda **_: 1e12, queue=1e12),
    ),
)
def time_to_first_token(queue: QueueTime, prefill: StepTime, communication: CommunicationTime) -> Ttft:
    """Time from sending a request to receiving the first token of the answer.

    Holds when waiting, prefill and communication follow one another.

    Stops holding when decoding steps of other requests are slipped between chunks of the prefill, or when the first token
    comes from another server that must first receive the cache.
    """
    return queue + prefill + communication


@equation(
    source="chen2022arithmetic",
    where="latency calculations, compute and comms",
    example=example(
        "13.5 ms",
        step="11.7 ms",
        communication="1.7 ms",
        where="comparing against real benchmarks, 13B model on two GPUs",
        tolerance=0.008,
        note="11.7 ms with the memory bandwidth and intermediate steps of the profile, about 1.7 ms of communication; measured 13.5 ms",
    ),
    limits=(
        limit("one device sends nothing and takes the step's time", lambda step, **_: step, communication=0.0),
        limit("a slow network is all that counts", lambda **_: 1e15, communication=1e15),
    ),
)
def inter_token_latency(step: StepTime, communication: CommunicationTime) -> Itl:
    """Time between two tokens of a sequence that is being generated.

    Holds when each step yields one token for a sequence and its communication waits for the compute.

    Stops holding when communication overlaps with compute, when speculation yields several tokens a step, or when prefills
    of other requests interrupt the decoding.
    """
    return step + communication


@equation(
    source="xullnn2025physics",
    where="Total Decode FLOPs, avg_seq",
    example=example(
        12,
        input_len=10,
        output_len=4,
        kind="derived",
        tolerance=0.0001,
        note="prefill gives the first of four tokens; three steps follow, with contexts of 11, 12 and 13 tokens: 36 / 3 = 12",
    ),
    limits=(
        limit("two tokens: the one step sees the prompt and the first token", lambda input_len, **_: input_len + 1, output_len=2),
        limit("a long answer to a short prompt sees half of itself", lambda output_len, **_: 1 + output_len / 2, input_len=1),
    ),
)
def mean_decode_context(input_len: InputLen, output_len: OutputLen) -> Context:
    """Tokens of context that a decoding step reads on average over one answer.

    Holds when the cache grows by one token each step and all earlier tokens stay visible.

    Stops holding when a sliding window or an eviction policy caps the context, or when answers of different lengths share
    a batch: longer ones then weigh more.
    """
    return input_len + output_len / 2


@equation(
    source="brown2026latency",
    where="summary, end-to-end latency",
    example=example(
        "9.677 s",
        ttft="406.77 ms",
        itl="18.58 ms",
        output_len=500,
        source="nvidia2026nimperformance",
        where="Llama-3.3-70b-instruct, 2 x H100, fp8 TP2, 5000 input and 500 output tokens, concurrency 1",
        kind="publication",
        tolerance=0.0003,
        note="the row states 51.67 tokens a second for one request at a time, hence 500 / 51.67 = 9.677 s",
    ),
    limits=(
        limit("an answer of one token ends with the first token", lambda ttft, **_: ttft, output_len=1),
        limit("tokens that follow at once cost nothing", lambda ttft, **_: ttft, itl=0.0),
    ),
)
def request_latency(ttft: Ttft, itl: Itl, output_len: OutputLen) -> RequestLatency:
    """Time from sending a request to receiving the last token of the answer.

    Holds when the first token comes with the prefill and each further one after the mean time between tokens.

    Stops holding when the time between tokens is averaged over all tokens, the first included, or when a request is
    preempted and its cache computed anew.
    """
    return ttft + (output_len - 1) * itl


@equation(
    source="austin2025inference",
    where="Theoretical estimates for LLM latency and throughput, theoretical max tokens/s",
    example=example(
        "659.30 1/s",
        batch=8,
        itl="12.13 ms",
        where="Modeling throughput and latency for LLaMA 2-13B, first table, batch size 8",
        tolerance=0.0005,
    ),
    limits=(
        limit("steps of a second give each sequence a token a second", lambda batch, **_: batch, itl=1.0),
        limit("one sequence gets tokens as often as steps end", lambda itl, **_: 1 / itl, batch=1),
    ),
)
def decode_throughput(batch: Batch, itl: Itl) -> DecodeThroughput:
    """Tokens generated a second while all places of the batch are decoding.

    Holds when the batch stays full and each step gives each sequence one token.

    Stops holding when sequences end and their places stay empty, or when prefills take a part of the time.
    """
    return batch / itl


@equation(
    source="austin2025serving",
    where="What's the LLaMA Serving Story?, throughput per chip",
    example=example(
        "623.4 1/s",
        batch=25,
        output_len=500,
        latency="20.02 s",
        source="nvidia2026nimperformance",
        where="Llama-3.3-70b-instruct, 2 x H100, fp8 TP2, 5000 input and 500 output tokens, concurrency 25",
        kind="publication",
        tolerance=0.002,
        note="the latency is 688.69 ms + 499 x 38.75 ms of the same row",
    ),
    limits=(
        limit("answers of one token come as often as requests end", lambda batch, latency, **_: batch / latency, output_len=1),
        limit(
            "without a first wait it is the rate of decoding",
            lambda batch, **_: decode_throughput(batch, 0.02),
            output_len=500,
            latency=10.0,
        ),
    ),
)
def end_to_end_throughput(batch: Batch, output_len: OutputLen, latency: RequestLatency) -> Throughput:
    """Tokens generated a second by a number of requests in flight, with prefill and waiting counted.

    Holds when each request that ends is replaced at once and the answers are alike in length.

    Stops holding when the server idles between requests, or when lengths differ so much that the mean latency does not
    belong to the mean answer.
    """
    return batch * output_len / latency


@equation(
    source="austin2025serving",
    where="What's the LLaMA Serving Story?, smallest slice",
    example=example(
        43,
        capacity="256 GB",
        weights="140 GB",
        sequence_cache="2.654 GB",
        where="table of the smallest slice, row bf16",
        tolerance=0.0001,
        note="sixteen chips of 16 GB; 8192 tokens of 324 kB each",
    ),
    limits=(
        limit("weights that fill the memory leave no room", lambda **_: 0.0, weights=1e30),
        limit(
            "as many caches as fill the memory that the weights leave", lambda **_: 12.0, capacity=80e9, weights=20e9, sequence_cache=5e9
        ),
    ),
)
def largest_batch(capacity: Capacity, weights: WeightBytes, sequence_cache: SequenceKvBytes) -> MaxBatch:
    """Largest number of sequences whose key-value caches fit beside the weights.

    Holds when every sequence reserves a cache of the same size and nothing else takes up memory to speak of.

    Stops holding when caches are paged and grow with the sequence, when sequences share a prefix, or when activations and
    the runtime need a part of the memory.
    """
    return max(0, floor((capacity - weights) / sequence_cache))


@equation(
    source="little1961",
    where="abstract",
    example=example(
        50,
        rate="100 1/s",
        latency="0.5 s",
        source="aws2026lambda",
        where="Calculating concurrency for a function",
        kind="publication",
        tolerance=0.0001,
    ),
    limits=(
        limit("requests that take a second: as many inside as arrive in a second", lambda rate, **_: rate, latency=1.0),
        limit("requests that take no time leave the system empty", lambda **_: 0.0, latency=0.0),
    ),
)
def littles_law(rate: RequestRate, latency: RequestLatency) -> Concurrency:
    """Mean number of requests in a system, from how often they arrive and how long they stay.

    Holds when the system is stationary, that is, when as many requests leave as arrive in the long run, whatever the
    distribution of either.

    Stops holding when load exceeds capacity and the queue grows, during a burst or a start, or when requests are dropped
    but still counted as arrivals.
    """
    return rate * latency


@equation(
    source="austin2025inference",
    where="What about memory?",
    example=example(
        "32.7 GB",
        weights="26 GB",
        cache="6.7 GB",
        where="Modeling throughput and latency for LLaMA 2-13B, first table, batch size 1",
        tolerance=0.002,
        note="the source writes GiB",
    ),
    limits=(
        limit("before the first request only the weights are held", lambda weights, **_: weights, cache=0.0),
        limit("a cache server without a model holds the cache", lambda cache, **_: cache, weights=0.0),
    ),
)
def serving_footprint(weights: WeightBytes, cache: KvBytes) -> Footprint:
    """Memory that serving a model needs, for its weights and the key-value caches.

    Holds when activations are small beside them, which a fused attention kernel and chunked prefills ensure.

    Stops holding when the runtime reserves buffers and captured graphs, when paging leaves unused slots, or when a draft
    model for speculation is loaded as well.
    """
    return weights + cache
