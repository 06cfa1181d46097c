"""Language models that answer: prompts, tokens and throughput, by :class:`~mlsysim.ServingModel`, beside what others measured."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from .. import zoo
from ..errors import InputError
from ..formats import BITS
from ..profiles import Profile, document, profile
from ..readings import NUMBERS
from ..solvers.serving import ServingModel
from ..solvers.single_node import SingleNodeModel
from ..workloads import TransformerWorkload, all_parameters, attention_layer, head_parameters, read_parameters, routed_parameters
from . import vision
from .rows import Answer, Row, Unanswered, called, hardware, hardware_name

FILES = ("llm_inference.csv",)
PREFILL = ("ttft_ms", "prefill_ms", "prefill_tokens_per_s")
DECODE = (
    "decode_tokens_per_s_per_user", "decode_tokens_per_s_total", "itl_ms_median", "tpot_ms", "microbatch_tokens_per_s",
    "mbu_percent",
)  # fmt: skip
STEADY = (
    "throughput_output_tokens_per_s_total", "throughput_output_tokens_per_s_per_chip", "throughput_requests_per_s", "batch_elapsed_s",
    "server_output_tokens_per_s_total", "server_samples_per_s", "offline_samples_per_s",
)  # fmt: skip
METRICS = (*PREFILL, *DECODE, *STEADY, "encoder_sequences_per_s")
TIMES = ("ttft_ms", "prefill_ms", "itl_ms_median", "tpot_ms", "batch_elapsed_s")

SERVER = (vision.TAIL, "server_mean_tpot_ms", "server_mean_ttft_ms")
"""Latencies of a server that gets as many requests as a benchmark's limit on latency admits."""

TOKEN_LIMITS = {"llama-2-70b": 200.0, "mixtral-8x7b": 200.0}
"""Time between tokens in ms that the server scenario of MLPerf admits: ``tpot_latency``, where :data:`~.vision.LIMITS` is from."""

TO_FIRST = 1.5
"""Steps to the first token where prompts join in every step: a request comes in the middle of a step, and is computed in the next."""

PROMPT, ANSWER = 256, 256
"""Tokens of a prompt and of an answer where a row does not state them."""

STEP_TOKENS = 8192
"""Prompt tokens that a server computes together at most."""

PLACES = {"vllm": 256, "sglang": 1024}
"""Sequences that a server decodes together at most, by stack, such as vLLM's ``max_num_seqs`` by default; 2048 for others."""

USABLE = 0.8
"""Share of a device's memory that weights and caches of a server get. A server takes 0.9 (``gpu_memory_utilization`` in
vllm/engine/arg_utils.py); that activations, captured graphs and the runtime need a tenth of the memory is a guess."""

FEW = 8
"""Sequences below which lengths do not average out, so that each needs the memory of its last token."""

PORTABLE = ("llama.cpp", "llama.cpp 2024")
"""Stacks whose prompts are computed in pieces, and which take turns on stages of layers."""

MICROBATCH = 512
"""Prompt tokens that llama.cpp computes together."""


SUSPECT = ("LI-105", "LI-439")
"""Rows that constants are not fitted on: one beats physics as its layout is printed, one is ten times slower than its like."""


def takes(row: Row) -> bool:
    """Whether a row is of this family."""
    return row.text("metric") in (*METRICS, *SERVER) and bool(row.text("model")) and not row.text("img_size")


def fitted(row: Row) -> bool:
    """Whether the constants are fitted on a row: complete, or one sequence of unstated length, which tells little; without stages.

    Not on devices that stand apart.
    """
    if row.text("metric") in SERVER:
        return False
    told = row.text("complete") == "1" or (kind(row) == "decode1" and row.text("metric") != "mbu_percent")
    return told and not (row.whole("pp") or 1) > 1 and row.text("id") not in SUSPECT and not stands_apart(row)


def stands_apart(row: Row) -> bool:
    """Whether a row's device has a group whose constants are all fixed: the row is compared with, and pulls at no other's constants."""
    groups, written = profile("serving").groups, document()["serving"]["groups"]
    fixed = [g for n, g in groups.items() if g.of == "hardware" and all("fixed" in c for c in written[n]["constants"].values())]
    try:
        return any(g.has(hardware_name(row.text("hw"))) for g in fixed)
    except Unanswered:
        return False


