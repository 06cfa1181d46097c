"""
Cheap tokens or quick ones: which device and batch are never beaten in both?
============================================================================

With a larger batch, the tokens of a rented device are cheaper and come more slowly. Of all devices and
batches, those that no other beats both in price and in speed form a front.

:mls:entry:`Models.Language.Llama3_8B` is served by one rented device of each kind in half precision, with
prompts of :mls:given:`1024 tokens` and answers of :mls:given:`256 tokens`. Each device stands at a low rent
of its kind: :mls:entry:`Infrastructure.Prices.TPUv5p_Google_Spot`,
:mls:entry:`Infrastructure.Prices.H100_Google_Spot`, :mls:entry:`Infrastructure.Prices.H200_Spheron_OnDemand`,
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
    "H100": prices.H100_Google_Spot,
    "H200": prices.H200_Spheron_OnDemand,
    "B200": prices.B200_Spheron_OnDemand,
    "MI300X": prices.MI300X_TensorWave_OnDemand,
}
batches = (1, 4, 16, 64, 256)
model, request = Models.Language.Llama3_8B, {"input_len": 1024, "output_len": 256, "precision": "bf16"}
choices = {}
for name, offer in offers.items():
    for batch in batches:
        served = ServingModel().solve(model, offer.hardware, batch_size=batch, **request)
        price = (1e6 * offer.rental / served.throughput).to("USD")
        choices[name, batch] = served.itl.to("ms"), price
known = {choice: point for choice, point in choices.items() if choice[0] != "MI300X"}


def front(choices):
    """Return the choices that no other beats both in time and in price, the quickest first."""
    points = sorted(choices, key=choices.get)
    return [p for i, p in enumerate(points) if all(choices[p][1] < choices[o][1] for o in points[:i])]


whole, sure = front(choices), front(known)
for choice in sorted({*whole, *sure}, key=choices.get):
    print("{}, batch {}:".format(*choice), "{:.1f~P}, {:.2f~P} a million tokens".format(*choices[choice]))

# %%
# Smaller is better for both. A number is a batch; grey are choices that others beat.
ax = plot.pareto_front(
    *zip(*choices.values(), strict=True),
    [f"{name}, {batch}" for name, batch in choices],
    xlabel="time between tokens",
    ylabel="price of a million tokens",
    xscale="log",
    yscale="log",
)
plot.mark({f"{name}, 64": known[name, 64] for name in ("H100", "H200")}, ax, color=plot.SERIES[7])
plot.mark({f"TPU v5p, {n}": known["TPU v5p", n] for n in (16, 256)}, ax, color=plot.SERIES[1])
plt.show()

# %%
# Claim
# -----
# Two devices make nearly the whole front: the newest for quick tokens, and the one of the lowest rent for
# cheap ones; a spot device holds one point. Without the second, of which least is known, the spot device
# takes the cheap end, at a little more. The newest, whose rent is the highest, stays the quick end; the rest
# are beaten everywhere. Alone, a token of these two costs 54 and 28 times as much as in the largest batch.
assert {n for n, _ in whole} == {"MI300X"} | {n for n, _ in sure} == {"B200", "MI300X", "TPU v5p"}
assert [n for n, _ in whole].count("TPU v5p") == 1 and max(offers, key=lambda n: offers[n].rental) == "B200"
assert whole[0] == sure[0] == ("B200", 1) and whole[-1] == ("MI300X", 256) and sure[-1] == ("TPU v5p", 256)
assert 1 < choices["TPU v5p", 256][1] / choices["MI300X", 256][1] < 1.06
alone = [choices[name, 1][1] / choices[name, 256][1] for name in ("B200", "TPU v5p")]
assert 52 < alone[0] < 56.5 and 26.8 < alone[1] < 28.8
