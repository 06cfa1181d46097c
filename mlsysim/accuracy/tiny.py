"""Rows of small devices: microcontrollers, and the processors of phones on networks made for them."""

import re
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

from .. import zoo
from ..errors import MissingFactError
from ..hardware import ComputeCore, HardwareNode, MemoryHierarchy, PeakRates
from ..profiles import Profile, profile
from ..results import PerformanceProfile
from ..solvers import SingleNodeModel
from ..workloads import CNNWorkload
from .rows import Answer, Row, Unanswered

FILES = ("tinyml_edge.csv",)
_SMALL = re.compile(r"tf ?lite|tensorflow lite|litert|cortex-?m|stm32|esp32|pixel|iphone|edge ?tpu|raspberry|micro", re.I)


def takes(row: Row) -> bool:
    """Return whether a row is one of a small device."""
    metric = row.text("metric")
    if metric == "inference_latency_ms":
        return row.whole("batch", 1) == 1 and bool(_SMALL.search(f"{row.text('hw')} {row.text('framework')} {row.text('arch')}"))
    return metric in METRICS


def kind(row: Row) -> str:
    """Return which interval applies."""
    return {"energy_uj_per_inference": "energy", "inference_latency_ms": "phone"}.get(row.text("metric"), "inference")


def group(row: Row) -> str:
    """Return what is left out together: a board in one submission."""
    return f"{device_name(row)} {row.text('source')}"


def headline(row: Row) -> bool:
    """Return whether a row counts."""
    return row.text("core") == "1"


fitted = headline


def predict(row: Row, using: Profile | None = None) -> Answer:
    """Return the answer to a row, by one step on one device."""
    case, metric = prepared(row), row.text("metric")
    try:
        found = case.solved(efficiency=using or profile("tiny"), stack=stack(row) or None)
        value = SCALES[metric] * found.number(FIELDS[metric])
    except MissingFactError as error:
        raise Unanswered(str(error)) from None
    faster = found.number("latency") / case.shortest
    rate = metric == "inferences_per_s"
    return Answer(
        value, value * faster if rate else value / faster, UNITS[metric], kind(row), rate, case.node.zoo_name.rstrip("*"), case.assumptions
    )


FIELDS = {"inferences_per_s": "throughput", "energy_uj_per_inference": "energy", "inference_latency_ms": "latency"}
SCALES = {"inferences_per_s": 1.0, "energy_uj_per_inference": 1e6, "inference_latency_ms": 1e3}
UNITS = {"inferences_per_s": "inf/s", "energy_uj_per_inference": "uJ/inf", "inference_latency_ms": "ms"}
METRICS = tuple(UNITS)


@dataclass(frozen=True, slots=True)
class Case:
    """A row's configuration, and the shortest time that physics allows it."""

    node: HardwareNode
    network: CNNWorkload
    precision: str
    batch: int
    assumptions: tuple[str, ...]
    shortest: float = 0.0

    def solved(self, **assumed: Any) -> PerformanceProfile:
        """Return one step."""
        return SingleNodeModel().solve(self.network, self.node, batch_size=self.batch, precision=self.precision, **assumed)


@lru_cache(maxsize=4096)
def prepared(row: Row) -> Case:
    """Return a row's configuration, which no constant changes."""
    assumptions: list[str] = []
    node = threads(row, clocked(row, device(row, assumptions), assumptions), assumptions)
    precision = arithmetic(row, node, assumptions)
    if row.text("metric") == "energy_uj_per_inference":
        node = supplied(row, node, assumptions)
    case = Case(node, model(row, assumptions), precision, row.whole("batch", 1), ())
    best = case.solved(efficiency=1)
    if not best.feasible:
        assumptions.append("What does not fit into the device's memory is taken to be packed or streamed.")
        case = replace(case, node=node.replace(memory__capacity="1 GB"))
        best = case.solved(efficiency=1)
    return replace(case, assumptions=tuple(assumptions), shortest=best.number("latency"))


# The device.


def squashed(text: str) -> str:
    """Return a text without what people write in different ways: case, marks and spaces."""
    return re.sub(r"[^a-z0-9+]", "", text.lower())


@cache
def _titles() -> tuple[tuple[str, str], ...]:
    """Return what small devices are called, squashed and longest first, with the entry that is meant. Names of cores are left out."""
    found = {}
    for name in zoo.names("Hardware"):
        if name.split(".")[1] in ("Tiny", "Edge", "Mobile"):
            for title in (name.rpartition(".")[2], *zoo.load(name).aliases):
                if len(plain := squashed(title)) >= 4 and not plain.startswith("cortex"):
                    found[plain] = name
    return tuple(sorted(found.items(), key=lambda pair: (-len(pair[0]), pair)))


