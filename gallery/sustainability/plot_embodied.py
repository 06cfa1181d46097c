"""
When has running a server emitted more than making it?
======================================================

A server has emitted before it is switched on. On a clean grid that part weighs more, because running adds less. After how
long is it overtaken, and what is its share of a whole life?

The machine is a :mls:entry:`Systems.Nodes.DGX_H100` at full power in
:mls:entry:`Infrastructure.Datacenters.Meta_Fleet_2023`, on grids from
:mls:fact:`Infrastructure.Grids.Sweden.carbon_intensity` to :mls:fact:`Infrastructure.Grids.Poland.carbon_intensity`. Its
eight devices are stated at :mls:fact:`Hardware.Cloud.H100.embodied_carbon` each. Nobody states the rest of it: chassis,
processors, memory and disks are taken at :mls:given:`2500 kgCO2e`, as for the servers of BLOOM
(:mls:source:`boavizta2026efootprint`). The building, the network and the end of life are left out. Its life is
:mls:fact:`Infrastructure.Prices.Server_Lifetime.assumption.lifetime` (:mls:eq:`embodied_carbon_share`).
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Fleet, Infrastructure, Q, SustainabilityModel, Systems, plot

# %%
# What was emitted before the first hour, and what each day of running adds.
node = Systems.Nodes.DGX_H100
made = Q("2500 kgCO2e") + node.accelerators * node.accelerator.embodied_carbon
node = node.replace(embodied_carbon=made)
grids = {
    "Poland": Infrastructure.Grids.Poland,
    "US": Infrastructure.Grids.US_Average,
    "France": Infrastructure.Grids.France,
    "Sweden": Infrastructure.Grids.Sweden,
}
life = Infrastructure.Prices.Server_Lifetime.assumption.lifetime
days = Q(np.geomspace(3, life.to("day").magnitude, 50), "day")
running, overtaken, share = {}, {}, {}
for name, grid in grids.items():
    fleet = Fleet(node=node, nodes=1, datacenter=Infrastructure.Datacenters.Meta_Fleet_2023, grid=grid)
    result = SustainabilityModel().solve(fleet, days, lifetime=life)
    running[name] = result.carbon.to("tCO2e")
    overtaken[name] = (made / (result.carbon[-1] / days[-1])).to("day")
    share[name] = (result.embodied_carbon / (result.embodied_carbon + result.carbon))[-1].magnitude
    print(
        f"{name:11} overtaken after {overtaken[name]:4.0f~P}, making is {share[name]:.1%} of the whole life"
    )

# %%
ax = plot.lines(
    days, running, xlabel="time in full use", ylabel="carbon of running it", xscale="log", yscale="log"
)
plot.rule(f"carbon of making it: {made.to('tCO2e'):.1f~P}", ax, y=made)
plot.mark({f"{overtaken[name]:.0f~P}": (overtaken[name], made) for name in ("US", "Sweden")}, ax)
plt.show()

# %%
# Claim
# -----
# On an average American grid, running overtakes making after five weeks, and making is less than a fiftieth of the
# whole. On Sweden's it takes the better part of two years, and making is nearly a quarter of the whole: the cleaner the
# grid, the more a longer life of the machine is worth.
assert Q("34 days") < overtaken["US"] < Q("37 days") and 0.015 < share["US"] < 0.02
assert Q("1.5 years") < overtaken["Sweden"] < Q("2 years") and 0.23 < share["Sweden"] < 0.25
ratio = grids["US"].carbon_intensity / grids["Sweden"].carbon_intensity
assert abs(overtaken["Sweden"] / overtaken["US"] / ratio - 1) < 1e-9
