"""What a reading is, and the plainest one: the functions themselves, on floats.

A reading is a vocabulary: what ``min``, ``max``, ``ceil``, ``sqrt`` and a choice mean there. The equation's own
source is compiled against it, with ``a if c else b`` respelled ``choose(c, lambda: a, lambda: b)``, and with every
equation that it calls read the same way. The function that users call is never touched.
"""

import ast
import copy
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .. import equations
from ..equation import EQUATIONS, Equation, find


class _Respell(ast.NodeTransformer):
    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        none = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
        arms = [ast.Lambda(none, arm) for arm in (node.body, node.orelse)]
        return ast.copy_location(ast.Call(ast.Name("choose", ast.Load()), [node.test, *arms], []), node)


class Reading:
    """Equations and the few words that a solver needs, all read in one way.

    Every equation is an attribute. The words are ``where(condition, a, b)``, ``label`` (a text by condition),
    ``either`` and ``value``.
    """

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Callable[..., Any]: ...

    @staticmethod
    def where(condition: Any, a: Any, b: Any) -> Any:
        """Return ``a`` where the condition holds, else ``b``."""
        return a if condition else b

    @staticmethod
    def label(condition: Any, a: str, b: str) -> Any:
        """Return one of two texts."""
        return a if condition else b

    @staticmethod
    def both(a: Any, b: Any) -> Any:
        """Return whether both conditions hold."""
        return bool(a) and bool(b)

    @staticmethod
    def either(a: Any, b: Any) -> Any:
        """Return whether one of two conditions holds."""
        return bool(a) or bool(b)

    @staticmethod
    def value(x: Any) -> Any:
        """Return the plain number behind a value."""
        return x


class CompiledReading(Reading):
    """A reading with a vocabulary of its own; equations are compiled against it when first used."""

    def __init__(self, vocabulary: Mapping[str, Any]) -> None:
        self.vocabulary = dict(vocabulary)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)
        function = self.compile(find(name))
        setattr(self, name, function)
        return function

    def compile(self, eq: Equation) -> Callable[..., Any]:
        """Return the equation read in this way."""
        tree = _Respell().visit(copy.deepcopy(eq.tree))
        tree.decorator_list, tree.returns, tree.type_params = [], None, []
        for argument in tree.args.args:
            argument.annotation = None
        scope = {**eq.function.__globals__, **self.vocabulary}
        for callee in eq.calls:
            scope[callee] = getattr(self, callee)
        for node in ast.walk(tree):
            if isinstance(node, ast.AnnAssign):
                node.annotation = ast.Constant(None)
        exec(compile(ast.fix_missing_locations(ast.Module([tree], [])), f"<{eq.name}>", "exec"), scope)
        return scope[eq.name]


NUMBERS = Reading()
"""The functions themselves, on floats: no attribute hook and no wrapper stands before them."""
assert equations.SECTIONS
NUMBERS.__dict__.update({name: eq.function for name, eq in EQUATIONS.items()})


class Lift:
    """How a reading takes in a number with its origin; it knows its reading, for results that are chained."""

    __slots__ = ("make", "reading")

    def __init__(self, reading: Reading, make: Callable[[float, Any], Any]) -> None:
        self.reading, self.make = reading, make

    def __call__(self, value: float, origin: Any) -> Any:
        return self.make(value, origin)