CORES: tuple[tuple[str, str, float, float, float, float], ...] = (
    (r"ethos-?u?(?:55|65|85)", "ethos", 128, 0, 16, 0.4),
    (r"cortex-?m0|cortex-?m23", "cortex_m0", 0.5, 0, 4, 0.048),
    (r"cortex-?m3(?!3|5)", "cortex_m3", 1, 0, 4, 0.072),
    (r"cortex-?m4|cortex-?r[45]", "cortex_m4", 2, 0.5, 4, 0.12),
    (r"cortex-?m3[35]", "cortex_m33", 2, 0.5, 4, 0.16),
    (r"cortex-?m7", "cortex_m7", 2, 1, 8, 0.4),
    (r"cortex-?m5[25]", "cortex_m55", 8, 4, 8, 0.4),
    (r"cortex-?m85", "cortex_m85", 8, 4, 8, 0.48),
    (r"cortex-?a(?:5\b|7\b|8\b|9\b|15|17|32|35|53)", "cortex_a53", 8, 4, 16, 1.4),
    (r"cortex-?a5(?:5|10|20)", "cortex_a55", 16, 4, 16, 1.8),
    (r"cortex-?a(?:57|72|73)", "cortex_a72", 16, 8, 16, 1.8),
    (r"iphone|ipad|bionic|apple a\d+", "cortex_a_apple", 48, 12, 32, 2.4),
    (r"cortex-?[ax]\d+|kryo|pixel|galaxy|snapdragon|phone|neoverse", "cortex_a76", 32, 8, 32, 2.4),
    (r"xtensa|lx[67]|esp32|esp8266|risc-?v|rv32|rv64|sifive|gd32v|ch32v|\brx[26]\d|\barc\b|tricore|avr", "scalar", 1, 0.5, 4, 0.16),
)
"""Cores by what a text calls them, with int8 and fp32 multiply-accumulates, and bytes, in a cycle, and a usual clock in GHz."""


def _known(text: str) -> str | None:
    plain = squashed(text)
    if re.search(r"esp32(?!s3|s2)[chp]\d", plain) or "ethos" in plain:
        return None
    return next((name for title, name in _titles() if title in plain), None)


def device_name(row: Row) -> str:
    """Return the zoo name of a row's device, or the name of its core."""
    return device(row, []).zoo_name


def device(row: Row, assumptions: list[str]) -> HardwareNode:
    """Return a row's device: that of the zoo which the text names, else one that is made of the core that it names.

    Raises
    ------
    Unanswered
        The text names neither.
    """
    text = re.sub("[®™]", "", row.text("hw"))
    notes = re.match(r"(?:build variant \S+ )?SoC ([^;]*)", row.text("notes"))
    if name := _known(text) or (_known(notes[1]) if notes else None):
        if name.startswith("Hardware.Edge.Coral"):
            assumptions.append("What the chip's own memory holds does not pass the link to the host; the memory of the Pixel's is taken.")
            name = "Hardware.Mobile.Pixel_Neural_Core"
        entry: HardwareNode = zoo.load(name)
        return entry
    for pattern, core, macs, floats, width, clock in CORES:
        if found := re.search(pattern, text, re.I):
            if core == "ethos" and (size := re.search(r"u(?:55|65|85)\D{0,3}(32|64|128|256|512|1024|2048)\b", text, re.I)):
                macs = float(size[1])
            stated = _clock(text)
            assumptions.append(
                f"The zoo has no {text!r}; its core {found[0]!r} is taken to do {macs:g} multiply-accumulates of int8 in a cycle."
            )
            if stated is None:
                assumptions.append(f"Its clock is not stated; {clock:g} GHz is taken.")
            return core_node(core, macs, floats, width, stated or clock)
    raise Unanswered(f"the zoo has no small device called {text!r}, and no core that is known is named in it")


@cache
def core_node(core: str, macs: float, floats: float, width: float, clock: float) -> HardwareNode:
    """Return a device made of one core, at a clock in GHz."""
    peak = {"int8": f"{2 * macs * clock} GOPS"} | ({"fp32": f"{2 * floats * clock} GFLOP/s"} if floats else {})
    node = HardwareNode(
        name=f"{core.replace('_', '-')} at {clock:g} GHz",
        compute=ComputeCore(peak=PeakRates(**peak), clock=f"{clock} GHz"),
        memory=MemoryHierarchy(capacity="1 GB", bandwidth=f"{width * clock} GB/s"),
    )
    node.remember(f"core.{core}", {})
    return node


