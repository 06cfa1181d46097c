"""Every equation solved for every argument: forward, back, compare; or a reason why not."""

import math

import pytest
from equation_samples import ALL, samples

from mlsysim.equation import Equation
from mlsysim.errors import InputError, NoInverseError
from mlsysim.readings.inverse import form, solve_for

PAIRS = [(e, a) for e in ALL for a in e.arguments]


def moves(eq: Equation, at: dict[str, float], name: str) -> bool:
    """Whether the result depends strictly on the argument around this point."""
    up, here, down = (eq.function(**{**at, name: at[name] * f}) for f in (1.001, 1, 0.999))
    if isinstance(down, complex):
        return False
    return (up - here) * (here - down) > 0


@pytest.mark.parametrize(("eq", "name"), PAIRS, ids=[f"{e.name}-{a}" for e, a in PAIRS])
def test_forward_and_back(eq: Equation, name: str):
    for at in samples(eq, 5):
        result = eq.function(**at)
        others = {n: x for n, x in at.items() if n != name}
        try:
            found = solve_for(eq.name, name, result, **others)
        except NoInverseError:
            assert not (moves(eq, at, name) and closed(eq, name)), "a closed form exists and the result moves"
            continue
        assert math.isclose(eq.function(**{**others, name: found}), result, rel_tol=1e-6, abs_tol=1e-12)


def closed(eq: Equation, name: str) -> bool:
    try:
        form(eq.name, name)
    except NoInverseError:
        return False
    return True


def test_a_solved_form_says_when_it_holds():
    assert form("roofline_time", "bandwidth").latex() == r"\beta = \frac{Q}{t} \quad\text{when } t > \frac{W}{P}"


def test_the_other_arm_is_said():
    with pytest.raises(NoInverseError, match="another arm binds"):
        solve_for("roofline_time", "bandwidth", 0.5, work=1e15, traffic=1e9, peak=1e15)


def test_out_of_reach_is_said():
    with pytest.raises(NoInverseError, match="no interval from"):
        solve_for("goodput_with_rework", "interval", 2.0, checkpoint_time=60.0, recovery=60.0, mtbf=3600.0)


def test_an_unknown_argument_names_the_nearest():
    with pytest.raises(InputError, match="bandwidth"):
        solve_for("roofline_time", "bandwith", 1.0, work=1.0, traffic=1.0, peak=1.0)
