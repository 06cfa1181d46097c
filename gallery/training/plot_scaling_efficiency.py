"""
From a hundred to 16,384 devices: where does efficiency go?
===========================================================

A cluster that is a hundred times larger should train a hundred times faster. It does not when the batch of an optimizer step
stays the same, since then each device has less to do between two waits.

:mls:entry:`Models.Language.Llama3_70B` is trained on servers and network of :mls:entry:`Systems.Clusters.Llama3_405B`
(:mls:fact:`Systems.Clusters.Llama3_405B.accelerators` devices in all), in groups of :mls:given:`8` devices and :mls:given:`4`
stages, the rest replicas, on sequences of :mls:given:`8192 tokens`. The batch is :mls:given:`2048 sequences`, or grows with the
cluster. :mls:solver:`DistributedModel` estimates the share of the peak that is reached (:mls:result:`DistributedModel.mfu`),
and :mls:solver:`ReliabilityModel` the share of the time that failures leave (:mls:result:`ReliabilityModel.goodput`), with
:mls:given:`1 minute` for a checkpoint and :mls:given:`10 minutes` for a restart.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import DistributedModel, Fleet, Models, Q, ReliabilityModel, Systems, plot

# %%
# The same servers, from few to all of them. A larger cluster with the same batch has fewer microbatches for each replica.
whole = Systems.Clusters.Llama3_405B
fleets = [Fleet(node=whole.node, fabric=whole.fabric, nodes=2**n) for n in range(4, 12)]
devices = np.array([fleet.devices for fleet in fleets])


def train(fleet, batch, **schedule):
    return DistributedModel().solve(
        Models.Language.Llama3_70B,
        fleet,
        batch_size=batch,
        seq_len=8192,
        tp_size=8,
        pp_size=4,
        zero_stage=1,
        attention="flash",
        sequence_parallel=True,
        **schedule,
    )


grows = [train(fleet, 16 * fleet.devices) for fleet in fleets]
fixed = [train(fleet, 2048) for fleet in fleets]
chunks = [train(fleet, 2048, virtual_stages=5) for fleet in fleets]
goodput = [
    ReliabilityModel()
    .solve(fleet, job_duration="30 day", checkpoint_time="1 min", recovery_time="10 min")
    .goodput
    for fleet in fleets
]

# %%
mfu = {
    "batch grows too": Q([step.mfu.magnitude for step in grows], "percent") * 100,
    "batch fixed, 5 chunks a stage": Q([step.mfu.magnitude for step in chunks], "percent") * 100,
    "batch fixed": Q([step.mfu.magnitude for step in fixed], "percent") * 100,
    "and failures": Q([(s.mfu * g).magnitude for s, g in zip(fixed, goodput, strict=True)], "percent")
    * 100,
}
ax = plot.lines(devices, mfu, xlabel="devices", ylabel="share of the peak", xscale="log")
plt.show()

# %%
# What a step on few devices and one on all of them spend.
for at in (0, -1):
    step = fixed[at]
    waits = step.exposed_communication_time / step.step_time
    print(
        f"{devices[at]:6} devices: MFU {step.mfu.magnitude:.1%}, bubble {step.bubble_fraction.magnitude:.1%},"
        f" communication {waits.to('').magnitude:.1%} of the step, goodput {goodput[at].magnitude:.1%}"
    )

# %%
# Claim
# -----
# If the batch grows with the cluster, almost nothing is lost. If it stays, the last devices are worth little: the share of the
# peak falls by nearly half, almost all of it to the pipeline's bubble, since each replica is left with as many microbatches as
# stages. A better schedule wins more than half of that back. Communication takes no larger share than before. Failures, which a
# large cluster sees many times a day, take a seventh of what is left.
first, last = fixed[0], fixed[-1]
assert grows[-1].mfu > 0.97 * grows[0].mfu
assert 0.5 < last.mfu / first.mfu < 0.6
busy = (1 - last.bubble_fraction) / (1 - first.bubble_fraction)
assert 0.9 < (last.mfu / first.mfu) / busy < 1
assert chunks[-1].mfu - last.mfu > 0.55 * (first.mfu - last.mfu)
shares = [(s.exposed_communication_time / s.step_time).to("").magnitude for s in (first, last)]
assert 0.15 < shares[1] < shares[0] < 0.3
assert goodput[0].magnitude > 0.98 and 0.12 < 1 - goodput[-1].magnitude < 0.17
