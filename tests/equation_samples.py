"""Random arguments for every equation, drawn from the spans of the nomenclature."""

import math
import random

import mlsysim.equations
from mlsysim.equation import EQUATIONS, Equation
from mlsysim.quantities import Symbol

assert mlsysim.equations.SECTIONS
ALL = list(EQUATIONS.values())
IDS = [e.name for e in ALL]


def draw(symbol: Symbol, rng: random.Random) -> float:
    low, high = symbol.span
    value = rng.uniform(low, high) if low <= 0 else math.exp(rng.uniform(math.log(low), math.log(high)))
    return float(max(1, round(value)) if symbol.integer and low > 0 else round(value) if symbol.integer else value)


def sample(eq: Equation, rng: random.Random) -> dict[str, float]:
    """Arguments that hang together: a part is not larger than its whole."""
    while True:
        at = {n: draw(s, rng) for n, s in eq.arguments.items()}
        pairs = (("active_experts", "experts"), ("counted", "experts"), ("dense_layers", "layers"), ("idle", "full"), ("residual", "price"))
        for part, whole in pairs:
            if part in at and whole in at and at[part] > at[whole]:
                at[part], at[whole] = at[whole], at[part]
        try:
            value = eq.function(**at)
        except (OverflowError, ZeroDivisionError):
            continue
        if not isinstance(value, complex) and math.isfinite(value):
            return at


def samples(eq: Equation, count: int) -> list[dict[str, float]]:
    rng = random.Random(eq.name)
    return [sample(eq, rng) for _ in range(count)]


def example_at(eq: Equation) -> dict[str, float]:
    """The worked example's arguments, defaults filled in."""
    return {**eq.defaults, **{n: eq.arguments[n].read(v, n) for n, v in eq.example.inputs.items()}}
