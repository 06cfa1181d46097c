"""
What helps more: faster checkpoints, faster restarts, or rarer failures?
========================================================================

Three teams want to be funded: one makes checkpoints faster, one restarts, one the hardware more reliable. Each promises to
be twice as good. Which of them returns the most of a fleet's time?

The run is that of :mls:entry:`Systems.Clusters.Llama3_405B`, which fails every
:mls:fact:`Systems.Clusters.Llama3_405B.mtbf`. It begins with a checkpoint of :mls:given:`60 s` at the best interval
(:mls:eq:`daly_interval`) and a restart of :mls:given:`10 minutes`; then one of the three is improved, and the interval
follows. The share of time that makes progress is that of :mls:eq:`goodput_with_rework`.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Q, ReliabilityModel, Systems, plot

# %%
# What a better checkpoint and a better restart do is a sweep; a fleet has one time between failures, so that each is its own
# solve.
cluster = Systems.Clusters.Llama3_405B
better = np.linspace(1, 10, 91)
checkpoint, restart = Q("60 s"), Q("10 min")
solve = ReliabilityModel().solve


def progress(fleet, written, back):
    """Return the share of the time that makes progress, by the times to save and to come back."""
    return solve(fleet, "54 days", checkpoint_time=written, recovery_time=back).goodput


rarer = [
    progress(cluster.replace(mtbf=cluster.mtbf * factor), checkpoint, restart).magnitude
    for factor in better
]
left = {
    "rarer failures": Q(rarer, ""),
    "faster checkpoints": progress(cluster, checkpoint / better, restart),
    "faster restarts": progress(cluster, checkpoint, restart / better),
}
ax = plot.lines(better, left, xlabel="times better", ylabel="share of the time that makes progress")
ax.set_ylim(0.8, 1)
plt.show()

# %%
# The same without a picture: the percent of progress for a percent more of each, exactly, where the run stands now.
now = solve(cluster, "54 days", checkpoint_time=checkpoint, recovery_time=restart)
slope = now.elasticities("goodput")
rare, write, back = (slope[n] for n in (f"{cluster.zoo_name}.mtbf", "checkpoint_time", "recovery_time"))
print(f"time between failures {rare:+.3f}, checkpoint {write:+.3f}, restart {back:+.3f}")

# %%
# Claim
# -----
# Failures half as frequent are worth as much as checkpoints and restarts that are both twice as fast: only the ratios of the
# three times matter. Here checkpoint and restart are worth the same, a percent for every twenty, though the restart takes
# ten times as long; with further improvement the checkpoint gains more. At best, neither alone gets the run much above nine
# tenths.
twice = np.argmin(abs(better - 2))
both = progress(cluster, checkpoint / 2, restart / 2)
for name, curve in left.items():
    print(
        f"{name:18} twice as good {curve[twice]:.1%~P}, ten times {curve[-1]:.1%~P}, from {now.goodput:.1%~P}"
    )
assert abs(both / left["rarer failures"][twice] - 1) < 1e-9
assert abs(rare + write + back) < 1e-9 and 0.045 < -write < 0.06 and 0.95 < write / back < 1.05
assert left["faster checkpoints"][-1] > left["faster restarts"][-1] + 0.015
assert left["faster checkpoints"][-1] < 0.93 and left["rarer failures"][-1] > 0.95
