"""
How is a pipeline's bubble made smaller?
========================================

A pipeline's last stage waits until the first microbatch reaches it, and its first stage waits at the end. This idle time, the
bubble, is spread over the microbatches of a step. More of them help, and so do better schedules: stages that hold several
chunks of layers and take turns with them, or backward passes cut into two halves, one of which fills the gaps.

:mls:entry:`Models.Language.Llama3_70B` is trained on :mls:entry:`Systems.Clusters.Research_256` in groups of :mls:given:`4`
devices and :mls:given:`8` stages, which leaves as many replicas, on sequences of :mls:given:`4096 tokens`.
:mls:solver:`DistributedModel` gives the share of time that stages are idle (:mls:result:`DistributedModel.bubble_fraction`),
and what each schedule holds in memory. Stages are taken to be equally fast, and forward pass and both halves of the backward
pass equally long.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import DistributedModel, Models, Systems, plot

# %%
# Microbatches of one sequence: the global batch is so many times the number of replicas. One sweep for each schedule.
tp, pp = 4, 8
cluster = Systems.Clusters.Research_256
replicas = cluster.devices // (tp * pp)
microbatches = np.arange(16, 65, pp)
unbroken = "cut, twice the memory"
schedules = {
    "1F1B": {"schedule": "1f1b"},
    "2 chunks": {"schedule": "interleaved", "virtual_stages": 2},
    "5 chunks": {"schedule": "interleaved", "virtual_stages": 5},
    "backward cut": {"schedule": "zero-bubble"},
    unbroken: {"schedule": "zero-bubble-2p"},
}
steps = {
    name: DistributedModel().solve(
        Models.Language.Llama3_70B,
        cluster,
        batch_size=microbatches * replicas,
        seq_len=4096,
        tp_size=tp,
        pp_size=pp,
        zero_stage=1,
        attention="flash",
        sequence_parallel=True,
        **schedule,
    )
    for name, schedule in schedules.items()
}

# %%
# The last of them has no bubble, and so no curve.
plot.lines(
    microbatches,
    {name: step.bubble_fraction.to("percent") for name, step in steps.items() if name != unbroken},
    xlabel="microbatches of a step in each replica",
    ylabel="share of time that a stage is idle",
)
plt.show()

# %%
# What the schedules cost: activations of more microbatches are held at once, and chunks send more messages between stages.
held = {name: np.max(step.memory_activations.to("GB").magnitude) for name, step in steps.items()}
for name, step in steps.items():
    print(
        f"{name:22} idle {step.bubble_fraction[0].to('percent'):5.1f~P} with {microbatches[0]} microbatches;"
        f" activations {held[name]:.1f} GB,"
        f" messages between stages {step.pp_communication_time[0].to('ms'):.0f~P}"
    )

# %%
# Claim
# -----
# With twice as many microbatches as stages, the plain schedule is idle for nearly a third of the time; eight times as many as
# stages make it a tenth. Chunks divide the bubble by their number, for more messages and somewhat more memory. A backward pass
# cut in two leaves a third of the bubble in the memory of the plain schedule, and none at all in nearly twice that memory.
bubble = {name: step.bubble_fraction.magnitude for name, step in steps.items()}
ratio = {name: share / (1 - share) for name, share in bubble.items()}
sent = {name: step.pp_communication_time[0].to("s").magnitude for name, step in steps.items()}
assert 0.28 < bubble["1F1B"][0] < 0.35 and 0.09 < bubble["1F1B"][-1] < 0.11
assert np.allclose(ratio["1F1B"], (pp - 1) / microbatches)
assert np.allclose(ratio["5 chunks"], ratio["1F1B"] / 5) and np.allclose(
    ratio["2 chunks"], ratio["1F1B"] / 2
)
assert (
    held["1F1B"] < held["5 chunks"] < 1.2 * held["1F1B"] and abs(sent["5 chunks"] / sent["1F1B"] - 5) < 1e-6
)
assert np.allclose(ratio["backward cut"], ratio["1F1B"] / 3) and held["backward cut"] == held["1F1B"]
assert not bubble[unbroken].any()
assert 1.8 < held[unbroken] / held["1F1B"] < 2
