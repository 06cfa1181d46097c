"""What the solvers share: doors for their arguments, efficiency, and the choice of a reading."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .. import quantities
from ..errors import InfeasibleError, InputError, nearest
from ..facts import Origin
from ..formats import weight_bytes
from ..hardware import ELEMENT_SIZE, HardwareNode, check_precision
from ..nouns import Lowered
from ..profiles import Profile, families, profile, stack_of
from ..quantities import Symbol, nomenclature
from ..readings import NUMBERS, Reading
from ..results import Missing, Result

_EFFICIENCY: Symbol = quantities.Efficiency.__metadata__[0]


@dataclass(frozen=True, slots=True)
class Efficiency:
    """Shares of the peaks that are achieved: of arithmetic, of memory bandwidth, of link bandwidth."""

    compute: Any = 1.0
    memory: Any = 1.0
    link: Any = 1.0

    def __post_init__(self) -> None:
        for name in ("compute", "memory", "link"):
            object.__setattr__(self, name, _EFFICIENCY.read(getattr(self, name), f"efficiency.{name}"))


def efficiency_numbers(value: Any) -> dict[str, Any]:
    """Return the three shares of one ratio, of an :class:`Efficiency`, or of nothing (1), and the label that they earn."""
    if value is None or (type(value) in (int, float) and value == 1):
        return _PERFECT
    share = value if isinstance(value, Efficiency) else Efficiency(value, value, value)
    parts = {"efficiency_compute": share.compute, "efficiency_memory": share.memory, "efficiency_link": share.link}
    perfect = all(type(p) is float and p == 1.0 for p in parts.values())
    return parts | {"profile": None, "label": "bound" if perfect else "estimate"}


_PERFECT = {"efficiency_compute": 1.0, "efficiency_memory": 1.0, "efficiency_link": 1.0, "profile": None, "label": "bound"}


def assumed(value: Any, family: str, device: HardwareNode, stack: Any = None, **kinds: str) -> tuple[dict[str, Any], dict[str, Origin]]:
    """Return what a solve assumes beside physics, as numbers by name, and the origins of those that are documented constants.

    A ratio or an :class:`Efficiency` gives shares of the peaks and nothing else, so that the core leaves all other terms out; a
    :class:`~mlsysim.Profile` gives every constant of a family, and those of the device's and the stack's groups and of
    other ``kinds`` of groups.
    """
    if value is None and family in families():
        value = profile(family)
    software = "" if stack is None else stack_of(family, stack)
    if not isinstance(value, Profile):
        if stack is not None:
            raise InputError(f"stack={stack!r} chooses documented constants, and efficiency={value!r} replaces them: give one of the two")
        return efficiency_numbers(value), {}
    if value.family != family:
        raise InputError(f"efficiency holds the constants of {value.family}: this solve needs those of {family}")
    key = (device.zoo_name, device.memory.technology, software, *kinds.values())
    if (found := value.known.get(key)) is None:
        memory = device.memory.technology or "memory"
        numbers, origins = value.on(hardware=device.zoo_name, stack=software, stack_on_memory=f"{software} on {memory}", **kinds)
        power, of_power = ({}, {}) if "power_activity" in numbers else profile("energy").on(hardware=device.zoo_name)
        found = {**_PERFECT, **power, **numbers, "profile": value, "label": value.label}, {**of_power, **origins}
        value.known[key] = found
    return found


def expect(value: Any, kind: type | tuple[type, ...], name: str, hint: str) -> Any:
    """Return an argument of the right type, or raise saying what it should be."""
    if not isinstance(value, kind):
        if isinstance(value, str):
            from .. import zoo

            ends = [n for n in zoo.names() if n.lower().endswith(f".{value.lower()}")]
            hint = f"such as {ends[0]}" if ends else nearest(value, zoo.names())
            raise InputError(f"{name}={value!r} is text: give the object itself, {hint}")
        raise InputError(f"{name} is a {type(value).__name__}: give {hint}")
    return value


def needed(x: Mapping[str, Any], *names: str) -> None:
    """Refuse an argument that was given as nothing."""
    for name in names:
        if name not in x:
            raise InputError(f"{name}=None: it is needed, give a number")


def fits_everywhere(name: str, result: Result, some: str) -> None:
    """Refuse a result that does not fit, or a sweep with such points, of which ``some`` tells what is wrong and what to do."""
    if result.feasible is False:
        raise InfeasibleError(f"{name}: {result.reason}")
    if anywhere(result.feasible == False):  # noqa: E712  (arrays too)
        raise InputError(f"{name} is a sweep {some}")


def anywhere(condition: Any) -> bool:
    """True where a condition on one number holds, or on any number of an array."""
    return bool(condition.any()) if hasattr(condition, "any") else bool(condition)


def expect_hardware(value: Any) -> HardwareNode:
    """Return a piece of hardware, or raise."""
    return expect(value, HardwareNode, "hardware", "a HardwareNode such as Hardware.Cloud.H100")


class Inputs(Lowered):
    """A solve's arguments as plain numbers, with their origins and the lowered things they refer to."""

    def __init__(self, origins: dict[str, Origin], values: dict[str, Any]) -> None:
        values["origins"] = origins
        object.__setattr__(self, "__dict__", values)

    def without_constants(self) -> "Inputs":
        """Return the inputs as a solve with ``efficiency=1`` takes them: those of the bound."""
        constants = self.profile.symbols.keys() | profile("energy").symbols.keys()
        kept = {n: v for n, v in self.__dict__.items() if n not in constants}
        return Inputs(self.origins, kept | _PERFECT | {"overhead": 0.0, "links": None, "fitted": False})