def headline(row: Row) -> bool:
    """Whether a row counts in the family's figures."""
    return row.text("core") == "1"


def kind(row: Row) -> str:
    """Return what a row measures: ``prefill``, ``decode1`` (one sequence), ``batched``, ``throughput`` with prompts, or ``latency``."""
    metric = row.text("metric")
    if metric in SERVER:
        return "latency"
    if metric in DECODE:
        return "decode1" if (row.number("batch") or 1) == 1 else "batched"
    return "throughput" if metric in STEADY else "prefill"


def group(row: Row) -> str:
    """Return what is left out together: a source on a device."""
    return f"{row.text('source')} on {hardware_name(row.text('hw'))}"


def stack_of(text: str) -> str | None:
    """Return the stack that a row's free text means, where measurements tell it apart."""
    plain = text.lower()
    for stack, words in STACKS.items():
        if any(re.search(w, plain) for w in words):
            return stack
    return None


STACKS = {
    "tensorrt-llm static": ("gptsession", r"trt.*static", r"tensorrt.*static"),
    "fastertransformer": ("fastertransformer", r"deepspeed.*static"),
    "llama.cpp 2024": (r"llama\.?cpp.*2024",),
    "llama.cpp": (r"llama\.?cpp", "llama-bench", "ollama", "gguf", "lm ?studio", "koboldcpp"),
    "sglang": ("sglang",),
    "exllamav2": ("exllama", "tabbyapi"),
    "gpt-fast": ("gpt-?fast",),
    "mlc-llm": (r"\bmlc\b", r"mlc-?llm"),
    "vllm": ("vllm", r"\btgi\b", "text.generation.inference", "lmdeploy"),
}


@dataclass(frozen=True)
class Format:
    """How numbers are stored and computed: arithmetic in order of preference, and bits by the part of the model."""

    arithmetic: tuple[str, ...]
    bits: float
    cache: tuple[str, ...]
    head: float | None = None
    attention: float | None = None
    routed_only: bool = False

    def average(self, model: TransformerWorkload, tokens: float) -> float:
        """Return the mean bits of the weights that a pass over ``tokens`` reads."""
        g = model.geometry
        read = read_parameters(NUMBERS, g, tokens)
        if self.routed_only and g.moe:
            return 16 + (self.bits - 16) * routed_parameters(NUMBERS, g, tokens) / read
        bits = self.bits
        if self.head is not None:
            bits += (self.head - self.bits) * head_parameters(NUMBERS, g) / read
        if self.attention is not None:
            bits += (self.attention - self.bits) * g.layers * attention_layer(NUMBERS, g) / read
        return bits


HALF = ("fp16", "bf16", "fp32")


def format_of(text: str, model: TransformerWorkload, framework: str) -> Format:
    """Return the format that a row's free text means."""
    plain = text.lower()
    kv = ("fp8", "int8") if re.search(r"(fp8|int8)[- ]kv|kv[- :]*(cache )?(fp8|int8)", plain) or "tensorrt" in framework.lower() else HALF
    if size := re.search(r"([\d.]+) ?(gib|gb)\b", plain):
        total = float(size[1]) * (2**30 if size[2] == "gib" else 1e9)
        return Format(HALF, 8 * total / all_parameters(NUMBERS, model.geometry), HALF)
    if counted := re.search(r"([\d.]+) ?(bpw|bits? per weight)", plain):
        return Format(HALF, float(counted[1]), HALF)
    if "mxfp4" in plain:
        return Format(HALF, BITS["mxfp4"], HALF, routed_only=True)
    if "nvfp4" in plain or "fp4" in plain:
        return Format(("fp4", "fp8", *HALF), BITS["nvfp4"], kv, head=16)
    for name in sorted(BITS, key=len, reverse=True):
        if name.replace("_", "") in plain.replace("_", ""):
            return Format(HALF, BITS[name], HALF, head=16 if name in ("awq", "gptq") else None)
    if re.search(r"q4f16|int4 group", plain):
        return Format(HALF, BITS["q4f16_1"], HALF)
    if re.search(r"w4a16|w4|4-?bit|int4|\bq4", plain):
        return Format(
            HALF, BITS["q4f16_1"] if "mlc" in plain + framework.lower() else BITS["awq"], HALF, head=16 if "w4" in plain else None
        )
    if "fp8" in plain or "w8a8" in plain or "e4m3" in plain:
        return Format(("fp8", "int8", *HALF), 8.0, kv, attention=16 if re.search("row-?wise", plain) else None)
    if re.search(r"int8|w8|8-?bit", plain):
        return Format(HALF if re.search("weight.?only|w8a16", plain) else ("int8", *HALF), 8.0, HALF)
    if re.search(r"bf16|bfloat16", plain):
        return Format(("bf16", *HALF), 16.0, HALF)
    if re.search(r"tf32", plain):
        return Format(("tf32", "fp32"), 32.0, ("fp32",))
    if re.search(r"fp32|float32|\bf32", plain):
        return Format(("fp32", "tf32"), 32.0, ("fp32",))
    return Format(HALF, 16.0, HALF)


