"""
Which parts of decode does a larger batch help?
===============================================

Sequences of a batch share the weights, so that a larger batch does more arithmetic with each byte of them. They share no cache: each
sequence attends to its own. And experts are shared only by the tokens that are sent to them.

Parts of decode are compared with the :mls:eq:`ridge_point` of :mls:entry:`Hardware.Cloud.H100` in half precision: products
with dense weights and with those of the experts of :mls:entry:`Models.Language.DeepSeek_V3`, and attention with a
key-value head for each head (:mls:entry:`Models.Language.Llama2_7B`), with grouped heads (:mls:entry:`Models.Language.Llama3_8B`)
and with a latent cache (:mls:entry:`Models.Language.DeepSeek_V3`), whose queries are carried into the latent space. Tokens choose experts at random (:mls:eq:`experts_touched`). Only what is read is
counted, once, and nothing that is written.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Hardware, Models, Q, plot
from mlsysim.equations.roofline import arithmetic_intensity, ridge_point
from mlsysim.equations.transformer import (
    attention_work,
    experts_touched,
    forward_work,
    kv_cache_bytes,
    latent_kv_cache_bytes,
    mlp_parameters,
    weight_bytes,
)

dense, sparse, device = Models.Language.Llama3_8B, Models.Language.DeepSeek_V3, Hardware.Cloud.H100
full = Models.Language.Llama2_7B
batch = np.geomspace(1, 32768, 200)
context, bytes_each = 4096, 2.0

# %%
# Weights: each token meets all of a dense layer, but only the experts that it is sent to.
weights = mlp_parameters(dense.hidden, dense.mlp_width, 3)
expert = mlp_parameters(sparse.hidden, sparse.expert_width, 3)
used = experts_touched(sparse.experts, sparse.experts_active, batch)
of_dense = forward_work(weights, batch, 0, 0) / weight_bytes(weights, bytes_each)
of_experts = forward_work(expert * sparse.experts_active, batch, 0, 0) / weight_bytes(expert * used, bytes_each)

# %%
# Attention: every head of a new token meets every token of the context, and a byte of the cache serves the heads that share it.


def attention(model):
    """Return the arithmetic that a layer does with each byte of its cache, for any batch."""
    work = attention_work(context, batch, 1, model.heads, model.head_dim, model.head_dim)
    return arithmetic_intensity(work, kv_cache_bytes(1, model.kv_heads, model.head_dim, context, batch, bytes_each))


rank, rope = sparse.mla.kv_rank, sparse.mla.rope_dim
latent = arithmetic_intensity(
    attention_work(context, batch, 1, sparse.heads, rank + rope, rank),
    latent_kv_cache_bytes(1, rank, rope, context, batch, bytes_each),
)

# %%
parts = {
    "dense weights": of_dense,
    "experts": of_experts,
    "latent attention": latent,
    "grouped heads": attention(dense),
    "full heads": attention(full),
}
ridge = ridge_point(*(q.to_base_units().magnitude for q in (device.compute.peak.fp16, device.memory.bandwidth)))
ax = plot.lines(
    batch,
    {name: Q(intensity, "flop/byte") for name, intensity in parts.items()},
    xlabel="batch (sequences)",
    ylabel="arithmetic for each byte that is read",
    xscale="log",
    yscale="log",
)
ax.set_ylim(0.6, 3e4)
plot.rule("ridge point of the H100", ax, y=Q(ridge, "flop/byte"))
plt.show()

# %%
# Claim
# -----
# Products with dense weights turn compute-bound at a batch as large as the ridge point, those of experts only at the batch
# that sends as many tokens to each. Attention stays where it is at any batch: memory-bound, with full heads at a single
# operation for each byte, while a latent cache comes close to the ridge.
turn = {name: float(batch[intensity >= ridge].min()) for name, intensity in parts.items() if (intensity >= ridge).any()}
print({name: round(at) for name, at in turn.items()})
assert list(turn) == ["dense weights", "experts"]
assert np.isclose(turn["dense weights"], ridge, rtol=0.06)
assert np.isclose(turn["experts"], ridge * sparse.experts / sparse.experts_active, rtol=0.06)
assert all(np.ptp(parts[name]) < 1e-9 for name in ("full heads", "grouped heads", "latent attention"))
assert np.allclose(parts["full heads"], 1) and np.allclose(parts["grouped heads"], dense.heads / dense.kv_heads)
assert 0.75 * ridge < latent[0] < ridge
