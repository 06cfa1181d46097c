"""
How is a model trained on very long sequences?
==============================================

Activations grow with the sequence, and a sequence is the least that a replica can hold. Context parallelism divides the
sequence itself over devices, which pass keys and values around in a ring while they compute.

:mls:entry:`Models.Language.Llama3_1_8B` is trained on :mls:entry:`Systems.Clusters.Research_256` in groups of :mls:given:`8`
devices that split every layer, with batches of :mls:given:`256 sequences` and fused attention. :mls:solver:`DistributedModel`
estimates what a device holds (:mls:result:`DistributedModel.memory_activations`) and how long keys and values travel
(:mls:result:`DistributedModel.cp_communication_time`), beside compute, behind which that can hide. The optimizer's state is
sharded.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import DistributedModel, Models, Systems, plot

# %%
# Sequences from eight thousand tokens to a million, whole, or divided by four or by 32.
tokens = 2 ** np.arange(13, 21)
parts = (1, 4, 32)
steps = {
    cp: DistributedModel().solve(
        Models.Language.Llama3_1_8B,
        Systems.Clusters.Research_256,
        batch_size=256,
        seq_len=tokens,
        tp_size=8,
        cp_size=cp,
        zero_stage=1,
        sequence_parallel=True,
    )
    for cp in parts
}
for cp, step in steps.items():
    longest = tokens[step.feasible].max()
    traffic = (step.cp_communication_time / step.compute_time).to("").magnitude[step.feasible]
    print(
        f"divided by {cp:2}: {longest // 1024:4}K tokens fit; keys and values travel {traffic[0]:4.2f} times as long as a device"
        f" computes at {tokens[0] // 1024}K, and {traffic[-1]:4.2f} times at {longest // 1024}K"
    )

# %%
# What is lost: the share of the peak, while the sequence fits.
plot.lines(
    tokens / 1024,
    {f"divided by {cp}": step.mfu.to("percent") for cp, step in steps.items()},
    xlabel="tokens of a sequence (thousands of 1024)",
    ylabel="share of the peak",
    xscale="log",
)
plt.show()

# %%
# Claim
# -----
# Each division by four makes room for sequences four times as long. The longer they are, the better the ring hides: keys and
# values grow with the sequence, but attention's arithmetic with its square. So dividing short sequences over many devices is a
# waste, while at the length where it is first needed it costs hardly anything of the share of the peak.
longest = {cp: tokens[step.feasible].max() for cp, step in steps.items()}
assert longest[4] == 4 * longest[1] and longest[32] >= 8 * longest[1]
ratio = {
    cp: (step.cp_communication_time / step.compute_time).to("").magnitude for cp, step in steps.items()
}
assert (np.diff(ratio[32]) < 0).all() and ratio[32][0] > 3 and ratio[32][-1] < 0.1
mfu = {cp: step.mfu.magnitude for cp, step in steps.items()}
assert mfu[32][0] < 0.3 * mfu[1][0]
for few, many in ((1, 4), (4, 32)):
    at = tokens == longest[few]
    assert mfu[many][at] > 0.97 * mfu[few][at]
