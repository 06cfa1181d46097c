"""
Which language models fit on one graphics card, and in how many bits?
=====================================================================

Weights take their number of bits times the number of parameters. What they leave free holds the caches, in which the model keeps
what it needs to know of the text so far, one for each sequence that is served. Both must fit, or nothing runs.

The card is :mls:entry:`Hardware.Workstation.RTX_4090` with :mls:fact:`Hardware.Workstation.RTX_4090.memory.capacity`. Each sequence
has a context of :mls:given:`8192 tokens`, whose cache stays at 16 bits. The four-bit format is Q4_K_M, which takes some more: a
scale is stored with each group of weights. Only weights and caches are counted: software needs a little room besides, and what
few bits do to a model's answers is another question.
"""

import matplotlib.pyplot as plt

from mlsysim import Hardware, Models, ServingModel, plot

card, language = Hardware.Workstation.RTX_4090, Models.Language
models = {
    "Llama 3.2 3B": language.Llama3_2_3B,
    "Llama 3 8B": language.Llama3_8B,
    "Phi-4 14B": language.Phi4,
    "Mistral Small 24B": language.Mistral_Small_24B,
    "Qwen 2.5 32B": language.Qwen2_5_32B,
    "Mixtral 8x7B": language.Mixtral_8x7B,
    "Llama 3 70B": language.Llama3_70B,
}
formats = {"16 bits": None, "8 bits": "int8", "4 bits": "Q4_K_M", "3 bits": "3 bits", "2 bits": "2 bits"}

# %%
# How many sequences fit, for every model in every format: none where the weights alone are too large, or leave too little.
fits = {
    (name, bits): int(
        ServingModel()
        .solve(model, card, input_len=8191, output_len=1, weight_precision=stored)
        .max_batch_size.magnitude
    )
    for name, model in models.items()
    for bits, stored in formats.items()
}
for name in models:
    print(f"{name:18}", " ".join(f"{bits}: {fits[name, bits]:3}" for bits in formats))

# %%
with plot.style():
    fig, ax = plt.subplots(figsize=(7, 3.8))
    columns, rows = list(formats), list(models)
    for (name, bits), held in fits.items():
        x, y = columns.index(bits), rows.index(name)
        if held:
            ax.scatter(x, y, s=120 + 24 * held, color=plot.SERIES[0], alpha=0.35, lw=0)
        ax.text(x, y, str(held) if held else "\N{MULTIPLICATION SIGN}", ha="center", va="center")
    ax.set(xlim=(-0.6, len(columns) - 0.4), ylim=(len(rows) - 0.4, -0.6))
    ax.set(xlabel="bits of a weight (the number is that of the sequences that fit)", ylabel="model")
    ax.set_xticks(range(len(columns)), columns)
    ax.set_yticks(range(len(rows)), rows)
plt.show()

# %%
# Claim
# -----
# Half the bits hold about twice the model: eight billion parameters at 16 bits, 14 at eight, 32 at four. But a model that
# fits barely leaves room for few sequences. Once the weights are small beside the card, fewer bits hardly let more
# sequences in; and a mixture of experts must fit whole, though a token uses few of them.
largest = {bits: [name for name in models if fits[name, bits]][-1] for bits in formats}
print(largest)
assert list(largest.values()) == ["Llama 3 8B", "Phi-4 14B", "Qwen 2.5 32B", "Mixtral 8x7B", "Llama 3 70B"]
assert fits["Llama 3 8B", "16 bits"] == 7 and fits["Qwen 2.5 32B", "4 bits"] == 1
assert fits["Llama 3.2 3B", "2 bits"] / fits["Llama 3.2 3B", "16 bits"] < 1.4
assert not fits["Mixtral 8x7B", "4 bits"] and models["Mixtral 8x7B"].active_parameters < 13e9
