"""Systems: fleets add up, and a place is found where one is stated."""

import pytest

from mlsysim import DistributedModel, Fleet, Infrastructure, InputError, MissingFactError, Models, Systems

NODE = Systems.Nodes.DGX_H100


def test_devices_are_nodes_times_accelerators():
    assert Fleet(node=NODE, nodes=3).devices == 24


def test_a_count_that_does_not_add_up_is_refused():
    assert Fleet(node=NODE, nodes=3, accelerators=24).devices == 24
    with pytest.raises(InputError, match="24"):
        Fleet(node=NODE, nodes=3, accelerators=25)
    with pytest.raises(InputError):
        Systems.Clusters.Research_256.replace(nodes=31)


@pytest.mark.parametrize("nodes", [0, -1, 1.5, "many", None, True, "3 GB"])
def test_nodes_are_counted(nodes):
    with pytest.raises(InputError, match="nodes"):
        Fleet(node=NODE, nodes=nodes)


def test_two_grids_are_refused():
    poland = Infrastructure.Datacenters.Microsoft_Poland_2025
    with pytest.raises(InputError, match="give one of the two"):
        Fleet(node=Systems.Nodes.DGX_H100, nodes=1, datacenter=poland, grid=Infrastructure.Grids.Quebec)
    assert Fleet(node=Systems.Nodes.DGX_H100, nodes=1, datacenter=poland).place == Infrastructure.Grids.Poland


def test_many_nodes_need_a_fabric_when_they_talk():
    fleet = Fleet(node=NODE, nodes=2)
    with pytest.raises(MissingFactError, match="fabric"):
        DistributedModel().solve(Models.Language.Llama3_8B, fleet, batch_size=16, seq_len=1024, zero_stage=1)


def test_oversubscription_slows_what_crosses_nodes():
    fleet = Fleet(node=NODE, nodes=2, fabric=Systems.Fabrics.InfiniBand_NDR)
    step = {"model": Models.Language.Llama3_8B, "batch_size": 16, "seq_len": 1024, "zero_stage": 1}
    plain = DistributedModel().solve(fleet=fleet, **step)
    thin = DistributedModel().solve(fleet=fleet.replace(oversubscription=7), **step)
    assert thin.number("dp_communication_time") > plain.number("dp_communication_time")
    with pytest.raises(InputError, match="oversubscription"):
        fleet.replace(oversubscription=0.5)
