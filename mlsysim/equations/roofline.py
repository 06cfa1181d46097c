"""The roofline and the step: how arithmetic and memory traffic bound a time."""

from .. import quantities as q
from ..equation import equation


@equation(source="lbl2025roofline", where="section 'Arithmetic Intensity'")
def arithmetic_intensity(work: q.Work, traffic: q.Traffic) -> q.Intensity:
    """Floating-point operations performed for each byte that is moved to or from memory.

    Holds when work and traffic are counted over the same span and the traffic is that of one level of the memory hierarchy.

    Stops holding when the traffic is counted at the processor instead of at the memory: a cache that catches reuse makes the two differ,
    and one kernel then has an intensity for every level.
    """
    return work / traffic


@equation(source="austin2025roofline", where="section 'Where Does the Time Go?', Intensity(Accelerator)")
def ridge_point(peak: q.Peak, bandwidth: q.Bandwidth) -> q.RidgePoint:
    """Arithmetic intensity at which a machine's peak arithmetic rate and its memory bandwidth are both used in full.

    Holds when peak and bandwidth belong to the same chip and number format, and both are rates that a kernel can sustain.

    Stops holding when data sheet figures are taken that no kernel reaches, such as a peak that assumes sparse matrices, or when the data
    comes from another level of memory than the bandwidth stands for.
    """
    return peak / bandwidth


@equation(source="williams2009", where="p. 67, formula of attainable GFlops/sec, and figure 1a")
def attainable_performance(intensity: q.Intensity, peak: q.Peak, bandwidth: q.Bandwidth) -> q.Attainable:
    """Arithmetic rate that a kernel can reach at most, given its arithmetic intensity and the machine's two roofs.

    Holds when arithmetic and memory traffic overlap fully and the kernel is limited by nothing but these two rates.

    Stops holding when latency, branches, unbalanced instructions or too little parallelism keep the kernel below both roofs: the result
    is a bound and no forecast.
    """
    return min(peak, bandwidth * intensity)


@equation(source="austin2025roofline", where="section 'Where Does the Time Go?', equation of T_math")
def compute_time(work: q.Work, peak: q.Peak, efficiency: q.Efficiency = 1.0) -> q.ComputeTime:
    """Time that the arithmetic takes at the share of the peak rate that is achieved.

    Holds when the arithmetic is the bottleneck and the efficiency was measured on, or is typical of, the same kind of kernel.

    Stops holding when matrices are too small or badly shaped to fill the arithmetic units, or when memory traffic cannot hide behind them.
    """
    return work / (peak * efficiency)


@equation(source="austin2025roofline", where="section 'Where Does the Time Go?', equation of T_comms")
def memory_time(traffic: q.Traffic, bandwidth: q.Bandwidth, efficiency: q.Efficiency = 1.0) -> q.MemoryTime:
    """Time that moving bytes to and from memory takes at the share of the bandwidth that is achieved.

    Holds when the bytes stream in long contiguous runs and every byte that is counted crosses the memory interface once.

    Stops holding when accesses are scattered or short, so that latency rules, or when a cache serves part of the bytes.
    """
    return traffic / (bandwidth * efficiency)


@equation(source="austin2025roofline", where="section 'Where Does the Time Go?', equation of T_lower")
def roofline_time(work: q.Work, traffic: q.Traffic, peak: q.Peak, bandwidth: q.Bandwidth) -> q.Time:
    """Shortest time in which a machine can do a given amount of arithmetic and memory traffic.

    Holds when the two overlap perfectly, each at its full rate.

    Stops holding when a step must wait for its data before it can compute, when launching kernels costs as much as running them, or when
    a rate below the peak is the best that can be had.
    """
    return max(work / peak, traffic / bandwidth)


