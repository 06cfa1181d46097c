"""
Split the layers or line them up, when devices share no fast link?
==================================================================

A model that is too large for one card can be split in two ways. Tensor parallelism splits every layer, so that a token is made by all
cards together, but each layer sends two messages among them. Pipeline parallelism gives each card some of the layers: there
is hardly a message, but a token passes the cards one after another.

The cards are the eight of an :mls:entry:`Systems.Nodes.AWS_G4dn_Metal`, which reach each other at
:mls:fact:`Hardware.Cloud.T4.host_link.bandwidth` only; the model is :mls:entry:`Models.Language.Llama3_1_8B`. All eight hold one copy
of it, as groups of a tensor size (tp) in as many stages as it takes (pp). Prompts have :mls:given:`1024 tokens`, answers
:mls:given:`256 tokens`, and prompts are computed between steps. The times are estimates, for a card on which the constants were not fitted.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import LoadModel, Models, ServingModel, Systems, plot

# %%
# Every layout at every batch, in steps of eight, that all of them hold: sequences divide over the stages.
batches = np.arange(8, 257, 8)
layouts = {f"tp {tp}, pp {8 // tp}": (tp, 8 // tp) for tp in (8, 4, 2, 1)}
alone, full = {}, {}
for name, (tp, pp) in layouts.items():
    request = {"input_len": 1024, "output_len": 256, "tp_size": tp, "pp_size": pp}
    place = {"node": Systems.Nodes.AWS_G4dn_Metal, **request}
    alone[name] = ServingModel().solve(Models.Language.Llama3_1_8B, batch_size=1, **place)
    full[name] = LoadModel().solve(
        ServingModel().solve(Models.Language.Llama3_1_8B, batch_size=batches, **place)
    )
    print(
        f"{name}: alone a token in {alone[name].itl.to('ms'):4.1f~P},"
        f" {full[name].max_throughput[-1].magnitude:5.0f} tokens/s at batch {batches[-1]}"
    )

# %%
plot.lines(
    batches,
    {name: result.max_throughput for name, result in full.items()},
    xlabel="batch (sequences)",
    ylabel="output tokens of the server",
)
plt.show()

# %%
# Claim
# -----
# The more sequences there are, the fewer messages the best layout sends: its tensor groups shrink step by step, from all eight cards
# to one. A lone request is served several times as quickly by split layers; the largest batch yields more than twice as many
# tokens where no layer is split.
best = [max(full, key=lambda name: full[name].max_throughput[i]) for i in range(len(batches))]
print("Best from batch:", {name: int(batches[best.index(name)]) for name in dict.fromkeys(best)})
split, lined = "tp 8, pp 1", "tp 1, pp 8"
quicker = float((alone[lined].itl / alone[split].itl).to(""))
more = float((full[lined].max_throughput[-1] / full[split].max_throughput[-1]).to(""))
print(
    f"Split: {quicker:.1f} times as quick alone. Lined up: {more:.1f} times the tokens at the largest batch."
)
assert list(dict.fromkeys(best)) == list(layouts)
assert 5 < quicker < 6 and 2.3 < more < 2.9
