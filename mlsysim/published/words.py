"""How numbers and names are printed: as their source prints them, or in the unit that people use."""

from typing import Any

from ..errors import InputError
from ..facts import Fact
from ..units import Q, is_quantity, people

_NAMES = {
    "amdahl": "Amdahl's",
    "chinchilla": "Chinchilla",
    "daly": "Daly",
    "flops": "FLOPs",
    "gustafson": "Gustafson's",
    "it": "IT",
    "kv": "KV",
    "littles": "Little's",
    "mlp": "MLP",
    "mtbf": "MTBF",
    "young": "Young",
    "zero1": "ZeRO-1",
    "zero2": "ZeRO-2",
    "zero3": "ZeRO-3",
}


def spoken(equation: str, *, start: bool = False) -> str:
    """Write an equation's name as words."""
    words = " ".join(_NAMES.get(w, w) for w in equation.split("_"))
    return words[:1].upper() + words[1:] if start else words


def text_of(value: Any) -> str:
    """Write a value for a page: a fact's as its source prints it, with a space that does not break."""
    if isinstance(value, Fact):
        value = value.value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if is_quantity(value):
        coherent = value.to_base_units()
        return people(float(coherent.magnitude), coherent_unit(value), f"{value.units:~P}").replace(" ", "\u00a0")
    if isinstance(value, int) and abs(value) >= 10000:
        return f"{value:,}".replace(",", "\u202f")
    if isinstance(value, float):
        return people(value, "", "")
    text = str(value)
    if not text[:1].isdigit():
        return text
    first, _, rest = text.partition(" ")
    if first.isdigit() and len(first) > 4:
        first = f"{int(first):,}".replace(",", "\u202f")
    return f"{first} {rest}".strip().replace(" ", "\u00a0")


def coherent_unit(value: Any) -> str:
    """Return the coherent unit of a quantity, empty where it is a ratio or of none of the usual dimensions."""
    for unit in ("s", "byte", "byte/s", "flop", "flop/s", "W", "J", "gCO2e", "L", "USD", "flop/byte", "gCO2e/J", "USD/J", "L/J", "1/s"):
        if Q(1, unit).is_compatible_with(value):
            return unit
    return ""


def coherent_number(value: Any) -> float | None:
    """Return the plain number of a value in base units, or ``None`` for words and flags."""
    if isinstance(value, Fact):
        value = value.value
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return float(value)
    try:
        quantity = Q(value)
    except InputError:
        return None
    return float(quantity.to_base_units().magnitude)


_SPECIAL = str.maketrans(
    {c: f"\\{c}" for c in "&%$#_{}"} | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
)
_SPACES = str.maketrans({"\u00a0": "~", "\u202f": r"\,"})


def tex(text: str) -> str:
    """Write plain text for LaTeX."""
    return text.translate(_SPECIAL).translate(_SPACES)
