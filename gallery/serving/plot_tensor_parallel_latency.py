"""
At how many devices does tensor parallelism stop making tokens faster?
======================================================================

Tensor parallelism splits every layer over devices, so that each reads only its share of the weights. But each layer then waits
for two all-reduces, and its kernels take a fixed time to start, however little each of them has to do.

One request with a prompt of :mls:given:`2048 tokens` is answered by 1 to 64 devices of :mls:entry:`Systems.Nodes.GB200_NVL72`, whose
switches add up what the devices send (:mls:eq:`in_network_allreduce_time`). The models are three of one family:
:mls:entry:`Models.Language.Llama3_1_8B`, :mls:entry:`Models.Language.Llama3_1_70B` and :mls:entry:`Models.Language.Llama3_405B`, in half
precision. The times are estimates; beyond eight devices no measurement stands behind their constants.
"""

import matplotlib.pyplot as plt

from mlsysim import Models, ServingModel, Systems, plot

# %%
# A replica must divide the node, so 64 of the rack's devices are taken. What does not fit, or cannot be divided, is left out.
node = Systems.Nodes.GB200_NVL72.replace(accelerators=64)
degrees = (1, 2, 4, 8, 16, 32, 64)
models = {
    "8B": Models.Language.Llama3_1_8B,
    "70B": Models.Language.Llama3_1_70B,
    "405B": Models.Language.Llama3_405B,
}
times, messages, stops = {}, {}, {}
for name, model in models.items():
    steps = {
        tp: ServingModel().solve(model, node=node, tp_size=tp, input_len=2048, output_len=256)
        for tp in degrees
        if model.heads % tp == 0
    }
    times[name] = {tp: step.itl.to("ms") for tp, step in steps.items() if step.feasible}
    widest = steps[max(steps)]
    messages[name] = (widest.communication_time / widest.itl).to("percent")

# %%
# A doubling of the devices would at best halve the time. The last one that takes a tenth off it:
for name, itl in times.items():
    stops[name] = max(tp for tp in itl if tp // 2 in itl and itl[tp] <= 0.9 * itl[tp // 2])
    print(f"{name:4}", ", ".join(f"{tp}: {ms:.1f~P}" for tp, ms in itl.items()), end="; ")
    print(f"worth a doubling up to {stops[name]}; messages take {messages[name]:.0f~P} on {max(itl)}")

# %%
ax = plot.lines(
    degrees,
    {name: [itl.get(tp) for tp in degrees] for name, itl in times.items()},
    xlabel="devices that share each layer",
    ylabel="time between tokens",
    xscale="log",
    yscale="log",
)
plot.mark({f"{tp} devices": (tp, times[name][tp]) for name, tp in stops.items()}, ax)
plt.show()

# %%
# Claim
# -----
# The smaller the model, the sooner more devices stop helping. What is left at the widest layouts is neither reading nor arithmetic:
# the small model's time falls by three percent with the last doubling, and about an eighth of it is messages for every model.
# Meanwhile a token costs ever more device time: that of the model in the middle twenty times more on all devices than on one.
faster = times["70B"][1] / times["70B"][64]
print(
    f"70B: {faster:.1f~P} times as fast on 64 devices, for {64 / faster:.0f~P} times the device time a token"
)
assert stops == {"8B": 4, "70B": 16, "405B": 64}
assert 0.955 < times["8B"][32] / times["8B"][16] < 0.985
assert all(0.114 < share < 0.137 for share in messages.values())
assert 19.4 < 64 / faster < 21.4
