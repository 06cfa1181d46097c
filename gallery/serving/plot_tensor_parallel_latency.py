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
import numpy as np

from mlsysim import Models, Q, ServingModel, Systems, plot

# %%
# A replica must divide the node, so 64 of the rack's devices are taken. What does not fit is not a number.
node = Systems.Nodes.GB200_NVL72.replace(accelerators=64)
degrees = np.array([1, 2, 4, 8, 16, 32, 64])
models = {
    "8B": Models.Language.Llama3_1_8B,
    "70B": Models.Language.Llama3_1_70B,
    "405B": Models.Language.Llama3_405B,
}
request = {"input_len": 2048, "output_len": 256}
times, messages, stops = {}, {}, {}
for name, model in models.items():
    found = [
        ServingModel().solve(model, node=node, tp_size=int(tp), **request)
        if model.heads % tp == 0
        else None
        for tp in degrees
    ]
    fits = [answer is not None and answer.feasible for answer in found]
    times[name] = np.array(
        [answer.itl.to("ms").magnitude if fit else np.nan for answer, fit in zip(found, fits, strict=True)]
    )
    widest = found[np.flatnonzero(fits)[-1]]
    messages[name] = (widest.communication_time / widest.itl).to("").magnitude

# %%
# A doubling of the devices would at best halve the time. The last one that takes a tenth off it:
for name, ms in times.items():
    gain = 1 - ms[1:] / ms[:-1]
    stops[name] = int(degrees[1:][gain >= 0.1].max())
    print(f"{name:4} {np.round(ms, 1)} ms; worth a doubling up to {stops[name]} devices")

# %%
ax = plot.lines(
    degrees,
    {name: Q(ms, "ms") for name, ms in times.items()},
    xlabel="devices that share each layer",
    ylabel="time between tokens",
    xscale="log",
    yscale="log",
)
marks = {f"{n} devices": (n, Q(times[name][degrees == n][0], "ms")) for name, n in stops.items()}
plot.mark(marks, ax)
plt.show()

# %%
# Claim
# -----
# The smaller the model, the sooner more devices stop helping. What is left at the widest layouts is neither reading nor arithmetic:
# the small model's time hardly falls with the last doubling, and about an eighth of it is messages for every model. Meanwhile a token
# costs ever more device time: that of the model in the middle many times more on all devices than on one.
seventy = times["70B"]
price = 64 * seventy[-1] / seventy[0]
print(
    f"70B: {seventy[0] / seventy[-1]:.1f} times as fast on 64 devices, for {price:.0f} times the device time a token."
)
print({name: f"{share:.0%} of the time is messages" for name, share in messages.items()})
assert stops == {"8B": 4, "70B": 16, "405B": 64}
assert 1 - times["8B"][5] / times["8B"][4] < 0.05
assert all(0.11 < share < 0.15 for share in messages.values())
assert 18 < price < 22
