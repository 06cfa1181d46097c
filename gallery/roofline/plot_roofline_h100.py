"""
Which phase of Llama-3-8B is memory-bound on an H100?
=====================================================

A roofline with the two phases of a language model on it: prefill, which reads a prompt, and decode, which makes one
token a step for each sequence of the batch. What decides is the arithmetic that a phase does with each byte that it reads.

That intensity (:mls:eq:`arithmetic_intensity`) is compared with the :mls:eq:`ridge_point` of
:mls:entry:`Hardware.Cloud.H100`, that is :mls:fact:`Hardware.Cloud.H100.compute.peak.fp16` over
:mls:fact:`Hardware.Cloud.H100.memory.bandwidth`. The model is :mls:entry:`Models.Language.Llama3_8B`. Nothing but these two limits
is counted, so every point lies on a roof: real kernels stay below it.
"""

import matplotlib.pyplot as plt

from mlsysim import Hardware, Models, SingleNodeModel, plot

model, device = Models.Language.Llama3_8B, Hardware.Cloud.H100
solve = SingleNodeModel().solve

# %%
# Prompts of different lengths, one at a time, and batches of different size.
prefill = {
    f"prompt {prompt}": solve(model, device, seq_len=prompt, phase="prefill", efficiency=1)
    for prompt in (128, 512, 2048)
}
decode = {
    f"batch {batch}": solve(model, device, batch, seq_len=2048, phase="decode", efficiency=1)
    for batch in (1, 4, 16, 64)
}
for name, step in (decode | prefill).items():
    print(f"{name:12} {step.arithmetic_intensity:6.1f~P}, {step.bottleneck}-bound")

# %%
plot.roofline(device, {"decode, context 2048": decode, "prefill": prefill})
plt.show()

# %%
# Claim
# -----
# Decode is memory-bound at every one of these batches, at a ninth of the ridge even at the largest. Prefill is compute-bound
# as soon as the prompt is long enough for its tokens to share one reading of the weights; a short prompt is memory-bound too.
largest, longest = decode["batch 64"], prefill["prompt 2048"]
print(f"The largest batch reaches {largest.mfu:.0%~P} of the peak, the longest prompt {longest.mfu:.0%~P}.")
assert all(step.bottleneck == "memory" for step in decode.values())
ridge = (device.compute.peak.fp16 / device.memory.bandwidth).to("FLOP/B")
assert 8.95 < ridge / largest.arithmetic_intensity < 9.5 and abs(largest.ridge_point / ridge - 1) < 1e-6
assert [step.bottleneck for step in prefill.values()] == ["memory", "compute", "compute"]
