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

from mlsysim import Fleet, LoadModel, Models, Q, ServingModel, Systems

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
most = {}
for name, result in ways.items():
    late = result.ttft_percentile.to("ms").magnitude
    good = late <= target.to("ms").magnitude
    most[name] = rates[good].max()
    gap = result.longest_gap.to("ms").magnitude
    print(
        f"{name:32} {most[name]:5.1f} requests/s in time, longest gap between tokens {np.max(gap):6.1f} ms"
    )

# %%
fig, ax = plt.subplots(figsize=(7.5, 4.4), layout="constrained")
for (name, result), colour in zip(ways.items(), ("#0072B2", "#009E73", "#D55E00"), strict=True):
    late = result.ttft_percentile.to("ms").magnitude
    ax.plot(rates, late, color=colour, lw=2, label=name)
    ax.plot(most[name], target.to("ms").magnitude, "o", color=colour, ms=8)
ax.axhline(target.to("ms").magnitude, color="0.6", lw=1, ls=":")
ax.text(1, 1.03 * target.to("ms").magnitude, "target", color="0.4")
ax.set_xlabel("requests a second")
ax.set_ylabel("time to first token, 99th percentile (ms)")
ax.set_ylim(0, 900)
ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(0.0, 0.93))
ax.spines[["top", "right"]].set_visible(False)
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
