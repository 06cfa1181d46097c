"""
When does the KV cache outgrow the weights?
===========================================

The weights of a model are there once, but every token of every sequence leaves its keys and values in the cache.
At some length the cache is the larger of the two. Grouped-query attention, with fewer key-value heads than query heads, puts
that off.

For :mls:entry:`Models.Language.Llama3_70B`, with weights and cache in half precision and a batch of sequences of equal
length, this finds the length at which the cache (:mls:eq:`kv_cache_bytes`) is as large as the weights. The model has
:mls:fact:`Models.Language.Llama3_70B.kv_heads` key-value heads for :mls:fact:`Models.Language.Llama3_70B.heads` query heads; the
same model with as many of one as of the other shows what that saves.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Hardware, Models, ServingModel

# %%
# ``replace`` gives a copy of an entry with other values. Sizes exist also where nothing fits, so the device does not matter.
grouped = Models.Language.Llama3_70B
full = grouped.replace(name="Llama 3 70B, one key-value head for each head", kv_heads=grouped.heads)
contexts = np.arange(2, grouped.max_context + 1)
batch = 64
sizes = {}
for model in (full, grouped):
    serving = ServingModel().solve(
        model, hardware=Hardware.Cloud.H100, batch_size=batch, input_len=contexts - 1, output_len=1
    )
    sizes[model.name] = serving.kv_cache_size.to("GB").magnitude, serving.weight_memory.to("GB").magnitude

# %%
# The context from which on the cache is the larger of the two.
crossing = {name: int(contexts[cache > weights].min()) for name, (cache, weights) in sizes.items()}
for name, context in crossing.items():
    cache, weights = sizes[name]
    print(
        f"{name}: weights {weights:.0f} GB, cache of {batch} full contexts {cache[-1]:.0f} GB, equal at {context} tokens"
    )

# %%
fig, ax = plt.subplots(figsize=(7.5, 4.6), layout="constrained")
for model, label, colour, above in (
    (full, "all heads", "#D55E00", 10),
    (grouped, "grouped heads", "#0072B2", -10),
):
    cache, weights = sizes[model.name]
    at = crossing[model.name]
    ax.plot(contexts, cache, color=colour, lw=2)
    ax.axhline(weights, color=colour, lw=1, ls=":")
    ax.plot(at, weights, "o", color=colour, ms=8)
    ax.annotate(f"{at} tokens", (at, weights), (9, -15), textcoords="offset points", color=colour)
    ax.text(3900, weights + above, f"weights, {label}", ha="center", va="center", color=colour)
    where = np.searchsorted(cache, 60 if model is grouped else 290)
    ax.text(contexts[where], cache[where], f"   cache, {label}", va="top", color=colour)
ax.set_ylim(0, 350)
ax.set_xlim(0, contexts[-1])
ax.set_xlabel(f"context of each of {batch} sequences (tokens)")
ax.set_ylabel("memory (GB)")
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# Claim
# -----
# Within the context that the model was made for, the cache of this batch outgrows the weights. With grouped heads it does
# so late; with a key-value head for each head it would do so at a small fraction of that length.
late, early = crossing[grouped.name], crossing[full.name]
print(f"{late} tokens against {early}: {late / early:.1f} times as long.")
assert early < late < grouped.max_context
assert 6 < late / early < grouped.heads / grouped.kv_heads
