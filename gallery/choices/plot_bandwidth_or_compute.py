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
names = {"memory bandwidth": "memory.bandwidth", "peak arithmetic": "compute.peak.fp16"}
batches = [1, 2, 4, 8, 16, 32, 64, 128, 256, 384, 512, 768, 1024, 1536, 2048, 3072]


def worth(batch, efficiency):
    """Return how many percent faster a step is for one percent more of each."""
    step = SingleNodeModel().solve(
        Models.Language.Llama3_8B,
        device,
        batch_size=batch,
        seq_len=128,
        phase="decode",
        efficiency=efficiency,
    )
    found = step.elasticities("latency")
    return [-found[f"{device.zoo_name}.{name}"] for name in names.values()]


bound, estimate = ([worth(batch, how) for batch in batches] for how in (1, None))
for batch, best, likely in zip(batches, bound, estimate, strict=True):
    print(
        f"batch {batch:4}: bound {best[0]:.2f} and {best[1]:.2f}, estimate {likely[0]:.2f} and {likely[1]:.2f}"
    )

# %%
# What neither of them buys is the time of launches and of what is handed from kernel to kernel: the two add
# up to less than one.
every = np.arange(1, 1000)
best = SingleNodeModel().solve(
    Models.Language.Llama3_8B, device, batch_size=every, seq_len=128, phase="decode", efficiency=1
)
turn = int(every[best.bottleneck == "compute"].min())
ax = plot.lines(
    batches,
    {name: Q([row[i] for row in estimate], "") for i, name in enumerate(names)},
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
assert all(
    pair == (1, 0) for pair in [(round(m, 9), round(abs(c), 9)) for m, c in bound[: batches.index(384)]]
)
assert batches.index(384) == next(i for i, b in enumerate(batches) if b > 0.75 * turn)
worths = dict(zip(batches, estimate, strict=True))
assert worths[128][1] > 0.1 and worths[1536][0] > 0.2
assert worths[256][0] > worths[256][1] and worths[512][0] < worths[512][1] and 384 < turn < 512
assert 0.5 < sum(worths[1]) < 0.85 and sum(worths[3072]) > 0.9
