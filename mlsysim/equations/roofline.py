"""The roofline and the step: how arithmetic and memory traffic bound a time."""

from ..equation import equation, example, limit
from ..quantities import (
    Attainable,
    Bandwidth,
    ComputeTime,
    Contention,
    Devices,
    Efficiency,
    ExecutedWork,
    Hfu,
    Intensity,
    MemoryTime,
    Mfu,
    ModelWork,
    Overhead,
    Peak,
    RidgePoint,
    StepTime,
    Throughput,
    Time,
    Tokens,
    Traffic,
    Work,
)


@equation(
    source="lbl2025roofline",
    where="section 'Arithmetic Intensity'",
    example=example(
        "0.0417 FLOP/B",
        work="1 FLOP",
        traffic="24 byte",
        where="section 'Arithmetic Intensity', vector increment x[i] += y[i] in double precision",
        tolerance=0.0012,
        note="One element of the vector: the page gives N FLOPs over 24 N bytes.",
    ),
    limits=limit("no arithmetic has no intensity", lambda **_: 0.0, work=0),
)
def arithmetic_intensity(work: Work, traffic: Traffic) -> Intensity:
    """Floating-point operations performed for each byte that is moved to or from memory.

    Holds when work and traffic are counted over the same span and the traffic is that of one level of the memory hierarchy.

    Stops holding when the traffic is counted at the processor instead of at the memory: a cache that catches reuse makes the two differ,
    and one kernel then has an intensity for every level.
    """
    return work / traffic


@equation(
    source="austin2025roofline",
    where="section 'Where Does the Time Go?', Intensity(Accelerator)",
    example=example(
        "295 FLOP/B",
        peak="9.89e14 FLOP/s",
        bandwidth="3.35e12 B/s",
        where="question 5, H100 SXM in bfloat16",
        tolerance=0.0017,
    ),
    limits=limit("a peak of one operation for each byte of bandwidth puts it at one", lambda **_: 1.0, peak=1e12, bandwidth=1e12),
)
def ridge_point(peak: Peak, bandwidth: Bandwidth) -> RidgePoint:
    """Arithmetic intensity at which a machine's peak arithmetic rate and its memory bandwidth are both used in full.

    Holds when peak and bandwidth belong to the same chip and number format, and both are rates that a kernel can sustain.

    Stops holding when data sheet figures are taken that no kernel reaches, such as a peak that assumes sparse matrices, or when the data
    comes from another level of memory than the bandwidth stands for.
    """
    return peak / bandwidth


@equation(
    source="williams2009",
    where="p. 67, formula of attainable GFlops/sec, and figure 1a",
    example=example(
        "3.75 GFLOP/s",
        intensity="0.25 FLOP/B",
        peak="17.6 GFLOP/s",
        bandwidth="15 GB/s",
        source="williams2009",
        where="p. 67, Opteron X2 of figure 1a: both roofs, and the left end of the axis",
        kind="derived",
        tolerance=1e-9,
        note="Memory roof 15 GB/s x 0.25 FLOP/B = 3.75 GFLOP/s, below the peak of 17.6 GFLOP/s.",
    ),
    limits=(
        limit("infinite bandwidth leaves the peak", lambda peak, **_: peak, bandwidth=1e30),
        limit("data that is never used again gives no arithmetic", lambda **_: 0.0, intensity=0),
    ),
)
def attainable_performance(intensity: Intensity, peak: Peak, bandwidth: Bandwidth) -> Attainable:
    """Arithmetic rate that a kernel can reach at most, given its arithmetic intensity and the machine's two roofs.

    Holds when arithmetic and memory traffic overlap fully and the kernel is limited by nothing but these two rates.

    Stops holding when latency, branches, unbalanced instructions or too little parallelism keep the kernel below both roofs: the result
    is a bound and no forecast.
    """
    return min(peak, bandwidth * intensity)


@equation(
    source="austin2025roofline",
    where="section 'Where Does the Time Go?', equation of T_math",
    example=example(
        "1.01 ms",
        work="1e12 FLOP",
        peak="9.89e14 FLOP/s",
        where="section 'Where Does the Time Go?', paragraph 'Computation', H100 in bfloat16",
    ),
    limits=(
        limit("no arithmetic takes no time", lambda **_: 0.0, work=0),
        limit("half of the peak takes twice as long as the peak", lambda work, peak, **_: 2 * work / peak, efficiency=0.5),
    ),
)
def compute_time(work: Work, peak: Peak, efficiency: Efficiency = 1.0) -> ComputeTime:
    """Time that the arithmetic takes at the share of the peak rate that is achieved.

    Holds when the arithmetic is the bottleneck and the efficiency was measured on, or is typical of, the same kind of kernel.

    Stops holding when matrices are too small or badly shaped to fill the arithmetic units, or when memory traffic cannot hide behind them.
    """
    return work / (peak * efficiency)


