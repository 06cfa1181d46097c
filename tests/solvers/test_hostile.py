"""Hostile input: for every argument of every solver, a refusal that names it or a lawful result; nothing else."""

import inspect
import math
import re
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim import Efficiency, Fleet, Hardware, InfeasibleError, Infrastructure, MissingFactError, MlsysimError, Models, Q, Systems
from mlsysim.solvers import SOLVERS

FLEET = Systems.Clusters.Research_256.replace(
    node__accelerator__memory__capacity="1 TB",
    nodes=1,
    accelerators=None,
    datacenter=Infrastructure.Datacenters.Meta_Fleet_2023,
    grid=Infrastructure.Grids.Quebec,
    storage=Systems.Storage.Checkpoint_Store,
)
LLAMA, MIXTRAL = Models.Language.Llama3_8B, Models.Language.Mixtral_8x7B
SOLVER = {s.__name__: s() for s in SOLVERS}


def _valid():
    serving = SOLVER["ServingModel"].solve(LLAMA, fleet=FLEET, batch_size=4, input_len=128, output_len=16)
    training = SOLVER["DistributedModel"].solve(LLAMA, FLEET, batch_size=16, seq_len=512, zero_stage=3, tp_size=2)
    return {
        "SingleNodeModel": {
            "model": LLAMA,
            "hardware": Hardware.Cloud.H100,
            "batch_size": 2,
            "precision": "fp16",
            "efficiency": 0.5,
            "seq_len": 128,
            "phase": "decode",
            "weight_precision": "int4",
            "memory_level": "host",
            "stack": None,
        },
        "ServingModel": {
            "model": LLAMA,
            "hardware": None,
            "node": None,
            "fleet": FLEET,
            "batch_size": 2,
            "input_len": 128,
            "output_len": 16,
            "precision": "fp16",
            "kv_precision": None,
            "tp_size": 2,
            "pp_size": 2,
            "efficiency": None,
            "weight_precision": "int8",
            "page_size": 16,
            "ep_size": 1,
            "prefix_len": 32,
            "draft": None,
            "draft_tokens": None,
            "acceptance_rate": None,
            "stack": None,
            "overlap": (),
        },
        "LoadModel": {
            "serving": serving,
            "arrival_rate": "5 request/s",
            "percentile": 0.9,
            "chunk_size": None,
            "prefill": None,
            "kv_bandwidth": None,
            "prompt_variability": 0.5,
            "output_variability": 1.0,
            "ttft_target": "2 s",
        },
        "DistributedModel": {
            "model": MIXTRAL,
            "fleet": FLEET,
            "batch_size": 16,
            "seq_len": 512,
            "precision": "bf16",
            "tp_size": 1,
            "pp_size": 2,
            "ep_size": 2,
            "cp_size": 2,
            "zero_stage": 1,
            "microbatch_size": 1,
            "virtual_stages": 2,
            "recompute": "selective",
            "sequence_parallel": True,
            "efficiency": 0.5,
            "schedule": "interleaved",
            "attention": "standard",
            "collective": "auto",
            "tp_across_nodes": True,
            "bucket_size": "100 MB",
            "overlap": ("stage",),
            "stack": None,
        },
        "CollectiveModel": {
            "operation": "all-reduce",
            "message_size": "64 MB",
            "node": None,
            "fleet": FLEET,
            "devices": 4,
            "efficiency": 0.5,
            "algorithm": "auto",
        },
        "EconomicsModel": {
            "fleet": FLEET,
            "duration": "30 days",
            "serving": serving,
            "training": training,
            "utilization": 0.5,
            "electricity_price": "0.1 USD/kWh",
            "lifetime": "5 years",
            "maintenance_rate": "2 %/year",
            "discount_rate": 0.05,
            "datacenter": Infrastructure.Datacenters.Meta_Fleet_2023,
            "grid": Infrastructure.Grids.Quebec,
            "residual_value": 0.1,
            "network_price": "1000 USD",
            "network_power": 0.05,
            "load": None,
            "facility_price": "12 USD/W",
            "facility_lifetime": "15 years",
            "staff_cost": "100000 USD/year",
            "rental": "20 USD/hour",
        },
        "SustainabilityModel": {
            "work": None,
            "fleet": FLEET,
            "duration": "30 days",
            "datacenter": Infrastructure.Datacenters.Meta_Fleet_2023,
            "grid": Infrastructure.Grids.California,
            "utilization": 0.5,
            "lifetime": "5 years",
            "network_power": "30 W",
            "renewable_share": 0.5,
            "market_intensity": "400 gCO2e/kWh",
            "start_hour": "3 hour",
        },
        "ReliabilityModel": {
            "fleet": FLEET,
            "job_duration": "30 days",
            "training": training,
            "checkpoint_time": "60 s",
            "recovery_time": "10 min",
            "checkpoint_interval": "30 min",
            "spares": 2,
            "repair_time": "24 hours",
            "availability_target": 0.99,
        },
    }


