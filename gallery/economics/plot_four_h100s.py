"""
Can four H100s serve Llama-3-70B within a budget, and where is the carbon least?
================================================================================

One question that no single solver can answer: whether the model fits, what a year costs, and which grid makes it
cleanest.

The model is :mls:entry:`Models.Language.Llama3_70B`, the machine :mls:entry:`Systems.Nodes.HGX_H100_4`, the budget
:mls:given:`50,000 USD a year`. No price of this machine is published, so it is taken to cost half of an eight-GPU server
(:mls:fact:`Systems.Nodes.DGX_H100.price`), written off over
:mls:fact:`Infrastructure.Prices.Server_Lifetime.assumption.lifetime` with
:mls:fact:`Infrastructure.Prices.Server_Lifetime.assumption.maintenance_rate` of upkeep. It runs at full power all year. First
only server and electricity are counted; then also a network for :mls:given:`15 % of the price`, a building at
:mls:given:`12 USD/W` over :mls:given:`15 years`, staff for :mls:given:`6,250 USD a year`, and last :mls:given:`8 %` of interest.
Rent is by the hour, all year. Times are estimates with the constants fitted on measurements.
:mls:solver:`ServingModel`, :mls:solver:`EconomicsModel` and :mls:solver:`SustainabilityModel` are used one after another.
"""

import matplotlib.pyplot as plt

from mlsysim import Fleet, Hardware, Infrastructure, Models, Q, Systems, plot
from mlsysim.solvers import EconomicsModel, ServingModel, SustainabilityModel

budget, model = Q("50000 USD"), Models.Language.Llama3_70B
requests = {"batch_size": 16, "input_len": 1024, "output_len": 256}

# %%
# Does it fit? One GPU cannot hold the weights. Asking for a time anyway raises ``InfeasibleError`` with this sentence.
alone = ServingModel().solve(model, hardware=Hardware.Cloud.H100, **requests)
print(alone.reason)

# %%
# Four of them can, with every layer split over all four.
node = Systems.Nodes.HGX_H100_4.replace(price=Systems.Nodes.DGX_H100.price / 2)
building = Infrastructure.Datacenters.Meta_Fleet_2023
fleet = Fleet(node=node, nodes=1, datacenter=building, grid=Infrastructure.Grids.US_Average)
serving = ServingModel().solve(model, fleet=fleet, tp_size=4, **requests)
print(serving)

# %%
# What does a year cost? Grids whose price of electricity is known are compared; renting the same GPUs is the other way.
grids = Infrastructure.Grids
places = [grids.Sweden, grids.Norway, grids.Quebec, grids.France, grids.Ontario, grids.UnitedKingdom]
places += [grids.California, grids.Texas, grids.US_Average, grids.Germany, grids.Poland, grids.India]
terms = Infrastructure.Prices.Server_Lifetime.assumption
costs = {"serving": serving, "lifetime": terms.lifetime, "maintenance_rate": terms.maintenance_rate}
costs["rental"] = Infrastructure.Prices.H100_Cloud_OnDemand
priced = [grid for grid in places if grid.electricity_price is not None]
years = {grid.name: EconomicsModel().solve(fleet.replace(grid=grid), "1 year", **costs) for grid in priced}
for name, year in years.items():
    print(f"{name:28} {year.tco:,.0f~P}, {year.cost_per_million_tokens:.2f~P} for a million tokens")
dearest = max(years.values(), key=lambda year: year.tco)

# %%
# Network, building and staff come on top, and interest on what is paid at once.
costs |= {"network_price": 0.15, "facility_price": "12 USD/W", "facility_lifetime": "15 years"}
whole, lent = (
    EconomicsModel().solve(fleet, "1 year", staff_cost="6250 USD/year", discount_rate=rate, **costs)
    for rate in (None, 0.08)
)
print(f"on the average US grid, all counted: {whole.tco:,.0f~P}, and with interest {lent.tco:,.0f~P}")

# %%
# And the carbon? The same machine, on each of these grids. The making of the machine is the same everywhere and left out.
carbon = {grid.name: SustainabilityModel().solve(fleet, "1 year", grid=grid) for grid in places}
plot.carbon_by_region(carbon, highlight=[grids.Quebec, grids.US_Average])
plt.show()

# %%
# Claim
# -----
# Four GPUs are enough where one is not. Owned, server and electricity take seven tenths of the budget at the dearest price of
# electricity; rented by the hour, nearly three budgets. Network, building and staff take most of what is left, and interest more.
# Sweden's grid is the cleanest, eighteen times below the average of the United States: carbon is energy times intensity.
print(f"The dearest year costs {dearest.tco:,.0f~P}, rented {dearest.rental_cost:,.0f~P}.")
assert serving.feasible and not alone.feasible and 2.75 < dearest.rental_cost / budget < 2.85
assert 0.68 < dearest.tco / budget < 0.71 and 0.86 < whole.tco / budget < 0.9 and lent.tco > budget
clean, mean = carbon[grids.Sweden.name], carbon[grids.US_Average.name]
assert clean.carbon == min(c.carbon for c in carbon.values()) and 17.5 < mean.carbon / clean.carbon < 18.5
assert abs(clean.carbon / (grids.Sweden.carbon_intensity * clean.facility_energy) - 1) < 1e-6
