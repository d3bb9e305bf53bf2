"""Errors of a bootstrap, scaled by counts that are held out."""

import numpy as np
import pytest
from scipy import ndimage

from hyperspy_multimodal.selection.calibration import bright_pixels, calibrated

SHAPE = 72, 80
DRAWS = 20
NOISE = 2.0  # variance of the held-out counts


def correlated(n, width, seed, scale=1.0):
    """Gaussian errors of variance scale^2 with a length of correlation, mean 0 over the draws."""
    errors = np.random.default_rng(seed).standard_normal((n, *SHAPE))
    errors = ndimage.gaussian_filter(errors, (0, width, width)) if width else errors
    errors -= errors.mean(axis=0)
    return (scale * errors / errors.std()).astype(np.float32)


def held_out(errors, seed=9):
    """Differences of fusions with these errors to counts of known variance."""
    noise = np.random.default_rng(seed).normal(0, np.sqrt(NOISE), errors.shape)
    return [(each, np.full(SHAPE, NOISE)) for each in errors + noise]


def two_levels():
    """A map whose left part is bright."""
    return np.where(np.arange(SHAPE[1]) < 50, 10.0, 0.5) * np.ones(SHAPE)


def calibrate(width, scale, measured_width=None, seed=0, **options):
    drawn, of_halves = (correlated(DRAWS, width, seed + i) for i in range(2))
    measured = correlated(6, measured_width or width, seed + 2, scale)
    return drawn, *calibrated(drawn, of_halves, held_out(measured), np.ones(SHAPE), **options)


@pytest.mark.parametrize("scale", [0.7, 1.0, 2.0])
def test_the_scale_is_that_of_the_held_out_counts(scale):
    """Excess at half the counts is multiplied by up to 2 at all of them, here by 2."""
    drawn, errors, ratio = calibrate(1.0, scale)
    expected = scale**2 if scale <= 1 else 1 + 2 * (scale**2 - 1)
    np.testing.assert_allclose(ratio, expected, rtol=0.25)
    np.testing.assert_allclose(np.square(errors).mean() / np.square(drawn).mean(), ratio, rtol=1e-3)


def test_broad_errors_are_found_though_pixels_hardly_show_them():
    """Measured errors reach farther than drawn ones: sums over regions have to know."""
    drawn, errors, _ = calibrate(1.0, 1.0, measured_width=6.0)

    def variance_of_sums(images):
        return np.square(ndimage.uniform_filter(images, (1, 12, 12))).mean()

    assert variance_of_sums(errors) > 4 * variance_of_sums(drawn)
    assert np.square(errors).mean() < 4 * np.square(drawn).mean()


def test_a_variance_that_is_doubted_is_not_taken_for_an_error():
    """Noise of a fifth more than was thought is white, and errors reach over some pixels."""
    drawn, of_halves = (correlated(DRAWS, 2.0, i, 0.3) for i in range(2))
    measured = held_out(correlated(6, 2.0, 2, 0.3))
    wrong = [(each, variance / 1.2) for each, variance in measured]
    trusted, doubted = (
        calibrated(drawn, of_halves, wrong, np.ones(SHAPE), doubt=doubt)[1] for doubt in (0.0, 0.3)
    )
    assert trusted > 2
    assert 0.6 < doubted < 1.6


def test_bright_pixels_and_others_have_factors_of_their_own():
    fused = two_levels()
    drawn, of_halves = (correlated(DRAWS, 1.0, i) for i in range(2))
    measured = np.where(bright_pixels(fused), 2.0, 0.7) * correlated(6, 1.0, 2)
    errors, ratio = calibrated(drawn, of_halves, held_out(measured), fused)
    found = np.square(errors).mean(axis=0) / np.square(drawn).mean(axis=0)
    assert np.median(found[:, :40]) > 4 > 1 > np.median(found[:, 60:])
    assert ratio > 4


def test_few_counts_say_nothing():
    """Where held-out counts are much noisier than the errors, the draws stay as they are."""
    drawn, of_halves = (correlated(DRAWS, 0, i, 1e-3) for i in range(2))
    measured = correlated(6, 0, 2, 1e-3)
    _, ratio = calibrated(drawn, of_halves, held_out(measured), np.ones(SHAPE))
    assert 0.5 < ratio < 2


def test_masked_pixels_have_no_say():
    mask = np.zeros(SHAPE, bool)
    mask[20:40, 10:60] = True
    drawn, of_halves = (correlated(DRAWS, 1.0, i) for i in range(2))
    seen = held_out(correlated(6, 1.0, 2))
    expected = calibrated(drawn, of_halves, seen, np.ones(SHAPE), mask)[1]
    wrong = [(np.where(mask, 1e6, each), variance) for each, variance in seen]
    np.testing.assert_allclose(
        calibrated(drawn, of_halves, wrong, np.ones(SHAPE), mask)[1], expected
    )


def test_units_do_not_matter():
    drawn, of_halves = (correlated(DRAWS, 1.0, i) for i in range(2))
    seen = held_out(correlated(6, 1.0, 2, 1.5))
    errors, ratio = calibrated(drawn, of_halves, seen, np.ones(SHAPE))
    large = [(1e4 * each, 1e8 * variance) for each, variance in seen]
    scaled, same = calibrated(1e4 * drawn, 1e4 * of_halves, large, np.ones(SHAPE))
    np.testing.assert_allclose(same, ratio, rtol=1e-3)
    np.testing.assert_allclose(scaled, 1e4 * errors, rtol=1e-2, atol=1)


@pytest.mark.parametrize("shape", [(1, 30), (3, 3), (20, 20)])
def test_empty_maps_and_small_ones_stay_as_they_are(shape):
    nothing = np.zeros((DRAWS, *shape), np.float32)
    errors, ratio = calibrated(nothing, nothing, [(nothing[0], nothing[0])], nothing[0])
    assert ratio == 1
    np.testing.assert_array_equal(errors, 0)
