"""Exercise sheets: questions over entries of the zoo that a seed draws, with answers that the solvers derive.

A template draws entries and inputs and solves. What is given in a question are the leaves of the answer's derivation, so a
question holds all that its answer needs, each number with its source. All answers take ``efficiency=1``: what physics allows.

>>> from mlsysim.exercises import draw
>>> draw(seed=7, topic="roofline", count=1)[0].question == draw(seed=7, topic="roofline", count=1)[0].question
True
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from . import zoo
from .errors import InputError, UnknownNameError, nearest
from .quantities import Symbol
from .results import Result
from .solvers import (
    CollectiveModel,
    DistributedModel,
    EconomicsModel,
    LoadModel,
    ReliabilityModel,
    ServingModel,
    SingleNodeModel,
    SustainabilityModel,
)
from .systems import Fleet
from .why import Why, nice

Template = Callable[[Random], "Exercise | None"]

HELD = ("efficiency.", "overhead")
"""Inputs that the head of a sheet speaks of, and a question need not."""

TRIES = 200


@dataclass(frozen=True)
class Exercise:
    """One question with its answer.

    Attributes
    ----------
    topic, question
        What it is about, and what is asked.
    why
        The derivation of the answer.
    symbol
        The quantity that the answer is.
    remark
        What else the answer shows, in words.
    """

    topic: str
    question: str
    why: Why
    symbol: Symbol
    remark: str = ""

    @property
    def answer(self) -> str:
        """The answer with its unit, as people say it."""
        return nice(self.why.value, self.symbol)

    @property
    def given(self) -> list[str]:
        """The inputs that the answer rests on, each with its source where it is a fact."""
        told = dict(zip(self.why.leaves, self.why.inputs, strict=True))
        return [text for name, text in told.items() if not name.startswith(HELD)]


TEMPLATES: list[tuple[str, Template]] = []
"""Topics, each with a template: what it returns is nothing where a draw makes no good question."""


def template(topic: str) -> Callable[[Template], Template]:
    """Register a template below a topic."""

    def register(function: Template) -> Template:
        TEMPLATES.append((topic, function))
        return function

    return register


def topics() -> list[str]:
    """Return the topics, in the order of the sheet."""
    return list(dict.fromkeys(t for t, _ in TEMPLATES))


def draw(seed: int, topic: str | None = None, count: int | None = None) -> list[Exercise]:
    """Return exercises; the same seed, topic and count draw the same ones from the same zoo.

    Parameters
    ----------
    seed
        Any whole number.
    topic
        One of :func:`topics`; all of them if none is given.
    count
        How many; one of each template if none is given.

    Raises
    ------
    UnknownNameError, InputError
        There is no such topic; or the count is less than one.
    """
    if topic is not None and topic not in topics():
        raise UnknownNameError(f"topic={topic!r}: {nearest(topic, topics())}; topics are {', '.join(topics())}")
    if count is not None and count < 1:
        raise InputError(f"count={count}: give a number of exercises, one or more")
    chosen = [t for name, t in TEMPLATES if topic in (None, name)]
    rng = Random(seed)
    exercises: list[Exercise] = []
    for i in range(len(chosen) if count is None else count):
        exercises.append(_good(chosen[i % len(chosen)], rng, {e.question for e in exercises}))
    return exercises


def _good(make: Template, rng: Random, taken: set[str]) -> Exercise:
    """Draw until there is a question that was not asked before."""
    for _ in range(TRIES):
        found = make(rng)
        if found is not None and found.question not in taken:
            return found
    raise InputError(f"no further question can be drawn for {make.__name__}: ask for fewer")


def sheet(exercises: list[Exercise], title: str = "Exercises") -> str:
    """Return the questions as Markdown."""
    parts = [f"# {title}", HEAD]
    for number, e in enumerate(exercises, 1):
        given = "\n".join(f"- {line}" for line in e.given)
        parts.append(f"## {number}. {e.topic.capitalize()}\n\n{e.question}\n\nGiven:\n\n{given}")
    return "\n\n".join(parts) + "\n"


def answers(exercises: list[Exercise], title: str = "Answers") -> str:
    """Return the answers as Markdown, each with its derivation."""
    parts = [f"# {title}"]
    for number, e in enumerate(exercises, 1):
        remark = f" {e.remark}" if e.remark else ""
        steps = "\n".join(s.text for s in e.why.steps)
        parts.append(f"## {number}. {e.topic.capitalize()}\n\n**{e.answer}.**{remark}\n\n```text\n{steps}\n```")
    return "\n\n".join(parts) + "\n"


HEAD = (
    "Take it that devices reach their peaks, that arithmetic and memory traffic overlap fully, and that starting work costs nothing. "
    "Name the equation that you use before you put numbers in. An answer within two percent is right."
)


def _of(topic: str, question: str, result: Result, field: str, remark: str = "") -> Exercise | None:
    """Return the exercise whose answer is a field of a result; nothing where the draw does not fit or the field is missing."""
    if result.feasible is False or not result.has(field):
        return None
    return Exercise(topic, question, result.why(field), result.fields[field], remark)


def _one(rng: Random, below: str, *needs: str) -> Any:
    """Draw an entry that states all of some numbers."""
    names = [n for n in zoo.names(below) if all(_stated(zoo.load(n), path) for path in needs)]
    return zoo.load(rng.choice(names))


def _stated(entry: Any, path: str) -> bool:
    for part in path.split("."):
        entry = getattr(entry, part, None)
    return entry is not None


def _device(rng: Random) -> Any:
    return _one(rng, "Hardware.Cloud", "compute.peak.fp16", "memory.bandwidth", "memory.capacity")


def _model(rng: Random, *names: str) -> Any:
    return zoo.load(f"Models.Language.{rng.choice(names)}")


SMALL = ("Llama3_8B", "Mistral_7B", "Llama2_7B", "Llama2_13B")
LARGE = ("Llama3_70B", "Llama2_70B", "Mixtral_8x7B")


@template("roofline")
def ridge(rng: Random) -> Exercise | None:
    """From which intensity on a device is bound by arithmetic."""
    model, device = _model(rng, *SMALL), _device(rng)
    step = SingleNodeModel().solve(model, device, batch_size=1, seq_len=1024, phase="prefill", efficiency=1)
    question = f"How many operations must a kernel do for each byte that it moves, so that {device.name} at half precision is not "
    return _of("roofline", question + "held back by its memory?", step, "ridge_point")


@template("roofline")
def decode_step(rng: Random) -> Exercise | None:
    """How long a decode step takes, and what bounds it."""
    model, device = _model(rng, *SMALL), _device(rng)
    batch, context = rng.choice((1, 8, 16, 32, 64)), rng.choice((512, 1024, 2048, 4096))
    step = SingleNodeModel().solve(model, device, batch_size=batch, seq_len=context, phase="decode", efficiency=1)
    question = f"{device.name} gives each of {batch} sequences of {model.name}, with a context of {context} tokens, its next token. "
    if step.feasible is False:
        return None
    bound = f"It is bound by {step.bottleneck}."
    return _of("roofline", question + "How long does this step take at least, and what bounds it?", step, "latency", bound)


@template("roofline")
def image_batch(rng: Random) -> Exercise | None:
    """How many images a device classifies at most."""
    device, batch = _device(rng), rng.choice((1, 8, 32, 128))
    step = SingleNodeModel().solve(zoo.load("Models.Vision.ResNet50"), device, batch_size=batch, efficiency=1)
    if step.feasible is False:
        return None
    question = f"How many images a second does {device.name} classify at most with ResNet-50, in batches of {batch}?"
    return _of("roofline", question, step, "throughput", f"The step is bound by {step.bottleneck}.")


@template("memory")
def cache(rng: Random) -> Exercise | None:
    """How large the key-value cache of a batch grows."""
    model, batch = _model(rng, *LARGE), rng.choice((4, 8, 16, 32))
    prompt, answer = rng.choice((512, 1024, 2048)), rng.choice((128, 256, 512))
    node = zoo.load("Systems.Nodes.DGX_H100")
    served = ServingModel().solve(
        model, node=node, batch_size=batch, input_len=prompt, output_len=answer, tp_size=node.accelerators, efficiency=1
    )
    question = f"How large is the key-value cache of {batch} sequences of {model.name} when each has a prompt of {prompt} tokens and an "
    return _of("memory", question + f"answer of {answer}, at half precision?", served, "kv_cache_size")


@template("memory")
def weights(rng: Random) -> Exercise | None:
    """How much memory the weights of a model take."""
    model = _model(rng, *SMALL, *LARGE)
    node, precision = zoo.load("Systems.Nodes.DGX_H100"), rng.choice(("fp16", "int8", "int4"))
    served = ServingModel().solve(
        model, node=node, input_len=512, output_len=128, tp_size=node.accelerators, weight_precision=precision, efficiency=1
    )
    question = f"How much memory do the weights of {model.name} take if each is stored in {precision}? Count its parameters first."
    return _of("memory", question, served, "weight_memory")


@template("serving")
def first_token(rng: Random) -> Exercise | None:
    """How long a prompt takes."""
    return _served(rng, "ttft", "how long does it take at least until the first token of each is there?")


@template("serving")
def next_token(rng: Random) -> Exercise | None:
    """How long each further token takes."""
    return _served(rng, "itl", "how long does each further token take at least, on average over the answer?")


def _served(rng: Random, field: str, asks: str) -> Exercise | None:
    model, device = _model(rng, *SMALL), _device(rng)
    batch, prompt, answer = rng.choice((1, 4, 16)), rng.choice((256, 1024, 4096)), rng.choice((128, 256, 512))
    served = ServingModel().solve(model, device, batch_size=batch, input_len=prompt, output_len=answer, efficiency=1)
    asked = "a lone request with" if batch == 1 else f"{batch} requests that arrive together, each with"
    question = f"{device.name} answers, with {model.name}, {asked} a prompt of {prompt} tokens and an "
    return _of("serving", question + f"answer of {answer}: {asks}", served, field)


@template("load")
def greatest_rate(rng: Random) -> Exercise | None:
    """How many requests a second a machine takes."""
    model, device = _model(rng, *SMALL), _device(rng)
    places, prompt, answer = rng.choice((8, 16, 32)), rng.choice((256, 1024)), rng.choice((128, 256))
    served = ServingModel().solve(model, device, batch_size=places, input_len=prompt, output_len=answer, efficiency=1)
    if not served.feasible:
        return None
    load = LoadModel().solve(served, "0.1 request/s")
    question = f"{device.name} serves {model.name} with {places} places and continuous batching; a prompt has {prompt} tokens, an answer "
    return _of("load", question + f"{answer}. How many requests a second does it serve at most?", load, "max_request_rate")


@template("communication")
def all_reduce(rng: Random) -> Exercise | None:
    """How long an all-reduce takes inside a node, by a ring."""
    node = zoo.load(f"Systems.Nodes.{rng.choice(('DGX_H100', 'DGX_A100', 'HGX_H100_4'))}")
    size = rng.choice(("16 MB", "64 MB", "256 MB", "1 GB"))
    reduced = CollectiveModel().solve("all-reduce", size, node=node, algorithm="ring", efficiency=1)
    question = f"How long does an all-reduce of {size} take at least between the {node.accelerators} devices of {node.name}, by a ring?"
    return _of("communication", question, reduced, "time")


@template("training")
def optimizer_step(rng: Random) -> Exercise | None:
    """How long a training step takes on a fleet."""
    model, batch, split = _model(rng, "Llama3_8B", "Llama2_7B"), rng.choice((128, 256, 512)), rng.choice((2, 4))
    fleet = zoo.load("Systems.Clusters.Research_256")
    step = DistributedModel().solve(
        model, fleet, batch_size=batch, seq_len=4096, tp_size=split, zero_stage=1, collective="ring", efficiency=1
    )
    question = f"{fleet.name} trains {model.name} with {batch} sequences of 4096 tokens a step, tensor parallelism of {split} and rings. "
    question += "How long does one optimizer step take at best?"
    return _of("training", question, step, "step_time")


@template("reliability")
def checkpoints(rng: Random) -> Exercise | None:
    """How often to save."""
    fleet = zoo.load(f"Systems.Clusters.{rng.choice(('Research_256', 'Llama3_405B'))}")
    saving, days = rng.choice(("30 s", "60 s", "2 min", "5 min")), rng.choice((7, 14, 30, 54))
    risk = ReliabilityModel().solve(fleet, f"{days} days", checkpoint_time=saving, recovery_time="10 min")
    question = f"A job of {days} days runs on this cluster: {fleet.name}. Writing a checkpoint takes {saving}. "
    remark = f"The fleet fails every {nice(risk.number('fleet_mtbf'), risk.fields['fleet_mtbf'])} on average."
    return _of(
        "reliability", question + "How long should it work between two checkpoints, by Daly's rule?", risk, "checkpoint_interval", remark
    )


def _year(rng: Random) -> tuple[Fleet, str]:
    """Draw a server with a place to stand, and words for it."""
    node = zoo.load("Systems.Nodes.DGX_H100")
    place = zoo.load(f"Infrastructure.Datacenters.{rng.choice(('Google_Fleet_2023', 'Meta_Fleet_2023', 'Industry_Average_2023'))}")
    grid = _one(rng, "Infrastructure.Grids", "carbon_intensity", "electricity_price")
    words = f"One {node.name} stands in a building like those of {place.name}, and its electricity is that of {grid.name}"
    return Fleet(name="One server", node=node, nodes=1, datacenter=place, grid=grid), words


@template("sustainability")
def carbon(rng: Random) -> Exercise | None:
    """What a fleet emits."""
    (fleet, words), days, share = _year(rng), rng.choice((1, 7, 30, 365)), rng.choice((0.25, 0.5, 1))
    used = SustainabilityModel().solve(fleet, f"{days} days", utilization=share)
    question = f"{words}. It works for {days} days with a utilization of {share}. How much greenhouse gas does its energy carry?"
    return _of("sustainability", question, used, "carbon")


@template("economics")
def yearly_cost(rng: Random) -> Exercise | None:
    """What a server costs a year."""
    (fleet, words), years, share = _year(rng), rng.choice((3, 4, 5)), rng.choice((0.25, 0.5, 1))
    cost = EconomicsModel().solve(fleet, "1 year", utilization=share, lifetime=f"{years} years", maintenance_rate="2 %/year")
    question = f"{words}. It lasts {years} years, and works with a utilization of {share}. What does a year cost in all?"
    return _of("economics", question, cost, "tco")
