"""The page of assumptions: what each solver says of itself, what its constants leave out, and when its equations hold."""

from typing import Any

from docutils import nodes

from ..equation import EQUATIONS
from ..profiles import document
from ..published import worked
from ..published.words import spoken
from ..solvers import SOLVERS
from . import shown
from .accuracy import TITLES
from .directives import _Directive
from .nodes import paragraph

BOOKKEEPING = "counting"
"""The section whose equations add and multiply what others give: they hold by definition."""


class HoldsDirective(_Directive):
    """``mls-holds``: when the equations of a solver's example hold, and when they stop to."""

    def run(self) -> list[nodes.Node]:
        """Return a list, an equation an item."""
        name = self.arguments[0]
        shown.note(self.env, f"solver:{name}")
        listed = nodes.bullet_list(classes=["mls-equations"])
        for equation in (EQUATIONS[n] for n in worked.equations_of(name)):
            if equation.module != BOOKKEEPING:
                said = f" holds when {equation.holds} It stops holding when {equation.fails}"
                listed += nodes.list_item("", paragraph(self.link("eq", equation.name, spoken(equation.name, start=True)), said))
        return [listed]


DIRECTIVES: dict[str, Any] = {"mls-holds": HoldsDirective}

HEAD = """---
myst:
  html_meta:
    description: What every solver assumes and leaves out, when its equations hold, and what the fitted constants do not cover.
---

# Assumptions and limits

This page is written by the library. For each solver it repeats what its docstring says, what the documented constants do not cover,
and when the equations of its example hold. The [solver guide](/solver-guide) says the same at more length, with an example.

## What holds everywhere

- **Nothing is simulated.** Every answer is a closed form, for a steady state and for averages.
- **Little is guessed.** What no source states is missing, and asking for it names the fact. With two exceptions: a latency or a power at
  rest that nobody states counts as nothing. Times, energy, cost and carbon are then too low, never too high; a break-even shifts too.
- **The label says what an answer is.** `bound` uses no fitted constant. `estimate` uses the documented constants, or an efficiency of
  yours; only the former has an interval. `calibrated` uses one measurement of yours. What each misses by is told under
  {doc}`accuracy </accuracy/index>`.
- **A bound is one of its schedule.** On one device no software is faster that does this arithmetic in these formats and reads weights
  and each sequence's cache once. With several devices, a schedule that overlaps more can be.
- **Quality is not computed.** A lower precision changes bytes and rates here. What it does to the answers of a model, the library does not
  know.
"""


def page(measured: dict[str, tuple[str, ...]]) -> str:
    """Return the page; ``measured`` names the families of constants that each solver's estimates use."""
    parts = [HEAD]
    for solver in SOLVERS:
        name = solver.__name__
        said = [" ".join(p.split()).replace("``", "`") for p in (solver.__doc__ or "").strip().split("\n\n")]
        parts += [f"## {name}", said[0], *said[1:]]
        omits = {family: document().get(family, {}).get("omits", ()) for family in measured.get(name, ())}
        omitted = [f"- [{TITLES[family]}](/accuracy/{family}): {'; '.join(texts)}." for family, texts in omits.items() if texts]
        if omitted:
            parts.append("Its constants do not cover:\n\n" + "\n".join(omitted))
        parts.append(f":::{{dropdown}} When the equations of its example hold\n```{{mls-holds}} {name}\n```\n:::")
        parts.append(f"Arguments, results and an example: {{mls:solver}}`{name}`.")
    return "\n\n".join(parts) + "\n"
