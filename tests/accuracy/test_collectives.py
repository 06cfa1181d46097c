"""Predictions of measured collectives: how far off they are, and how machines are read from free text."""

import statistics
from pathlib import Path

import pytest

from mlsysim import zoo
from mlsysim.accuracy import collectives
from mlsysim.accuracy.rows import Row, Unanswered, read

ROWS = [r for r in read(Path(zoo.root()) / "measurements" / "collectives.csv") if collectives.takes(r)]


def errors(rows):
    found = []
    for row in rows:
        answer, value = collectives.predict(row), row.number("value")
        assert not answer.beyond, row
        found.append(abs((answer.value / value if answer.rate else value / answer.value) - 1))
    return sorted(found)


def row(**cells):
    return Row({"hw": "NVIDIA A100-80GB SXM", "hw_count": 16, "nodes": 2, "model": "all_reduce", "metric": "allreduce_time_us", **cells})


def test_every_row_is_answered():
    assert len(ROWS) == 124
    assert all(collectives.kind(r) in ("large", "small") for r in ROWS)


@pytest.mark.parametrize(("kinds", "median", "ninetieth"), [(("large", "small"), 0.10, 0.30), (("large",), 0.05, 0.15)])
def test_errors_of_rows_that_count(kinds, median, ninetieth):
    found = errors(r for r in ROWS if collectives.headline(r) and collectives.kind(r) in kinds)
    assert statistics.median(found) <= median
    assert found[int(0.9 * (len(found) - 1))] <= ninetieth


@pytest.mark.parametrize(
    ("text", "node", "fabric", "ports"),
    [
        ("NVLink3 + 4x IB HDR 200 Gb/s per node", "", "InfiniBand_HDR", (4, 25e9)),
        ("NVLink3/NVSwitch + EFA 400 Gb/s per node", "", "EFA_V1", (4, 12.5e9)),
        ("NVLink + 8x NDR", "", "InfiniBand_NDR", (8, 50e9)),
        ("8x 400 Gbps RoCEv2", "", "RoCE_400G", (8, 50e9)),
        ("NVLink, 1.6 Tb/s per node Slingshot", "", "Slingshot_11", (8, 25e9)),
        ("100 GbE", "", "Ethernet_100G", (8, 1.5625e9)),
    ],
)
def test_fabrics_are_read(text, node, fabric, ports):
    fleet, count, _ = collectives.site("NVIDIA A100-80GB SXM", text, 16.0, 2.0)
    assert count == 16
    assert fleet.fabric.zoo_name.rstrip("*").endswith(fabric)
    assert float(fleet.node.nics) * float(fleet.node.nic_bandwidth.to("byte/s").magnitude) == pytest.approx(ports[0] * ports[1])


def test_machines_are_read():
    fleet, _, told = collectives.site("NVIDIA H200-141GB SXM", "NVLink4/NVSwitch + EFA 3200 Gb/s per node", 16.0, 2.0)
    assert fleet.node.link.switch_reduction
    assert fleet.fabric.zoo_name.startswith("Systems.Fabrics.EFA_V3")
    assert not told
    fleet, count, told = collectives.site("NVIDIA V100 (DGX-1)", "4x IB EDR 100 Gb/s per node", None, None)
    assert (fleet.nodes, count) == (2, 16)
    assert told
    rack, count, _ = collectives.site("NVIDIA GB200 NVL72", "NVLink5", 72.0, 18.0)
    assert (rack.nodes, count) == (1, 72)
    mesh, _, _ = collectives.site("AMD MI300X", "xGMI", 8.0, 1.0)
    assert mesh.node.link.topology == "mesh"


def test_words_choose_the_algorithm():
    assert "the ring algorithm" in collectives.predict(row(interconnect="IB HDR", framework="NCCL_ALGO=Ring")).assumptions
    assert "the tree algorithm" in collectives.predict(row(interconnect="IB HDR", framework="NCCL_ALGO=Tree")).assumptions


@pytest.mark.parametrize("metric", ["allgather_busbw_gb_s", "reduce_scatter_algbw_gb_s", "alltoall_busbw_gb_s", "all_gather_time_us"])
def test_other_collectives_are_answered(metric):
    found = collectives.predict(row(metric=metric, model="", interconnect="8x IB HDR 200 Gb/s", message_bytes=2**30))
    assert not found.beyond


def test_what_is_not_answered():
    with pytest.raises(Unanswered, match="broadcast"):
        collectives.predict(row(metric="broadcast_busbw_gb_s", model="broadcast"))
    with pytest.raises(Unanswered, match="no hardware"):
        collectives.predict(row(hw="Nonsense 3000"))
