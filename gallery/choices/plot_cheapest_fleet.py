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

import math

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Infrastructure, Models, Q, ServingModel, plot

# %%
# Every device, group and batch: the time between tokens, and what a fleet costs that serves the demand.
# What does not fit is not a number, and meets no target.
demand, batches = 200.0, np.arange(1, 513)
prices = Infrastructure.Prices
offers = {
    "A100": prices.A100_Lambda_OnDemand,
    "H100": prices.H100_Cloud_OnDemand,
    "H200": prices.H200_Spheron_OnDemand,
    "B200": prices.B200_Lambda_OnDemand,
}
options = {name: [] for name in offers}
for name, offer in offers.items():
    for group in (1, 2, 4, 8):
        served = ServingModel().solve(
            Models.Language.Llama3_70B,
            hardware=offer.hardware,
            batch_size=batches,
            input_len=1024,
            output_len=256,
            tp_size=group,
        )
        replicas = np.ceil(demand / served.request_rate.magnitude)
        cost = replicas * group * offer.rental.to("USD/hour").magnitude
        for batch, itl, usd in zip(batches, served.itl.to("ms").magnitude, cost, strict=True):
            if np.isfinite(usd):
                options[name].append((float(usd), float(itl), group, int(batch)))


def cheapest(name, target):
    """Return cost, time between tokens, group and batch of the cheapest fleet of a device for a target."""
    return min((o for o in options[name] if o[1] <= target), default=(math.nan,) * 4)


# %%
# The cheapest of each device for each target; a curve begins where the device can meet one.
targets = np.arange(10, 61, 1.0)
curves = {name: Q([cheapest(name, target)[0] for target in targets], "USD/hour") for name in offers}
asked = 25.0
found = {name: cheapest(name, asked) for name in offers}
for name, (usd, itl, group, batch) in found.items():
    print(
        f"{name}: {usd:6.0f} USD an hour with groups of {group} and batch {batch}, {itl:.1f} ms between tokens"
    )
ax = plot.lines(
    Q(targets, "ms"), curves, xlabel="largest time between tokens", ylabel="rent of the fleet", yscale="log"
)
plot.rule("target", ax, x=Q(asked, "ms"))
plt.show()

# %%
# Claim
# -----
# The dearest of the four devices to rent makes the cheapest fleet, at every target, and at this one for
# about half of what its predecessor, the H100, costs. A looser target is cheaper in all of them, until
# memory holds no larger batch; a tighter one asks for wider groups and smaller batches, and what the oldest
# device cannot do at any price.
rents = {name: offer.rental.to("USD/hour").magnitude for name, offer in offers.items()}
assert max(rents, key=rents.get) == "B200"
for target in targets:
    costs = {name: cheapest(name, target)[0] for name in offers}
    possible = {name: usd for name, usd in costs.items() if not math.isnan(usd)}
    assert not possible or min(possible, key=possible.get) == "B200"
assert 0.4 < found["B200"][0] / found["H100"][0] < 0.5 and found["H100"][0] < 0.65 * found["A100"][0]
tight, loose = cheapest("H100", 18), cheapest("H100", 60)
assert tight[2] > loose[2] and tight[3] < loose[3] / 5 and tight[0] > 2 * loose[0]
assert math.isnan(cheapest("A100", 18)[0])
