"""
What does a fleet draw while it waits for work?
===============================================

A server that waits is not off: fans, processors and memory draw power, and the accelerators rest at a fraction of theirs.
How much energy does a token then cost, in a fleet that has work for only a part of the day?

The server is a :mls:entry:`Systems.Nodes.DGX_A100` that serves :mls:entry:`Models.Language.Llama3_8B` on each of its
devices, with batches of :mls:given:`64 requests`. What it draws at work is an estimate (:mls:solver:`ServingModel`,
:mls:eq:`server_power`). Idle, a device draws :mls:given:`50 W`, as in the study of BLOOM
(:mls:source:`boavizta2026efootprint`), and the host is taken to draw what it does at work, which is on the high side.
Between the two, power follows the share of the time in use (:mls:eq:`it_power`).
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Fleet, Infrastructure, Models, Q, ServingModel, SustainabilityModel, Systems, plot

# %%
# The power at work is the energy of a second of it. What the devices do not draw of it, the host does.
fleet = Fleet(
    node=Systems.Nodes.DGX_A100,
    nodes=1,
    datacenter=Infrastructure.Datacenters.Meta_Fleet_2023,
    grid=Infrastructure.Grids.US_Average,
)
serving = ServingModel().solve(
    Models.Language.Llama3_8B, fleet=fleet, batch_size=64, input_len=512, output_len=256
)
at_work = SustainabilityModel().solve(fleet, "1 s", work=serving).it_energy / Q("1 s")
devices = fleet.node.accelerators * serving.device_power
resting = fleet.node.accelerators * Q("50 W")
rest = {"idle": at_work - devices + resting, "devices off": at_work - devices, "server off": Q("0 W")}
share = {name: (power / at_work).to("").magnitude for name, power in rest.items()}
for name, power in rest.items():
    print(f"{name:11} {power.to('W'):5.0f~P}, {share[name]:.0%} of the {at_work.to('W'):.0f~P} at work")

# %%
# A day for each way to wait, with work for more or less of it, and what each million of its tokens then costs in energy.
used = np.linspace(0.1, 1, 91)
energy = {}
for name, power in rest.items():
    waiting = fleet.replace(node=fleet.node.replace(idle_power=power))
    day = SustainabilityModel().solve(waiting, "1 day", work=serving, utilization=used)
    tokens = serving.throughput * Q("1 day") * used
    energy[name] = (1e6 * day.facility_energy / tokens).to("Wh")
ax = plot.lines(
    100 * used,
    {f"waits: {name}": curve for name, curve in energy.items()},
    xlabel="time with work (%)",
    ylabel="energy of a million tokens",
)
plt.show()

# %%
# Claim
# -----
# An idle server draws two fifths of what it draws at work. With work for a third of the day, nearly half of the energy goes
# into waiting. Most of that is the host's, if it rests at its power at work as is taken here: then to switch off the
# accelerators alone saves a quarter. Measure the host's rest before anything else.
third = np.argmin(abs(used - 1 / 3))
waste = {name: (1 - energy["server off"][third] / curve[third]).magnitude for name, curve in energy.items()}
saved = (energy["idle"] - energy["devices off"])[third] / (energy["idle"] - energy["server off"])[third]
print(
    f"a third of the day with work: {waste['idle']:.0%} of the energy waits; devices off saves {saved:.0%~P} of that"
)
assert 0.38 < share["idle"] < 0.42 and 0.42 < waste["idle"] < 0.47
assert 0.24 < saved < 0.28
assert np.allclose((energy["idle"] / energy["server off"]).magnitude, 1 + share["idle"] * (1 / used - 1))
