"""
Over how many devices should the experts be spread?
===================================================

A model of many experts has far more weights than a token uses. Spread over devices, they fit; but tokens must then travel to
the experts that they choose, and back, in every layer.

:mls:entry:`Models.Language.Qwen3_30B_A3B` has :mls:fact:`Models.Language.Qwen3_30B_A3B.experts` experts a layer, of which a
token uses :mls:fact:`Models.Language.Qwen3_30B_A3B.experts_active`. It is trained on
:mls:entry:`Systems.Clusters.Research_256`, whose servers join :mls:fact:`Systems.Nodes.DGX_H100.accelerators` devices, and on
:mls:given:`8` racks of :mls:entry:`Systems.Nodes.GB200_NVL72`, which join :mls:fact:`Systems.Nodes.GB200_NVL72.accelerators`;
64 of each are taken, which the widest group fills. There are :mls:given:`4` sequences of :mls:given:`4096 tokens` for each
device. Nothing hides the traffic. :mls:solver:`DistributedModel` estimates the times; experts are taken to get equal work.
"""

import itertools

import matplotlib.pyplot as plt

from mlsysim import DistributedModel, Fleet, Models, Q, Systems, plot

# %%
# From experts that every device holds, to two of them on each device.
spread = [1, 2, 4, 8, 16, 32, 64]
servers = Systems.Clusters.Research_256
rack = Systems.Nodes.GB200_NVL72.replace(accelerators=64)
racks = Fleet(name="racks", node=rack, fabric=servers.fabric, nodes=8)


def solve(fleet, ep):
    """Solve a step whose experts are spread over so many devices."""
    job = {"batch_size": 4 * fleet.devices, "seq_len": 4096, "zero_stage": 1}
    return DistributedModel().solve(Models.Language.Qwen3_30B_A3B, fleet, ep_size=ep, **job)


in_servers = {ep: solve(servers, ep) for ep in spread}
in_racks = {ep: solve(racks, ep) for ep in spread}

# %%
# What a device of the servers holds.
plot.memory_breakdown({f"over {ep}": step for ep, step in in_servers.items()})
plt.show()

# %%
# What a step spends on the way to the experts and back.
traffic = {
    label: [steps[ep].ep_communication_time.to("s") for ep in spread[1:]]
    for label, steps in (("servers of 8", in_servers), ("racks of 64", in_racks))
}
plot.lines(
    spread[1:],
    traffic,
    xlabel="devices over which experts are spread",
    ylabel="traffic of a step",
    xscale="log",
    yscale="log",
)
plt.show()
near, far = in_servers[8], in_servers[16]
for ep, step in ((8, near), (16, far)):
    share = (step.ep_communication_time / step.compute_time).to("")
    print(
        f"over {ep:2}: {step.memory_footprint.to('GB'):.1f~P}, traffic takes {share:.1f~P} times the compute"
    )

# %%
# Claim
# -----
# Spread as far as a server reaches, the experts fit with room to spare, and the traffic takes a fifth of the time of the compute. A step
# further, the memory saved is small, but tokens leave over the network, and their traffic takes eight times as long: far
# more than the compute. In a rack that joins all of them by fast links there is no such step.
assert not in_servers[1].feasible and near.memory_footprint < Q("40 GB")
assert near.memory_footprint - far.memory_footprint < Q("8 GB")
assert 0.197 < near.ep_communication_time / near.compute_time < 0.216
assert 1.64 < far.ep_communication_time / far.compute_time < 1.81
assert 7.9 < far.ep_communication_time / near.ep_communication_time < 8.8
assert max(after / before for before, after in itertools.pairwise(traffic["racks of 64"][1:])) < 1.6
