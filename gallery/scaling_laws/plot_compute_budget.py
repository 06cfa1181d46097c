"""
A month on a cluster: how large a model, on how much text?
==========================================================

With the time of a cluster given, a larger model sees less text. Too small and too large are both bad: in between lies the model
with the lowest loss, that is, the one that guesses the next token best.

The cluster is :mls:entry:`Systems.Clusters.Research_256`, of :mls:fact:`Systems.Clusters.Research_256.accelerators` devices.
What it computes in a day follows from a step of :mls:entry:`Models.Language.Llama3_70B` that :mls:solver:`DistributedModel`
estimates, in replicas of :mls:given:`16` devices, with a batch of :mls:given:`1024 sequences` of :mls:given:`4096 tokens`
(:mls:result:`DistributedModel.mfu`); smaller models are taken to reach the same. The loss is that of
:mls:eq:`chinchilla_loss`, for text that is seen once. The rule of equal proportions (:mls:eq:`optimal_parameters`,
:mls:eq:`optimal_tokens`) was found by another method in the same study: model and text grow by the same factor. The two
disagree, and a later refit found other constants for the loss: read the curves for how flat the valley is, not for where its
bottom lies. The cluster never stops here.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import DistributedModel, Models, Q, Systems, plot
from mlsysim.equations.scaling import chinchilla_loss, optimal_parameters, optimal_tokens, training_compute

# %%
# Operations that go into the model in a week, a month and a quarter.
cluster = Systems.Clusters.Research_256
layout = {"tp_size": 4, "pp_size": 4, "zero_stage": 1, "sequence_parallel": True}
step = DistributedModel().solve(
    Models.Language.Llama3_70B, cluster, batch_size=1024, seq_len=4096, **layout
)
rate = step.mfu * cluster.node.accelerator.compute.peak.fp16 * cluster.devices
lengths = {"a week": Q("7 day"), "a month": Q("30 day"), "a quarter": Q("91 day")}
budgets = {name: (rate * length).to("flop").magnitude for name, length in lengths.items()}

# %%
# For each budget, every size of model has its number of tokens, and so its loss. The points are the rule's, with billions (B) of
# parameters and trillions (T) of tokens.
sizes = np.geomspace(2e9, 4e11, 400)


def loss(size, budget):
    """Return the loss of a model that is trained on as much text as a budget allows."""
    return chinchilla_loss(size, budget / training_compute(size, 1.0))


curves = {name: Q(loss(sizes, budget), "") for name, budget in budgets.items()}
lowest = {name: sizes[curve.magnitude.argmin()] for name, curve in curves.items()}
marks = {}
for name, budget in budgets.items():
    size, text = optimal_parameters(budget), optimal_tokens(budget)
    marks[f"rule: {size / 1e9:.0f}B, {text / 1e12:.1f}T"] = size / 1e9, loss(size, budget)
    print(
        f"{name:9}: {budget:.1e} FLOP; the rule says {size / 1e9:.0f}B parameters and {text / 1e12:.2f}T tokens,"
        f" the loss is lowest at {lowest[name] / 1e9:.0f}B"
    )

# %%
ax = plot.lines(sizes / 1e9, curves, xlabel="parameters (billions)", ylabel="loss", xscale="log")
ax.set_ylim(1.88, 2.2)
plot.mark(marks, ax)
plt.show()

# %%
# Claim
# -----
# A month gives a model of 47 billion parameters, and twenty times as many tokens, nearly a trillion. Four times the compute is
# spent on twice the parameters and twice the tokens. The valley is flat: rule and lowest point differ twofold in size, but
# hardly in loss, and so do half and twice the size of the rule. Far off, too large is worse than too small: ten times the size
# throws away more than a month gains on a week, a tenth of it less than half of that.
week, month = budgets["a week"], budgets["a month"]
size, text = optimal_parameters(month), optimal_tokens(month)
assert 4.55e10 < size < 4.92e10 and 0.91e12 < text < 0.985e12 and np.isclose(text, 20 * size)
assert np.allclose([optimal_parameters(4 * month) / size, optimal_tokens(4 * month) / text], 2)
lost = {of: loss(of * size, month) - loss(size, month) for of in (0.1, 0.5, 2, 10)}
assert 1.7 < size / lowest["a month"] < 2.3 and loss(size, month) - loss(lowest["a month"], month) < 0.01
assert max(lost[0.5], lost[2]) < 0.02
gained = loss(optimal_parameters(week), week) - loss(size, month)
assert lost[0.1] < gained / 2 < gained < lost[10]
