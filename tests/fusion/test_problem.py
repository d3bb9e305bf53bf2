"""The problem in the solver's own units: scales, and the cost that they leave unchanged."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from hyperspy_multimodal.fusion.scaled import map_scales
from hyperspy_multimodal.fusion.scaled_counts import block_starts

from .problems import in_own_units, problem, sloping


def recorded(own, maps):
    state = own.state()
    state.maps[:] = maps
    return own.record(state)


@pytest.mark.parametrize("level", [0.1, 5, 2000])
@pytest.mark.parametrize("gamma", [0.7, 1, 1.7])
def test_the_cost_in_scaled_units_is_the_cost(gamma, level):
    shape = (2, 7, 9)
    known = problem(
        shape,
        level=level,
        background=sloping(shape, level / 10, level / 3),
        gamma=gamma,
        lambdas=([0.1, 0.3], 0.2),
    )
    maps = np.random.default_rng(5).uniform(0, level, shape)
    own = in_own_units(known)
    record = recorded(own, maps / naive.by_map(own.scales))
    terms = own.cost_terms([record])
    assert_allclose(terms[:, 0], naive.cost(maps, **known), rtol=1e-5)


def test_maps_are_of_order_one_in_their_own_units():
    for level in (0.5, 20, 1e5):
        known = problem((3, 20, 24), level=level, background=level / 9, lambdas=(1, 1))
        own = in_own_units(known)
        brightest = np.percentile(own.data.counts, 99, axis=(1, 2))
        assert np.all((brightest > 0.5) & (brightest < 10))


@pytest.mark.parametrize(
    ("gross", "background", "expected"),
    [(4.0, 1.0, 3.0), (1.0, 3.0, 1.0), (0.0, 2.0, 2.0), (0.0, 0.0, 1.0)],
)
def test_scales_are_positive_whatever_was_counted(gross, background, expected):
    counts, expected_background = np.full((1, 5, 6), gross), np.full((1, 5, 6), background)
    assert_allclose(map_scales(counts, expected_background), [expected], rtol=1e-6)


@pytest.mark.parametrize("weights", [[0.0, 0.0], [0.2, 0.1]])
def test_no_maps_cost_less_than_what_is_unavoidable(weights):
    known = problem((2, 7, 9), level=3, background=0.5, lambdas=(0.1, 0.1))
    known |= {"weights": np.array(weights), "haadf": known["haadf"] - 0.5}
    own, rng = in_own_units(known), np.random.default_rng(2)
    likeliest = np.maximum(own.data.counts - own.data.background, 0)
    for maps in [likeliest, 0 * likeliest] + list(rng.uniform(0, 3, (10, *likeliest.shape))):
        record = recorded(own, maps)
        # Records sum float32 terms, so equality holds to their rounding only.
        assert record.haadf + record.poisson > (1 - 1e-6) * own.unavoidable > 0


def test_the_first_guess_keeps_the_total_of_each_map():
    for shape in [(1, 1, 1), (2, 3, 17), (1, 24, 21)]:
        own = in_own_units(problem(shape, level=9, lambdas=(0.1, 0.1)))
        sums = own.data.counts.sum(axis=(1, 2))
        assert_allclose(own.first_guess().sum(axis=(1, 2)), sums, rtol=1e-5)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 7, 8, 13, 30, 31, 101])
def test_blocks_are_the_same_from_both_ends(n):
    limits = np.append(block_starts(n), n)
    assert_array_equal(n - limits[::-1], limits)
    assert np.all((np.diff(limits) >= 1) & (np.diff(limits) <= 8))


@pytest.mark.parametrize("background", [0.5, "rows alike"])
def test_a_background_without_structure_along_y_is_kept_as_one_row(background):
    if background == "rows alike":
        background = np.linspace(0.2, 0.9, 9)
    own = in_own_units(problem((2, 7, 9), level=3, background=background, lambdas=(0.1, 0.1)))
    assert own.data.background.shape == (2, 1, 9)