def _clock(text: str) -> float | None:
    """Return a clock that a text states, in GHz; of several, the last one."""
    found = re.findall(r"(\d+(?:\.\d+)?) ?(MHz|GHz)", text, re.I)
    return float(found[-1][0]) / (1000 if found[-1][1].lower() == "mhz" else 1) if found else None


def clocked(row: Row, node: HardwareNode, assumptions: list[str]) -> HardwareNode:
    """Return a device at the clock that a row states: its rates and its power go with it."""
    stated, own = _clock(row.text("hw")), node.compute.clock
    if stated is None or own is None:
        return node
    ratio = stated / own.to("GHz").magnitude
    if abs(ratio - 1) < 0.01 or not 0.02 < ratio < 4:
        return node
    assumptions.append(f"Rates and power of {node.title} are scaled to the stated clock.")
    return scaled(node, ratio, "bandwidth", "power")


def scaled(node: HardwareNode, ratio: float, *also: str) -> HardwareNode:
    """Return a device with all peaks times a ratio, and also its bandwidth or its power."""
    changes = {f"compute__peak__{p}": getattr(node.compute.peak, p) * ratio for p in node.compute.peak.precisions}
    if "bandwidth" in also:
        changes |= {"memory__bandwidth": node.memory.bandwidth * ratio}
    if "bandwidth" in also and node.compute.clock is not None:
        changes["compute__clock"] = node.compute.clock * ratio
    if "power" in also and node.power.active is not None:
        changes["power__active"] = node.power.active * ratio
    return node.replace(**changes)


LARGE_CORES = {"Snapdragon_855": 4, "Snapdragon_835": 4, "Snapdragon_821": 2, "RaspberryPi4": 4, "RaspberryPi5": 4}
"""Cores that the peaks of a zoo entry count, where software may use fewer."""


def threads(row: Row, node: HardwareNode, assumptions: list[str]) -> HardwareNode:
    """Return a device of which software uses as many cores as a row says."""
    found = re.search(r"(\d+)[ -]?(?:big |large |cpu )?(?:thread|core)", f"{row.text('hw')} {row.text('framework')}", re.I)
    cores = LARGE_CORES.get(node.zoo_name.rstrip("*").rpartition(".")[2])
    if cores is not None:
        if found is None:
            assumptions.append("How many threads are used is not stated; one is taken.")
        return scaled(node, min(1.0, (int(found[1]) if found else 1) / cores))
    return scaled(node, float(found[1])) if found and node.zoo_name.startswith("core.cortex_a") else node


def arithmetic(row: Row, node: HardwareNode, assumptions: list[str]) -> str:
    """Return the precision of a row's arithmetic, as one that its device has a peak for."""
    text = row.text("precision").lower()
    asked = "fp16" if re.search(r"fp16|float16|half", text) else "fp32" if re.search(r"fp|float|f32", text) else "int8"
    if not text:
        assumptions.append("The precision is not stated; int8 is taken.")
    known = node.compute.peak.precisions
    if asked in known:
        return asked
    other = next((p for p in ("int8", "fp16", "fp32") if p in known), known[0])
    assumptions.append(f"{node.title} states no peak at {asked}; that at {other} is taken.")
    return other


def supplied(row: Row, node: HardwareNode, assumptions: list[str]) -> HardwareNode:
    """Return a device at the supply voltage that a row states, where a linear regulator makes power follow it."""
    if node.power.active is None or not node.zoo_name.startswith("Hardware.Tiny.STM32L"):
        return node
    noted = re.search(r"\bat (\d(?:\.\d+)?) ?V\b", row.text("notes"))
    volts = row.number("supply_v", float(noted[1]) if noted else None)
    if volts is None:
        assumptions.append("The supply voltage is not stated; the lowest usual one, 1.8 V, is taken.")
    return node.replace(power__active=node.power.active * ((volts or 1.8) / STATED_AT))


STATED_AT = 3.3
"""Volts at which the zoo's entries state the power of a microcontroller."""


# Software and model.


