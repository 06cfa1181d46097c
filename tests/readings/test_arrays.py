"""Arrays give what numbers give, for every equation."""

import numpy as np
import pytest
from equation_samples import ALL, IDS, samples

from mlsysim.equation import Equation
from mlsysim.readings.arrays import ARRAYS


@pytest.mark.parametrize("eq", ALL, ids=IDS)
def test_array_equals_scalar(eq: Equation):
    rows = samples(eq, 100)
    got = getattr(ARRAYS, eq.name)(**{n: np.array([r[n] for r in rows]) for n in eq.arguments})
    np.testing.assert_allclose(np.broadcast_to(got, len(rows)), [eq.function(**r) for r in rows], rtol=1e-12)
