"""
What should be improved first to make tokens cheaper?
=====================================================

A faster memory, more arithmetic, quicker links, smaller weights, a cheaper server? An elasticity answers in
one number each: by how many percent the cost of a token changes for one percent more of an input.

Here they are those of :mls:entry:`Models.Language.Llama3_70B` on :mls:entry:`Systems.Nodes.HGX_H100_4`,
owned for a year and always busy, at :mls:fact:`Infrastructure.Grids.US_Average.electricity_price`. The
machine is taken to cost half of an eight-GPU server (:mls:fact:`Systems.Nodes.DGX_H100.price`). Prompts
have :mls:given:`1024 tokens` and answers :mls:given:`256 tokens`. Nothing is perturbed: the derivatives are
carried through :mls:solver:`ServingModel` and :mls:solver:`EconomicsModel`, and are exact. The machine is
taken to reach its peaks.
"""

import matplotlib.pyplot as plt

from mlsysim import EconomicsModel, Fleet, Infrastructure, Models, ServingModel, Systems, plot

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
    price = costs[batch].cost_per_million_tokens
    print(f"batch {batch:3}: {price:.2f~P} for a million tokens, {serving.bottleneck}-bound decode")

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
plot.tornado({f"batch {batch}": cost for batch, cost in costs.items()}, "cost_per_million_tokens", inputs)
plt.show()

# %%
# Claim
# -----
# What to improve first depends on the batch. Alone, a request waits for memory: faster memory, or weights
# of fewer bytes, is worth all but a fiftieth of its percent. In a large batch arithmetic counts twice as
# much as memory. The price of the server matters in both, six times as much as that of electricity.
found = [costs[batch].elasticities("cost_per_million_tokens") for batch in (1, 256)]
small, large = ({says: percent[name] for says, name in inputs.items()} for percent in found)
assert -0.985 < small["memory bandwidth"] < -0.98 and 0.975 < small["bytes of a weight"] < 0.982
assert large["memory bandwidth"] < 0 and 1.98 < large["peak arithmetic"] / large["memory bandwidth"] < 2.1
assert all(6 < each["price of the server"] / each["price of electricity"] < 6.35 for each in (small, large))