def of_device(text: str, device: str) -> str:
    """Return what a text says of one device, where it names several: ``A100: int8, H100: fp8``."""
    parts = re.findall(r"(\w+): ([^,;)]*)", text)
    own = [said for name, said in parts if name.lower() in device.lower()]
    return f"{text.partition('(')[0]} {own[0]}" if own else text


def first_of(names: tuple[str, ...], known: tuple[str, ...]) -> str:
    """Return the first precision that a device has."""
    for name in names:
        if name in known:
            return name
    raise Unanswered(f"the device has no peak for {', '.join(names)}")


@cache
def _models() -> dict[str, str]:
    """Return the zoo's transformers by their plain names."""
    return called("Models.Language", _plain, TransformerWorkload)


def _plain(text: str) -> str:
    bare = re.sub(r"\([^)]*\)|^.*/", "", text.lower())
    bare = re.sub(r"instruct|thinking|chat|base|\b(it|hf|fp8|bf16|fp16|int4|awq|gptq|gguf|\d{4}|text|v0\.\d)\b", "", bare)
    return re.sub(r"[^a-z0-9.]", "", bare)


def model_of(row: Row) -> TransformerWorkload:
    """Return the model of a row: the zoo's, where its shape is the one that the row states, else what the row states."""
    name = _models().get(_plain(row.text("model")))
    known = zoo.load(name) if name else None
    if known is not None and all(row.whole(c) in (None, getattr(known, f)) for c, f in (("layers", "layers"), ("hidden", "hidden"))):
        return known
    stated = {n: row.whole(n) for n in ("layers", "hidden", "heads", "vocab")}
    if lacking := [n for n, v in stated.items() if not v]:
        raise Unanswered(f"the zoo has no model {row.text('model')!r}, and the row does not state {', '.join(lacking)}")
    stated |= {n: row.whole(n) for n in ("kv_heads", "head_dim") if row.whole(n)}
    width = row.whole("ffn") or 4 * stated["hidden"]
    if experts := row.whole("experts"):
        stated |= {"experts": experts, "experts_active": row.whole("experts_top") or 2, "expert_width": width}
    else:
        stated["mlp_width"] = width
    return TransformerWorkload(name=row.text("model"), gated=row.text("gated_mlp") != "0", causal=row.text("arch") != "encoder", **stated)


