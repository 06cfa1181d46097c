"""The equation as LaTeX, printed from its source."""

import ast
from collections.abc import Mapping

from ..equation import EQUATIONS, Equation, refuse
from .printer import ATOM, POWER, PRODUCT, SUM, UNARY, Printer, level

COMPARE = {ast.Eq: "=", ast.NotEq: r"\ne", ast.Lt: "<", ast.LtE: r"\le", ast.Gt: ">", ast.GtE: r"\ge"}


def name_in_tex(name: str) -> str:
    """Write a program's name upright."""
    return r"\mathrm{" + name.replace("_", r"\ ") + "}"


def _told_apart(symbol: str, name: str) -> str:
    """Mark one of several arguments that share a symbol with its name."""
    return f"{symbol}^{{({name_in_tex(name)})}}"


class Latex(Printer):
    """Prints expressions of one equation as LaTeX; ``names`` overrides what a name looks like."""

    def __init__(self, eq: Equation, names: Mapping[str, str] | None = None) -> None:
        super().__init__(eq)
        symbols = [s.latex for s in eq.arguments.values()]
        self.names = {n: s.latex if symbols.count(s.latex) == 1 else _told_apart(s.latex, n) for n, s in eq.arguments.items()}
        self.names |= {name: name_in_tex(name) for name, _, _ in eq.steps[0]}
        self.names |= names or {}

    def lines(self) -> list[str]:
        """Return the equation, then its named steps, a line each."""
        steps, value = self.eq.steps
        left = self.eq.result.latex
        if left in self.names.values():
            left = name_in_tex(self.eq.name)
        return [f"{left} = {self(value)}", *(f"{self.names[name]} = {self(expression)}" for name, _, expression in steps)]

    def text(self) -> str:
        """Return the whole as one display."""
        lines = self.lines()
        if len(lines) == 1:
            return lines[0]
        aligned = [line.replace(" = ", " &= ", 1) for line in lines]
        return "\\begin{aligned} " + r" \\[4pt] ".join(aligned) + " \\end{aligned}"

    def bracket(self, node: ast.expr, floor: int) -> str:
        """Print in parentheses where the node binds less tightly than its place asks for."""
        printed = self(node)
        return printed if level(node) >= floor else rf"\left({printed}\right)"

    def Name(self, node: ast.Name) -> str:
        if node.id not in self.names:
            refuse(self.eq, node, f"{node.id} is neither an argument nor a step")
        return self.names[node.id]

    def Constant(self, node: ast.Constant) -> str:
        value = node.value
        text = f"{value:g}" if isinstance(value, float) else str(value)
        if "e" in text:
            mantissa, exponent = text.split("e")
            power = f"10^{{{int(exponent)}}}"
            return power if mantissa == "1" else rf"{mantissa} \times {power}"
        return text

    def UnaryOp(self, node: ast.UnaryOp) -> str:
        return f"-{self.bracket(node.operand, UNARY)}"

    def BinOp(self, node: ast.BinOp) -> str:
        match node.op:
            case ast.Add():
                return f"{self.bracket(node.left, SUM)} + {self.bracket(node.right, SUM)}"
            case ast.Sub():
                return f"{self.bracket(node.left, SUM)} - {self.bracket(node.right, PRODUCT)}"
            case ast.Mult():
                return f"{self.bracket(node.left, PRODUCT)}{self._times(node)}{self.bracket(node.right, PRODUCT)}"
            case ast.Div():
                return rf"\frac{{{self(node.left)}}}{{{self(node.right)}}}"
            case ast.Pow():
                base = self(node.left)
                wrap = level(node.left) < ATOM or "^" in base
                return (rf"\left({base}\right)" if wrap else f"{{{base}}}") + f"^{{{self(node.right)}}}"
        refuse(self.eq, node, type(node.op).__name__)
        return ""

    def _times(self, node: ast.BinOp) -> str:
        """A thin space between factors; a dot before a number, which would read as part of the one before."""
        first = node.right
        while isinstance(first, ast.BinOp) and level(first) >= PRODUCT and not isinstance(first.op, ast.Div):
            first = first.left
        return r" \cdot " if isinstance(first, ast.Constant) else r"\, "

    def Compare(self, node: ast.Compare) -> str:
        return f"{self(node.left)} {COMPARE[type(node.ops[0])]} {self(node.comparators[0])}"

    def IfExp(self, node: ast.IfExp) -> str:
        return (
            rf"\begin{{cases}} {self(node.body)} & \text{{if }} {self(node.test)} \\[4pt] "
            rf"{self(node.orelse)} & \text{{otherwise}} \end{{cases}}"
        )

    def Call(self, node: ast.Call) -> str:
        assert isinstance(node.func, ast.Name)
        parts = [self(a) for a in node.args]
        inside = r",\; ".join(parts)
        match node.func.id:
            case "min" | "max" as word:
                return rf"\{word}\left({inside}\right)"
            case "ceil":
                return rf"\left\lceil {inside} \right\rceil"
            case "floor":
                return rf"\left\lfloor {inside} \right\rfloor"
            case "sqrt":
                return rf"\sqrt{{{inside}}}"
            case "exp":
                return rf"e^{{{inside}}}"
            case "log":
                return rf"\ln {self.bracket(node.args[0], POWER)}"
            case "log2":
                return rf"\log_2 {self.bracket(node.args[0], POWER)}"
        named = [f"{k.arg}={self(k.value)}" for k in node.keywords]
        listed = r",\; ".join(parts + named)
        return rf"{name_in_tex(EQUATIONS[node.func.id].name)}\left({listed}\right)"


def latex(eq: Equation) -> str:
    """Return the equation as one LaTeX display."""
    return Latex(eq).text()


def expression(eq: Equation, text: str) -> str:
    """Return an expression in an equation's arguments, such as one of its limits, as LaTeX."""
    return Latex(eq)(ast.parse(text, mode="eval").body)


def substituted(eq: Equation, inputs: Mapping[str, str], value: str) -> str:
    """Return the equation with values in the place of its arguments, as LaTeX."""
    names = {n: _text(v) for n, v in inputs.items()}
    return f"{_Values(eq, names).lines()[0]} = {_text(value)}"


class _Values(Latex):
    """Prints numbers in the place of symbols: a dot between all factors keeps them apart."""

    def _times(self, node: ast.BinOp) -> str:
        return r" \cdot "


def _text(words: str) -> str:
    """Quote words for LaTeX."""
    for character in "%_#&$":
        words = words.replace(character, f"\\{character}")
    words = words.replace("\u202f", r"\,")  # between groups of digits
    return rf"\text{{{words}}}"
