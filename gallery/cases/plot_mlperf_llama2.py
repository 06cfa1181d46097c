"""
How many tokens a second does a server make in MLPerf, and does the library know?
=================================================================================

In the offline scenario of MLPerf Inference a server may take the requests in any order, so what counts is
throughput alone. For :mls:entry:`Models.Language.Llama2_70B` the logs of round v4.1 print samples and
tokens a second (:mls:source:`mlcommons2024llama2`): together they tell how long an answer was.

:mls:solver:`ServingModel` is asked for three servers of eight devices:
:mls:entry:`Systems.Nodes.HGX_H100_8`, in pairs, as one device cannot hold weights and caches well;
:mls:entry:`Systems.Nodes.HGX_H200_8`; and :mls:entry:`Systems.Nodes.MI300X_8`. Arithmetic and caches have
eight bits, prompts are taken to be as long as answers, and as many sequences run together as memory holds.
The third ran vLLM (:mls:source:`mlcommons2024inferencev41`), which handles its sequences one by one in every
step. The numbers are estimates with the documented constants, which were fitted on other measurements; that
the third device sustains about half of its printed peak is its maker's own measurement
(:mls:source:`sander2025maf`).
"""

import matplotlib.pyplot as plt

from mlsysim import Models, Q, ServingModel, Systems, plot

# %%
# Published tokens and samples a second, devices of a tensor-parallel group, and software that constants know.
logs = {
    "H100": (Systems.Nodes.HGX_H100_8, 2, None, 24524.9, 84.4792),
    "H200": (Systems.Nodes.HGX_H200_8, 1, None, 31302.7, 107.477),
    "MI300X": (Systems.Nodes.MI300X_8, 1, "vllm", 23514.8, 80.15),
}
rates, published = {}, {}
for name, (node, tp, stack, tokens, samples) in logs.items():
    length = round(tokens / samples)
    lengths = {"input_len": length, "output_len": length}
    server = {"node": node, "tp_size": tp, "precision": "fp8", "stack": stack, **lengths}
    room = ServingModel().solve(Models.Language.Llama2_70B, batch_size=1, **server).max_batch_size
    full = ServingModel().solve(Models.Language.Llama2_70B, batch_size=int(room.magnitude), **server)
    rates[name] = full.throughput, full.interval("throughput")
    published[name] = Q(tokens, "1/s")
    low, high = (end.magnitude for end in full.interval("throughput"))
    print(
        f"{name:6} {length} tokens, batch {room.magnitude:4.0f}: {full.throughput.magnitude:6,.0f} tokens"
        f" a second ({low:,.0f} to {high:,.0f}), published {tokens:6,.0f}"
    )

# %%
# Each estimate with the range in which eight of ten measurements lie, and what was published.
plot.intervals(rates, published, xlabel="output tokens of eight devices", ylabel="server")
plt.show()

# %%
# Claim
# -----
# The first two servers are known to a twentieth, and so is what the larger memory of the second is worth. The
# third is known to a tenth. It has more memory and more bandwidth than the second, and yet three quarters of
# its tokens were published: large batches are bound by arithmetic, where its printed peak is the larger and
# what it sustains the smaller.
for name, near in {"H100": 0.05, "H200": 0.05, "MI300X": 0.1}.items():
    rate, (low, high) = rates[name]
    assert low < published[name] < high and abs(rate / published[name] - 1) < near
gain, foreseen = published["H200"] / published["H100"], rates["H200"][0] / rates["H100"][0]
assert abs(foreseen / gain - 1) < 0.05
assert 0.73 < published["MI300X"] / published["H200"] < 0.77
assert 0.7 < rates["MI300X"][0] / rates["H200"][0] < 0.85
