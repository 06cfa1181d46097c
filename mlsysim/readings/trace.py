"""The reading that remembers: every value knows the equation and the inputs that it came from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..equation import Equation
from ..facts import Origin
from .reading import CompiledReading


@dataclass(frozen=True, slots=True)
class Derivation:
    """One application of an equation: its inputs by argument, as traced values or plain constants."""

    equation: Equation
    inputs: dict[str, Any] = field(default_factory=dict)


class Traced(float):
    """A float that knows its derivation (an equation) or its origin (an input)."""

    __slots__ = ("how",)
    how: Derivation | Origin

    def __new__(cls, value: float, how: Derivation | Origin) -> "Traced":
        self = super().__new__(cls, value)
        self.how = how
        return self

    def steps(self) -> Iterator["Traced"]:
        """Every derived value below this one, inputs before what uses them, each once."""
        seen: set[int] = set()

        def visit(value: Any) -> Iterator[Traced]:
            if isinstance(value, Traced) and id(value) not in seen:
                seen.add(id(value))
                if isinstance(value.how, Derivation):
                    for part in value.how.inputs.values():
                        yield from visit(part)
                    yield value

        yield from visit(self)

    def leaves(self) -> dict[str, "Traced"]:
        """The inputs at the bottom, by name."""
        found: dict[str, Traced] = {}

        def visit(value: Any) -> None:
            if isinstance(value, Traced):
                if isinstance(value.how, Origin):
                    found[value.how.name] = value
                else:
                    for part in value.how.inputs.values():
                        visit(part)

        visit(self)
        return found


class Trace(CompiledReading):
    """A reading for one derivation: the same equation of the same inputs is one step."""

    def __init__(self) -> None:
        super().__init__({})
        self.known: dict[tuple[Any, ...], Traced] = {}

    def compile(self, eq: Equation) -> Callable[..., Any]:
        names = tuple(eq.arguments)
        function = eq.function

        def traced(*args: Any, **kwargs: Any) -> Traced:
            inputs = {**eq.defaults, **dict(zip(names, args, strict=False)), **kwargs}
            key = (eq.name, *(id(inputs[n]) if isinstance(inputs[n], Traced) else inputs[n] for n in names))
            if key not in self.known:
                value = function(**{n: float(x) for n, x in inputs.items()})
                self.known[key] = Traced(value, Derivation(eq, {n: inputs[n] for n in names}))
            return self.known[key]

        return traced

    @staticmethod
    def value(x: Any) -> Any:
        return float(x)
