"""Results: frozen, typed, quantities on attribute access, and able to say where every number came from."""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from . import quantities as q
from .errors import InfeasibleError, InputError, MissingFactError, MlsysimError, UnknownNameError, nearest
from .quantities import Symbol, symbol_of
from .readings import NUMBERS


class _Field:
    """A number of a result: a quantity when read, or the reason why there is none."""

    def __init__(self, name: str, symbol: Symbol) -> None:
        self.name, self.symbol = name, symbol

    def __get__(self, result: Any, owner: type) -> Any:
        if result is None:
            return self
        return self.symbol.quantity(result.number(self.name))


class Result:
    """Base of every result.

    A result is what a solver's core returned, with what it was computed from; so it can be read again: as a
    trace (:meth:`why`), or with dual numbers (:meth:`elasticities`).
    """

    fields: ClassVar[dict[str, Symbol]] = {}
    always: ClassVar[frozenset[str]] = frozenset({"memory_footprint"})
    measured: ClassVar[dict[str, bool]] = {}
    """The numbers that were compared with measurements, and whether each is a rate (more is faster) or a time."""

    __slots__ = ("_core", "_inputs", "_values")

    def __init_subclass__(cls) -> None:
        cls.fields = {n: s for n, a in cls.__annotations__.items() if (s := symbol_of(a))}
        for name, symbol in cls.fields.items():
            setattr(cls, name, _Field(name, symbol))

    def __init__(self, values: dict[str, Any], core: Callable[..., dict[str, Any]], inputs: Any) -> None:
        put = object.__setattr__
        put(self, "_values", values)
        put(self, "_core", core)
        put(self, "_inputs", inputs)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._values, self._core, self._inputs)

    def __setattr__(self, name: str, value: Any) -> None:
        raise InputError(f"a {type(self).__name__} is immutable: solve again with other arguments")

    def __delattr__(self, name: str) -> None:
        raise InputError(f"a {type(self).__name__} is immutable")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        values = self._values
        if name in values:
            if values["feasible"] is False and name.endswith("bottleneck"):
                raise InfeasibleError(self.reason)
            return _frozen(values[name])
        raise UnknownNameError(f"a {type(self).__name__} has no {name!r}: {nearest(name, [*self.fields, *values])}")

    def number(self, name: str) -> Any:
        """Return a number in its coherent unit.

        Raises
        ------
        InfeasibleError
            What was asked for does not fit, so it has no time, rate or cost.
        MissingFactError
            The number needs a fact that nobody stated; the message names it.
        """
        values = self._values
        if name not in self.fields:
            raise UnknownNameError(f"a {type(self).__name__} has no number {name!r}: {nearest(name, self.fields)}")
        if values["feasible"] is False and name not in self.always:
            raise InfeasibleError(self.reason)
        value = values[name]
        if type(value) is Missing:
            raise value.error(f"{name}: {value.sentence}")
        return value if type(value) is float else _frozen(value)

    @property
    def inputs(self) -> Any:
        """What it was solved from, as plain numbers with their origins."""
        return self._inputs

    @property
    def feasible(self) -> Any:
        """Whether it fits (an array of truths in a sweep)."""
        return _frozen(self._values["feasible"])

    @property
    def reason(self) -> str:
        """Why it does not fit; empty when it does."""
        if self._values["feasible"] is not False:
            return ""
        from .units import people

        template, *parts = self._inputs.what
        what = template.format(*(getattr(p, "title", p) if hasattr(p, "zoo_name") else p for p in parts))
        needs, has = self._values["reason"]
        device = self._inputs.device.title
        over = people(needs - has, "byte")
        return f"{what} needs {people(needs, 'byte')} on each {device}, which has {people(has, 'byte')}: {over} too much"

    @property
    def label(self) -> str:
        """``bound`` where no constant but physics was used, ``estimate``, or ``calibrated`` on a measurement of one's own."""
        return self._values["label"]

    @property
    def words(self) -> dict[str, str]:
        """What the result says in words, such as its ``bottleneck``, by name; nothing where it does not fit."""
        return {n: v for n, v in self._values.items() if isinstance(v, str) and n != "label" and self._values["feasible"] is not False}

    def interval(self, name: str) -> tuple[Any, Any]:
        """Return the range in which eight of ten measurements lie, for a number of an estimate, as two quantities.

        It comes from the errors of the documented constants on published measurements that they were not fitted on, and ends at the
        bound, which is the same solve with ``efficiency=1``.

        Raises
        ------
        InputError
            The result is a bound, or no measurements exist for this number.
        """
        self._one_solve("interval()")
        value = self.number(name)
        if name not in self.measured:
            known = ", ".join(self.measured)
            raise InputError(f"{name} has not been compared with measurements; of a {type(self).__name__}, {known or 'nothing'} has")
        profile = self._inputs.profile
        if profile is None:
            kind = "an estimate" if self.label == "estimate" else f"a {self.label} number"
            raise InputError(f"{name} is {kind} without documented constants, and has no interval: leave efficiency out")
        short, long = profile.interval(self._kind(name), self._inputs.device.zoo_name)
        bound = self._core(NUMBERS, self._inputs.without_constants())[name]
        ends = (value / long, min(value / short, bound)) if self.measured[name] else (max(value * short, bound), value * long)
        return self.fields[name].quantity(ends[0]), self.fields[name].quantity(ends[1])

    def _kind(self, name: str) -> str:
        """Return the kind of measurements that a number was compared with."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """Return every number that there is as a quantity, by name."""
        return {n: getattr(self, n) for n in self.fields if self.has(n)}

    def has(self, name: str) -> bool:
        """Whether a number exists: it fits, and all its facts are stated."""
        value = self._values.get(name)
        return type(value) is not Missing and (self._values["feasible"] is not False or name in self.always)

    def lifted(self, lift: Any) -> "LiftedResult":
        """Return the result as another reading computes it, for the next solver to go on from."""
        inputs = self._inputs.lifted(lift)
        return LiftedResult(self._core(lift.reading, inputs), inputs, self)

    def why(self, name: str | None = None) -> Any:
        """Return the derivation of a number: every equation used, its inputs, their sources, values substituted.

        Without a name, the derivations of all numbers, by name.
        """
        from .why import derive, derive_all

        self._one_solve("why()")
        if name is None:
            return derive_all(self)
        self.number(name)
        return derive(self, name)

    def elasticities(self, name: str) -> Any:
        """Return the percent change of a number for one percent more of each input of the solve.

        Exact away from kinks; the result's ``kinks`` says where it stands on one.
        """
        from .readings.duals import DUALS, Dual, elasticities_of
        from .readings.reading import Lift

        self._one_solve("elasticities()")
        self.number(name)
        names: dict[str, None] = {}

        def seed(value: float, origin: Any) -> Any:
            names[origin.name] = None
            return Dual(value, {origin.name: value})

        return elasticities_of(self._core(DUALS, self._inputs.lifted(Lift(DUALS, seed)))[name], names)

    def _one_solve(self, asked: str) -> None:
        if any(hasattr(v, "shape") for v in self._values.values()):
            raise InputError(f"{asked} explains one solve, and this result is a sweep: solve again with single numbers")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return False
        mine, theirs = _plain(self._values), _plain(other._values)
        return mine.keys() == theirs.keys() and all(_same(v, theirs[n]) for n, v in mine.items())

    def __hash__(self) -> int:
        self._one_solve("hash()")
        return hash(tuple(_plain(self._values).items()))

    def _rows(self) -> Iterator[tuple[str, str]]:
        for name, value in self._values.items():
            if name in self.fields:
                yield name, _cell(self, name)
            elif hasattr(value, "shape"):
                yield name, f"{int(value.sum())} of {value.size}" if name == "feasible" else f"array of {value.size}"
            elif name == "feasible" or (isinstance(value, str) and self._values["feasible"] is not False):
                yield name, str(value)

    def __repr__(self) -> str:
        rows = list(self._rows())
        width = max(len(n) for n, _ in rows)
        body = "\n".join(f"  {n:<{width}}  {v}" for n, v in rows)
        note = "" if self.feasible is not False else f"\n  {self.reason}"
        return f"{type(self).__name__} ({self.label}){note}\n{body}"

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(f"<tr><th scope='row'>{escape(n)}</th><td>{escape(v)}</td></tr>" for n, v in self._rows())
        note = "" if self.feasible is not False else f"<p>{escape(self.reason)}</p>"
        caption = f"<caption>{type(self).__name__} ({escape(self.label)})</caption>"
        return f"<div class='mls-result'><table>{caption}<tbody>{rows}</tbody></table>{note}</div>"


class Missing:
    """Stands where there is no number: a fact that it needs is stated nowhere, or it cannot exist."""

    __slots__ = ("error", "sentence")

    def __init__(self, sentence: str, error: type[MlsysimError] = MissingFactError) -> None:
        self.sentence, self.error = sentence, error


class LiftedResult:
    """A result in another reading: its numbers are that reading's values."""

    def __init__(self, values: dict[str, Any], inputs: Any, plain: Result) -> None:
        self._values, self.inputs, self.plain = values, inputs, plain

    def number(self, name: str) -> Any:
        """Return the reading's value, with the same refusals as the plain result."""
        self.plain.number(name)
        return self._values[name]

    def has(self, name: str) -> bool:
        """Whether the number exists."""
        return self.plain.has(name)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.plain, name)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {n: getattr(v, "sentence", v) for n, v in values.items()}


