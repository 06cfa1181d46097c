"""Units: what people write is understood, and what does not belong together does not add up."""

import copy
import pickle
import subprocess
import sys

import pint
import pytest

from mlsysim import Hardware, Q, UnitError
from mlsysim.units import convert, people, shown


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [
        ("3.35 TB/s", "byte/s", 3.35e12),
        ("989.4 TFLOP/s", "flop/s", 989.4e12),
        ("989.4 TFLOPS", "flop/s", 989.4e12),
        ("1979 TOPS", "flop/s", 1979e12),
        ("6 FLOP", "flop", 6),
        ("3 EFLOPs", "flop", 3e18),
        ("80 GB", "byte", 80e9),
        ("80 GiB", "byte", 80 * 2**30),
        ("512 KiB", "byte", 512 * 2**10),
        ("8 b", "byte", 1),
        ("400 Gb/s", "byte/s", 50e9),
        ("400 Gbps", "byte/s", 50e9),
        ("1 kWh", "joule", 3.6e6),
        ("35 gCO2e/kWh", "gCO2e/joule", 35 / 3.6e6),
        ("1 tCO2e", "gCO2e", 1e6),
        ("1 kgCO2e", "gCO2e", 1e3),
        ("0.08 USD/kWh", "USD/joule", 0.08 / 3.6e6),
        ("3.99 USD/hour", "USD/second", 3.99 / 3600),
        ("1.5 L/kWh", "liter/joule", 1.5 / 3.6e6),
        ("30 days", "second", 30 * 86400),
        ("30 day", "second", 30 * 86400),
        ("1 year", "hour", 8760),
        ("2 %/year", "1/second", 0.02 / (8760 * 3600)),
        ("2 µs", "second", 2e-6),
        ("2 us", "second", 2e-6),
        ("1.98 GHz", "1/second", 1.98e9),
        ("700 W", "joule/second", 700),
        ("27,500 USD", "USD", 27500),
        ("27\u202f500 USD", "USD", 27500),
        ("1e3 tokens", "count", 1000),
        (" 5 ms ", "second", 0.005),
        ("3.35TB/s", "byte/s", 3.35e12),
    ],
)
def test_what_people_write_is_understood(text, unit, number):
    assert Q(text).to(unit).magnitude == pytest.approx(number, rel=1e-14)


@pytest.mark.parametrize(("one", "other"), [("GB", "USD"), ("GB", "token"), ("GB", "FLOP"), ("gCO2e", "kg"), ("W", "J"), ("L", "byte")])
def test_different_things_do_not_add_up(one, other):
    with pytest.raises(pint.DimensionalityError):
        Q(1, one) + Q(1, other)
    with pytest.raises(UnitError, match=other):
        convert(Q(1, one), other)


def test_decimal_is_not_binary_and_bits_are_not_bytes():
    assert Q("1 GB") != Q("1 GiB")
    assert Q("1 GB") == Q("8 Gb")
    assert Q("1 GiB").to("byte").magnitude == 2**30


@pytest.mark.parametrize(("bad", "near"), [("3 Byts", "byte"), ("3 secnds", "second"), ("3 FLOPZ", "FLOP"), ("3 yeer", "year")])
def test_an_unknown_unit_names_the_nearest(bad, near):
    with pytest.raises(UnitError, match=near):
        Q(bad)


@pytest.mark.parametrize("bad", ["", "   ", "abc", "TB/s", "3 parsecs", "3 TB/", "3 (", "3 2 s", "--3 s", "3 __import__('os')", "3 °C"])
def test_what_is_no_quantity_is_refused(bad):
    with pytest.raises(UnitError):
        Q(bad)


def test_a_comma_only_groups_thousands():
    """``1,5 s`` is one and a half to half of the world, and never fifteen."""
    assert Q("1,234,567 s").magnitude == 1234567
    with pytest.raises(UnitError):
        Q("1,5 s")


def test_quantities_are_immutable():
    bandwidth = Hardware.Cloud.H100.memory.bandwidth
    before = bandwidth.to("byte/s").magnitude
    for change in ("ito", "ito_base_units", "ito_root_units", "ito_reduced_units"):
        with pytest.raises(UnitError, match="immutable"):
            getattr(bandwidth, change)(*(["GB/s"] if change == "ito" else []))
    with pytest.raises(AttributeError):
        bandwidth.magnitude = 1
    doubled = bandwidth
    doubled *= 2
    doubled += Q("1 GB/s")
    assert Hardware.Cloud.H100.memory.bandwidth.to("byte/s").magnitude == before


@pytest.mark.parametrize("text", ["3.35 TB/s", "409 gCO2e/kWh", "2 %/year", "7 tokens"])
def test_quantities_can_be_copied_and_pickled(text):
    quantity = Q(text)
    assert copy.deepcopy(quantity) == copy.copy(quantity) == pickle.loads(pickle.dumps(quantity)) == quantity


def test_a_pickled_quantity_can_be_read_by_another_process():
    code = "import sys, pickle, mlsysim; q = pickle.loads(sys.stdin.buffer.read()); print(q == mlsysim.Q('5 gCO2e/kWh'))"
    done = subprocess.run([sys.executable, "-c", code], input=pickle.dumps(Q("5 gCO2e/kWh")), capture_output=True, check=False)
    assert done.stdout.strip() == b"True", done.stderr.decode()[-500:]


@pytest.mark.parametrize(
    ("value", "unit", "display", "text"),
    [
        (9.609e-3, "s", "ms", "9.609 ms"),
        (3.35e12, "byte/s", "GB/s", "3.35 TB/s"),
        (80e9, "byte", "GB", "80 GB"),
        (0.0, "s", "ms", "0 ms"),
        (512.0, "count", "", "512"),
        (3.6e6, "J", "kWh", "1 kWh"),
    ],
)
def test_numbers_are_written_as_people_say_them(value, unit, display, text):
    assert people(value, unit, display) == text


@pytest.mark.parametrize(("number", "text"), [(0, "0"), (12345, "12\u202f345"), (0.5, "0.5"), (999.96, "1\u202f000"), (-2, "-2")])
def test_shown(number, text):
    assert shown(number) == text