VALID = _valid()
ARGUMENTS = [(name, a) for name, solver in SOLVER.items() for a in inspect.signature(solver.solve).parameters]
OTHER_PLACES = {"hardware": "fleet", "node": "fleet"}
every_argument = pytest.mark.parametrize(("solver", "argument"), ARGUMENTS, ids=lambda x: x)

JUNK = [
    None, math.nan, math.inf, -math.inf, -1, -0.0, 0, 1.5, 1e-320, 1e308, 10**30, 10**400, -(10**400), True, False, "", "  ", "abc",
    "0", "-1", "1.5", "nan", "inf", "1e999", "3 parsecs", "3 GB", "3 USD", "3 s", "-3 s", "0 s", "1e999 s", "1e-400 s", "nan s",
    "3 USD/kWh", "-3 USD/kWh", "3 %/year", "H100", "Hardware.Cloud.H100", "fp17", "\0", "x" * 10000, "１２", [], [1], (1, 2), {}, {1: 2},
    set(), object(), int, print, b"3", 1j, range(3), lambda: 1, Q(3, "GB"), Q(3, "USD"), Q(-3, "s"), Q(0, "s"), Q(math.nan, "s"),
    Q(math.inf, "s"), Q(3, ""), Q(1e300, "s"), Q(1e-300, "s"), Q(math.nan, ""), Q(3, "USD/kWh"), np.array([1.0, math.nan]),
    np.array([1.0, -1.0]), np.array([math.inf, 1.0]), np.array([]),
    np.array(["a", "b"]), np.array([None, 1]), np.array([[1, 2], [3, 4]]), np.array(math.nan),
    np.float64(math.nan), np.float64(2), np.int64(2), np.int8(4), np.bool_(True), np.array([True, False]),
    np.array([1j]), np.array([16, 32]), np.datetime64("2026-01-01"), np.timedelta64(3, "s"), Q(np.array([3.0, math.nan]), "s"),
    Q(np.array([3.0, 4.0]), "s"), Q(np.array([3.0, 4.0]), "GB"), Hardware.Cloud.H100, Hardware.Tiny.ESP32, LLAMA,
    Models.Vision.ResNet50, Models.Language.BERT_Large, Models.Language.DeepSeek_V3, Models.Language.Mamba_2_8B,
    Models.Language.GPT_OSS_20B, Models.Vision.ViT_B16, Models.Diffusion.DiT_XL2, Models.Recommendation.DLRM_DCNv2,
    Infrastructure.Grids.Quebec,
    Infrastructure.Datacenters.Meta_Fleet_2023, Systems.Nodes.DGX_H100, Fleet(node=Systems.Nodes.DGX_H100, nodes=3), Hardware,
    Models.Language, Hardware.Cloud, Efficiency(), VALID["EconomicsModel"]["serving"], VALID["EconomicsModel"]["training"], Fleet,
    MlsysimError,
]  # fmt: skip


