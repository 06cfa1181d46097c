"""
How large can a fleet grow before failures eat its progress?
============================================================

Twice the accelerators fail twice as often, and each failure stops all of them. What is left of a fleet's time as it grows,
when its nodes become no more reliable?

Every node has eight accelerators and fails once in :mls:fact:`Systems.Nodes.Grand_Teton_H100.reliability.node_mtbf`, as
those of :mls:entry:`Systems.Clusters.Llama3_405B` did; failures are independent, and one stops the job
(:mls:eq:`series_mtbf`). Three ways to meet them are compared: a checkpoint of :mls:given:`60 s` and a restart of
:mls:given:`10 minutes`; a checkpoint of :mls:given:`5 s`; and a restart of :mls:given:`1 minute` as well. Both times are
taken not to grow with the fleet, though they tend to. Checkpoints are at their best interval, and the share that makes
progress follows from :mls:eq:`goodput_with_rework`.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Fleet, Q, ReliabilityModel, Systems, plot

# %%
# Fleets from one hundred nodes to thirty-two thousand.
node = Systems.Nodes.Grand_Teton_H100
ways = {
    "checkpoint 60 s, restart 10 min": {"checkpoint_time": "60 s", "recovery_time": "10 min"},
    "checkpoint 5 s, restart 10 min": {"checkpoint_time": "5 s", "recovery_time": "10 min"},
    "checkpoint 5 s, restart 1 min": {"checkpoint_time": "5 s", "recovery_time": "1 min"},
}
fleets = [Fleet(node=node, nodes=int(nodes)) for nodes in np.round(np.geomspace(128, 32768, 33))]
runs = {
    name: [ReliabilityModel().solve(fleet, "30 days", **way) for fleet in fleets]
    for name, way in ways.items()
}
left = {name: np.array([run.goodput.magnitude for run in of]) for name, of in runs.items()}
mtbf = [run.fleet_mtbf for run in next(iter(runs.values()))]
for fleet, time, *shares in list(zip(fleets, mtbf, *left.values(), strict=True))[::4]:
    print(
        f"{fleet.devices:7,} devices: a failure every {time.to('h'):4.1f~P}; progress",
        ", ".join(f"{share:.0%}" for share in shares),
    )

# %%
# The horizontal axis is logarithmic: every step to the right doubles the fleet and halves the time between failures.
devices = np.array([fleet.devices for fleet in fleets])
ax = plot.lines(
    devices,
    {name: Q(share, "") for name, share in left.items()},
    xlabel="accelerators",
    ylabel="share of the time that makes progress",
    xscale="log",
)
ax.set_ylim(0, 1)
plot.rule("Llama 3", ax, x=Systems.Clusters.Llama3_405B.devices)
plt.show()

# %%
# Claim
# -----
# With slow checkpoints and restarts, a tenth of the time is lost at eight thousand accelerators, and more than half at one
# hundred and thirty thousand, where something fails every twenty-odd minutes. Past two hundred thousand a larger fleet even
# does less work in all. With both times cut to a tenth or less, the same tenth of the time is lost only in a fleet that is
# more than ten times as large.
slow, quick = left["checkpoint 60 s, restart 10 min"], left["checkpoint 5 s, restart 1 min"]
tenth, later = (devices[share >= 0.9].max() for share in (slow, quick))
most = devices[np.argmax(slow * devices)]
print(f"a tenth is lost at {tenth:,} or {later:,} devices; most work in all is done by {most:,} slow ones")
at = list(devices).index(131072)
assert tenth == 8192 and 10 < later / tenth < 12
assert 0.46 < slow[at] < 0.5 and Q("20 min") < mtbf[at] < Q("25 min")
assert 180_000 < most < 262_144
