"""
How is a pipeline's bubble made smaller?
========================================

A pipeline gives some layers of a model to each group of devices, a stage. The sequences of a step pass through it in parts, the
microbatches. The last stage waits for the first microbatch, and the first stage waits at the end. This idle time, the bubble,
is spread over the microbatches of a step. More of them help, and so do better schedules: stages that hold several chunks of
layers and take turns with them, or backward passes cut into two halves, one of which fills the gaps.

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
# Microbatches of one sequence: the batch of a step is so many times the number of replicas. 1F1B, one forward and one backward
# in turn, is the plain schedule. One sweep for each schedule, of which the last has no bubble, and so no curve.
tp, stages = 4, 8
cluster = Systems.Clusters.Research_256
replicas = cluster.devices // (tp * stages)
microbatches = np.arange(16, 65, stages)
schedules = {
    "1F1B": {"schedule": "1f1b"},
    "2 chunks": {"schedule": "interleaved", "virtual_stages": 2},
    "5 chunks": {"schedule": "interleaved", "virtual_stages": 5},
    "backward cut": {"schedule": "zero-bubble"},
    "cut, twice the memory": {"schedule": "zero-bubble-2p"},
}
job = {"batch_size": microbatches * replicas, "seq_len": 4096, "tp_size": tp, "pp_size": stages}
more = {"zero_stage": 1, "sequence_parallel": True}
steps = {
    name: DistributedModel().solve(Models.Language.Llama3_70B, cluster, **job, **more, **schedule)
    for name, schedule in schedules.items()
}
bubble = {name: step.bubble_fraction.to("percent") for name, step in steps.items()}
plot.lines(
    microbatches,
    {name: idle for name, idle in bubble.items() if idle[0] > 0},
    xlabel="microbatches of a step in each replica",
    ylabel="share of time that a stage is idle",
)
plt.show()

# %%
# What the schedules cost: activations of more microbatches are held at once, and chunks send more messages between stages.
held = {name: np.max(step.memory_activations.to("GB")) for name, step in steps.items()}
sent = {name: step.pp_communication_time[0].to("ms") for name, step in steps.items()}
for name, idle in bubble.items():
    print(
        f"{name:22} idle {idle[0]:5.1f~P} with {microbatches[0]} microbatches;"
        f" activations {held[name]:.1f~P}, messages between stages {sent[name]:.0f~P}"
    )

# %%
# Claim
# -----
# With twice as many microbatches as stages, the plain schedule is idle for nearly a third of the time; eight times as many as
# stages make it a tenth. Chunks divide the idle time by their number, for more messages and somewhat more memory; its share in
# the picture falls by less, as the whole step gets shorter too. A backward pass cut in two leaves a third of the idle time in the
# memory of the plain schedule, and none at all in nearly twice that memory.
plain, two, five, cut, none = (
    idle.to("").magnitude / (1 - idle.to("").magnitude) for idle in bubble.values()
)
assert np.allclose(plain, (stages - 1) / microbatches)
assert np.allclose([two, five, cut, none], [plain / 2, plain / 5, plain / 3, 0 * plain])
assert 28 < bubble["1F1B"][0].magnitude < 33 and 9 < bubble["1F1B"][-1].magnitude < 11
assert held["1F1B"] < held["5 chunks"] < 1.2 * held["1F1B"] and np.isclose(
    sent["5 chunks"] / sent["1F1B"], 5
)
assert held["backward cut"] == held["1F1B"]
assert 1.8 < held["cut, twice the memory"] / held["1F1B"] < 2
