"""CollectiveModel: bounds by hand, what constants add, and what is refused."""

import math

import pytest

from mlsysim import CollectiveModel, Fleet, Hardware, MlsysimError, Models, ServingModel, Systems, profile
from mlsysim.equations import collectives as e

A100, H100 = Systems.Nodes.DGX_A100, Systems.Nodes.DGX_H100
CONSTANTS = profile("collectives")
OPERATIONS = ("all-reduce", "all-gather", "reduce-scatter", "all-to-all")


def solve(operation="all-reduce", size="1 GB", **arguments):
    return CollectiveModel().solve(operation, size, **{"efficiency": 1} | arguments)


def pods(node, nodes, fabric=Systems.Fabrics.InfiniBand_NDR):
    return Fleet(node=node, nodes=nodes, fabric=fabric)


@pytest.mark.parametrize("operation", OPERATIONS[1:])
def test_a_bound_inside_a_node(operation):
    found = solve(operation, node=A100)
    assert found.number("time") == pytest.approx(7 / 8 * 1e9 / 300e9)
    assert found.number("bus_bandwidth") == pytest.approx(300e9)
    assert found.label == "bound"


def test_bounds_of_all_reduces_are_those_of_the_algorithms():
    assert solve(node=A100).number("bus_bandwidth") == pytest.approx(300e9)
    assert solve(node=A100).algorithm == "ring"
    added = solve(node=H100)
    assert (added.algorithm, added.number("algorithm_bandwidth")) == ("in-network", pytest.approx(450e9))
    assert solve(node=H100, algorithm="ring").number("bus_bandwidth") == pytest.approx(450e9)
    assert solve(node=A100, efficiency=0.5).number("time") == pytest.approx(2 * solve(node=A100).number("time"))


def test_an_exchange_over_nodes_keeps_what_belongs_to_the_node():
    fleet = pods(A100, 2, Systems.Fabrics.InfiniBand_HDR)
    assert solve("all-to-all", fleet=fleet).number("time") == pytest.approx(8 / 16 * 1e9 / 25e9, rel=1e-3)
    inside = solve("all-to-all", fleet=fleet, devices=8)
    assert inside.number("time") == solve("all-to-all", node=A100).number("time")


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("where", ["node", "two", "many", "slow"])
@pytest.mark.parametrize("size", ["8 byte", "1 MB", "10 GB"])
def test_constants_never_beat_the_bound(operation, where, size):
    place = {
        "node": {"node": H100},
        "two": {"fleet": pods(H100, 2)},
        "many": {"fleet": pods(A100, 64)},
        "slow": {"fleet": pods(Systems.Nodes.AWS_P4de, 4, Systems.Fabrics.EFA_V1)},
    }[where]
    real, ideal = solve(operation, size, **place, efficiency=CONSTANTS), solve(operation, size, **place)
    assert real.number("time") > ideal.number("time")
    assert real.label == "estimate"


def test_a_small_ring_costs_its_launch_and_hops():
    k = CONSTANTS.values
    ring = solve(size="1 byte", node=A100, efficiency=CONSTANTS)
    assert ring.number("time") == pytest.approx(k["launch"] + 14 * k["near_hop"], rel=1e-3)


def test_a_ring_across_nodes_by_hand():
    k = CONSTANTS.values
    fleet = pods(A100, 4, Systems.Fabrics.InfiniBand_HDR)
    found = solve(fleet=fleet, algorithm="ring", efficiency=CONSTANTS)
    start = k["launch"] + 62 * e.ring_across_latency(32, 4, k["near_hop"], k["far_hop"])
    streaming = e.ring_allreduce_time(1e9, 32, 8 * 25e9 * k["far_share"], 0.0)
    assert found.number("time") == pytest.approx((math.sqrt(start) + math.sqrt(streaming)) ** 2)


def test_rings_beat_trees_between_two_nodes_unless_the_fabric_tunes_them():
    size = "4 GB"
    assert solve(size=size, fleet=pods(A100, 2, Systems.Fabrics.InfiniBand_HDR), efficiency=CONSTANTS).algorithm == "ring"
    assert solve(size=size, fleet=pods(Systems.Nodes.AWS_P4de, 2, Systems.Fabrics.EFA_V1), efficiency=CONSTANTS).algorithm == "tree"


def test_amazons_hops_are_slow_and_say_where_that_is_from():
    size, node = "8 byte", Systems.Nodes.AWS_P4de
    slow = solve(size=size, fleet=pods(node, 8, Systems.Fabrics.EFA_V1), efficiency=CONSTANTS)
    quick = solve(size=size, fleet=pods(node, 8, Systems.Fabrics.InfiniBand_HDR), efficiency=CONSTANTS)
    assert slow.number("time") > 3 * quick.number("time")
    assert "constants.collectives.plain.plain_messages" in str(slow.why("time"))
    assert slow.elasticities("time")["constants.collectives.launch"] > 0


def test_calibration_stretches_the_time():
    twice = solve(node=A100, efficiency=CONSTANTS.scaled(2.0))
    assert twice.number("time") == pytest.approx(2 * solve(node=A100, efficiency=CONSTANTS).number("time"))
    assert twice.label == "calibrated"


def test_a_number_has_an_interval():
    found = solve(node=A100, efficiency=CONSTANTS)
    low, high = found.interval("time")
    assert low < found.time < high


def test_serving_without_constants_is_as_it_was():
    arguments = {"node": H100, "batch_size": 8, "input_len": 512, "output_len": 64, "tp_size": 8}
    found = ServingModel().solve(Models.Language.Llama3_70B, **{"efficiency": 1} | arguments)
    assert found.inputs.links is None


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"operation": "broadcast", "node": A100}, "operation='broadcast'"),
        ({"size": "0 byte", "node": A100}, "message_size=0"),
        ({"size": None, "node": A100}, "message_size=None"),
        ({"node": A100, "fleet": pods(A100, 2)}, "node= or fleet="),
        ({}, "node= or fleet="),
        ({"node": A100, "devices": 16}, "devices=16"),
        ({"node": A100, "devices": 1}, "devices=1"),
        ({"fleet": pods(A100, 4), "devices": 12}, "devices=12"),
        ({"node": A100, "algorithm": "star"}, "algorithm='star'"),
        ({"operation": "all-gather", "node": A100, "algorithm": "ring"}, "algorithm='ring'"),
        ({"node": A100, "efficiency": 2}, "efficiency"),
        ({"operation": "all-gather", "fleet": pods(Systems.Nodes.TPUv4_Host, 16, Systems.Fabrics.ICI_V4)}, "operation='all-gather'"),
        ({"node": A100.replace(accelerator=Hardware.Cloud.T4.replace(link=None, host_link=None))}, "link"),
    ],
)
def test_what_is_refused(arguments, told):
    with pytest.raises(MlsysimError, match=told.replace("(", r"\(")):
        solve(**{"operation": "all-reduce", **arguments})


def test_a_hop_is_never_quicker_than_the_fabric_states():
    slow = pods(A100, 8, Systems.Fabrics.InfiniBand_HDR.replace(latency="20 us"))
    found = solve(size="8 byte", fleet=slow, algorithm="ring", efficiency=CONSTANTS)
    assert found.number("time") > 16 * 20e-6
