"""Nouns: deeply frozen, nothing unknown accepted, and facts kept where nothing was changed."""

import copy
import math
import pickle

import numpy as np
import pytest
from pydantic import ValidationError

from mlsysim import (
    Fleet,
    Hardware,
    HardwareNode,
    Infrastructure,
    InputError,
    MlsysimError,
    Models,
    Q,
    SingleNodeModel,
    Systems,
    UnknownNameError,
)
from mlsysim.errors import UnitError

H100 = Hardware.Cloud.H100


def chip(**changes):
    """Return a device of one's own."""
    return HardwareNode(
        **{"name": "chip", "compute": {"peak": {"fp16": "100 TFLOP/s"}}, "memory": {"capacity": "32 GB", "bandwidth": "1 TB/s"}, **changes}
    )


@pytest.mark.parametrize(
    ("thing", "attribute"),
    [
        (H100, "name"),
        (H100, "memory"),
        (H100.memory, "bandwidth"),
        (H100.compute.peak, "fp16"),
        (Models.Language.Llama3_8B, "layers"),
        (Systems.Nodes.DGX_H100.accelerator.memory, "capacity"),
    ],
    ids=lambda x: x if isinstance(x, str) else type(x).__name__,
)
def test_nothing_can_be_changed(thing, attribute):
    before = getattr(thing, attribute)
    for change in (lambda: setattr(thing, attribute, "x"), lambda: delattr(thing, attribute)):
        with pytest.raises((ValidationError, MlsysimError)):
            change()
    assert getattr(thing, attribute) == before


def test_no_attribute_can_be_added():
    with pytest.raises((ValidationError, ValueError)):
        H100.speed = 3


def test_facts_cannot_be_changed():
    twin = H100.replace(name="twin")
    with pytest.raises(InputError, match="immutable"):
        twin.facts["memory.bandwidth"] = None


def test_a_quantity_of_an_entry_cannot_be_changed_in_place():
    with pytest.raises(UnitError, match="immutable"):
        H100.memory.bandwidth.ito("GB/s")
    assert str(H100.memory.bandwidth) == "3.35 TB/s"


def test_what_follows_from_geometry_cannot_be_changed():
    """Lowered numbers are cached on the entry: a change would reach every later solve."""
    twin = H100.replace(name="twin")
    with pytest.raises((MlsysimError, AttributeError, TypeError)):
        twin.supply("fp16").peak = 1.0
    assert twin.supply("fp16").peak == 989.4e12


@pytest.mark.parametrize(
    ("make", "near"),
    [
        (lambda: chip(memry={}), "memory"),
        (lambda: chip(memory={"capacity": "1 GB", "bandwith": "1 GB/s"}), "bandwidth"),
        (lambda: Fleet(node=Systems.Nodes.DGX_H100, nodez=3), "nodes"),
        (lambda: chip(compute={"peak": {"fp61": "1 TFLOP/s"}}), "fp16"),
    ],
)
def test_an_unknown_field_names_the_nearest(make, near):
    with pytest.raises(InputError, match=near):
        make()


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        -1,
        0,
        True,
        None,
        [],
        {},
        object(),
        "abc",
        "",
        "3 GB",
        "-1 TB/s",
        "0 TB/s",
        "nan TB/s",
        3.35,
        10**400,
        Q("3 USD"),
        Q(math.nan, "TB/s"),
    ],
    ids=lambda v: repr(v).partition(" at 0x")[0][:24],
)
def test_a_field_refuses_what_it_cannot_be(value):
    with pytest.raises(InputError, match="bandwidth"):
        chip(memory={"capacity": "32 GB", "bandwidth": value})


def test_a_field_with_an_array_is_refused_or_solved():
    """A thing has one bandwidth; a sweep has many things."""
    try:
        odd = chip(memory={"capacity": "80 GB", "bandwidth": Q(np.array([1.0, 2.0]), "TB/s")})
        SingleNodeModel().solve(Models.Language.Llama3_8B, odd, batch_size=1, seq_len=128, phase="decode").latency.to("ms")
    except MlsysimError:
        return


def test_replace_changes_one_thing_and_validates():
    faster = H100.replace(memory__bandwidth="4 TB/s")
    assert faster.memory.bandwidth == Q("4 TB/s")
    assert H100.memory.bandwidth == Q("3.35 TB/s")
    assert faster.memory.capacity == H100.memory.capacity
    with pytest.raises(InputError, match="bandwidth"):
        H100.replace(memory__bandwidth="4 GB")
    with pytest.raises(UnknownNameError, match="memory"):
        H100.replace(memry__bandwidth="4 TB/s")
    with pytest.raises(InputError, match="bandwidth"):
        H100.replace(memory__bandwith="4 TB/s")
    with pytest.raises(InputError, match="mlp_width"):
        Models.Language.Llama3_8B.replace(mlp_width=None)


def test_replace_keeps_the_facts_of_what_was_not_changed():
    faster = H100.replace(memory__bandwidth="4 TB/s")
    assert faster.fact("memory.capacity") is H100.fact("memory.capacity")
    assert faster.fact("compute.peak.fp16") is H100.fact("compute.peak.fp16")
    with pytest.raises(UnknownNameError, match=r"memory\.bandwidth"):
        faster.fact("memory.bandwidth")
    assert faster.zoo_name != H100.zoo_name


def test_replace_of_a_whole_part_drops_the_facts_of_its_numbers():
    other = H100.replace(memory={"capacity": "1 GB", "bandwidth": "1 GB/s"})
    with pytest.raises(UnknownNameError):
        other.fact("memory.bandwidth")


def test_a_changed_number_is_not_passed_off_as_a_fact():
    changed = H100.replace(memory__bandwidth="4 TB/s")
    why = SingleNodeModel().solve(Models.Language.Llama3_8B, changed, batch_size=1, seq_len=128, phase="decode").why("latency")
    facts = {f.name for f in why.facts}
    assert not [n for n in facts if n.endswith("memory.bandwidth")]
    assert "Models.Language.Llama3_8B.layers" in facts


def test_fact_lists_the_nearest():
    with pytest.raises(UnknownNameError, match=r"memory\.bandwidth"):
        H100.fact("memory.bandwith")


def test_get_follows_a_path():
    assert H100.get("memory.bandwidth") == H100.memory.bandwidth
    assert H100.get("memory.storage") is None
    with pytest.raises(UnknownNameError, match="bandwidth"):
        H100.get("memory.bandwith")


@pytest.mark.parametrize(
    "entry", [H100, Models.Language.Mixtral_8x7B, Infrastructure.Grids.Quebec, Systems.Clusters.Research_256], ids=lambda e: e.zoo_name
)
def test_nouns_can_be_copied_and_pickled(entry):
    for twin in (copy.copy(entry), copy.deepcopy(entry), pickle.loads(pickle.dumps(entry))):
        assert twin == entry
        assert twin.zoo_name == entry.zoo_name
        assert twin.facts == entry.facts
