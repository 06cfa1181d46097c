"""
More bandwidth or more arithmetic: which makes decoding faster, at which batch?
===============================================================================

A chip maker can spend area on memory or on arithmetic, and a buyer can choose between chips that did the
one or the other. The elasticity of the time of a step says what each is worth: how many percent less time
for one percent more.

Here it is that of :mls:entry:`Models.Language.Llama3_8B` on :mls:entry:`Hardware.Cloud.H100`, which decodes
with a context of :mls:given:`128 tokens`. The derivatives are exact, at each batch. The first solves are
bounds, in which one of the two is worth everything and the other nothing; the second are estimates with the
documented constants, in which compute and memory overlap only in part.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Hardware, Models, Q, SingleNodeModel, plot

# %%
# Batches up to what memory holds.
device = Hardware.Cloud.H100
inputs = {
    "memory bandwidth": f"{device.zoo_name}.memory.bandwidth",
    "peak arithmetic": f"{device.zoo_name}.compute.peak.fp16",
}
batches = [1, 2, 4, 8, 16, 32, 64, 128, 256, 384, 512, 768, 1024, 1536, 2048, 3072]


def solve(batch, efficiency):
    """Return a decode step of a batch, or of an array of them."""
    how = {"seq_len": 128, "phase": "decode", "efficiency": efficiency}
    return SingleNodeModel().solve(Models.Language.Llama3_8B, device, batch, **how)


def worth(batch, efficiency):
    """Return how many percent faster a step is for one percent more of each input."""
    slopes = solve(batch, efficiency).elasticities("latency")
    return [abs(slopes[name]) for name in inputs.values()]


bound = {batch: worth(batch, 1) for batch in batches}
estimate = {batch: worth(batch, None) for batch in batches}
print("Percent faster for a percent more of", " and of ".join(inputs))
for batch in batches:
    (memory, compute), likely = bound[batch], estimate[batch]
    print(
        f"batch {batch:4}: bound {memory:.2f} and {compute:.2f}, estimate {likely[0]:.2f} and {likely[1]:.2f}"
    )

# %%
# What neither of them buys is the time of launches and of what is handed from kernel to kernel: the two add
# up to less than one.
every = np.arange(1, 1000)
turn = int(every[solve(every, 1).bottleneck == "compute"].min())
ax = plot.lines(
    batches,
    {name: Q([estimate[batch][i] for batch in batches], "") for i, name in enumerate(inputs)},
    xlabel="batch (sequences)",
    ylabel="percent faster for a percent more",
    xscale="log",
)
plot.rule("the bound turns", ax, x=turn)
plt.show()

# %%
# Claim
# -----
# By the bound, only bandwidth counts up to one batch and only arithmetic beyond. Really the worth of the
# one passes to that of the other over more than a factor of ten: arithmetic begins to pay long before that
# batch, and bandwidth still pays long after. They are worth the same near it. A good part of the time of a
# small batch can be bought by neither.
assert 384 < turn < 512
assert all(np.allclose(pair, (1, 0) if batch < turn else (0, 1)) for batch, pair in bound.items())
assert estimate[128][1] > 0.1 and estimate[1536][0] > 0.2
assert estimate[256][0] > estimate[256][1] and estimate[512][0] < estimate[512][1]
assert 0.5 < sum(estimate[1]) < 0.85 and sum(estimate[3072]) > 0.9
