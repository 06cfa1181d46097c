"""
Which language models can a phone or a laptop run as fast as people read?
=========================================================================

One person reads one answer, so the batch is one and every token reads the whole model. Small devices have memory for models of
a few billion parameters, but is it quick enough?

Weights are stored in about four bits each (the format Q4_K_M), and the context is :mls:given:`1024 tokens`. The devices reach from
:mls:entry:`Hardware.Edge.RaspberryPi5`, with :mls:fact:`Hardware.Edge.RaspberryPi5.memory.bandwidth`, to
:mls:entry:`Hardware.Workstation.RTX_4090`, with :mls:fact:`Hardware.Workstation.RTX_4090.memory.bandwidth`. The rates are estimates
with constants that were fitted on larger devices, no phone among them, which let one stream nine tenths of its printed bandwidth;
a hot one is slower. All memory counts, though a system needs some of it for itself. People are taken to read :mls:given:`6 tokens` a second.
"""

import matplotlib.pyplot as plt

from mlsysim import Hardware, Models, Q, SingleNodeModel, plot

reading = Q("6 token/s")
language = Models.Language
models = {
    "1B": language.Llama3_2_1B,
    "3B": language.Llama3_2_3B,
    "8B": language.Llama3_8B,
    "14B": language.Qwen2_5_14B,
    "32B": language.Qwen2_5_32B,
    "70B": language.Llama3_70B,
}
devices = {
    "Raspberry Pi 5": (Hardware.Edge.RaspberryPi5, "int8"),
    "Snapdragon 8 Gen 3": (Hardware.Mobile.Snapdragon_8_Gen_3, "int8"),
    "Apple M4": (Hardware.Workstation.M4, "fp16"),
    "Apple M4 Max": (Hardware.Workstation.M4_Max, "fp16"),
    "RTX 4090": (Hardware.Workstation.RTX_4090, "fp16"),
}

# %%
# Every model on every device: one token for one sequence. What does not fit has no rate.
token = {"seq_len": 1024, "phase": "decode", "weight_precision": "Q4_K_M"}
steps = {
    name: {
        size: SingleNodeModel().solve(model, device, precision=precision, **token)
        for size, model in models.items()
    }
    for name, (device, precision) in devices.items()
}
rates = {
    name: {size: step.throughput for size, step in row.items() if step.feasible}
    for name, row in steps.items()
}
enough = {name: [size for size, rate in row.items() if rate > reading] for name, row in rates.items()}
for name, sizes in enough.items():
    print(f"{name:19} as fast as reading: {', '.join(sizes)}")

# %%
ax = plot.lines(
    [model.parameters / 1e9 for model in models.values()],
    {name: [row.get(size) for size in models] for name, row in rates.items()},
    xlabel="parameters of the model (billions)",
    ylabel="tokens of one answer",
    xscale="log",
    yscale="log",
)
plot.rule("reading", ax, y=reading)
plt.show()

# %%
# Claim
# -----
# A small board keeps up with a reader at one billion parameters, a phone and a laptop at up to 14, and a laptop with the widest
# memory at 70, which the faster graphics card cannot hold. What decides is bandwidth: each device streams most of it. The
# phone's 14 is the narrowest of these: if it streams a quarter less than the estimate says, eight billion are the most.
assert [sizes[-1] for sizes in enough.values()] == ["1B", "14B", "14B", "70B", "32B"]
assert 0.75 * rates["Snapdragon 8 Gen 3"]["14B"] < reading < 0.5 * rates["Snapdragon 8 Gen 3"]["8B"]
assert "70B" not in rates["RTX 4090"] and rates["RTX 4090"]["32B"] > rates["Apple M4 Max"]["32B"]
for name, (device, _) in devices.items():
    step = steps[name]["8B"]
    streamed = (step.throughput * step.memory_footprint / device.memory.bandwidth).to("")
    print(f"{name:19} {step.throughput:6.1f~P} with 8B, {streamed:.0%~P} of the bandwidth")
    assert 0.6 < streamed < 1
