"""
Can four H100s serve Llama-3-70B within a budget, and where is the carbon least?
================================================================================

One question that no single solver can answer: whether the model fits, what a year costs, and which grid makes it
cleanest.

The model is :mls:entry:`Models.Language.Llama3_70B`, the machine :mls:entry:`Systems.Nodes.HGX_H100_4`, the budget
:mls:given:`50,000 USD a year`. No price of this machine is published, so it is taken to cost half of an eight-GPU server
(:mls:fact:`Systems.Nodes.DGX_H100.price`), written off over
:mls:fact:`Infrastructure.Prices.Server_Lifetime.assumption.lifetime` with
:mls:fact:`Infrastructure.Prices.Server_Lifetime.assumption.maintenance_rate` of upkeep. It runs at full power all year, so
the cost and the carbon of the year are on the high side. Times are estimates with the constants fitted on measurements.
:mls:solver:`ServingModel`, :mls:solver:`EconomicsModel` and :mls:solver:`SustainabilityModel` are used one after another.
"""

import matplotlib.pyplot as plt

from mlsysim import (
    EconomicsModel,
    Fleet,
    Hardware,
    Infrastructure,
    Models,
    Q,
    ServingModel,
    SustainabilityModel,
    Systems,
)

budget = Q("50000 USD")
requests = {"batch_size": 16, "input_len": 1024, "output_len": 256}

# %%
# Does it fit? One GPU cannot hold the weights. Asking for a time anyway raises ``InfeasibleError`` with this sentence.
alone = ServingModel().solve(Models.Language.Llama3_70B, hardware=Hardware.Cloud.H100, **requests)
print(alone.reason)

# %%
# Four of them can, with every layer split over all four.
node = Systems.Nodes.HGX_H100_4.replace(price=Systems.Nodes.DGX_H100.price / 2)
fleet = Fleet(
    node=node,
    nodes=1,
    datacenter=Infrastructure.Datacenters.Meta_Fleet_2023,
    grid=Infrastructure.Grids.US_Average,
)
serving = ServingModel().solve(Models.Language.Llama3_70B, fleet=fleet, tp_size=4, **requests)
print(serving)

# %%
# What does a year cost? Grids whose price of electricity is known are compared; renting the same GPUs is the other way.
g = Infrastructure.Grids
places = (g.Sweden, g.Norway, g.Quebec, g.France, g.Ontario, g.UnitedKingdom, g.California, g.Texas, g.US_Average, g.Ireland,
          g.Germany, g.Japan, g.Singapore, g.China, g.Australia, g.Poland, g.India)  # fmt: skip
terms = Infrastructure.Prices.Server_Lifetime.assumption
costs = {}
for grid in places:
    if grid.electricity_price is not None:
        there = fleet.replace(grid=grid)
        year = EconomicsModel().solve(
            there,
            "1 year",
            serving=serving,
            lifetime=terms.lifetime,
            maintenance_rate=terms.maintenance_rate,
        )
        costs[grid.name] = year.tco
        print(
            f"{grid.name:28} {year.tco:,.0f~P} a year, {year.cost_per_million_tokens:.2f~P} for a million tokens"
        )
rent = (fleet.devices * Infrastructure.Prices.H100_Cloud_OnDemand.rental * Q("1 year")).to("USD")
print(f"{'rented by the hour':28} {rent:,.0f~P} a year")

# %%
# And the carbon? The same machine, on each of these grids. The making of the machine is the same everywhere and left out.
carbon = {
    place.name: SustainabilityModel().solve(fleet, "1 year", grid=place).carbon.to("tCO2e").magnitude
    for place in places
}
names = sorted(carbon, key=carbon.get)

fig, ax = plt.subplots(figsize=(7.5, 5.2), layout="constrained")
colours = {names[0]: "#009E73", "Quebec grid": "#0072B2", "United States average grid": "#D55E00"}
ax.barh(names, [carbon[n] for n in names], color=[colours.get(n, "0.65") for n in names])
for row, name in enumerate(names):
    price = f", {costs[name].magnitude / 1000:.0f} thousand USD" if name in costs else ""
    ax.text(
        carbon[name] + 0.3, row, f"{carbon[name]:.1f} t{price}", va="center", color=colours.get(name, "0.4")
    )
ax.set_yticks(range(len(names)), [n.replace(" grid", "") for n in names])
ax.invert_yaxis()
ax.set_xlabel("greenhouse gas of a year (t CO2e)")
ax.set_xlim(right=1.15 * max(carbon.values()))
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# Claim
# -----
# Four GPUs are enough where one is not. Owned, they stay within the budget at every price of electricity that is
# known here; rented by the hour, they do not. The cleanest of these grids is Sweden's, an order of magnitude below the
# average of the United States.
print(
    f"The dearest year costs {max(costs.values()):,.0f~P}, rented {rent:,.0f~P}; the budget is {budget:,.0f~P}."
)
print(
    f"Least carbon: {names[0]}, {carbon['United States average grid'] / carbon[names[0]]:.0f} times less than the US average."
)
assert serving.feasible and not alone.feasible
assert max(costs.values()) < budget < rent
assert names[0] == Infrastructure.Grids.Sweden.name
assert carbon["United States average grid"] > 10 * carbon[names[0]]
