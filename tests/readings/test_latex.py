"""The LaTeX of every equation is well formed, in the author's order, and shows every argument."""

import re

import pytest
from equation_samples import ALL, IDS

from mlsysim.equation import EQUATIONS, Equation
from mlsysim.readings.latex import Latex, latex, substituted


def balanced(tex: str) -> bool:
    depth = 0
    for character in tex.replace(r"\{", "").replace(r"\}", ""):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth < 0:
            return False
    left, right = (len(re.findall(rf"\\{word}(?![a-zA-Z])", tex)) for word in ("left", "right"))
    return depth == 0 and left == right and tex.count(r"\begin") == tex.count(r"\end")


@pytest.mark.parametrize("eq", ALL, ids=IDS)
def test_it_is_balanced_and_complete(eq: Equation):
    tex = latex(eq)
    assert balanced(tex)
    for name, printed in Latex(eq).names.items():
        assert printed in tex, name


@pytest.mark.parametrize("eq", ALL, ids=IDS)
def test_symbols_tell_arguments_apart(eq: Equation):
    printed = [Latex(eq).names[n] for n in eq.arguments]
    assert len(set(printed)) == len(printed)


def test_the_authors_order_and_every_branch_are_kept():
    assert latex(EQUATIONS["young_interval"]) == r"\tau = \sqrt{2\, \delta\, \mu}"
    assert r"\begin{cases} \frac{1}{n_y} & \text{if } i = 0" in latex(EQUATIONS["capital_recovery_factor"])
    assert latex(EQUATIONS["attainable_performance"]) == r"P_\mathrm{att} = \min\left(P,\; \beta\, I\right)"


def test_values_take_the_place_of_arguments():
    eq = EQUATIONS["ridge_point"]
    tex = substituted(eq, {"peak": "989 TFLOP/s", "bandwidth": "3.35 TB/s"}, "295 FLOP/B")
    assert tex == r"I^* = \frac{\text{989 TFLOP/s}}{\text{3.35 TB/s}} = \text{295 FLOP/B}"


def test_values_that_are_multiplied_stay_apart():
    tex = substituted(EQUATIONS["fleet_devices"], {"nodes": "1\u202f024", "local_devices": "8"}, "8\u202f192")
    assert tex == r"n = \text{1\,024} \cdot \text{8} = \text{8\,192}"
