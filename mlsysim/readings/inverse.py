"""The equation solved for an argument: by peeling the tree, as on paper, else by bisection over the argument's span.

Peeling works where the argument stands once: from the result down to it, each operation is undone on the way.
``max`` and ``min`` are undone on the arm that holds the argument; the answer then says when that arm is the one that binds.
"""

import ast
import copy
import functools
import math
from dataclasses import dataclass

from .. import vocabulary
from ..equation import Equation, find
from ..errors import InputError, NoInverseError, nearest
from .latex import Latex
from .printer import inline

RESULT = "_result"


@dataclass(frozen=True)
class Form:
    """An equation solved for one argument: an expression, and the conditions under which it is the answer."""

    equation: Equation
    argument: str
    expression: ast.expr
    conditions: tuple[ast.expr, ...]

    def latex(self) -> str:
        """Return the solved form as LaTeX."""
        printer = Latex(self.equation, {RESULT: self.equation.result.latex})
        if self.equation.result.latex in {s.latex for s in self.equation.arguments.values()}:
            printer.names[RESULT] = self.equation.result.latex + "'"
        text = f"{printer.names[self.argument]} = {printer(self.expression)}"
        if self.conditions:
            text += r" \quad\text{when } " + r" \text{ and } ".join(map(printer, self.conditions))
        return text

    def evaluate(self, target: float, at: dict[str, float]) -> float:
        """Return the argument that gives ``target``."""
        scope = {n: getattr(vocabulary, n) for n in ("sqrt", "exp", "log", "log2", "ceil", "floor")}
        code = compile(ast.fix_missing_locations(ast.Expression(copy.deepcopy(self.expression))), "<inverse>", "eval")
        return float(eval(code, {**scope, "min": min, "max": max}, {**at, RESULT: target}))


def _holds(node: ast.AST, name: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(node))


def _op(left: ast.expr, op: ast.operator, right: ast.expr) -> ast.BinOp:
    return ast.BinOp(left, op, right)


def _call(name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(args), [])


@functools.cache
def form(name: str, argument: str) -> Form:
    """Return an equation solved for an argument.

    Raises
    ------
    NoInverseError
        The argument stands several times, or under an operation that cannot be undone.
    """
    eq = find(name)
    _check_argument(eq, argument)
    here = inline(eq)
    times = sum(isinstance(n, ast.Name) and n.id == argument for n in ast.walk(here))
    if times != 1:
        raise NoInverseError(f"{name} has no closed form for {argument}, which stands in it {times} times")
    value: ast.expr = ast.Name(RESULT, ast.Load())
    conditions: list[ast.expr] = []
    while not isinstance(here, ast.Name):
        here, value = _peel(eq, here, value, argument, conditions)
    return Form(eq, argument, value, tuple(conditions))


def _peel(eq: Equation, here: ast.expr, value: ast.expr, name: str, conditions: list[ast.expr]) -> tuple[ast.expr, ast.expr]:
    match here:
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return (left, _op(value, ast.Sub(), right)) if _holds(left, name) else (right, _op(value, ast.Sub(), left))
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return (left, _op(value, ast.Add(), right)) if _holds(left, name) else (right, _op(left, ast.Sub(), value))
        case ast.BinOp(op=ast.Mult() | ast.Div()):
            return _undo_product(here, name, value)
        case ast.BinOp(left=left, op=ast.Pow(), right=right) if not _holds(right, name):
            return left, _op(value, ast.Pow(), _op(ast.Constant(1), ast.Div(), right))
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return right, _op(_call("log", value), ast.Div(), _call("log", left))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return operand, ast.UnaryOp(ast.USub(), value)
        case ast.Call(func=ast.Name(id="sqrt"), args=[inner]):
            return inner, _op(value, ast.Pow(), ast.Constant(2))
        case ast.Call(func=ast.Name(id="exp"), args=[inner]):
            return inner, _call("log", value)
        case ast.Call(func=ast.Name(id="log"), args=[inner]):
            return inner, _call("exp", value)
        case ast.Call(func=ast.Name(id="log2"), args=[inner]):
            return inner, _op(ast.Constant(2), ast.Pow(), value)
        case ast.Call(func=ast.Name(id="min" | "max" as word), args=args):
            (arm,) = [a for a in args if _holds(a, name)]
            others = [a for a in args if a is not arm]
            bound = others[0] if len(others) == 1 else _call(word, *others)
            conditions.append(ast.Compare(copy.deepcopy(value), [ast.Gt() if word == "max" else ast.Lt()], [bound]))
            return arm, value
        case ast.IfExp(test=test, body=body, orelse=orelse) if not _holds(test, name):
            if _holds(body, name):
                conditions.append(test)
                return body, value
            if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq):
                conditions.append(ast.Compare(test.left, [ast.NotEq()], test.comparators))
                return orelse, value
    what = ast.unparse(here) if len(ast.unparse(here)) < 60 else type(here).__name__
    raise NoInverseError(f"{eq.name} has no closed form for {name}: {what} cannot be undone")


