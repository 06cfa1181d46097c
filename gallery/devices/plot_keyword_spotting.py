"""
Does a keyword spotter keep up with speech on a microcontroller?
================================================================

A device that listens for a word looks at the sound again and again. If it is to look at every new window of sound, the neural
network must be done with its pass, one inference, before the next window comes. Which boards manage that, and which need an
accelerator for such networks, or longer steps?

The network is :mls:entry:`Models.Tiny.DS_CNN_KWS`, with :mls:fact:`Models.Tiny.DS_CNN_KWS.parameters` parameters in one-byte
integers; a new window comes every :mls:given:`20 ms`. The times are estimates, with the constants fitted on measured boards, for
software that is neither fast nor slow; the intervals are those in which eight of ten measurements lie. No such accelerator is among
the measured boards, so that one is the least certain. Turning sound into the network's input, and the rest of the program,
need time besides.
"""

import matplotlib.pyplot as plt

from mlsysim import Hardware, Models, Q, SingleNodeModel, plot

tiny, window = Hardware.Tiny, Q("20 ms")
boards = {
    "RP2040": tiny.RP2040,
    "nRF52840": tiny.nRF52840,
    "STM32L4R5": tiny.STM32L4R5,
    "NuMicro M467": tiny.NuMicro_M467,
    "STM32F746": tiny.STM32F746,
    "STM32H7A3": tiny.STM32H7A3,
    "MAX78000": tiny.MAX78000,
}

# %%
# One window on each board. All hold the network in their flash, the memory that keeps programs; what differs is the time.
steps = {
    name: SingleNodeModel().solve(Models.Tiny.DS_CNN_KWS, board, precision="int8")
    for name, board in boards.items()
}
times = {name: (step.latency.to("ms"), step.interval("latency")) for name, step in steps.items()}
for name, (time, (low, high)) in times.items():
    busy = (time / window).to("percent")
    print(
        f"{name:13} {time:6.1f~P} ({low.to('ms'):.1f~P} to {high.to('ms'):.1f~P}), {busy:.0f~P} of a window"
    )

# %%
ax = plot.intervals(times, xlabel="time of one inference", ylabel="board", xscale="log")
plot.rule("next window", ax, x=window)
plt.show()

# %%
# Claim
# -----
# All boards hold the network, but the slower cores take longer than a window, even at the quick end of the interval: they can
# look at the sound six times a second or more, not at every window. The faster cores are in time by the estimate, and busy
# for nine and seven tenths of it. An accelerator leaves all but a twenty-fifth of the window free.
in_time = [name for name, (time, _) in times.items() if time < window]
late = [name for name in boards if name not in in_time]
print(f"in time: {', '.join(in_time)}")
assert all(step.feasible for step in steps.values())
assert in_time == ["STM32F746", "STM32H7A3", "MAX78000"]
assert all(window < times[name][1][0] for name in late)
assert 6.1 < (Q("1 s") / max(time for time, _ in times.values())).to("").magnitude < 6.6
assert 0.86 < times["STM32F746"][0] / window < 0.92 and 0.66 < times["STM32H7A3"][0] / window < 0.72
assert 0.034 < times["MAX78000"][1][1] / window < 0.039
