"""Errors of a bootstrap, scaled by what the counts say."""

import numpy as np
import pytest
from scipy import ndimage, stats

from hyperspy_multimodal.selection.calibration import (
    _FREEDOM,
    _heavy_tailed,
    _parts,
    _squared_errors,
    balanced,
    bright_pixels,
    calibrated,
    evened,
)

SHAPE = 72, 80
DRAWS = 20
NOISE = 2.0  # variance of the counts
FOLLOWED = 1.0  # width of the filter that stands for a fusion


def white(n, seed):
    return np.random.default_rng(seed).normal(0, np.sqrt(NOISE), (n, *SHAPE)).astype(np.float32)


def followed(noise):
    """What a fusion takes over of the noise."""
    return ndimage.gaussian_filter(noise, (0, FOLLOWED, FOLLOWED))


def misfit(width, scale, seed):
    """What a fusion gets wrong, of so many standard deviations of what it follows."""
    made = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal(SHAPE), width)
    return (scale * followed(white(1, 5)).std() / made.std() * made).astype(np.float32)


class Case:
    """Draws that know noise alone, and a scan with a misfit besides."""

    def __init__(self, scale=1.0, width=1.0, seed=0, fused=1.0, truth=0.0):
        self.noise = white(DRAWS, seed)
        self.errors = followed(self.noise)
        own = white(1, seed + 1)
        self.error = followed(own)[0] + misfit(width, scale, seed + 2)
        self.residual = self.error - own[0] + truth
        self.fused = fused * np.ones(SHAPE)
        self.variance = np.full(SHAPE, NOISE)

    def calibrated(self, unit=1.0, **options):
        return calibrated(
            unit * self.errors,
            unit * self.noise,
            unit * self.residual,
            unit**2 * self.variance,
            unit * self.fused,
            **options,
        )


def two_levels():
    """A map whose left part is bright."""
    return np.where(np.arange(SHAPE[1]) < 50, 10.0, 0.5) * np.ones(SHAPE)


@pytest.mark.parametrize("scale", [0.0, 1.0, 2.0])
def test_the_scale_is_that_of_the_errors_though_no_truth_is_known(scale):
    case = Case(scale)
    errors, ratio = case.calibrated()
    np.testing.assert_allclose(np.square(errors).mean(), np.square(case.error).mean(), rtol=0.3)
    expected = np.square(errors).mean() / np.square(balanced(case.errors)).mean()
    np.testing.assert_allclose(ratio, expected, rtol=1e-3)


def test_errors_that_draws_make_too_large_become_smaller():
    """The truth of the draws has structure that total variation flattens; the measured has none."""
    case = Case(0.0)
    case.errors = case.errors + misfit(1.5, 3.0, 7)
    drawn = np.square(case.errors).mean()
    assert np.square(case.error).mean() < 0.2 * drawn
    assert np.square(case.calibrated()[0]).mean() < 0.4 * drawn


def test_errors_become_no_smaller_than_the_least_factor():
    """For maps whose distance from the counts does not tell their error."""
    case = Case(0.0)
    case.errors = case.errors + misfit(1.5, 3.0, 7)
    drawn = np.square(balanced(case.errors)).mean()
    errors, ratio = case.calibrated(least=1.0)
    assert ratio >= 1.0 and np.square(errors).mean() > 0.99 * drawn


def test_broad_errors_are_found_though_pixels_hardly_show_them():
    """Measured errors reach farther than drawn ones: sums over regions have to know."""
    case = Case(1.0, width=6.0)
    errors, drawn = case.calibrated()[0], balanced(case.errors)

    def variance_of_sums(images):
        return np.square(ndimage.uniform_filter(images, (1, 12, 12))).mean()

    assert variance_of_sums(errors) > 3 * variance_of_sums(drawn)
    assert np.square(errors).mean() < 3 * np.square(drawn).mean()


def test_a_variance_that_is_doubted_is_not_taken_for_an_error():
    """Noise of a fifth more than was thought is white, and errors reach over some pixels."""
    case = Case(0.0)
    case.variance = case.variance / 1.2
    trusted, doubted = (case.calibrated(doubt=doubt)[1] for doubt in (0.0, 0.3))
    assert trusted > 2
    assert doubted - 1 < 0.6 * (trusted - 1)


def test_bright_pixels_and_others_have_factors_of_their_own():
    fused = two_levels()
    case = Case(0.0, fused=fused)
    case.residual += np.where(bright_pixels(fused), misfit(1.5, 2.0, 3), 0)
    errors, ratio = case.calibrated()
    found = np.square(errors).mean(axis=0) / np.square(balanced(case.errors)).mean(axis=0)
    assert np.median(found[:, :40]) > 3 > 1.5 > np.median(found[:, 60:])
    assert ratio > 3


