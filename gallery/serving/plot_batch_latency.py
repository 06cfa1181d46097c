"""
How large a batch before decode turns compute-bound, or the memory is full?
===========================================================================

A larger batch reads the weights once for more sequences, until arithmetic takes longer than reading, or the caches of
the sequences no longer fit. Which of the two comes first, and how does the answer change with the length of the context?

The model is :mls:entry:`Models.Language.Llama3_8B` on one :mls:entry:`Hardware.Cloud.H100`, where weights and caches share
:mls:fact:`Hardware.Cloud.H100.memory.capacity`, in half precision. The times are lower bounds (:mls:eq:`roofline_time`).
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Hardware, Models, SingleNodeModel, plot

# %%
# Arguments may be arrays, and arrays of different directions make a grid: here batches down, contexts across. What does
# not fit is not a number, so that a curve ends where the memory is full.
batches = np.arange(1, 5001)
contexts = np.array([128, 512, 2048, 8192])
step = SingleNodeModel().solve(
    Models.Language.Llama3_8B,
    Hardware.Cloud.H100,
    batch_size=batches[:, None],
    seq_len=contexts[None, :],
    phase="decode",
    efficiency=1,
)
computes = step.feasible & (step.bottleneck == "compute")

# %%
# The largest batch for each context, and the first batch at which arithmetic takes longer than reading, if there is one.
largest = [int(batches[step.feasible[:, j]].max()) for j in range(len(contexts))]
turns = [int(batches[computes[:, j]].min()) if computes[:, j].any() else None for j in range(len(contexts))]
for context, full, turn in zip(contexts, largest, turns, strict=True):
    print(
        f"context {context:5}: memory full at batch {full:5}; compute-bound from {turn or 'no batch that fits'}"
    )

# %%
# A step that reads a full memory takes the same time, whatever it is full of.
device = Hardware.Cloud.H100
whole = device.memory.capacity / device.memory.bandwidth
ax = plot.lines(
    batches,
    {f"context {context}": step.latency[:, j] for j, context in enumerate(contexts)},
    xlabel="batch (sequences)",
    ylabel="time of a decode step",
    xscale="log",
    yscale="log",
)
plot.rule(f"reading all memory once: {whole.to('ms'):.1f~P}", ax, y=whole)
plot.mark({"turns compute-bound": (turns[0], step.latency[turns[0] - 1, 0])}, ax)
plt.show()

# %%
# Claim
# -----
# Memory is full first, at all but the shortest context. There alone a batch fits that is large enough to keep the
# arithmetic busy: with longer contexts, reading a sequence's cache takes longer than the arithmetic on it. A full memory
# is then also the slowest step: about the time of reading all of it once.
print(f"With a context of {contexts[0]} the turn comes at batch {turns[0]}; {largest[0]} fill the memory.")
assert turns[0] is not None and turns[0] < largest[0] / 4
assert turns[1:] == [None, None, None]
ends = [(step.latency[full - 1, j] / whole).to("").magnitude for j, full in enumerate(largest)]
assert np.allclose(ends[1:], 1, rtol=0.05) and ends[0] > 2
