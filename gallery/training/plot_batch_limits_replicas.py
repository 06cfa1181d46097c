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
import numpy as np

from mlsysim import DistributedModel, Fleet, Models, Q, Systems, plot

# %%
# Two batches, two kinds of replica, and clusters from two servers up to one sequence for each replica.
whole = Systems.Clusters.Llama3_405B
nodes = 2 ** np.arange(1, 12)


def train(batch, count, tp):
    fleet = Fleet(node=whole.node, fabric=whole.fabric, nodes=int(count))
    return DistributedModel().solve(
        Models.Language.Llama3_8B,
        fleet,
        batch_size=batch,
        seq_len=4096,
        tp_size=tp,
        zero_stage=1,
        attention="flash",
        sequence_parallel=tp > 1,
    )


steps = {
    (batch, tp): [train(batch, n, tp) if n * 8 <= batch * tp else None for n in nodes]
    for batch in (256, 2048)
    for tp in (1, 8)
}

# %%
# The time of a step, which more devices make shorter, until each replica has a single sequence.
devices = nodes * 8
curves = {
    f"batch {batch}, replicas of {tp}": Q([s.number("step_time") if s else np.nan for s in found], "s")
    for (batch, tp), found in steps.items()
}
ax = plot.lines(
    devices, curves, xlabel="devices", ylabel="time of an optimizer step", xscale="log", yscale="log"
)
ax.set_ylim(0.05, 200)
plt.show()

# %%
# The last point of each curve: the most devices that the batch can use.
last = {at: [s for s in found if s][-1] for at, found in steps.items()}
for (batch, tp), step in last.items():
    print(
        f"batch {batch:4}, replicas of {tp}: {int(step.dp_size.magnitude) * tp:5} devices at most,"
        f" {step.step_time.to('ms'):.0f~P} a step, MFU {step.mfu.magnitude:.0%}"
    )

# %%
# Claim
# -----
# Up to one sequence for each device, twice the devices take nearly half the time, since the reduction of gradients hides behind
# the backward pass. There it ends: whatever the batch, the shortest step is that of one sequence. Groups that share a sequence
# go on, but make a step only about twice as short with eight times the devices; and where plain replicas would do, they are the
# slower choice.
alone = [s.number("step_time") for s in steps[2048, 1] if s]
assert all(1.9 < before / after < 2.01 for before, after in itertools.pairwise(alone))
assert abs(last[256, 1].number("step_time") / last[2048, 1].number("step_time") - 1) < 0.01
gain = {
    batch: last[batch, 1].number("step_time") / last[batch, 8].number("step_time") for batch in (256, 2048)
}
assert all(1.9 < shorter < 2.6 for shorter in gain.values())
both = [(a, b) for a, b in zip(steps[2048, 1], steps[2048, 8], strict=True) if a and b]
assert all(shared.step_time > 1.15 * plain.step_time for plain, shared in both)
