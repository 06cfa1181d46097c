"""The equation as JavaScript: the same arithmetic, in the same order.

``+ - * / sqrt min max ceil floor`` agree with Python to the last bit, ``** exp log log2`` to 1e-14.
"""

import ast
import re

from ..equation import EQUATIONS, Equation
from .printer import ATOM, SUM, UNARY, Printer, level

OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
COMPARE = {ast.Eq: "===", ast.NotEq: "!==", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
RESERVED = frozenset(
    re.findall(
        r"\w+",
        """
        break case catch class const continue debugger default delete do else enum export extends false finally for function if
        implements import in instanceof interface let new null package private protected public return static super switch this
        throw true try typeof var void while with yield await arguments eval
        """,
    )
)


def identifier(name: str) -> str:
    """Return a name that is no word of JavaScript."""
    return f"{name}_" if name in RESERVED else name


class JavaScript(Printer):
    """Prints one equation as a function."""

    def text(self) -> str:
        """Return the function."""
        steps, value = self.eq.steps
        arguments = [f"{identifier(n)} = {self.eq.defaults[n]!r}" if n in self.eq.defaults else identifier(n) for n in self.eq.arguments]
        lines = [f"  const {identifier(name)} = {self(expression)};" for name, _, expression in steps]
        return "\n".join([f"function {identifier(self.eq.name)}({', '.join(arguments)}) {{", *lines, f"  return {self(value)};", "}"])

    def bracket(self, node: ast.expr, floor: int) -> str:
        """Print in parentheses where the node binds less tightly than its place asks for."""
        return self(node) if level(node) >= floor else f"({self(node)})"

    def Name(self, node: ast.Name) -> str:
        return identifier(node.id)

    def Constant(self, node: ast.Constant) -> str:
        return repr(node.value)

    def UnaryOp(self, node: ast.UnaryOp) -> str:
        return f"-{self.bracket(node.operand, ATOM)}"

    def BinOp(self, node: ast.BinOp) -> str:
        symbol = OPERATORS[type(node.op)]
        here = level(node)
        if symbol == "**":
            return f"{self.bracket(node.left, ATOM)} ** {self.bracket(node.right, ATOM if level(node.right) != UNARY else UNARY)}"
        return f"{self.bracket(node.left, here)} {symbol} {self.bracket(node.right, here + 1)}"

    def Compare(self, node: ast.Compare) -> str:
        return f"{self(node.left)} {COMPARE[type(node.ops[0])]} {self(node.comparators[0])}"

    def IfExp(self, node: ast.IfExp) -> str:
        return f"{self.bracket(node.test, -1)} ? {self.bracket(node.body, SUM)} : {self.bracket(node.orelse, SUM)}"

    def Call(self, node: ast.Call) -> str:
        assert isinstance(node.func, ast.Name)
        if node.func.id not in EQUATIONS:
            return f"Math.{node.func.id}({', '.join(map(self, node.args))})"
        callee = EQUATIONS[node.func.id]
        given = dict(zip(callee.arguments, map(self, node.args), strict=False)) | {str(k.arg): self(k.value) for k in node.keywords}
        return f"{identifier(callee.name)}({', '.join(given.get(n, 'undefined') for n in callee.arguments)})"


def javascript(eq: Equation) -> str:
    """Return the equation as a JavaScript function of the same name."""
    return JavaScript(eq).text()


def library(equations: list[Equation]) -> str:
    """Return a classic script that defines ``MLS_EQ`` with every equation."""
    body = "\n\n".join(javascript(eq) for eq in equations)
    names = ", ".join(identifier(eq.name) for eq in equations)
    return f"const MLS_EQ = (() => {{\n{body}\nreturn {{ {names} }};\n}})();\n"