def test_few_counts_say_nothing():
    """Where counts are much noisier than the errors, the draws stay nearly as they are."""
    case = Case()
    case.errors = 1e-3 * case.errors
    case.residual = -white(1, 11)[0]
    assert 0.4 < case.calibrated()[1] < 3


def test_what_counts_clearly_say_is_believed_though_draws_expect_far_less():
    """Ten times the variance: within the noise it is hardly followed, far above it is."""
    ratios = []
    for noise in (1.0, 30.0):
        case = Case(3.0)
        case.errors, case.error = case.errors / 3, case.error / 3
        own = np.sqrt(noise) * white(1, 4)[0]
        case.noise, case.variance = np.sqrt(noise) * case.noise, noise * case.variance
        case.residual = case.error - own
        ratios.append(case.calibrated()[1])
    wanted = np.square(case.error).mean() / np.square(balanced(case.errors)).mean()
    assert wanted > 8
    assert ratios[0] > 0.6 * wanted
    assert ratios[1] < 0.5 * ratios[0]


@pytest.mark.parametrize("length", [0.0, 1.0, 5.0])
def test_what_is_known_before_has_the_tails_of_students_distribution(length):
    deviations = length * np.array([2.0, -1.0, 2.0]) / 3
    known = stats.multivariate_t(np.zeros(3), df=_FREEDOM)
    expected = -2 * (known.logpdf(deviations) - known.logpdf(np.zeros(3)))
    found = _heavy_tailed(deviations)
    np.testing.assert_allclose(np.square(found).sum(), expected, atol=1e-12)
    assert np.all(found * deviations >= 0)


def test_the_errors_of_what_counts_say_have_the_covariance_that_is_stated():
    """Of windows of all widths, over scans with other noise, of which a fifth is followed."""
    drawn, area = white(8, 0), np.full(SHAPE, True)
    errors = 0.2 * drawn
    parts, found = _parts(balanced(errors)), []
    for noise in white(40, 9):
        squared, covariance, *_ = _squared_errors(
            parts, errors - errors.mean(axis=0), drawn, -0.8 * noise, np.full(SHAPE, NOISE), area
        )
        found.append(squared)
    seen = np.cov(np.transpose(found))
    spread, expected = np.sqrt(np.diag(seen)), np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(expected, spread, rtol=0.4)
    seen, expected = seen / np.outer(spread, spread), covariance / np.outer(expected, expected)
    np.testing.assert_allclose(expected, seen, atol=0.4)
    assert expected[1, 2] > 0.5 > expected[0, 3]  # windows that overlap much, and hardly


def test_masked_pixels_have_no_say():
    mask = np.zeros(SHAPE, bool)
    mask[20:40, 10:60] = True
    case = Case()
    expected = case.calibrated(mask=mask)[1]
    case.residual = np.where(mask, 1e6, case.residual)
    np.testing.assert_allclose(case.calibrated(mask=mask)[1], expected)


def test_units_do_not_matter():
    errors, ratio = Case().calibrated()
    scaled, same = Case().calibrated(unit=1e4)
    np.testing.assert_allclose(same, ratio, rtol=1e-3)
    np.testing.assert_allclose(scaled, 1e4 * errors, rtol=1e-2, atol=10)


@pytest.mark.parametrize("shape", [(1, 30), (3, 3), (20, 20)])
def test_empty_maps_and_small_ones_stay_as_they_are(shape):
    nothing = np.zeros((DRAWS, *shape), np.float32)
    errors, ratio = calibrated(nothing, nothing, nothing[0], nothing[0], nothing[0])
    assert ratio == 1
    np.testing.assert_array_equal(errors, 0)
    np.testing.assert_array_equal(evened(nothing, nothing[0]), 0)


def test_what_all_draws_share_is_spread():
    errors = np.random.default_rng(0).standard_normal((DRAWS, 500)).astype(np.float32)
    shared = np.linspace(-3, 3, 500).astype(np.float32)
    found = balanced(errors + shared)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(np.square(found).mean(), 1 + np.square(shared).mean(), rtol=0.05)


def test_half_of_a_variance_is_that_of_the_neighbourhood_and_bright_pixels_keep_theirs():
    fused, levels = two_levels(), np.where(two_levels() > 1, 3.0, 0.5)
    checks = np.where(np.indices(SHAPE).sum(axis=0) // 4 % 2, 1.5, 0.5)
    errors = levels * checks * white(4 * DRAWS, 0)

    def variances(images, part):
        return ndimage.gaussian_filter(np.square(images).mean(axis=0), 1.0)[10:-10, part]

    found = evened(errors, fused)
    for part in (slice(8, 40), slice(60, 72)):
        before, after = variances(errors, part), variances(found, part)
        assert 0.3 < after.std() / before.std() < 0.85
        np.testing.assert_allclose(after.mean(), before.mean(), rtol=0.15)
