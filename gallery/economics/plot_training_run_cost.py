"""
What does it cost to train Llama 3.1 405B, and what does haste cost?
====================================================================

More accelerators finish a training run sooner, but each gets a smaller part of the batch: the pipeline idles for a larger
share of a step, and a larger fleet fails more often. How much dearer does that make the run?

The model is :mls:entry:`Models.Language.Llama3_405B` with its training tokens, the devices are those of
:mls:entry:`Systems.Clusters.Llama3_405B`, in fleets of several sizes that write their checkpoints to
:mls:entry:`Systems.Storage.Checkpoint_Store`. The batch stays at :mls:given:`2048 sequences` of :mls:given:`8192 tokens`; a
tensor group fills a server, and a replica is a pipeline of :mls:given:`16 servers`, whose schedule has little of the usual
bubble. Every other layer is computed again where memory asks for it. Times are estimates (:mls:solver:`DistributedModel`); a
restart after a failure takes :mls:given:`10 minutes` (:mls:solver:`ReliabilityModel`). An hour of a device costs
:mls:fact:`Infrastructure.Prices.H100_Cloud_OnDemand.rental`, a list price, of which large customers pay less. The hours of
the real run are those of its model card (:mls:source:`meta2024llama31card`).
"""

import matplotlib.pyplot as plt

from mlsysim import DistributedModel, Fleet, Infrastructure, Models, Q, ReliabilityModel, Systems, plot

# %%
# The same run on fleets of five sizes: the step, then the time with failures, then the bill.
cluster, storage = Systems.Clusters.Llama3_405B, Systems.Storage.Checkpoint_Store
layout = {"tp_size": 8, "pp_size": 16, "zero_stage": 2, "sequence_parallel": True}
job = {"batch_size": 2048, "seq_len": 8192, "schedule": "zero-bubble", **layout}
price = Infrastructure.Prices.H100_Cloud_OnDemand.rental
days, ideal, hours = {}, {}, {}
for nodes in (128, 256, 512, 1024, 2048):
    fleet = Fleet(node=cluster.node, nodes=nodes, fabric=cluster.fabric, storage=storage)
    ways = (
        DistributedModel().solve(Models.Language.Llama3_405B, fleet, recompute=recompute, **job)
        for recompute in ("none", "alternate")
    )
    step = next(way for way in ways if way.feasible)
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
ax.set_ylim(0, 180)
plot.rule("the real run's hours", ax, y=published * price)
plot.mark({f"{size:,} devices": (days[size], hours[size] * price) for size in days}, ax)
plt.show()

# %%
# Claim
# -----
# Haste is cheap: sixteen times the devices finish in a fourteenth of the time, for about a fifth more money; nearly half of
# that is failures, the rest the pipeline's bubble. At this list price the run costs well over a hundred million dollars at
# every size. The real run took fewer hours than the estimate for the largest fleet, by about a sixth.
few, many = min(days), max(days)
dearer = (hours[many] / hours[few]).magnitude
print(
    f"{many // few} times the devices: {days[few] / days[many]:.1f~P} times sooner, {dearer - 1:.0%} dearer"
)
print(f"real run: {published * price:,.0f~P}, estimate for its fleet {hours[many] * price:,.0f~P}")
assert 13 < days[few] / days[many] < 14.5 and 1.15 < dearer < 1.25
assert 0.4 < (hours[many] - ideal[many]) / (hours[many] - hours[few]) < 0.5
assert all(h * price > Q("115e6 USD") for h in hours.values())
assert 0.80 < published / hours[many] < 0.88
