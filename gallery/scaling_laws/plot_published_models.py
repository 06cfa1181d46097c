"""
On how much text are models trained, against the rule of twenty tokens a parameter?
===================================================================================

The rule of equal proportions (:mls:eq:`optimal_tokens`) says how much text goes with the lowest loss for a given amount of
training. Who follows it?

The models are dense ones whose publishers state how many tokens they saw. Each trained with some amount of compute
(:mls:eq:`training_compute`). With the same compute the rule would have chosen another size (:mls:eq:`optimal_parameters`) and
another loss (:mls:eq:`chinchilla_loss`). That law was fitted on one data set, and far from so much text; differences of its
losses are indications.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Models, Q, plot
from mlsysim.equations.scaling import chinchilla_loss, optimal_parameters, optimal_tokens, training_compute

# %%
# The compute that each took, and what the rule makes of it: how large a model, and how much lower the loss.
zoo = Models.Language
models = {
    "GPT-3 175B": zoo.GPT3,
    "PaLM 540B": zoo.PaLM_540B,
    "BLOOM 176B": zoo.BLOOM_176B,
    "Pythia 12B": zoo.Pythia_12B,
    "LLaMA 65B": zoo.Llama1_65B,
    "Falcon 180B": zoo.Falcon_180B,
    "Llama 2 7B": zoo.Llama2_7B,
    "Llama 2 70B": zoo.Llama2_70B,
    "OLMo 2 7B": zoo.OLMo2_7B,
    "Llama 3 8B": zoo.Llama3_8B,
    "Llama 3.1 405B": zoo.Llama3_405B,
    "Llama 3.2 1B": zoo.Llama3_2_1B,
}
sizes = {name: float(model.parameters) for name, model in models.items()}
tokens = {name: float(model.published.training_tokens) for name, model in models.items()}
each = {name: tokens[name] / sizes[name] for name in models}
ruled, excess = {}, {}
for name in sorted(models, key=each.get):
    compute = training_compute(sizes[name], tokens[name])
    ruled[name] = optimal_parameters(compute) / sizes[name]
    least = chinchilla_loss(optimal_parameters(compute), optimal_tokens(compute))
    excess[name] = chinchilla_loss(sizes[name], tokens[name]) - least
    print(
        f"{name:16} {each[name]:5.0f} tokens a parameter; by the rule {ruled[name]:5.2f} times the size,"
        f" loss {-excess[name]:+.2f}"
    )

# %%
line = np.geomspace(1e9, 1e12, 50)
ax = plot.lines(
    line / 1e9,
    {"20 tokens a parameter": Q(20 * line / 1e12, "")},
    xlabel="parameters (billions)",
    ylabel="training tokens (trillions)",
    xscale="log",
    yscale="log",
)
plot.mark({name: (sizes[name] / 1e9, tokens[name] / 1e12) for name in models}, ax)
plt.show()

# %%
# Claim
# -----
# Large models that were planned before the rule was known saw about two tokens for each parameter, or fewer: the same compute
# would have made a model of less than a third of the size a better one, by 0.036 in loss or more. Some that followed lie on the
# rule. Small models since then lie far beyond it: the rule would have made a model ten times the size of Llama 3 8B, by this
# law for a loss only about a hundredth lower. What the longer training buys is a model that is cheap to serve.
early, small = ("GPT-3 175B", "PaLM 540B", "BLOOM 176B"), "Llama 3 8B"
assert all(each[name] < 2.2 and ruled[name] < 1 / 3 for name in early)
assert all(0.9 < each[name] / 20 < 1.1 for name in ("LLaMA 65B", "Falcon 180B"))
assert 9 < ruled[small] < 10.5
assert 0.0345 < min(excess[name] for name in early) < 0.037
assert 0.0095 < excess[small] / chinchilla_loss(sizes[small], tokens[small]) < 0.0102
assert all(each[name] > 100 for name in ("Llama 2 7B", "OLMo 2 7B", small, "Llama 3.2 1B"))
