"""
What did it take to train GPT-3: days, energy, carbon, and what would it cost to rent?
======================================================================================

A year after :mls:entry:`Models.Language.GPT3` was published, a study by Google put together what is known
of its training: on 10,000 :mls:entry:`Hardware.Cloud.V100`, for so many days, at a power for each device
and its share of the host, with so much energy and carbon (:mls:source:`patterson2021`, Table 4). Here the
same numbers come from the model and the machine.

The layout was never published. Taken are tensor groups inside a node of
:mls:entry:`Systems.Nodes.DGX1_V100`, ten pipeline stages, whole layers recomputed and sharded optimizer
state: one that fits the memory of :mls:fact:`Hardware.Cloud.V100.memory.capacity`. The place has the
published PUE and carbon intensity. Times and power are estimates with the documented constants.
"""

import matplotlib.pyplot as plt

from mlsysim import (
    Datacenter,
    DistributedModel,
    EconomicsModel,
    Fleet,
    Infrastructure,
    Models,
    Q,
    SustainabilityModel,
    Systems,
    plot,
)

# %%
# :mls:fact:`Models.Language.GPT3.published.training_tokens` in batches of about 3.2 million.
fleet = Fleet(
    name="10,000 V100", node=Systems.Nodes.DGX1_V100, nodes=1250, fabric=Systems.Fabrics.InfiniBand_EDR
)
run = DistributedModel().solve(
    Models.Language.GPT3,
    fleet,
    batch_size=1500,
    seq_len=2048,
    precision="fp16",
    tp_size=8,
    pp_size=10,
    zero_stage=1,
    attention="standard",
    recompute="full",
)

# %%
# Energy follows from what devices draw at this work, with a host in proportion to their rating.
place = {
    "datacenter": Datacenter(name="Microsoft's, as published", pue=1.1),
    "grid": Infrastructure.Grids.US_Average.replace(carbon_intensity="429 gCO2e/kWh"),
}
footprint = SustainabilityModel().solve(fleet, run.run_time, work=run, **place)
power = (footprint.it_energy / run.run_time / fleet.devices).to("W")
rental = Infrastructure.Prices.V100_Google_OnDemand
cost = EconomicsModel().solve(
    fleet, run.run_time, lifetime="4 years", maintenance_rate="0 percent/year", rental=rental, **place
)
compared = {
    "days": (run.run_time.to("day"), Q("14.8 day")),
    "power of a device and its host": (power, Q("330 W")),
    "energy": (footprint.facility_energy.to("MWh"), Q("1287 MWh")),
    "carbon": (footprint.carbon.to("tCO2e"), Q("552.1 tCO2e")),
}
for name, (ours, theirs) in compared.items():
    print(f"{name:31} {ours:8.1f~P}, published {theirs:8.1f~P}")
print(f"renting the devices at {rental.rental:~P}: {cost.rental_cost.magnitude / 1e6:.1f} million USD")

# %%
# Published over predicted; the band is where eight of ten times of steps lie, in which energy and carbon
# follow.
low, high = ((end / run.run_time).to("").magnitude for end in run.interval("run_time"))
ratios = [(theirs / ours).to("").magnitude for ours, theirs in compared.values()]
with plot.style():
    fig, ax = plt.subplots(figsize=(6.5, 2.4))
    ax.axvspan(low, high, color=plot.SERIES[0], alpha=0.15, lw=0)
    ax.axvline(1, color=plot.SERIES[0])
    ax.plot(ratios, list(compared), "D", color=plot.SERIES[1])
    ax.set(xlim=(0, 1.5), xlabel="published over predicted", ylabel="compared", ylim=(3.5, -0.5))
plt.show()

# %%
# Claim
# -----
# Days, power, energy and carbon are each foreseen within a tenth, with a layout that was guessed; a run is
# a little longer than its steps. Renting as many devices for those days would cost some eight million
# dollars at today's price of this old device.
assert low < ratios[0] < high and 1 < ratios[0] < 1.1
assert all(abs(ratio - 1) < 0.1 for ratio in ratios) and abs(ratios[1] - 1) < 0.03
assert 7e6 < cost.rental_cost.magnitude < 9e6
