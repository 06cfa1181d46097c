"""
A burst of requests arrives at once: who pays, the first token or the next?
===========================================================================

When many requests come together, all their prompts are computed before the first token, which is late in proportion to their number.
The time between tokens hardly notices. Which layout of a server suits a burst depends on which of the two is short of
its target.

Bursts of 8, 32 and 128 requests, with prompts of :mls:given:`2048 tokens` and answers of :mls:given:`256 tokens`, come to the eight devices
of a :mls:entry:`Systems.Nodes.DGX_H100`, which hold one to eight copies of :mls:entry:`Models.Language.Llama3_1_8B`, each copy split over
the devices of its tensor group. The copies divide the burst evenly. The times are estimates: until all prompts of the burst are through
(:mls:result:`ServingModel.ttft`), and between tokens after that (:mls:result:`ServingModel.itl`).
"""

import matplotlib.pyplot as plt

from mlsysim import Models, ServingModel, Systems, plot

# %%
# Every burst on every layout.
bursts, groups = (8, 32, 128), (1, 2, 4, 8)
served = {}
for burst in bursts:
    for tp in groups:
        served[burst, tp] = ServingModel().solve(
            Models.Language.Llama3_1_8B,
            node=Systems.Nodes.DGX_H100,
            tp_size=tp,
            batch_size=burst * tp // 8,
            input_len=2048,
            output_len=256,
        )
        answer = served[burst, tp]
        print(
            f"{burst:3} requests, {8 // tp} x {tp} devices: first tokens after {answer.ttft.to('ms'):5.0f~P},"
            f" the next every {answer.itl.to('ms'):4.1f~P}"
        )

# %%
with plot.style():
    fig, ax = plt.subplots()
    for burst in bursts:
        itl = [served[burst, tp].itl.to("ms").magnitude for tp in groups]
        ttft = [served[burst, tp].ttft.to("s").magnitude for tp in groups]
        ax.semilogy(itl, ttft, "o-", label=f"{burst} at once")
        for tp, x, y in zip(groups, itl, ttft, strict=True):
            ax.annotate(f"{8 // tp} x {tp}", (x, y), (0, 7), textcoords="offset points", ha="center")
    ax.set(xlabel="time between tokens (ms)", ylabel="first token of the whole burst (s)", ylim=(0.04, 4))
    ax.yaxis.set_major_formatter("{x:g}")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3)
plt.show()

# %%
# Claim
# -----
# A burst that is four times as large takes nearly four times as long to its last first token, while tokens then come at most four
# tenths again as slowly. For every burst the layouts stand in the same order: one copy on each device is soonest through with the
# prompts, in half the time of the other extreme, and one copy on all of them is quickest with the tokens. No layout is best at both.
first = {key: answer.ttft.to("s").magnitude for key, answer in served.items()}
after = {key: answer.itl.to("s").magnitude for key, answer in served.items()}
later = [first[burst * 4, tp] / first[burst, tp] for burst in bursts[:2] for tp in groups]
slower = [after[burst * 4, tp] / after[burst, tp] for burst in bursts[:2] for tp in groups]
print(f"Four times the burst: first token {min(later):.2f} to {max(later):.2f} times as late,", end=" ")
print(f"the next {min(slower):.2f} to {max(slower):.2f} times.")
assert min(later) > 3.75 and 3.95 < max(later) <= 4 and 1 < min(slower) < 1.06 and 1.32 < max(slower) < 1.41
for burst in bursts:
    assert first[burst, 1] < first[burst, 2] < first[burst, 4] < first[burst, 8]
    assert 2 < first[burst, 8] / first[burst, 1] < 2.25
    assert after[burst, 1] > after[burst, 2] > after[burst, 4] > after[burst, 8]
