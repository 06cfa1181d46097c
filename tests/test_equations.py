"""Every promise that the registry of equations makes, checked for every equation in it."""

import math
from collections import Counter

import pytest
from equation_samples import ALL, IDS, example_at, samples

from mlsysim import zoo
from mlsysim.equation import EQUATIONS, Equation, equation, find
from mlsysim.errors import EquationError, UnknownNameError
from mlsysim.quantities import Time
from mlsysim.readings.dimensions import DIMENSIONS
from mlsysim.units import Q, is_quantity

each = pytest.mark.parametrize("eq", ALL, ids=IDS)


def test_there_are_enough_and_most_examples_of_the_literature_are_its_own():
    named = [e for e in ALL if e.module != "counting"]
    kinds = Counter(e.example.kind for e in named if e.source != "mlsysim")
    assert len(named) >= 45
    assert kinds["source"] > kinds["publication"] > kinds["derived"]


@each
def test_the_decorator_returns_the_plain_function(eq: Equation):
    assert eq.function.__closure__ is None
    assert type(eq.function).__name__ == "function"
    assert find(eq.name).function is eq.function


@each
def test_it_says_what_it_is_and_when_it_holds(eq: Equation):
    assert eq.sentence.endswith(".")
    assert len(eq.sentence) > 20
    assert len(eq.holds) > 10
    assert len(eq.fails) > 10


@pytest.fixture(scope="module")
def keys() -> set[str]:
    from pybtex.database import parse_file

    return set(parse_file(str(zoo.root() / "sources.bib")).entries)


@each
def test_it_has_a_source_and_a_place_in_it(eq: Equation, keys: set[str]):
    assert eq.source in keys
    assert eq.where
    assert not eq.example.source or eq.example.source in keys


@each
def test_the_worked_example_comes_out(eq: Equation):
    worked = eq.example
    assert worked.kind in ("source", "publication", "derived")
    assert worked.where if worked.kind != "derived" else worked.note
    assert worked.source if worked.kind == "publication" else True
    wanted = eq.result.read(worked.gives, "gives")
    got = eq.function(**{n: eq.arguments[n].read(v, n) for n, v in worked.inputs.items()})
    assert got == pytest.approx(wanted, rel=worked.tolerance)
    assert worked.tolerance <= 0.06


@each
def test_limits_are_met(eq: Equation):
    assert eq.limits
    for special in eq.limits:
        assert set(special.at) <= set(eq.arguments)
        for at in samples(eq, 30):
            there = at | dict(special.at)
            assert eq.function(**there) == pytest.approx(special.evaluate(there), rel=1e-6, abs=1e-12), special.says


@each
def test_dimensions_hold_through_both_arms_and_values_agree(eq: Equation):
    for at in samples(eq, 4):
        value = getattr(DIMENSIONS, eq.name)(**{n: Q(x, eq.arguments[n].unit) for n, x in at.items()})
        value = value if is_quantity(value) else Q(value, "")
        assert value.to(eq.result.unit).magnitude == pytest.approx(eq.function(**at), rel=1e-9, abs=1e-300)


@each
def test_results_of_valid_arguments_pass_the_door_of_their_quantity(eq: Equation):
    value = eq.function(**example_at(eq))
    assert math.isfinite(value)
    assert (
        eq.result.read(
            Q(value, eq.result.unit) if not eq.result.bare else round(value, 9) if not eq.result.integer else round(value), "result"
        )
        >= 0
    )


def test_the_dimension_check_sees_an_arm_that_is_not_taken():
    def broken(time: Time, other: Time) -> Time:
        """Broken on purpose."""
        return time if time > other else time * other

    eq = Equation(broken, "s", "w")
    EQUATIONS["broken"] = eq
    try:
        with pytest.raises(Exception, match="Cannot convert"):
            DIMENSIONS.broken(time=Q("2 s"), other=Q("1 s"))
    finally:
        del EQUATIONS["broken"], DIMENSIONS.__dict__["broken"]


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("return [time]", "no place"),
        ("return time if time > 0 and time < 1 else 0", "no place"),
        ("return round(time)", "no place"),
        ("return time.real", "no place"),
        ("return time % 2", "no place"),
        ("return 'x'", "no place"),
        ("return min(*[time])", "one by one"),
        ("time += 1\n    return time", "named steps"),
        ("for i in range(3): pass\n    return time", "named steps"),
        ("a, b = time, time\n    return a", "plain name"),
        ("pass", "one return"),
    ],
)
def test_anything_outside_the_language_is_refused_with_its_line(tmp_path, body: str, what: str):
    import importlib.util

    path = tmp_path / "strange.py"
    path.write_text(f"from mlsysim.quantities import Time\n\ndef strange(time: Time) -> Time:\n    {body}\n")
    spec = importlib.util.spec_from_file_location("strange", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with pytest.raises(EquationError, match=what) as caught:
        _ = Equation(module.strange, "s", "w").tree
    assert "strange.py:" in str(caught.value)


def test_two_equations_of_one_name_are_refused():
    def ridge_point(time: Time) -> Time:
        return time

    with pytest.raises(EquationError, match="two equations"):
        equation(source="s", where="w")(ridge_point)


def test_an_unknown_equation_names_the_nearest():
    with pytest.raises(UnknownNameError, match="ridge_point"):
        find("ridgepoint")
