"""Walking the author's syntax tree: what printing as LaTeX and as JavaScript have in common.

The terms stay in the author's order; nothing is simplified, sorted or expanded.
"""

import ast
import copy

from ..equation import EQUATIONS, Equation, refuse

SUM, PRODUCT, UNARY, POWER, ATOM = range(5)


def level(node: ast.expr) -> int:
    """Return how tightly a node binds."""
    match node:
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            return SUM
        case ast.BinOp(op=ast.Mult() | ast.Div()):
            return PRODUCT
        case ast.UnaryOp():
            return UNARY
        case ast.BinOp(op=ast.Pow()):
            return POWER
        case ast.IfExp() | ast.Compare():
            return -1
    return ATOM


class Printer:
    """Prints one expression, node by node; a subclass has a method for each kind of node."""

    def __init__(self, eq: Equation) -> None:
        self.eq = eq

    def __call__(self, node: ast.expr) -> str:
        kind = type(node).__name__
        if not hasattr(self, kind):
            refuse(self.eq, node, f"{kind} cannot be printed")
        return getattr(self, kind)(node)


class _Substitute(ast.NodeTransformer):
    def __init__(self, known: dict[str, ast.expr]) -> None:
        self.known = known

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return copy.deepcopy(self.known.get(node.id, node))

    def visit_Call(self, node: ast.Call) -> ast.expr:
        arguments = [self.visit(a) for a in node.args]
        assert isinstance(node.func, ast.Name)
        if node.func.id not in EQUATIONS:
            return ast.Call(node.func, arguments, [])
        callee = EQUATIONS[node.func.id]
        given: dict[str, ast.expr] = {n: ast.Constant(v) for n, v in callee.defaults.items()}
        given |= dict(zip(callee.arguments, arguments, strict=False))
        given |= {k.arg: self.visit(k.value) for k in node.keywords if k.arg}
        return inline(callee, given)


def inline(eq: Equation, given: dict[str, ast.expr] | None = None) -> ast.expr:
    """Return the equation as one expression, with its steps and the equations that it calls written out."""
    known = dict(given or {})
    steps, value = eq.steps
    for name, _, expression in steps:
        known[name] = _Substitute(known).visit(copy.deepcopy(expression))
    return _Substitute(known).visit(copy.deepcopy(value))
