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
import numpy as np

from mlsysim import Hardware, Models, SingleNodeModel

model, device = Models.Language.Llama3_8B, Hardware.Cloud.H100
solve = SingleNodeModel().solve

# %%
# Both phases are swept in one solve each: prompts of different lengths, one at a time, and batches of different size.
prompts = np.array([128, 512, 2048])
batches = np.array([1, 4, 16, 64])
prefill = solve(model, device, batch_size=1, seq_len=prompts, phase="prefill")
decode = solve(model, device, batch_size=batches, seq_len=2048, phase="decode")
print("decode ", decode.arithmetic_intensity, decode.bottleneck)
print("prefill", prefill.arithmetic_intensity, prefill.bottleneck)

# %%
# The roofs, and the points on them. The rate of a point is its share of the peak.
peak = device.compute.peak.fp16.to("TFLOP/s")
ridge = (peak / device.memory.bandwidth).to("FLOP/B").magnitude
intensity = np.geomspace(0.5, 5000, 200)

fig, ax = plt.subplots(figsize=(7.5, 4.6), layout="constrained")
ax.loglog(intensity, peak.magnitude * np.minimum(1, intensity / ridge), color="0.4", lw=2)
ax.axvline(ridge, color="0.6", lw=1, ls=":")
ax.text(ridge * 1.06, 2.2, f"ridge point\n{ridge:.0f} FLOP/B", color="0.4")
for phase, sizes, what, colour in (
    (decode, batches, "batch", "#D55E00"),
    (prefill, prompts, "prompt", "#0072B2"),
):
    x, y = phase.arithmetic_intensity.magnitude, peak.magnitude * phase.mfu.magnitude
    ax.plot(x, y, "o", color=colour, ms=8)
    offset = (9, -13) if phase is decode else (0, 9)
    for size, px, py in zip(sizes, x, y, strict=True):
        side = "left" if phase is decode else "right" if px < ridge else "center"
        ax.annotate(f"{what} {size}", (px, py), offset, textcoords="offset points", ha=side, color=colour)
ax.text(7, 2.7, "decode, context 2048", color="#D55E00", weight="bold")
ax.text(15, 700, "prefill", color="#0072B2", weight="bold")
ax.set_xlabel("arithmetic intensity (FLOP/B)")
ax.set_ylabel("attainable rate (TFLOP/s)")
ax.set_ylim(1.5, 2000)
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# Claim
# -----
# Decode is memory-bound at every one of these batches, far from the ridge even at the largest. Prefill is compute-bound
# as soon as the prompt is long enough for its tokens to share one reading of the weights; a short prompt is memory-bound too.
print(
    f"The largest batch reaches {decode.mfu.magnitude.max():.0%} of the peak, the longest prompt {prefill.mfu.magnitude.max():.0%}."
)
assert (decode.bottleneck == "memory").all()
assert decode.arithmetic_intensity.magnitude.max() < ridge / 5
assert list(prefill.bottleneck) == ["memory", "compute", "compute"]
