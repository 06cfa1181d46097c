"""
Which number format serves fastest, if weights may have no fewer than four, or eight, bits?
===========================================================================================

Fewer bits for weights are read faster; fewer bits for arithmetic are computed faster too. How much quality
a format costs is for the reader to measure on the task: no claim is made of it here. What one has is a
floor, and the question is what is fastest above it.

:mls:entry:`Models.Language.Llama3_70B` is served by four :mls:entry:`Hardware.Cloud.H100` with prompts of
:mls:given:`1024 tokens` and answers of :mls:given:`256 tokens`. Compared are half precision; weights alone
in eight or in four bits, turned back into halves before they are multiplied; and eight bits for weights,
arithmetic and caches. The rates are :mls:result:`ServingModel.throughput`, prompts included, and estimates
with the documented constants.
"""

import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Hardware, Models, Q, ServingModel, plot

# %%
# A format is the precision of arithmetic, and that of the stored weights where it differs. The batch is an
# array.
formats = {
    "half": {"precision": "fp16"},
    "weights int8": {"precision": "fp16", "weight_precision": "int8"},
    "weights int4": {"precision": "fp16", "weight_precision": "int4"},
    "all fp8": {"precision": "fp8"},
}
batches = np.arange(1, 513)
served = {
    name: ServingModel().solve(
        Models.Language.Llama3_70B,
        hardware=Hardware.Cloud.H100,
        tp_size=4,
        batch_size=batches,
        input_len=1024,
        output_len=256,
        **how,
    )
    for name, how in formats.items()
}

# %%
# How many times faster than half precision, until memory is full.
rate = {name: result.throughput.magnitude for name, result in served.items()}
faster = {name: rate[name] / rate["half"] for name in formats}
turn = int(batches[faster["all fp8"] > faster["weights int4"]].min())
ax = plot.lines(
    batches,
    {name: Q(ratio, "") for name, ratio in faster.items() if name != "half"},
    xlabel="batch (sequences)",
    ylabel="throughput over half precision",
    xscale="log",
)
plot.mark({f"batch {turn}": (turn, Q(faster["all fp8"][turn - 1], ""))}, ax)
plt.show()
for batch in (1, turn, 256):
    print(f"batch {batch:3}: " + ", ".join(f"{name} {faster[name][batch - 1]:.2f}" for name in formats))
print({name: int(result.max_batch_size.magnitude) for name, result in served.items()}, "sequences fit")

# %%
# Claim
# -----
# With a floor of eight bits it is eight bits for everything, at every batch. With a floor of four, weights of four bits win for
# a few sequences, where reading weights is all: alone they are 1.6 times as fast as halves, eight bits 1.4 times. They lose
# from a batch of about thirteen on: their arithmetic is that of halves, and at a large batch they are a twentieth faster than
# these, where eight bits are three quarters faster. They also free memory, but eight-bit caches leave room for nearly twice as
# many sequences.
room = {name: result.max_batch_size.magnitude for name, result in served.items()}
fits = np.isfinite(faster["half"]) & np.isfinite(faster["weights int8"])
assert (faster["all fp8"][fits] > faster["weights int8"][fits]).all()
assert 12 <= turn <= 14 and (faster["weights int4"][: turn - 1] >= faster["all fp8"][: turn - 1]).all()
assert 1.58 < faster["weights int4"][0] < 1.68 and 1.36 < faster["all fp8"][0] < 1.43
assert 1.03 < faster["weights int4"][255] < 1.07 and 1.7 < faster["all fp8"][255] < 1.8
assert room["half"] < room["weights int4"] and 1.7 < room["all fp8"] / room["weights int4"] < 1.8
