"""The nomenclature: coherent units, and doors that say what they refuse."""

import math
import re

import numpy as np
import pytest

from mlsysim import Q, UnitError
from mlsysim.errors import InputError
from mlsysim.quantities import nomenclature, symbol_of
from mlsysim.units import factor, registry

ALL = nomenclature()
everything = pytest.mark.parametrize("name", ALL)


@everything
def test_units_are_coherent(name):
    """Factor one to the base units: else dimensions pass and numbers are wrong by millions."""
    unit = ALL[name].unit
    assert registry().Quantity(1.0, unit).to_base_units().magnitude == 1.0


@everything
def test_the_unit_for_people_has_the_same_dimension(name):
    assert factor(ALL[name].display, ALL[name].unit) > 0


@everything
def test_the_span_lies_inside_the_door(name):
    s = ALL[name]
    low, high = s.span
    assert s.low <= low <= high <= s.high
    assert not (s.low_open and low == s.low)
    assert math.isfinite(low)
    assert math.isfinite(high)
    if s.integer:
        assert low == int(low)
        assert high == int(high)


@everything
def test_symbols_are_well_formed(name):
    s = ALL[name]
    assert re.fullmatch(r"([A-Z][a-z0-9]*)+", name)
    assert s.latex.count("{") == s.latex.count("}")
    assert "$" not in s.latex
    assert s.latex.strip() == s.latex != ""
    assert s.meaning
    assert not s.meaning.endswith(".")


@everything
def test_the_door_reads_its_own_span_and_gives_it_back(name):
    s = ALL[name]
    for number in s.span:
        if number == 0:
            continue
        assert s.read(s.quantity(number), "x") == pytest.approx(number, rel=1e-12)
        assert s.read(Q(number, s.unit), "x") == number


WRONG = [
    math.nan,
    math.inf,
    -math.inf,
    -1,
    -0.5,
    True,
    False,
    None,
    [],
    [1, 2],
    {},
    object(),
    "abc",
    "",
    "  ",
    "nan",
    "-1",
    "3 parsecs",
    10**400,
    1j,
    b"3",
]


@pytest.mark.parametrize("value", WRONG, ids=lambda v: repr(v).partition(" at 0x")[0][:24])
def test_every_door_names_argument_and_value(value):
    for s in ALL.values():
        with pytest.raises(InputError) as refused:
            s.read(value, "the_argument")
        assert "the_argument" in str(refused.value)
        if isinstance(value, str) and value.strip():
            assert value in str(refused.value)


@everything
def test_the_door_refuses_the_wrong_dimension(name):
    s = ALL[name]
    own = registry().Quantity(1, s.unit).dimensionality
    other = next(u for u in ("byte", "USD") if registry().Quantity(1, u).dimensionality != own)
    for value in (Q(3, other), f"3 {other}", Q(np.array([3.0, 4.0]), other)):
        with pytest.raises(UnitError) as refused:
            s.read(value, "the_argument")
        assert "the_argument=" in str(refused.value)
        assert "dimension" in str(refused.value)


@everything
def test_the_door_refuses_a_bare_number_where_a_unit_is_needed(name):
    s = ALL[name]
    value = s.span[1] / factor(s.display, s.unit)
    if s.bare:
        assert s.read(s.span[1], "x") == s.span[1]
        return
    for bare in (value, str(value), np.float64(value), np.array([value])):
        with pytest.raises(UnitError, match="no unit"):
            s.read(bare, "x")


@everything
def test_zero_is_refused_where_it_makes_no_sense(name):
    s = ALL[name]
    zero = Q(0.0, s.unit)
    if s.low > 0 or s.low_open:
        with pytest.raises(InputError, match="out of range"):
            s.read(zero, "x")
    else:
        assert s.read(zero, "x") == 0.0


@pytest.mark.parametrize("name", [n for n, s in ALL.items() if s.integer])
def test_a_count_is_whole(name):
    for value in (1.5, "1.5", Q(1.5, "count"), np.array([1, 1.5])):
        with pytest.raises(InputError, match=r"whole|range"):
            ALL[name].read(value, "x")


@pytest.mark.parametrize(
    "value", [np.array([1.0, math.nan]), np.array([1.0, -1.0]), np.array([1.0, math.inf]), np.array(["a", "b"]), np.array([None])]
)
def test_one_bad_element_spoils_an_array(value):
    with pytest.raises(InputError, match="batch_size"):
        ALL["Batch"].read(value, "batch_size")


@pytest.mark.parametrize("value", [3, 3.0, "3", Q(3, "count"), np.int64(3), np.float32(3), np.array(3), Q(3, "token")])
def test_a_count_can_be_written_in_many_ways(value):
    number = ALL["Batch"].read(value, "x")
    assert number == 3.0
    assert type(number) is float


def test_symbol_of_looks_through_optional():
    from mlsysim.quantities import Bandwidth

    assert symbol_of(Bandwidth) is symbol_of(Bandwidth | None) is ALL["Bandwidth"]
    assert symbol_of(str) is None
