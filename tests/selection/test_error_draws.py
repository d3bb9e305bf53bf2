"""Draws of errors of fused maps, whose spread is the error of whatever is computed from them."""

from dataclasses import replace

import numpy as np
import pytest

from hyperspy_multimodal.selection.bootstrap import DRAWS, FUSIONS
from hyperspy_multimodal.selection.error_draws import _common_factors

from .test_bootstrap import SHAPE, Scan


@pytest.fixture(scope="module")
def scan():
    return Scan()


@pytest.fixture(scope="module")
def draws(scan):
    return scan.drawn()


def test_errors_have_mean_0_and_the_standard_deviations_that_are_stated(draws):
    assert draws.errors.shape == (DRAWS, 3, *SHAPE)
    np.testing.assert_allclose(draws.errors.mean(axis=0), 0, atol=1e-4)
    variances = np.square(draws.errors).mean(axis=(0, 2, 3))
    stated = np.square(draws.standard_deviations).mean(axis=(1, 2))
    np.testing.assert_allclose(variances, stated, rtol=0.02)


def test_totals_that_are_kept_have_the_errors_of_the_counts(scan, draws):
    found = np.sqrt(np.square(draws.errors.sum(axis=(2, 3), dtype=float)).mean(axis=0))
    expected = np.sqrt(scan.maps.net_variance.sum(axis=(1, 2)))
    np.testing.assert_allclose(found[scan.kept], expected[scan.kept], rtol=1e-3)
    assert not np.isclose(found[~scan.kept], expected[~scan.kept], rtol=1e-2).any()


def test_the_record_says_what_was_done(draws):
    assert draws.record == {
        "error_draws": DRAWS,
        "error_ratios": draws.ratios,
        "common_errors": [0.0, 0.0, 0.0],
    }
    assert len(draws.ratios) == 3 and min(draws.ratios) > 0


def test_same_seed_same_draws(scan, draws):
    again = scan.drawn()
    np.testing.assert_array_equal(again.errors, draws.errors)
    assert again.ratios == draws.ratios
    assert np.all(scan.drawn(seed=1).standard_deviations != draws.standard_deviations)


def test_a_misfit_that_draws_do_not_know_is_in_the_errors():
    """The HAADF has a stripe that no element has, and pulls the maps there."""
    plain, wrong = Scan(), Scan()
    stripe = np.zeros(SHAPE)
    stripe[:, 15:25] = 0.3
    for scan, extra in ((plain, 0.0), (wrong, stripe)):
        scan.models = type(scan.models)(scan.models.haadf + extra, scan.models.models)
        scan.setting = replace(scan.setting, lambda_1=1e-4)
        scan.refit = lambda *_, scan=scan: scan.setting.model
        scan.fuse()
    assert wrong.drawn().ratios[0] > 1.5 * plain.drawn().ratios[0]


@pytest.mark.parametrize("factor", [0.5, 2])
def test_counts_that_were_scaled_have_no_known_noise(factor):
    scan, steps = Scan(), []
    scan.maps = replace(scan.maps, segments=factor * scan.maps.segments)
    draws = scan.drawn(progress=lambda: steps.append(1))
    assert draws.ratios is None
    assert len(steps) == FUSIONS
    assert draws.standard_deviations.max() > 0


def test_common_factors_have_the_covariance_that_was_given():
    covariance = np.array([[0.04, 0.01], [0.01, 0.01]])
    numbers = _common_factors(covariance, np.random.default_rng(0))
    np.testing.assert_allclose(numbers.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(np.cov(numbers.T, ddof=0), covariance, atol=0.02)
    np.testing.assert_array_equal(_common_factors(0 * covariance, np.random.default_rng(0)), 0)
