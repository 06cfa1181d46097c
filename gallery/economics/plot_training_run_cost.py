"""
What does it cost to train Llama 3.1 405B, and what does haste cost?
====================================================================

More accelerators finish a training run sooner, but each gets a smaller part of the batch: the pipeline idles for a larger
share of a step, and a larger fleet fails more often. How much dearer does that make the run?

The model is :mls:entry:`Models.Language.Llama3_405B` with its training tokens, the devices are those of
:mls:entry:`Systems.Clusters.Llama3_405B`, in fleets of several sizes that write their checkpoints to
:mls:entry:`Systems.Storage.Checkpoint_Store`. Layout and batch are the published ones, and the memory of a device is taken a
little larger, for the reason that :mls:claim:`cases.plot_llama3_405b` tells. Times are estimates
(:mls:solver:`DistributedModel`); a restart after a failure takes :mls:given:`10 minutes` (:mls:solver:`ReliabilityModel`). An
hour of a device costs :mls:fact:`Infrastructure.Prices.H100_Cloud_OnDemand.rental`, a list price, of which large customers pay
less. The hours of the real run are those of its model card (:mls:source:`meta2024llama31card`).
"""

import matplotlib.pyplot as plt

from mlsysim import DistributedModel, Fleet, Infrastructure, Models, Q, ReliabilityModel, Systems, plot

# %%
# The same run on fleets of five sizes: the step, then the time with failures, then the bill.
model, cluster = Models.Language.Llama3_405B.replace(layers=128), Systems.Clusters.Llama3_405B
layout = {"tp_size": 8, "pp_size": 16, "virtual_stages": 8, "zero_stage": 2, "sequence_parallel": True}
job = {"batch_size": 2048, "seq_len": 8192, "overlap": ("stage",), **layout}
storage, roomy = (
    Systems.Storage.Checkpoint_Store,
    cluster.node.replace(accelerator__memory__capacity="96 GB"),
)
price = Infrastructure.Prices.H100_Cloud_OnDemand.rental
days, ideal, hours = {}, {}, {}
for nodes in (128, 256, 512, 1024, 2048):
    fleet = Fleet(node=roomy, nodes=nodes, fabric=cluster.fabric, storage=storage)
    step = DistributedModel().solve(model, fleet, **job)
    run = ReliabilityModel().solve(fleet, step.run_time, training=step, recovery_time="10 min")
    size = fleet.devices
    days[size], ideal[size] = run.effective_run_time.to("day"), size * step.run_time.to("hour")
    hours[size] = size * run.effective_run_time.to("hour")
    print(
        f"{size:6,} devices: {days[size]:6.0f~P}, {hours[size].magnitude / 1e6:.1f} million device hours,"
        f" pipeline idle {step.bubble_fraction:.0%~P}, {run.goodput:.0%~P} of the time is progress"
    )

# %%
# The bill against the length of the run. The real run's hours are charged at the same price.
published = Q("30.84e6 hour")
ax = plot.lines(
    Q([d.magnitude for d in days.values()], "day"),
    {
        "with failures": Q([(h * price).to("USD").magnitude / 1e6 for h in hours.values()], "MUSD"),
        "if nothing failed": Q([(h * price).to("USD").magnitude / 1e6 for h in ideal.values()], "MUSD"),
    },
    xlabel="length of the run",
    ylabel="cost of the run",
    xscale="log",
)
ax.set(xlim=(40, 1500), ylim=(0, 180))
plot.rule("the real run's hours", ax, y=published * price)
plot.mark({f"{size:,} devices": (days[size], hours[size] * price) for size in days}, ax)
plt.show()

# %%
# Claim
# -----
# Haste is cheap: sixteen times the devices finish in a thirteenth of the time, for about a fifth more money. Failures take the
# smaller part of that, the pipeline's bubble the larger. At this list price the run costs more than a hundred million dollars
# at every size. The hours of the real run are met within a twentieth.
few, many = min(days), max(days)
dearer = (hours[many] / hours[few]).magnitude
print(
    f"{many // few} times the devices: {days[few] / days[many]:.1f~P} times sooner, {dearer - 1:.0%} dearer"
)
print(f"real run: {published * price:,.0f~P}, estimate for its fleet {hours[many] * price:,.0f~P}")
assert 13 < days[few] / days[many] < 13.5 and 1.15 < dearer < 1.25
assert 0.3 < (hours[many] - ideal[many]) / (hours[many] - hours[few]) < 0.5
assert all(h * price > Q("100e6 USD") for h in hours.values())
assert abs(published / hours[many] - 1) < 0.05
