"""``result.why()``: the derivation of a number, from its facts up."""

from dataclasses import dataclass
from typing import Any

from .facts import Origin
from .quantities import Symbol
from .readings.reading import Lift
from .readings.trace import Derivation, Trace, Traced
from .units import people, shown


def nice(value: float, symbol: Symbol) -> str:
    """Write a coherent number as people say it."""
    return people(value, symbol.unit, symbol.display)


@dataclass(frozen=True)
class Step:
    """One equation of a derivation, with its values."""

    number: int
    name: str
    equation: Any
    inputs: dict[str, Any]
    value: float

    @property
    def text(self) -> str:
        """The step in one line of text."""
        given = ", ".join(f"{n}={v}" for n, v in self.inputs.items())
        return f"[{self.number}] {self.equation.name}({given}) = {nice(self.value, self.equation.result)}"


@dataclass(frozen=True)
class Why:
    """The derivation of one number of a result.

    Attributes
    ----------
    name, value
        The number, and its value in the coherent unit.
    steps
        Every equation used, in order; each input is a value or the number of an earlier step.
    leaves
        Inputs at the bottom by name: arguments, and facts with their sources.
    """

    name: str
    value: float
    steps: tuple[Step, ...]
    leaves: dict[str, Traced]

    @property
    def equations(self) -> list[str]:
        """Names of the equations used, in order, each once."""
        return list(dict.fromkeys(s.equation.name for s in self.steps))

    @property
    def facts(self) -> list[Any]:
        """The zoo's facts that it rests on."""
        return [v.how.fact for v in self.leaves.values() if isinstance(v.how, Origin) and v.how.fact is not None]

    @property
    def inputs(self) -> list[str]:
        """The leaves in words, each with its value, and its source where it is a fact."""
        return [f"{name} = {_leaf(leaf)}" for name, leaf in self.leaves.items()]

    def __repr__(self) -> str:
        return "\n".join([self.name, *(f"  {s.text}" for s in self.steps), "from", *(f"  {line}" for line in self.inputs)])

    def _repr_html_(self) -> str:
        from html import escape

        from .readings.latex import substituted

        steps = ""
        for s in self.steps:
            tex = substituted(s.equation, s.inputs, nice(s.value, s.equation.result))
            head = f"<code>{escape(s.equation.name)}</code> {escape(s.equation.sentence)}"
            steps += f"<li value='{s.number}'>{head}<br><span class='mls-tex'>{escape(tex)}</span></li>"
        leaves = "".join(f"<li><code>{escape(n)}</code> = {escape(_leaf(v))}</li>" for n, v in self.leaves.items())
        return f"<details class='mls-why'><summary>{escape(self.name)}</summary><ol>{steps}</ol><p>from</p><ul>{leaves}</ul></details>"


def _leaf(leaf: Traced) -> str:
    origin = leaf.how
    assert isinstance(origin, Origin)
    text = nice(float(leaf), origin.symbol) if origin.symbol else shown(float(leaf))
    fact = origin.fact
    return f"{text} ({fact.kind}; {fact.source}, {fact.where}; read {fact.read})" if fact else f"{text} (given)"


def _explain(name: str, value: Any) -> Why:
    order = {id(v): i for i, v in enumerate(value.steps(), 1)} if isinstance(value, Traced) else {}
    steps = []
    for step in value.steps() if isinstance(value, Traced) else ():
        how = step.how
        assert isinstance(how, Derivation)
        inputs = {}
        for argument, part in how.inputs.items():
            if id(part) in order:
                inputs[argument] = f"[{order[id(part)]}]"
            else:
                inputs[argument] = nice(float(part), how.equation.arguments[argument])
        steps.append(Step(order[id(step)], how.equation.name, how.equation, inputs, float(step)))
    leaves = value.leaves() if isinstance(value, Traced) else {}
    return Why(name, float(value), tuple(steps), leaves)


def traced(result: Any) -> dict[str, Any]:
    """Return what a result's solver computes, each number knowing the equation and the inputs that it came from."""
    reading = Trace()
    return result._core(reading, result._inputs.lifted(Lift(reading, Traced)))


def derive(result: Any, name: str) -> Why:
    """Return the derivation of one number."""
    return _explain(name, traced(result)[name])


def derive_all(result: Any) -> dict[str, Why]:
    """Return the derivations of every number that there is."""
    values = traced(result)
    return {n: _explain(n, values[n]) for n in result.fields if result.has(n)}
