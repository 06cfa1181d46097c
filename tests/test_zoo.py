"""The zoo: every number has a source, every source is used, and the numbers are plausible."""

import functools
import tomllib
from datetime import date

import pytest

import mlsysim
from mlsysim import Hardware, HardwareNode, InputError, Models, Systems, UnknownNameError, zoo
from mlsysim.equation import EQUATIONS
from mlsysim.facts import KINDS
from mlsysim.units import is_quantity

NAMES = zoo.names()
every_entry = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(scope="module")
def bibliography():
    """Return every entry of the bibliography by its key."""
    from pybtex.database import parse_file

    return dict(parse_file(str(zoo.root() / "sources.bib"), "bibtex").entries.items())


def numbers(entry, prefix=""):
    """Yield the path and value of every number of an entry's own."""
    for name in type(entry).model_fields:
        value = getattr(entry, name)
        if name not in entry.model_fields_set:
            continue
        if hasattr(type(value), "model_fields"):
            if value.zoo_name.count(".") != 2:
                yield from numbers(value, f"{prefix}{name}.")
        elif is_quantity(value) or (isinstance(value, (int, float)) and not isinstance(value, bool)):
            yield f"{prefix}{name}", value


@every_entry
def test_every_entry_loads_under_its_path(name):
    entry = zoo.load(name)
    assert entry.zoo_name == name
    assert zoo.path_of(name).is_file()
    assert entry.name
    assert entry.summary.endswith(".")
    assert functools.reduce(getattr, name.split("."), mlsysim) is entry


@every_entry
def test_every_number_is_a_fact(name):
    entry = zoo.load(name)
    own = list(numbers(entry))
    assert own
    for path, value in own:
        fact = entry.fact(path)
        assert fact.name == f"{name}.{path}"
        assert fact.source
        assert fact.where
        assert fact.kind in KINDS
        assert isinstance(fact.read, date)
        assert fact.value not in ("", None, -1)
        assert value is not None


@every_entry
def test_every_fact_reaches_the_entry(name):
    """A fact that no field took would be a number that nobody sees."""
    entry = zoo.load(name)
    for path in entry.facts:
        assert entry.get(path) is not None, path


@every_entry
def test_facts_are_honest(name):
    for fact in zoo.load(name).facts.values():
        if "USD" in str(fact.value):
            assert fact.year, fact
        if fact.kind in ("derived", "estimated"):
            assert fact.note, fact
        assert fact.year is None or 1990 <= fact.year <= fact.read.year, fact


def test_every_source_is_in_the_bibliography(bibliography):
    used = {f.source for n in NAMES for f in zoo.load(n).facts.values()}
    assert used - set(bibliography) == set()


def test_every_bibliography_entry_is_used(bibliography):
    used = {f.source for n in NAMES for f in zoo.load(n).facts.values()}
    import mlsysim.equations  # noqa: F401  (registers them)

    for eq in EQUATIONS.values():
        used |= {eq.source, eq.example.source}
    assert set(bibliography) - used == set()


def test_every_bibliography_entry_can_be_found_again(bibliography):
    for key, entry in bibliography.items():
        assert entry.fields.get("title"), key
        assert entry.fields.get("year") or entry.fields.get("date"), key
        assert {"url", "doi", "eprint", "isbn", "journal", "booktitle", "publisher"} & {k.lower() for k in entry.fields}, key


def test_no_two_names_differ_only_by_case():
    assert len({n.lower() for n in NAMES}) == len(NAMES)


@pytest.mark.parametrize("kind", zoo.KIND_NAMES)
def test_aliases_are_unique_within_a_kind(kind):
    seen = {}
    for name in zoo.names(kind):
        entry = zoo.load(name)
        for alias in {a.lower() for a in (*entry.aliases, entry.name)}:
            assert alias not in seen, f"{alias}: {name} and {seen[alias]}"
            seen[alias] = name


# Plausibility.


@pytest.mark.parametrize("device", list(Hardware), ids=lambda d: d.zoo_name)
def test_peaks_stand_in_plausible_ratios(device):
    peak, sparse = device.compute.peak, device.compute.peak_sparse
    rate = {n: getattr(peak, n).to("flop/s").magnitude for n in peak.precisions}
    if "fp16" in rate and "bf16" in rate:
        assert rate["bf16"] == pytest.approx(rate["fp16"], rel=0.05)
    for wide, narrow in (
        ("bf16", "fp8"),
        ("fp16", "fp8"),
        ("fp8", "fp4"),
        ("fp16", "int8"),
        ("int8", "int4"),
        ("fp64", "fp32"),
        ("fp32", "fp16"),
        ("fp32", "tf32"),
        ("tf32", "bf16"),
    ):
        if wide in rate and narrow in rate:
            assert rate[narrow] >= 0.99 * rate[wide], (wide, narrow)
    for name in sparse.precisions if sparse else ():
        if name in rate:
            assert getattr(sparse, name).to("flop/s").magnitude == pytest.approx(2 * rate[name], rel=0.01), name