def _frozen(value: Any) -> Any:
    """Return an array that cannot be written to, and anything else as it is."""
    if hasattr(value, "setflags"):
        value.setflags(write=False)
    return value


def _same(a: Any, b: Any) -> bool:
    if hasattr(a, "shape") or hasattr(b, "shape"):
        return getattr(a, "shape", None) == getattr(b, "shape", None) and bool(((a == b) | ((a != a) & (b != b))).all())
    return bool(a == b)


def _cell(result: Result, name: str) -> str:
    from .units import people

    if not result.has(name):
        return "-"
    number, symbol = result.number(name), result.fields[name]
    if hasattr(number, "shape") and number.shape:
        fits = number[number == number]
        ends = [people(float(x), symbol.unit, symbol.display) for x in (fits.min(), fits.max())] if fits.size else ["none"]
        return f"{' to '.join(dict.fromkeys(ends))} ({number.size} values)"
    return people(number, symbol.unit, symbol.display)


class PerformanceProfile(Result):
    """One step on one device."""

    latency: q.StepTime
    latency_compute: q.ComputeTime
    latency_memory: q.MemoryTime
    latency_overhead: q.Overhead
    throughput: q.Throughput
    arithmetic_intensity: q.Intensity
    ridge_point: q.RidgePoint
    mfu: q.Mfu
    memory_footprint: q.Footprint
    activity_memory: q.Activity
    activity_compute: q.Activity
    device_power: q.Power
    energy: q.Energy
    measured = {"latency": False, "throughput": True}

    def _kind(self, name: str) -> str:
        inputs = self._inputs
        if inputs.profile.family == "serving":
            return _serving_kind(inputs.phase == "decode", inputs.batch_size)
        if inputs.profile.family == "training":
            return "step"
        return "training" if inputs.phase == "training" else "inference"


