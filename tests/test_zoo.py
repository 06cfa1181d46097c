"""The zoo: every number has a source, every source is used, and the numbers are plausible."""

import functools
import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

import mlsysim
from mlsysim import Hardware, HardwareNode, InputError, Models, Systems, UnknownNameError, formats, zoo
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
    used = {f.source for n in NAMES for f in zoo.load(n).facts.values()} | {formats.SOURCE}
    import mlsysim.equations  # noqa: F401  (registers them)

    for eq in EQUATIONS.values():
        used |= {eq.source, eq.example.source}
    root = Path(__file__).parent.parent
    for page in [*(root / "docs").glob("*.md"), *(root / "docs" / "tutorials").glob("*.md"), *(root / "gallery").rglob("*.py")]:
        used |= set(re.findall(r"[{:]mls:source[}:]`(?:[^`<]*<)?([\w-]+)>?`", page.read_text("utf-8")))
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
        "memory.capacity": ("8 GB", "300 GB"),
        "memory.bandwidth": ("200 GB/s", "25 TB/s"),
        "compute.peak.fp16": ("20 TFLOP/s", "3 PFLOP/s"),
        "power.tdp": ("70 W", "1.5 kW"),
        "price": ("1000 USD", "40000 USD"),
    },
    "Workstation": {
        "memory.capacity": ("8 GB", "200 GB"),
        "memory.bandwidth": ("60 GB/s", "2 TB/s"),
        "compute.peak.fp16": ("2 TFLOP/s", "600 TFLOP/s"),
        "power.tdp": ("20 W", "600 W"),
        "price": ("200 USD", "10000 USD"),
    },
    "Edge": {
        "memory.capacity": ("500 MB", "64 GB"),
        "memory.bandwidth": ("5 GB/s", "300 GB/s"),
        "compute.peak.fp16": ("100 GFLOP/s", "50 TFLOP/s"),
        "power.tdp": ("1 W", "60 W"),
        "price": ("50 USD", "2000 USD"),
    },
    "Mobile": {"memory.capacity": ("4 GB", "16 GB"), "memory.bandwidth": ("30 GB/s", "100 GB/s"), "power.tdp": ("5 W", "10 W")},
    "Tiny": {
        "memory.capacity": ("16 kB", "3 MB"),
        "memory.bandwidth": ("200 MB/s", "8 GB/s"),
        "power.active": ("1 mW", "300 mW"),
        "price": ("0.5 USD", "20 USD"),
    },
    "Grids": {
        "carbon_intensity": ("15 gCO2e/kWh", "900 gCO2e/kWh"),
        "water_intensity": ("0.5 L/kWh", "20 L/kWh"),
        "electricity_price": ("0.03 USD/kWh", "0.4 USD/kWh"),
    },
    "Datacenters": {"wue": ("0.01 L/kWh", "3 L/kWh")},
    "Nodes": {
        "max_power": ("3 kW", "20 kW"),
        "nic_bandwidth": ("100 Gb/s", "800 Gb/s"),
        "host_memory": ("256 GB", "4 TB"),
        "price": ("100000 USD", "500000 USD"),
        "reliability.node_mtbf": ("1000 hour", "20000 hour"),
    },
    "Fabrics": {"bandwidth": ("25 Gb/s", "800 Gb/s"), "latency": ("0.5 us", "5 us")},
    "Storage": {"write_bandwidth": ("1 TB/s", "10 TB/s")},
    "Clusters": {"mtbf": ("1 hour", "1000 hour")},
    "Prices": {
        "rental": ("0.1 USD/hour", "10 USD/hour"),
        "assumption.lifetime": ("3 year", "7 year"),
        "assumption.maintenance_rate": ("0.5 %/year", "20 %/year"),
    },
}
"""Where a number of a group lies, read tightly: what lies outside is named below, with the reason."""