@pytest.mark.parametrize("device", list(Hardware), ids=lambda d: d.zoo_name)
def test_peaks_and_bandwidths_are_what_they_are_made_of(device):
    """Units x work in a clock x clock give the dense FP16 peak, pins x rate the bandwidth, where a source states them."""
    engine, memory = device.compute.matrix, device.memory
    if engine is not None:
        assert (int(engine.units) * engine.work_per_clock * engine.clock / device.compute.peak.fp16).to("").magnitude == pytest.approx(
            1, abs=0.03
        )
    if memory.pins is not None and memory.pin_rate is not None:
        assert (int(memory.pins) * memory.pin_rate / memory.bandwidth).to("").magnitude == pytest.approx(1, abs=0.03)


RANGES = {
    "Cloud": {
        "memory.capacity": ("200 MB", "1 TB"),
        "memory.bandwidth": ("50 GB/s", "25 PB/s"),
        "compute.peak.fp16": ("15 TFLOP/s", "20 PFLOP/s"),
        "power.tdp": ("50 W", "25 kW"),
        "price": ("1000 USD", "60000 USD"),
    },
    "Workstation": {"memory.capacity": ("8 GB", "600 GB"), "memory.bandwidth": ("50 GB/s", "2 TB/s"), "power.tdp": ("10 W", "700 W")},
    "Edge": {"memory.capacity": ("1 MB", "128 GB"), "memory.bandwidth": ("100 MB/s", "500 GB/s"), "power.tdp": ("1 W", "150 W")},
    "Mobile": {"memory.capacity": ("1 GB", "32 GB"), "memory.bandwidth": ("5 GB/s", "200 GB/s"), "power.tdp": ("0.5 W", "30 W")},
    "Tiny": {"memory.capacity": ("16 kB", "32 MB"), "memory.bandwidth": ("1 MB/s", "50 GB/s"), "power.active": ("1 uW", "2 W")},
    "Grids": {
        "carbon_intensity": ("1 gCO2e/kWh", "1200 gCO2e/kWh"),
        "water_intensity": ("0.01 L/kWh", "30 L/kWh"),
        "electricity_price": ("0.01 USD/kWh", "0.6 USD/kWh"),
    },
    "Datacenters": {"wue": ("0 L/kWh", "10 L/kWh")},
    "Nodes": {
        "max_power": ("1 kW", "200 kW"),
        "nic_bandwidth": ("100 Gb/s", "1 Tb/s"),
        "host_memory": ("128 GB", "20 TB"),
        "price": ("20000 USD", "5000000 USD"),
        "reliability.node_mtbf": ("500 hour", "200000 hour"),
    },
    "Fabrics": {"bandwidth": ("10 Gb/s", "20 Tb/s"), "latency": ("0.1 us", "50 us")},
    "Storage": {"write_bandwidth": ("1 GB/s", "20 TB/s")},
    "Clusters": {"mtbf": ("0.1 hour", "10000 hour")},
    "Prices": {
        "rental": ("0.1 USD/hour", "20 USD/hour"),
        "assumption.lifetime": ("2 year", "10 year"),
        "assumption.maintenance_rate": ("0.1 %/year", "20 %/year"),
    },
}


@every_entry
def test_numbers_have_the_right_order_of_magnitude(name):
    from mlsysim import Q

    entry = zoo.load(name)
    for path, (low, high) in RANGES.get(name.split(".")[1], {}).items():
        value = entry.get(path) if path.partition(".")[0] in type(entry).model_fields else None
        if value is not None:
            assert Q(low) <= value <= Q(high), path


def test_transformers_are_of_plausible_size():
    for model in Models.Language:
        assert 1e7 < model.parameters < 3e12
        assert 8000 <= model.vocab <= 300000


@pytest.mark.parametrize("fleet", list(Systems.Clusters), ids=lambda f: f.zoo_name)
def test_clusters_add_up(fleet):
    assert fleet.accelerators == fleet.nodes * fleet.node.accelerators == fleet.devices
    assert fleet.fabric is not None


