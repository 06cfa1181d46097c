"""
How quickly does memory on the chip read a model's weights, and how much power does it take?
============================================================================================

Every token of a lone sequence waits until the weights have been read. Memory on the chip is read far more quickly than stacks
beside it, but holds little. So a model is spread over many devices, which all read their share at once.

The weights are those of :mls:entry:`Models.Language.Llama3_70B` in one byte each. A :mls:entry:`Hardware.Cloud.H100` has
:mls:fact:`Hardware.Cloud.H100.memory.capacity` at :mls:fact:`Hardware.Cloud.H100.memory.bandwidth`, a
:mls:entry:`Hardware.Cloud.GroqChip1` :mls:fact:`Hardware.Cloud.GroqChip1.memory.capacity` at
:mls:fact:`Hardware.Cloud.GroqChip1.memory.bandwidth`, a :mls:entry:`Hardware.Cloud.WSE3`, a whole wafer,
:mls:fact:`Hardware.Cloud.WSE3.memory.capacity` at :mls:fact:`Hardware.Cloud.WSE3.memory.bandwidth`. The times are lower bounds of
reading all weights (:mls:eq:`memory_time`). Messages between devices are left out, and they decide once reading is this quick.
Power is the most that the devices may draw; for the wafer that of the system around it.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Hardware, Models, Q, ServingModel, plot

devices = {
    "H100": Hardware.Cloud.H100,
    "GroqChip 1": Hardware.Cloud.GroqChip1,
    "WSE-3": Hardware.Cloud.WSE3,
}
sizes = ServingModel().solve(
    Models.Language.Llama3_70B, Hardware.Cloud.H100, input_len=1, output_len=1, precision="int8"
)
weights = sizes.weight_memory

# %%
# The fewest devices that hold the weights, and the time in which they read them, all at once.
fewest = {name: int(np.ceil((weights / device.memory.capacity).to(""))) for name, device in devices.items()}
power = {name: (count * devices[name].power.tdp).to("kW") for name, count in fewest.items()}


def reading(name, count):
    """Return the time in which so many devices read the weights."""
    return (weights / (count * devices[name].memory.bandwidth)).to("us")


for name, count in fewest.items():
    print(
        f"{name:11} {count:4} devices, {power[name]:.1f~P}: {reading(name, count):,.1f~P} a token at least"
    )

# %%
# More devices than hold the weights read them faster still. So the fair comparison is at the same power.
powers = Q(np.geomspace(0.7, 200, 400), "kW")
curves = {}
for name, device in devices.items():
    count = np.floor((powers / device.power.tdp).to("").magnitude)
    curves[name] = reading(name, np.where(count >= fewest[name], count, np.nan))
ax = plot.lines(
    powers,
    curves,
    xlabel="power of the devices",
    ylabel="time to read the weights once",
    xscale="log",
    yscale="log",
)
plot.mark({f"{count} of them": (power[name], reading(name, count)) for name, count in fewest.items()}, ax)
plt.show()

# %%
# Claim
# -----
# The one GPU that holds the weights takes a fiftieth of a second to read them. Memory on the chip reads them thousands of
# times as quickly, but only hundreds of chips, or more than one wafer, hold them. Not all of that is owed to the many devices:
# GPUs of the same power, each with its share, would still take of the order of a hundred times as long. How much of this a
# token keeps is up to the messages in between.
alone = reading("H100", 1)
assert Q("19 ms") < alone < Q("22 ms")
assert fewest == {"H100": 1, "GroqChip 1": 307, "WSE-3": 2}
for name in ("GroqChip 1", "WSE-3"):
    here, gpus = reading(name, fewest[name]), int(power[name] / power["H100"])
    print(f"{name}: {alone / here:,.0f~P} times as quick as one H100,", end=" ")
    print(f"{reading('H100', gpus) / here:.0f~P} times as {gpus} H100")
    assert alone / here > 5000 and 70 < reading("H100", gpus) / here < 250
