"""
How much memory does one long conversation take, by the kind of attention?
==========================================================================

Every token leaves keys and values in the cache, and a long conversation leaves many. Models have been built to leave less: heads that
share their keys and values, a compressed latent vector in their place, or layers that remember only a window of the last tokens.

Each kind is seen in a published model, up to the longest context that it was made for: full heads in
:mls:entry:`Models.Language.Llama2_7B`, grouped heads in :mls:entry:`Models.Language.Llama3_405B`, a latent vector in
:mls:entry:`Models.Language.DeepSeek_V3`, and windows in five of every six layers of
:mls:entry:`Models.Language.Gemma3_27B`. The cache is held in half precision; a layer with a window holds no more than the window.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Hardware, Models, ServingModel, plot

language = Models.Language
models = {
    "full heads, 7B": language.Llama2_7B,
    "grouped heads, 405B": language.Llama3_405B,
    "latent vector, 671B": language.DeepSeek_V3,
    "windows, 27B": language.Gemma3_27B,
}
contexts = np.geomspace(256, 131072, 200).astype(int)

# %%
# Sizes exist also where nothing fits, so the device does not matter.


def cache(model, context):
    """Return the cache of one sequence."""
    solved = ServingModel().solve(model, Hardware.Cloud.H100, input_len=context - 1, output_len=1)
    return solved.kv_cache_size.to("GB")


sizes = {
    name: np.where(contexts <= model.max_context, 1, np.nan) * cache(model, contexts)
    for name, model in models.items()
}
each = {name: (cache(model, 1024) / 1024).to("kB") for name, model in models.items()}
for name, model in models.items():
    longest = min(model.max_context, contexts[-1])
    print(
        f"{name:20} {each[name]:6.1f~P} for each of the first tokens, {cache(model, longest):5.2f~P} for {longest}"
    )

# %%
ax = plot.lines(
    contexts,
    sizes,
    xlabel="length of the conversation (tokens)",
    ylabel="cache of one sequence",
    xscale="log",
    yscale="log",
)
plt.show()

# %%
# Claim
# -----
# A small model with full heads leaves as much for each token as one with sixty times the parameters whose heads are grouped,
# and a latent vector a seventh of that. Windows save nothing while the conversation is shorter than they are. Then five of
# six layers stop growing, and a long conversation takes nearly as little as with the latent vector.
full, grouped, latent, windows = each.values()
small, large = models["full heads, 7B"], models["grouped heads, 405B"]
assert large.parameters > 60 * small.parameters and 1 < full / grouped < 1.03
assert 7 < grouped / latent < 7.5
window = models["windows, 27B"]
grown = cache(window, 131072) - cache(window, 65536)
assert np.isclose((cache(window, 1024) / 4).magnitude, cache(window, 256).magnitude)
assert 5.5 < (65536 * windows / grown).to("").magnitude < 6.5
assert 1 < cache(window, 131072) / cache(models["latent vector, 671B"], 131072) < 1.3