@equation(
    source="austin2025roofline",
    where="section 'Where Does the Time Go?', equation of T_comms",
    example=example(
        "10 ms",
        traffic="12.5e9 byte",
        bandwidth="1.23e12 B/s",
        source="austin2025tpus",
        where="question 1, loading a model's weights from HBM",
        kind="publication",
        tolerance=0.05,
        note="The book rounds the result to about 10 ms.",
    ),
    limits=(
        limit("no traffic takes no time", lambda **_: 0.0, traffic=0),
        limit(
            "half of the bandwidth takes twice as long as all of it",
            lambda traffic, bandwidth, **_: 2 * traffic / bandwidth,
            efficiency=0.5,
        ),
    ),
)
def memory_time(traffic: Traffic, bandwidth: Bandwidth, efficiency: Efficiency = 1.0) -> MemoryTime:
    """Time that moving bytes to and from memory takes at the share of the bandwidth that is achieved.

    Holds when the bytes stream in long contiguous runs and every byte that is counted crosses the memory interface once.

    Stops holding when accesses are scattered or short, so that latency rules, or when a cache serves part of the bytes.
    """
    return traffic / (bandwidth * efficiency)


@equation(
    source="austin2025roofline",
    where="section 'Where Does the Time Go?', equation of T_lower",
    example=example(
        "19 ms",
        work="2.7e11 FLOP",
        traffic="16e9 byte",
        peak="1.97e14 FLOP/s",
        bandwidth="8.1e11 B/s",
        source="austin2025tpus",
        where="question 6, steps 3 and 4",
        kind="publication",
        tolerance=0.05,
        note="The book works both times (19 ms of loading, 1.3 ms of arithmetic) and lets them overlap; it cuts 19.75 ms to 19 ms.",
    ),
    limits=(
        limit("infinite bandwidth leaves the arithmetic", lambda work, peak, **_: work / peak, bandwidth=1e60),
        limit("infinite arithmetic leaves the traffic", lambda traffic, bandwidth, **_: traffic / bandwidth, peak=1e60),
    ),
)
def roofline_time(work: Work, traffic: Traffic, peak: Peak, bandwidth: Bandwidth) -> Time:
    """Shortest time in which a machine can do a given amount of arithmetic and memory traffic.

    Holds when the two overlap perfectly, each at its full rate.

    Stops holding when a step must wait for its data before it can compute, when launching kernels costs as much as running them, or when
    a rate below the peak is the best that can be had.
    """
    return max(work / peak, traffic / bandwidth)


@equation(
    source="janapareddi2026principles",
    where="principle 1, the iron law of ML systems",
    example=example(
        "4.81 ms",
        traffic="16 GB",
        bandwidth="3.35 TB/s",
        work="16e9 FLOP",
        peak="989 TFLOP/s",
        utilization=0.5,
        overhead="0 s",
        source="janapareddi2026laws",
        where="walls 1 and 2, 30-second versions",
        kind="derived",
        tolerance=0.001,
        note="The page works both terms, 4.8 ms and 0.03 ms: 16 / 3350 s = 4.776 ms, 16e9 / (989e12 x 0.5) s = 0.032 ms; sum 4.808 ms.",
    ),
    limits=limit("infinitely fast hardware leaves the overhead", lambda overhead, **_: overhead, bandwidth=1e60, peak=1e60),
)
def iron_law_time(traffic: Traffic, bandwidth: Bandwidth, work: Work, peak: Peak, utilization: Efficiency, overhead: Overhead) -> Time:
    """Time of an operation whose data movement, arithmetic and fixed overhead follow one another.

    Holds when nothing overlaps; it bounds the time from above where something does.

    Stops holding when memory traffic hides behind arithmetic, as it does on most accelerators: then the longest term rules rather than
    the sum, and the result is too long by a factor of at most two before overhead.
    """
    return traffic / bandwidth + work / (peak * utilization) + overhead


