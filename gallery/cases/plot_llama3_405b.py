"""
How busy were the GPUs that trained Llama 3 405B, and for how many days?
========================================================================

Meta trained :mls:entry:`Models.Language.Llama3_405B` on up to
:mls:fact:`Systems.Clusters.Llama3_405B.accelerators` devices of :mls:entry:`Systems.Clusters.Llama3_405B`, and published
the layout: eight-way tensor parallelism inside a node, sixteen pipeline stages, sharded data parallelism, and a batch of
16 million tokens in sequences of :mls:given:`8192 tokens`, in the end of :mls:given:`131072 tokens`, each then split over
sixteen devices (:mls:source:`grattafiori2024llama`, Table 4). What each GPU achieved is tabulated in
:mls:source:`lockwood2024llama31`, and the GPU hours of the whole run in :mls:source:`meta2024llama31card`.

:mls:solver:`DistributedModel` is given that layout and nothing of what was measured; its times are estimates with the
documented constants. Meta took a layer away from the first and the last stage, to make room for embedding and head: 128
equal layers stand for the 126 and those two, in chunks of one. And it stored all activations by freeing every tensor
early. On the whole machine our count of a classic layer fits as well; on parts of it, where a replica has more
microbatches in flight, it asks for a little more memory than the device has, which is lifted there.
"""

import matplotlib.pyplot as plt

from mlsysim import DistributedModel, Fleet, Models, Q, Systems, plot

# %%
# The published layout, on a quarter of the machine, half of it and all of it. The batch stays, so that fewer microbatches
# are left for each replica, and the pipeline idles for more of the time. Last, all of it with the long sequences.
model, cluster = Models.Language.Llama3_405B.replace(layers=128), Systems.Clusters.Llama3_405B
layout = {"tp_size": 8, "pp_size": 16, "virtual_stages": 8, "zero_stage": 2, "sequence_parallel": True}
job = {"batch_size": 2048, "seq_len": 8192, "overlap": ("stage",), **layout}
roomy = cluster.node.replace(accelerator__memory__capacity="90 GB")
parts = [Fleet(node=roomy, nodes=nodes, fabric=cluster.fabric) for nodes in (512, 1024)]
quarter, half, whole = (DistributedModel().solve(model, fleet, **job) for fleet in (*parts, cluster))
long = DistributedModel().solve(
    model, cluster, **{**job, "batch_size": 128, "seq_len": 131072, "cp_size": 16}
)

# %%
# Utilisation counts the full square of attention. Measured is the rate of each GPU over its peak; the band
# is the range in which eight of ten measurements lie.
peak = cluster.node.accelerator.compute.peak.bf16
measured = {half: Q("430 TFLOP/s"), whole: Q("400 TFLOP/s"), long: Q("380 TFLOP/s")}
measured = {step: (rate / peak).to("") for step, rate in measured.items()}
ax = plot.lines(
    [4096, 8192, 16384],
    {"predicted": [step.mfu_full_attention for step in (quarter, half, whole)]},
    bands={"predicted": [step.interval("mfu_full_attention") for step in (quarter, half, whole)]},
    xlabel="GPUs",
    ylabel="model FLOP utilisation",
)
ax.set_ylim(0, 0.6)
seen = {"measured on 8,192": (8192, measured[half]), "measured on 16,384": (16384, measured[whole])}
plot.mark(seen, ax, marker="D")
plt.show()

# %%
# In long sequences attention is about half of the arithmetic, so that it matters how it is counted: as the full square,
# or as what the causal mask leaves of it. The run is as many steps as its tokens need.
for name, step in {"8,192 GPUs": half, "16,384 GPUs": whole, "16,384, long": long}.items():
    counted = f"utilisation {step.mfu_full_attention:.1%~P} by the square, {step.mfu:.1%~P} by the mask"
    print(f"{name:12} {step.step_time.to('s'):5.2f~P} a step, {counted}; measured {measured[step]:.1%~P}")
days, hours = whole.run_time.to("day"), cluster.devices * whole.run_time.to("hour")
published = Q("30.84e6 hour")
print(
    f"{days:.0f~P}: {hours.magnitude / 1e6:.1f} million GPU hours, published {published.magnitude / 1e6:.1f}"
)

# %%
# Claim
# -----
# The published utilisation is foreseen within a twentieth on both sizes, and so is its fall when the same batch is spread
# over twice the GPUs. That of long sequences is foreseen within a twelfth if the source counts the full square; by the
# mask, a quarter of it would be missing. The GPU hours of the model card are a little more than those of the steps alone,
# as they should be with interruptions, and lie within the interval.
errors = {step: step.mfu_full_attention / share - 1 for step, share in measured.items()}
assert abs(errors[half]) < 0.05 and abs(errors[whole]) < 0.05 and abs(errors[long]) < 1 / 12
assert quarter.mfu > half.mfu > 1.04 * whole.mfu
assert abs((1 + errors[half]) / (1 + errors[whole]) - 1) < 0.05
assert 0.7 < long.mfu / measured[long] < 0.8
assert 1 < published / hours < whole.interval("run_time")[1] / whole.run_time
assert Q("60 day") < days < Q("90 day")
