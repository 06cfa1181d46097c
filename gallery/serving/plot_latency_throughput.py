"""
Quick tokens for one, or many tokens for all: which layout of a server?
=======================================================================

Eight devices can be one replica of eight, two of four or four of two. Wider replicas make each request quicker; more
replicas, and larger batches on each, make more tokens altogether. No layout is best at both: the best ones form a front.

The model is :mls:entry:`Models.Language.Llama3_1_70B` in half precision on a :mls:entry:`Systems.Nodes.DGX_H100`, with prompts of
:mls:given:`2048 tokens` and answers of :mls:given:`256 tokens`. Places are always taken, and prompts are computed between steps
(:mls:eq:`interleaved_token_time`): so both axes count the time that prompts take. Estimates.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import LoadModel, Models, ServingModel, Systems, plot

# %%
# Every layout, with as many places for requests as fit, in steps of a factor of two.
request = {"node": Systems.Nodes.DGX_H100, "input_len": 2048, "output_len": 256}
points = {}
for tp in (2, 4, 8):
    alone = ServingModel().solve(Models.Language.Llama3_1_70B, tp_size=tp, batch_size=1, **request)
    places = 2 ** np.arange(int(np.log2(alone.max_batch_size.magnitude)) + 1)
    serving = ServingModel().solve(Models.Language.Llama3_1_70B, tp_size=tp, batch_size=places, **request)
    full = LoadModel().solve(serving)
    for batch, tpot, rate in zip(places, full.tpot.to("ms"), full.max_throughput, strict=True):
        points[tp, int(batch)] = tpot, rate
    print(
        f"{8 // tp} x {tp} devices: {places[-1]:3} places, a prompt takes {full.prompt_time.to('ms'):.0f~P}"
    )

# %%
# The front: layouts that no other beats in both, written as replicas x devices of each.
front = {
    key: point
    for key, point in points.items()
    if not any(other[0] < point[0] and other[1] > point[1] for other in points.values())
}
for (tp, batch), (tpot, rate) in front.items():
    print(f"{8 // tp} x {tp}, batch {batch:3}: {tpot:6.1f~P} a token, {rate.magnitude:5.0f} tokens/s")

# %%
named = {(8, 1), (8, 8), (4, 32), (4, 128)}
plot.pareto_front(
    [tpot for tpot, _ in points.values()],
    [rate for _, rate in points.values()],
    [f"{8 // tp} x {tp}, batch {batch}" if (tp, batch) in named else "" for tp, batch in points],
    xlabel="mean time of an output token",
    ylabel="output tokens of the server",
    better=("lower", "higher"),
    xscale="log",
    yscale="log",
)
plt.show()

# %%
# Claim
# -----
# One replica of eight is best for the quickest tokens, and two of four for the most. Four replicas of two are never best: the weights
# leave them so little room for caches that their batches stay small. From the quick end of the front to the other, throughput grows
# thirtyfold, for tokens that come eight times as slowly.
quick, many = min(front, key=lambda k: front[k][0]), max(front, key=lambda k: front[k][1])
late, gain = (most / least for most, least in zip(front[many], front[quick], strict=True))
print(f"From {quick} to {many}: {gain:.0f~P} times the tokens, each {late:.1f~P} times as late.")
assert quick == (8, 1) and many == (4, 128)
assert {tp for tp, _ in front} == {4, 8}
assert 29.5 < gain < 32.5 and 7.8 < late < 8.65
