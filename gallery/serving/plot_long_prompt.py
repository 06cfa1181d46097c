"""
What does a long prompt cost, in time and in cache?
===================================================

A long prompt is paid for twice. Computing it takes longer than in proportion, as attention grows with the square of its length. And
its cache takes memory that other requests would have used, so that fewer of them share each reading of the weights.

Both are counted here as the time that one :mls:entry:`Hardware.Cloud.H100` is busy for a request to
:mls:entry:`Models.Language.Llama3_1_8B` with an answer of :mls:given:`256 tokens`: the time of its prompt, and its share of the steps that
decode, with as many sequences of the same length beside it as fit (:mls:eq:`largest_batch`). Weights and cache are in half
precision, and the times are estimates.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Hardware, Models, ServingModel, plot

# %%
# Lengths from a page to the longest context of the model. The first solve tells how many sequences fit, the second decodes them.
model, device, answer = Models.Language.Llama3_1_8B, Hardware.Cloud.H100, 256
lengths = np.append(2 ** np.arange(9, 17), model.max_context - answer)
alone = ServingModel().solve(model, hardware=device, input_len=lengths, output_len=answer)
fit = alone.max_batch_size.magnitude
full = ServingModel().solve(model, hardware=device, batch_size=fit, input_len=lengths, output_len=answer)
prompt = alone.ttft.to("s")
decode = (answer * full.itl / fit).to("s")
for i, length in enumerate(lengths):
    cache = alone.kv_cache_size[i].to("GB")
    print(
        f"{length:6} tokens: prompt {prompt[i]:6.2f~P}, decode {decode[i]:5.2f~P}, cache {cache:5.2f~P}, {fit[i]:3.0f} fit"
    )

# %%
ax = plot.lines(
    lengths,
    {"computing the prompt": prompt, "its share of decoding": decode},
    xlabel="prompt (tokens)",
    ylabel="device time of a request",
    xscale="log",
    yscale="log",
)
ax.set_xlim(400, 2e5)
shortest, middle, long = 0, 4, 7
plot.mark({f"{fit[i]:.0f} fit": (lengths[i], decode[i]) for i in (shortest, middle, long)}, ax)
plt.show()

# %%
# Claim
# -----
# The prompt of a short request costs half as much again as its decoding; at the longest context it costs nearly five times as much.
# The share of decoding grows about in proportion to the length, because a step takes the time of reading a full memory, whatever the number
# of sequences in it. The prompt grows faster: from a thousand tokens to the longest context it takes two and a half times as long a token.
page = int(np.flatnonzero(lengths == 1024)[0])
longer = lengths[-1] / lengths[page]
more = {"prompt": float(prompt[-1] / prompt[page]), "decode": float(decode[-1] / decode[page])}
print(f"{longer:.0f} times as long: prompt {more['prompt']:.0f} times, decode {more['decode']:.0f} times.")
assert 1.46 < float(prompt[page] / decode[page]) < 1.62 and 4.56 < float(prompt[-1] / decode[-1]) < 5.05
assert 2.4 * longer < more["prompt"] < 2.64 * longer
assert 0.77 * longer < more["decode"] < 0.85 * longer
read = (full.itl / (device.memory.capacity / device.memory.bandwidth)).to("").magnitude
assert np.ptp(read[1:-1]) < 0.15
