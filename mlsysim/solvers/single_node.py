"""SingleNodeModel: one step of a workload on one device, by the roofline."""

from typing import Any

from ..errors import InputError
from ..hardware import HardwareNode
from ..nouns import Lowered
from ..profiles import Profile
from ..readings import Reading
from ..results import Missing, PerformanceProfile
from ..workloads import Demand, Workload
from .base import Doors, assumed, expect, expect_hardware, masked, needed, sizes
from .power import power_of_device, streaming_time


def step_on_device(
    eq: Reading,
    x: Lowered,
    work: Any,
    traffic: Any,
    peak: Any,
    bandwidth: Any,
    overhead: Any = None,
    expanding: Any = None,
    apart: tuple[Any, Any] | None = None,
) -> tuple[Any, Any, Any]:
    """Return compute time, memory time and the time of the step: the one step equation of every solver.

    Weights are expanded, where they are, while they stream, as far as the two get out of each other's way. Work that is done ``apart``
    is given with a peak of its own.
    """
    compute = eq.compute_time(work, peak, x.efficiency_compute)
    if apart is not None:
        compute = eq.products_time(compute, eq.compute_time(*apart, x.efficiency_compute))
    memory = eq.memory_time(traffic, bandwidth, x.efficiency_memory)
    contention = x.contention if x.has("contention") else 0.0
    if expanding is not None:
        memory = eq.step_time(memory, expanding, contention, 0.0)
    return compute, memory, eq.step_time(compute, memory, contention, x.overhead if overhead is None else overhead)


def language_overhead(eq: Reading, x: Lowered, g: Lowered, tokens: Any, sequences: Any, decode: bool) -> Any:
    """Return the time of a language model's pass outside of matrices, weights and caches, by the documented constants."""
    layers, moved = g.layers, eq.moved_between_kernels(tokens, g.layers, g.hidden, x.moved_size)
    if x.has("tp_size") and not x.alone:
        layers, moved = eq.layers_held(layers, x.pp_size), eq.device_bytes(moved, x.tp_size, x.pp_size)
    between = eq.memory_time(moved, x.hardware.bandwidth, x.efficiency_memory)
    return eq.pass_overhead(between, layers, x.decode_layer_time if decode else x.layer_time, sequences, x.sequence_time)


def vector_units(x: dict[str, Any], device: HardwareNode, supply: Lowered) -> dict[str, Any]:
    """Return the numbers of the vector units, whose peak is that of fp32 where it is stated, if constants ask for them."""
    if "efficiency_vector" not in x and "expansion_work" not in x:
        return {}
    return {"vector": device.supply("fp32") if "fp32" in device.compute.peak.precisions else supply}


def expansion(eq: Reading, x: Lowered, weights: Any, tokens: Any) -> Any:
    """Return the time in which vector units expand the weights of a pass, or multiply by them; none where they are stored as computed."""
    if not (x.has("expansion_work") and x.expands_weights):
        return None
    return eq.expansion_time(weights, x.weight_size, eq.vector_columns(tokens, x.matvec_limit), x.vector.peak, x.expansion_work)


def step_with_offload(eq: Reading, x: Lowered, demand: Demand, overhead: Any = None) -> tuple[Any, Any, Any]:
    """Return compute time, memory time and the time of a step whose weights come from the host's memory."""
    hardware = x.hardware
    host = eq.achieved_bandwidth(eq.one_way_bandwidth(hardware.host_bandwidth, hardware.host_directions), x.efficiency_link)
    compute = eq.compute_time(demand.work, hardware.peak, x.efficiency_compute)
    near = eq.memory_time(eq.traffic_without_weights(demand.traffic, demand.read), hardware.bandwidth, x.efficiency_memory)
    memory = eq.slower_level(near, eq.memory_time(demand.read, host))
    contention = x.contention if x.has("contention") else 0.0
    return compute, memory, eq.step_time(compute, memory, contention, x.overhead if overhead is None else overhead)


def busy_with_memory(eq: Reading, x: Lowered, demand: Demand, compute: Any, memory: Any, step: Any, update: Any) -> tuple[Any, Any]:
    """Return the times of a step in which the device streams from its memory, and in which it waits for launches."""
    if not x.has("waiting_power"):
        return 0.0, 0.0
    if demand.update is not None:
        return update, 0.0
    streaming = memory if demand.read is None or x.offloaded else streaming_time(eq, x, demand.read)
    if x.has("layer_time"):
        return streaming, eq.waiting_time(0.0, x.model.layers, x.decode_layer_time if x.phase == "decode" else x.layer_time)
    return streaming, eq.time_left(step, memory, compute)


