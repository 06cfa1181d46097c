"""The command line: it says what the library says, refuses what the library refuses, and loads no more than it needs."""

import json
import os
import shlex
import subprocess
import sys

import click.shell_completion
import pytest
from click.testing import CliRunner

import mlsysim
from mlsysim import (
    CollectiveModel,
    DistributedModel,
    EconomicsModel,
    Efficiency,
    Fleet,
    Hardware,
    Infrastructure,
    LoadModel,
    Models,
    ReliabilityModel,
    ServingModel,
    SingleNodeModel,
    SustainabilityModel,
    Systems,
    profile,
    zoo,
)
from mlsysim.cli import EXIT_CODES, main
from mlsysim.cli.asked import solvers
from mlsysim.docstrings import arguments

LLAMA, H100, NODE = Models.Language.Llama3_8B, Hardware.Cloud.H100, Systems.Nodes.DGX_H100
SERVING = "solve serving --model Llama3_8B --node DGX_H100 --batch-size 16 --input-len 1024 --output-len 256"
TRAINING = (
    "solve distributed --model Llama3_70B --fleet Research_256 --batch-size 256 --seq-len 8192 --tp-size 8 --pp-size 8 --zero-stage 1 "
    "--recompute selective"
)
PLACE = "datacenter=Meta_Fleet_2023,grid=US_Average"
FLEET = Fleet(node=NODE, nodes=32, datacenter=Infrastructure.Datacenters.Meta_Fleet_2023, grid=Infrastructure.Grids.US_Average)


def run(line, given="", code=0):
    """Return what a command prints; it must end with a code."""
    result = CliRunner().invoke(main, shlex.split(line), input=given, prog_name="mlsysim")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    return result.output


def said(line, given=""):
    """Return what a command answers, as data."""
    return json.loads(run(f"{line} --format json", given))


def served():
    return ServingModel().solve(LLAMA, node=NODE, batch_size=16, input_len=1024, output_len=256)


def trained():
    fleet = Systems.Clusters.Research_256
    return DistributedModel().solve(Models.Language.Llama3_70B, fleet, 256, 8192, tp_size=8, pp_size=8, zero_stage=1, recompute="selective")


def place():
    return Systems.Clusters.Research_256.replace(datacenter=FLEET.datacenter, grid=FLEET.grid)


QUESTIONS = {
    "solve single-node --model 'llama 3 8b' --hardware 'NVIDIA H100' --batch-size 64 --seq-len 2048 --phase decode": lambda: (
        SingleNodeModel().solve(LLAMA, H100, batch_size=64, seq_len=2048, phase="decode")
    ),
    "solve single_node --model ResNet50 --hardware A100 --batch_size 8 --efficiency memory=0.8,compute=0.6": lambda: (
        SingleNodeModel().solve(
            Models.Vision.ResNet50, Hardware.Cloud.A100, batch_size=8, efficiency=Efficiency(memory=0.8, compute=0.6)
        )
    ),
    "solve single-node --model Llama3_8B --hardware 'H100,memory.bandwidth=4 TB/s' --seq-len 512 --efficiency 1": lambda: (
        SingleNodeModel().solve(LLAMA, H100.replace(memory__bandwidth="4 TB/s"), seq_len=512, efficiency=1)
    ),
    f"{TRAINING} --sequence-parallel --overlap stage": lambda: DistributedModel().solve(
        Models.Language.Llama3_70B, Systems.Clusters.Research_256, 256, 8192, tp_size=8, pp_size=8, zero_stage=1, recompute="selective",
        sequence_parallel=True, overlap=("stage",),
    ),
    SERVING: served,
    f"{SERVING} --draft Llama3_2_1B --draft-tokens 4 --acceptance-rate 0.7": lambda: ServingModel().solve(
        LLAMA, node=NODE, batch_size=16, input_len=1024, output_len=256, draft=Models.Language.Llama3_2_1B, draft_tokens=4,
        acceptance_rate=0.7,
    ),
    "solve collective --operation all-reduce --message-size '1 GB' --node DGX_H100": lambda: (
        CollectiveModel().solve("all-reduce", "1 GB", node=NODE)
    ),
    "solve collective --operation all-to-all --message-size '1 GB' --efficiency collectives "
    "--fleet node=DGX_H100,nodes=16,fabric=InfiniBand_NDR": lambda: CollectiveModel().solve(
        "all-to-all", "1 GB", fleet=Fleet(node=NODE, nodes=16, fabric=Systems.Fabrics.InfiniBand_NDR), efficiency=profile("collectives")
    ),
    f"solve sustainability --fleet node=DGX_H100,nodes=32,{PLACE} --duration '30 days' --utilization 0.5": lambda: (
        SustainabilityModel().solve(FLEET, "30 days", utilization=0.5)
    ),
    "solve reliability --fleet Clusters.Llama3_405B --job-duration '54 days' --checkpoint-time '60 s'": lambda: (
        ReliabilityModel().solve(Systems.Clusters.Llama3_405B, "54 days", checkpoint_time="60 s")
    ),
    f"solve economics --fleet Research_256,{PLACE} --duration '1 year' --rental Infrastructure.Prices.H100_Cloud_OnDemand "
    "--lifetime Infrastructure.Prices.Server_Lifetime.assumption.lifetime --maintenance-rate '2 %/year'": lambda: EconomicsModel().solve(
        place(), "1 year", rental=Infrastructure.Prices.H100_Cloud_OnDemand,
        lifetime=Infrastructure.Prices.Server_Lifetime.assumption.lifetime, maintenance_rate="2 %/year",
    ),
}  # fmt: skip


