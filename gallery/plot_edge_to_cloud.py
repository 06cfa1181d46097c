"""
What runs on a microcontroller, and how far is it from a data-centre GPU?
=========================================================================

Three image and keyword networks, on two microcontrollers, an embedded module and a data-centre GPU: which of them fit, and
how fast could each be at best?

The devices reach from :mls:entry:`Hardware.Tiny.STM32L4R5`, with :mls:fact:`Hardware.Tiny.STM32L4R5.memory.capacity` of memory and
:mls:fact:`Hardware.Tiny.STM32L4R5.memory.storage` of flash, to :mls:entry:`Hardware.Cloud.H100`. Everything computes in one-byte
integers, one input at a time. The times are lower bounds (:mls:solver:`SingleNodeModel`): the cost of starting a kernel, which
dominates such small networks on a GPU, is left out. A network is taken to fit where its weights do; its activations must find
room in the memory besides, which is not checked.
"""

import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter

from mlsysim import Hardware, InfeasibleError, Models, SingleNodeModel

networks = {
    "DS-CNN": Models.Tiny.DS_CNN_KWS,
    "ResNet-8": Models.Tiny.ResNet8,
    "MobileNetV2": Models.Vision.MobileNetV2,
}
devices = {
    "STM32L4R5": Hardware.Tiny.STM32L4R5,
    "ESP32": Hardware.Tiny.ESP32,
    "Jetson AGX Orin": Hardware.Edge.JetsonAGXOrin,
    "H100": Hardware.Cloud.H100,
}

# %%
# Every network on every device. What does not fit raises an error as soon as its time is asked for.
times, refused = {}, {}
for network, model in networks.items():
    for device, hardware in devices.items():
        step = SingleNodeModel().solve(model, hardware, precision="int8", efficiency=1)
        try:
            times[network, device] = step.latency.to("s").magnitude
            print(f"{network:12} {device:16} {step.latency.to('us'):10,.2f~P}, {step.bottleneck}-bound")
        except InfeasibleError as error:
            refused[network, device] = str(error)
            print(f"{network:12} {device:16} {error}")

# %%
fig, ax = plt.subplots(figsize=(7.5, 3.6), layout="constrained")
sides = ("left", "right", "left", "right")
for device, colour, marker, side in zip(
    devices, ("#D55E00", "#E69F00", "#009E73", "#0072B2"), "oD^s", sides, strict=True
):
    for row, network in enumerate(networks):
        if (network, device) in times:
            ax.semilogx(times[network, device], row, marker, color=colour, ms=10)
        else:
            ax.text(2, row - 0.1, f"{device}: does not fit", color=colour)
    ax.annotate(
        device, (times["DS-CNN", device], 0), (0, 14), textcoords="offset points", ha=side, color=colour
    )
ax.set_yticks(range(len(networks)), networks)
ax.set_ylim(len(networks) - 0.6, -0.6)
ax.set_xlim(5e-9, 5000)
ticks = {1e-8: "10 ns", 1e-6: "1 us", 1e-4: "100 us", 1e-2: "10 ms", 1: "1 s"}
ax.set_xticks(list(ticks), ticks.values())
ax.xaxis.set_minor_formatter(FuncFormatter(lambda *_: ""))
ax.grid(axis="y", color="0.85")
ax.set_axisbelow(True)
ax.set_xlabel("time of one inference, at least")
ax.spines[["top", "right", "left"]].set_visible(False)
plt.show()

# %%
# Claim
# -----
# The two tiny networks fit both microcontrollers, whose arithmetic would allow many inferences a second. MobileNetV2 does not
# fit the smaller flash at all, and even at best is slow on the other. On the large chips all three wait for memory.
ratio = times["ResNet-8", "STM32L4R5"] / times["ResNet-8", "H100"]
print(
    f"ResNet-8: at most {1 / times['ResNet-8', 'STM32L4R5']:.0f} inferences a second on the microcontroller;"
    f" the bound of the GPU's time is {ratio:,.0f} times lower."
)
assert list(refused) == [("MobileNetV2", "STM32L4R5")]
assert (
    max(times[n, d] for n in ("DS-CNN", "ResNet-8") for d in ("STM32L4R5", "ESP32"))
    < 0.1
    < times["MobileNetV2", "ESP32"]
)
big = [
    SingleNodeModel().solve(m, devices[d], precision="int8", efficiency=1).bottleneck
    for m in networks.values()
    for d in ("Jetson AGX Orin", "H100")
]
assert set(big) == {"memory"}
