"""
Which parts of decode does a larger batch help?
===============================================

Sequences of a batch share the weights, so that a larger batch does more arithmetic with each byte of them. They share no cache: each
sequence attends to its own. And experts are shared only by the tokens that are sent to them.

Parts of decode are compared with the :mls:eq:`ridge_point` of :mls:entry:`Hardware.Cloud.H100` in half precision: products
with dense weights and with those of the experts of :mls:entry:`Models.Language.DeepSeek_V3`, and attention with a
key-value head for each head (:mls:entry:`Models.Language.Llama2_7B`), with grouped heads (:mls:entry:`Models.Language.Llama3_8B`)
and with a latent cache (:mls:entry:`Models.Language.DeepSeek_V3`), whose queries are carried into the latent space. Tokens choose
experts at random (:mls:eq:`experts_touched`). What is read is counted once, and nothing that is written.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Hardware, Models, Q, plot
from mlsysim.equations import transformer as eq
from mlsysim.equations.roofline import arithmetic_intensity

full, dense, sparse = Models.Language.Llama2_7B, Models.Language.Llama3_8B, Models.Language.DeepSeek_V3
batch = np.geomspace(1, 32768, 200)
context, bytes_each = 4096, 2.0

# %%
# Weights: each token meets all of a dense layer, but only the experts that it is sent to.
active, expert = sparse.experts_active, eq.mlp_parameters(sparse.hidden, sparse.expert_width, 3)
touched = expert * eq.experts_touched(sparse.experts, active, batch)
layer = eq.mlp_parameters(dense.hidden, dense.mlp_width, 3)
of_dense = eq.forward_work(layer, batch, 0, 0), eq.weight_bytes(layer, bytes_each)
of_experts = eq.forward_work(expert * active, batch, 0, 0), eq.weight_bytes(touched, bytes_each)


# %%
# Attention: every head of a new token meets every token of the context, and a byte of the cache serves the heads that share it.
def attention(model):
    """Return the arithmetic and the traffic of a layer's attention to its cache, for any batch."""
    work = eq.attention_work(context, batch, 1, model.heads, model.head_dim, model.head_dim)
    return work, eq.kv_cache_bytes(1, model.kv_heads, model.head_dim, context, batch, bytes_each)


rank, rope = sparse.mla.kv_rank, sparse.mla.rope_dim
latent_work = eq.attention_work(context, batch, 1, sparse.heads, rank + rope, rank)
latent_cache = eq.latent_kv_cache_bytes(1, rank, rope, context, batch, bytes_each)
parts = {
    "dense weights": arithmetic_intensity(*of_dense),
    "experts": arithmetic_intensity(*of_experts),
    "latent attention": arithmetic_intensity(latent_work, latent_cache),
    "grouped heads": arithmetic_intensity(*attention(dense)),
    "full heads": arithmetic_intensity(*attention(full)),
}
ridge = (Hardware.Cloud.H100.compute.peak.fp16 / Hardware.Cloud.H100.memory.bandwidth).to("flop/byte")
ax = plot.lines(
    batch,
    {name: Q(part, "flop/byte") for name, part in parts.items()},
    xlabel="batch (sequences)",
    ylabel="arithmetic for each byte that is read",
    xscale="log",
    yscale="log",
)
ax.set_ylim(0.6, 3e4)
plot.rule("ridge point of the H100", ax, y=ridge)
plt.show()

# %%
# Claim
# -----
# Products with dense weights turn compute-bound at a batch as large as the ridge point, those of experts only at the batch
# that sends as many tokens to each. Attention stays where it is at any batch: memory-bound, with full heads at a single
# operation for each byte, while a latent cache comes within a fifth of the ridge.
ridge = ridge.magnitude
turn = {name: batch[part >= ridge].min() for name, part in parts.items() if part.max() >= ridge}
print({name: round(at) for name, at in turn.items()})
assert list(turn) == ["dense weights", "experts"]
assert np.isclose(turn["dense weights"], ridge, rtol=0.06)
assert np.isclose(turn["experts"], ridge * sparse.experts / active, rtol=0.06)
assert np.allclose([parts["full heads"], parts["grouped heads"] * dense.kv_heads / dense.heads], 1)
assert np.ptp(parts["latent attention"]) < 1e-9 and 0.8 < parts["latent attention"][0] / ridge < 0.85