class DistributedResult(Result):
    """One optimizer step on a fleet. The ``memory_`` fields are those of one device of the fullest stage.

    ``mfu`` credits causal attention as causal; ``mfu_full_attention`` credits the full square of each sequence, as many publications
    print it, and ``hfu`` all arithmetic that is done, recomputation included. ``tp_algorithm`` and ``dp_algorithm`` name the
    algorithm of the all-reduces of activations and of gradients (of what all replicas share, where experts are spread).
    ``activity_memory`` is that of the optimizer's pass alone: the traffic of both other passes is part of ``activity_compute``.
    """

    step_time: q.StepTime
    throughput: q.Throughput
    mfu: q.Mfu
    mfu_full_attention: q.Mfu
    hfu: q.Hfu
    scaling_efficiency: q.ScalingEfficiency
    compute_time: q.ComputeTime
    tp_communication_time: q.CommunicationTime
    dp_communication_time: q.CommunicationTime
    pp_communication_time: q.CommunicationTime
    ep_communication_time: q.CommunicationTime
    cp_communication_time: q.CommunicationTime
    exposed_communication_time: q.CommunicationTime
    bubble_fraction: q.BubbleFraction
    dp_size: q.DataParallel
    stage_layers: q.LayersHeld
    memory_footprint: q.Footprint
    memory_weights: q.WeightBytes
    memory_gradients: q.GradientBytes
    memory_optimizer: q.OptimizerBytes
    memory_activations: q.ActivationBytes
    memory_buffers: q.BufferBytes
    checkpoint_size: q.CheckpointBytes
    run_time: q.Duration
    activity_memory: q.Activity
    activity_compute: q.Activity
    device_power: q.Power
    energy_per_token: q.TokenEnergy
    measured = {"step_time": False, "throughput": True, "mfu": True, "mfu_full_attention": True, "hfu": True, "run_time": False}
    always = frozenset(
        {"memory_footprint", "memory_weights", "memory_gradients", "memory_optimizer", "memory_activations", "memory_buffers"}
        | {"checkpoint_size", "dp_size", "stage_layers"}
    )

    def _kind(self, name: str) -> str:
        return "step"

    @property
    def memory(self) -> dict[str, Any]:
        """Memory of one device by part."""
        return {n.removeprefix("memory_"): getattr(self, n) for n in self.fields if n.startswith("memory_") and n != "memory_footprint"}


