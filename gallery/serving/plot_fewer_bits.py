"""
Fewer bits for the weights, or for the cache: which makes tokens faster?
========================================================================

A decode step reads the weights once and the cache of every sequence. Storing either in half as many bits saves half of its share. Which
share is the larger depends on the batch and on the length of the contexts.

:mls:entry:`Models.Language.Llama3_1_8B` decodes on one :mls:entry:`Hardware.Cloud.H100`, with contexts of about :mls:given:`4096 tokens`.
Arithmetic stays in half precision; weights, cache or both are stored in one byte an element. The times are estimates: weights are
unpacked at the rate of the documented constants, the cache for nothing. Nothing is said of the quality of the answers.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Hardware, Models, ServingModel, plot

# %%
# The time between tokens for every batch that fits in half precision, over that with fewer bits.
request = {"hardware": Hardware.Cloud.H100, "input_len": 3968, "output_len": 256}
model = Models.Language.Llama3_1_8B
ways = {
    "weights": {"weight_precision": "fp8"},
    "cache": {"kv_precision": "fp8"},
    "both": {"weight_precision": "fp8", "kv_precision": "fp8"},
}
plain = ServingModel().solve(model, batch_size=1, **request)
batches = np.arange(1, int(plain.max_batch_size.magnitude) + 1)
half = ServingModel().solve(model, batch_size=batches, **request)
small = {
    name: ServingModel().solve(model, batch_size=batches, **way, **request) for name, way in ways.items()
}
speedup = {name: (half.itl / step.itl).to("") for name, step in small.items()}
fit = {name: int(step.max_batch_size.magnitude) for name, step in small.items()}
for name, ratio in speedup.items():
    print(
        f"{name:8} {ratio[0].magnitude:.2f} times as fast alone, {ratio[-1].magnitude:.2f} times at batch {batches[-1]};"
        f" {fit[name]} sequences fit"
    )

# %%
# The batch from which on the cache is the better place to save.
turn = int(batches[speedup["cache"] > speedup["weights"]].min())
caches = (half.kv_cache_size / half.weight_memory).to("").magnitude
ax = plot.lines(
    batches,
    {f"{name} in one byte": ratio for name, ratio in speedup.items()},
    xlabel="batch (sequences)",
    ylabel="times as fast as in half precision",
)
ax.set_ylim(1, 2)
plot.mark({f"batch {turn}": (turn, speedup["cache"][turn - 1])}, ax)
plt.show()

# %%
# Claim
# -----
# In small batches save on weights, in large ones on the cache. The turn comes about where the caches of the batch are as large as the
# weights. A cache of one byte also makes room for twice as many sequences, which smaller weights do not. Neither doubles the speed: the
# fixed time of each layer stays.
print(f"At batch {turn} the caches are {caches[turn - 1]:.2f} times as large as the weights.")
weights, cache, both = (ratio.magnitude for ratio in speedup.values())
assert 0.9 < caches[turn - 1] < 1.1 and 25 < turn < 31
assert np.allclose([weights[0], cache[-1], both[-1]], [1.43, 1.53, 1.76], rtol=0.02)
assert cache[0] < 1.03 and weights[-1] < 1.15
assert fit["cache"] >= 2 * batches[-1] > 1.6 * fit["weights"] and both.max() < 1.9
