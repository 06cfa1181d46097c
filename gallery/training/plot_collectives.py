"""
Ring, tree or hierarchy: which all-reduce is fastest?
=====================================================

An all-reduce adds up a buffer over all devices and leaves the sum on each. A ring passes pieces from neighbour to neighbour; a
tree passes them up and down; a hierarchy reduces inside each server, then between servers, then spreads the sum inside.
Switches that add do the work on the way.

The devices are those of :mls:entry:`Systems.Clusters.Research_256`: :mls:fact:`Systems.Clusters.Research_256.accelerators` in
servers of :mls:fact:`Systems.Nodes.DGX_H100.accelerators`. Inside a server each has
:mls:fact:`Hardware.Cloud.H100.link.bandwidth` of links, both directions together; to other servers each has a network port of
:mls:fact:`Systems.Nodes.DGX_H100.nic_bandwidth`. :mls:solver:`CollectiveModel` estimates the time, with the launch and the hops
that libraries show (:mls:result:`CollectiveModel.time`).
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import CollectiveModel, Q, Systems, plot

# %%
# Every algorithm, over messages from a kilobyte to some gigabytes; inside one server, and over all servers.
cluster = Systems.Clusters.Research_256
sizes = Q(np.geomspace(1e-3, 8e3, 93), "MB")


def solve(algorithm, **where):
    """Return an all-reduce of every size by an algorithm."""
    return CollectiveModel().solve("all-reduce", sizes, algorithm=algorithm, **where)


across = {name: solve(name, fleet=cluster) for name in ("ring", "tree", "hierarchical")}
inside = {name: solve(name, node=cluster.node) for name in ("ring", "in-network")}

# %%
curves = {f"{name}, {cluster.devices} devices": found.time.to("us") for name, found in across.items()}
curves |= {f"{name}, one server": found.time.to("us") for name, found in inside.items()}
plot.lines(
    sizes, curves, xlabel="size of the message", ylabel="time of an all-reduce", xscale="log", yscale="log"
)
plt.show()

# %%
# How much slower is the whole cluster than one server, both by rings?
slower = (across["ring"].time / inside["ring"].time).to("").magnitude
for at in (0, len(sizes) // 2, -1):
    print(f"{sizes[at]:10.3f~P}: ring over the cluster {slower[at]:4.1f} times the time of one server")

# %%
# Claim
# -----
# Small messages are a matter of hops: a ring makes one for each device, so a tree is nearly ten times faster. Large messages are a
# matter of bandwidth: there rings come within a quarter of the time of trees, because a ring through all servers can use every port at once. The
# hierarchy stays within a factor of two of the best all along. Switches that add make one server faster at any size.
# At best, a ring there sends twice the message over each link, less the share of one device.
ring, tree, hierarchy = (across[name].time.to("s").magnitude for name in ("ring", "tree", "hierarchical"))
best = np.minimum(np.minimum(ring, tree), hierarchy)
assert 9.2 < ring[0] / tree[0] < 10.2 and 1.16 < ring[-1] / tree[-1] < 1.25
assert (hierarchy < 2 * best).all() and hierarchy[-1] == best[-1]
assert 24.6 < slower[0] < 27.2 and 1.36 < slower[-1] < 1.51
gain = (inside["ring"].time / inside["in-network"].time).to("").magnitude
assert 1.28 < gain.min() < 1.42
bound = (
    CollectiveModel().solve("all-reduce", sizes[-1], node=cluster.node, algorithm="ring", efficiency=1).time
)
sent = 2 * (1 - 1 / cluster.node.accelerators) * sizes[-1]
assert np.isclose(bound / (sent / (cluster.node.accelerator.link.bandwidth / 2)), 1)
