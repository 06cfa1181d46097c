"""Layer B, hardware: one accelerator and what it can do at most."""

from functools import cached_property
from typing import Any, Literal

from . import quantities as q
from .errors import InputError, nearest
from .nouns import Entry, Lowered, Noun

ELEMENT_SIZE = {
    "fp64": 8.0,
    "fp64_tensor": 8.0,
    "fp32": 4.0,
    "tf32": 4.0,
    "bf16": 2.0,
    "fp16": 2.0,
    "fp8": 1.0,
    "int8": 1.0,
    "fp6": 0.75,
    "fp4": 0.5,
    "int4": 0.5,
}
"""Bytes of a stored element by precision. Formats with scales beside them hold a little more."""

Direction = Literal["bidirectional", "unidirectional"]


def check_precision(precision: Any, argument: str = "precision") -> str:
    """Return a known precision, or raise naming the nearest ones."""
    if not isinstance(precision, str) or precision not in ELEMENT_SIZE:
        raise InputError(f"{argument}={precision!r} is no precision: {nearest(str(precision), ELEMENT_SIZE)}")
    return precision


class PeakRates(Noun):
    """Dense peak arithmetic rates by precision: matrix units where there are any, never with sparsity.

    ``fp64`` and ``fp32`` are the vector units; ``fp64_tensor`` and ``tf32`` their matrix counterparts.
    """

    fp64: q.Peak | None = None
    fp64_tensor: q.Peak | None = None
    fp32: q.Peak | None = None
    tf32: q.Peak | None = None
    bf16: q.Peak | None = None
    fp16: q.Peak | None = None
    fp8: q.Peak | None = None
    fp6: q.Peak | None = None
    fp4: q.Peak | None = None
    int8: q.Peak | None = None
    int4: q.Peak | None = None

    @property
    def precisions(self) -> tuple[str, ...]:
        """The precisions that have a peak."""
        return tuple(n for n in type(self).model_fields if getattr(self, n) is not None)


class MatrixEngine(Noun):
    """What the dense FP16 peak is made of: matrix units, what each does in a clock, and the clock that the peak is quoted at."""

    units: q.MatrixUnits
    work_per_clock: q.UnitWork
    clock: q.Clock


class ComputeCore(Noun):
    """Arithmetic units: dense peaks, sparse ones apart, and the clock."""

    peak: PeakRates
    peak_sparse: PeakRates | None = None
    clock: q.Clock | None = None
    matrix: MatrixEngine | None = None


class MemoryHierarchy(Noun):
    """Memory levels: main memory (HBM, DDR, or SRAM of a microcontroller), last-level cache, storage that holds weights.

    ``pins`` (the bus width in bits) and ``pin_rate`` (of one pin, such as ``"5.2 Gb/s"``) are what the bandwidth is made of.
    """

    capacity: q.Capacity
    bandwidth: q.Bandwidth
    technology: str | None = None
    cache: q.Capacity | None = None
    cache_bandwidth: q.Bandwidth | None = None
    storage: q.Capacity | None = None
    pins: q.Pins | None = None
    pin_rate: q.PinRate | None = None


class Link(Noun):
    """A link of the device; ``direction`` says whether the figure adds both directions."""

    bandwidth: q.PrintedBandwidth
    direction: Direction
    name: str | None = None
    latency: q.LinkLatency | None = None

    @property
    def directions(self) -> float:
        """How many directions the printed bandwidth adds up."""
        return 2.0 if self.direction == "bidirectional" else 1.0


class PowerRatings(Noun):
    """Electrical power of the device."""

    tdp: q.MaxPower | None = None
    idle: q.IdlePower | None = None
    active: q.MaxPower | None = None


class HardwareNode(Entry):
    """One accelerator, system on chip or microcontroller.

    Examples
    --------
    >>> chip = HardwareNode(
    ...     name="My chip",
    ...     compute={"peak": {"fp16": "100 TFLOP/s"}},
    ...     memory={"capacity": "32 GB", "bandwidth": "1 TB/s"},
    ... )
    >>> str(chip.memory.bandwidth)
    '1.0 TB/s'
    """

    vendor: str | None = None
    compute: ComputeCore
    memory: MemoryHierarchy
    link: Link | None = None
    host_link: Link | None = None
    power: PowerRatings = PowerRatings()
    price: q.Price | None = None
    embodied_carbon: q.DeviceCarbon | None = None
    process: str | None = None
    released: str | None = None

    @cached_property
    def _lowered(self) -> dict[str, Lowered]:
        return {}

    def supply(self, precision: str) -> Lowered:
        """Return the device's numbers at a precision, for a solver.

        Raises
        ------
        InputError
            The device has no peak at this precision; the message lists those it has.
        """
        found = self._lowered.get(precision) if isinstance(precision, str) else None
        if found is None:
            found = self._lowered[precision] = self._lower(precision)
        return found

    def _lower(self, precision: str) -> Lowered:
        check_precision(precision)
        peaks = self.compute.peak.precisions
        if precision not in peaks:
            raise InputError(f"precision={precision!r}: {self.name} has no peak for it, only {', '.join(peaks)}")
        power = "tdp" if self.power.tdp is not None else "active"
        fields = {
            "peak": f"compute.peak.{precision}",
            "bandwidth": "memory.bandwidth",
            "capacity": "memory.capacity",
            "power": f"power.{power}",
            "clock": "compute.clock",
            "host_bandwidth": "host_link.bandwidth",
            "cache": "memory.cache",
            "cache_bandwidth": "memory.cache_bandwidth",
        }
        if self.memory.storage is not None:
            fields["storage"] = "memory.storage"
        link = "link" if self.link is not None else "host_link"
        if (joined := self.link or self.host_link) is not None:
            fields["link_bandwidth"] = f"{link}.bandwidth"
            if joined.latency is not None:
                fields["link_latency"] = f"{link}.latency"
        host_directions = self.host_link.directions if self.host_link else 1.0
        lowered = self.lower("hardware", fields, directions=joined.directions if joined else 1.0, host_directions=host_directions)
        lowered.missing.setdefault(
            "link_bandwidth", f"{self.name} states no link between devices: give link={{'bandwidth': …, 'direction': …}}"
        )
        lowered.__dict__.setdefault("storage", None)
        lowered.__dict__.setdefault("link_latency", 0.0)
        return lowered
