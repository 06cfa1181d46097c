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

from mlsysim import Hardware, Models, ServingModel, plot

# %%
# ``replace`` gives a copy of an entry with other values. Sizes exist also where nothing fits, so the device does not matter.
grouped = Models.Language.Llama3_70B
full = grouped.replace(name="Llama 3 70B, one key-value head for each head", kv_heads=grouped.heads)
contexts = np.arange(2, grouped.max_context + 1)
batch = 64
sizes = {}
for model in (full, grouped):
    sizes[model.name] = ServingModel().solve(
        model, hardware=Hardware.Cloud.H100, batch_size=batch, input_len=contexts - 1, output_len=1
    )

# %%
# The context from which on the cache is the larger of the two.
crossing = {
    name: int(contexts[size.kv_cache_size > size.weight_memory].min()) for name, size in sizes.items()
}
for name, context in crossing.items():
    cache, weights = (q.to("GB") for q in (sizes[name].kv_cache_size[-1], sizes[name].weight_memory))
    print(
        f"{name}: weights {weights:.0f~P}, cache of {batch} full contexts {cache:.0f~P}, equal at {context} tokens"
    )

# %%
ax = plot.lines(
    contexts,
    {"all heads": sizes[full.name].kv_cache_size, "grouped heads": sizes[grouped.name].kv_cache_size},
    xlabel=f"context of each of {batch} sequences (tokens)",
    ylabel="KV cache",
)
ax.set_ylim(0, 350)
for model, heads in ((full, "all heads"), (grouped, "grouped heads")):
    weights = sizes[model.name].weight_memory
    plot.rule(f"weights, {heads}", ax, y=weights)
    plot.mark({f"{crossing[model.name]} tokens": (crossing[model.name], weights)}, ax)
plt.show()

# %%
# Claim
# -----
# Within the context that the model was made for, the cache of this batch outgrows the weights. With grouped heads it does
# so late; with a key-value head for each head it would do so at a seventh of that length, not at an eighth, as those
# heads make the model larger too. It is the first length at which all caches together hold more numbers than the model
# has parameters.
late, early = crossing[grouped.name], crossing[full.name]
print(f"{late} tokens against {early}: {late / early:.1f} times as long.")
for m in (full, grouped):
    each = 2 * m.layers * m.kv_heads * m.head_dim  # numbers that a token leaves in the cache
    assert crossing[m.name] == m.parameters // (batch * each) + 1
assert early < late < grouped.max_context and 7 < late / early < 7.1
