"""
More bandwidth or more arithmetic: which makes decoding faster, at which batch?
===============================================================================

A chip maker can spend area on memory or on arithmetic, and a buyer can choose between chips that did the one or the other.
The elasticity of the time of a step says what each is worth: how many percent less time for one percent more.

Here it is that of :mls:entry:`Models.Language.Llama3_8B` on :mls:entry:`Hardware.Cloud.H100`, which decodes with a
context of :mls:given:`512 tokens`. The derivatives are exact, at each batch. The first solves are bounds, in which
one of the two is worth everything and the other nothing; the second are estimates, with the documented constants.
"""

import matplotlib.pyplot as plt

from mlsysim import Hardware, Models, Q, SingleNodeModel, plot

# %%
# The ratio of the two peaks tells where a kernel of weights alone would turn; caches move that point.
device = Hardware.Cloud.H100
names = {"memory bandwidth": "memory.bandwidth", "peak arithmetic": "compute.peak.fp16"}
batches = [1, 2, 4, 8, 16, 32, 64, 128, 256, 384, 512, 640]


def worth(batch, efficiency):
    """Return how many percent faster a step is for one percent more of each."""
    step = SingleNodeModel().solve(
        Models.Language.Llama3_8B, device, batch_size=batch, seq_len=512, phase="decode", efficiency=efficiency
    )
    found = step.elasticities("latency")
    return [-found[f"{device.zoo_name}.{name}"] for name in names.values()]


bound, estimate = ([worth(batch, how) for batch in batches] for how in (1, None))

# %%
# What neither of them buys is time of launches and messages: there the curves of the estimate add up to less than one.
curves = {f"{name}": [row[i] for row in estimate] for i, name in enumerate(names)}
ax = plot.lines(
    batches,
    {name: Q(values, "") for name, values in curves.items()},
    xlabel="batch (sequences)",
    ylabel="percent faster for a percent more",
    xscale="log",
)
plt.show()
for batch, best, likely in zip(batches, bound, estimate, strict=True):
    print(f"batch {batch:3}: bound {best[0]:.2f} and {best[1]:.2f}, estimate {likely[0]:.2f} and {likely[1]:.2f}")
