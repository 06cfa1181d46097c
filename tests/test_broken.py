"""A break of an equation fells the claims that rest on it, and no others."""

import subprocess
import sys
from pathlib import Path

import broken
import pytest

ROOT = Path(__file__).parent.parent
EXAMPLE = """
import matplotlib.pyplot as plt
import numpy as np

from mlsysim import Hardware, plot
from mlsysim.equations.roofline import ridge_point
from mlsysim.readings.arrays import ARRAYS
from mlsysim.readings.inverse import solve_for

plt.show()
peak = solve_for("ridge_point", "peak", 110.0, bandwidth=1.0)
assert ridge_point(500.0, 5.0) == 100 and 90 < ridge_point(500.0, 5.0) < 120 and np.isclose(peak, 110), "why"
assert all(x == 100 for x in ARRAYS.ridge_point(np.array([500.0]), 5.0))
assert Hardware.Cloud.H100.name
"""
OTHER = """
import matplotlib.pyplot as plt

from mlsysim.equations.roofline import memory_time

fig, ax = plt.subplots()
assert memory_time(10.0, 5.0) == 2
"""
NOTEBOOK = """---
kernel: python
---
```{code-cell} ipython3
:tags: [hide-cell]

a = 1
```

```python
no
```

```{code-cell} ipython3
b = 2
```
"""


@pytest.fixture
def examples(tmp_path):
    (tmp_path / "plot_ridge.py").write_text(EXAMPLE)
    (tmp_path / "plot_other.py").write_text(OTHER)
    return [str(tmp_path / "plot_ridge.py"), str(tmp_path / "plot_other.py")]


def say(*arguments):
    done = subprocess.run([sys.executable, ROOT / "tests" / "broken.py", *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_what_rests_on_it_falls(examples):
    code, said = say("ridge_point", "1.1", *examples)
    became = [line.split()[0] for line in said.splitlines() if line.startswith("  ")]
    assert became == ["fell", "stood", "fell", "fell", "untouched"] and code == 0
    assert "ridge_point is used by 1: 1 fell" in said and "not used by 1: " in said and said.rstrip().endswith("/other")


def test_cells_stand_where_they_stood():
    code = broken.cells(NOTEBOOK).splitlines()
    assert [(n, line) for n, line in enumerate(code, 1) if line] == [(7, "a = 1"), (15, "b = 2")]


def test_all_examples_are_found():
    found = broken.every_example()
    assert len(found) > 70 and all(p.exists() for p in found) and {p.parent.name for p in found} > {"tutorials", "serving"}
