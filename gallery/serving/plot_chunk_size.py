"""
How large should the chunks of a prompt be?
===========================================

Chunked prefill computes a long prompt a part at a time, in the same steps that decode. Large chunks make those steps long, so that
tokens stutter while a prompt is read; small ones make the new request wait for its first token, since every chunk takes a step.

One :mls:entry:`Hardware.Cloud.H100` decodes :mls:given:`32 requests` with :mls:entry:`Models.Language.Llama3_1_8B`, while a prompt of
:mls:given:`8192 tokens` comes in. A step that carries a chunk does the work of both and reads the weights once. For each size of the
chunks :mls:solver:`LoadModel` gives the longest gap between two tokens (:mls:result:`LoadModel.longest_gap`) and the time until the
prompt is through (:mls:result:`LoadModel.prompt_time`). The times are estimates.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Hardware, LoadModel, Models, ServingModel, plot

# %%
# Chunks from 64 tokens to the whole prompt, and the prompt between two steps for comparison.
serving = ServingModel().solve(
    Models.Language.Llama3_1_8B, hardware=Hardware.Cloud.H100, batch_size=32, input_len=8192, output_len=256
)
sizes = 2 ** np.arange(6, 14)
chunked = LoadModel().solve(serving, chunk_size=sizes)
whole = LoadModel().solve(serving)
for size, gap, prompt in zip(
    sizes, chunked.longest_gap.to("ms"), chunked.prompt_time.to("ms"), strict=True
):
    print(f"chunks of {size:4}: longest gap {gap:6.1f~P}, prompt takes {prompt:6.0f~P}")
print(
    f"whole prompt: longest gap {whole.longest_gap.to('ms'):.1f~P}; a plain step {serving.itl.to('ms'):.1f~P}"
)

# %%
ax = plot.lines(
    sizes,
    {"prompt, until it is through": chunked.prompt_time.to("ms"), "longest gap": chunked.longest_gap},
    xlabel="size of a chunk (tokens)",
    ylabel="time",
    xscale="log",
    yscale="log",
)
plot.rule("step without a chunk", ax, y=serving.itl)
plot.rule("prompt alone", ax, y=whole.prompt_time)
plt.show()

# %%
# Claim
# -----
# Chunks of about 512 tokens are a good trade: tokens wait at most four tenths longer than in a plain step, and the prompt takes three
# quarters longer than alone. Halving the chunks again and again gains little, because a step without any chunk is nearly as long, and
# costs the first token its full price.
gap = (chunked.longest_gap / serving.itl).to("").magnitude
wait = (chunked.prompt_time / whole.prompt_time).to("").magnitude
good = int(np.flatnonzero(sizes == 512)[0])
print(f"512: gap {gap[good]:.2f} of a plain step, prompt {wait[good]:.2f} of its time alone.")
print(f"64: gap {gap[0]:.2f}, prompt {wait[0]:.2f}. Whole: gap {gap[-1]:.1f}, prompt {wait[-1]:.2f}.")
assert 1.34 < gap[good] < 1.45 and 1.69 < wait[good] < 1.84
assert 1 < gap[0] < 1.1 and 5.65 < wait[0] / wait[good] < 6.25
assert 12.1 < gap[-1] < 13.4 and wait[-1] < 1.1
