"""
How often should a large training run save its state?
=====================================================

Saving often wastes time on writing, saving seldom loses work at each failure. In between lies a best interval, and what it
leaves of the time is the share that makes progress.

The run is that of :mls:entry:`Systems.Clusters.Llama3_405B`: :mls:fact:`Systems.Clusters.Llama3_405B.accelerators` devices in
:mls:fact:`Systems.Clusters.Llama3_405B.nodes` nodes, each of which fails once in
:mls:fact:`Systems.Nodes.Grand_Teton_H100.reliability.node_mtbf` on average. Failures are taken to be independent and to strike at
a constant rate, training to stand still while the state is written, and a restart to take :mls:given:`10 minutes`.
:mls:solver:`ReliabilityModel` gives the best interval (:mls:eq:`daly_interval`) and the share of the time that makes progress
(:mls:eq:`goodput_with_rework`).
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Models, Q, ReliabilityModel, Systems
from mlsysim.equations.counting import checkpoint_bytes
from mlsysim.equations.reliability import checkpoint_time, goodput_with_rework

# %%
# A checkpoint of :mls:entry:`Models.Language.Llama3_405B` holds weights and optimizer. Written at the full rate of the
# cluster's storage, :mls:fact:`Systems.Storage.Checkpoint_Store.write_bandwidth`, it takes seconds: the least that is possible.
state = checkpoint_bytes(Models.Language.Llama3_405B.parameters)
least = checkpoint_time(state, Systems.Storage.Checkpoint_Store.write_bandwidth.to("B/s").magnitude)

# %%
# The best interval for that, for one minute, and for five; then for all times in between, in one solve.
run = {"fleet": Systems.Clusters.Llama3_405B, "job_duration": "54 days", "recovery_time": "10 min"}
best = {
    seconds: ReliabilityModel().solve(checkpoint_time=Q(seconds, "s"), **run)
    for seconds in (least, 60.0, 300.0)
}
line = ReliabilityModel().solve(checkpoint_time=Q(np.geomspace(least, 300, 50), "s"), **run)
print(best[60.0])
for seconds, result in best.items():
    print(
        f"checkpoint of {seconds:5.1f} s: save every {result.checkpoint_interval.to('min'):.1f~P},"
        f" {result.goodput.magnitude:.1%} of the time is progress"
    )

# %%
# The same share at other intervals, from the equation itself: the price of saving too often or too seldom.
mtbf, recovery = best[60.0].number("fleet_mtbf"), Q("10 min").to("s").magnitude


def progress(interval: float, seconds: float) -> float:
    return goodput_with_rework(interval, seconds, recovery, mtbf)


intervals = np.geomspace(60, 7200, 200)
fig, ax = plt.subplots(figsize=(7.5, 4.6), layout="constrained")
ax.plot(line.checkpoint_interval.to("min").magnitude, line.goodput.magnitude, color="0.6", lw=1, ls=":")
for (seconds, result), colour in zip(best.items(), ("#009E73", "#0072B2", "#D55E00"), strict=True):
    ax.semilogx(intervals / 60, [progress(t, seconds) for t in intervals], color=colour, lw=2)
    top = result.checkpoint_interval.to("min").magnitude, result.goodput.magnitude
    ax.plot(*top, "o", color=colour, ms=8)
    text = f"{'checkpoint of ' if seconds == least else ''}{seconds:.0f} s: every {top[0]:.0f} min"
    ax.annotate(text, top, (0, -18), textcoords="offset points", ha="center", color=colour)
ax.set_xticks([1, 2, 5, 10, 20, 50, 100], ["1", "2", "5", "10", "20", "50", "100"])
ax.minorticks_off()
ax.set_ylim(0.4, 1)
ax.yaxis.set_major_formatter("{x:.0%}")
ax.set_xlabel("time between checkpoints (min)")
ax.set_ylabel("share of the time that makes progress")
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# Claim
# -----
# With a checkpoint of a minute, the run should save a few times an hour. The optimum is flat: half or twice the interval
# costs little. Making the checkpoint itself quicker gains far more, and the quicker it is, the more often it should be taken.
minute = best[60.0].number("checkpoint_interval")
lost = best[60.0].number("goodput") - min(progress(minute / 2, 60), progress(minute * 2, 60))
gain = best[least].number("goodput") - best[300.0].number("goodput")
print(
    f"Off by a factor of two: {lost:.1%} lost. From the slowest to the quickest checkpoint: {gain:.1%} gained."
)
assert 2 < 3600 / minute < 5
assert lost < 0.03 < 0.15 < gain
assert best[least].number("checkpoint_interval") < minute < best[300.0].number("checkpoint_interval")