def same(data, result):
    """Whether data holds exactly what a result does."""
    numbers = {n: result.number(n) for n in result.fields if result.has(n)}
    assert {n: v["value"] for n, v in data["numbers"].items()} == numbers
    assert data["words"] == result.words
    assert (data["label"], data["feasible"]) == (result.label, result.feasible)
    assert set(data["missing"]) == {n for n in result.fields if not result.has(n)}
    for name, value in data["numbers"].items():
        assert value["unit"] == result.fields[name].unit
        if "low" in value:
            ends = [end.to(value["unit"] or "1").magnitude for end in result.interval(name)]
            assert [value["low"], value["high"]] == pytest.approx(ends)
    return True


@pytest.mark.parametrize(("line", "library"), QUESTIONS.items(), ids=[q[:60] for q in QUESTIONS])
def test_the_command_line_answers_as_the_library_does(line, library):
    assert same(said(line), library())


def test_a_result_goes_through_a_pipe_into_the_next_solver():
    load = said("solve load --serving - --arrival-rate '2 request/s'", run(f"{SERVING} --format json"))
    assert same(load, LoadModel().solve(served(), "2 request/s"))


def test_results_are_read_from_files_and_an_answer_holds_all_that_it_came_from(tmp_path):
    training = tmp_path / "training.json"
    training.write_text(run(f"{TRAINING} --format json"))
    fleet = f"--fleet Research_256,{PLACE}"
    work = said(f"solve sustainability {fleet} --duration '1 day' --work {training}")
    assert same(work, SustainabilityModel().solve(place(), "1 day", work=trained()))
    assert work["arguments"]["work"] == {n: json.loads(training.read_text())[n] for n in ("solver", "arguments")}
    risk = said(f"solve reliability --fleet Research_256 --job-duration '9 days' --training {training} --checkpoint-time '60 s'")
    fleet = Systems.Clusters.Research_256
    assert same(risk, ReliabilityModel().solve(fleet, "9 days", training=trained(), checkpoint_time="60 s"))


def test_every_solver_is_asked_here():
    asked = {line.split()[1].replace("_", "-") for line in [*QUESTIONS, "solve load"]}
    assert asked == set(solvers())
    assert len(solvers()) == len(mlsysim.solvers.SOLVERS)


@pytest.mark.parametrize("name", solvers())
def test_options_are_the_arguments_of_the_solver(name):
    words = run(f"solve {name} --help", code=0)
    for argument in arguments(solvers()[name].solve):
        assert f"--{argument.name.replace('_', '-')}" in words
        assert argument.meaning.split()[0] in words
    assert "FIELD" in run(f"why {name} --help")


def test_a_number_is_derived():
    why = served().why("itl")
    line = SERVING.replace("solve serving", "why serving itl")
    assert run(line).strip() == repr(why)
    data = said(line)
    assert data["value"] == why.value
    assert [s["equation"] for s in data["steps"]] == [s.equation.name for s in why.steps]
    assert [(leaf["name"], leaf.get("source")) for leaf in data["from"]] == [
        (n, v.how.fact.source if v.how.fact else None) for n, v in why.leaves.items()
    ]
    table = run(f"{line} --format markdown")
    assert all(f"| {name} |" in table for name in [*why.leaves, *why.equations])


