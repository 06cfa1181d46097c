"""
Why does batching help a mixture of experts so late?
====================================================

A mixture of experts uses few of its weights for a token, so a single sequence decodes as quickly as with a far smaller model. But
different tokens call different experts, and a batch soon reads nearly all of them (:mls:eq:`experts_touched`).

:mls:entry:`Models.Language.Qwen3_30B_A3B` sends a token to :mls:fact:`Models.Language.Qwen3_30B_A3B.experts_active` of its
:mls:fact:`Models.Language.Qwen3_30B_A3B.experts` experts in each layer. Beside it stand two dense models of the same family:
:mls:entry:`Models.Language.Qwen3_4B`, with about as many weights as a token uses there, and :mls:entry:`Models.Language.Qwen3_32B`, with
about as many as there are. All run on one :mls:entry:`Hardware.Cloud.H200` with contexts of about :mls:given:`1024 tokens`. The times are
lower bounds, to show what is read; real steps add a fixed time for each layer. Routers are taken to choose evenly.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Hardware, Models, ServingModel, plot
from mlsysim.equations.transformer import experts_touched

# %%
# A decode step of each model, at batches up to 256.
batches = 2 ** np.arange(0, 9)
models = {
    "dense 32B": Models.Language.Qwen3_32B,
    "experts, 3B of 30B": Models.Language.Qwen3_30B_A3B,
    "dense 4B": Models.Language.Qwen3_4B,
}
request = {"hardware": Hardware.Cloud.H200, "input_len": 960, "output_len": 128, "efficiency": 1}
steps = {
    name: ServingModel().solve(model, batch_size=batches, **request).itl for name, model in models.items()
}
sparse = models["experts, 3B of 30B"]
for i, batch in enumerate(batches):
    touched = experts_touched(sparse.experts, sparse.experts_active, float(batch))
    times = ", ".join(f"{name} {step[i].to('ms'):5.2f~P}" for name, step in steps.items())
    print(f"batch {batch:3}: {touched:5.1f} of {sparse.experts} experts; {times}")

# %%
plot.lines(
    batches,
    steps,
    xlabel="batch (sequences)",
    ylabel="time of a decode step, at least",
    xscale="log",
    yscale="log",
)
plt.show()

# %%
# Claim
# -----
# Alone, the mixture takes three quarters of the time of the small dense model. At sixteen sequences it takes nearly seven times its own
# time alone, while a step of the dense models has grown by a sixteenth and a quarter: there batching is nearly free from the start, here
# only once most experts are read anyway. Even then the mixture takes four fifths of the time of the large model, whose arithmetic and
# caches are larger, and two thirds at the largest batch.
large, mixed, small = (dict(zip(batches, step, strict=True)) for step in steps.values())
grown = [float(step[16] / step[1]) for step in (large, mixed, small)]
print("Sixteen sequences against one:", dict(zip(models, np.round(grown, 2).tolist(), strict=True)))
assert 0.74 < mixed[1] / small[1] < 0.77
assert 1.055 < grown[0] < 1.07 and 6.55 < grown[1] < 6.85 and 1.25 < grown[2] < 1.3
assert mixed[256] / mixed[32] < 1.6 < 3.4 < mixed[32] / mixed[4]
assert 0.79 < mixed[64] / large[64] < 0.83 and 0.635 < mixed[256] / large[256] < 0.665
