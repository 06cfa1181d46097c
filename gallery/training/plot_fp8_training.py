"""
What does training in FP8 gain?
===============================

Matrix products in numbers of one byte run at twice the peak of products in two. Does a step take half the time?

Two models are trained on :mls:entry:`Systems.Clusters.Research_256`, whose devices peak at
:mls:fact:`Hardware.Cloud.H100.compute.peak.bf16` and :mls:fact:`Hardware.Cloud.H100.compute.peak.fp8`:
:mls:entry:`Models.Language.Llama3_8B` by data parallelism alone, and :mls:entry:`Models.Language.Llama3_70B` in groups of
:mls:given:`4` devices and :mls:given:`4` stages. The batch is :mls:given:`1024 sequences` of :mls:given:`4096 tokens`.
Attention and output head stay in two bytes, and so does all that is stored and sent. :mls:solver:`DistributedModel` estimates
the steps.
"""

import matplotlib.pyplot as plt

from mlsysim import DistributedModel, Models, Systems, plot

# %%
layouts = {
    "8B": (Models.Language.Llama3_8B, {}),
    "70B": (Models.Language.Llama3_70B, {"tp_size": 4, "pp_size": 4, "sequence_parallel": True}),
}
steps = {
    f"{size}, {precision}": DistributedModel().solve(
        model,
        Systems.Clusters.Research_256,
        batch_size=1024,
        seq_len=4096,
        precision=precision,
        zero_stage=1,
        **layout,
    )
    for size, (model, layout) in layouts.items()
    for precision in ("bf16", "fp8")
}
plot.step_timeline(steps)
plt.show()

# %%
# The gain of the whole step, and of its arithmetic alone.
gain = {}
for size in layouts:
    before, after = steps[f"{size}, bf16"], steps[f"{size}, fp8"]
    gain[size] = before.number("step_time") / after.number("step_time")
    products = before.number("compute_time") / after.number("compute_time")
    print(f"{size:3}: the step is {gain[size]:.2f} times as fast, its arithmetic {products:.2f} times")

# %%
# Claim
# -----
# Not half the time: a step is about one and a half times as fast. What runs between the products, attention and communication
# take as long as before, and no memory is saved. The larger model's arithmetic gains more, 1.8 times against 1.65, since more
# of it is products; its communication, whose share grows by half, takes that gain away again. The share of the peak falls by
# a quarter, since the peak it is measured against has doubled.
assert all(1.46 < faster < 1.56 for faster in gain.values())
arithmetic = {
    size: steps[f"{size}, bf16"].compute_time / steps[f"{size}, fp8"].compute_time for size in layouts
}
assert 1.6 < arithmetic["8B"] < 1.7 and 1.76 < arithmetic["70B"] < 1.86
for size in layouts:
    before, after = steps[f"{size}, bf16"], steps[f"{size}, fp8"]
    assert after.memory_footprint == before.memory_footprint and 0.73 < after.mfu / before.mfu < 0.78
wait = {name: step.exposed_communication_time / step.step_time for name, step in steps.items()}
assert wait["8B, fp8"] < 0.01 and 1.5 < wait["70B, fp8"] / wait["70B, bf16"] < 1.6
