"""The rows that others measured, and what every family of predictions must hold on them."""

import csv
import math
import statistics

import pytest

from mlsysim import InputError, Profile, calibrate, profile, profiles, quantities, zoo
from mlsysim.accuracy import MODULES, module, rows
from mlsysim.accuracy.__main__ import main
from mlsysim.accuracy.rows import Answer, Row, Unanswered
from mlsysim.accuracy.score import Score, answered, headline, quantile, scores
from mlsysim.errors import UnknownNameError

FILES = sorted((zoo.root() / "measurements").glob("*.csv"))
ROWS = [r for p in FILES for r in rows.read(p)]
SCORED = list(answered(ROWS))
HEADLINE = headline(SCORED)
FAMILIES = profiles.families()


def test_every_row_names_its_source_and_is_named_once():
    assert len(ROWS) > 2700
    assert len({r.text("id") for r in ROWS}) == len(ROWS)
    for row in ROWS:
        assert all(row.text(n) for n in ("id", "metric", "unit", "value_is", "source", "url", "locator")), row


def test_every_row_is_read_by_one_family_at_least():
    listed = {f for n in MODULES for f in module(n).FILES}
    assert listed == {p.name for p in FILES}


@pytest.mark.parametrize("family", FAMILIES)
def test_constants_are_few_and_say_what_they_are(family):
    table = profiles.document()[family]
    assert sum("fixed" not in c for c in table["constants"].values()) <= 8
    for name, constant in table["constants"].items():
        symbol = getattr(quantities, constant["quantity"]).__metadata__[0]
        assert symbol.read(constant["value"] if symbol.bare else f"{constant['value']} {symbol.unit}", name) == constant["value"]
        assert len(constant["says"]) > 20
        assert "fixed" in constant or "start" in constant, name
    for title, group in table.get("groups", {}).items():
        assert group["constants"].keys() <= table["constants"].keys(), title
        assert all(len(c.get("says") or group["says"]) > 20 for c in group["constants"].values()), title


@pytest.mark.parametrize("family", FAMILIES)
def test_intervals_are_wider_for_hardware_that_was_not_seen(family):
    for both in profile(family).intervals.values():
        (low, high), (lower, higher) = both["seen"], both["unseen"]
        assert lower <= low <= high <= higher


@pytest.mark.parametrize("family", FAMILIES)
def test_groups_have_members(family):
    names = zoo.names("Hardware")
    for title, group in profile(family).groups.items():
        assert group.of != "hardware" or any(group.has(n) for n in names), title


def test_nothing_is_predicted_beyond_the_bound():
    assert [s.row for s in SCORED if s.answer is not None and s.answer.beyond] == []


def test_answers_are_numbers_with_an_interval_around_them():
    for one in SCORED:
        if (answer := one.answer) is not None:
            assert math.isfinite(answer.value) and answer.value > 0, one.row
            assert answer.low is None or answer.low <= answer.high
        else:
            assert len(one.why) > 10


@pytest.mark.parametrize("name", ["training", "serving", "vision", "other", "tiny", "collectives", "microbench"])
def test_complete_rows_are_answered(name):
    complete = [s for s in SCORED if s.family == name and s.row.text("complete") == "1" and s.row.text("value_is") == "measured"]
    silent = [s for s in complete if s.answer is None]
    assert len(silent) <= 0.05 * len(complete), {s.why for s in silent}


@pytest.mark.parametrize("family", FAMILIES)
def test_intervals_hold_eight_of_ten(family):
    """Within the binomial band of 95 % around 80 %, for the number of rows; a family too small to tell is let alone."""
    (score,) = scores((s for s in HEADLINE if s.family == family), lambda s: s.family).values()
    band = 1.96 * math.sqrt(0.8 * 0.2 / len(score.inside)) + 1 / len(score.inside)
    assert score.coverage == pytest.approx(0.8, abs=band)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("NVIDIA A100-80GB SXM4", "Hardware.Cloud.A100"),
        ("NVIDIA A100-40GB", "Hardware.Cloud.A100_40GB"),
        ("NVIDIA H100-PCIe-80GB", "Hardware.Cloud.H100_PCIe"),
        ("8x NVIDIA H100-80GB HGX node", "Hardware.Cloud.H100"),
        ("Google TPU v5e", "Hardware.Cloud.TPUv5e"),
        ("AMD Instinct MI300X 192GB", "Hardware.Cloud.MI300X"),
        ("Apple M2 Ultra 76-core GPU", "Hardware.Workstation.M2_Ultra"),
    ],
)
def test_hardware_is_found_by_its_free_text(text, name):
    assert rows.hardware_name(text) == name


@pytest.mark.parametrize("text", ["", "a potato", "mixed", "NVIDIA RTX 4999"])
def test_unknown_hardware_is_refused(text):
    with pytest.raises(Unanswered, match="no hardware"):
        rows.hardware_name(text)


