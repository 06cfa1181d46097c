"""
Should weights or cache be quantised, to serve more sequences at once?
======================================================================

Both make room in the same memory. Smaller weights leave more of it to the caches, smaller caches let more of them into what is left.
Which of the two counts for more depends on who fills the memory: the model or its users.

The models are those of one family, from :mls:entry:`Models.Language.Qwen2_5_3B` to :mls:entry:`Models.Language.Qwen2_5_72B`, each
on one :mls:entry:`Hardware.Cloud.H100` with :mls:fact:`Hardware.Cloud.H100.memory.capacity`. Sequences are :mls:given:`4096 tokens`
long. Weights are stored in four bits, the cache in eight, or both, instead of 16. What that does to the answers' quality is
another question.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Hardware, Models, Q, ServingModel, plot

language = Models.Language
models = {
    "3B": language.Qwen2_5_3B,
    "7B": language.Qwen2_5_7B,
    "14B": language.Qwen2_5_14B,
    "32B": language.Qwen2_5_32B,
    "72B": language.Qwen2_5_72B,
}
ways = {
    "all at 16 bits": {},
    "cache at 8 bits": {"kv_precision": "fp8"},
    "weights at 4 bits": {"weight_precision": "int4"},
    "both": {"kv_precision": "fp8", "weight_precision": "int4"},
}

# %%
# The largest batch that fits, for each model in each way.
held = {
    way: np.array(
        [
            ServingModel()
            .solve(model, Hardware.Cloud.H100, input_len=4000, output_len=96, **bits)
            .max_batch_size.magnitude
            for model in models.values()
        ]
    )
    for way, bits in ways.items()
}
for way, sequences in held.items():
    print(f"{way:18}", " ".join(f"{size}: {n:5.0f}" for size, n in zip(models, sequences, strict=True)))

# %%
ax = plot.lines(
    [model.parameters / 1e9 for model in models.values()],
    {way: Q(np.where(sequences > 0, sequences, np.nan), "") for way, sequences in held.items()},
    xlabel="parameters of the model (billions)",
    ylabel="sequences that fit",
    xscale="log",
    yscale="log",
)
plt.show()

# %%
# Claim
# -----
# Quantise the cache first for a small model: the weights take little, so smaller ones free little, while a cache of half the size
# doubles the sequences. For a large model, quantise the weights first. The largest does not fit in any other way.


def gain(way, size):
    """Return how many times as many sequences fit as at 16 bits."""
    at = list(models).index(size)
    return held[way][at] / held["all at 16 bits"][at]


for size in ("3B", "32B"):
    print(
        f"{size}: {gain('weights at 4 bits', size):.2f} times by the weights, {gain('cache at 8 bits', size):.2f} by the cache"
    )
assert gain("weights at 4 bits", "3B") < 1.1 and gain("weights at 4 bits", "32B") > 4
assert all(1.98 < gain("cache at 8 bits", size) < 2.02 for size in list(models)[:-1])
assert (
    held["all at 16 bits"][-1] == held["cache at 8 bits"][-1] == 0 and held["weights at 4 bits"][-1] == 32
)
