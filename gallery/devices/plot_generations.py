"""
Has memory kept up with arithmetic, over five generations of accelerators?
==========================================================================

Each generation of one vendor's data-centre devices computes more and reads faster. If arithmetic grows more quickly than bandwidth,
a step must do ever more with each byte, or it leaves the new arithmetic units idle.

The generations are :mls:entry:`Hardware.Cloud.P100`, :mls:entry:`Hardware.Cloud.V100`, :mls:entry:`Hardware.Cloud.A100_40GB`,
:mls:entry:`Hardware.Cloud.H100` and :mls:entry:`Hardware.Cloud.B200`. Arithmetic is the dense peak at 16 bits, from
:mls:fact:`Hardware.Cloud.P100.compute.peak.fp16` to :mls:fact:`Hardware.Cloud.B200.compute.peak.fp16`. The number to watch is the
:mls:eq:`ridge_point`: the arithmetic that a step must do with each byte before the peak counts at all.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Hardware, Models, SingleNodeModel, plot

cloud = Hardware.Cloud
devices = {
    "P100": cloud.P100,
    "V100": cloud.V100,
    "A100": cloud.A100_40GB,
    "H100": cloud.H100,
    "B200": cloud.B200,
}
years = [int(device.released[:4]) for device in devices.values()]

# %%
# What each has, as a multiple of the first.
has = {
    "arithmetic": [device.compute.peak.fp16 for device in devices.values()],
    "memory bandwidth": [device.memory.bandwidth for device in devices.values()],
    "memory capacity": [device.memory.capacity for device in devices.values()],
}
grown = {what: [(each / row[0]).to("") for each in row] for what, row in has.items()}
for what, times in grown.items():
    print(f"{what:17}", " ".join(f"{t:6.1f~P}" for t in times))

# %%
ax = plot.lines(
    years, grown, xlabel="year of release", ylabel="multiple of the first generation", yscale="log"
)
ax.set_xticks(years, [f"{name}\n{year}" for name, year in zip(devices, years, strict=True)])
plt.show()

# %%
# What it means for a step: the largest batch at which products with shared weights still wait for memory is about the ridge
# point. A small step shows how much of each generation's peak is used: one that decodes for sixteen sequences.
decode = {"batch_size": 16, "seq_len": 512, "phase": "decode", "efficiency": 1}
steps = [
    SingleNodeModel().solve(Models.Language.Llama3_2_1B, device, **decode) for device in devices.values()
]
for name, step in zip(devices, steps, strict=True):
    print(f"{name}: ridge point {step.ridge_point:6.1f~P}, decode reaches {step.mfu:.1%~P} of the peak")

# %%
# Claim
# -----
# Memory did not keep up: arithmetic grew a hundredfold, bandwidth and capacity about tenfold, so the ridge point rose
# tenfold, from 29 operations for each byte to 292. Nearly fivefold of that came at once, with the first matrix units; in
# the last generation bandwidth kept up. The decode step became as much faster as the bandwidth. It used half of the first
# peak, and uses a twentieth of the last.
arithmetic, bandwidth, capacity = (times[-1] for times in grown.values())
ridges = np.array([step.ridge_point.magnitude for step in steps])
rise = ridges[1:] / ridges[:-1]
print(
    f"from {ridges[0]:.0f} to {ridges[-1]:.0f} operations a byte, {rise[0]:.1f} times as many at the first step"
)
assert 100 < arithmetic < 110 and 10 < bandwidth < 12 and 10 < capacity < 12
assert 29 < ridges[0] < 30 and 291 < ridges[-1] < 293
assert np.isclose(ridges[-1] / ridges[0], arithmetic / bandwidth) and 9.5 < arithmetic / bandwidth < 10.5
assert 4.5 < rise[0] < 5 and all(rise[1:-1] > 1.3) and 0.95 < rise[-1] < 1.05
assert np.isclose(steps[0].latency / steps[-1].latency, bandwidth)
assert 0.48 < steps[0].mfu < 0.52 and 0.045 < steps[-1].mfu < 0.055
