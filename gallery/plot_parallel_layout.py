"""
Which parallel layout trains Llama-3-70B fastest on a cluster of H100s?
=======================================================================

The same devices can be divided in many ways: tensor parallelism inside a node, pipeline stages across nodes, and replicas
that share the batch and shard the optimizer's state between them. Each costs time in its own way.

:mls:solver:`DistributedModel` is asked for every such layout of :mls:entry:`Systems.Clusters.Research_256`
(:mls:fact:`Systems.Clusters.Research_256.accelerators` devices in nodes of :mls:fact:`Systems.Nodes.DGX_H100.accelerators`), and
the time of an optimizer step is taken apart. The global batch is :mls:given:`1024 sequences` of :mls:given:`4096 tokens`, one
sequence a microbatch; attention is recomputed, and the optimizer's state sharded (ZeRO stage 1). Links and
arithmetic units are taken to reach their peaks, and stages to be balanced: the times are those of each schedule at its best.
"""

import itertools

import matplotlib.pyplot as plt

from mlsysim import DistributedModel, Models, Systems

# %%
# A layout is written as devices of a tensor group (tp) and pipeline stages (pp); the replicas follow. What does not fit is
# counted, with the reason of the last.
cluster = Systems.Clusters.Research_256
job = {"batch_size": 1024, "seq_len": 4096, "microbatch_size": 1, "recompute": "selective", "zero_stage": 1}
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
# A step is arithmetic, communication that stands in its way, and the pipeline's bubble, which is what remains. The reduction of
# the gradients hides behind the backward pass in all of these layouts and takes no time of its own.
fastest_first = sorted(steps, key=lambda name: steps[name].number("step_time"))
parts = {
    "arithmetic": "compute_time",
    "tensor parallel": "tp_communication_time",
    "stage to stage": "pp_communication_time",
}
times = {part: [steps[name].number(field) for name in fastest_first] for part, field in parts.items()}
seconds = [steps[name].number("step_time") for name in fastest_first]
times["bubble"] = [step - sum(others) for step, *others in zip(seconds, *times.values(), strict=True)]

fig, ax = plt.subplots(figsize=(7.5, 4), layout="constrained")
start = [0.0] * len(seconds)
for (part, column), colour in zip(times.items(), ("#0072B2", "#D55E00", "#CC79A7", "#E69F00"), strict=True):
    ax.barh(fastest_first, column, left=start, color=colour, label=part)
    start = [a + b for a, b in zip(start, column, strict=True)]
for row, (name, end) in enumerate(zip(fastest_first, seconds, strict=True)):
    ax.text(
        end + 0.1,
        row,
        f"{steps[name].mfu.magnitude:.0%}{'' if row else ' of the peak'}",
        va="center",
        color="0.4",
    )
ax.legend(ncols=4, loc="lower center", bbox_to_anchor=(0.45, 1), frameon=False, handlelength=1)
ax.invert_yaxis()
ax.set_xlabel("time of an optimizer step (s)")
ax.set_xlim(right=max(seconds) * 1.12)
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# Claim
# -----
# Neither extreme wins. Groups as wide as the node need no pipeline, but their traffic makes them slower than every narrower
# group that fits, though the node's switches add up what they reduce. The narrowest group that fits pays with a deep pipeline's
# bubble. A balanced mix is fastest.
for name, time in zip(fastest_first, seconds, strict=True):
    print(f"{name:12} {time:5.2f} s")
wide = [name.startswith("tp 8,") for name in fastest_first]
assert wide == sorted(wide)
assert fastest_first[0] == "tp 4, pp 4" and steps[fastest_first[0]].tp_algorithm == "in-network"
assert seconds[fastest_first.index("tp 2, pp 16")] > 1.02 * seconds[0]
assert seconds[fastest_first.index("tp 8, pp 1")] > 1.08 * seconds[0]
assert all(
    step.number("dp_communication_time") < step.number("compute_time") / 2 for step in steps.values()
)
