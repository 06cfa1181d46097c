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

from mlsysim import Hardware, Models, SingleNodeModel

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
latency = step.latency.to("ms").magnitude
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
whole = (device.memory.capacity / device.memory.bandwidth).to("ms").magnitude
fig, ax = plt.subplots(figsize=(7.5, 4.6), layout="constrained")
ax.axhline(whole, color="0.6", lw=1, ls=":")
ax.text(1, whole * 0.89, f"reading all memory once: {whole:.1f} ms", color="0.4")
for j, colour in enumerate(("#0072B2", "#009E73", "#E69F00", "#D55E00")):
    ax.loglog(batches, latency[:, j], color=colour, lw=2)
    end = largest[j], latency[largest[j] - 1, j]
    ax.plot(*end, "s", color=colour, ms=8)
    ax.annotate(
        f"context {contexts[j]}", end, (-5, 9), textcoords="offset points", ha="center", color=colour
    )
    if turns[j]:
        turn = turns[j], latency[turns[j] - 1, j]
        ax.plot(*turn, "D", color=colour, ms=8, mfc="none", mew=2)
        ax.annotate("turns compute-bound", turn, (4, -16), textcoords="offset points", color=colour)
ax.annotate(
    "memory full",
    (largest[0], latency[largest[0] - 1, 0]),
    (-10, -4),
    textcoords="offset points",
    ha="right",
    color="#0072B2",
)
ax.set_xlabel("batch (sequences)")
ax.set_ylabel("time of a decode step (ms)")
ax.set_ylim(3, 75)
ax.set_yticks([5, 10, 20, 50], ["5", "10", "20", "50"])
ax.minorticks_off()
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# Claim
# -----
# Memory is full first, at all but the shortest context. There alone a batch fits that is large enough to keep the
# arithmetic busy: with longer contexts, reading a sequence's cache takes longer than the arithmetic on it. A full memory
# is then also the slowest step: about the time of reading all of it once.
print(
    f"With a context of {contexts[0]} the turn comes at batch {turns[0]}, long before {largest[0]} fill the memory."
)
assert turns[0] is not None and turns[0] < largest[0] / 4
assert turns[1:] == [None, None, None]
ends = np.array([latency[full - 1, j] for j, full in enumerate(largest)])
assert np.allclose(ends[1:], whole, rtol=0.05) and ends[0] > 2 * whole
