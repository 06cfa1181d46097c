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

from mlsysim import DistributedModel, Fleet, Models, ReliabilityModel, Systems, plot

# %%
# The same servers, from few to all of them. A larger cluster with the same batch has fewer microbatches for each replica.
whole = Systems.Clusters.Llama3_405B
fleets = [Fleet(node=whole.node, fabric=whole.fabric, nodes=2**n) for n in range(4, 12)]
layout = {"tp_size": 8, "pp_size": 4, "zero_stage": 1, "sequence_parallel": True}


def train(fleet, batch, chunks=1):
    """Solve a step of a fleet whose stages hold so many chunks of layers."""
    job = {"batch_size": batch, "seq_len": 8192, "virtual_stages": chunks, **layout}
    return DistributedModel().solve(Models.Language.Llama3_70B, fleet, **job)


grows = [train(fleet, 16 * fleet.devices) for fleet in fleets]
fixed = [train(fleet, 2048) for fleet in fleets]
chunks = [train(fleet, 2048, chunks=5) for fleet in fleets]
failing = {"job_duration": "30 day", "checkpoint_time": "1 min", "recovery_time": "10 min"}
goodput = [ReliabilityModel().solve(fleet, **failing).goodput for fleet in fleets]

# %%
mfu = {
    "batch grows too": [step.mfu.to("percent") for step in grows],
    "batch fixed, 5 chunks a stage": [step.mfu.to("percent") for step in chunks],
    "batch fixed": [step.mfu.to("percent") for step in fixed],
    "and failures": [(s.mfu * left).to("percent") for s, left in zip(fixed, goodput, strict=True)],
}
devices = [fleet.devices for fleet in fleets]
plot.lines(devices, mfu, xlabel="devices", ylabel="share of the peak", xscale="log")
plt.show()

# %%
# What a step on few devices and one on all of them spend.
waits = [(step.exposed_communication_time / step.step_time).to("") for step in fixed]
for i in (0, -1):
    print(
        f"{devices[i]:6} devices: MFU {fixed[i].mfu:.1%~P}, bubble {fixed[i].bubble_fraction:.1%~P},"
        f" communication {waits[i]:.1%~P} of the step, goodput {goodput[i]:.1%~P}"
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
assert 0.53 < last.mfu / first.mfu < 0.575
busy = (1 - last.bubble_fraction) / (1 - first.bubble_fraction)
assert 0.9 < (last.mfu / first.mfu) / busy < 1
assert chunks[-1].mfu - last.mfu > 0.55 * (first.mfu - last.mfu)
assert 0.178 < waits[-1] < 0.193 and 0.255 < waits[0] < 0.277
assert goodput[0] > 0.98 and 0.14 < 1 - goodput[-1] < 0.155