def step_by_operators(eq: Reading, x: Lowered, demand: Demand, bandwidth: Any) -> tuple[Any, Any, Any]:
    """Return compute time, memory time and the time of a step whose operators between layers count one by one.

    Vector units handle what these operators move, and the host launches their kernels, ahead of the device or, on a processor, in turn.
    """
    compute = eq.compute_time(demand.work, x.hardware.peak, x.efficiency_compute)
    memory = eq.memory_time(demand.traffic, bandwidth, x.efficiency_memory)
    memory = eq.elementwise_time(memory, demand.moved, x.vector.peak, x.efficiency_vector)
    step = eq.step_time(compute, memory, x.contention, x.overhead)
    return compute, memory, step if demand.launch is None else eq.step_time(step, demand.launch, x.launch_contention, 0.0)


def core(eq: Reading, x: Lowered) -> dict[str, Any]:
    """Solve one step, in whatever reading."""
    hardware = x.hardware
    demand = x.workload.demand(eq, x)
    bandwidth, footprint = hardware.bandwidth, demand.footprint
    overhead = x.overhead
    if x.has("layer_time"):
        overhead = language_overhead(eq, x, x.model, demand.tokens, x.batch_size, x.phase == "decode")
    if x.offloaded:
        footprint = eq.footprint_without_weights(footprint, demand.weights)
        compute, memory, step = step_with_offload(eq, x, demand, overhead)
    else:
        bandwidth = hardware.cache_bandwidth if x.on_chip else bandwidth
        work = demand.work
        if x.has("depthwise_cost") and demand.depthwise is not None:
            work = eq.depthwise_weighted_work(work, demand.depthwise, x.depthwise_cost)
        if demand.moved is None:
            expanding = None if demand.read is None else expansion(eq, x, demand.read, demand.tokens)
            compute, memory, step = step_on_device(eq, x, work, demand.traffic, hardware.peak, bandwidth, overhead, expanding)
        else:
            compute, memory, step = step_by_operators(eq, x, demand, bandwidth)
    if x.has("software_slowdown"):
        step = eq.slowed_time(step, x.software_slowdown)
    if demand.update is not None:
        overhead = eq.memory_time(demand.update, bandwidth, x.efficiency_memory)
        step = eq.training_step_time(step, 0.0, overhead)
    if x.on_chip:
        capacity = hardware.cache
    else:
        capacity = hardware.capacity if hardware.storage is None else eq.joint_capacity(hardware.capacity, hardware.storage)
    feasible = footprint <= capacity
    if demand.working is not None and hardware.storage is not None:
        feasible = eq.both(feasible, demand.working <= hardware.capacity)
    power = power_of_device(eq, x, step, *busy_with_memory(eq, x, demand, compute, memory, step, overhead))
    values = {
        "latency": step,
        "latency_compute": compute,
        "latency_memory": memory,
        "latency_overhead": overhead,
        "throughput": eq.throughput(demand.tokens, step),
        "bottleneck": eq.label(compute >= memory, "compute", "memory"),
        "arithmetic_intensity": eq.arithmetic_intensity(demand.work, demand.traffic),
        "ridge_point": eq.ridge_point(hardware.peak, bandwidth),
        "mfu": eq.model_flops_utilization(demand.model_work, step, hardware.peak, 1.0),
        "memory_footprint": footprint,
        **power,
        "energy": power["device_power"] if type(power["device_power"]) is Missing else eq.device_energy(power["device_power"], step),
        "feasible": feasible,
        "label": x.label,
    }
    if feasible is False:
        needs, has = eq.value(footprint), eq.value(capacity)
        values["reason"] = (needs, has) if needs > has else (eq.value(demand.working), eq.value(hardware.capacity))
    return masked(eq, feasible, values, PerformanceProfile)


