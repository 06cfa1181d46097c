"""
Why does tensor parallelism stay inside a server?
=================================================

A tensor group splits every layer over its devices, and adds up their parts several times in each layer. Between these sums
there is little to compute, so that the group is only as good as its links.

:mls:entry:`Models.Language.Llama3_70B` is trained on :mls:entry:`Systems.Clusters.Research_256`, whose servers join
:mls:fact:`Systems.Nodes.DGX_H100.accelerators` devices by links of :mls:fact:`Hardware.Cloud.H100.link.bandwidth`, both
directions together; to other servers a device has :mls:fact:`Systems.Nodes.DGX_H100.nic_bandwidth`. There are :mls:given:`4`
stages, and batches of :mls:given:`1024 sequences` of :mls:given:`4096 tokens`. :mls:solver:`DistributedModel` estimates the
step for groups within a server and beyond. None of this traffic is taken to hide.
"""

import matplotlib.pyplot as plt

from mlsysim import DistributedModel, Models, Systems, plot

# %%
# Groups of half a server, a server, and two and four of them.
steps = {
    tp: DistributedModel().solve(
        Models.Language.Llama3_70B,
        Systems.Clusters.Research_256,
        batch_size=1024,
        seq_len=4096,
        tp_size=tp,
        pp_size=4,
        zero_stage=1,
        sequence_parallel=True,
        tp_across_nodes=True,
    )
    for tp in (4, 8, 16, 32)
}
plot.step_timeline({f"groups of {tp}": step for tp, step in steps.items()})
plt.show()

# %%
# What the wide groups buy is memory.
ratio = {
    tp: step.number("tp_communication_time") / step.number("compute_time") for tp, step in steps.items()
}
for tp, step in steps.items():
    print(
        f"groups of {tp:2}: {step.memory_footprint.to('GB'):4.1f~P} on a device; sums take {ratio[tp]:.2f} times the compute"
    )

# %%
# Claim
# -----
# Every wider group is slower, since each device computes a smaller part of every layer for a sum that is no smaller. Inside a
# server sums take at most half as long as the compute; once a group leaves it, they take a quarter longer, then three times as long. The memory
# that this saves is not worth it: a group of one server already leaves seven tenths of a device free.
times = [step.number("step_time") for step in steps.values()]
assert times == sorted(times)
assert 0.186 < ratio[4] < 0.206 and 0.475 < ratio[8] < 0.525
assert 1.18 < ratio[16] < 1.3 and 3 < ratio[32] < 3.3
capacity = Systems.Clusters.Research_256.node.accelerator.memory.capacity
assert 0.285 < steps[8].memory_footprint / capacity < 0.305