@dataclass
class Case:
    """What is solved for a row, whatever the constants; ``speed`` returns the value in the row's unit from an efficiency."""

    model: TransformerWorkload
    device: Any
    name: str
    common: dict[str, Any]
    format: Format
    stack: str | None
    replicas: int
    assumptions: list[str] = field(default_factory=list)
    speed: Callable[["Case", Any, str | None], float] = field(default=lambda case, using, stack: math.nan)
    bound: float | None = None

    def serve(self, batch: float, prompt: float, answer: float, using: Any, stack: str | None, prompts: bool = False) -> Any:
        """Return a solved batch; memory is no limit, since the row says that it ran."""
        tokens = batch * prompt if prompts else batch
        return ServingModel().solve(
            self.model, self.device, batch_size=max(1, round(batch)), input_len=max(1, round(prompt)), output_len=max(1, round(answer)),
            weight_precision=f"{min(64.0, self.format.average(self.model, tokens)):.6g} bits", efficiency=using, stack=stack, **self.common,
        )  # fmt: skip

    def itl(self, batch: float, prompt: float, answer: float, using: Any, stack: str | None) -> float:
        """Return the time of a decoding step."""
        return self.serve(batch, prompt, answer, using, stack).number("itl")

    def prefill(self, batch: float, prompt: float, using: Any, stack: str | None) -> float:
        """Return the time of the prompts of a batch."""
        return self.serve(batch, prompt, 1, using, stack, prompts=True).number("ttft")

    def prompt_time(self, batch: float, prompt: float, using: Any, stack: str | None) -> float:
        """Return the time of a prompt, in pieces where the stack computes pieces."""
        if self.stack not in PORTABLE or prompt <= MICROBATCH:
            return self.prefill(batch, prompt, using, stack)
        pieces = []
        for start in range(0, int(prompt), MICROBATCH):
            rest = min(MICROBATCH, int(prompt) - start)
            common = {**self.common, "prefix_len": start} if start else self.common
            piece = ServingModel().solve(
                self.model, self.device, batch_size=max(1, round(batch)), input_len=start + rest, output_len=1,
                weight_precision=f"{self.format.average(self.model, rest):.6g} bits", efficiency=using, stack=stack, **common,
            )  # fmt: skip
            pieces.append(piece.number("ttft"))
        return sum(pieces)

    def places(self, prompt: float, answer: float) -> int:
        """Return the sequences that a replica decodes together at most: what memory holds, at the mean length, and the server allows."""
        case = replace_device(self, _with_memory(self.name, USABLE))

        def fits(length: float) -> int:
            return int(case.serve(1, prompt, max(1, length), 1, None).number("max_batch_size"))

        found = fits(answer / 2)
        return max(1, min(found if found >= FEW else fits(answer), PLACES.get(self.stack or "", 2048)))

    def steady(self, batch: float, prompt: float, answer: float, using: Any, stack: str | None) -> float:
        """Return the time of a step in which each of a full batch's sequences gets a token, with the prompts that join meanwhile."""
        together = min(max(1.0, batch / answer), max(1.0, STEP_TOKENS / prompt), batch)
        each = self.prefill(together, prompt, using, stack) / max(1, round(together))
        return NUMBERS.interleaved_token_time(self.itl(batch, prompt, answer, using, stack), each, batch, answer)


def replace_device(case: Case, device: Any) -> Case:
    """Return a case on another device."""
    return Case(case.model, device, case.name, case.common, case.format, case.stack, case.replicas)


@cache
def _with_memory(name: str, share: float) -> Any:
    device = zoo.load(name)
    return device.replace(memory__capacity=device.memory.capacity * share)


@cache
def _device(text: str, half_twice: bool) -> Any:
    """Return a row's device without a limit of memory; ``half_twice`` where half-precision sums double the printed peaks."""
    device = hardware(text)
    changes = {"memory__capacity": "1000 TB"}
    if half_twice:
        for name in ("fp16", "bf16"):
            if (peak := getattr(device.compute.peak, name)) is not None:
                changes[f"compute__peak__{name}"] = f"{2 * peak.to('TFLOP/s').magnitude} TFLOP/s"
    return device.replace(**changes)


def fewest(model: TransformerWorkload, written: Format, name: str, devices: int) -> int:
    """Return the smallest tensor-parallel group whose memory holds a model with room for caches."""
    capacity = USABLE * zoo.load(name).memory.capacity.to("byte").magnitude
    group = 1
    while group < devices and all_parameters(NUMBERS, model.geometry) * written.bits / 8 > 0.9 * capacity * group:
        group *= 2
    return min(group, devices)


def case_of(row: Row) -> Case:
    """Return what is solved for a row."""
    cells = tuple(row.text(c) for c in COLUMNS)
    return _case(cells)