def test_the_zoo_is_listed_by_kind_or_group_and_filtered():
    assert [r["name"] for r in said("zoo hardware")] == list(zoo.names("Hardware"))
    assert [r["name"] for r in said("zoo grids")] == list(zoo.names("Infrastructure.Grids"))
    groups = {r["group"]: r["entries"] for r in said("zoo")}
    assert groups["Models"] == len(zoo.names("Models")) and groups["Systems.Nodes"] == len(zoo.names("Systems.Nodes"))
    found = said("zoo --find 'h100 nvl' --columns title,memory.capacity,aliases")
    assert {"Hardware.Cloud.H100_NVL"} <= {r["name"] for r in found} < set(zoo.names())
    row = next(r for r in found if r["name"] == "Hardware.Cloud.H100_NVL")
    assert row["memory.capacity"] == Hardware.Cloud.H100_NVL.fact("memory.capacity").value
    assert row["title"] == Hardware.Cloud.H100_NVL.name
    assert "Hardware.Cloud.H100_NVL" in run("zoo hardware.cloud")
    assert run("zoo hardware --find nvl --format markdown").startswith("| name | title |\n| --- | --- |\n")


@pytest.mark.parametrize("name", ["Hardware.Cloud.H100", "Systems.Clusters.Research_256", "Infrastructure.Prices.H100_Cloud_OnDemand"])
def test_an_entry_is_shown_with_its_facts(name):
    entry, data = zoo.load(name), said(f"show {name}")
    keys = ("value", "kind", "source", "where", "read")
    shown = {f["fact"]: (*(f[k] for k in keys), f.get("year"), f.get("note", "")) for f in data["facts"]}
    facts = {p: (f.value, f.kind, f.source, f.where, str(f.read), f.year, f.note) for p, f in entry.facts.items()}
    assert shown == facts
    assert data["refers_to"] == sorted(zoo.references.get(name, ()))
    text = run(f"show {name}")
    assert all(f.source in text and f.where in text and str(f.value) in text for f in entry.facts.values())


@pytest.mark.parametrize(
    "word", ["H100", "h100", "cloud.h100", "Hardware.Cloud.H100", "H100 SXM5", "nvidia-h100", "NVIDIA H100 SXM5 80 GB"]
)
def test_short_names_and_aliases_are_understood(word):
    assert zoo.resolve(word) == "Hardware.Cloud.H100"


@pytest.mark.parametrize("name", zoo.names())
def test_every_entry_is_found_by_its_name(name):
    assert zoo.resolve(name) == name


REFUSED = {
    "show H10O": "did you mean 'H100'",
    "show A16": "Hardware.Cloud.A16 or Hardware.Mobile.A16",
    "show ''": "nothing of that name",
    "zoo hardwar": "did you mean 'hardware'",
    "zoo tiny": "Hardware.Tiny or Models.Tiny",
    "zoo hardware --columns memory.capcity": "did you mean 'memory.capacity'",
    "solve srving": "did you mean 'serving'",
    "slove": "Did you mean 'solve'",
    "solve serving": "Missing option '--model'",
    "solve serving --model Llama3_8B --hardware H100 --input-len 9": "Missing option '--output-len'",
    "solve serving --model Llama3_8B --hardware H10O --input-len 9 --output-len 9": "hardware='H10O'",
    "solve serving --model ResNet50 --hardware H100 --input-len 9 --output-len 9": "give a TransformerWorkload",
    "solve serving --model Llama3_8B --input-len 9 --output-len 9": "exactly one of hardware, node and fleet",
    "solve serving --model Llama3_8B --hardware H100 --input-len ten --output-len 9": "input_len='ten'",
    "solve serving --model Llama3_8B --hardware H100 --input-len -1 --output-len 9": "input_len=-1 is out of range",
    "solve serving --model Llama3_8B --hardware H100 --input-len 1.5 --output-len 9": "input_len=1.5 is no whole number",
    "solve serving --model Llama3_8B --hardware H100 --input-len 9 --output-len 9 --efficiency memry=1": "did you mean 'memory'",
    "solve serving --model Llama3_8B --hardware H100,memory.bandwith=4 --input-len 9 --output-len 9": "did you mean 'bandwidth'",
    "solve serving --model Llama3_8B --hardware H100,memory.bandwidth=4 --input-len 9 --output-len 9": "'4 GB/s'",
    "solve serving --model Llama3_8B --fleet nodes=3 --input-len 9 --output-len 9": "Fleet needs 'node'",
    "solve serving --model Llama3_8B --fleet nod=H100,nodes=3 --input-len 9 --output-len 9": "did you mean 'node'",
    "why serving ilt --model Llama3_8B --hardware H100 --input-len 9 --output-len 9": "did you mean 'itl'",
    "solve load --serving /nowhere.json": "No such file",
    "solve collective --operation all-reduce --message-size 5 --node DGX_H100": "message_size=5 has no unit",
    "zoo hardware --format yaml": "'yaml' is not one of",
}


