"""
Which tensor groups, pipeline stages and microbatches train GPT-3 fastest on a thousand H100s?
==============================================================================================

A layout is a choice of three numbers, and a solve is so quick that all of them can be tried. What does not
fit, or does not divide the machine, says so and is left out.

The model is :mls:entry:`Models.Language.GPT3` on :mls:entry:`Systems.Clusters.DGX_SuperPOD_1024`
(:mls:fact:`Systems.Clusters.DGX_SuperPOD_1024.accelerators` devices), with a batch of
:mls:given:`1024 sequences` of :mls:given:`2048 tokens`, fused attention, sharded optimizer state, and
nothing else recomputed. The times are estimates with the documented constants; a smaller microbatch is not
charged for the smaller matrices that it multiplies.
"""

import itertools

import matplotlib.pyplot as plt

from mlsysim import DistributedModel, Models, Systems, plot
from mlsysim.errors import LayoutError

# %%
# Every tensor group up to a node, every number of stages that may divide the layers, and some microbatches.
groups, stages, micros = (1, 2, 4, 8), (1, 2, 4, 8, 16, 32), (1, 2, 4, 8)
steps, refused = {}, 0
for tp, pp, micro in itertools.product(groups, stages, micros):
    try:
        step = DistributedModel().solve(
            Models.Language.GPT3,
            Systems.Clusters.DGX_SuperPOD_1024,
            batch_size=1024,
            seq_len=2048,
            tp_size=tp,
            pp_size=pp,
            microbatch_size=micro,
            zero_stage=1,
            sequence_parallel=tp > 1,
        )
    except LayoutError:
        refused += 1
        continue
    if step.feasible:
        steps[tp, pp, micro] = step
seconds = {layout: step.number("step_time") for layout, step in steps.items()}
ranked = sorted(seconds, key=seconds.get)
print(f"{len(steps)} layouts fit, {refused} do not divide, the rest needs more memory")
for layout in (*ranked[:5], ranked[-1]):
    print(
        "tp {}, pp {}, microbatch {}: {:.2f} s".format(*layout, seconds[layout]),
        f"MFU {steps[layout].mfu:.0%~P}",
    )

# %%
# The best number of stages for each group and microbatch, and what its step is made of.
best = {}
for tp, pp, micro in ranked:
    best.setdefault((tp, micro), (tp, pp, micro))
shown = [layout for pair, layout in sorted(best.items()) if pair[1] <= 4]
plot.step_timeline({"tp {}, pp {}, microbatch {}".format(*layout): steps[layout] for layout in shown})
plt.show()

# %%
# Claim
# -----
# Groups of four and single sequences win. What counts are group and microbatch: a wider group means fewer
# replicas to share the batch, and so a smaller bubble, for more time in messages; a larger microbatch makes
# the bubble larger, and gains only in the one layout of eight and two stages, whose bubble is the smallest.
# The number of stages hardly counts, from four to thirty-two: more stages leave fewer replicas, and each of
# them more microbatches to fill the pipeline with.
assert ranked[0][0] == 4 and ranked[0][2] == 1
fours = [seconds[4, pp, 1] for pp in (4, 8, 16, 32)]
assert max(fours) < 1.01 * min(fours)
bubbles = {layout: step.number("bubble_fraction") for layout, step in steps.items()}
assert 1.6 < bubbles[2, 16, 1] / bubbles[4, 16, 1] < 1.75 < bubbles[4, 16, 1] / bubbles[8, 16, 1] < 1.85
assert steps[8, 16, 1].tp_communication_time > 2 * steps[4, 16, 1].tp_communication_time
twice = {(tp, pp, m): (tp, pp, 2 * m) for tp, pp, m in steps if (tp, pp, 2 * m) in steps}
assert [one for one, two in twice.items() if seconds[two] < 1.02 * seconds[one]] == [(8, 2, 1)]
assert min(twice, key=bubbles.get) == (8, 2, 1)
