"""
What did it take to train GPT-3: days, energy, carbon, and what would it cost to rent?
======================================================================================

A year after :mls:entry:`Models.Language.GPT3` was published, a study by Google put together what is known
of its training: on 10,000 :mls:entry:`Hardware.Cloud.V100`, for so many days, at a power for each device
and its share of the host, with so much energy and carbon (:mls:source:`patterson2021`, Table 4). Here the
same numbers come from the model and the machine.

The layout was never published. Taken is one that fits the memory of :mls:fact:`Hardware.Cloud.V100.memory.capacity`: tensor
groups inside a node of :mls:entry:`Systems.Nodes.DGX1_V100`, ten pipeline stages, whole layers recomputed, sharded optimizer
state. The place has the published PUE and carbon intensity. Times and power are estimates with the documented constants.
"""

import matplotlib.pyplot as plt

from mlsysim import DistributedModel, Fleet, Infrastructure, Models, Q, SustainabilityModel, Systems, plot
from mlsysim.infrastructure import Datacenter

# %%
# :mls:fact:`Models.Language.GPT3.published.training_tokens` in batches of about 3.2 million.
fleet = Fleet(node=Systems.Nodes.DGX1_V100, nodes=1250, fabric=Systems.Fabrics.InfiniBand_EDR)
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
footprint = SustainabilityModel().solve(
    fleet,
    run.run_time,
    work=run,
    datacenter=Datacenter(name="Microsoft's, as published", pue=1.1),
    grid=Infrastructure.Grids.US_Average.replace(carbon_intensity="429 gCO2e/kWh"),
)
compared = {
    "days": (run.run_time, Q("14.8 day")),
    "power of a device and its host": (footprint.it_energy / run.run_time / fleet.devices, Q("330 W")),
    "energy": (footprint.facility_energy, Q("1287 MWh")),
    "carbon": (footprint.carbon, Q("552.1 tCO2e")),
}
for name, (ours, theirs) in compared.items():
    print(f"{name:31} {ours.to(theirs.units):8.1f~P}, published {theirs:8.1f~P}")
price = Infrastructure.Prices.V100_Google_OnDemand.rental
rent = (price * fleet.devices * run.run_time).to("USD")
print(f"renting the devices at {price:~P}: {rent.magnitude / 1e6:.1f} million USD")

# %%
# Measured over estimated; the bars are where eight of ten times of steps lie, which energy and carbon follow.
one = Q(1, "")
ends = tuple(end / run.run_time for end in run.interval("run_time"))
ratios = {name: (theirs / ours).to("") for name, (ours, theirs) in compared.items()}
ax = plot.intervals(
    {name: (one, (one, one) if name.startswith("power") else ends) for name in compared},
    ratios,
    xlabel="published over predicted",
    ylabel="what",
)
ax.set_xlim(0.5, 1.5)
plt.show()

# %%
# Claim
# -----
# Days, power, energy and carbon are each foreseen within a tenth, with a layout that was guessed; a run is
# a little longer than its steps. Renting as many devices for those days would cost some eight million
# dollars at today's price of this old device.
assert ends[0] < ratios["days"] < ends[1] and 1 < ratios["days"] < 1.1
assert all(abs(ratio - 1) < 0.1 for ratio in ratios.values())
assert abs(ratios["power of a device and its host"] - 1) < 0.03
assert Q("7e6 USD") < rent < Q("9e6 USD")
