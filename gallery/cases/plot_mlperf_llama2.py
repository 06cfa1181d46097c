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
The numbers are estimates with the documented constants, which were fitted on other measurements, of the
third device on none.
"""

import matplotlib.pyplot as plt

from mlsysim import Models, Q, ServingModel, Systems, plot

# %%
# Published tokens and samples a second, and devices of a tensor-parallel group.
logs = {
    "H100": (Systems.Nodes.HGX_H100_8, 2, 24524.9, 84.4792),
    "H200": (Systems.Nodes.HGX_H200_8, 1, 31302.7, 107.477),
    "MI300X": (Systems.Nodes.MI300X_8, 1, 23514.8, 80.15),
}
rates, published = {}, {}
for name, (node, tp, tokens, samples) in logs.items():
    length = round(tokens / samples)
    server = {"node": node, "tp_size": tp, "precision": "fp8", "input_len": length, "output_len": length}
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
# The first two servers are known to a twentieth, and so is what the larger memory of the second is worth.
# Not so the third: more memory and more bandwidth than the second, and yet three quarters of its tokens
# were published, far below the interval. Its software then left unused what the constants, fitted on other
# vendors' stacks, expect of it.
for name in ("H100", "H200"):
    rate, (low, high) = rates[name]
    assert low < published[name] < high and abs(rate / published[name] - 1) < 0.05
gain, foreseen = published["H200"] / published["H100"], rates["H200"][0] / rates["H100"][0]
assert abs(foreseen / gain - 1) < 0.05
assert 0.73 < published["MI300X"] / published["H200"] < 0.77
assert published["MI300X"] < 0.8 * rates["MI300X"][1][0]
