"""Workloads that recommend: counts are the published ones, capacity follows the tables and traffic what is gathered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim import Hardware, InputError, Models, RecommendationWorkload, SingleNodeModel

DLRM = Models.Recommendation.DLRM_DCNv2
H200 = Hardware.Cloud.H200
TINY = {"table_rows": "4-3-2", "embedding_dim": 2, "dense_features": 4, "bottom": "3-2", "top": "4-2-1"}


def tiny(**changes):
    """Return the model that the authors' own sample run prints."""
    return RecommendationWorkload(name="tiny", **{**TINY, **changes})


def test_the_sample_run_of_its_authors():
    """The repository prints it: tables of 4, 3 and 2 rows, layers 4-3-2 and 8-4-2-1, all with biases."""
    model = tiny()
    assert model.table_parameters == (4 + 3 + 2) * 2
    assert model.network_parameters == (4 * 3 + 3) + (3 * 2 + 2) + (8 * 4 + 4) + (4 * 2 + 2) + (2 * 1 + 1)
    assert model.parameters == 90
    macs = 4 * 3 + 3 * 2 + 8 * 4 + 4 * 2 + 2 * 1 + 6 * 2
    assert model.forward_flops().to("flop").magnitude == 2 * macs


def test_pooling_adds_up_what_is_looked_up():
    assert tiny(table_lookups=(3, 1, 1)).forward_flops().to("flop").magnitude - tiny().forward_flops().to("flop").magnitude == 2 * 2


def test_the_benchmark_has_its_published_size():
    """MLPerf's page of the inference benchmark prints 97.31 GB for the stored weights, in units of du (2^30 bytes)."""
    assert DLRM.parameters * 4 / 2**30 == pytest.approx(97.31, rel=1.3e-3)
    assert DLRM.table_parameters == 204_184_588 * 128
    cross = 3 * (2 * 27 * 128 * 512 + 27 * 128)
    bottom = 13 * 512 + 512 + 512 * 256 + 256 + 256 * 128 + 128
    top = 3456 * 1024 + 1024 + 1024 * 1024 + 1024 + 1024 * 512 + 512 + 512 * 256 + 256 + 256 + 1
    assert DLRM.network_parameters == cross + bottom + top


@given(st.integers(1, 10**6))
def test_capacity_is_the_tables_and_traffic_what_is_gathered(batch):
    step = SingleNodeModel().solve(DLRM, H200, batch_size=batch, precision="fp16", efficiency=1)
    assert step.number("memory_footprint") == pytest.approx(2 * DLRM.parameters, rel=1e-12)
    moved = step.number("latency_memory") * H200.memory.bandwidth.to("byte/s").magnitude
    assert moved == pytest.approx(2 * DLRM.network_parameters + batch * 214 * 128 * 2, rel=1e-9)


def test_more_rows_cost_capacity_and_no_time():
    small, large = (tiny(table_rows=(rows, 3, 2)) for rows in (10**6, 10**9))
    one, two = (SingleNodeModel().solve(m, H200, batch_size=512, efficiency=1) for m in (small, large))
    assert one.latency == two.latency
    assert two.memory_footprint > 100 * one.memory_footprint


def test_it_does_not_fit_where_its_tables_do_not():
    step = SingleNodeModel().solve(DLRM, Hardware.Cloud.A100, precision="fp32", efficiency=1)
    assert not step.feasible
    assert "too much" in step.reason


def test_training_is_refused_by_name():
    with pytest.raises(InputError, match="'forward'"):
        SingleNodeModel().solve(DLRM, H200, phase="training", efficiency=1)


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"bottom": "3-4"}, "bottom"),
        ({"table_lookups": "1-1"}, "table_lookups"),
        ({"table_rows": ""}, "whole numbers"),
        ({"table_rows": "4-x"}, "whole numbers"),
        ({"table_rows": (4, 0)}, "whole numbers"),
        ({"table_rows": (4, 1.5)}, "whole numbers"),
        ({"table_rows": None}, "whole numbers"),
        ({"table_rows": (float("nan"),)}, "whole numbers"),
        ({"interaction": "cross"}, "cross_layers"),
        ({"cross_rank": 8}, "cross_rank"),
        ({"interaction": "sum"}, "interaction"),
        ({"embedding_dim": 0}, "embedding_dim"),
    ],
    ids=str,
)
def test_a_geometry_that_cannot_exist_is_refused(changes, names):
    with pytest.raises(InputError, match=names):
        tiny(**changes)
