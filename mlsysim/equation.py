"""``@equation``: leave the function alone, remember what it means.

The decorator returns the very same function object, so calling it costs what calling any Python function
costs. What it means (symbols, units, source, example, limits) is kept beside it, in :data:`EQUATIONS`.
"""

import ast
import builtins
import inspect
import textwrap
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from . import vocabulary
from .errors import EquationError, nearest
from .quantities import Symbol, symbol_of

EQUATIONS: dict[str, "Equation"] = {}
WORDS = frozenset({"min", "max", "sqrt", "ceil", "floor", "log", "log2", "exp"})
OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)
COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)


@dataclass(frozen=True, slots=True)
class Example:
    """A worked example: the numbers of a publication, and what it says comes out.

    ``gives`` and the inputs are written as the publication prints them. ``kind`` is ``"source"`` (the
    equation's own source works it), ``"publication"`` (another one does) or ``"derived"`` (by hand, as the note says).
    """

    inputs: Mapping[str, str | float]
    gives: str | float
    kind: str
    source: str = ""
    where: str = ""
    tolerance: float = 1e-12
    note: str = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """A special case in which the equation must meet something simpler.

    ``at`` fixes some arguments; ``becomes`` is the simple result, in the language of equations.
    """

    says: str
    at: Mapping[str, float]
    becomes: str

    def evaluate(self, at: Mapping[str, float]) -> float:
        """Return the simple result for all arguments."""
        words = {w: getattr(vocabulary, w, None) or getattr(builtins, w) for w in WORDS}
        return eval(self.becomes, {**words, **{n: e.function for n, e in EQUATIONS.items()}}, dict(at))


@cache
def records(section: str) -> dict[str, dict[str, Any]]:
    """Return what is said of a section's equations in the data file beside its module: example and limits, by name."""
    path = Path(__file__).parent / "equations" / f"{section}.toml"
    return tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}


@dataclass(frozen=True)
class Equation:
    """What an equation means, beside the plain function that computes it."""

    function: Callable[..., Any]
    source: str
    where: str

    @property
    def name(self) -> str:
        """The function's name, which is also the anchor's."""
        return self.function.__name__

    @property
    def module(self) -> str:
        """The section that it belongs to."""
        return self.function.__module__.rpartition(".")[2]

    @cached_property
    def record(self) -> dict[str, Any]:
        """What the data file of its section says of it.

        Raises
        ------
        EquationError
            It says nothing: every equation has a worked example and a limit.
        """
        try:
            return records(self.module)[self.name]
        except KeyError:
            raise EquationError(f"{self.name} has no worked example and no limit: write them in equations/{self.module}.toml") from None

    @cached_property
    def example(self) -> Example:
        """The worked example."""
        return Example(**{n: v for n, v in self.record.items() if n != "limits"})

    @cached_property
    def limits(self) -> tuple[Limit, ...]:
        """The special cases."""
        return tuple(Limit(**fields) for fields in self.record["limits"])

    @cached_property
    def arguments(self) -> dict[str, Symbol]:
        """Symbols by argument, in order."""
        hints = inspect.get_annotations(self.function)
        return {name: self._symbol(hints.get(name), name) for name in self.parameters}

    @cached_property
    def parameters(self) -> dict[str, inspect.Parameter]:
        """The function's parameters, in order."""
        return dict(inspect.signature(self.function).parameters)

    @cached_property
    def defaults(self) -> dict[str, float]:
        """Default values: coefficients that carry a unit."""
        return {n: p.default for n, p in self.parameters.items() if p.default is not p.empty}

    @cached_property
    def result(self) -> Symbol:
        """Symbol of the result."""
        return self._symbol(inspect.get_annotations(self.function).get("return"), "return")

    def _symbol(self, alias: Any, name: str) -> Symbol:
        found = symbol_of(alias)
        if found is None:
            raise EquationError(f"{self.name}: {name} is annotated with no quantity of the nomenclature")
        return found

    @cached_property
    def paragraphs(self) -> list[str]:
        """The docstring, a paragraph an item."""
        return [" ".join(p.split()) for p in inspect.cleandoc(self.function.__doc__ or "").split("\n\n")]

    @property
    def sentence(self) -> str:
        """What the equation says, in one sentence."""
        return self.paragraphs[0]

    def _paragraph(self, head: str) -> str:
        return next((p[len(head) :].strip() for p in self.paragraphs if p.startswith(head)), "")

    @property
    def holds(self) -> str:
        """When it holds."""
        return self._paragraph("Holds when")

    @property
    def fails(self) -> str:
        """When it stops holding."""
        return self._paragraph("Stops holding when")

    @cached_property
    def tree(self) -> ast.FunctionDef:
        """The author's own syntax tree, checked to be in the language of equations."""
        node = ast.parse(textwrap.dedent(inspect.getsource(self.function))).body[0]
        assert isinstance(node, ast.FunctionDef)
        check(self, node)
        return node

    @cached_property
    def steps(self) -> tuple[list[tuple[str, Symbol | None, ast.expr]], ast.expr]:
        """Named steps (name, symbol if annotated, expression) and the expression that is returned."""
        *steps, last = self.statements
        found = []
        for step in steps:
            target: Any = step.targets[0] if isinstance(step, ast.Assign) else step.target
            alias = self._annotation(step.annotation) if isinstance(step, ast.AnnAssign) else None
            found.append((target.id, symbol_of(alias), step.value))
        return found, last.value

    def _annotation(self, node: ast.expr) -> Any:
        return eval(compile(ast.Expression(node), self.name, "eval"), self.function.__globals__)

    @property
    def statements(self) -> list[Any]:
        """Statements of the body, without the docstring."""
        body = self.tree.body
        return body[1:] if isinstance(body[0], ast.Expr) else body

    @cached_property
    def calls(self) -> list[str]:
        """Equations that this one calls."""
        nodes = (n for statement in self.statements for n in ast.walk(statement))
        return [n.func.id for n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id in EQUATIONS]

    def __repr__(self) -> str:
        return f"<equation {self.name}({', '.join(self.arguments)})>"