@equation(source="janapareddi2026principles", where="principle 1, the iron law of ML systems")
def iron_law_time(
    traffic: q.Traffic, bandwidth: q.Bandwidth, work: q.Work, peak: q.Peak, utilization: q.Efficiency, overhead: q.Overhead
) -> q.Time:
    """Time of an operation whose data movement, arithmetic and fixed overhead follow one another.

    Holds when nothing overlaps; it bounds the time from above where something does.

    Stops holding when memory traffic hides behind arithmetic, as it does on most accelerators: then the longest term rules rather than
    the sum, and the result is too long by a factor of at most two before overhead.
    """
    return traffic / bandwidth + work / (peak * utilization) + overhead


@equation(source="petuum2020adaptdl", where="comment on gamma in PerfParams, and function _predict")
def step_time(
    compute_time: q.ComputeTime, memory_time: q.MemoryTime, contention: q.Contention = 0.0, overhead: q.Overhead = 0.0
) -> q.StepTime:
    """Time of a step whose arithmetic and memory traffic overlap in part, as a p-norm between the longer of them and their sum.

    Holds when one number describes how far two activities get in each other's way; the source uses the form, with the reciprocal of the
    contention as exponent, for computing and exchanging gradients, and fits the exponent to measured steps.

    Stops holding when the overlap changes with the size of the work, or when a third activity such as communication is as long as these
    two. The form is an interpolation between two exact limits, not a mechanism.
    """
    longer: q.Time = max(compute_time, memory_time)
    shorter: q.Time = min(compute_time, memory_time)
    return (longer if contention == 0 else longer * (1 + (shorter / longer) ** (1 / contention)) ** contention) + overhead


@equation(source="chowdhery2022", where="section 4.1 and appendix B")
def model_flops_utilization(model_work: q.ModelWork, time: q.Time, peak: q.Peak, devices: q.Devices = 1) -> q.Mfu:
    """Share of the machine's peak arithmetic that goes into operations which the model itself needs.

    Holds when the work counts forward and backward passes once, without anything that is computed again to save memory.

    Stops holding when the peak is that of another number format than the one used, or when sparse or conditional layers make the needed
    work differ from the dense count: figures are comparable only under the same count.
    """
    return model_work / (time * devices * peak)


@equation(source="korthikanti2022", where="section 6.3 and appendix A, equation 8")
def hardware_flops_utilization(executed_work: q.ExecutedWork, time: q.Time, peak: q.Peak, devices: q.Devices = 1) -> q.Hfu:
    """Share of the machine's peak arithmetic that is executed, recomputed activations included.

    Holds when every operation that runs on the matrix units is counted, whether or not the model needs it.

    Stops holding when it is read as progress: recomputing more raises it while training becomes slower.
    """
    return executed_work / (time * devices * peak)


@equation(source="austin2025serving", where="answer on throughput per chip")
def throughput(count: q.Tokens, time: q.Time) -> q.Throughput:
    """Tokens, samples or requests finished in a unit of time.

    Holds when count and time span the same work, in a steady state.

    Stops holding when starting up, draining or idling takes a large part of the time, or when it is read as the inverse of one request's
    latency, which batching makes much longer.
    """
    return count / time


@equation(source="krashinsky2020ampere", where="section A100 SM architecture, and table 3: units, work in a clock, boost clock")
def peak_from_units(matrix_units: q.MatrixUnits, unit_work: q.UnitWork, clock: q.Clock) -> q.Peak:
    """Peak arithmetic rate of a device, from its matrix units, what each does in a clock, and the clock.

    Holds when every unit starts a new operation in each clock, at the clock that the peak is quoted at.

    Stops holding when power or heat forces the clock down, or when a precision runs at another rate than the one stated.
    """
    return matrix_units * unit_work * clock


@equation(source="svethardware2021a100", where="first paragraph: the rate of a pin, and the bandwidth that it gives")
def bandwidth_from_pins(pins: q.Pins, pin_rate: q.PinRate) -> q.Bandwidth:
    """Memory bandwidth of a device, from the width of its bus and the data rate of each pin.

    Holds when all pins carry data in every cycle.

    Stops holding when error correction, refresh or turning the bus around take their share, as they do in any measurement.
    """
    return pins * pin_rate
