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

from mlsysim import Models, ServingModel, Systems, plot, profile

# %%
# Published tokens and samples a second, devices of a tensor-parallel group, and software that constants know.
logs = {
    "H100": (Systems.Nodes.HGX_H100_8, 2, None, 24524.9, 84.4792),
    "H200": (Systems.Nodes.HGX_H200_8, 1, None, 31302.7, 107.477),
    "MI300X": (Systems.Nodes.MI300X_8, 1, "vllm", 23514.8, 80.15),
}
found = {}
for name, (node, tp, stack, tokens, samples) in logs.items():
    length = round(tokens / samples)
    server = {
        "node": node,
        "tp_size": tp,
        "precision": "fp8",
        "input_len": length,
        "output_len": length,
        "stack": stack,
    }
    room = ServingModel().solve(Models.Language.Llama2_70B, batch_size=1, **server).max_batch_size
    found[name] = ServingModel().solve(Models.Language.Llama2_70B, batch_size=int(room.magnitude), **server)
    low, high = (end.magnitude for end in found[name].interval("throughput"))
    print(
        f"{name:6} {length} tokens, batch {room.magnitude:4.0f}: {found[name].throughput.magnitude:6,.0f} tokens a second "
        f"({low:,.0f} to {high:,.0f}), published {tokens:6,.0f}"
    )

# %%
# Predicted with the range in which eight of ten measurements lie, and published.
with plot.style():
    fig, ax = plt.subplots(figsize=(6.5, 2.6))
    for row, (name, (_, _, _, tokens, _)) in enumerate(logs.items()):
        ends = [end.magnitude for end in found[name].interval("throughput")]
        ax.plot(ends, [row, row], color=plot.SERIES[0], alpha=0.3, lw=8, solid_capstyle="butt")
        ax.plot(
            found[name].throughput.magnitude,
            row,
            "o",
            color=plot.SERIES[0],
            label="predicted" if row == 0 else None,
        )
        ax.plot(tokens, row, "D", color=plot.SERIES[1], label="published" if row == 0 else None)
    ax.set_yticks(range(len(logs)), list(logs))
    ax.set(xlim=(0, None), xlabel="output tokens of eight devices (1/s)", ylabel="server", ylim=(2.5, -0.5))
    ax.legend(loc="center left")
plt.show()

# %%
# Claim
# -----
# The first two servers are known to a twentieth, and so is what the larger memory of the second is worth.
# The third is known to a tenth: it has more memory and more bandwidth than the second, and yet three quarters
# of its tokens were published. Large batches are bound by arithmetic, where its printed peak is the larger and
# what it sustains the smaller; and its software takes time for each sequence. Without both, far more would be
# expected of it.
rate = {name: result.number("throughput") for name, result in found.items()}
published = {name: tokens for name, (_, _, _, tokens, _) in logs.items()}
for name, near in (("H100", 0.05), ("H200", 0.05), ("MI300X", 0.1)):
    low, high = (end.magnitude for end in found[name].interval("throughput"))
    assert low < published[name] < high and abs(rate[name] / published[name] - 1) < near
assert abs(rate["H200"] / rate["H100"] / (published["H200"] / published["H100"]) - 1) < 0.05
like_others = profile("serving").on()[0]["efficiency_compute"]
unaware = profile("serving").with_values({"cdna3.efficiency_compute": like_others})
plain = {
    "node": Systems.Nodes.MI300X_8,
    "precision": "fp8",
    "batch_size": 1024,
    "input_len": 293,
    "output_len": 293,
}
more = ServingModel().solve(Models.Language.Llama2_70B, efficiency=unaware, **plain)
assert more.number("throughput") > 1.6 * published["MI300X"]