@pytest.mark.parametrize("node", list(Systems.Nodes), ids=lambda n: n.zoo_name)
def test_nodes_draw_what_their_devices_draw(node):
    device = node.accelerator.power.tdp
    if node.max_power is not None and device is not None:
        assert 1.0 <= (node.max_power / (device * int(node.accelerators))).to("").magnitude <= 2.6


# Access.


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("Hardware.Cloud.H10O", "H100"),
        ("Hardware.Clod", "Cloud"),
        ("Models.Language.Llama3_8b", "Llama3_8B"),
        ("Hardware.Edge.H100", "Hardware.Cloud.H100"),
        ("Systems.Nodes.DGX_H10", "DGX_H100"),
    ],
)
def test_a_misspelt_name_answers_with_the_nearest(path, near):
    with pytest.raises(UnknownNameError, match=near):
        functools.reduce(getattr, path.split("."), mlsysim)
    with pytest.raises(UnknownNameError):
        zoo.load(path)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../etc/passwd", "Hardware", "Hardware.Cloud", "Hardware.Cloud.H100.memory", "\0", "x" * 5000]
)
def test_a_strange_name_is_no_entry(name):
    with pytest.raises(UnknownNameError):
        zoo.load(name)


def test_groups_list_their_members():
    assert len(Hardware) == len(list(Hardware)) == len(zoo.names("Hardware"))
    assert "H100" in dir(Hardware.Cloud)
    assert "H100" in repr(Hardware.Cloud)
    assert all(isinstance(d, HardwareNode) for d in Hardware)
    assert not hasattr(Hardware.Cloud, "nothing")


def test_an_entry_is_one_object():
    assert Hardware.Cloud.H100 is zoo.load("Hardware.Cloud.H100") is Systems.Nodes.DGX_H100.accelerator


GOOD = """
name = "A chip"
summary = "For a test."
[defaults]
source = "me"
kind = "stated"
read = 2026-01-01
[compute.peak]
fp16 = {value = "1 TFLOP/s", where = "p. 1"}
[memory]
capacity = {value = "1 GB", where = "p. 1"}
bandwidth = {value = "1 GB/s", where = "p. 1"}
"""


def build(change=("", "")):
    """Return what a changed file builds."""
    return zoo.build("Hardware.Cloud.Mine", tomllib.loads(GOOD.replace(*change) if change[0] else GOOD))


def test_a_good_file_builds():
    entry = build()
    assert entry.fact("memory.capacity").where == "p. 1"
    assert entry.memory.fact("capacity") is entry.fact("memory.capacity")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('{value = "1 GB", where = "p. 1"}', '"1 GB"', "capacity"),
        ('{value = "1 GB", where = "p. 1"}', "1", "source"),
        ('{value = "1 GB", where = "p. 1"}', '{value = "1 GB"}', "where"),
        ('{value = "1 GB", where = "p. 1"}', '{value = "1 GB", where = ""}', "where"),
        ('{value = "1 GB", where = "p. 1"}', '{value = "1 GB", where = "p. 1", kind = "guessed"}', "guessed"),
        ('{value = "1 GB", where = "p. 1"}', '{value = "1 GB", where = "p. 1", kind = "derived"}', "note"),
        ('{value = "1 GB", where = "p. 1"}', '{value = "1 GB", where = "p. 1", page = 3}', "page"),
        ('{value = "1 GB", where = "p. 1"}', '{value = "1 GB/s", where = "p. 1"}', "capacity"),
        ('{value = "1 GB", where = "p. 1"}', '{value = "", where = "p. 1"}', "capacity"),
        ('{value = "1 GB", where = "p. 1"}', '{value = -1, where = "p. 1"}', "capacity"),
        ("capacity =", "capacty =", "capacity"),
        ('source = "me"', "", "source"),
        ("read = 2026-01-01", 'read = "yesterday"', "read"),
        ("[compute.peak]", 'price = {value = "3 USD", where = "p. 1"}\n[compute.peak]', "year"),
    ],
)
def test_a_bad_file_says_what_is_wrong(old, new, says):
    if says == "year":
        table = tomllib.loads(GOOD)
        table["price"] = {"value": "3 USD", "where": "p. 1"}
        with pytest.raises(InputError, match="year"):
            zoo.build("Hardware.Cloud.Mine", table)
        return
    with pytest.raises(InputError, match=says):
        build((old, new))
