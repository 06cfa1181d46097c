"""The JavaScript of every equation gives what Python gives."""

import json
import shutil
import subprocess

import pytest
from equation_samples import ALL, IDS, samples

from mlsysim.equation import Equation
from mlsysim.readings.javascript import RESERVED, identifier, javascript, library


def node() -> str:
    found = shutil.which("node")
    if found:
        return found
    from mlsysim.sphinxext.katex import node_executable

    return node_executable()


@pytest.fixture(scope="module")
def answers() -> dict[str, list[float]]:
    cases = {e.name: [list(at.values()) for at in samples(e, 50)] for e in ALL}
    script = library(ALL) + (
        "const cases = JSON.parse(require('fs').readFileSync(0));"
        "const out = {}; for (const k in cases) out[k] = cases[k].map(a => MLS_EQ[k](...a));"
        "console.log(JSON.stringify(out));"
    )
    done = subprocess.run([node(), "-e", script], input=json.dumps(cases), capture_output=True, text=True, check=True)
    return json.loads(done.stdout, parse_int=float)


def transcendental(eq: Equation) -> bool:
    text = javascript(eq)
    return any(word in text for word in ("**", "Math.exp", "Math.log")) or any(transcendental(c) for c in ALL if c.name in eq.calls)


@pytest.mark.parametrize("eq", ALL, ids=IDS)
def test_javascript_equals_python(eq: Equation, answers: dict[str, list[float]]):
    for at, got in zip(samples(eq, 50), answers[eq.name], strict=True):
        wanted = eq.function(**at)
        if transcendental(eq):
            assert got == pytest.approx(wanted, rel=1e-12, abs=1e-300)
        else:
            assert got == wanted


def test_words_of_javascript_are_no_names():
    assert "in" in RESERVED
    assert identifier("in") == "in_"
    assert identifier("work") == "work"
