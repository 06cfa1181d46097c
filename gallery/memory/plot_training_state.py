"""
Why does training take so much more memory than the weights, and what does sharding save?
=========================================================================================

Beside each weight, training keeps a gradient and the optimizer's state: for Adam in mixed precision a master copy of the weight and
two moments, in four bytes each. Replicas that all keep the same can share it out instead: the optimizer's state (ZeRO stage 1),
the gradients as well (2), and the weights too (3).

The model is :mls:entry:`Models.Language.Llama3_8B`, the machine a :mls:entry:`Systems.Nodes.DGX_H100` whose
:mls:fact:`Systems.Nodes.DGX_H100.accelerators` devices, each with :mls:fact:`Hardware.Cloud.H100.memory.capacity`, are as many
replicas. A step takes :mls:given:`64 sequences` of :mls:given:`4096 tokens`, of which each device computes one at a time, with a
fused attention that stores no scores. Links and arithmetic units are taken to reach their peaks. What the stages cost between
servers is :mls:claim:`training.plot_zero_stages`.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import DistributedModel, Fleet, Models, Systems, plot

fleet = Fleet(name="One node", node=Systems.Nodes.DGX_H100, nodes=1)

# %%
# The same step with nothing shared out, and with ever more. What does not fit can be drawn, but has no time.
steps = {
    name: DistributedModel().solve(
        Models.Language.Llama3_8B, fleet, batch_size=64, seq_len=4096, zero_stage=stage, efficiency=1
    )
    for stage, name in enumerate(("not sharded", "optimizer (1)", "and gradients (2)", "and weights (3)"))
}
for name, step in steps.items():
    time = f"{step.step_time.to('s'):.2f~P} a step" if step.feasible else "does not fit"
    print(f"{name:18} {step.memory_footprint.to('GB'):6.1f~P} on each device, {time}")

# %%
plot.memory_breakdown(steps)
plt.show()

# %%
# Claim
# -----
# The state takes eight times the memory of the weights, three quarters of it the optimizer's. So the first stage of sharding saves
# most, and is enough here; the later ones save less each. None of them shares out the activations, which are left as the largest
# part. Inside a node the messages hide behind the arithmetic, so that in each stage a step takes hardly longer than that.
whole, *sharded = steps.values()
state = whole.memory_weights + whole.memory_gradients + whole.memory_optimizer
saved = [
    (a.memory_footprint - b.memory_footprint).to("GB")
    for a, b in zip(steps.values(), sharded, strict=False)
]
print("Saved by each stage: " + ", ".join(f"{gb:.1f~P}" for gb in saved))
assert np.isclose((state / whole.memory_weights).magnitude, 8)
assert np.isclose((whole.memory_optimizer / state).magnitude, 3 / 4)
assert [step.feasible for step in steps.values()] == [False, True, True, True]
assert saved[0] > 5 * saved[1] and saved[1] > saved[2]
assert np.isclose((saved[0] / whole.memory_optimizer).to("").magnitude, 7 / 8)
assert max(sharded[-1].memory, key=lambda part: sharded[-1].memory[part]) == "activations"
assert all(step.mfu > 0.97 for step in sharded)
