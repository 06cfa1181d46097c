"""
What does it cost to keep the weights in the memory of the host?
================================================================

A model that is too large for a device can stay in the memory of its host, and its weights pass the link between the two in every
step. A larger batch shares each passage. How far does that help, and what does a faster link change?

The model is :mls:entry:`Models.Language.Llama3_1_70B` in half precision. An :mls:entry:`Hardware.Cloud.H100` gets the weights over
:mls:fact:`Hardware.Cloud.H100.host_link.name` (:mls:fact:`Hardware.Cloud.H100.host_link.bandwidth` both ways), a
:mls:entry:`Hardware.Cloud.GH200` over :mls:fact:`Hardware.Cloud.GH200.host_link.name`
(:mls:fact:`Hardware.Cloud.GH200.host_link.bandwidth` both ways). Beside them stand two H100 that hold the weights between them.
Contexts have :mls:given:`2048 tokens`. All times are lower bounds, and the host is taken to have room and to keep pace with its link.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Hardware, Models, ServingModel, SingleNodeModel, plot

model, cloud = Models.Language.Llama3_1_70B, Hardware.Cloud
batches = np.arange(1, 151)


def offloaded(device, batch, tokens=2048, phase="decode"):
    """Solve a step whose weights come from the host."""
    how = {"phase": phase, "memory_level": "host", "efficiency": 1}
    return SingleNodeModel().solve(model, device, batch, seq_len=tokens, **how)


# %%
# A step of decode with batches as large as the caches allow.
request = {"batch_size": batches, "input_len": 2047, "output_len": 2, "efficiency": 1}
both = ServingModel().solve(model, cloud.H100, tp_size=2, **request)
ways = {
    "GH200, from the host": offloaded(cloud.GH200, batches).throughput,
    "H100, from the host": offloaded(cloud.H100, batches).throughput,
    "two H100 hold all": both.decode_throughput,
}
plot.lines(
    batches,
    ways,
    xlabel="batch (sequences)",
    ylabel="output tokens of all sequences",
    xscale="log",
    yscale="log",
)
plt.show()

# %%
# A prompt is read by the same passage of the weights, and all its tokens share it. From some length on, arithmetic takes longer.
prompts = np.arange(500, 20001, 100)
hidden = {
    name: int(prompts[offloaded(device, 1, prompts, "prefill").bottleneck == "compute"].min())
    for name, device in (("H100", cloud.H100), ("GH200", cloud.GH200))
}

# %%
# Claim
# -----
# In decode it costs a factor of a hundred over the bus, and still more than ten over the fast link. Larger batches make up for
# some of it, and a device that holds no weights has room for several times the caches; even so it does not reach what two
# devices do that hold them. It costs nothing for long prompts: from two thousand tokens on over the fast link, 14 thousand
# over the bus.
largest = {name: int(batches[np.isfinite(rates.magnitude)].max()) for name, rates in ways.items()}
most = {name: ways[name][batch - 1].magnitude for name, batch in largest.items()}
alone = {name: rates[0].magnitude for name, rates in ways.items()}
for name, batch in largest.items():
    print(f"{name:21} {alone[name]:5.2f} tokens a second alone, {most[name]:6.1f} with a batch of {batch}")
print(
    f"the link hides behind {hidden['H100']} tokens of a prompt on the H100, {hidden['GH200']} on the GH200"
)
fast, bus, held = alone.values()
assert 95 < held / bus < 110 and 13 < held / fast < 16
assert list(largest.values()) == [143, 119, 28]
assert sorted(most, key=most.get) == ["H100, from the host", "GH200, from the host", "two H100 hold all"]
assert 2000 < hidden["GH200"] < 2400 and 13500 < hidden["H100"] < 14500 < model.max_context
