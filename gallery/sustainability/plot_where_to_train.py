"""
Where should a training run be: does the building matter, or the grid?
======================================================================

The same run, on the same machines, in data centers of several operators that publish how much energy their buildings need
besides the machines. How far apart are the places, and which part of the difference is the building's?

The run is that of :mls:entry:`Models.Language.Llama3_405B` on :mls:entry:`Systems.Clusters.Llama3_405B`, with global batches
of :mls:given:`2048 sequences` of :mls:given:`8192 tokens`. Its length, and what devices and servers draw at this work, are
estimates (:mls:solver:`DistributedModel`); failures and switches are left out. Each place has its operator's
:mls:quantity:`Pue` and the yearly average of its grid, counted by location and over the life of the plants
(:mls:eq:`operational_carbon`). What the operator buys by contract, and the making of the machines, are left out.
"""

import matplotlib.pyplot as plt

from mlsysim import DistributedModel, Infrastructure, Models, SustainabilityModel, Systems, plot

# %%
# One step tells how long the run takes and what a device draws; the rest follows from the place.
cluster = Systems.Clusters.Llama3_405B
step = DistributedModel().solve(
    Models.Language.Llama3_405B,
    cluster,
    batch_size=2048,
    seq_len=8192,
    tp_size=8,
    pp_size=16,
    zero_stage=2,
    sequence_parallel=True,
    schedule="zero-bubble",
)
centers = Infrastructure.Datacenters
buildings = {
    "AWS Stockholm": centers.AWS_Stockholm_2025,
    "Scaleway France": centers.Scaleway_DC2_2022,
    "Google Finland": centers.Google_Finland_2025,
    "Google Oregon": centers.Google_Oregon_2025,
    "Google Belgium": centers.Google_Belgium_2025,
    "Oracle London": centers.Oracle_London_2023,
    "AWS Frankfurt": centers.AWS_Frankfurt_2025,
    "AWS Virginia": centers.AWS_NorthernVirginia_2025,
    "Microsoft Texas": centers.Microsoft_Texas_2022,
    "Google Iowa": centers.Google_Iowa_2025,
    "AWS Tokyo": centers.AWS_Tokyo_2025,
    "Google Taiwan": centers.Google_Taiwan_2025,
    "AWS Singapore": centers.AWS_Singapore_2025,
    "AWS Mumbai": centers.AWS_Mumbai_2025,
}
places = {
    f"{name}, PUE {building.pue:.2f}": SustainabilityModel().solve(
        cluster, step.run_time, datacenter=building, work=step
    )
    for name, building in buildings.items()
}

# %%
# The order follows the grids. A building stands out only where its neighbours have nearly the same grid.
plot.carbon_by_region(places)
plt.show()

# %%
# Claim
# -----
# Between the cleanest and the dirtiest of these places lies a factor of more than thirty. The buildings are responsible for
# less than one and a half of it: the least efficient of them, on a clean grid, emits less than a fifteenth of another one on
# a grid of coal. Each is a product: energy of the machines, PUE and intensity of the grid.
carbon = {name: result.carbon for name, result in zip(buildings, places.values(), strict=True)}
energy = [result.facility_energy.to("GWh") for result in places.values()]
grid = max(carbon.values()) / min(carbon.values())
print(
    f"energy from {min(energy):.1f~P} to {max(energy):.1f~P}, a factor of {max(energy) / min(energy):.2f~P}"
)
least, most = (of(carbon.values()).to("tCO2e") for of in (min, max))
print(f"carbon from {least:,.0f~P} to {most:,.0f~P}, a factor of {grid:.0f~P}")
assert min(carbon, key=carbon.get) == "AWS Stockholm" and max(carbon, key=carbon.get) == "AWS Mumbai"
assert 33.5 < grid < 35 and 1.35 < max(energy) / min(energy) < 1.39
for building, place in zip(buildings.values(), places.values(), strict=True):
    assert abs(place.carbon / (place.it_energy * building.pue * building.grid.carbon_intensity) - 1) < 1e-6
assert 17 < carbon["AWS Mumbai"] / carbon["Scaleway France"] < 18
