"""What the solvers share: doors for their arguments, efficiency, and the choice of a reading."""

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

from .. import quantities
from ..errors import InputError, nearest
from ..hardware import ELEMENT_SIZE, HardwareNode, check_precision
from ..nouns import Lowered
from ..quantities import Symbol, nomenclature
from ..readings import NUMBERS, Reading
from ..readings.trace import Origin
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


PERFECT = Efficiency()


def read_efficiency(value: Any) -> Efficiency:
    """Return an efficiency from one ratio, an :class:`Efficiency`, or nothing (which means 1)."""
    if value is None:
        return PERFECT
    if isinstance(value, Efficiency):
        return value
    return Efficiency(value, value, value)


def label_of(efficiency: Efficiency) -> str:
    """Return ``bound`` where nothing but physics was assumed, else ``estimate``."""
    if efficiency is PERFECT:
        return "bound"
    parts = (efficiency.compute, efficiency.memory, efficiency.link)
    return "bound" if all(type(p) is float and p == 1.0 for p in parts) else "estimate"


@cache
def argument(name: str, quantity: str) -> Origin:
    """Return the origin of a solver's argument."""
    return Origin(name, nomenclature()[quantity])


def count(value: Any, name: str, quantity: str) -> float:
    """Read a whole number that must be one value (a degree of a layout), not an array."""
    number = argument(name, quantity).symbol.read(value, name)  # type: ignore[union-attr]
    if type(number) is not float:
        raise InputError(f"{name} must be one number: sweep over layouts with one solve each")
    return number


def expect(value: Any, kind: type | tuple[type, ...], name: str, hint: str) -> Any:
    """Return an argument of the right type, or raise saying what it should be."""
    if not isinstance(value, kind):
        if isinstance(value, str):
            from .. import zoo

            raise InputError(f"{name}={value!r} is text: give the object itself, {nearest(value, zoo.names())}")
        raise InputError(f"{name} is a {type(value).__name__}: give {hint}")
    return value


def expect_hardware(value: Any) -> HardwareNode:
    """Return a piece of hardware, or raise."""
    return expect(value, HardwareNode, "hardware", "a HardwareNode such as Hardware.Cloud.H100")


def reading_for(**values: Any) -> Reading:
    """Return the reading for the arguments: arrays where one of them is one, else plain numbers."""
    for value in values.values():
        if type(value) is not float:
            from ..readings.arrays import ARRAYS, shapes_agree

            shapes_agree(values)
            return ARRAYS
    return NUMBERS


class Inputs(Lowered):
    """A solve's arguments as plain numbers, with their origins and the lowered things they refer to."""

    def __init__(self, origins: dict[str, Origin], values: dict[str, Any]) -> None:
        values["origins"] = origins
        object.__setattr__(self, "__dict__", values)


def sizes(precision: str, kv_precision: str) -> dict[str, float]:
    """Return bytes of weights, cached elements, activations and gradients at a precision."""
    check_precision(precision)
    check_precision(kv_precision, "kv_precision")
    weight = ELEMENT_SIZE[precision]
    return {"weight_size": weight, "kv_size": ELEMENT_SIZE[kv_precision], "element_size": weight, "gradient_size": max(2.0, weight)}


def origins_of(**quantities: str) -> dict[str, Origin]:
    """Return the origins of a solver's arguments, from the quantity that each is; the sizes of elements come with them."""
    quantities |= {"weight_size": "WeightSize", "kv_size": "KvSize", "element_size": "ElementSize", "gradient_size": "GradientSize"}
    return {name: argument(_SAID.get(name, name), quantity) for name, quantity in quantities.items()}


_SAID = {
    "batch": "batch_size",
    "efficiency_compute": "efficiency.compute",
    "efficiency_memory": "efficiency.memory",
    "efficiency_link": "efficiency.link",
    "given_checkpoint_time": "checkpoint_time",
    "dp_group": "data-parallel group",
    "dp_inside": "data-parallel group inside a node",
    "dp_nodes": "data-parallel group over nodes",
}


def masked(eq: Reading, feasible: Any, values: dict[str, Any], result: type[Result]) -> dict[str, Any]:
    """In a sweep, replace what does not fit by NaN; a single solve refuses it when it is asked for."""
    if feasible is True or feasible is False:
        return values
    lost = result.fields.keys() - result.always
    return {n: eq.where(feasible, v, math.nan) if n in lost and type(v) is not Missing else v for n, v in values.items()}
