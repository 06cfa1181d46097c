"""
Which parallel layout trains Llama-3-70B fastest on a cluster of H100s?
=======================================================================

The same devices can be divided in many ways: tensor parallelism inside a node, pipeline stages across nodes, and replicas
that share the batch and shard the optimizer's state between them. Each costs time in its own way.

:mls:solver:`DistributedModel` is asked for every such layout of :mls:entry:`Systems.Clusters.Research_256`
(:mls:fact:`Systems.Clusters.Research_256.accelerators` devices in nodes of :mls:fact:`Systems.Nodes.DGX_H100.accelerators`), and
the time of an optimizer step is taken apart. The global batch is :mls:given:`1024 sequences` of :mls:given:`4096 tokens`, one
sequence a microbatch; the optimizer's state is sharded (ZeRO stage 1). Links and
arithmetic units are taken to reach their peaks, and stages to be balanced: the times are those of each schedule at its best.
"""

import itertools

import matplotlib.pyplot as plt

from mlsysim import DistributedModel, Models, Systems, plot

# %%
# A layout is written as devices of a tensor group (tp) and pipeline stages (pp); the replicas follow. What does not fit is
# counted, with the reason of the last.
cluster = Systems.Clusters.Research_256
job = {"batch_size": 1024, "seq_len": 4096, "microbatch_size": 1, "zero_stage": 1}
steps, refused = {}, []
for tp, pp in itertools.product((1, 2, 4, 8), (1, 2, 4, 8, 16)):
    step = DistributedModel().solve(
        Models.Language.Llama3_70B, cluster, tp_size=tp, pp_size=pp, efficiency=1, **job
    )
    if step.feasible:
        steps[f"tp {tp}, pp {pp}"] = step
    else:
        refused.append(step.reason)
print(f"{len(steps)} layouts fit, {len(refused)} do not; the last of these: {refused[-1]}")

# %%
# A step is compute, communication that stands in its way, the pipeline's bubble, and the optimizer's pass over its state. The
# reduction of the gradients hides behind the backward pass of the last microbatch, as far as that lasts.
fastest_first = sorted(steps, key=lambda name: steps[name].number("step_time"))
plot.step_timeline({name: steps[name] for name in fastest_first})
plt.show()

# %%
# Claim
# -----
# Neither extreme wins. Groups as wide as the node need no pipeline, but their traffic makes them slower than every narrower
# group that fits, though the node's switches add up what they reduce. The narrowest group that fits pays with a deep pipeline's
# bubble. A balanced mix is fastest, and in no layout does communication take a third of the time of the arithmetic.
seconds = [steps[name].number("step_time") for name in fastest_first]
for name, time in zip(fastest_first, seconds, strict=True):
    print(f"{name:12} {time:5.2f} s")
wide = [name.startswith("tp 8,") for name in fastest_first]
assert wide == sorted(wide)
assert fastest_first[0] == "tp 4, pp 4" and steps[fastest_first[0]].tp_algorithm == "in-network"
assert seconds[fastest_first.index("tp 2, pp 16")] > 1.02 * seconds[0]
assert seconds[fastest_first.index("tp 8, pp 1")] > 1.08 * seconds[0]
assert all(
    step.exposed_communication_time < step.compute_time / 3 and step.bubble_fraction < 0.15
    for step in steps.values()
)
