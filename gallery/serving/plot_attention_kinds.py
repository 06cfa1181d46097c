"""
How many long conversations fit, with local or with latent attention?
=====================================================================

What limits a server of long contexts is the cache. Two designs shrink it: layers that look only at the last tokens, and keys and
values that are kept as one short latent vector for all heads. How much throughput do they give back?

:mls:entry:`Models.Language.Gemma3_27B` lets five of six layers see only the last :mls:fact:`Models.Language.Gemma3_27B.window` tokens;
:mls:entry:`Models.Language.DeepSeek_V2_Lite` keeps a latent vector of :mls:fact:`Models.Language.DeepSeek_V2_Lite.mla.kv_rank` elements
(:mls:eq:`latent_kv_cache_bytes`). Each is compared with itself without the design: all layers global, or the keys and values of
each head kept (:mls:eq:`kv_cache_bytes`). One :mls:entry:`Hardware.Cloud.H200` holds as many sequences as fit, each with an answer
of :mls:given:`256 tokens`. The times are estimates.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Hardware, Models, ServingModel, plot

# %%
# ``replace`` takes the design away. The first solve tells how many sequences fit, the second decodes all of them together.
gemma, deepseek = Models.Language.Gemma3_27B, Models.Language.DeepSeek_V2_Lite
models = {
    "DeepSeek, latent": deepseek,
    "DeepSeek, each head kept": deepseek.replace(name="DeepSeek-V2-Lite, each head kept", mla=None),
    "Gemma, local": gemma,
    "Gemma, all global": gemma.replace(name="Gemma 3 27B, all global", window=None, global_every=None),
}
request = {"hardware": Hardware.Cloud.H200, "output_len": 256}
contexts = np.append(2 ** np.arange(11, 17), 2**17 - 256)
rates, fit = {}, {}
for name, model in models.items():
    alone = ServingModel().solve(model, input_len=contexts, **request)
    fit[name] = alone.max_batch_size.magnitude
    full = ServingModel().solve(model, input_len=contexts, batch_size=fit[name], **request)
    rates[name] = full.decode_throughput
    cache = alone.kv_cache_size[-1].to("GB")
    print(f"{name:26} longest context: {cache:5.1f~P} of cache, {fit[name][-1]:3.0f} fit")

# %%
plot.lines(
    contexts,
    rates,
    xlabel="prompt (tokens)",
    ylabel="output tokens, memory full",
    xscale="log",
    yscale="log",
)
plt.show()

# %%
# Claim
# -----
# At the longest context, a full server makes about six times as many tokens with either design, since so many more sequences share a
# step of about the same length. A latent vector gains six or seven times at any context. A window gains three quarters at the
# shortest, which it hardly cuts, and ever more as contexts grow. Neither makes length free: over these contexts tokens still fall to
# a seventeenth or less.
gains = {
    name: (rates[name] / rates[other]).to("").magnitude
    for name, other in (
        ("DeepSeek, latent", "DeepSeek, each head kept"),
        ("Gemma, local", "Gemma, all global"),
    )
}
for name, gain in gains.items():
    print(
        f"{name}: {gain[0]:.1f} times the tokens at {contexts[0]}, {gain[-1]:.1f} times at {contexts[-1]}"
    )
latent, local = gains.values()
assert 5.85 < latent.min() < 6.25 and 6.65 < latent.max() < 7.15
assert 1.69 < local[0] < 1.81 and 6.2 < local[-1] < 6.7 and np.all(np.diff(local) > 0)
falls = [float(rate[0] / rate[-1]) for rate in rates.values()]
assert 17 < min(falls) < 18
