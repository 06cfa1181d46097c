"""
At which batch does speculative decoding stop paying?
=====================================================

A small draft model proposes a few tokens, and the large one verifies them in one pass: it accepts those that it would have
written itself, up to the first that it would not, and adds one of its own. While a step only waits for weights, verifying
five tokens takes hardly longer than making one. In a large batch there is no such idle arithmetic left to use.

The draft is :mls:entry:`Models.Language.Llama3_2_1B`, the model :mls:entry:`Models.Language.Llama3_1_70B`, both split over the eight
devices of a :mls:entry:`Systems.Nodes.DGX_H100`. Four tokens are drafted at a time, and each is accepted with the same probability
(:mls:eq:`speculative_tokens`, :mls:eq:`speculative_token_time`). Prompts have :mls:given:`1024 tokens`, answers
:mls:given:`256 tokens`. The times are estimates, which include the fixed time that each pass of the draft takes.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Models, ServingModel, Systems, plot

# %%
# The time between tokens with and without a draft, for every batch up to 512 and three rates of acceptance, in one solve.
# Batches are the rows of the result and rates its columns.
batches = np.arange(1, 513)
rates = np.array([0.5, 0.7, 0.9])
request = {"node": Systems.Nodes.DGX_H100, "tp_size": 8, "input_len": 1024, "output_len": 256}
model = Models.Language.Llama3_1_70B
plain = ServingModel().solve(model, batch_size=batches[:, None], **request)
drafted = ServingModel().solve(
    model,
    batch_size=batches[:, None],
    draft=Models.Language.Llama3_2_1B,
    draft_tokens=4,
    acceptance_rate=rates[None, :],
    **request,
)
speedup = (plain.itl / drafted.itl).to("")

# %%
# The largest batch at which tokens still come sooner with a draft.
last = [int(batches[speedup[:, j].magnitude > 1].max()) for j in range(len(rates))]
for j, rate in enumerate(rates):
    print(
        f"{rate:.0%} accepted: {speedup[0, j].magnitude:.1f} times as fast alone, no slower up to batch {last[j]}"
    )

# %%
ax = plot.lines(
    batches,
    {f"{rate:.0%} accepted": speedup[:, j] for j, rate in enumerate(rates)},
    xlabel="batch (sequences)",
    ylabel="times as fast as without a draft",
    xscale="log",
)
ax.set_ylim(0, 3.2)
plot.rule("as fast as without", ax, y=1)
plot.mark({f"batch {n}": (n, 1) for n in last[:2]}, ax)
plt.show()

# %%
# Claim
# -----
# A lone request gains at any of these rates, and most where most is accepted. The gain fades as the batch grows: with half of the
# tokens accepted it ends at some fifty sequences. A good draft pays several times as long, in this range always.
print(f"The turn comes at batch {last[0]}, {last[1]} and {last[2]} or later.")
alone = speedup[0].magnitude
assert np.allclose(alone, [1.29, 1.84, 2.72], rtol=0.03)
assert 47 < last[0] < 56 and 3 < last[1] / last[0] < 3.4 and last[2] == 512
assert np.all(speedup[-1, :2].magnitude < 0.8)