ON_CHIP = "all of its memory is on the chip"
WAFER = "one device is a whole wafer"
HOST = "a processor, whose memory is that of a host"
OUTSIDE = {
    "Hardware.Cloud.GroqChip1": {"memory.capacity": ON_CHIP, "memory.bandwidth": ON_CHIP},
    "Hardware.Cloud.GC200": {"memory.capacity": ON_CHIP, "memory.bandwidth": ON_CHIP},
    "Hardware.Cloud.Bow_IPU": {"memory.capacity": ON_CHIP, "memory.bandwidth": ON_CHIP},
    "Hardware.Cloud.WSE2": {"memory.bandwidth": WAFER, "compute.peak.fp16": WAFER},
    "Hardware.Cloud.WSE3": {"memory.bandwidth": WAFER, "compute.peak.fp16": WAFER, "power.tdp": WAFER},
    "Hardware.Cloud.Inferentia1": {"memory.bandwidth": "four channels of ordinary memory"},
    "Hardware.Cloud.Xeon_Platinum_8592": {"memory.capacity": HOST},
    "Hardware.Cloud.Xeon_6980P": {"memory.capacity": HOST},
    "Hardware.Cloud.EPYC_9654": {"memory.capacity": HOST},
    "Hardware.Cloud.EPYC_9755": {"memory.capacity": HOST},
    **{f"Hardware.Cloud.{n}": {"memory.capacity": HOST} for n in ("EPYC_7543", "EPYC_7713", "EPYC_7763", "Xeon_Platinum_8490H")},
    "Hardware.Cloud.A16": {"power.tdp": "a quarter of a card with four chips", "compute.peak.fp16": "a quarter of a card with four chips"},
    "Hardware.Cloud.A2": {"power.tdp": "a small card for inference", "compute.peak.fp16": "a small card for inference"},
    "Hardware.Cloud.P4": {"memory.bandwidth": "a small card for inference"},
    "Hardware.Edge.RaspberryPi3BPlus": {"memory.bandwidth": "one channel of slow memory"},
    "Hardware.Edge.RaspberryPiZero2W": {"memory.bandwidth": "one channel of slow memory"},
    "Hardware.Mobile.Snapdragon_820": {"memory.bandwidth": "the oldest phones listed"},
    "Hardware.Mobile.Snapdragon_835": {"memory.bandwidth": "the oldest phones listed"},
    "Hardware.Mobile.Snapdragon_821": {"memory.bandwidth": "the oldest phones listed"},
    "Hardware.Workstation.M3_Ultra": {"memory.capacity": "the largest option of memory shared with the processor"},
    "Hardware.Edge.CoralUSBAccelerator": {
        "memory.capacity": "only its cache for weights; the rest is the host's",
        "memory.bandwidth": "a bus of the host stands for memory",
    },
    "Hardware.Edge.CoralDevBoard": {"memory.bandwidth": "the bus between processor and accelerator stands for memory"},
    "Hardware.Edge.Hailo8": {"memory.capacity": ON_CHIP},
    "Hardware.Edge.JetsonAGXThor": {
        "memory.capacity": "a module for robots, as large as a workstation",
        "compute.peak.fp16": "a module for robots, as large as a workstation",
        "power.tdp": "a module for robots, as large as a workstation",
        "price": "a developer kit for robots, as dear as a workstation",
    },
    "Hardware.Tiny.STM32N6": {"memory.capacity": "has an accelerator, and memory for its activations"},
    "Hardware.Tiny.K210": {"memory.capacity": "has an accelerator, and memory for its activations"},
    "Hardware.Tiny.PSoC_Edge_E84": {"memory.capacity": "has an accelerator, and memory for its activations"},
    "Hardware.Tiny.Ensemble_E3": {"memory.capacity": "has an accelerator, and memory for its activations"},
    "Hardware.Tiny.Ensemble_E7": {"memory.capacity": "has an accelerator, and memory for its activations"},
    "Hardware.Tiny.GAP9": {"memory.bandwidth": "close memory of nine cores and an accelerator, added up"},
    "Infrastructure.Grids.GCP_northamerica_northeast1": {"carbon_intensity": "hydropower, in operation only"},
    "Systems.Nodes.GB200_NVL72": {
        "max_power": "a whole rack is one domain of links", "host_memory": "a whole rack is one domain of links",
        "price": "a whole rack is one domain of links",
    },
    "Systems.Fabrics.NVLink_5_Rack": {"bandwidth": "links between accelerators, and not of a network card"},
}  # fmt: skip


def outside(name):
    """Return the paths at which an entry's numbers leave the ranges of its group."""
    from mlsysim import Q

    entry, found = zoo.load(name), set()
    for path, (low, high) in RANGES.get(name.split(".")[1], {}).items() if name.split(".")[0] != "Models" else ():
        value = entry.get(path) if path.partition(".")[0] in type(entry).model_fields else None
        if value is not None and not Q(low) <= value <= Q(high):
            found.add(path)
    return found


@every_entry
def test_numbers_have_the_right_order_of_magnitude(name):
    assert outside(name) == set(OUTSIDE.get(name, {})), "a number leaves its range without a reason, or a reason is not needed"


def test_every_exception_is_of_an_entry_and_has_a_reason():
    assert set(OUTSIDE) | set(EARLY) <= set(NAMES)
    assert all(reasons and all(reasons.values()) for reasons in (*OUTSIDE.values(), *EARLY.values()))


# Dates: as text they are in order, as far as both are stated (year, month, day).

EARLY = {
    "Systems.Nodes.DGX_A100": {"released": "announced with accelerators of half the memory, before those of the entry"},
    "Systems.Nodes.DGX_H100": {"released": "the day of the announcement, half a year before the first systems"},
    "Systems.Nodes.GB200_NVL72": {"price": "a forecast of the year in which it was announced"},
}
"""Dates and years of systems and prices before the date of their accelerators, and why."""


def before(first, second):
    """Whether a date is before another, in what both state."""
    shared = min(len(first), len(second))
    return first[:shared] < second[:shared]


def device_of(entry):
    """Return the accelerator of a system or of a price, where there is one."""
    holder = getattr(entry, "node", entry)
    return getattr(holder, "accelerator", None) or getattr(holder, "hardware", None)


def test_dates_are_compared_as_far_as_stated():
    assert before("2022-03-22", "2022-10")
    assert before("2022", "2023-01")
    assert not before("2022", "2022-10")
    assert not before("2022-10", "2022-10-05")


@every_entry
def test_dates_are_in_order(name):
    from datetime import timedelta

    entry = zoo.load(name)
    assert all(f.read <= date.today() + timedelta(days=1) for f in entry.facts.values()), "read in the future"
    released = getattr(entry, "released", None)
    if released is not None:
        assert not before(str(entry.fact("released").read), released), "released after it was read of"
    device = device_of(entry)
    if device is None or device.released is None:
        return
    dates = {p: released if p == "released" else str(f.year) for p, f in entry.facts.items() if f.year or p == "released"}
    assert {p for p, d in dates.items() if before(d, device.released)} == set(EARLY.get(name, {})), "older than its accelerator"


def test_no_source_is_younger_than_its_reading(bibliography):
    for name in NAMES:
        for fact in zoo.load(name).facts.values():
            year = bibliography[fact.source].fields.get("year", "")
            assert not year.isdigit() or int(year) <= fact.read.year, fact


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
