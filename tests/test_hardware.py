"""Hardware: precisions, links, and what a device lends a solver."""

import pytest

from mlsysim import Hardware, HardwareNode, InputError, MissingFactError, MlsysimError, Models, ServingModel
from mlsysim.hardware import ELEMENT_SIZE, PeakRates


def test_every_peak_has_an_element_size():
    assert set(PeakRates.model_fields) == set(ELEMENT_SIZE)


@pytest.mark.parametrize("device", list(Hardware), ids=lambda d: d.zoo_name)
def test_an_absent_precision_lists_what_there_is(device):
    has = device.compute.peak.precisions
    assert has
    for precision in ELEMENT_SIZE:
        if precision in has:
            assert device.supply(precision).peak > 0
        else:
            with pytest.raises(InputError) as refused:
                device.supply(precision)
            assert all(h in str(refused.value) for h in has)
            assert precision in str(refused.value)


@pytest.mark.parametrize("precision", ["fp15", "FP16", "", None, 16, [], {}, object()], ids=lambda v: repr(v).partition(" at 0x")[0][:24])
def test_an_unknown_precision_is_refused(precision):
    with pytest.raises(InputError, match="precision"):
        Hardware.Cloud.H100.supply(precision)


def test_a_bidirectional_figure_is_halved():
    link = Hardware.Cloud.H100.link
    assert link.direction == "bidirectional"
    assert link.directions == 2.0
    assert Hardware.Cloud.H100.supply("fp16").directions == 2.0


def test_without_a_link_there_is_no_tensor_parallelism():
    chip = HardwareNode(name="chip", compute={"peak": {"fp16": "1 PFLOP/s"}}, memory={"capacity": "80 GB", "bandwidth": "3 TB/s"})
    with pytest.raises(MissingFactError, match="link"):
        ServingModel().solve(Models.Language.Llama3_8B, hardware=chip, input_len=8, output_len=8, tp_size=2)
    assert ServingModel().solve(Models.Language.Llama3_8B, hardware=chip, input_len=8, output_len=8).feasible


@pytest.mark.parametrize("direction", ["both", "", None, 2])
def test_a_direction_is_one_of_two(direction):
    with pytest.raises(MlsysimError, match="direction"):
        HardwareNode(
            name="chip",
            compute={"peak": {"fp16": "1 PFLOP/s"}},
            memory={"capacity": "80 GB", "bandwidth": "3 TB/s"},
            link={"bandwidth": "900 GB/s", "direction": direction},
        )
