"""
How many spare nodes does a fleet need?
=======================================

A job that needs all its nodes, or servers, stands still when one of them is in repair, unless a spare takes its place. How many
spares keep the job at full strength nearly always, and is it better to buy more of them or to repair faster?

A node fails once in :mls:fact:`Systems.Nodes.Grand_Teton_H100.reliability.node_mtbf`, as those of
:mls:entry:`Systems.Clusters.Llama3_405B` did; about a fifth of these were software and network, which need no repair of a
node, so the numbers are on the high side. The nodes in repair follow Poisson's distribution (:mls:eq:`at_most`): they fail
independently, and repairs do not wait for each other. The job shall have all its nodes :mls:given:`99.9 % of the time`; a
repair takes :mls:given:`4 hours`, :mls:given:`1 day` or :mls:given:`1 week`.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Fleet, Q, ReliabilityModel, Systems, plot

# %%
# The fewest spares that reach the target, for fleets of growing size.
node = Systems.Nodes.Grand_Teton_H100
sizes = np.unique(np.round(np.geomspace(8, 3072, 40))).astype(int)
repairs = {"4 hours": Q("4 hour"), "a day": Q("1 day"), "a week": Q("7 day")}


def spares(nodes, repair):
    """Return the fewest spares that keep so many nodes complete."""
    fleet = Fleet(node=node, nodes=int(nodes))
    result = ReliabilityModel().solve(fleet, "30 days", repair_time=repair, availability_target=0.999)
    return result.spares_needed.magnitude


needed = {name: np.array([spares(n, repair) for n in sizes]) for name, repair in repairs.items()}
ax = plot.lines(
    sizes,
    {f"repaired in {name}": Q(counts, "") for name, counts in needed.items()},
    xlabel="nodes that the job needs",
    ylabel="spare nodes needed",
    xscale="log",
    yscale="log",
)
plt.show()

# %%
# The fleet of Llama 3 405B, and a small one. Without a spare, a fleet is at full strength when no node at all is in repair.
fleets = {nodes: {name: spares(nodes, repair) for name, repair in repairs.items()} for nodes in (32, 2048)}
for nodes, counts in fleets.items():
    without = ReliabilityModel().solve(Fleet(node=node, nodes=nodes), "30 days", repair_time="1 day")
    complete = without.full_strength
    print(f"{nodes:5} nodes, {complete:.2%~P} of the time complete without spares:", counts)

# %%
# Claim
# -----
# A small fleet needs two spares, six in a hundred, where repairs take a day; a fleet of two thousand nodes needs less than
# one in a hundred: chance evens out. Without spares, the large one would hardly ever be complete. Repairs in hours instead
# of a week save it more than seventy servers.
small, large = fleets[32], fleets[2048]
assert small["a day"] == 2 and 16 <= large["a day"] <= 20
assert complete < 0.001
assert 70 < large["a week"] - large["4 hours"] < 80
