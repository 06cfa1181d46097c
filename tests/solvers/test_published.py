"""Predictions beside what others measured, from the configuration alone."""

import csv
import statistics

import pytest

from mlsysim import DistributedModel, Efficiency, Fleet, Systems, TransformerWorkload, zoo
from mlsysim.equations import collectives

COMPUTE, LINK = 0.75, 0.30
"""Two constants, passed explicitly: shares of the A100's matrix peak and of its NVLink bandwidth that Megatron-LM reached."""


def rows(name: str) -> list[dict[str, str]]:
    with open(zoo.root() / "measurements" / f"{name}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def solve(row: dict[str, str], efficiency: Efficiency | None = None):
    """One step of Korthikanti et al. 2022, Table 5; capacity is lifted, since their fragmentation is not ours."""
    layers, hidden, heads = (int(row[n]) for n in ("layers", "hidden", "heads"))
    model = TransformerWorkload(
        name=row["model"], layers=layers, hidden=hidden, heads=heads, mlp_width=4 * hidden, gated=False, vocab=int(row["vocab"]),
        tied=True, learned_positions=int(row["seq_len"]), attention_bias=True, mlp_bias=True, norm_bias=True,
    )  # fmt: skip
    node = Systems.Nodes.DGX_A100.replace(accelerator__memory__capacity="1 TB")
    fleet = Fleet(node=node, nodes=int(row["hw_count"]) // 8, fabric=Systems.Fabrics.InfiniBand_HDR)
    kind = row["recompute"].split()[0]
    return DistributedModel().solve(
        model, fleet, int(row["global_batch"]), int(row["seq_len"]), precision="fp16", tp_size=int(row["tp"]), pp_size=int(row["pp"]),
        microbatch_size=int(row["micro_batch"]), virtual_stages=int(row["vp"]), recompute=kind, sequence_parallel=kind == "selective",
        efficiency=efficiency,
    )  # fmt: skip


STEPS = [r for r in rows("training") if r["metric"] == "iteration_time_s"]
ACTIVATIONS = [r for r in rows("training") if r["metric"] == "activation_memory_gib_per_chip"]


def test_step_times_of_table_5():
    assert len(STEPS) == 8
    errors = [solve(r, Efficiency(compute=COMPUTE, link=LINK)).number("step_time") / float(r["value"]) - 1 for r in STEPS]
    assert statistics.mean(map(abs, errors)) <= 0.08


@pytest.mark.parametrize("row", STEPS, ids=lambda r: f"{r['model']} {r['recompute']}")
def test_no_measurement_beats_the_bound(row):
    assert solve(row).number("step_time") < float(row["value"])


@pytest.mark.parametrize("row", ACTIVATIONS, ids=lambda r: f"{r['model']} {r['recompute']}")
def test_activation_memory_of_figure_1(row):
    assert solve(row).number("memory_activations") / 2**30 == pytest.approx(float(row["value"]), rel=0.02)


NVLINK = {"A100": 300e9}
FABRICS = {("NVIDIA A100 SXM", "1"): ("A100", None), ("NVIDIA A100-80GB SXM", "2"): ("A100", 400e9 / 8 / 8)}
"""By accelerator and nodes: NVLink generation, and one accelerator's share of its node's network.

Rows in which the switches reduce (NVLink SHARP) are no rings and are left out.
"""


@pytest.mark.parametrize("place", FABRICS, ids=lambda p: f"{p[0]}, {p[1]} nodes")
def test_all_reduces_of_at_least_64_mib(place):
    """With one link efficiency a fabric, which is the median of what the rows of that fabric reached."""
    generation, network = FABRICS[place]
    local = NVLINK[generation]
    found = [r for r in rows("collectives") if (r["hw"], r["nodes"]) == place and "NVLS" not in r["interconnect"]]
    assert len(found) >= 6
    ideal = []
    for row in found:
        size = float(row["message_bytes"])
        if network is None:
            ideal.append(collectives.ring_allreduce_time(size, 8.0, local, 0.0))
        else:
            ideal.append(collectives.hierarchical_allreduce_time(size, 8.0, 2.0, local, 0.0, network, 0.0))
    measured = [float(r["value"]) * 1e-6 for r in found]
    reached = statistics.median(i / m for i, m in zip(ideal, measured, strict=True))
    assert 0 < reached <= 1
    errors = [abs(i / reached / m - 1) for i, m in zip(ideal, measured, strict=True)]
    assert statistics.median(errors) <= 0.15
