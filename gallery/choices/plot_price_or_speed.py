"""
Cheap tokens or quick ones: which device and batch are never beaten in both?
============================================================================

A rented device offers a whole curve: with a larger batch tokens are cheaper and come more slowly. Laid over
each other, the curves of several devices leave a front, of choices that no other beats both in price and in
speed.

:mls:entry:`Models.Language.Llama3_8B` is served by one rented device of each kind in half precision, with
prompts of :mls:given:`1024 tokens` and answers of :mls:given:`256 tokens`. Each device stands at a low rent
of its kind: :mls:entry:`Infrastructure.Prices.TPUv5p_Google_Spot`,
:mls:entry:`Infrastructure.Prices.A100_Google_Spot`, :mls:entry:`Infrastructure.Prices.H100_Google_Spot`,
:mls:entry:`Infrastructure.Prices.H200_Spheron_OnDemand`,
:mls:entry:`Infrastructure.Prices.B200_Spheron_OnDemand` and
:mls:entry:`Infrastructure.Prices.MI300X_TensorWave_OnDemand`. Spot devices may be taken away at any time.
The price of a token pays for the prompts too. Times are estimates with the documented constants. Into these
went no measurement of the first device, and of the last little but what its products sustain
(:mls:claim:`cases.plot_mlperf_llama2`): so the front is drawn with it, and told without.
"""

import matplotlib.pyplot as plt

from mlsysim import Infrastructure, Models, ServingModel, plot

# %%
# Every device at some batches.
prices = Infrastructure.Prices
offers = {
    "TPU v5p": prices.TPUv5p_Google_Spot,
    "A100": prices.A100_Google_Spot,
    "H100": prices.H100_Google_Spot,
    "H200": prices.H200_Spheron_OnDemand,
    "B200": prices.B200_Spheron_OnDemand,
    "MI300X": prices.MI300X_TensorWave_OnDemand,
}
batches = (1, 4, 16, 64, 256)
wait, cost = {}, {}
for name, offer in offers.items():
    for batch in batches:
        served = ServingModel().solve(
            Models.Language.Llama3_8B,
            hardware=offer.hardware,
            batch_size=batch,
            input_len=1024,
            output_len=256,
            precision="bf16",
        )
        wait[name, batch] = served.itl.to("ms").magnitude
        cost[name, batch] = (offer.rental / served.throughput * 1e6).to("USD").magnitude


def front(names):
    """Return the points of some devices that none of their points beats in both, the quickest first."""
    points = [(n, batch) for n in names for batch in batches]
    beaten = {p for p in points for o in points if o != p and wait[o] <= wait[p] and cost[o] <= cost[p]}
    return sorted(set(points) - beaten, key=wait.get)


# %%
# Smaller is better for both; a point is a batch. The grey line is the front, dotted without the MI300X.
everything, known = front(offers), front([name for name in offers if name != "MI300X"])
for title, points in (("with all", everything), ("without the MI300X", known)):
    print(f"{title}:")
    for name, batch in points:
        print(
            f"  {name:8} batch {batch:3}: {wait[name, batch]:5.1f} ms, {cost[name, batch]:5.2f} USD for a million tokens"
        )
with plot.style():
    fig, ax = plt.subplots(figsize=(7, 4.2))
    for name, colour in zip(offers, plot.SERIES, strict=False):
        x, y = ([values[name, batch] for batch in batches] for values in (wait, cost))
        ax.plot(x, y, "o-", color=colour, ms=4)
        ax.annotate(
            name,
            (x[-1], y[-1]),
            {"B200": (5, 3)}.get(name, (2, -12)),
            textcoords="offset points",
            color=colour,
        )
    for points, dots in ((everything, "-"), (known, ":")):
        x, y = ([values[p] for p in points] for values in (wait, cost))
        ax.step(x, y, where="post", color="0.5", ls=dots, lw=1, zorder=0)
    ax.set(
        yscale="log",
        xlim=(0, 46),
        ylim=(0.035, 12),
        xlabel="time between tokens (ms)",
        ylabel="price of a million tokens (USD)",
    )
    ax.set_yticks([0.1, 1, 10], ["0.1", "1", "10"])
plt.show()

# %%
# Claim
# -----
# By the estimates two devices make nearly the whole front: the newest for quick tokens, and the one of the
# lowest rent for cheap ones, beside which a spot device holds one point. Leave out the second, of which least
# is known, and the cheap end goes to the spot device, at a little more. The newest stays the quick end in
# both, though its rent is the highest; all others are beaten at every batch.
assert {name for name, _ in everything} == {"B200", "MI300X", "TPU v5p"}
assert sum(name == "TPU v5p" for name, _ in everything) == 1
assert {name for name, _ in known} == {"B200", "TPU v5p"}
assert everything[0] == known[0] == ("B200", 1) and everything[-1] == ("MI300X", 256)
assert known[-1] == ("TPU v5p", 256) and 1.02 < cost[known[-1]] / cost[everything[-1]] < 1.25
assert max(offers, key=lambda name: offers[name].rental.to("USD/hour").magnitude) == "B200"
assert all(cost[name, 1] > 25 * cost[name, 256] for name in ("B200", "TPU v5p", "MI300X"))
