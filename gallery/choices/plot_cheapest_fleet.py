"""
Which rented fleet is cheapest for a target on the time between tokens?
=======================================================================

A service knows its demand and how fast a reader wants tokens. It can choose the device, how many of them
share the model, and how many requests run together: a larger batch makes a token cheaper and slower. The
search is a sweep over arrays and a minimum.

The demand is :mls:given:`200 requests a second` for :mls:entry:`Models.Language.Llama3_70B` in half
precision, with prompts of :mls:given:`1024 tokens` and answers of :mls:given:`256 tokens`. A device costs
what is asked for an hour: :mls:fact:`Infrastructure.Prices.A100_Lambda_OnDemand.rental`,
:mls:fact:`Infrastructure.Prices.H100_Cloud_OnDemand.rental`,
:mls:fact:`Infrastructure.Prices.H200_Spheron_OnDemand.rental` or
:mls:fact:`Infrastructure.Prices.B200_Lambda_OnDemand.rental`. :mls:result:`ServingModel.itl` and
:mls:result:`ServingModel.request_rate` are estimates with the documented constants; queues, and the wait
for the prompts of others, are left out.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Infrastructure, Models, Q, ServingModel, plot

# %%
# Every device, group and batch: the time between tokens, and the rent of a fleet that serves the demand.
demand = Q("200 request/s")
groups, batches = (1, 2, 4, 8), np.arange(1, 513)
prices = Infrastructure.Prices
offers = {
    "A100": prices.A100_Lambda_OnDemand,
    "H100": prices.H100_Cloud_OnDemand,
    "H200": prices.H200_Spheron_OnDemand,
    "B200": prices.B200_Lambda_OnDemand,
}
model, request = Models.Language.Llama3_70B, {"input_len": 1024, "output_len": 256}
times, rents = {}, {}
for name, offer in offers.items():
    for group in groups:
        served = ServingModel().solve(model, offer.hardware, batch_size=batches, tp_size=group, **request)
        replicas = np.ceil((demand / served.request_rate).to(""))
        times[name, group] = served.itl.to("ms").magnitude
        rents[name, group] = (replicas * group * offer.rental).to("USD/hour").magnitude


def cheapest(name, target):
    """Return rent, group and batch of a device's cheapest fleet in time; infinite rent where there is none."""
    within = {group: np.where(times[name, group] <= target, rents[name, group], np.inf) for group in groups}
    return min((usd.min(), group, batches[usd.argmin()]) for group, usd in within.items())


# %%
# The cheapest of each device for each target; a curve begins where the device can meet one.
asked, targets = 25, np.arange(10, 61)
lowest = {name: np.array([cheapest(name, target)[0] for target in targets]) for name in offers}
found = {name: cheapest(name, asked) for name in offers}
for name, best in found.items():
    print(name, "costs {:.0f} USD an hour, with groups of {} and batch {}".format(*best))
ax = plot.lines(
    Q(targets, "ms"),
    {name: Q(usd, "USD/hour") for name, usd in lowest.items()},
    xlabel="largest time between tokens",
    ylabel="rent of the fleet",
    yscale="log",
)
plot.rule("target", ax, x=Q(asked, "ms"))
plt.show()

# %%
# Claim
# -----
# The dearest of the four devices to rent makes the cheapest fleet, at every target, and at this one for less than half of what
# its predecessor, the H100, costs, which costs five ninths of the A100. A looser target is cheaper in all of them, until memory
# holds no larger batch; a tighter one asks for groups twice as wide, a ninth of the batch and three times the money.
assert max(offers, key=lambda name: offers[name].rental) == "B200"
assert all((lowest["B200"] <= usd).all() and (usd[1:] <= usd[:-1]).all() for usd in lowest.values())
assert (
    0.43 < found["B200"][0] / found["H100"][0] < 0.47 and 0.54 < found["H100"][0] / found["A100"][0] < 0.58
)
(tight, wide, few), (loose, narrow, many) = cheapest("H100", 18), cheapest("H100", 60)
assert wide == 2 * narrow and 8.5 < many / few < 10 and 3 < tight / loose < 3.3
