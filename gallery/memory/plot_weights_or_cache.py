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
# The largest batch that fits, for each model in each way; none where the weights alone are too large.
request = {"hardware": Hardware.Cloud.H100, "input_len": 4000, "output_len": 96}
held = {way: {} for way in ways}
for way, bits in ways.items():
    for size, model in models.items():
        solved = ServingModel().solve(model, **request, **bits)
        held[way][size] = int(solved.max_batch_size.magnitude)
    print(f"{way:18}", " ".join(f"{size}: {sequences:5}" for size, sequences in held[way].items()))

# %%
plot.lines(
    [model.parameters / 1e9 for model in models.values()],
    {way: [Q(n, "") if n else None for n in sequences.values()] for way, sequences in held.items()},
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
plain, caches, weights, _ = held.values()
for size in ("3B", "32B"):
    by_weights, by_cache = weights[size] / plain[size], caches[size] / plain[size]
    print(f"{size}: {by_weights:.2f} times by the weights, {by_cache:.2f} by the cache")
assert weights["3B"] < 1.1 * plain["3B"] and weights["32B"] > 4 * plain["32B"]
assert all(1.98 < caches[size] / plain[size] < 2.02 for size in ("3B", "7B", "14B", "32B"))
assert plain["72B"] == caches["72B"] == 0 and weights["72B"] == 32
