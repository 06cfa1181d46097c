"""
What does caching a system prompt save?
=======================================

Many requests begin with the same instructions. Their keys and values can be computed once and kept: each request then computes only
what is its own, and all of them share one copy in memory. But every step of decoding still reads those keys and values
for each sequence, unless a kernel shares the reading as well, which is not assumed here.

Prompts of :mls:given:`4352 tokens`, of which up to :mls:given:`4096 tokens` are shared, are answered in :mls:given:`256 tokens` by
:mls:entry:`Models.Language.Llama3_1_8B` on one :mls:entry:`Hardware.Cloud.H100`. What a cached prefix changes is shown as a ratio to the
same requests without it: the time of a prompt by itself, the requests a second that 32 places allow
(:mls:result:`LoadModel.max_request_rate`), and the sequences that fit. All times are estimates.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Hardware, LoadModel, Models, ServingModel, plot

# %%
# The same requests with ever more of the prompt cached.
shared = np.arange(0, 4097, 128)
request = {"hardware": Hardware.Cloud.H100, "batch_size": 32, "input_len": 4352, "output_len": 256}
model = Models.Language.Llama3_1_8B
plain = ServingModel().solve(model, **request)
cached = ServingModel().solve(model, prefix_len=shared, **request)
before, after = LoadModel().solve(plain), LoadModel().solve(cached)

# %%
times_better = {
    "quicker prompt": (before.prompt_time / after.prompt_time).to(""),
    "more sequences fit": (cached.max_batch_size / plain.max_batch_size).to(""),
    "more requests a second": (after.max_request_rate / before.max_request_rate).to(""),
    "quicker step": (plain.itl / cached.itl).to(""),
}
half = list(shared).index(2048)

# %%
# Room for more sequences is worth something only if it is used: as many places as keep the pace of a token without the cache.
places = np.arange(32, 257)
fuller = ServingModel().solve(model, prefix_len=4096, **(request | {"batch_size": places}))
fuller = LoadModel().solve(fuller)
kept = int(np.flatnonzero(fuller.tpot <= before.tpot).max())
used = (fuller.max_request_rate[kept] / before.max_request_rate).to("")
print(f"{places[kept]} places keep the pace, for {used:.2f~P} times the requests")
for name, ratio in times_better.items():
    print(f"{name:24} {ratio[half]:5.2f~P} times with 2048 tokens, {ratio[-1]:5.2f~P} times with 4096")

# %%
plot.lines(
    shared,
    times_better,
    xlabel="cached part of a prompt of 4352 (tokens)",
    ylabel="ratio to no cached prefix",
    yscale="log",
)
plt.show()

# %%
# Claim
# -----
# With nearly all of the prompt cached, a prompt alone is about ten times as quick, and nine times as many sequences fit. But the requests
# a second do not even double in the same places: the steps of decoding take as long as before, and they are what is left. With as many
# places as the pace of before allows, they nearly triple.
prompt, room, rate, step = times_better.values()
assert 1.71 < prompt[half] < 1.88 and 9.3 < prompt[-1] < 10.2
assert 1.25 < rate[half] < 1.36 and 1.82 < rate[-1] < 1.98
assert 2.6 < used < 2.9 and places[kept] < 3 * 32
assert np.allclose(step, 1) and 8.9 < room[-1] < 9.1
