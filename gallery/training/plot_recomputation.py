"""
Store activations, or compute them again?
=========================================

The backward pass needs the activations of the forward pass. They can be stored, which fills memory, or computed again, which takes
time. In between: only those of attention, whose scores grow with the square of the sequence, are computed again; or those of every
other layer. A fused attention kernel never stores the scores at all.

The model is :mls:entry:`Models.Language.Llama2_7B` on :mls:entry:`Systems.Clusters.Research_256`, in replicas of one device,
each with two microbatches of one sequence of :mls:given:`2048 tokens`; the optimizer's state is sharded.
:mls:solver:`DistributedModel` says what a device holds (:mls:result:`DistributedModel.memory_activations`) and estimates the
time. Activations are counted for the classic layer (:mls:eq:`activation_bytes`).
"""

import matplotlib.pyplot as plt

from mlsysim import DistributedModel, Models, Systems, plot

# %%
# Six ways, from storing all to storing only what enters each layer.
ways = {
    "store all": {"attention": "standard"},
    "every other layer again": {"attention": "standard", "recompute": "alternate"},
    "scores again": {"attention": "standard", "recompute": "selective"},
    "fused attention": {},
    "all layers again": {"attention": "standard", "recompute": "full"},
    "all again, fused": {"recompute": "full"},
}
steps = {
    name: DistributedModel().solve(
        Models.Language.Llama2_7B,
        Systems.Clusters.Research_256,
        batch_size=512,
        seq_len=2048,
        zero_stage=1,
        **way,
    )
    for name, way in ways.items()
}
plot.memory_breakdown(steps)
plt.show()

# %%
# And what each takes in time, of which recomputation is a part.
plot.step_timeline(steps)
plt.show()
for name, step in steps.items():
    print(
        f"{name:24} activations {step.memory_activations.to('GB'):5.1f~P}, step {step.step_time.to('ms'):.0f~P}"
    )

# %%
# Claim
# -----
# Most of what is stored are attention scores: 80 of the 114 bytes for each token, layer and unit of width. Computing only
# those again frees seven tenths of the memory of activations for one or two percent of time; a fused kernel frees as much
# and takes a quarter off the step besides. Computing all again leaves two bytes, and costs a third more time.
stored = {name: step.memory_activations.to("GB").magnitude for name, step in steps.items()}
time = {name: step.number("step_time") for name, step in steps.items()}
model, tokens = Models.Language.Llama2_7B, 2048
byte = tokens * model.layers * model.hidden / 1e9
assert abs(stored["store all"] / byte - (34 + 5 * model.heads * tokens / model.hidden)) < 1e-6
assert abs(stored["scores again"] / byte - 34) < 1e-6 and abs(stored["all layers again"] / byte - 2) < 1e-6
assert 1.01 < time["scores again"] / time["store all"] < 1.02
assert (
    stored["fused attention"] == stored["scores again"]
    and 0.71 < time["fused attention"] / time["store all"] < 0.76
)
for again, kept in (("all layers again", "store all"), ("all again, fused", "fused attention")):
    assert 1.29 < time[again] / time[kept] < 1.365