@equation(
    source="petuum2020adaptdl",
    where="comment on gamma in PerfParams, and function _predict",
    example=example(
        "5 ms",
        compute_time="3 ms",
        memory_time="4 ms",
        contention=0.5,
        kind="derived",
        tolerance=1e-9,
        note="A contention of one half is the exponent 2: (3^2 + 4^2)^(1/2) = 25^(1/2) = 5.",
    ),
    limits=(
        limit(
            "full overlap leaves the longer one",
            lambda compute_time, memory_time, overhead, **_: max(compute_time, memory_time) + overhead,
            contention=0,
        ),
        limit("no overlap adds them", lambda compute_time, memory_time, overhead, **_: compute_time + memory_time + overhead, contention=1),
        limit("without traffic there is nothing to wait for", lambda compute_time, overhead, **_: compute_time + overhead, memory_time=0),
    ),
)
def step_time(compute_time: ComputeTime, memory_time: MemoryTime, contention: Contention = 0.0, overhead: Overhead = 0.0) -> StepTime:
    """Time of a step whose arithmetic and memory traffic overlap in part, as a p-norm between the longer of them and their sum.

    Holds when one number describes how far two activities get in each other's way; the source uses the form, with the reciprocal of the
    contention as exponent, for computing and exchanging gradients, and fits the exponent to measured steps.

    Stops holding when the overlap changes with the size of the work, or when a third activity such as communication is as long as these
    two. The form is an interpolation between two exact limits, not a mechanism.
    """
    longer: Time = max(compute_time, memory_time)
    shorter: Time = min(compute_time, memory_time)
    return (longer if contention == 0 else longer * (1 + (shorter / longer) ** (1 / contention)) ** contention) + overhead


@equation(
    source="chowdhery2022",
    where="section 4.1 and appendix B",
    example=example(
        "56.3 %",
        model_work="6.426e18 FLOP",
        time="71.49 s",
        peak="312 TFLOP/s",
        devices=512,
        source="korthikanti2022",
        where="table 5, row 1T, with table 3 and equation 7",
        kind="publication",
        tolerance=0.001,
        note="Work of an iteration by equation 7, 72BLsh^2(1 + s/6h + v/12hL), with B=512, L=128, s=2048, h=25600, v=51200.",
    ),
    limits=(
        limit("doing nothing but the model at the peak uses all of it", lambda **_: 1.0, model_work=6e15, time=3, peak=1e12, devices=2000),
        limit("no model work uses nothing", lambda **_: 0.0, model_work=0),
    ),
)
def model_flops_utilization(model_work: ModelWork, time: Time, peak: Peak, devices: Devices = 1) -> Mfu:
    """Share of the machine's peak arithmetic that goes into operations which the model itself needs.

    Holds when the work counts forward and backward passes once, without anything that is computed again to save memory.

    Stops holding when the peak is that of another number format than the one used, or when sparse or conditional layers make the needed
    work differ from the dense count: figures are comparable only under the same count.
    """
    return model_work / (time * devices * peak)


@equation(
    source="korthikanti2022",
    where="section 6.3 and appendix A, equation 8",
    example=example(
        "57.0 %",
        executed_work="6.510e18 FLOP",
        time="71.49 s",
        peak="312 TFLOP/s",
        devices=512,
        where="table 5, row 1T, with table 3 and equation 8",
        tolerance=0.001,
        note="Work of an iteration by equation 8, 72BLsh^2(1 + s/3h + v/12hL), with B=512, L=128, s=2048, h=25600, v=51200.",
    ),
    limits=(
        limit(
            "hardware that is always busy at its peak is used in full", lambda **_: 1.0, executed_work=6e15, time=3, peak=1e12, devices=2000
        ),
        limit("no work uses nothing", lambda **_: 0.0, executed_work=0),
    ),
)
def hardware_flops_utilization(executed_work: ExecutedWork, time: Time, peak: Peak, devices: Devices = 1) -> Hfu:
    """Share of the machine's peak arithmetic that is executed, recomputed activations included.

    Holds when every operation that runs on the matrix units is counted, whether or not the model needs it.

    Stops holding when it is read as progress: recomputing more raises it while training becomes slower.
    """
    return executed_work / (time * devices * peak)


@equation(
    source="austin2025serving",
    where="answer on throughput per chip",
    example=example(
        "4.42 request/s",
        count=43,
        time="9.728 s",
        where="answer on throughput per chip, before division by the number of chips",
        tolerance=0.0012,
        note="The book writes 43 / (0.019 x 512): a batch of 43, done in 512 steps of 0.019 s, which is 9.728 s.",
    ),
    limits=(
        limit("nothing done is no throughput", lambda **_: 0.0, count=0),
        limit("in one second it is what was done", lambda count, **_: count, time=1),
    ),
)
def throughput(count: Tokens, time: Time) -> Throughput:
    """Tokens, samples or requests finished in a unit of time.

    Holds when count and time span the same work, in a steady state.

    Stops holding when starting up, draining or idling takes a large part of the time, or when it is read as the inverse of one request's
    latency, which batching makes much longer.
    """
    return count / time