def equation(*, source: str, where: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a plain function as an equation and return it unchanged.

    Its worked example and its limits, which are data, stand in the file of its section beside the module.

    Parameters
    ----------
    source, where
        Key in the zoo's bibliography, and the place in that source.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__
        known = EQUATIONS.get(name)
        if known is not None and known.function.__module__ != function.__module__:
            raise EquationError(f"two equations are called {name!r}: in {known.module} and {function.__module__}")
        EQUATIONS[name] = Equation(function, source, where)
        return function

    return register


def find(name: str) -> Equation:
    """Return an equation by its name."""
    from . import equations  # noqa: F401  (registers them)

    if name not in EQUATIONS:
        from .errors import UnknownNameError

        raise UnknownNameError(f"no equation is called {name!r}: {nearest(name, EQUATIONS)}")
    return EQUATIONS[name]


def check(eq: Equation, tree: ast.FunctionDef) -> None:
    """Refuse anything that is not in the language of equations, with its line."""
    body = tree.body[1:] if isinstance(tree.body[0], ast.Expr) else tree.body
    for statement in body[:-1]:
        if not (isinstance(statement, ast.AnnAssign) or (isinstance(statement, ast.Assign) and len(statement.targets) == 1)):
            refuse(eq, statement, "only named steps may stand before the return")
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target  # type: ignore[attr-defined]
        if not isinstance(target, ast.Name):
            refuse(eq, statement, "a step has one plain name")
    if not isinstance(body[-1], ast.Return) or body[-1].value is None:
        refuse(eq, body[-1], "an equation ends in one return")
    for statement in body:
        _check_expression(eq, statement.value)  # type: ignore[attr-defined]


def _check_expression(eq: Equation, node: ast.expr) -> None:
    match node:
        case ast.Name():
            return
        case ast.Constant(value=value) if type(value) in (int, float):
            return
        case ast.BinOp(op=op) if isinstance(op, OPERATORS):
            parts = [node.left, node.right]
        case ast.UnaryOp(op=ast.USub()):
            parts = [node.operand]
        case ast.IfExp():
            parts = [node.test, node.body, node.orelse]
        case ast.Compare(ops=[op]) if isinstance(op, COMPARISONS):
            parts = [node.left, *node.comparators]
        case ast.Call(func=ast.Name(id=name)) if name in WORDS or name in EQUATIONS:
            if any(k.arg is None for k in node.keywords) or any(isinstance(a, ast.Starred) for a in node.args):
                refuse(eq, node, "arguments are passed one by one")
            if name in WORDS and node.keywords:
                refuse(eq, node, f"{name}() takes no named arguments")
            parts = [*node.args, *(k.value for k in node.keywords)]
        case _:
            refuse(eq, node, f"{ast.unparse(node)!r} has no place in an equation")
    for part in parts:
        _check_expression(eq, part)


def refuse(eq: Equation, node: ast.AST, why: str) -> None:
    """Raise with the line in the file."""
    line = eq.function.__code__.co_firstlineno + getattr(node, "lineno", 1) - 1
    raise EquationError(f"{eq.function.__code__.co_filename}:{line}: {eq.name}: {why}")