def stack(row: Row) -> str:
    """Return the software stack as the constants name it; empty where they do not tell it apart."""
    text = row.text("framework").lower()
    if re.search(r"cube|stedge|st edge ai|stm32.?ai", text):
        version = re.search(r"(\d+)\.(\d+)", text)
        if "cube" not in text:
            return "x-cube-ai-9"
        number = (int(version[1]), int(version[2])) if version else (8, 1)
        return "x-cube-ai-9" if number >= (9, 0) else "x-cube-ai-8.1" if number >= (8, 1) else "x-cube-ai-7"
    if re.search(r"lite.*201\d", text):
        return "tflite-2019"
    if re.search(r"tflm|cmsis|lite.*micro|micro.*lite", text) and "tvm" not in text:
        return "tflite-micro"
    if re.search(r"tf ?lite|tensorflow ?lite|litert", text) and re.search(
        r"cortex-?m\d|stm32|nucleo|esp32|arduino|mhz", row.text("hw"), re.I
    ):
        return "tflite-micro"
    names = {"hale|hardware-aware lowering": "hale", "plumerai": "plumerai", "onnc": "onnc", "tvm": "microtvm"}
    return next((name for pattern, name in names.items() if re.search(pattern, text)), "")


MODELS = {
    r"auto.?encoder|toyadmos|anomaly": "Models.Tiny.FC_AutoEncoder_ToyADMOS",
    r"resnet-?(?:v1)?[ -]?8\b|resnet.*cifar": "Models.Tiny.ResNet8",
    r"ds-?cnn|keyword|speech commands": "Models.Tiny.DS_CNN_KWS",
    r"person": "Models.Tiny.Person_Detection_TFLM",
    r"visual wake|vww|mobilenet[ _-]?v1.*0?\.25": "Models.Tiny.MobileNetV1_VWW",
    r"mobilenet[ _-]?v1": "Models.Vision.MobileNetV1",
    r"efficientnet[ _-]?lite[ _-]?0": "Models.Vision.EfficientNet_Lite0",
    r"mobilenet[ _-]?v2": "Models.Vision.MobileNetV2",
    r"inception[ _-]?v4": "Models.Vision.Inception_V4",
    r"inception[ _-]?v3": "Models.Vision.Inception_V3",
    r"squeezenet": "Models.Vision.SqueezeNet_1_0",
}
"""Entries of the zoo by what rows call them."""

MACS_PER_ACTIVATION = 80.0
"""Multiply-accumulates for each activation, where a row states no activations: of networks for phones."""


def model(row: Row, assumptions: list[str]) -> CNNWorkload:
    """Return a row's network: that of the zoo with the row's own arithmetic, else one of the row's counts.

    Raises
    ------
    Unanswered
        The zoo does not have it, and the row does not state its arithmetic.
    """
    text, macs = row.text("model"), row.number("gmacs")
    name = next((n for pattern, n in MODELS.items() if re.search(pattern, text, re.I)), None)
    if name is None:
        return counted(row, assumptions)
    known: CNNWorkload = zoo.load(name)
    if macs is None:
        return known
    ratio = 1e9 * macs / float(known.macs)
    return known if abs(ratio - 1) < 0.02 else rescaled(known, ratio, assumptions)


def rescaled(known: CNNWorkload, ratio: float, assumptions: list[str]) -> CNNWorkload:
    """Return a network with another amount of arithmetic, and activations and depthwise layers in proportion."""
    assumptions.append(f"The arithmetic is the row's, not that of {known.title} in the zoo; activations go with it.")
    changes = {"macs": float(known.macs) * ratio, "activations": max(1, round(float(known.activations) * ratio)), "peak_activations": None}
    if known.depthwise_macs is not None:
        changes["depthwise_macs"] = float(known.depthwise_macs) * ratio
    return known.replace(**changes)


def counted(row: Row, assumptions: list[str]) -> CNNWorkload:
    """Return a network that the zoo does not have, from the counts of a row."""
    (macs,) = row.need("gmacs")
    parameters, activations = row.number("params"), row.number("macts")
    if parameters is None:
        assumptions.append("Parameters are not stated; one for each 200 multiply-accumulates is taken.")
    if activations is None:
        assumptions.append(f"Activations are not stated; one for each {MACS_PER_ACTIVATION:g} multiply-accumulates is taken.")
    return CNNWorkload(
        name=row.text("model") or "network",
        parameters=round(parameters if parameters is not None else 1e9 * macs / 200),
        macs=1e9 * macs,
        activations=max(1, round(1e6 * activations if activations is not None else 1e9 * macs / MACS_PER_ACTIVATION)),
    )
