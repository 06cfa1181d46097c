"""
Over how many devices should the experts be spread?
===================================================

A model of many experts has far more weights than a token uses. Spread over devices, they fit; but tokens must then travel to
the experts that they choose, and back, in every layer.

:mls:entry:`Models.Language.Qwen3_30B_A3B` has :mls:fact:`Models.Language.Qwen3_30B_A3B.experts` experts a layer, of which a
token uses :mls:fact:`Models.Language.Qwen3_30B_A3B.experts_active`. It is trained on
:mls:entry:`Systems.Clusters.Research_256`, whose servers join :mls:fact:`Systems.Nodes.DGX_H100.accelerators` devices, and on
:mls:given:`8` racks of :mls:entry:`Systems.Nodes.GB200_NVL72`, which join :mls:fact:`Systems.Nodes.GB200_NVL72.accelerators`,
with :mls:given:`4` sequences of :mls:given:`4096 tokens` for each device. Nothing hides the traffic.
:mls:solver:`DistributedModel` estimates the times; experts are taken to get equal work.
"""

import itertools

import matplotlib.pyplot as plt

from mlsysim import DistributedModel, Fleet, Models, Q, Systems, plot

# %%
# From experts that every device holds, to two of them on each device.
spread = [1, 2, 4, 8, 16, 32, 64]
servers = Systems.Clusters.Research_256
racks = Fleet(name="racks", node=Systems.Nodes.GB200_NVL72, fabric=servers.fabric, nodes=8)


def solve(fleet, ep, **overlap):
    return DistributedModel().solve(
        Models.Language.Qwen3_30B_A3B,
        fleet,
        batch_size=4 * fleet.devices,
        seq_len=4096,
        ep_size=ep,
        zero_stage=1,
        attention="flash",
        **overlap,
    )


steps = {fleet.name: [solve(fleet, ep) for ep in spread] for fleet in (servers, racks)}

# %%
# What a device of the servers holds.
plot.memory_breakdown({f"over {ep}": step for ep, step in zip(spread, steps[servers.name], strict=True)})
plt.show()

# %%
# What a step spends on the way to the experts and back.
times = {
    label: Q(
        [step.number("ep_communication_time") if step.feasible else float("nan") for step in found], "s"
    )
    for label, found in zip(("servers of 8", "racks of 72"), steps.values(), strict=True)
}
ax = plot.lines(
    spread[1:],
    {label: time[1:] for label, time in times.items()},
    xlabel="devices over which experts are spread",
    ylabel="traffic of a step",
    xscale="log",
    yscale="log",
)
plt.show()

# %%
# Claim
# -----
# Spread as far as a server reaches, the experts fit with room to spare, and the traffic stays a fraction of the compute. A step
# further, the memory saved is small, but tokens leave over the network, and their traffic takes several times as long: more
# than the compute. In a rack that joins all of them by fast links there is no such step.
near, far = (steps[servers.name][spread.index(ep)] for ep in (8, 16))
assert not steps[servers.name][0].feasible and near.memory_footprint < Q("40 GB")
assert near.memory_footprint - far.memory_footprint < Q("8 GB")
assert near.ep_communication_time < 0.25 * near.compute_time
assert (
    far.ep_communication_time > 1.5 * far.compute_time
    and far.ep_communication_time > 7 * near.ep_communication_time
)
rack = times["racks of 72"].magnitude
assert max(after / before for before, after in itertools.pairwise(rack[1:])) < 1.6
