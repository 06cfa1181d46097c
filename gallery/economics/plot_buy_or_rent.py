"""
From which utilization on is it cheaper to buy an H100 server than to rent one?
===============================================================================

An owned server costs nearly the same whether it works or waits; a rented one costs only the hours that it is used. Where do
the two meet, and how far does that move with the price of renting?

Bought is a :mls:entry:`Systems.Nodes.DGX_H100` for :mls:fact:`Systems.Nodes.DGX_H100.price`, with a network for
:mls:given:`15 % of its price`, a share of a building at :mls:given:`12 USD/W` over :mls:given:`15 years`, and capital at
:mls:given:`8 % a year`. It is written off over :mls:fact:`Infrastructure.Prices.Server_Lifetime.assumption.lifetime`, at the
electricity price and in the building of :mls:entry:`Infrastructure.Grids.US_Average` and
:mls:entry:`Infrastructure.Datacenters.Meta_Fleet_2023`. It draws nothing when it waits, which favours owning a little.
Rented are the same eight accelerators, only in use (:mls:eq:`rental_cost`), at prices without a commitment that are taken to
last as long as the server; for a commitment of years, which buying is, rents are lower. Staff and egress are left out on both
sides; :mls:eq:`break_even_utilization` is where the costs are equal.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import EconomicsModel, Fleet, Infrastructure, Systems, plot

# %%
# The same year of one server, against three prices of renting. Each solve is a sweep over the utilization.
prices = Infrastructure.Prices
offers = {
    "Lambda": prices.H100_Cloud_OnDemand,
    "AWS, capacity block": prices.H100_AWS_CapacityBlock,
    "AWS, on demand": prices.H100_AWS_OnDemand,
}
place = {"datacenter": Infrastructure.Datacenters.Meta_Fleet_2023, "grid": Infrastructure.Grids.US_Average}
fleet = Fleet(node=Systems.Nodes.DGX_H100, nodes=1, **place)
terms = prices.Server_Lifetime.assumption
owning = {"lifetime": terms.lifetime, "maintenance_rate": terms.maintenance_rate, "discount_rate": 0.08}
owning |= {"network_price": 0.15, "facility_price": "12 USD/W", "facility_lifetime": "15 years"}
utilization = np.linspace(0.01, 1, 100)
years = {
    name: EconomicsModel().solve(fleet, "1 year", utilization=utilization, rental=offer, **owning)
    for name, offer in offers.items()
}
meets = {name: year.break_even_utilization.magnitude for name, year in years.items()}
for name, offer in offers.items():
    hour = offer.rental
    print(f"{name:20} {hour:.2f~P} for a device: owning is cheaper from {meets[name]:.0%} of the time on")

# What if the lowest rent falls by half, under a commitment or within the life of the server?
half = offers["Lambda"].rental / 2
later = EconomicsModel().solve(fleet, "1 year", rental=half, **owning).break_even_utilization
print(f"{'half of the first':20} {half:.2f~P} for a device: from {later:.0%~P} of the time on")

# %%
# The curve of owning hardly rises, since the machine is paid for whether or not it works.
year = years["Lambda"]
ax = plot.lines(
    100 * utilization,
    {"owned": year.tco, **{f"rented: {name}": y.rental_cost_used for name, y in years.items()}},
    xlabel="hours in use (% of the year)",
    ylabel="cost of a year",
)
ax.set_ylim(0, 250_000)
plot.mark({f"{meets[n]:.0%}": (100 * meets[n], meets[n] * y.rental_cost) for n, y in years.items()}, ax)
plt.show()

# %%
# Claim
# -----
# At the lowest of these prices owning is cheaper from about a third of the hours on, at the highest from less than a fifth. Full
# use adds less than a tenth to what an owned server costs in a year at rest: whoever buys pays for the machine, not for its
# work. In full use, every one of these offers costs three to five times as much as owning. But the break-even moves against the
# rent: at half of the lowest, owning needs about two thirds of the hours, and the hours of a fleet are hard to foresee.
at_rest, in_use = year.tco[0], year.tco[-1]
print(f"owned: {at_rest:,.0f~P} a year at rest, {in_use:,.0f~P} in full use")
assert 0.32 < meets["Lambda"] < 0.34 and 0.18 < meets["AWS, on demand"] < 0.195
assert 1.085 < in_use / at_rest < 1.1
dearer = [float(y.rental_cost / in_use) for y in years.values()]
assert 2.8 < min(dearer) < 2.95 and 4.8 < max(dearer) < 5.1
assert 0.64 < later < 0.68
