"""
How many requests a second, before the first token comes too late?
==================================================================

A server answers a lone request quickly. As more requests arrive, they wait: for a place in the batch, and for the prompts
before them. How long does the unlucky one in a hundred wait, and what do chunked prompts, or devices of their own for
prompts, change?

The model is :mls:entry:`Models.Language.Llama3_8B` on the eight devices of a :mls:entry:`Systems.Nodes.DGX_H100`, in half
precision. Steps are estimates; waits are those of random arrivals (:mls:eq:`mean_wait`, :mls:eq:`wait_percentile`).
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Fleet, LoadModel, Models, Q, ServingModel, Systems, plot

requests = {"input_len": 4096, "output_len": 256}
target = Q("400 ms")

# %%
# Eight copies of the model on a node, each with places for 32 requests; and the same node with two devices for prompts
# and six that decode.
model = Models.Language.Llama3_8B
device = Systems.Nodes.DGX_H100
together = ServingModel().solve(model, fleet=Fleet(node=device, nodes=1), batch_size=32, **requests)
five = Fleet(node=device.replace(accelerators=5), nodes=1)
three = Fleet(node=device.replace(accelerators=3), nodes=1)
decoding = ServingModel().solve(model, fleet=five, batch_size=32, **requests)
prompts = ServingModel().solve(model, fleet=three, **requests)

# %%
# Three ways to share the machine, over the same range of load. What cannot be served is not a number.
rates = np.linspace(1, 60, 300)
load = Q(rates, "request/s")
ways = {
    "whole prompts between steps": LoadModel().solve(together, load),
    "prompts in chunks of 512": LoadModel().solve(together, load, chunk_size=512),
    "3 devices for prompts, 5 decode": LoadModel().solve(
        decoding, load, prefill=prompts, kv_bandwidth="50 GB/s"
    ),
}
for name, result in ways.items():
    most = rates[result.ttft_percentile <= target].max()
    gap = np.max(result.longest_gap).to("ms")
    print(f"{name:32} {most:5.1f} requests/s in time, longest gap between tokens {gap:.1f~P}")

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
# Chunks keep the text flowing: the longest gap between two tokens shrinks several times. They pay with a later first
# token. Devices of their own for prompts leave no gap at all.
whole, chunked, apart = ways.values()
gaps = [float(np.max(w.longest_gap.to("ms").magnitude)) for w in (whole, chunked, apart)]
print(f"Longest gaps: {gaps[0]:.0f}, {gaps[1]:.0f} and {gaps[2]:.0f} ms.")
assert gaps[2] < gaps[1] < gaps[0] / 3
assert chunked.prompt_time > whole.prompt_time
