"""
Which of two devices is better for decode, and which for prompts?
=================================================================

A server can read prompts on one kind of device and generate tokens on another. Two devices that share one roofline show why: one
has more bandwidth, the other far more arithmetic.

They are :mls:entry:`Hardware.Cloud.H20` (:mls:fact:`Hardware.Cloud.H20.compute.peak.fp16` and
:mls:fact:`Hardware.Cloud.H20.memory.bandwidth`) and :mls:entry:`Hardware.Cloud.H100`
(:mls:fact:`Hardware.Cloud.H100.compute.peak.fp16` and :mls:fact:`Hardware.Cloud.H100.memory.bandwidth`). Both run
:mls:entry:`Models.Language.Llama3_8B` in half precision, with prompts and contexts of :mls:given:`2048 tokens`. The times are
lower bounds, so that the devices are compared, not the software on them.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Hardware, Models, SingleNodeModel, plot

lean, strong = Hardware.Cloud.H20, Hardware.Cloud.H100


def solve(device, phase, batch):
    """Return a step of a device with contexts, or prompts, of the same length."""
    return SingleNodeModel().solve(
        Models.Language.Llama3_8B, device, batch, seq_len=2048, phase=phase, efficiency=1
    )


# %%
# The same work on both: decode with two batches, and one prompt.
cases = {"batch 1": ("decode", 1), "batch 32": ("decode", 32), "prompt": ("prefill", 1)}
on_lean = {case: solve(lean, *what) for case, what in cases.items()}
on_strong = {case: solve(strong, *what) for case, what in cases.items()}
for case in cases:
    for name, step in (("H20", on_lean[case]), ("H100", on_strong[case])):
        print(f"{case:9} on the {name:4}: {step.latency.to('ms'):6.2f~P}, {step.bottleneck}-bound")

# %%
plot.roofline([lean, strong], {"on H20": on_lean, "on H100": on_strong})
plt.show()

# %%
# Up to which batch does the device with the quicker memory decode faster? Only as long as it has arithmetic to spare.
batches = np.arange(1, 200)
ahead = solve(lean, "decode", batches).latency < solve(strong, "decode", batches).latency
last = int(batches[ahead].max())

# %%
# Claim
# -----
# For decode, the device with the quicker memory wins by the ratio of the bandwidths, though it has a fraction of the
# arithmetic; for prompts it loses by the ratio of the peaks. Its lead in decode ends at the batch whose arithmetic outlasts
# the other device's reading.
bandwidths = lean.memory.bandwidth / strong.memory.bandwidth
peaks = strong.compute.peak.fp16 / lean.compute.peak.fp16
print(f"Decode: {bandwidths:.2f~P} times as fast on the H20, up to batch {last}.")
print(f"Prompts: {peaks:.1f~P} times as fast on the H100.")
for case in ("batch 1", "batch 32"):
    assert np.isclose(on_strong[case].latency / on_lean[case].latency, bandwidths)
assert np.isclose(on_lean["prompt"].latency / on_strong["prompt"].latency, peaks) and peaks > 6
assert ahead[:last].all() and 100 < last < 199
assert solve(lean, "decode", last + 1).bottleneck == "compute"
assert solve(strong, "decode", last + 1).bottleneck == "memory"
