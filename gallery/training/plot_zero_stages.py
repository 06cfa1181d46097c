"""
What does each stage of ZeRO save, and what does it cost?
=========================================================

Replicas that train on different data all hold the same weights, gradients and optimizer state. ZeRO divides these between them:
stage 1 the optimizer's state, stage 2 the gradients too, stage 3 the weights as well, which must then be gathered before they
are used.

The model is :mls:entry:`Models.Language.Llama3_8B` on :mls:entry:`Systems.Clusters.Research_256`, by data parallelism alone: one
sequence of :mls:given:`4096 tokens` on each of :mls:fact:`Systems.Clusters.Research_256.accelerators` devices, with
:mls:fact:`Hardware.Cloud.H100.memory.capacity` each, so that a step is a single microbatch; with more of them, stages 2 and 3
would scatter the gradients after each. Attention is fused. :mls:solver:`DistributedModel` says what a device holds
(:mls:result:`DistributedModel.memory_footprint`) and how long the replicas communicate
(:mls:result:`DistributedModel.dp_communication_time`). The times are estimates.
"""

import matplotlib.pyplot as plt

from mlsysim import DistributedModel, Fleet, Models, Systems, plot

# %%
# Every stage, on the cluster as it is.
cluster = Systems.Clusters.Research_256


def solve(stage, fleet=cluster):
    """Return a step with one sequence on each device."""
    return DistributedModel().solve(
        Models.Language.Llama3_8B, fleet, batch_size=fleet.devices, seq_len=4096, zero_stage=stage
    )


stages = {stage: solve(stage) for stage in range(4)}
for stage, step in stages.items():
    print(f"stage {stage}: {step.memory_footprint.to('GB'):.1f~P} on a device; {step.reason or 'fits'}")

# %%
plot.memory_breakdown({"no ZeRO" if s == 0 else f"stage {s}": step for s, step in stages.items()})
plt.show()

# %%
# The price of stage 3 is traffic: weights are gathered in the forward pass and again in the backward pass. On the cluster's
# network that hides behind compute. On a slower one (:mls:entry:`Systems.Fabrics.Ethernet_25G`) it does not.
slow = Fleet(name="slow", node=cluster.node, fabric=Systems.Fabrics.Ethernet_25G, nodes=cluster.nodes)
steps = {}
for network, fleet in (("InfiniBand", cluster), ("Ethernet", slow)):
    for stage in (1, 2, 3):
        steps[f"{network}, stage {stage}"] = step = solve(stage, fleet)
        traffic = step.dp_communication_time.to("ms")
        print(
            f"{network:10} stage {stage}: {traffic:.0f~P} of traffic in a step of {step.step_time.to('ms'):.0f~P}"
        )
plot.step_timeline(steps)
plt.show()

# %%
# Claim
# -----
# Stage 1 saves most: without it the model does not fit, with it there is room to spare. Stages 1 and 2 cost nothing. Stage 3
# leaves little but activations, and carries half as much traffic again. On a fast network that is hidden; on a slow one it is a
# third more time for the step. With several microbatches a step stage 3 costs more, as it gathers for each of them; stage 2 then
# costs traffic too, which is not counted, where gradients are reduced after each.
capacity = cluster.node.accelerator.memory.capacity.to("B").magnitude
held = {stage: step.number("memory_footprint") for stage, step in stages.items()}
assert not stages[0].feasible and stages[1].feasible
saved = [held[stage] - held[stage + 1] for stage in range(3)]
assert saved[0] > 2.5 * (saved[1] + saved[2]) and held[1] < 0.65 * capacity
assert stages[3].memory_activations > 0.9 * stages[3].memory_footprint
traffic = [stages[stage].number("dp_communication_time") for stage in (1, 2, 3)]
assert traffic[0] == traffic[1] and abs(traffic[2] / traffic[0] - 1.5) < 1e-6
assert all(stages[stage].number("exposed_communication_time") == 0 for stage in (1, 2, 3))
slower = steps["Ethernet, stage 3"].number("step_time") / steps["Ethernet, stage 2"].number("step_time")
assert 1.3 < slower < 1.45
long = DistributedModel().solve(
    Models.Language.Llama3_8B, cluster, batch_size=2048, seq_len=4096, zero_stage=3
)
assert long.number("dp_communication_time") > 5 * traffic[2]
