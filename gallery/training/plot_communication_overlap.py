"""
What is it worth to hide communication behind compute?
======================================================

In a model of many experts, tokens travel to the devices that hold their experts, and back, in every layer. In a pipeline,
activations travel between stages. A schedule that runs two microbatches against each other can compute one while the other
travels. Such a schedule also sends a token once to each server, from where it goes on to all its experts there.

The run is that of :mls:entry:`Models.Language.DeepSeek_V3` on :mls:entry:`Systems.Clusters.DeepSeek_V3_2048`:
:mls:fact:`Systems.Clusters.DeepSeek_V3_2048.accelerators` devices, in the layout that its report states: :mls:given:`16`
stages, experts over :mls:given:`64` devices, the optimizer's state sharded, batches of :mls:given:`15360 sequences` of
:mls:given:`4096 tokens`, products in FP8 (:mls:source:`deepseek2024v3`). :mls:solver:`DistributedModel` is told which traffic
hides, and estimates the step. Experts are taken to get equal work. The same run in GPU hours is
:mls:claim:`cases.plot_deepseek_v3`.
"""

import matplotlib.pyplot as plt

from mlsysim import DistributedModel, Models, Q, Systems, plot

# %%
# The same layout four times: nothing hides, one kind of traffic does, or both.
hidden = {
    "nothing hides": (),
    "stages' traffic hides": ("stage",),
    "experts' traffic hides": ("expert",),
    "both hide": ("stage", "expert"),
}
steps = {
    name: DistributedModel().solve(
        Models.Language.DeepSeek_V3,
        Systems.Clusters.DeepSeek_V3_2048,
        batch_size=15360,
        seq_len=4096,
        precision="fp8",
        pp_size=16,
        ep_size=64,
        zero_stage=1,
        overlap=overlap,
    )
    for name, overlap in hidden.items()
}
plot.step_timeline(steps)
plt.show()

# %%
# The report says how long a trillion tokens took: :mls:given:`3.7 days` (:mls:source:`deepseek2024v3`, section 1).
measured = Q("3.7 day")
trillion = {name: (1e12 / step.throughput.magnitude) / 86400 for name, step in steps.items()}
for name, days in trillion.items():
    print(f"{name:24} {days:4.1f} days for a trillion tokens; measured {measured:~P}")

# %%
# Claim
# -----
# With a copy for each expert, and without overlap, the step would take about twice as long, nearly all of it for the experts'
# traffic: it takes a quarter longer than the compute itself. Between stages, one message for many layers is small. Only with
# overlap does the estimate come near the time that was measured.
bare, both = (steps[name].number("step_time") for name in ("nothing hides", "both hide"))
stage, expert = (
    bare - steps[name].number("step_time") for name in ("stages' traffic hides", "experts' traffic hides")
)
assert 1.95 < bare / both < 2.14
assert expert > 0.95 * (bare - both) and stage < 0.03 * bare
assert 1.21 < steps["nothing hides"].ep_communication_time / steps["nothing hides"].compute_time < 1.33
assert steps["both hide"].number("exposed_communication_time") < 0.02 * both
assert (
    abs(trillion["both hide"] / measured.magnitude - 1) < 0.15 < 0.8 < trillion["nothing hides"] / 3.7 - 1
)
