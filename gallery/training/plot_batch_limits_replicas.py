"""
How does the batch limit data parallelism?
==========================================

Data parallelism divides a batch among replicas: each needs at least one sequence. The batch itself cannot grow at will, since
beyond some size more sequences in an optimizer step teach no more. So for a given batch there is a largest number of devices;
to use more, several must share a sequence.

The model is :mls:entry:`Models.Language.Llama3_8B`, on the servers and network of :mls:entry:`Systems.Clusters.Llama3_405B`,
with sequences of :mls:given:`4096 tokens` and the optimizer's state sharded. Replicas are one device, or groups of
:mls:given:`8` that split every layer (:mls:solver:`DistributedModel`, estimates). Larger clusters have more servers of the same
kind.
"""

import itertools

import matplotlib.pyplot as plt

from mlsysim import DistributedModel, Fleet, Models, Systems, plot

# %%
# Two batches, two kinds of replica, and clusters from two servers up to one sequence for each replica.
whole = Systems.Clusters.Llama3_405B
fleets = {16 * 2**n: Fleet(node=whole.node, fabric=whole.fabric, nodes=2 * 2**n) for n in range(11)}
job = {"seq_len": 4096, "zero_stage": 1}
steps = {}
for batch, tp in ((256, 1), (256, 8), (2048, 1), (2048, 8)):
    layout = {"batch_size": batch, "tp_size": tp, "sequence_parallel": tp > 1, **job}
    steps[f"batch {batch}, replicas of {tp}"] = {
        devices: DistributedModel().solve(Models.Language.Llama3_8B, fleet, **layout)
        for devices, fleet in fleets.items()
        if devices <= batch * tp
    }

# %%
# The time of a step, which more devices make shorter, until each replica has a single sequence.
times = {name: {n: step.step_time.to("s") for n, step in found.items()} for name, found in steps.items()}
ax = plot.lines(
    list(fleets),
    {name: [found.get(n) for n in fleets] for name, found in times.items()},
    xlabel="devices",
    ylabel="time of an optimizer step",
    xscale="log",
    yscale="log",
)
ax.set_ylim(0.05, 200)
plt.show()

# %%
# The last point of each curve: the most devices that the batch can use.
for name, found in steps.items():
    most, step = max(found.items())
    print(
        f"{name:25} {most:5} devices at most, {step.step_time.to('ms'):.0f~P} a step, MFU {step.mfu:.0%~P}"
    )

# %%
# Claim
# -----
# Up to one sequence for each device, twice the devices take nearly half the time, since the reduction of gradients hides behind
# the backward pass. There it ends: whatever the batch, the shortest step is that of one sequence. Groups that share a sequence
# go on, but make a step only about twice as short with eight times the devices; and where plain replicas would do, they are the
# slower choice.
small, small_shared, large, large_shared = (list(found.values()) for found in times.values())
assert all(1.9 < before / after < 2.01 for before, after in itertools.pairwise(large))
assert abs(small[-1] / large[-1] - 1) < 0.01
assert 1.9 < small[-1] / small_shared[-1] < 2.6 and 1.9 < large[-1] / large_shared[-1] < 2.6
assert all(shared > 1.15 * plain for plain, shared in zip(large, large_shared, strict=False))
