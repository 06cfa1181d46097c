"""
When do prompts deserve devices of their own?
=============================================

A prompt that is computed whole, between two steps, stops the tokens of all others. Computing it in small chunks beside the tokens
softens that; moving prompts to devices of their own ends it, but the machine is then divided for good. Which way serves more
requests depends on how quickly tokens must follow one another.

The model is :mls:entry:`Models.Language.Llama3_1_8B` on the eight devices of a :mls:entry:`Systems.Nodes.DGX_H100`, with prompts of
:mls:given:`2048 tokens` and answers of :mls:given:`256 tokens`. :mls:solver:`LoadModel` gives the mean time for each output token and
the most requests a second; the places of each replica, the size of a chunk and the split of the devices are chosen best for
each limit. The first token has no limit. Caches move at :mls:given:`50 GB/s`. The times are estimates.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import LoadModel, Models, Q, ServingModel, Systems, plot

request = {"batch_size": np.arange(1, 201), "input_len": 2048, "output_len": 256}
model, node = Models.Language.Llama3_1_8B, Systems.Nodes.DGX_H100
serve, load = ServingModel().solve, LoadModel().solve

# %%
# Shared: eight replicas, prompts whole or in chunks. Apart: every split of the eight devices.
everywhere = serve(model, node=node, **request)
whole = {"8 for both": load(everywhere)}
chunked = {f"chunks of {c}": load(everywhere, chunk_size=c) for c in (64, 128, 256, 512, 1024)}
apart = {}
for prompts in range(1, 8):
    decoding = serve(model, node=node.replace(accelerators=8 - prompts), **request)
    pool = serve(model, node=node.replace(accelerators=prompts), **(request | {"batch_size": 1}))
    apart[f"{prompts} + {8 - prompts}"] = load(decoding, prefill=pool, kv_bandwidth="50 GB/s")

# %%
# The most requests within each limit, over all numbers of places and all choices of a way.
limits = Q(np.linspace(8, 30, 111), "ms")


def most(way):
    """Return the most requests a second within each limit."""
    within = way.tpot[None, :] <= limits[:, None]
    return np.where(within, way.max_request_rate.to("request/s").magnitude, 0).max(axis=1)


ways = {"whole prompts": whole, "in chunks": chunked, "devices apart": apart}
rates = {name: {choice: most(way) for choice, way in choices.items()} for name, choices in ways.items()}
best = {name: np.max(list(found.values()), axis=0) for name, found in rates.items()}
for at in (10, 15, 30):
    i = int(np.argmin(abs(limits.magnitude - at)))
    chosen = {name: max(found, key=lambda choice: found[choice][i]) for name, found in rates.items()}
    print(f"{at} ms a token:", {name: f"{best[name][i]:.0f}/s with {chosen[name]}" for name in best})

# %%
ax = plot.lines(
    limits,
    {name: Q(rate, "request/s") for name, rate in best.items()},
    xlabel="limit for the mean time of an output token",
    ylabel="most requests served",
)
turn = limits[np.flatnonzero(best["devices apart"] > best["in chunks"])[-1]]
plot.rule("chunks serve more from here", ax, x=turn)
plt.show()

# %%
# Claim
# -----
# Against whole prompts, devices apart serve more within every limit that is drawn, and several times as many requests within the
# tightest. But chunks take most of that away: apart serves about seven tenths more where tokens must come fastest, and a little less
# where they may come slowly. No shared device waits for work of its kind, and a chunk shares the reading of the weights with the tokens.
print(f"Chunks and devices apart are equal at {turn:.1f~P} a token.")
gain = best["devices apart"] / best["in chunks"]
tight, loose = (int(np.argmin(abs(limits.magnitude - at))) for at in (8, 30))
assert Q("10 ms") < turn < Q("16 ms")
print(
    f"At 8 ms apart serves {gain[tight]:.1f} times as many, at 30 ms {gain[loose]:.2f} times that of chunks."
)
assert np.all(best["devices apart"] > 1.1 * best["whole prompts"])
assert best["devices apart"][tight] > 4 * best["whole prompts"][tight]
assert 1.6 < gain[tight] < 1.8 and 0.9 < gain[loose] < 0.96
