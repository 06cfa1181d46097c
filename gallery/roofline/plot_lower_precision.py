"""
What does a lower precision buy, and when does it buy nothing?
==============================================================

Fewer bits speed up a step in two ways that are often mixed up: there is less to read, and the arithmetic units do more at a time.
Which of the two helps depends on which limit the step stands at.

The model is :mls:entry:`Models.Language.Llama3_8B` on :mls:entry:`Hardware.Cloud.H100`, in three ways: everything at 16 bits
(:mls:fact:`Hardware.Cloud.H100.compute.peak.fp16`), everything at eight (:mls:fact:`Hardware.Cloud.H100.compute.peak.fp8`), and
weights stored in four bits for arithmetic and cache at 16. Contexts have :mls:given:`2048 tokens`, prompts
:mls:given:`512 tokens`. The times are lower bounds (:mls:eq:`roofline_time`): widening the stored weights for the arithmetic
units is taken to be free, which it is not.
"""

import matplotlib.pyplot as plt

from mlsysim import Hardware, Models, SingleNodeModel, plot

model, device = Models.Language.Llama3_8B, Hardware.Cloud.H100
ways = {
    "16 bits": {"precision": "fp16"},
    "8 bits": {"precision": "fp8"},
    "4-bit weights": {"precision": "fp16", "weight_precision": "int4"},
}
cases = {"batch 1": ("decode", 1, 2048), "batch 64": ("decode", 64, 2048), "prompt": ("prefill", 1, 512)}

# %%
# One token for one sequence, one token for each of many, and a prompt, each in the three ways.
steps = {
    way: {
        case: SingleNodeModel().solve(
            model, device, batch, seq_len=tokens, phase=phase, efficiency=1, **bits
        )
        for case, (phase, batch, tokens) in cases.items()
    }
    for way, bits in ways.items()
}
gain = {
    way: {case: (steps["16 bits"][case].latency / step.latency).magnitude for case, step in here.items()}
    for way, here in steps.items()
}
for way, here in steps.items():
    for case, step in here.items():
        times = gain[way][case]
        print(
            f"{way:14} {case:9} {step.latency.to('ms'):5.2f~P}, {step.bottleneck}-bound, {times:.2f} times as fast"
        )

# %%
# Moving right along the slope means that less is read; only a higher ceiling helps where the roof is flat.
short = {"16 bits": "", "8 bits": "", "4-bit weights": ", 4-bit weights"}
plot.roofline(
    device,
    {way: {f"{case}{short[way]}": step for case, step in here.items()} for way, here in steps.items()},
)
plt.show()

# %%
# Claim
# -----
# Eight bits double everything: half the bytes for decode, twice the peak for the prompt. Four-bit weights beat that where hardly
# anything but weights is read: 3.8 times for a sequence alone, whose time at 16 bits is that of reading weights and cache. In a
# batch of long contexts they gain half, less than eight bits, since the cache keeps its size, and for the prompt nothing.
eight, four = gain["8 bits"], gain["4-bit weights"]
assert all(abs(times - 2) < 0.01 for times in eight.values())
assert 3.77 < four["batch 1"] < 3.82 and 1.51 < four["batch 64"] < 1.57
read = model.parameters - model.vocab * model.hidden  # of the embedding a step reads one row
cached = 2 * model.layers * model.kv_heads * model.head_dim * 2048
least = 2 * (read + cached) / device.memory.bandwidth.to("B/s").magnitude
assert abs(steps["16 bits"]["batch 1"].number("latency") / least - 1) < 0.001
assert four["prompt"] == 1 and steps["4-bit weights"]["prompt"].bottleneck == "compute"
