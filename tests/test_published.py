"""Published numbers: each has a name, an address and a citation; the ledger tells what moved, and why."""

import json
import tomllib
from datetime import date
from pathlib import Path

import pytest
from pybtex.database import parse_string

import mlsysim
from mlsysim import Q, zoo
from mlsysim import quantities as q
from mlsysim.equation import EQUATIONS, Equation
from mlsysim.errors import InputError, UnitError, UnknownNameError
from mlsysim.published import addresses, citing, ledger, named, registry
from mlsysim.published.__main__ import main
from mlsysim.published.derived import derived
from mlsysim.solvers import SOLVERS

ROOT = Path(__file__).parent.parent
VALUES = str(ROOT / "docs" / "values.py")
BANDWIDTH = "Hardware.Cloud.H100.memory.bandwidth"


@pytest.fixture(scope="module")
def numbers():
    """Return every published number."""
    return registry.every(VALUES)


@pytest.fixture(scope="module")
def now(numbers):
    """Return the ledger of what is published."""
    return ledger.lines(numbers, ledger.claims_of(ROOT / "gallery"))


def test_everything_with_a_value_is_published(numbers):
    stated = {f.name for n in zoo.names() for f in zoo.load(n).facts.values()}
    follows = {d.name for n in zoo.names() for d in derived(n)}
    fields = {f"solver.{s.__name__}.{f}" for s in SOLVERS for f in registry.of_solver(s.__name__)}
    values = {f"value.{n}" for n in named.functions(VALUES)}
    examples = {f"eq.{n}.example" for n in EQUATIONS}
    assert stated | follows | fields | values | examples == {n for n, p in numbers.items() if p.kind != "accuracy"}
    assert {f"accuracy.{f}.median" for f in ("training", "serving", "vision")} <= numbers.keys()