COLUMNS = (
    "hw", "hw_count", "model", "arch", "layers", "hidden", "ffn", "heads", "kv_heads", "head_dim", "vocab", "gated_mlp", "experts",
    "experts_top", "input_len", "output_len", "batch", "precision", "framework", "tp", "pp", "dp", "ep", "metric", "seq_len", "locator",
)  # fmt: skip


@lru_cache(maxsize=4096)
def _case(cells: tuple[str, ...]) -> Case:
    row = Row(dict(zip(COLUMNS, cells, strict=True)))
    metric = row.text("metric")
    if metric not in METRICS:
        raise Unanswered(f"{metric} is no figure that a solve of serving gives")
    model, name = model_of(row), hardware_name(row.text("hw"))
    stack, assumptions = stack_of(row.text("framework")), []
    geforce = stack in PORTABLE and "GeForce" in zoo.load(name).name
    if geforce:
        assumptions.append("products of halves are summed in half precision, at twice the printed rate")
    device = _device(row.text("hw"), geforce)
    written = format_of(of_device(row.text("precision"), row.text("hw")), model, row.text("framework"))
    known = device.compute.peak.precisions
    devices = row.whole("hw_count", 1)
    tp, pp, dp = (row.whole(n) or 1 for n in ("tp", "pp", "dp"))
    if stack in PORTABLE and pp > 1:
        assumptions.append("stages of layers take turns, as one device that had the memory of all")
        pp, devices = 1, 1
    if devices > tp * pp * dp and not row.text("tp"):
        tp = fewest(model, written, name, devices // (pp * dp)) if metric in STEADY and model.causal else devices // (pp * dp)
        assumptions.append(f"a tensor-parallel group of {tp}")
    if (row.whole("ep") or 1) > 1 and tp == 1 and devices > 1 and model.heads % (devices // (pp * dp)) == 0:
        tp = devices // (pp * dp)
        assumptions.append(f"experts and attention are split over {tp} devices")
    if pp > 1 and model.layers % pp:
        raise Unanswered(f"{pp} stages do not divide {model.layers} layers")
    precision = first_of(written.arithmetic, known)
    if precision != written.arithmetic[0]:
        assumptions.append(f"arithmetic at {precision}")
    cache = "fp32" if "fp32" in written.cache[:1] else written.cache[0]
    common: dict[str, Any] = {"precision": precision, "kv_precision": cache, "tp_size": tp, "pp_size": pp}
    replicas = max(1, dp, devices // (tp * pp))
    case = Case(model, device, name, common, written, stack, replicas, assumptions)
    case.speed = speed_of(row, case)
    return case


def speed_of(row: Row, case: Case) -> Callable[[Case, Any, str | None], float]:
    """Return how a row's value follows from an efficiency."""
    metric = row.text("metric")
    batch, prompt, answer = row.number("batch"), row.number("input_len"), row.number("output_len")
    if not case.model.causal:
        return encoder(row, case)
    if metric in PREFILL:
        if not prompt:
            raise Unanswered("the row does not state input_len")
        count = batch or 1.0
        per_token = count * prompt
        if metric == "prefill_tokens_per_s":
            return lambda case, using, stack: per_token / case.prompt_time(count, prompt, using, stack)
        return lambda case, using, stack: 1e3 * case.prompt_time(count, prompt, using, stack)
    if metric == "microbatch_tokens_per_s":
        length = prompt or MICROBATCH
        places = batch or 1.0
        return lambda case, using, stack: places / case.itl(places, length / 2, 1, using, stack)
    if prompt is None:
        prompt = 1.0 if metric in DECODE and (batch or 1) == 1 and case.stack != "vllm" else float(PROMPT)
        case.assumptions.append(f"prompts of {prompt:g} tokens")
    prompt = max(1.0, prompt)
    if not answer:
        answer = float(ANSWER)
        case.assumptions.append(f"answers of {answer:g} tokens")
    if metric in DECODE:
        return decoding(metric, (batch or 1.0) / max(1, row.whole("dp") or 1), batch or 1.0, prompt, answer, case)
    return steady(row, batch, prompt, answer, case)


def decoding(metric: str, batch: float, everywhere: float, prompt: float, answer: float, case: Case) -> Callable[..., float]:
    """Return how a figure of decoding follows from an efficiency."""
    if metric == "mbu_percent":
        bound = case.itl(batch, prompt, answer, 1, None)
        return lambda case, using, stack: 100 * bound / case.itl(batch, prompt, answer, using, stack)
    if metric in TIMES:
        return lambda case, using, stack: 1e3 * case.itl(batch, prompt, answer, using, stack)
    users = everywhere if metric == "decode_tokens_per_s_total" else 1.0
    return lambda case, using, stack: users / case.itl(batch, prompt, answer, using, stack)


def steady(row: Row, batch: float | None, prompt: float, answer: float, case: Case) -> Callable[..., float]:
    """Return how a throughput with prompts follows from an efficiency."""
    metric, static = row.text("metric"), case.stack in ("tensorrt-llm static", "fastertransformer")
    if metric == "batch_elapsed_s":
        if not batch:
            raise Unanswered("the row does not state batch")
        places = min(batch, case.places(prompt, answer))
        case.assumptions.append(f"{places:g} sequences at a time, as many as memory holds")
        waves = batch / places
        together = max(1.0, min(places, STEP_TOKENS // prompt))
        groups = batch / together

        def elapsed(case: Case, using: Any, stack: str | None) -> float:
            prompts = groups * case.prefill(together, prompt, using, stack)
            return prompts + waves * answer * case.itl(places, prompt, answer, using, stack)

        return elapsed
    if batch is None:
        batch = float(case.places(prompt, answer))
        case.assumptions.append(f"{batch:g} sequences at a time, as many as memory holds")
    elif (row.whole("dp") or 1) > 1:
        batch = batch / row.whole("dp")
    copies = case.replicas
    places = max(1.0, batch)
    share = 1.0
    if metric.endswith("per_chip"):
        share = 1.0 / (copies * case.common["tp_size"] * case.common["pp_size"])
    elif "samples" in metric or "requests" in metric:
        share = 1.0 / answer
    if static:
        return lambda case, using, stack: share * copies * case.serve(places, prompt, answer, using, stack).number("throughput")
    return lambda case, using, stack: share * copies * places / case.steady(places, prompt, answer, using, stack)


def encoder(row: Row, case: Case) -> Callable[..., float]:
    """Return how the rate of an encoder follows from an efficiency."""
    length = row.number("input_len") or row.number("seq_len")
    if not length:
        length = 384.0
        case.assumptions.append("sequences of 384 tokens")
    batch = row.number("batch") or 128.0
    copies = max(1, row.whole("hw_count", 1))

    def rate(case: Case, using: Any, stack: str | None) -> float:
        bits = f"{case.format.average(case.model, batch * length):.6g} bits"
        step = SingleNodeModel().solve(
            case.model, case.device, batch_size=round(batch), seq_len=round(length), precision=case.common["precision"],
            weight_precision=bits, efficiency=using, stack=stack,
        )  # fmt: skip
        return copies * batch / step.number("latency")

    return rate


def server(row: Row) -> Answer:
    """Return the latency of a server at a benchmark's limit; what limits a server of tokens is the time between two of them."""
    said: list[str] = []
    metric = row.text("metric")
    time = vision.at_limit(row, vision.LIMITS if metric == vision.TAIL else TOKEN_LIMITS, profile("vision"), said)
    if metric == "server_mean_ttft_ms":
        said.append(f"the first token takes {TO_FIRST:g} steps")
        time *= TO_FIRST
    return Answer(time, 0.0, row.text("unit"), kind(row), False, hardware_name(row.text("hw")), tuple(said))


def predict(row: Row, using: Profile | None = None) -> Answer:
    """Return the answer to a row.

    Raises
    ------
    Unanswered
        The row cannot be answered; the message says why.
    """
    if row.text("metric") in SERVER:
        return server(row)
    case = case_of(row)
    try:
        value = case.speed(case, using or profile("serving"), case.stack)
        if case.bound is None:
            case.bound = case.speed(case, 1, None)
    except InputError as error:
        raise Unanswered(str(error)) from None
    metric = row.text("metric")
    return Answer(value, case.bound, row.text("unit"), kind(row), metric not in TIMES, case.name, tuple(case.assumptions))
