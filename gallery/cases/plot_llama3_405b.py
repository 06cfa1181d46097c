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
two, in chunks of one. And it stored all activations by freeing every tensor early. On the whole machine, where
a replica has no more microbatches than stages, our count of a classic layer fits as well; on parts of it, it
asks for a little more memory than the device has, which is lifted there.
"""

import matplotlib.pyplot as plt

from mlsysim import DistributedModel, Fleet, Hardware, Models, Q, Systems, plot

# %%
# The published layout, on half of the machine and on all of it. The batch stays, so that fewer microbatches
# are left for each replica, and the pipeline idles for more of the time.
llama, cluster = Models.Language.Llama3_405B, Systems.Clusters.Llama3_405B
device = Hardware.Cloud.H100
roomy = cluster.node.replace(accelerator__memory__capacity="90 GB")
layout = {"tp_size": 8, "pp_size": 16, "virtual_stages": 8, "zero_stage": 2, "sequence_parallel": True}
job = {"batch_size": 2048, "seq_len": 8192, "attention": "flash", "overlap": ("stage",), **layout}
sizes = [4096, 8192, 16384]
steps = [
    DistributedModel().solve(
        llama.replace(layers=128),
        Fleet(node=cluster.node if size == sizes[-1] else roomy, nodes=size // 8, fabric=cluster.fabric),
        **job,
    )
    for size in sizes
]

# %%
# Utilisation counts the full square of attention. Measured is the rate of each GPU over its peak; the band
# is the range in which eight of ten measurements lie.
measured = {8192: Q("430 TFLOP/s"), 16384: Q("400 TFLOP/s")}
ax = plot.lines(
    sizes,
    {"predicted": Q([step.number("mfu_full_attention") for step in steps], "")},
    xlabel="GPUs",
    ylabel="model FLOP utilisation",
)
low, high = zip(*(step.interval("mfu_full_attention") for step in steps), strict=True)
ax.fill_between(
    sizes, [e.magnitude for e in low], [e.magnitude for e in high], color=plot.SERIES[0], alpha=0.15, lw=0
)
ax.set_ylim(0, 0.6)
reached = {size: (rate / device.compute.peak.bf16).to("").magnitude for size, rate in measured.items()}
plot.mark({f"measured on {size:,}": (size, share) for size, share in reached.items()}, ax, marker="D")
plt.show()

# %%
# In the end the run went on with sixteen times longer sequences, split over as many devices, and the same
# tokens in a batch. Attention is then about half of the arithmetic, so that it matters how it is counted: the
# full square, or what the causal mask leaves of it.
longer = {"batch_size": 128, "seq_len": 131072, "cp_size": 16}
long = DistributedModel().solve(llama.replace(layers=128), cluster, **{**job, **longer})
kept = (Q("380 TFLOP/s") / device.compute.peak.bf16).to("").magnitude
print(
    f"long sequences: utilisation {long.mfu_full_attention:.1%~P} by the square, {long.mfu:.1%~P} by the mask; measured {kept:.1%}"
)

# %%
# The run is as many steps as its tokens need, and the interval of a step is that of the run without what
# stops it.
whole = steps[-1]
for size, step in zip(sizes, steps, strict=True):
    print(
        f"{size:6,} GPUs: {step.step_time.to('s'):.2f~P} a step, utilisation {step.mfu_full_attention:.1%~P}"
    )
tokens = llama.published.training_tokens
days = (tokens / (job["batch_size"] * job["seq_len"]) * whole.step_time).to("day").magnitude
hours, counted = days * 24 * sizes[-1], 30.84e6
print(
    f"{days:.0f} days on all of it: {hours / 1e6:.1f} million GPU hours; the model card says {counted / 1e6:.1f}"
)

# %%
# Claim
# -----
# The published utilisation is foreseen within a twentieth on both sizes, and so is its fall when the same
# batch is spread over twice the GPUs. That of long sequences is foreseen within a twelfth if the source counts
# the full square, as is taken here; by the mask, a quarter of it would be missing. The GPU hours of the model
# card are a little more than those of the steps alone, as they should be with interruptions, and lie within
# the interval.
low, high = (end / whole.step_time for end in whole.interval("step_time"))
for size, step in zip(sizes[1:], steps[1:], strict=True):
    assert abs(step.number("mfu_full_attention") / reached[size] - 1) < 0.05
assert steps[0].number("mfu") > steps[1].number("mfu") > 1.04 * whole.number("mfu")
assert 1 < counted / hours < high.to("").magnitude
assert 60 < days < 90
assert abs(long.number("mfu_full_attention") / kept - 1) < 1 / 12
assert long.number("mfu") < 0.8 * kept