@pytest.mark.parametrize(("line", "sentence"), REFUSED.items(), ids=list(REFUSED))
def test_what_is_wrong_is_refused_in_a_sentence(line, sentence):
    words = run(line, code=2)
    assert sentence in words and "Traceback" not in words


NO_ANSWER = {
    "solve serving --model Llama3_70B --hardware H100 --input-len 9 --output-len 9": "GB too much",
    "why serving itl --model Llama3_70B --hardware H100 --input-len 9 --output-len 9": "GB too much",
    "solve sustainability --fleet Research_256 --duration '1 day'": "pue",
    "zoo hardware --find nothing_is_called_so": "nothing in hardware",
}


@pytest.mark.parametrize(("line", "sentence"), NO_ANSWER.items(), ids=list(NO_ANSWER))
def test_what_has_no_answer_ends_with_one(line, sentence):
    assert sentence in run(line, code=1)


def test_what_does_not_fit_still_says_how_much_it_needs():
    line = "solve serving --model Llama3_70B --hardware H100 --input-len 9 --output-len 9"
    data = json.loads(run(f"{line} --format json", code=1))
    result = ServingModel().solve(Models.Language.Llama3_70B, H100, input_len=9, output_len=9)
    assert data["feasible"] is False and data["reason"] == result.reason
    assert set(data["numbers"]) == result.always and not data["words"] and not data["missing"]


BROKEN = ["", "[]", "{}", '{"solver": "serving"}', '{"solver": "serving", "arguments": 3}', '{"solver": ["serving"], "arguments": {}}']
BROKEN += ['{"solver": "serving", "arguments": {}}', '{"solver": "serving", "arguments": {"modle": "Llama3_8B"}}', "\\x00"]
BROKEN += ['{"solver": "load", "arguments": {"serving": 5}}', '{"solver": "collective", "arguments": {"operation": 1, "message_size": []}}']


@pytest.mark.parametrize("text", BROKEN)
def test_a_file_that_is_no_answer_is_refused(text):
    words = run("solve load --serving -", given=text, code=2)
    assert words.startswith("Error: ")


def test_errors_go_to_the_error_stream():
    result = CliRunner().invoke(main, ["show", "H10O"])
    assert result.stdout == "" and result.stderr.startswith("Error: name='H10O'")


def test_version_and_exit_codes_are_told():
    assert mlsysim.__version__ in run("--version")
    words = run("--help")
    assert all(f"{code}  {says}" in words for code, says in EXIT_CODES.items())


def fresh(*words, **environment):
    """Return what the command says in a new interpreter, with its code."""
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, check=False, env={**os.environ, **environment}, encoding="utf-8"
    )
    return done.stdout, done.returncode


def test_the_package_runs_as_a_module():
    assert fresh("-m", "mlsysim", "show", "H100")[0].strip() == run("show H100").strip()
    assert fresh("-m", "mlsysim", "show", "H10O")[1] == 2


def test_a_stream_that_cannot_write_every_letter_is_no_obstacle():
    out, code = fresh("-m", "mlsysim", "show", "Quebec", PYTHONIOENCODING="ascii")
    assert "Hydro-Quebec" in out and code == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_is_made(shell):
    script = click.shell_completion.get_completion_class(shell)(main, {}, "mlsysim", "_MLSYSIM_COMPLETE").source_template
    assert "%(complete_var)s" in script
    if shell != "bash":
        assert "_MLSYSIM_COMPLETE" in fresh("-m", "mlsysim", _MLSYSIM_COMPLETE=f"{shell}_source")[0]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("show H100_P", "H100_PCIe"),
        ("solve serving --model Llama3_8", "Llama3_8B"),
        ("solve serving --node DGX_H1", "DGX_H100"),
        ("why serving it", "itl"),
        ("why serv", "serving"),
        ("solve reliability --job", "--job-duration"),
        ("zoo hardware.cl", "hardware.cloud"),
    ],
)
def test_words_are_completed(words, found):
    *before, last = words.split()
    complete = click.shell_completion.ShellComplete(main, {}, "mlsysim", "_MLSYSIM_COMPLETE")
    assert found in [item.value for item in complete.get_completions(before, last)]


@pytest.mark.parametrize("line", ["--help", "zoo", "zoo hardware --columns memory.capacity", "show H100", "show 'NVIDIA H100'"])
def test_help_and_lists_load_nothing_heavy(line):
    code = f"""
import shlex, sys
from mlsysim.cli import main
main(shlex.split({line!r}), standalone_mode=False)
print([m for m in ("numpy", "pint", "pydantic", "mlsysim.solvers") if m in sys.modules])
"""
    assert fresh("-c", code)[0].splitlines()[-1] == "[]"
