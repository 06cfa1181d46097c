"""
What does a year of an eight-GPU server cost, and where does the money go?
==========================================================================

The accelerators are the largest item on the bill, but a server also needs a network, a building, electricity and hands. How much
is each, and what is left of the difference when such a server is rented?

The fleet is :mls:given:`32 servers` :mls:entry:`Systems.Nodes.DGX_H100` (:mls:fact:`Systems.Nodes.DGX_H100.price` and at most
:mls:fact:`Systems.Nodes.DGX_H100.max_power` each), in use for :mls:given:`80 % of the year`. Servers are written off over
:mls:fact:`Infrastructure.Prices.Server_Lifetime.assumption.lifetime` (:mls:eq:`straight_line_depreciation`), with
:mls:fact:`Infrastructure.Prices.Server_Lifetime.assumption.maintenance_rate` of upkeep. The network is taken to cost
:mls:given:`15 % of the servers`, the building :mls:given:`12 USD/W` over :mls:given:`15 years`, and two people
:mls:given:`200,000 USD a year` each. Electricity and building are those of :mls:entry:`Infrastructure.Grids.US_Average` and
:mls:entry:`Infrastructure.Datacenters.Meta_Fleet_2023`. Capital bears no interest here.
"""

import matplotlib.pyplot as plt

from mlsysim import EconomicsModel, Fleet, Infrastructure, Systems, plot

# %%
# One solve gives all parts; what is not stated, such as staff, would be left out and named as missing.
fleet = Fleet(
    node=Systems.Nodes.DGX_H100,
    nodes=32,
    datacenter=Infrastructure.Datacenters.Meta_Fleet_2023,
    grid=Infrastructure.Grids.US_Average,
)
terms = Infrastructure.Prices.Server_Lifetime.assumption
year = EconomicsModel().solve(
    fleet,
    "1 year",
    utilization=0.8,
    lifetime=terms.lifetime,
    maintenance_rate=terms.maintenance_rate,
    network_price=0.15,
    facility_price="12 USD/W",
    facility_lifetime="15 years",
    staff_cost="400000 USD/year",
    rental=Infrastructure.Prices.H100_Cloud_OnDemand,
)
for part in ("capex", "opex_energy", "opex_maintenance", "opex_staff", "tco", "rental_cost", "rental_cost_used"):
    print(f"{part:17} {getattr(year, part) / fleet.nodes:10,.0f~P} a server")

# %%
# The bill, part by part. What the accelerators, servers, network and building are written off by stands in the first bar.
plot.tco_waterfall(year)
plt.show()

# %%
# Claim
# -----
# Three quarters of the bill is capital, and nearly two thirds of that capital are the servers; electricity is less than a tenth, below the
# two people. Renting the same accelerators for the hours of use costs more than twice as much, and the difference is larger than
# everything but the capital.
share = {part: getattr(year, part) / year.tco for part in ("capex", "opex_energy", "opex_staff")}
print(", ".join(f"{part} {s.magnitude:.0%}" for part, s in share.items()))
assert 0.72 < share["capex"] < 0.78 and 0.6 < year.capital_nodes / year.capital < 0.66
assert 0.06 < share["opex_energy"] < 0.1 and share["opex_energy"] < share["opex_staff"]
assert 2.4 < year.rental_cost_used / year.tco < 2.8
assert year.rental_cost_used - year.tco > year.tco - year.capex
