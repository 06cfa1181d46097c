"""
Where do the GPU hours of DeepSeek-V3 come from, and what if messages had not been hidden?
==========================================================================================

:mls:entry:`Models.Language.DeepSeek_V3` was pre-trained on :mls:entry:`Systems.Clusters.DeepSeek_V3_2048`
in a number of GPU hours that surprised many, and its report says how: eight-bit arithmetic, sixteen
pipeline stages, experts spread over 64 devices, sharded optimizer state, and a schedule that hides what
travels behind what is computed (:mls:source:`deepseek2024v3`, sections 1 and 3.2; the batch in
:mls:source:`austin2025gpus`).

:mls:solver:`DistributedModel` is asked for that layout with and without the hiding, for
:mls:fact:`Models.Language.DeepSeek_V3.published.training_tokens`. The times are estimates with the
documented constants. The bidirectional schedule is taken as one that leaves only a part of the bubble, in
the memory of the usual one.
"""

import matplotlib.pyplot as plt

from mlsysim import DistributedModel, Models, Systems, plot

# %%
# Messages to experts travel over the network, as a token's expert is rarely near. Where they are hidden
# they also go once to each node, not once to each expert, as the report describes.
cluster = Systems.Clusters.DeepSeek_V3_2048
job = {
    "batch_size": 15360,
    "seq_len": 4096,
    "precision": "fp8",
    "pp_size": 16,
    "ep_size": 64,
    "zero_stage": 1,
    "schedule": "zero-bubble",
}
hidden = {"hides nothing": (), "hides stages": ("stage",), "hides both": ("stage", "expert")}
runs = {
    name: DistributedModel().solve(Models.Language.DeepSeek_V3, cluster, overlap=what, **job)
    for name, what in hidden.items()
}

# %%
# GPU hours are the run's time on all devices; published are those of pre-training, here also as time of a
# step.
published = 2_664_000
hours = {name: run.run_time.to("hour").magnitude * cluster.devices for name, run in runs.items()}
best = runs["hides both"]
ax = plot.step_timeline(runs)
step = best.number("step_time") * published / hours["hides both"]
ax.axvline(step, color=plot.SERIES[1], ls=":")
ax.set_ylim(2.9, None)
ax.text(step, 2.6, " published", color=plot.SERIES[1], va="center")
plt.show()

# %%
# The interval of each is where eight of ten measurements lie.
for name, run in runs.items():
    low, high = (end.to("hour").magnitude * cluster.devices / 1e6 for end in run.interval("run_time"))
    print(
        f"{name:15} {hours[name] / 1e6:.2f} million GPU hours ({low:.2f} to {high:.2f}), utilisation {run.mfu:.0%~P}"
    )
print(f"published{'':6} {published / 1e6:.2f} million GPU hours")

# %%
# Claim
# -----
# With the hiding the estimate is within a twentieth of what was published, and the interval holds it.
# Without, the same run would have taken twice the hours: the traffic to experts alone lasts longer than the
# arithmetic. What stages send to each other hardly counts.
low, high = (end.to("hour").magnitude * cluster.devices for end in best.interval("run_time"))
assert low < published < high and abs(hours["hides both"] / published - 1) < 0.05
assert hours["hides nothing"] > 1.9 * hours["hides both"]
assert hours["hides nothing"] < 1.02 * hours["hides stages"]
assert runs["hides nothing"].ep_communication_time > 1.2 * best.compute_time
