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

from mlsysim import Hardware, InfeasibleError, Models, SingleNodeModel, plot

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
with plot.style():
    fig, ax = plt.subplots(figsize=(7.5, 3))
    for device, marker in zip(devices, "oD^s", strict=True):
        here = {network: time for (network, on), time in times.items() if on == device}
        ax.semilogx(here.values(), here.keys(), marker, ms=10, label=device)
    for network, device in refused:
        ax.text(3, network, f"{device}: does not fit", va="center")
    ax.set(xlim=(5e-9, 3e4), xlabel="time of one inference, at least (s)")
    ax.margins(y=0.3)
    ax.grid(axis="y")
    ax.legend(ncols=4, loc="lower left", bbox_to_anchor=(0, 1))
plt.show()

# %%
# Claim
# -----
# The two tiny networks fit both microcontrollers, whose arithmetic would allow nineteen inferences a second or more.
# MobileNetV2 does not fit the smaller flash at all, and even at best takes six tenths of a second on the other. On the large
# chips all three wait for memory.
ratio = times["ResNet-8", "STM32L4R5"] / times["ResNet-8", "H100"]
print(
    f"ResNet-8: at most {1 / times['ResNet-8', 'STM32L4R5']:.0f} inferences a second on the microcontroller;"
    f" the bound of the GPU's time is {ratio:,.0f} times lower."
)
assert list(refused) == [("MobileNetV2", "STM32L4R5")]
slowest = max(times[n, d] for n in ("DS-CNN", "ResNet-8") for d in ("STM32L4R5", "ESP32"))
assert 19 < 1 / slowest < 19.4 and 0.61 < times["MobileNetV2", "ESP32"] < 0.64
big = [
    SingleNodeModel().solve(m, devices[d], precision="int8", efficiency=1).bottleneck
    for m in networks.values()
    for d in ("Jetson AGX Orin", "H100")
]
assert set(big) == {"memory"}