def lawful(result):
    """Assert that every number of a result is finite and not negative, or refused on purpose."""
    for name in result.fields:
        try:
            number = result.number(name)
        except (InfeasibleError, MissingFactError):
            continue
        fits = result.feasible
        if np.ndim(number):
            number = np.asarray(number)
            if name not in result.always:
                number = number[np.broadcast_to(fits, number.shape)]
        assert np.all(np.isfinite(number)), (name, number)
        assert np.all(np.asarray(number) >= 0), (name, number)
        if name in ("goodput", "failure_probability", "bubble_fraction", "mfu", "scaling_efficiency"):
            assert np.all(np.asarray(number) <= 1 + 1e-9), (name, number)
    assert repr(result)
    assert result._repr_html_()


def outcome(solver, argument, value):
    """Solve with one argument replaced, and judge what comes of it.

    A refusal names the argument; where it does not go with another one, naming that one with its value will do.
    """
    arguments = {**VALID[solver], argument: value}
    if solver == "ServingModel" and argument in OTHER_PLACES and value is not None:
        arguments["fleet"] = None
    refusal = ""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            result = SOLVER[solver].solve(**arguments)
        except MlsysimError as refused:
            refusal = str(refused)
        else:
            lawful(result)
            return
    named = "|".join([argument, *(f"{a}=" for a in arguments)])
    assert re.search(rf"\b({named})", refusal), f"no argument is named: {refusal}"
    assert len(refusal) > len(argument) + 8


def test_every_argument_has_a_valid_value():
    """A new argument of a solver is covered here, or this fails."""
    for name, solver in SOLVER.items():
        assert set(VALID[name]) == set(inspect.signature(solver.solve).parameters)
        result = solver.solve(**VALID[name])
        assert result.feasible
        lawful(result)


@every_argument
def test_junk_is_refused_by_name_or_solved(solver, argument):
    wrong = []
    for value in JUNK:
        try:
            outcome(solver, argument, value)
        except Exception as error:
            wrong.append(f"{argument}={str(value)[:40]!r} ({type(value).__name__}): {type(error).__name__}: {str(error)[:200]}")
    assert not wrong, "\n" + "\n".join(wrong)


numbers = st.one_of(st.floats(), st.integers(), st.booleans(), st.none())
texts = st.one_of(
    st.text(max_size=20),
    st.builds(lambda n, u: f"{n} {u}", st.floats(), st.sampled_from(["s", "day", "year", "GB", "USD", "USD/kWh", "%/year", "token", ""])),
)
quantities = st.builds(lambda n, u: Q(n, u), st.floats(), st.sampled_from(["s", "year", "GB", "USD/kWh", "1/year", "percent/year", ""]))
arrays = st.lists(st.floats() | st.integers(-10, 10**6), max_size=3).map(np.array)


@every_argument
def test_anything_is_refused_by_name_or_solved(solver, argument):
    @given(st.one_of(numbers, texts, quantities, arrays))
    def check(value):
        outcome(solver, argument, value)

    check()


@pytest.mark.parametrize("solver", SOLVER)
def test_an_unknown_argument_is_a_type_error_of_python(solver):
    with pytest.raises(TypeError, match="nonsense"):
        SOLVER[solver].solve(**VALID[solver], nonsense=1)


@pytest.mark.parametrize("arguments", [{"a": (2, 3), "b": (4,)}])
def test_arrays_that_do_not_fit_together_are_refused_by_name(arguments):
    from mlsysim import ServingModel, SingleNodeModel

    one, other = (np.ones(s) for s in arguments.values())
    with pytest.raises(MlsysimError, match=r"seq_len|batch_size"):
        SingleNodeModel().solve(LLAMA, Hardware.Cloud.H100, batch_size=one, seq_len=other, phase="decode")
    with pytest.raises(MlsysimError, match=r"input_len|batch_size"):
        ServingModel().solve(LLAMA, hardware=Hardware.Cloud.H100, batch_size=one, input_len=other, output_len=8)


@pytest.mark.parametrize("text", ["compute", "memory", "link"])
@pytest.mark.parametrize("value", [0, -1, 1.01, math.nan, math.inf, None, "abc", "", True, [], Q(3, "s"), "3 s"], ids=str)
def test_an_efficiency_is_a_share(text, value):
    with pytest.raises(MlsysimError, match=rf"efficiency\.{text}"):
        Efficiency(**{text: value})