def test_what_the_text_states_overrides_the_entry():
    device = rows.hardware("NVIDIA H100 96GB HBM2e (2.4 TB/s, 500 W cap)")
    assert device.memory.bandwidth.to("TB/s").magnitude == 2.4
    assert device.power.tdp.to("W").magnitude == 500


def test_cells_that_hold_no_number_are_not_stated():
    row = Row({"batch": "text", "tp": "8", "value": "nan", "seq_len": "2,048"})
    assert (row.number("batch"), row.whole("tp"), row.number("value"), row.number("seq_len")) == (None, 8, None, 2048)
    with pytest.raises(Unanswered, match=r"does not state batch, layers"):
        row.need("batch", "tp", "layers")


def test_an_interval_turns_round_for_rates():
    using = Profile("f", {}, {}, {}, {"k": {"seen": (0.8, 1.25), "unseen": (0.5, 2.0)}}, frozenset({"Hardware.Cloud.H100"}))
    time = Answer(10.0, 8.0, "s", "k", False, "Hardware.Cloud.H100").between(using)
    rate = Answer(10.0, 30.0, "1/s", "k", True, "Hardware.Cloud.B200").between(using)
    assert (time.low, time.high) == (8.0, 12.5)
    assert (rate.low, rate.high) == (5.0, 20.0)
    assert not time.beyond and not rate.beyond
    assert Answer(10.0, 12.0, "1/s", "k", True, "Hardware.Cloud.B200").between(using).high == 12.0


def test_scores():
    score = Score(errors=[-0.5, 0.1, 0.2, 1.0])
    assert score.median == pytest.approx(0.35)
    assert score.close == 0.5
    assert score.bias == pytest.approx(statistics.geometric_mean([0.5, 1.1, 1.2, 2.0]))
    assert quantile([1.0, 2.0, 3.0], 0.25) == 1.5


@pytest.mark.parametrize("family", ["training", "serving"])
def test_calibration_predicts_its_own_row(family):
    for one in [s for s in HEADLINE if s.family == family and s.answer][::17]:
        if one.answer.bound < one.measured if one.answer.rate else one.measured < one.answer.bound:
            continue
        using = calibrate(one.row)
        assert using.label == "calibrated"
        assert module(family).predict(one.row, using).value == pytest.approx(one.measured, rel=1e-3)


def test_calibration_refuses_what_physics_forbids():
    one = next(s for s in HEADLINE if s.family == "training" and s.answer and s.answer.rate)
    with pytest.raises(InputError, match="faster than the bound"):
        calibrate(one.row.cells | {"value": one.answer.bound * 2})
    with pytest.raises(InputError, match="no measured value"):
        calibrate(one.row.cells | {"value": ""})


def test_unknown_families_are_named():
    with pytest.raises(UnknownNameError, match="training"):
        profile("trainin")


def test_the_command_answers_a_file(tmp_path, capsys):
    wanted = [s.row for s in HEADLINE if s.answer][::200]
    columns = list(dict.fromkeys(c for r in wanted for c in r.cells if c != "value"))
    asked, told = tmp_path / "rows.csv", tmp_path / "predictions.csv"
    with open(asked, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", restval="")
        writer.writeheader()
        writer.writerows([r.cells for r in wanted] + [{"id": "X", "metric": "taste"}])
    assert main(["predict", str(asked), "-o", str(told)]) == 0
    with told.open(encoding="utf-8", newline="") as file:
        answers = list(csv.DictReader(file))
    assert list(answers[0]) == ["id", "predicted", "low", "high", "bound", "unit", "label", "explanation"]
    assert len(answers) == len(wanted) + 1
    known = {s.row.text("id"): s.answer.value for s in SCORED if s.answer}
    for answer in answers[:-1]:
        assert float(answer["predicted"]) == pytest.approx(known[answer["id"]], rel=1e-4)
    assert answers[-1]["predicted"] == "" and "taste" in answers[-1]["explanation"]
    assert main(["predict", str(tmp_path / "nothing.csv")]) == 2
    assert "nothing.csv" in capsys.readouterr().err


def test_tracking_fails_where_a_family_got_worse(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("mlsysim.accuracy.__main__.measurements", lambda files: [s.row for s in HEADLINE])
    path = tmp_path / "released.json"
    assert main(["track", str(path)]) == 2
    assert main(["track", str(path), "--accept", "first release"]) == 0
    assert main(["track", str(path)]) == 0
    text = path.read_text("utf-8")
    medians = text[text.index('"medians"') :]
    first = medians.split("\n")[1]
    path.write_text(text.replace(first, first.partition(":")[0] + ": 1e-06,"), "utf-8")
    capsys.readouterr()
    assert main(["track", str(path)]) == 1
    assert "WORSE" in capsys.readouterr().out
