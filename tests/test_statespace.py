"""Workloads of state-space models: counts are the published ones, and the state does not grow with the context."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim import Hardware, InputError, Models, ServingModel, SingleNodeModel, StateSpaceWorkload

MAMBA = Models.Language.Mamba_2_8B
H100 = Hardware.Cloud.H100
FIRST = {"layers": 2, "hidden": 64, "inner": 128, "state": 16, "step_rank": 4, "vocab": 1000}
SECOND = {"layers": 2, "hidden": 64, "inner": 128, "state": 32, "heads": 4, "vocab": 1000}


@pytest.mark.parametrize(
    ("layers", "hidden", "printed"), [(24, 768, 130e6), (48, 1024, 370e6), (48, 1536, 790e6), (48, 2048, 1.4e9), (64, 2560, 2.8e9)]
)
def test_parameters_are_those_that_the_authors_print(layers, hidden, printed):
    sizes = {"layers": layers, "hidden": hidden, "vocab": 50280}
    first = StateSpaceWorkload(name="m", **sizes, inner=2 * hidden, state=16, step_rank=hidden // 16)
    second = StateSpaceWorkload(name="m", **sizes, inner=2 * hidden, state=128, heads=2 * hidden // 64)
    assert first.parameters == pytest.approx(printed, rel=0.025)
    assert second.parameters == pytest.approx(printed, rel=0.05)


def test_tiny_ones_by_hand():
    first, second = StateSpaceWorkload(name="one", **FIRST), StateSpaceWorkload(name="two", **SECOND)
    block = 64 * 256 + 128 * 4 + 128 + 128 * 36 + 4 * 128 + 128 + 128 * 16 + 128 + 128 * 64 + 64
    assert first.parameters == 2 * block + 64 + 64000
    block = 64 * (256 + 64 + 4) + 192 * 4 + 192 + 3 * 4 + 128 + 128 * 64 + 64
    assert second.parameters == 2 * block + 64 + 64000
    macs = 2 * (64 * 256 + 128 * 4 + 128 * 36 + 4 * 128 + 128 * 64) + 64000
    assert first.forward_flops(10).to("flop").magnitude == 10 * (2 * macs + 2 * 9 * 128 * 16)


def test_a_configuration_is_read():
    config = {"num_hidden_layers": 64, "hidden_size": 2560, "state_size": 16, "vocab_size": 50280, "time_step_rank": 160}
    assert StateSpaceWorkload.from_config({"architectures": ["MambaForCausalLM"], **config}).parameters == MAMBA.parameters
    automatic = {"architectures": ["MambaForCausalLM"], **config, "time_step_rank": "auto"}
    assert StateSpaceWorkload.from_config(automatic).parameters == MAMBA.parameters
    second = {"architectures": ["Mamba2ForCausalLM"], **config, "state_size": 128, "num_heads": 80, "head_dim": 64, "n_groups": 8}
    assert StateSpaceWorkload.from_config(second).groups == 8
    with pytest.raises(InputError, match="num_heads"):
        StateSpaceWorkload.from_config(second | {"num_heads": 128})
    with pytest.raises(InputError, match="use_bias"):
        StateSpaceWorkload.from_config(second | {"use_bias": True})
    with pytest.raises(InputError, match="hidden_size"):
        StateSpaceWorkload.from_config({"architectures": ["MambaForCausalLM"], "num_hidden_layers": 2})
    with pytest.raises(InputError, match="not modelled"):
        StateSpaceWorkload.from_config({"architectures": ["JambaForCausalLM"]})


@given(st.integers(1, 256), st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_token_costs_the_same_after_any_context(batch, context, other):
    one, two = (SingleNodeModel().solve(MAMBA, H100, batch_size=batch, seq_len=s, phase="decode", efficiency=1) for s in (context, other))
    assert one.to_dict() == two.to_dict()
    weights = 2 * MAMBA.parameters
    assert one.number("memory_footprint") == pytest.approx(weights + MAMBA.state_bytes(batch).to("byte").magnitude, rel=1e-12)


def test_a_long_context_makes_it_smaller_than_a_transformer():
    """Qwen3 8B has 147456 bytes of cache a token; at 100000 tokens that is far more than a state."""
    assert MAMBA.state_bytes().to("byte").magnitude == 64 * (5120 * 16 + 5120 * 4) * 2
    cache = SingleNodeModel().solve(Models.Language.Qwen3_8B, H100, seq_len=100000, phase="decode", efficiency=1)
    assert cache.number("memory_footprint") - 2 * Models.Language.Qwen3_8B.parameters > 100 * MAMBA.state_bytes().to("byte").magnitude


@given(st.integers(1, 64), st.integers(1, 8192))
def test_prefill_grows_with_the_sequence_in_proportion(batch, tokens):
    one, two = (
        SingleNodeModel().solve(MAMBA, H100, batch_size=batch, seq_len=s, phase="forward", efficiency=1) for s in (tokens, 2 * tokens)
    )
    assert two.number("latency_compute") == pytest.approx(2 * one.number("latency_compute"), rel=1e-12)
    short = SingleNodeModel().solve(MAMBA, H100, batch_size=batch, seq_len=tokens, phase="prefill", efficiency=1)
    assert short.number("latency_compute") <= one.number("latency_compute")


def test_what_is_not_modelled_is_refused_by_name():
    with pytest.raises(InputError, match="'forward', 'prefill', 'decode'"):
        SingleNodeModel().solve(MAMBA, H100, seq_len=8, phase="training", efficiency=1)
    with pytest.raises(InputError, match="seq_len"):
        SingleNodeModel().solve(MAMBA, H100, efficiency=1)
    with pytest.raises(InputError, match="model"):
        ServingModel().solve(MAMBA, hardware=H100, input_len=8, output_len=8, efficiency=1)


@pytest.mark.parametrize(
    ("changes", "names"),
    [({"heads": 4}, "step_rank"), ({"step_rank": None}, "step_rank"), ({"groups": 2}, "groups"), ({"state": 0}, "state")],
    ids=str,
)
def test_a_geometry_that_cannot_exist_is_refused(changes, names):
    with pytest.raises(InputError, match=names):
        StateSpaceWorkload(name="odd", **{**FIRST, **changes})
    with pytest.raises(InputError, match="multiple"):
        StateSpaceWorkload(name="odd", **{**SECOND, "heads": 5})