def test_a_number_is_found_by_name_by_address_and_by_the_address_of_a_release(numbers):
    step = max(1, len(numbers) // 150)
    for name, number in [*numbers.items()][::step]:
        assert registry.lookup(name, VALUES) == number
        assert registry.lookup(number.url, VALUES) == number
        assert registry.lookup(addresses.url(name, "0.1.0"), VALUES) == number


def test_a_fact_has_its_quantity_and_its_source():
    number = mlsysim.lookup(BANDWIDTH)
    fact = zoo.load("Hardware.Cloud.H100").facts["memory.bandwidth"]
    assert number.quantity == Q(fact.value)
    assert (number.source, number.where, number.read, number.how) == (fact.source, fact.where, fact.read, fact.kind)
    assert number.url == f"{addresses.BASE}/zoo/hardware/cloud/h100.html#hardware-cloud-h100-memory-bandwidth"


def test_a_number_that_follows_names_its_equation():
    number = mlsysim.lookup("Hardware.Cloud.H100.ridge_point.fp16")
    peak, bandwidth = (mlsysim.lookup(f"Hardware.Cloud.H100.{p}").quantity for p in ("compute.peak.fp16", "memory.bandwidth"))
    assert number.quantity.to("flop/byte").magnitude == pytest.approx((peak / bandwidth).to("flop/byte").magnitude)
    assert number.equation == "ridge_point"
    assert {"eq.ridge_point", "Hardware.Cloud.H100"} <= set(number.rests_on)


def test_every_quantity_of_a_fact_equals_what_its_source_prints(numbers):
    for name in zoo.names():
        for fact in zoo.load(name).facts.values():
            number = numbers[fact.name]
            if number.unit:
                printed = Q(fact.value)
                assert number.quantity.to(printed.units).magnitude == pytest.approx(printed.magnitude, rel=1e-9), name


REFUSED = {
    "Hardware.Cloud.H100.memory.bandwith": "memory.bandwidth",
    "Hardware.Cloud.H1000.memory.bandwidth": "Hardware.Cloud.H100",
    "Hardware.Cloud.H100": "is an entry",
    "eq.roofline_time": "is an equation",
    "eq.rooflin_time.example": "roofline_time",
    "quantity.Bandwidth": "is a quantity",
    "solver.ServingModel.itll": "itl",
    "solver.ServeModel.itl": "ServingModel",
    "accuracy.trainin.median": "training",
    "accuracy.training.medain": "median",
    "no such thing": "has nothing of that name",
    "https://example.org/nothing": "is no address",
    f"{addresses.BASE}/zoo/hardware/cloud/h100.html#hardware-cloud-h100-memory-bandwith": "hardware-cloud-h100-memory-bandwidth",
    "": "has nothing of that name",
}


@pytest.mark.parametrize(("name", "says"), REFUSED.items())
def test_an_unknown_name_is_refused_with_what_is_near(name, says):
    with pytest.raises(InputError, match=says):
        mlsysim.lookup(name)


def test_an_alias_leads_to_its_entry_and_an_ambiguous_one_is_refused():
    assert mlsysim.lookup("H100.memory.bandwidth").name == BANDWIDTH
    shared = next(e for e in (n.rpartition(".")[2] for n in zoo.names()) if sum(n.endswith(f".{e}") for n in zoo.names()) > 1)
    with pytest.raises(InputError, match=f"{shared}.* or .*{shared}: write which"):
        mlsysim.lookup(f"{shared}.anything")


def test_the_way_a_number_is_printed_can_be_asked_for():
    number = mlsysim.lookup(BANDWIDTH)
    assert registry.printed(number) == number.text == "3.35\u00a0TB/s"
    assert registry.printed(number, unit="GB/s") == "3\u202f350\u00a0GB/s"
    assert registry.printed(number, unit="GiB/s", digits="5") == "3\u202f119.9\u00a0GiB/s"
    assert registry.printed(number, style="number") == "3.35"
    assert registry.printed(number, style="unit") == "TB/s"
    assert number.source in registry.printed(number, style="source")
    word = mlsysim.lookup("Hardware.Cloud.H100.memory.technology")
    assert registry.printed(word) == "HBM3"
    for wrong, error in (
        ({"unit": "GB"}, UnitError),
        ({"digits": "0"}, InputError),
        ({"digits": "x"}, InputError),
        ({"style": "x"}, InputError),
    ):
        with pytest.raises(error):
            registry.printed(number, **wrong)
    with pytest.raises(InputError, match="neither a unit nor digits"):
        registry.printed(word, unit="GB")


def test_names_that_were_given_up_lead_on(monkeypatch):
    monkeypatch.setattr(
        addresses, "renamed", lambda: {"Hardware.Cloud.Hopper": "Hardware.Cloud.H100", "Hardware.Cloud.Older": "Hardware.Cloud.Hopper"}
    )
    assert mlsysim.lookup("Hardware.Cloud.Older.memory.bandwidth").name == BANDWIDTH
    assert addresses.former(BANDWIDTH) == ["Hardware.Cloud.Hopper.memory.bandwidth"]
    monkeypatch.setattr(addresses, "renamed", lambda: {"Hardware.Cloud.A": "Hardware.Cloud.B", "Hardware.Cloud.B": "Hardware.Cloud.A"})
    with pytest.raises(InputError, match="circle"):
        addresses.current("Hardware.Cloud.A")


def test_names_that_were_given_up_lead_to_something_published(now):
    for old in addresses.renamed():
        assert addresses.current(old) in now, old
        assert old not in now, f"{old} is in use: it cannot lead elsewhere"


@pytest.mark.parametrize("name", [BANDWIDTH, "Hardware.Cloud.H100.ridge_point.fp16", "eq.roofline_time.example", "solver.ServingModel.itl"])
def test_citations_name_the_release_the_address_and_the_source(name):
    number = mlsysim.lookup(name)
    text = mlsysim.cite(name)
    for words in (number.text, mlsysim.__version__, mlsysim.__released__, addresses.url(name, addresses.release()), number.where):
        assert words in text
    parsed = parse_string(mlsysim.cite(name, "bibtex"), "bibtex")
    ours, *others = parsed.entries.values()
    assert ours.fields["url"] == addresses.url(name, addresses.release())
    assert ours.fields["version"] == mlsysim.__version__
    assert [e.key for e in others] == ([number.source] if number.source else [])
    items = json.loads(mlsysim.cite(name, "csl"))
    assert [i["id"] for i in items[1:]] == ([number.source] if number.source else [])
    assert items[0]["issued"]["date-parts"] == [[int(n) for n in mlsysim.__released__.split("-")]]
    with pytest.raises(InputError, match="bibtex"):
        mlsysim.cite(name, "bibtx")


def test_every_citation_can_be_parsed(numbers):
    entries = "".join(citing.own_of(n)["bibtex"] for n in [*numbers.values()][::40])
    assert len(parse_string(entries, "bibtex").entries) == len([*numbers.values()][::40])
    for source in {n.source for n in numbers.values() if n.source}:
        (entry,) = parse_string(citing.of_source(source)["bibtex"], "bibtex").entries
        assert entry == source
        assert json.loads(citing.of_source(source)["csl"])[0]["title"]


def test_keys_of_citations_are_unique(numbers):
    keys = [json.loads(citing.own_of(n)["csl"])[0]["id"] for n in numbers.values()]
    assert len(set(keys)) == len(keys)


def test_the_release_is_that_of_the_citation_file():
    text = (ROOT / "CITATION.cff").read_text("utf-8")
    assert f'version: "{mlsysim.__version__}"' in text
    assert f'date-released: "{mlsysim.__released__}"' in text
    known = tomllib.loads((ROOT / "docs" / "versions.toml").read_text("utf-8"))["release"]
    assert "dev" in mlsysim.__version__ or {"version": mlsysim.__version__, "day": date.fromisoformat(mlsysim.__released__)} in known


def test_no_published_name_or_address_has_disappeared(now):
    assert ledger.astray(ledger.read(ROOT / "docs" / "numbers.lock"), now) == []


def test_the_ledger_is_written_and_read_as_it_is(tmp_path, now):
    path = tmp_path / "numbers.lock"
    ledger.write(path, now, "1.0", "2026-01-01")
    assert ledger.read(path) == now
    assert [*now] == sorted(now)
    path.write_text(path.read_text("utf-8") + "half a line\n", "utf-8")
    with pytest.raises(InputError, match="half a line"):
        ledger.read(path)
    with pytest.raises(InputError, match="nox -s numbers -- release"):
        ledger.read(tmp_path / "none.lock")


def changed(now, **values):
    """Return a ledger in which some names had other values."""
    return now | {n.replace("__", "."): ledger.Line(v, now[n.replace("__", ".")].address) for n, v in values.items()}


def test_a_number_that_moved_is_named_with_what_moved_it(now, numbers):
    before = changed(now, **{BANDWIDTH: "3e+12 byte/s", "Hardware.Cloud.H100.ridge_point.fp16": "330 flop/byte"})
    first, second = ledger.moved(before, now, numbers)
    assert (first.name, first.why) == (BANDWIDTH, ())
    assert first.change == "+11.7 %"
    assert (second.name, second.why) == ("Hardware.Cloud.H100.ridge_point.fp16", (BANDWIDTH,))
    assert BANDWIDTH in second.text
    before = changed(now, **{"eq.ridge_point": "code 0", "Hardware.Cloud.A100.ridge_point.fp16": "1 flop/byte"})
    moves = ledger.moved(before, now, numbers)
    assert [(m.name, m.why) for m in moves] == [("eq.ridge_point", ()), ("Hardware.Cloud.A100.ridge_point.fp16", ("eq.ridge_point",))]


def test_the_last_digits_do_not_move(now, numbers):
    value = float(now["solver.ServingModel.itl"].value.split()[0])
    assert ledger.moved(changed(now, **{"solver.ServingModel.itl": f"{value * (1 + 1e-11):.15g} s"}), now, numbers) == []
    assert len(ledger.moved(changed(now, **{"solver.ServingModel.itl": f"{value * 1.001:.15g} s"}), now, numbers)) == 1
    assert len(ledger.moved(changed(now, **{"solver.ServingModel.itl": f"{value:.15g} ms"}), now, numbers)) == 1


def test_what_is_gone_or_elsewhere_is_wrong(now):
    before = now | {"Hardware.Cloud.Gone.memory.bandwidth": ledger.Line("1 byte/s", "zoo/x.html#y")}
    assert "is gone" in ledger.astray(before, now)[0]
    before = now | {BANDWIDTH: ledger.Line(now[BANDWIDTH].value, "zoo/elsewhere.html#y")}
    assert "links to it are dead" in ledger.astray(before, now)[0]
    twice = now | {"eq.other": now[BANDWIDTH]}
    assert "have one address" in ledger.astray({}, twice)[0]


def test_moves_wait_for_a_reason_and_then_do_not(tmp_path, now, numbers):
    before = changed(
        now, **{BANDWIDTH: "3e+12 byte/s", "Hardware.Cloud.H100.ridge_point.fp16": "330 flop/byte", "value.h100_ridge_point": "1 flop/byte"}
    )
    moves, path = ledger.moved(before, now, numbers), tmp_path / "moves.toml"
    assert len(ledger.unaccepted(moves, ledger.accepted(path))) == 3
    with pytest.raises(InputError, match="with a reason"):
        ledger.accept(path, moves, " ", "*", "2026-01-01")
    with pytest.raises(InputError, match="no move fits"):
        ledger.accept(path, moves, "why", "Nothing.*", "2026-01-01")
    assert ledger.accept(path, moves, 'the "datasheet" was corrected', BANDWIDTH, "2026-01-01") == 3, "what it caused comes along"
    (said,) = ledger.accepted(path)
    assert said["reason"] == 'the "datasheet" was corrected'
    assert said["names"][BANDWIDTH] == ["3e+12 byte/s", now[BANDWIDTH].value]
    assert ledger.unaccepted(moves, ledger.accepted(path)) == []
    again = changed(now, **{BANDWIDTH: "3e+12 byte/s"})
    later = {**now, BANDWIDTH: ledger.Line("4e+12 byte/s", now[BANDWIDTH].address)}
    assert ledger.unaccepted(ledger.moved(again, later, numbers), ledger.accepted(path)), "a reason holds for one value, not for the next"


def test_the_command_says_what_moved_and_fails(tmp_path, capsys):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "values.py").write_text((ROOT / "docs" / "values.py").read_text("utf-8"), "utf-8")
    given = ["--docs", str(docs), "--gallery", str(ROOT / "gallery")]
    assert main([*given, "check"]) == 2
    assert "nox -s numbers -- release" in capsys.readouterr().err
    assert main([*given, "release"]) == 0
    assert main(given) == 0
    lock = docs / "numbers.lock"
    text = lock.read_text("utf-8")
    lock.write_text(text.replace(f"{BANDWIDTH}\t3.35e+12", f"{BANDWIDTH}\t3e+12"), "utf-8")
    assert text != lock.read_text("utf-8")
    assert main(given) == 1
    said = capsys.readouterr().out
    assert f"moved    {BANDWIDTH}: 3e+12 byte/s is now 3.35e+12 byte/s (+11.7 %)" in said
    assert "1 moved, 1 without a reason" in said
    assert main([*given, "accept", "the datasheet was corrected"]) == 0
    assert main(given) == 0


def test_a_change_of_code_is_told_apart_from_one_of_words():
    def plain(a: q.Traffic, b: q.Bandwidth) -> q.MemoryTime:
        """Say one thing."""
        return a / b

    def worded(a: q.Traffic, b: q.Bandwidth) -> q.MemoryTime:
        """Say another."""
        # and more
        return a / b

    def other(a: q.Traffic, b: q.Bandwidth) -> q.MemoryTime:
        """Say one thing."""
        return 2 * a / b

    first, second, third = (ledger.code_of(Equation(f, "source", "where")) for f in (plain, worded, other))
    assert first == second != third


def test_claims_and_sources_are_known_by_their_address():
    for name, says in (("claim.memory.plot_kv_cache", "is a claim"), ("source.williams2009", "is a source")):
        with pytest.raises(UnknownNameError, match=says):
            mlsysim.lookup(addresses.url(name))