def _factors(node: ast.expr) -> tuple[list[ast.expr], list[ast.expr]]:
    """Factors above and below the line, in the author's order."""
    above: list[ast.expr] = []
    below: list[ast.expr] = []

    def walk(n: ast.expr, up: bool) -> None:
        if isinstance(n, ast.BinOp) and isinstance(n.op, (ast.Mult, ast.Div)):
            walk(n.left, up)
            walk(n.right, up if isinstance(n.op, ast.Mult) else not up)
        else:
            (above if up else below).append(n)

    walk(node, True)
    return above, below


def _product(above: list[ast.expr], below: list[ast.expr]) -> ast.expr:
    def join(factors: list[ast.expr]) -> ast.expr:
        factors = [f for f in factors if not (isinstance(f, ast.Constant) and f.value == 1)]
        return functools.reduce(lambda a, b: _op(a, ast.Mult(), b), factors) if factors else ast.Constant(1)

    return _op(join(above), ast.Div(), join(below)) if below else join(above)


def _undo_product(node: ast.expr, name: str, value: ast.expr) -> tuple[ast.expr, ast.expr]:
    above, below = _factors(node)
    over, under = _factors(value)
    for factor in above:
        if _holds(factor, name):
            return factor, _product(over + below, under + [f for f in above if f is not factor])
    (factor,) = [f for f in below if _holds(f, name)]
    return factor, _product(above + under, over + [f for f in below if f is not factor])


def _check_argument(eq: Equation, argument: str) -> None:
    if argument not in eq.arguments:
        raise InputError(f"{eq.name} has no argument {argument!r}: {nearest(argument, eq.arguments)}")


def solve_for(name: str, argument: str, result: float, /, **at: float) -> float:
    """Return the argument for which an equation gives ``result``, the other arguments being ``at``.

    All numbers are in coherent units.

    Raises
    ------
    NoInverseError
        No single value gives it: the result does not depend on the argument there, or is out of reach.
    """
    eq = find(name)
    _check_argument(eq, argument)
    try:
        found = form(name, argument).evaluate(result, {**eq.defaults, **at})
    except NoInverseError:
        return bisect(eq, argument, result, at)
    except (ArithmeticError, ValueError, TypeError):
        raise NoInverseError(f"{name}: no {argument} gives {result:g}") from None
    if not isinstance(found, float) or not math.isfinite(found):
        raise NoInverseError(f"{name}: no {argument} gives {result:g}")
    back = _forward(eq, argument, found, at)
    if not math.isclose(back, result, rel_tol=1e-9, abs_tol=1e-300):
        raise NoInverseError(f"{name}: {argument} does not decide the result here, another arm binds (it gives {back:g}, not {result:g})")
    return found


def _forward(eq: Equation, argument: str, value: float, at: dict[str, float]) -> float:
    try:
        return float(eq.function(**at, **{argument: value}))
    except (ArithmeticError, ValueError, TypeError):
        return math.nan


def bisect(eq: Equation, argument: str, result: float, at: dict[str, float]) -> float:
    """Return the argument by bisection over its span, which needs only that the equation is monotone there."""
    low, high = eq.arguments[argument].span
    ends = [_forward(eq, argument, x, at) - result for x in (low, high)]
    if not all(map(math.isfinite, ends)) or ends[0] * ends[1] > 0 or ends[0] == ends[1]:
        raise NoInverseError(f"{eq.name}: no {argument} from {low:g} to {high:g} gives {result:g}")
    logarithmic = low > 0
    falling = ends[0] > 0
    for _ in range(200):
        middle = math.sqrt(low * high) if logarithmic else (low + high) / 2
        above = _forward(eq, argument, middle, at) > result
        if above != falling:
            high = middle
        else:
            low = middle
    found = math.sqrt(low * high) if logarithmic else (low + high) / 2
    back = _forward(eq, argument, found, at)
    if not math.isclose(back, result, rel_tol=1e-6):
        raise NoInverseError(f"{eq.name}: the result jumps past {result:g} at {argument} = {found:g}")
    return found
