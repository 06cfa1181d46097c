"""
What does a year of an eight-GPU server cost, and where does the money go?
==========================================================================

The accelerators are the largest item on the bill, but a server also needs a network, a building, electricity and hands. How
much is each, and what does an hour of one accelerator then cost?

The server is a :mls:entry:`Systems.Nodes.DGX_H100` for :mls:fact:`Systems.Nodes.DGX_H100.price`, in use for
:mls:given:`80 % of the year`. It is written off over :mls:fact:`Infrastructure.Prices.Server_Lifetime.assumption.lifetime`
(:mls:eq:`straight_line_depreciation`), with :mls:fact:`Infrastructure.Prices.Server_Lifetime.assumption.maintenance_rate` of
upkeep. Its network is taken to cost :mls:given:`15 % of its price`, its share of a building :mls:given:`12 USD/W` over
:mls:given:`15 years`, and its share of a team :mls:given:`12,500 USD a year`. Electricity and building are those of
:mls:entry:`Infrastructure.Grids.US_Average` and :mls:entry:`Infrastructure.Datacenters.Meta_Fleet_2023`. Idle, it draws
nothing, since nobody states what it does, and capital bears no interest: the bill is on the low side. With interest it stands
beside rents in :mls:claim:`economics.plot_buy_or_rent`.
"""

import matplotlib.pyplot as plt

from mlsysim import EconomicsModel, Fleet, Infrastructure, Q, Systems, plot

# %%
# One solve gives all parts; what is not stated, such as staff, would be left out and named as missing.
fleet = Fleet(
    node=Systems.Nodes.DGX_H100,
    nodes=1,
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
    staff_cost="12500 USD/year",
)
print(
    f"capital that is written off: {year.capital:,.0f~P}, of it {year.capital_nodes:,.0f~P} for the server"
)

# %%
# The bill, part by part. The first bar is what server, network and building lose of their value in a year.
plot.tco_waterfall(year)
plt.show()

# %%
# Claim
# -----
# Three quarters of the bill is capital, and nearly two thirds of the capital is the server with its accelerators;
# electricity is less than a tenth, upkeep a third of that or little more. An hour of use costs about two fifths of what
# renting the same accelerator on demand does; interest, and rents under a commitment, bring the two closer.
hour = year.tco / (fleet.devices * 0.8 * Q("1 year").to("hour"))
rent = Infrastructure.Prices.H100_Cloud_OnDemand.rental
print(f"an hour of one accelerator in use: {hour:.2f~P} owned, {rent:.2f~P} rented")
assert 0.74 < year.capex / year.tco < 0.76 and 0.6 < year.capital_nodes / year.capital < 0.66
assert 0.07 < year.opex_energy / year.tco < 0.08
assert 1 / 3 < year.opex_maintenance / year.opex_energy < 0.4
assert 0.37 < hour / rent < 0.4
