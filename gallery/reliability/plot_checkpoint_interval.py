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

from mlsysim import Models, Q, ReliabilityModel, Systems, plot
from mlsysim.equations.counting import checkpoint_bytes
from mlsysim.equations.reliability import checkpoint_time

# %%
# A checkpoint of :mls:entry:`Models.Language.Llama3_405B` holds weights and optimizer. Written at the full rate of the
# cluster's storage, :mls:fact:`Systems.Storage.Checkpoint_Store.write_bandwidth`, it takes seconds: the least that is possible.
state = checkpoint_bytes(Models.Language.Llama3_405B.parameters)
least = checkpoint_time(state, Systems.Storage.Checkpoint_Store.write_bandwidth.to("B/s").magnitude)

# %%
# The best interval for that, for one minute, and for five.
run = {"fleet": Systems.Clusters.Llama3_405B, "job_duration": "54 days", "recovery_time": "10 min"}
solve = ReliabilityModel().solve
best = {seconds: solve(checkpoint_time=Q(seconds, "s"), **run) for seconds in (least, 60.0, 300.0)}
for seconds, result in best.items():
    print(
        f"checkpoint of {seconds:5.1f} s: save every {result.checkpoint_interval.to('min'):.1f~P},"
        f" {result.goodput.magnitude:.1%} of the time is progress"
    )

# %%
# The same share at other intervals: the price of saving too often or too seldom.
intervals = Q(np.geomspace(1, 120, 200), "min")


def progress(interval, seconds):
    """Return the share of the time that makes progress."""
    return solve(checkpoint_time=Q(seconds, "s"), checkpoint_interval=interval, **run).goodput


ax = plot.lines(
    intervals,
    {f"checkpoint of {seconds:.0f} s": progress(intervals, seconds) for seconds in best},
    xlabel="time between checkpoints",
    ylabel="share of the time that makes progress",
    xscale="log",
)
ax.set_ylim(0.4, 1)
plot.mark(
    {
        f"every {result.checkpoint_interval.to('min'):.0f~P}": (result.checkpoint_interval, result.goodput)
        for result in best.values()
    },
    ax,
)
plt.show()

# %%
# Claim
# -----
# With a checkpoint of a minute, the run should save three times an hour, a little sooner than the root of twice the
# checkpoint's time and the time between failures. The optimum is flat: half or twice the interval costs two percent of the
# time. Making the checkpoint itself quicker gains eighteen, and the quicker it is, the more often it should be taken.
minute = best[60.0].checkpoint_interval
lost = best[60.0].goodput - min(progress(minute / 2, 60), progress(minute * 2, 60))
gain = best[least].goodput - best[300.0].goodput
print(f"Off by a factor of two: {lost:.1%~P} lost. The slowest to the quickest checkpoint: {gain:.1%~P}.")
first_order = (2 * Q("60 s") * best[60.0].fleet_mtbf) ** 0.5
assert 3.1 < Q("1 hour") / minute < 3.3 and 0.96 < minute / first_order < 1
assert 0.021 < lost < 0.0222 and 0.178 < gain < 0.186
assert best[least].checkpoint_interval < minute < best[300.0].checkpoint_interval
