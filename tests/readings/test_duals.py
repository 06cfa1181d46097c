"""Dual numbers give the slopes that differences give, and say where a result stands on a kink."""

import pytest
from equation_samples import ALL, IDS, samples

from mlsysim.equation import Equation
from mlsysim.readings.duals import DUALS, Dual, elasticities


@pytest.mark.parametrize("eq", ALL, ids=IDS)
def test_elasticities_equal_central_differences(eq: Equation):
    compared = 0
    for at in samples(eq, 3):
        value = eq.function(**at)
        found = elasticities(eq.name, at)
        if found.kinks or not value:
            continue
        for name, slope in found.items():
            differences = []
            for step in (1e-5, 5e-6):
                up, down = (eq.function(**{**at, name: at[name] * (1 + s)}) for s in (step, -step))
                differences.append((up - down) / (2 * step) / value)
            best = (4 * differences[1] - differences[0]) / 3
            if abs(differences[0] - differences[1]) < 1e-4 * (1 + abs(best)):
                assert slope == pytest.approx(best, rel=1e-5, abs=1e-5), name
                compared += 1
    assert compared or eq.name in JUMPS, "nothing was compared"


JUMPS = {"largest_batch", "goodput_first_order", "exposed_communication_time"}


def test_a_kink_is_said():
    found = elasticities("roofline_time", {"work": 1e12, "traffic": 1e9, "peak": 1e15, "bandwidth": 1e12})
    assert found.kinks == {"two arms of max are equal"}


def test_a_jump_is_said():
    found = elasticities("heads_held", {"heads": 8.0, "tensor_parallel": 4.0})
    assert found.kinks == {"ceil jumps here"}


def test_arithmetic_of_duals_with_plain_numbers():
    x = Dual(3.0, {"x": 1.0})
    assert (2 - x).slopes == {"x": -1.0}
    assert (6 / x).value == 2.0
    assert (6 / x).slopes["x"] == pytest.approx(-2 / 3)
    assert (2**x).slopes["x"] == pytest.approx(8 * 0.6931471805599453)
    assert (-x).value == -3.0
    assert DUALS.value(x) == 3.0