class ServingResult(Result):
    """Serving one batch size on one replica; throughputs are the whole system's."""

    ttft: q.Ttft
    itl: q.Itl
    request_latency: q.RequestLatency
    decode_throughput: q.DecodeThroughput
    throughput: q.Throughput
    request_rate: q.RequestRate
    replicas: q.Replicas
    kv_cache_size: q.KvBytes
    weight_memory: q.WeightBytes
    max_batch_size: q.MaxBatch
    memory_footprint: q.Footprint
    communication_time: q.CommunicationTime
    concurrency: q.Concurrency
    activity_memory: q.Activity
    activity_compute: q.Activity
    device_power: q.Power
    energy_per_token: q.TokenEnergy
    measured = {
        "ttft": False, "itl": False, "decode_throughput": True, "throughput": True, "request_latency": False, "request_rate": True,
    }  # fmt: skip
    always = frozenset({"memory_footprint", "kv_cache_size", "weight_memory", "max_batch_size", "replicas"})

    def _kind(self, name: str) -> str:
        if name in ("ttft", "itl", "decode_throughput"):
            return _serving_kind(name != "ttft", self._inputs.batch_size)
        return "throughput"


def _serving_kind(decode: bool, batch: float) -> str:
    """Return the kind of measurements that a pass of a language model is compared with."""
    if not decode:
        return "prefill"
    return "decode1" if batch == 1 else "batched"


class CollectiveResult(Result):
    """One collective between devices; ``algorithm`` names how it is done."""

    time: q.CommunicationTime
    algorithm_bandwidth: q.AlgorithmBandwidth
    bus_bandwidth: q.BusBandwidth
    measured = {"time": False, "algorithm_bandwidth": True, "bus_bandwidth": True}

    def _kind(self, name: str) -> str:
        return "large" if self._inputs.message_size >= 2**26 else "small"


class LoadResult(Result):
    """Serving under load: the rates are the whole system's."""

    tpot: q.Tpot
    longest_gap: q.Itl
    prompt_time: q.PromptTime
    max_request_rate: q.RequestRate
    max_throughput: q.Throughput
    utilization: q.OfferedLoad
    queue_time: q.QueueTime
    queue_time_percentile: q.QueueTime
    ttft: q.Ttft
    ttft_percentile: q.Ttft
    request_latency: q.RequestLatency
    concurrency: q.Concurrency
    replicas_needed: q.Replicas
    kv_transfer_time: q.CommunicationTime
    kv_transfer_rate: q.TransferRate
    always = frozenset(
        {"tpot", "longest_gap", "prompt_time", "max_request_rate", "max_throughput", "utilization", "replicas_needed", "kv_transfer_time"}
    )

    @property
    def reason(self) -> str:
        """Why the load cannot be served; empty when it can."""
        if self._values["feasible"] is not False:
            return ""
        asked, most = self._values["reason"]
        return f"{asked:.4g} requests a second arrive, and the system serves at most {most:.4g}: the queue grows without end"


class EconomicsResult(Result):
    """What a fleet costs over a period, and what its work costs."""

    capital: q.Price
    capital_devices: q.Price
    capital_nodes: q.Price
    capital_network: q.Price
    capital_facility: q.Price
    capex: q.Charge
    energy: q.FacilityEnergy
    opex_energy: q.EnergyCost
    opex_maintenance: q.MaintenanceCost
    opex_staff: q.StaffCost
    tco: q.Cost
    rental_cost: q.RentalCost
    rental_cost_used: q.RentalCost
    break_even_utilization: q.BreakEven
    cost_per_query: q.UnitCost
    cost_per_million_tokens: q.MillionTokenCost
    cost_per_million_input_tokens: q.MillionTokenCost
    cost_per_million_output_tokens: q.MillionTokenCost
    cost_per_training_run: q.RunCost


class SustainabilityResult(Result):
    """Energy, greenhouse gas and water of a fleet over a period."""

    it_energy: q.ItEnergy
    facility_energy: q.FacilityEnergy
    network_energy: q.ItEnergy
    carbon: q.Carbon
    carbon_market: q.MarketCarbon
    carbon_best_start: q.Carbon
    best_start: q.HourOfDay
    shift_saving: q.ShiftSaving
    embodied_carbon: q.EmbodiedCarbon
    water: q.Water
    water_on_site: q.Water
    water_off_site: q.Water


class ReliabilityResult(Result):
    """Failures of a fleet during a job, what checkpoints and spare nodes save, and what is left of the job's speed."""

    node_mtbf: q.Mtbf
    fleet_mtbf: q.Mtbf
    failure_probability: q.Probability
    expected_failures: q.Failures
    checkpoint_time: q.CheckpointTime
    young_interval: q.Interval
    daly_interval: q.Interval
    checkpoint_interval: q.Interval
    full_strength: q.Availability
    spare_ready: q.Availability
    spares_needed: q.Spares
    recovery_time: q.RecoveryTime
    goodput: q.Goodput
    effective_duration: q.Duration
    effective_throughput: q.Throughput
    effective_mfu: q.Mfu
    effective_run_time: q.Duration
