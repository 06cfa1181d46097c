"""
What does it cost to generate a million tokens, on which accelerator and at which batch?
========================================================================================

An hour of a faster accelerator costs more, and yields more tokens. Which of the two wins, and does the choice of the device
matter as much as keeping it busy?

The model is :mls:entry:`Models.Language.Llama3_8B` in half precision, on one device each; a request has
:mls:given:`512 tokens` in and :mls:given:`256 tokens` out. Times are estimates (:mls:solver:`ServingModel`). An hour of a
device costs what a provider charges on demand, from :mls:fact:`Infrastructure.Prices.L4_Modal_Serverless.rental` for an L4
to :mls:fact:`Infrastructure.Prices.B200_Lambda_OnDemand.rental` for a B200; prices differ by provider as much as by device.
The batch is always full: waiting for requests is not in the price. :mls:eq:`cost_per_million_tokens` charges all of it to
the tokens out. Into the estimate of the MI300X went little but what its products sustain, which holds in MLPerf
(:mls:claim:`cases.plot_mlperf_llama2`) and is too fast for most other published rows, of a larger model
that ran without captured graphs, by up to two thirds.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Infrastructure, Models, ServingModel, plot

# %%
# A sweep over the batch for each device, up to what its memory holds.
prices = Infrastructure.Prices
offers = {
    "L4": prices.L4_Modal_Serverless,
    "A100": prices.A100_Lambda_OnDemand,
    "H100": prices.H100_Cloud_OnDemand,
    "H200": prices.H200_Spheron_OnDemand,
    "B200": prices.B200_Lambda_OnDemand,
    "MI300X": prices.MI300X_Vultr_OnDemand,
}
batches = np.unique(np.round(np.geomspace(1, 512, 60)))
cost = {}
for name, offer in offers.items():
    serving = ServingModel().solve(
        Models.Language.Llama3_8B,
        hardware=offer.hardware,
        batch_size=batches,
        input_len=512,
        output_len=256,
    )
    cost[name] = (1e6 * offer.rental / serving.throughput).to("USD")
    full = np.flatnonzero(serving.feasible)[-1]
    print(
        f"{name:7} {offer.rental:5.2f~P}: batch 1 {cost[name][0]:6.2f~P}, batch {batches[full]:3.0f}"
        f" {cost[name][full]:5.3f~P} for a million tokens"
    )

# %%
# Both axes are logarithmic: a straight fall means that a doubled batch halves the cost.
ax = plot.lines(
    batches, cost, xlabel="batch (sequences)", ylabel="cost of a million tokens", xscale="log", yscale="log"
)
plt.show()

# %%
# Claim
# -----
# The batch decides, not the device: from a lone request to a large batch the cost falls by a factor of forty to a hundred. For
# a lone request the A100, H100, H200 and B200 cost the same within a fifth, since their prices follow the bandwidth of their
# memories; in a large batch the B200 costs less than half of the A100. The MI300X shows what a provider's price does: by its
# estimate it is the cheapest at every batch, by nearly a factor of two or more, so that it stays the cheapest if it is in truth
# two thirds slower than that. The price is one provider's: others ask several times as much for the same device.
alone = {name: c[0].magnitude for name, c in cost.items()}
large = {name: c[-1].magnitude for name, c in cost.items()}
alike = [alone[name] for name in ("A100", "H100", "H200", "B200")]
assert max(alike) / min(alike) < 1.2
assert all(40 < alone[name] / large[name] < 103 for name in cost if name != "L4")
assert alone["A100"] / large["A100"] < 45 and alone["B200"] / large["B200"] > 94
assert 0.4 < large["B200"] / large["A100"] < 0.5
others = np.array([cost[name].magnitude for name in ("L4", "A100", "H100", "H200", "B200")])
assert np.nanmin(others / cost["MI300X"].magnitude) > 1.8 > 5 / 3
assert prices.MI300X_Azure_OnDemand.rental > 2 * prices.MI300X_Vultr_OnDemand.rental
