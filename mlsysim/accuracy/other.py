"""Rows of recommendation models and of models that make images."""

import re
from functools import cache
from typing import Any

from .. import zoo
from ..profiles import Profile, profile
from ..recommendation import RecommendationWorkload
from ..solvers import SingleNodeModel
from ..workloads import Workload
from . import vision
from .rows import Answer, Row, Unanswered, hardware_name

FILES = ("other_inference.csv",)
RATES = ("records_per_s", "samples_per_s", "images_per_s", "queries_per_s")
PAIRS = 270.0
"""Pairs of a user and an item in a sample of MLPerf's recommendation benchmark, on average: ``avg(num_pairs_per_sample)`` in the appendix
on bandwidth of its rules (mlcommons/inference_policies, inference_rules.adoc)."""


def takes(row: Row) -> bool:
    """Whether a row measures a model of recommendation or one that makes images."""
    return row.text("metric").endswith(RATES) and re.search(r"dlrm|diffusion|sdxl|\bdit\b|flux", row.text("model").lower()) is not None


def headline(row: Row) -> bool:
    """Whether a row counts for the family's figures: there are no core rows, so those whose configuration is printed."""
    return row.text("grade") == "A"


def fitted(row: Row) -> bool:
    """Whether constants are fitted on a row; all there are."""
    return True


def group(row: Row) -> str:
    """Return what is left out at a time: a model on one piece of hardware."""
    return f"{row.text('model')}|{row.text('hw')}"


def kind(row: Row) -> str:
    """Return the interval that a row has."""
    return "inference"


@cache
def workload(model: str) -> Workload:
    """Return the model of a row."""
    name = model.lower()
    if "dlrm" in name:
        crossed: RecommendationWorkload = zoo.load("Models.Recommendation.DLRM_DCNv2")
        if re.search("dcn|v2", name):
            return crossed
        same = {n: getattr(crossed, n) for n in ("table_rows", "embedding_dim", "dense_features", "bottom", "top")}
        return RecommendationWorkload(name=model, interaction="dot", **same)
    titles = {
        re.sub(r"[^a-z0-9]", "", t.lower()): n for n in zoo.names("Models.Diffusion") for t in (zoo.load(n).name, *zoo.load(n).aliases)
    }
    asked = re.sub(r"[^a-z0-9]", "", re.sub(r"\(.*", "", name))
    found = titles.get(asked) or next((n for t, n in titles.items() if asked.startswith(t) or t.startswith(asked)), None)
    if found is None:
        raise Unanswered(f"the zoo has no model called {model!r}")
    steps = re.search(r"(\d+) steps", name)
    entry: Workload = zoo.load(found)
    return entry.replace(steps=int(steps[1])) if steps else entry


_SOLVER = SingleNodeModel()


def predict(row: Row, using: Profile | None = None) -> Answer:
    """Return the answer to a row."""
    metric, model = row.text("metric"), workload(row.text("model"))
    recommends = isinstance(model, RecommendationWorkload)
    batch, said = row.number("batch"), []
    if batch is None:
        batch = 8192.0 if recommends else 8.0
        said.append(f"batches of {batch:g}")
    device = vision.roomy(row.text("hw"))
    given: dict[str, Any] = {"batch_size": batch, "precision": vision.precision(row.text("precision"), row.text("hw"))}
    software = re.sub("graphs? off", "", row.text("framework").lower())
    stack = "graphs" if "graph" in software or vision.stack(row) == "engine" else None
    likely = _SOLVER.solve(model, device, efficiency=using or profile("other"), stack=stack, **given).number("latency")
    best = _SOLVER.solve(model, device, efficiency=1, **given).number("latency")
    items = row.number("hw_count", 1.0) * batch
    if recommends and metric.startswith(("offline", "server")):
        items /= PAIRS
        said.append(f"a sample holds {PAIRS:g} pairs of a user and an item")
    share = vision.scenario(row, said)
    return Answer(items / likely * share, items / best, row.text("unit"), "inference", True, hardware_name(row.text("hw")), tuple(said))