def sizes(precision: str, kv_precision: str | None = None, weight_precision: str | None = None) -> dict[str, float]:
    """Return bytes of weights, cached elements, activations and gradients; all as precise as the arithmetic by default.

    What devices add up, activations or gradients, has 16 bits at least.
    """
    key = (precision, kv_precision, weight_precision)
    try:
        return _KNOWN_SIZES[key]
    except (KeyError, TypeError):
        names = ("precision", "kv_precision")
        size, cached = (ELEMENT_SIZE[check_precision(precision if v is None else v, n)] for n, v in zip(names, key[:2], strict=True))
        weight = size if weight_precision is None else weight_bytes(weight_precision)
    found = {
        "weight_size": weight,
        "kv_size": cached,
        "element_size": size,
        "summed_size": max(2.0, size),
        "gradient_size": max(2.0, size),
        "expands_weights": weight < size,
    }
    return _KNOWN_SIZES.setdefault(key, found)


_KNOWN_SIZES: dict[tuple[Any, ...], dict[str, float]] = {}


class Doors:
    """The numeric arguments of a solver: the quantity that each is, and the name under which a trace shows it.

    Those in ``single`` must be one number; the others may be arrays, and decide the reading.
    """

    def __init__(self, single: str = "", **quantities: str) -> None:
        known = nomenclature()
        self.symbols = {name: known[quantity] for name, quantity in quantities.items()}
        self.single = frozenset(single.split())
        self.swept = (*(n for n in quantities if n not in self.single), *_SHARES)
        shown = quantities | _SIZES | dict.fromkeys(_SHARES, "Efficiency") | {"overhead": "Overhead"}
        names = {n: n.replace("efficiency_", "efficiency.") for n in shown}
        self.origins: dict[str, Origin] = {name: Origin(names[name], known[quantity]) for name, quantity in shown.items()}

    def read(self, **given: Any) -> dict[str, Any]:
        """Return the arguments that are given as plain numbers."""
        symbols = self.symbols
        numbers: dict[str, Any] = {}
        for name, value in given.items():
            if value is None:
                continue
            kind = type(value)
            if kind is not int and kind is not float and name in self.single and (kind in (list, tuple) or getattr(value, "shape", None)):
                raise InputError(f"{name}={value} must be one number: solve once for each")
            numbers[name] = symbols[name].read(value, name)
        return numbers

    def reading(self, x: dict[str, Any]) -> Reading:
        """Return the reading of a solver's inputs: arrays where one of them is one."""
        for name in self.swept:
            if name in x and type(x[name]) is not float:
                from ..readings.arrays import ARRAYS, shapes_agree

                shapes_agree({n: x[n] for n in self.swept if n in x})
                return ARRAYS
        return NUMBERS

    def solve(self, result: type[Result], core: Callable[..., dict[str, Any]], x: dict[str, Any], **origins: Origin) -> Any:
        """Return the result of a solver's core for its inputs."""
        inputs = Inputs(self.origins | origins if origins else self.origins, x)
        return result(core(self.reading(x), inputs), core, inputs)


_SHARES = ("efficiency_compute", "efficiency_memory", "efficiency_link")
_SIZES = {
    "weight_size": "WeightSize",
    "kv_size": "KvSize",
    "element_size": "ElementSize",
    "summed_size": "ElementSize",
    "gradient_size": "GradientSize",
}


def masked(eq: Reading, feasible: Any, values: dict[str, Any], result: type[Result]) -> dict[str, Any]:
    """In a sweep, replace what does not fit by NaN; a single solve refuses it when it is asked for."""
    if feasible is True or feasible is False:
        return values
    lost = result.fields.keys() - result.always
    return {n: eq.where(feasible, v, math.nan) if n in lost and type(v) is not Missing else v for n, v in values.items()}
