"""
Could the energy and the carbon of BLOOM have been foreseen?
============================================================

:mls:entry:`Models.Language.BLOOM_176B` is the model whose footprint was accounted best: GPU hours, the
electricity of the devices, what the machine drew beside them, and the carbon of both on a grid of
:mls:given:`57 gCO2e/kWh` (:mls:source:`luccioni2023`, section 4). Could one have told before the run?

:mls:solver:`DistributedModel` gets the published layout on :mls:entry:`Systems.Clusters.BLOOM_384`
(eight-way tensor parallelism, twelve stages, four replicas, all layers recomputed), and
:mls:solver:`SustainabilityModel` what that run does to :mls:fact:`Systems.Clusters.BLOOM_384.accelerators`
devices and their hosts. Cooling is taken as in :mls:entry:`Infrastructure.Datacenters.Scaleway_DC5_2022`, a
French data centre of that year; that of the supercomputer was not counted apart. Times and power are
estimates with the documented constants.
"""

import matplotlib.pyplot as plt

from mlsysim import DistributedModel, Infrastructure, Models, Q, SustainabilityModel, Systems, plot

# %%
# :mls:fact:`Models.Language.BLOOM_176B.published.training_tokens` in batches of 2048 sequences.
cluster = Systems.Clusters.BLOOM_384
run = DistributedModel().solve(
    Models.Language.BLOOM_176B,
    cluster,
    batch_size=2048,
    seq_len=2048,
    tp_size=8,
    pp_size=12,
    microbatch_size=2,
    zero_stage=1,
    attention="standard",
    recompute="full",
)
footprint = SustainabilityModel().solve(
    cluster,
    run.run_time,
    work=run,
    datacenter=Infrastructure.Datacenters.Scaleway_DC5_2022,
    grid=Infrastructure.Grids.France.replace(carbon_intensity="57 gCO2e/kWh"),
)

# %%
# The account takes devices at their rating; the rest is what its authors measured of the machine beside
# them.
hours = run.run_time * cluster.devices
compared = {
    "GPU hours": (hours, Q("1_082_990 hour")),
    "energy of the devices": (run.device_power * hours, Q("433.2 MWh")),
    "energy of all": (footprint.facility_energy, Q("433.2 MWh") + Q("256.6 MWh")),
    "carbon of all": (footprint.carbon, Q("24.69 tCO2e") + Q("14.6 tCO2e")),
}
for name, (ours, theirs) in compared.items():
    ours = ours.to(theirs.units)
    print(f"{name:22} {ours.magnitude:11,.0f} {theirs.units:~P}, published {theirs.magnitude:11,.0f}")

# %%
# Measured over estimated; the bars are where eight of ten times of steps lie, in which the rest follows.
ends = tuple(end / run.run_time for end in run.interval("run_time"))
ratios = {name: (theirs / ours).to("") for name, (ours, theirs) in compared.items()}
ax = plot.intervals(
    {name: (Q(1, ""), ends) for name in compared},
    ratios,
    xlabel="published over predicted",
    ylabel="compared",
)
ax.set_xlim(0.5, 1.5)
plt.show()

# %%
# Claim
# -----
# Yes, to about a fifth, and on the low side: what was published of hours, energy and carbon lies within the
# interval. The run took a tenth longer than its steps, as a run that restarts and waits would; and devices
# drew less at this work than the rating with which they were accounted.
low, high = ends
assert all(low < ratio < high and 1 < ratio < 1.25 for ratio in ratios.values())
assert 1.05 < ratios["GPU hours"] < 1.15
assert 0.85 < run.device_power / cluster.node.accelerator.power.tdp < 0.95
