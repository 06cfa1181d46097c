"""
How many requests a second, before the first token comes too late?
==================================================================

A server answers a lone request quickly. As more requests arrive, they wait: for a place in the batch, and for the prompts
before them. How long does the unlucky one in a hundred wait, and what do chunked prompts, or devices of their own for
prompts, change?

The model is :mls:entry:`Models.Language.Llama3_8B` on the eight devices of a :mls:entry:`Systems.Nodes.DGX_H100`, in half
precision. Steps are estimates; waits are those of random arrivals (:mls:eq:`mean_wait`, :mls:eq:`wait_percentile`). A step
carries one chunk of one prompt: schedulers that fill a step from several prompts lose less by small chunks.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import LoadModel, Models, Q, ServingModel, Systems, plot

model, node = Models.Language.Llama3_8B, Systems.Nodes.DGX_H100
request = {"input_len": 4096, "output_len": 256}
target = Q("400 ms")

# %%
# Eight copies of the model on a server, each with places for 32 requests; and the same server with three devices for prompts and
# five that decode.
together = ServingModel().solve(model, node=node, batch_size=32, **request)
decoding = ServingModel().solve(model, node=node.replace(accelerators=5), batch_size=32, **request)
prompts = ServingModel().solve(model, node=node.replace(accelerators=3), **request)

# %%
# Three ways to share the machine, over the same range of load. What cannot be served is not a number.
load = Q(np.linspace(1, 32, 311), "request/s")
ways = {
    "whole prompts between steps": LoadModel().solve(together, load),
    "prompts in chunks of 512": LoadModel().solve(together, load, chunk_size=512),
    "prompts in chunks of 2048": LoadModel().solve(together, load, chunk_size=2048),
    "3 devices for prompts, 5 decode": LoadModel().solve(
        decoding, load, prefill=prompts, kv_bandwidth="50 GB/s"
    ),
}
most = {name: load[result.ttft_percentile <= target].max() for name, result in ways.items()}
gaps = {name: np.max(result.longest_gap).to("ms") for name, result in ways.items()}
for name in ways:
    print(f"{name:32} {most[name]:5.1f~P} in time, longest gap between tokens {gaps[name]:.1f~P}")

# %%
ax = plot.lines(
    load,
    {name: result.ttft_percentile for name, result in ways.items()},
    xlabel="requests that arrive",
    ylabel="time to first token, 99th percentile",
)
ax.set_ylim(0, 900)
plot.rule("target", ax, y=target)
plt.show()

# %%
# Claim
# -----
# Nineteen or twenty a second with whole prompts between steps, and seven percent fewer with devices of their own for prompts, which
# leave no gap between tokens at all. Chunks keep the text flowing too, and their size decides at what price: small ones make the
# longest gap six times shorter, but the first token comes so late that within this target only four are served.
# Four times as large, they halve the gap and serve more than four fifths.
(whole, small, large, apart), (gap, small_gap, large_gap, no_gap) = most.values(), gaps.values()
assert Q("18.8 request/s") < whole < Q("20.3 request/s") and 0.9 < apart / whole < 0.96
assert 5.7 < gap / small_gap < 6.2 and 2 < gap / large_gap < 2.5
assert no_gap < small_gap and np.isclose(no_gap, np.max(decoding.itl))
assert Q("4 request/s") <= small < Q("4.45 request/s") and 0.8 < large / whole < 0.9
