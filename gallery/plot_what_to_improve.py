"""
What should be improved first to make tokens cheaper?
=====================================================

A faster memory, more arithmetic, quicker links, smaller weights, a cheaper server? An elasticity answers in one number
each: by how many percent the cost of a token changes for one percent more of an input.

Here they are those of :mls:entry:`Models.Language.Llama3_70B` on :mls:entry:`Systems.Nodes.HGX_H100_4`, owned for a year and
always busy, at :mls:fact:`Infrastructure.Grids.US_Average.electricity_price`. The machine is taken to cost half of an eight-GPU
server (:mls:fact:`Systems.Nodes.DGX_H100.price`). Prompts have :mls:given:`1024 tokens` and answers :mls:given:`256 tokens`. Nothing
is perturbed: the derivatives are carried through :mls:solver:`ServingModel` and :mls:solver:`EconomicsModel`, and are exact. The
machine is taken to reach its peaks.
"""

import matplotlib.pyplot as plt

from mlsysim import EconomicsModel, Fleet, Infrastructure, Models, ServingModel, Systems

# %%
# Two ways to serve: one request at a time, and a large batch of them together.
node = Systems.Nodes.HGX_H100_4.replace(price=Systems.Nodes.DGX_H100.price / 2)
fleet = Fleet(
    node=node,
    nodes=1,
    datacenter=Infrastructure.Datacenters.Meta_Fleet_2023,
    grid=Infrastructure.Grids.US_Average,
)
terms = Infrastructure.Prices.Server_Lifetime.assumption
costs = {}
for batch in (1, 256):
    serving = ServingModel().solve(
        Models.Language.Llama3_70B,
        fleet=fleet,
        batch_size=batch,
        input_len=1024,
        output_len=256,
        tp_size=4,
        efficiency=1,
    )
    costs[batch] = EconomicsModel().solve(
        fleet, "1 year", serving=serving, lifetime=terms.lifetime, maintenance_rate=terms.maintenance_rate
    )
    print(
        f"batch {batch:3}: {costs[batch].cost_per_million_tokens:.2f~P} for a million tokens, {serving.bottleneck}-bound decode"
    )

# %%
# Where does such a number come from? ``why`` tells, equation by equation. These are its last steps.
for step in costs[1].why("cost_per_million_tokens").steps[-5:]:
    print(step.text)

# %%
# The inputs that somebody can improve, and what one percent more of each does.
inputs = {
    "memory bandwidth": "Hardware.Cloud.H100.memory.bandwidth",
    "bytes of a weight": "weight_size",
    "price of the server": f"{node.zoo_name}.price",
    "life of the server": "lifetime",
    "peak arithmetic": "Hardware.Cloud.H100.compute.peak.fp16",
    "link bandwidth": "Hardware.Cloud.H100.link.bandwidth",
    "price of electricity": "Infrastructure.Grids.US_Average.electricity_price",
    "bytes of a cached number": "kv_size",
}
percent = {
    batch: [cost.elasticities("cost_per_million_tokens")[name] for name in inputs.values()]
    for batch, cost in costs.items()
}

fig, ax = plt.subplots(figsize=(7.5, 4.8), layout="constrained")
for batch, colour, shift in ((1, "#0072B2", -0.2), (256, "#D55E00", 0.2)):
    rows = [row + shift for row in range(len(inputs))]
    ax.barh(rows, percent[batch], height=0.38, color=colour)
    ax.text(-1, rows[2], f"batch {batch}", va="center", color=colour, weight="bold")
    for row, value in zip(rows, percent[batch], strict=True):
        gap, side = (0.02, "left") if value > 0 else (-0.02, "right")
        ax.text(
            value + gap,
            row,
            f"{value:+.2f}" if abs(value) > 0.005 else "0",
            va="center",
            ha=side,
            color=colour,
        )
ax.axvline(0, color="0.4", lw=1)
ax.set_yticks(range(len(inputs)), inputs)
ax.invert_yaxis()
ax.set_xlim(-1.2, 1.2)
ax.set_xlabel("change of the cost of a token, in percent, for one percent more of the input")
ax.spines[["top", "right", "left"]].set_visible(False)
plt.show()

# %%
# Claim
# -----
# What to improve first depends on the batch. Alone, a request waits for memory: faster memory, or weights of fewer bytes, is
# worth nearly its full percent. In a large batch arithmetic counts for more than memory. The price of the server matters
# in both, and that of electricity far less.
small, large = (dict(zip(inputs, percent[batch], strict=True)) for batch in (1, 256))
assert small["memory bandwidth"] < -0.95 and small["bytes of a weight"] > 0.95
assert large["peak arithmetic"] < large["memory bandwidth"] < -0.1
assert abs(large["price of electricity"]) < large["price of the server"] / 4
