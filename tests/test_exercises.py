"""Exercise sheets: the same seed draws the same sheet, each question can be answered from what it gives, and answers stand apart."""

import math

import pytest
from click.testing import CliRunner

from mlsysim import InputError, UnknownNameError
from mlsysim.cli import main
from mlsysim.exercises import TEMPLATES, TRIES, _good, answers, draw, sheet, topics

SHEET = draw(seed=7)


def test_a_sheet_has_one_exercise_of_each_template_over_all_topics():
    assert [e.topic for e in SHEET] == [t for t, _ in TEMPLATES]
    assert len(topics()) >= 8


def test_a_seed_draws_the_same_sheet_and_another_draws_another():
    assert sheet(SHEET) == sheet(draw(seed=7))
    assert sheet(SHEET) != sheet(draw(seed=8))


@pytest.mark.parametrize("exercise", SHEET, ids=lambda e: e.question[:40])
def test_a_question_gives_all_that_its_answer_needs(exercise):
    """What is left out of the given is said at the head of the sheet, and is one or nothing."""
    leaves = exercise.why.leaves
    left_out = [float(v) for n, v in leaves.items() if not any(line.startswith(f"{n} = ") for line in exercise.given)]
    assert exercise.given
    assert set(left_out) <= {0.0, 1.0}
    assert exercise.why.steps[-1].value == exercise.why.value


def test_dalys_interval_is_the_series_of_the_given_numbers():
    risk = next(e for e in SHEET if e.topic == "reliability")
    saving = float(risk.why.leaves["checkpoint_time"])
    fails = {s.name: s.value for s in risk.why.steps} | {n.rpartition(".")[2]: float(v) for n, v in risk.why.leaves.items()}
    mtbf = fails.get("series_mtbf", fails.get("mtbf"))
    x = saving / (2 * mtbf)
    assert risk.why.value == pytest.approx(math.sqrt(2 * saving * mtbf) * (1 + math.sqrt(x) / 3 + x / 9) - saving)


def test_the_ridge_is_peak_over_bandwidth():
    ridge = SHEET[0]
    peak, bandwidth = (float(leaf) for leaf in ridge.why.leaves.values())
    assert ridge.why.value == pytest.approx(peak / bandwidth)


def test_a_years_energy_gives_its_carbon():
    carbon = next(e for e in SHEET if e.topic == "sustainability")
    assert carbon.why.equations[-1] == "operational_carbon"
    assert any("carbon_intensity" in line for line in carbon.given)
    assert any("pue" in line for line in carbon.given)


def test_a_sheet_tells_no_answers_and_the_answers_number_the_same():
    questions, solved = sheet(SHEET), answers(SHEET)
    heads = [line for line in questions.splitlines() if line.startswith("## ")]
    assert heads == [line for line in solved.splitlines() if line.startswith("## ")]
    assert all(f"**{e.answer}.**" in solved and "[1]" not in questions for e in SHEET)


def test_a_count_goes_round_the_templates_without_a_question_twice():
    drawn = draw(seed=1, topic="roofline", count=9)
    assert len({e.question for e in drawn}) == 9
    assert {e.topic for e in drawn} == {"roofline"}


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(UnknownNameError, match="roofline"):
        draw(seed=1, topic="rooflne")
    with pytest.raises(InputError, match="one or more"):
        draw(seed=1, count=0)
    with pytest.raises(InputError, match="ask for fewer"):
        _good(lambda rng: None, None, set())
    assert TRIES > 0


def test_the_command_prints_the_sheet_and_its_answers():
    asked = ["exercises", "--seed", "7", "--topic", "economics"]
    drawn = draw(7, "economics")
    assert CliRunner().invoke(main, asked).output == sheet(drawn)
    assert CliRunner().invoke(main, [*asked, "--answers"]).output == answers(drawn)
    wrong = CliRunner().invoke(main, ["exercises", "--topic", "x"])
    assert wrong.exit_code == 2 and "topics are roofline" in wrong.output