class SingleNodeModel:
    """How fast one device runs one step of a workload, and what bounds it.

    The step is the roofline's: arithmetic and memory traffic overlap fully, and the longer of the two is the time. A training
    step ends with the optimizer's own pass over memory, which nothing overlaps: it is the overhead. All traffic is to main memory,
    unless ``memory_level`` says that everything lies on the chip, or that weights stay in the memory of the host and pass its link in
    every step, beside the traffic of main memory; how much the host holds is not asked.
    """

    result = PerformanceProfile
    core = staticmethod(core)

    def solve(
        self,
        model: Workload,
        hardware: HardwareNode,
        batch_size: Any = 1,
        precision: str = "fp16",
        efficiency: Any = None,
        seq_len: Any = None,
        phase: str = "forward",
        weight_precision: str | None = None,
        memory_level: str = "main",
        stack: str | None = None,
    ) -> PerformanceProfile:
        """Solve one step.

        Parameters
        ----------
        model
            Any workload, such as a :class:`~mlsysim.TransformerWorkload`.
        hardware
            The device; it must have a dense peak at ``precision``.
        batch_size
            Sequences, images or samples computed together; a whole number or an array of them.
        precision
            Of arithmetic and cache.
        efficiency
            Share of the peaks that is achieved: one ratio, an :class:`~mlsysim.Efficiency`, a :class:`~mlsysim.Profile` of documented
            or calibrated constants, 1 for the bound, or ``None`` for the documented constants, where there are any.
        seq_len
            Tokens of a sequence; in ``decode``, tokens of context that the new token attends to. Models of language need it.
        phase
            ``forward`` (scores for every token), ``prefill`` (fills the cache, scores for the last token), ``decode``
            (one new token a sequence) or ``training`` (forward, backward and update).
        weight_precision
            In which weights are stored and read, such as ``"int4"``, ``"Q4_K_M"`` or ``"4.5 bits"``, with arithmetic at ``fp16``; that of
            the arithmetic by default.
        memory_level
            ``main``; ``cache``, where everything must fit into on-chip memory whose bandwidth is stated; or ``host``, where
            weights are read over the host link (models of language, but not in training).
        stack
            Software whose documented constants are taken, such as ``"vllm"``.

        Returns
        -------
        PerformanceProfile
            With arrays where an argument is one.

        Raises
        ------
        InputError
            An argument is out of range, of the wrong dimension, or unknown.
        """
        workload = expect(model, Workload, "model", "a workload such as Models.Language.Llama3_8B")
        supply = expect_hardware(hardware).supply(precision)
        workload.check_phase(phase)
        x = _DOORS.read(batch_size=batch_size, seq_len=seq_len) | sizes(precision, None, weight_precision)
        numbers, origins = assumed(efficiency, family_of(workload, hardware, phase, efficiency), hardware, stack, precision=precision)
        x |= {"overhead": 0.0} | numbers
        needed(x, "batch_size")
        if workload.takes_sequence and seq_len is None:
            raise InputError(f"seq_len is needed for {workload.title}: give the tokens of a sequence")
        if not workload.takes_sequence and seq_len is not None:
            raise InputError(f"seq_len={seq_len!r}: {workload.title} has no sequence; leave it out")
        if phase == "training" and precision not in workload.training_precisions:
            known = ", ".join(workload.training_precisions)
            raise InputError(f"precision={precision!r}: training of {workload.title} is modelled at {known}")
        if phase == "training" and weight_precision is not None:
            raise InputError(f"weight_precision={weight_precision!r}: training stores weights at {precision}; leave it out")
        if phase == "training" and precision == "fp8":
            x["weight_size"] = 2.0
        x |= check_level(memory_level, supply, workload, phase)
        x |= {"phase": phase, "workload": workload, "model": workload.geometry, "hardware": supply}
        x["overhead"] = x.get("step_floor", x["overhead"])
        x |= {
            "what": ("{} at {}, on chip" if x["on_chip"] else "{} at {}", workload, precision),
            "device": hardware,
            "full_precision": precision in ("fp32", "tf32"),
        }
        x |= vector_units(x, hardware, supply)
        return _DOORS.solve(PerformanceProfile, core, x, **origins)


def family_of(workload: Workload, hardware: HardwareNode, phase: str, given: Any = None) -> str:
    """Return the family whose constants hold for a step; storage beside a memory tells microcontrollers from the rest.

    Constants that are given say themselves whether they are those of small devices, so that phones may be either.
    """
    small = given.family == "tiny" if isinstance(given, Profile) and workload.family == "vision" else hardware.memory.storage is not None
    if small:
        return "tiny"
    return "training" if phase == "training" and workload.takes_sequence else workload.family


def check_level(level: Any, supply: Lowered, workload: Workload, phase: str) -> dict[str, bool]:
    """Return which level of memory a step uses, or refuse one that the device or the workload does not have."""
    if not isinstance(level, str) or level not in LEVELS:
        raise InputError(f"memory_level={str(level)[:40]!r} is none of {', '.join(LEVELS)}")
    if level == "host":
        supply.need("host_bandwidth")
        if not workload.offloads or phase == "training":
            raise InputError(f"memory_level='host': offload is modelled for inference of language models, not {phase} of {workload.title}")
    if level == "cache":
        supply.need("cache", "cache_bandwidth")
    return {"offloaded": level == "host", "on_chip": level == "cache"}


LEVELS = ("main", "cache", "host")
_DOORS = Doors(batch_size="Batch", seq_len="Sequence")
