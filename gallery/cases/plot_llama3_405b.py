"""
How busy were the GPUs that trained Llama 3 405B, and for how many days?
========================================================================

Meta trained :mls:entry:`Models.Language.Llama3_405B` on up to
:mls:fact:`Systems.Clusters.Llama3_405B.accelerators` devices of :mls:entry:`Systems.Clusters.Llama3_405B`,
and published the layout: eight-way tensor parallelism inside a node, sixteen pipeline stages, sharded data
parallelism, and a batch of 16 million tokens in sequences of :mls:given:`8192 tokens`
(:mls:source:`grattafiori2024llama`, Table 4). What each GPU achieved with it is tabulated in
:mls:source:`lockwood2024llama31`, and the GPU hours of the whole run in :mls:source:`meta2024llama31card`.

:mls:solver:`DistributedModel` is given that layout and nothing of what was measured; its times are
estimates with the documented constants. Two details of the run need words. Meta took a layer away from the
first and the last stage, to make room for embedding and head: 128 equal layers stand for the 126 and those
two. And it stored all activations by freeing every tensor early, where our count of a classic layer needs a
little more memory than the device has: the capacity is lifted.
"""

import matplotlib.pyplot as plt

from mlsysim import DistributedModel, Fleet, Hardware, Models, Q, Systems, plot

# %%
# The published layout, on half of the machine and on all of it. The batch stays, so that fewer microbatches
# are left for each replica, and the pipeline idles for more of the time.
llama, cluster = Models.Language.Llama3_405B, Systems.Clusters.Llama3_405B
device = Hardware.Cloud.H100.replace(memory=Hardware.Cloud.H100.memory.replace(capacity=Q("96 GB")))
node = cluster.node.replace(accelerator=device)
layout = {"tp_size": 8, "pp_size": 16, "virtual_stages": 8, "zero_stage": 2, "sequence_parallel": True}
job = {"batch_size": 2048, "seq_len": 8192, "overlap": ("stage",), **layout}
sizes = [4096, 8192, 16384]
steps = [
    DistributedModel().solve(
        llama.replace(layers=128), Fleet(node=node, nodes=size // 8, fabric=cluster.fabric), **job
    )
    for size in sizes
]

# %%
# Utilisation counts the full square of attention. Measured is the rate of each GPU over its peak; the band
# is the range in which eight of ten measurements lie.
measured = {8192: Q("430 TFLOP/s"), 16384: Q("400 TFLOP/s")}
reached = {size: (rate / device.compute.peak.bf16).to("") for size, rate in measured.items()}
ax = plot.lines(
    sizes,
    {"predicted": [step.mfu_full_attention for step in steps]},
    bands={"predicted": [step.interval("mfu_full_attention") for step in steps]},
    xlabel="GPUs",
    ylabel="model FLOP utilisation",
)
ax.set_ylim(0, 0.6)
plot.mark({f"measured on {size:,}": (size, share) for size, share in reached.items()}, ax, marker="D")
plt.show()

# %%
# The run is as many steps as its tokens need, and the interval of a step is that of the run without what
# stops it.
for size, step in zip(sizes, steps, strict=True):
    print(f"{size:6,} GPUs: {step.step_time.to('s'):.2f~P} a step, MFU {step.mfu_full_attention:.1%~P}")
run, counted = steps[-1], Q("30.84e6 hour")
days, hours = run.run_time.to("day"), sizes[-1] * run.run_time.to("hour")
print(
    f"{days.magnitude:.0f} days on all of it: {hours.magnitude / 1e6:.1f} million GPU hours;"
    f" the model card says {counted.magnitude / 1e6:.1f}"
)

# %%
# Claim
# -----
# The published utilisation is foreseen within a twentieth on both sizes, and so is its fall when the same
# batch is spread over twice the GPUs. The GPU hours of the model card are a little more than those of the
# steps alone, as they should be with interruptions, and lie within the interval.
half, whole = steps[1:]
for size, step in zip(sizes[1:], (half, whole), strict=True):
    assert abs(step.mfu_full_attention / reached[size] - 1) < 0.05
fall = (half.mfu_full_attention / whole.mfu_full_attention) / (reached[8192] / reached[16384])
assert abs(fall - 1) < 0.05 and steps[0].mfu > half.mfu > 1.04 * whole.mfu
assert 1 < counted / hours < run.interval("run_time")[1] / run.run_time
assert Q("60 day") < days < Q("90 day")
