"""Places of labels are as near to their peaks as they can be."""

import numpy as np
import pytest
from scipy.optimize import minimize

from hyperspy_multimodal.plot.line_labels import side_by_side


@pytest.mark.parametrize("seed", range(5))
def test_no_other_places_are_nearer(seed):
    wanted = np.sort(np.random.default_rng(seed).uniform(0, 60, 7))
    found = side_by_side(wanted, 10.0, 5.0, 75.0)
    assert np.diff(found).min() > 10 - 1e-9
    assert found[0] >= 5 and found[-1] <= 75
    gaps = {"type": "ineq", "fun": lambda x: np.diff(x) - 10}
    start = 5 + 10 * np.arange(7.0)
    best = minimize(
        lambda x: np.sum((x - wanted) ** 2), start, constraints=gaps, bounds=[(5, 75)] * 7
    )
    np.testing.assert_allclose(found, best.x, atol=1e-3)


def test_places_that_are_free_stay():
    wanted = np.array([3.0, 20.0, 31.0])
    np.testing.assert_allclose(side_by_side(wanted, 10.0, 0.0, 100.0), wanted)
    assert side_by_side(np.array([]), 10.0, 0.0, 100.0).size == 0


def test_places_are_mirrored_with_what_is_wanted():
    wanted = np.array([10.0, 11.0, 14.0, 40.0, 95.0])
    mirrored = 100 - side_by_side(100 - wanted[::-1], 9.0, 3.0, 97.0)[::-1]
    np.testing.assert_allclose(side_by_side(wanted, 9.0, 3.0, 97.0), mirrored)
