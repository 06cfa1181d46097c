"""
When should a job run: what does waiting for the cleanest hours save?
=====================================================================

A grid is cleaner at some hours than at others. A job that can wait may start where its hours are the cleanest. How much does
that save, for jobs of different length, and on grids whose days differ?

The machines are a :mls:entry:`Systems.Nodes.DGX_H100` in :mls:entry:`Infrastructure.Datacenters.Meta_Fleet_2023`, at full
power. The grids are :mls:entry:`Infrastructure.Grids.California`, with sun, and :mls:entry:`Infrastructure.Grids.Ireland`,
with wind and gas. Their hours are those of an average day, which evens out sunny and windy days: a scheduler that sees
tomorrow's forecast can save more than this. :mls:solver:`SustainabilityModel` finds the best start; the saving is over a
start at a random hour.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Fleet, Infrastructure, Q, SustainabilityModel, Systems, plot

# %%
# Every start in California, for three jobs: a sweep over the hour. What is emitted is shown for an hour of the job.
grids = Infrastructure.Grids
place = {
    "node": Systems.Nodes.DGX_H100,
    "nodes": 1,
    "datacenter": Infrastructure.Datacenters.Meta_Fleet_2023,
}
solve = SustainabilityModel().solve
starts = Q(np.arange(0, 24, 0.5), "hour")
california = Fleet(grid=grids.California, **place)
ireland = Fleet(grid=grids.Ireland, **place)
jobs = {hours: solve(california, Q(hours, "hour"), start_hour=starts) for hours in (2, 8, 16)}
ax = plot.lines(
    starts,
    {f"{hours} h": (job.carbon / hours).to("kgCO2e") for hours, job in jobs.items()},
    xlabel="start, in UTC",
    ylabel="carbon of an hour of work",
)
ax.set_xlim(0, 24)
plot.mark(
    {
        f"best start of {hours} h": (job.best_start, job.carbon_best_start / hours)
        for hours, job in jobs.items()
    },
    ax,
)
plt.show()

# %%
# And the saving of the best start, on both grids.
saved = {
    hours: [solve(fleet, Q(hours, "hour")).shift_saving.magnitude for fleet in (california, ireland)]
    for hours in (1, 2, 4, 8, 16, 24)
}
for hours, (sunny, windy) in saved.items():
    print(f"{hours:2} hours: {sunny:.1%} saved in California, {windy:.1%} in Ireland")

# %%
# Claim
# -----
# A job of two hours saves about a fifth in California when it runs around noon there, and a seventh in Ireland at night.
# Twice the hours save less, and a job of a whole day saves nothing: long training runs gain by where they run, not by when.
assert 0.18 < saved[2][0] < 0.21 and 0.13 < saved[2][1] < 0.16
assert jobs[2].best_start.to("hour") == Q("19 hour")
assert solve(ireland, "2 hour").best_start.to("hour") == Q("2 hour")
assert all(np.diff(grid).max() < 0 for grid in np.array(list(saved.values())).T)
assert max(saved[24]) < 1e-9
spread = jobs[2].carbon.max() / jobs[2].carbon.min()
print(f"between the worst and the best start of two hours lies a factor of {spread:.2f~P}")
assert 1.4 < spread < 1.6
