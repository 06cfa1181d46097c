"""
A month on a cluster: how large a model, on how much text?
==========================================================

With the time of a cluster given, a larger model sees less text. In between lies the model that reaches the lowest loss.

The cluster is :mls:entry:`Systems.Clusters.Research_256`, of :mls:fact:`Systems.Clusters.Research_256.accelerators` devices.
What it computes in a day follows from a step of :mls:entry:`Models.Language.Llama3_70B` that :mls:solver:`DistributedModel`
estimates, in replicas of :mls:given:`16` devices, with a batch of :mls:given:`1024 sequences` of :mls:given:`4096 tokens`
(:mls:result:`DistributedModel.mfu`); smaller models are taken to reach the same. The loss is that of
:mls:eq:`chinchilla_loss`, for text that is seen once. The rule of equal proportions (:mls:eq:`optimal_parameters`,
:mls:eq:`optimal_tokens`) was found by another method in the same study.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import DistributedModel, Models, Q, Systems, plot
from mlsysim.equations.scaling import chinchilla_loss, optimal_parameters, optimal_tokens, training_compute

# %%
# Operations that go into the model in a week, a month and a quarter.
cluster = Systems.Clusters.Research_256
step = DistributedModel().solve(
    Models.Language.Llama3_70B,
    cluster,
    batch_size=1024,
    seq_len=4096,
    tp_size=4,
    pp_size=4,
    zero_stage=1,
    attention="flash",
    sequence_parallel=True,
)
rate = step.mfu * cluster.node.accelerator.compute.peak.fp16 * cluster.devices
budgets = {
    name: (rate * Q(time)).to("flop").magnitude
    for name, time in {"a week": "7 day", "a month": "30 day", "a quarter": "91 day"}.items()
}

# %%
# For each budget, every size of model has its number of tokens, and so its loss.
sizes = np.geomspace(2e9, 4e11, 400)
curves, marks, lowest = {}, {}, {}
for name, budget in budgets.items():
    tokens = budget / training_compute(sizes, 1.0)
    curves[name] = losses = Q(chinchilla_loss(sizes, tokens), "")
    lowest[name] = sizes[losses.magnitude.argmin()]
    rule, text = optimal_parameters(budget), optimal_tokens(budget)
    marks[f"rule: {rule / 1e9:.0f}B, {text / 1e12:.1f}T"] = (rule / 1e9, Q(chinchilla_loss(rule, text), ""))
    print(
        f"{name:9}: {budget:.1e} FLOP; the rule says {rule / 1e9:.0f}B parameters and {text / 1e12:.2f}T tokens,"
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
# A month gives a model of some tens of billions of parameters and most of a trillion tokens. Four times the compute is spent on
# twice the parameters and twice the tokens. The valley is flat: rule and lowest point differ twofold in size, but hardly in
# loss, and so do half and twice the size of the rule. Far off, too large is worse than too small: ten times the size throws
# away more than a month gains on a week, a tenth of it less than half of that.
month = budgets["a month"]
size, text = optimal_parameters(month), optimal_tokens(month)


def at(size):
    """Loss of a size with what text the month allows."""
    return chinchilla_loss(size, month / training_compute(size, 1.0))


assert 3e10 < size < 6e10 and 0.7e12 < text < 1.1e12
four = 4 * month
assert np.allclose([optimal_parameters(four) / size, optimal_tokens(four) / text], 2)
assert 1.7 < size / lowest["a month"] < 2.3 and 0 < at(size) - at(lowest["a month"]) < 0.01
assert max(at(size / 2), at(size * 2)) - at(size) < 0.02
week = budgets["a week"]
gained = chinchilla_loss(optimal_parameters(week), optimal_tokens(week)) - at(size)
assert at(size / 10) - at(size) < gained / 2 < gained < at(10 * size) - at(size)
