"""Importing: nothing heavy is loaded, no file of the zoo is read, and every public name is there."""

import subprocess
import sys

import pytest

import mlsysim

WATCH = """
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
import mlsysim
"""


def run(code):
    """Run a program in a fresh interpreter and return what it prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-800:]
    return done.stdout.strip()


def test_import_reads_no_zoo_file_and_loads_nothing_heavy():
    assert run(WATCH + "print([p for p in opened if p.endswith(('.toml', '.bib'))])") == "[]"
    assert run(WATCH + "print([m for m in ('numpy', 'pint', 'pydantic', 'matplotlib', 'sphinx', 'sympy') if m in sys.modules])") == "[]"


def test_touching_one_entry_reads_one_file():
    code = WATCH + "mlsysim.Hardware.Cloud.H100; print([p.rsplit('/', 1)[-1] for p in opened if p.endswith('.toml')])"
    assert run(code) == "['H100.toml']"


def test_the_core_needs_no_numpy():
    code = """
import sys
sys.modules["numpy"] = None
from mlsysim import Hardware, Models, SingleNodeModel
step = SingleNodeModel().solve(Models.Language.Llama3_8B, Hardware.Cloud.H100, batch_size=64, seq_len=2048, phase="decode", efficiency=1)
step.why("latency"), step.elasticities("latency"), repr(step)
print(step.latency.to("ms").magnitude)
"""
    assert float(run(code)) == pytest.approx(9.61, rel=1e-3)


@pytest.mark.parametrize("name", mlsysim.__all__)
def test_every_public_name_is_there(name):
    assert getattr(mlsysim, name) is not None
    assert name in dir(mlsysim)


def test_a_misspelt_name_answers_with_the_nearest():
    with pytest.raises(mlsysim.UnknownNameError, match="SingleNodeModel"):
        _ = mlsysim.SingelNodeModel
    assert not hasattr(mlsysim, "nothing_like_this")


def test_every_error_is_one_of_ours():
    from mlsysim import errors

    kinds = [e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, Exception)]
    assert len(kinds) > 5
    assert all(issubclass(e, mlsysim.MlsysimError) for e in kinds)
