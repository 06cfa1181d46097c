"""A trace knows every step, each once, and the numbers do not change."""

from mlsysim.equation import EQUATIONS
from mlsysim.facts import Origin
from mlsysim.readings.trace import Derivation, Trace, Traced


def test_steps_come_before_what_uses_them_and_each_once():
    eq = Trace()
    work, peak = Traced(1e12, Origin("work")), Traced(1e14, Origin("peak"))
    compute = eq.compute_time(work, peak)
    again = eq.compute_time(work, peak)
    total = eq.step_time(compute, again)
    assert compute is again
    assert [s.how.equation.name for s in total.steps()] == ["compute_time", "step_time"]
    assert set(total.leaves()) == {"work", "peak"}
    assert total == EQUATIONS["step_time"].function(compute, again)
    assert isinstance(total.how, Derivation)


def test_defaults_are_shown_as_inputs():
    value = Trace().compute_time(1e12, 1e14)
    assert value.how.inputs == {"work": 1e12, "peak": 1e14, "efficiency": 1.0}
