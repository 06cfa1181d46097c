"""Timings, printed and never asserted: a slow machine is no failure."""

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlsysim import DistributedModel, Fleet, Hardware, Infrastructure, Models, ServingModel, SingleNodeModel, Systems, zoo

pytest.importorskip("pytest_benchmark", reason="timings need pytest-benchmark")
np = pytest.importorskip("numpy")

ROOT = Path(__file__).parent.parent.parent
FRESH = """
import json, resource, time
start, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
{body}
now = resource.getrusage(resource.RUSAGE_SELF)
cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
print(json.dumps({{"cpu": cpu, "wall": time.perf_counter() - start}}))
"""
FIRST = """
from mlsysim import Hardware, Models, SingleNodeModel
SingleNodeModel().solve(Models.Language.Llama3_8B, Hardware.Cloud.H100, batch_size=64, seq_len=2048, phase="decode").latency.to("ms")
"""
BODIES = {
    "nothing": "pass",
    "import mlsysim": "import mlsysim",
    "import the solvers": "from mlsysim import SingleNodeModel",
    "first result": FIRST,
    "first result and why": FIRST.replace("SingleNodeModel()", "step = SingleNodeModel()").replace('.latency.to("ms")', "")
    + "str(step.why())",
}


@pytest.mark.parametrize("name", BODIES)
def test_fresh_process(name, record_property, capsys):
    """CPU time inside a process that has loaded nothing, the shortest of five."""
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE", "COVERAGE_PROCESS_START")} | {
        "PYTHONPATH": str(ROOT)
    }
    runs = []
    for _ in range(6):
        done = subprocess.run(
            [sys.executable, "-c", FRESH.format(body=BODIES[name])], env=env, capture_output=True, text=True, check=True, timeout=60
        )
        runs.append(json.loads(done.stdout.splitlines()[-1]))
    found = {key: min(r[key] for r in runs) for key in ("cpu", "wall")}
    for key, value in found.items():
        record_property(key, value)
    with capsys.disabled():
        print(f"\n{name:<22} {found['cpu'] * 1e3:6.0f} ms of CPU, {found['wall'] * 1e3:6.0f} ms", end=" ")


MODEL, LARGE, DEVICE = Models.Language.Llama3_8B, Models.Language.Llama3_70B, Hardware.Cloud.H100
FLEET = Fleet(
    node=Systems.Nodes.HGX_H100_4, nodes=1, datacenter=Infrastructure.Datacenters.Meta_Fleet_2023, grid=Infrastructure.Grids.US_Average
)


def single(length):
    """Solve a decode step."""
    return SingleNodeModel().solve(MODEL, DEVICE, batch_size=16, seq_len=length, phase="decode")


def serving(length):
    """Solve serving on four devices."""
    return ServingModel().solve(LARGE, fleet=FLEET, batch_size=16, input_len=length, output_len=256, tp_size=4)


def distributed(batch):
    """Solve training on 256 devices."""
    layout = {"tp_size": 8, "pp_size": 8, "zero_stage": 1, "recompute": "selective"}
    return DistributedModel().solve(LARGE, Systems.Clusters.Research_256, batch_size=batch, seq_len=8192, **layout)


@pytest.mark.parametrize(
    ("solve", "value"), [(single, 2048), (serving, 2048), (distributed, 256)], ids=["single", "serving", "distributed"]
)
def test_a_warm_solve(benchmark, solve, value):
    values = itertools.count(value, 16)
    assert benchmark(lambda: solve(next(values))).feasible in (True, False)


@pytest.mark.parametrize("solve", [single, serving])
def test_ten_thousand_points(benchmark, solve):
    lengths = np.linspace(128, 8192, 10_000).round()
    result = benchmark(solve, lengths)
    assert result.feasible.shape == lengths.shape


@pytest.mark.parametrize("reading", ["why", "elasticities"])
def test_reading_a_result(benchmark, reading):
    step = single(2048)
    benchmark(lambda: str(getattr(step, reading)("latency")))


def forget():
    """Have the zoo read its files again."""
    zoo._load.cache_clear()
    zoo.references.clear()


def test_load_one_entry(benchmark):
    benchmark.pedantic(zoo.load, ("Hardware.Cloud.H100",), setup=forget, rounds=50)


def test_load_the_whole_zoo(benchmark):
    benchmark.pedantic(lambda: [zoo.load(n) for n in zoo.names()], setup=forget, rounds=10)
