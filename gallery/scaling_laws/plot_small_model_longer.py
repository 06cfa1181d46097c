"""
Is a smaller model, trained for longer, cheaper in the end?
===========================================================

The size that reaches a loss with the least training is not the one that is cheapest to own. A smaller model can reach the same
loss on more text, and then takes less for every token that it answers. How many answers must it give before that pays?

The loss is that which :mls:given:`70 billion` parameters reach by the rule of equal proportions, on :mls:given:`20` tokens for
each (:mls:eq:`chinchilla_loss`). Training takes :mls:eq:`training_compute`, six operations for each parameter and token;
serving takes two of them. Operations become device-hours of :mls:entry:`Hardware.Cloud.H100` at the shares of the peak that
:mls:solver:`DistributedModel` and :mls:solver:`ServingModel` estimate for :mls:entry:`Models.Language.Llama3_70B`; other sizes
are taken to reach the same. By the law's published constants even training alone favours a smaller model than the rule's,
and a later refit found others: the direction is sure, the sizes are not.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import DistributedModel, Models, Q, ServingModel, Systems, plot
from mlsysim.equations.scaling import chinchilla_loss, training_compute
from mlsysim.readings.inverse import solve_for

# %%
# Device-hours: of an operation in training, and of a token and parameter in serving requests of 1024 tokens with answers of 256.
model, server = Models.Language.Llama3_70B, Systems.Nodes.DGX_H100
layout = {"tp_size": 4, "pp_size": 4, "zero_stage": 1, "sequence_parallel": True}
job = {"batch_size": 1024, "seq_len": 4096, **layout}
training = DistributedModel().solve(model, Systems.Clusters.Research_256, **job)
serving = ServingModel().solve(model, node=server, batch_size=64, input_len=1024, output_len=256, tp_size=8)
hours_of_flop = 1 / (server.accelerator.compute.peak.fp16 * training.mfu).to("flop/h").magnitude
served = serving.request_rate.to("1/h").magnitude * (1024 + 256) / server.accelerators
hours_of_token = 1 / served / float(model.parameters)
print(f"training at {training.mfu:.0%~P} of the peak; serving {served:.2g} tokens an hour a device")

# %%
# Every size that can reach the loss, and the text that it needs for it.
reference = 70e9
loss = chinchilla_loss(reference, 20 * reference)
sizes = np.geomspace(6e9, 1.2e11, 200)
tokens = np.array([solve_for("chinchilla_loss", "tokens", loss, parameters=size) for size in sizes])
once = training_compute(sizes, tokens) * hours_of_flop

# %%
# Training, and all the tokens of prompts and answers that the model will ever see: none, some trillions, more.
lives = {"training alone": 0.0, "and 1T tokens": 1e12, "and 10T tokens": 1e13, "and 100T tokens": 1e14}
total = {name: once + life * sizes * hours_of_token for name, life in lives.items()}
best = {name: hours.argmin() for name, hours in total.items()}
marks = {f"{sizes[i] / 1e9:.0f}B": (sizes[i] / 1e9, total[name][i] / 1e6) for name, i in best.items()}
for name, i in best.items():
    print(
        f"{name:16}: cheapest at {sizes[i] / 1e9:4.0f}B parameters, trained on {tokens[i] / 1e12:4.1f}T tokens,"
        f" {total[name][i] / 1e6:.2f} million device-hours"
    )
ax = plot.lines(
    sizes / 1e9,
    {name: Q(hours / 1e6, "") for name, hours in total.items()},
    xlabel="parameters (billions)",
    ylabel="device-hours of a life (millions)",
    xscale="log",
    yscale="log",
)
plot.mark(marks, ax)
plt.show()

# %%
# Claim
# -----
# The more a model will serve, the smaller it should be, and the longer it should train. After two trillion tokens, serving
# costs more than training did. For a hundred trillion, the best size is about a tenth of that of the rule, it takes 22 times as
# much text, and between a sixth and a seventh of the device-hours. Below that there is a wall: a size that is too small needs
# text without end.
assert sizes[best["training alone"]] < reference / 2
assert list(best.values()) == sorted(best.values(), reverse=True)
breakeven = np.interp(reference, sizes, once) / (reference * hours_of_token)
print(f"serving {breakeven / 1e12:.1f}T tokens costs what training by the rule does")
assert 1.92e12 < breakeven < 2.12e12
i, most = best["and 100T tokens"], total["and 100T tokens"]
assert 0.1 < sizes[i] / reference < 0.114 and 21.2 < tokens[i] / (20 * reference) < 23.4
assert 6.25 < np.interp(reference, sizes, most) / most[i] < 6.85
assert tokens[0] > 5 * tokens[np.searchsorted(sizes, 2 * sizes[0])]
