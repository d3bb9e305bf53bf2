"""Signed errors where the HAADF is bright, and what they say of its pull."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from hyperspy_multimodal.selection.brightness import (
    Bias,
    bias_of,
    brightness_classes,
    cannot_leak,
    class_sums,
    counts_and_variances,
    held_out_bias,
    leaks,
)

SHAPE = 40, 50


def discs(seed=0):
    """A HAADF of bright discs, of which one is brighter than the others."""
    y, x = np.ogrid[: SHAPE[0], : SHAPE[1]]
    image = np.full(SHAPE, 0.1)
    for row, col, value in ((10, 12, 0.7), (28, 15, 0.8), (20, 36, 1.0)):
        image[(y - row) ** 2 + (x - col) ** 2 < 49] = value
    return image + np.random.default_rng(seed).normal(0, 0.03, SHAPE)


def halves(counts):
    return SimpleNamespace(net=counts.astype(float), net_variance=counts.astype(float))


def test_classes_part_particles_from_film():
    image = discs()
    dark, bright, brightest = brightness_classes(image)
    np.testing.assert_array_equal(bright, image > 0.4)
    np.testing.assert_array_equal(dark, ~bright)
    assert np.all(bright[brightest])
    assert brightest.sum() == pytest.approx(bright.sum() / 2, abs=1)
    assert image[brightest].min() >= image[bright & ~brightest].max()


@pytest.mark.parametrize(("factor", "offset"), [(3.0, 0.0), (0.1, -7.0)])
def test_classes_do_not_depend_on_the_units_of_the_haadf(factor, offset):
    image = discs()
    np.testing.assert_array_equal(
        brightness_classes(factor * image + offset), brightness_classes(image)
    )


def test_pixels_that_are_masked_are_in_no_class():
    mask = np.zeros(SHAPE, bool)
    mask[:, :20] = True
    classes = brightness_classes(np.where(mask, 99.0, discs()), mask)
    assert not classes[:, mask].any()
    np.testing.assert_array_equal(classes[:2].sum(axis=0), ~mask)


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (3, 3)])
def test_images_without_contrast_have_classes_too(shape):
    classes = brightness_classes(np.ones(shape))
    np.testing.assert_array_equal(classes[:2].sum(axis=0), 1)


def test_sums_are_those_of_the_pixels():
    maps = np.random.default_rng(1).random((2, *SHAPE), np.float32)
    classes = brightness_classes(discs())
    sums = class_sums(maps, classes)
    for i in range(2):
        for j in range(3):
            assert sums[i, j] == pytest.approx(maps[i][classes[j]].astype(float).sum())


@pytest.mark.parametrize("follows", [0.0, 0.5, 1.0])
def test_held_out_bias_is_right_on_average_and_its_error_at_most_what_is_stated(follows):
    """Fused halves that follow their own noise by a share, and are 10 % too bright in the discs."""
    rng = np.random.default_rng(2)
    classes = brightness_classes(discs())
    truth = np.full((1, *SHAPE), 4.0)
    excess = 0.1 * truth / 2 * classes[1]
    found, z = [], []
    for _ in range(300):
        counts = rng.poisson(truth)
        misses = []
        for _ in range(3):
            first = rng.binomial(counts, 0.5)
            fused = truth / 2 + follows * (first - truth / 2) + excess
            misses.append(class_sums(counts - first - fused, classes))
        of_both = counts_and_variances(halves(counts), classes)
        bias = held_out_bias(misses, *of_both, classes.sum(axis=(1, 2)))
        found.append(bias.percent[0, 1])
        z.append((bias.sums[0] - 2 * class_sums(excess, classes)[0]) / bias.errors[0])
    assert np.mean(found) == pytest.approx(10, abs=0.4)
    spread = np.std(z, axis=0)
    assert spread.max() < 1.1
    if follows != 0.5:
        assert spread.min() > 0.9


@pytest.mark.parametrize("follows", [0.0, 0.9])
def test_bias_of_a_result_is_right_on_average_and_its_error_at_most_what_is_stated(follows):
    rng = np.random.default_rng(3)
    classes = brightness_classes(discs())
    truth = np.full((1, *SHAPE), 2.0)
    excess = -0.05 * truth * classes[1]
    biases = []
    for _ in range(300):
        maps = halves(rng.poisson(truth))
        fused = truth + follows * (maps.net - truth) + excess
        biases.append(bias_of(fused, maps, classes))
    assert np.mean([each.percent[0, 1] for each in biases]) == pytest.approx(-5, abs=0.4)
    expected = class_sums(excess, classes)[0]
    spread = np.std([(each.sums[0] - expected) / each.errors[0] for each in biases], axis=0)
    np.testing.assert_allclose(spread, 1 - follows, atol=0.1)


def biased(bright, errors=1.0, counts=100.0, pixels=100):
    """One element with a bias in bright pixels, and as much less in dark ones."""
    sums = bright * np.array([[-1.0, 1.0, 0.5]])
    return Bias(sums, np.full((1, 3), errors), np.full((1, 3), counts), np.full(3, pixels))


def leaking(pulled, free, lost=0.0, squares=0.0):
    return bool(leaks(pulled, free, np.array([lost]), np.array([squares]))[0])


def test_haadf_leaks_where_it_makes_a_bias_of_either_sign():
    assert leaking(biased(5.0), biased(0.5))
    assert leaking(biased(-5.0), biased(-0.5))


def test_haadf_does_not_leak_where_the_bias_is_noise_or_small_or_there_without_it():
    assert not leaking(biased(2.0), biased(0.0))
    assert not leaking(biased(5.0, counts=1e4), biased(0.0, counts=1e4))
    assert not leaking(biased(5.0), biased(4.5))
    assert not leaking(biased(5.0), biased(-6.0))


def test_squared_errors_and_squared_bias_decide_where_the_haadf_helps():
    """A bias of 5 in 100 pixels, bright and dark, makes a squared error of 0.5."""
    assert not leaking(biased(5.0), biased(0.0), lost=-3.0, squares=-0.6)
    assert leaking(biased(5.0), biased(0.0), lost=-3.0, squares=-0.4)
    assert leaking(biased(5.0), biased(0.0), lost=-1.0, squares=-0.6)


@pytest.mark.parametrize(("bias", "lost", "squares"), [(5.0, -3.0, -1.1), (-5.0, -3.0, -1.1)])
def test_what_cannot_leak_does_not_whatever_bias_is_likely(bias, lost, squares):
    """A bias of 5 with an error of 1 is 7 at most: a squared error of 0.98 in 100 pixels."""
    nothing = biased(0.0)
    sure = cannot_leak(biased(bias), np.array([lost]), np.array([squares]))
    assert sure.all()
    assert not leaking(biased(1.4 * bias), nothing, lost, squares)
    for other in ((lost, -0.9), (-1.0, squares)):
        assert not cannot_leak(biased(bias), *np.array(other)[:, None]).any()


def test_a_bias_is_found_if_it_is_significant_and_large():
    assert biased(5.0).is_found.all()
    assert not biased(2.0).is_found.any()
    assert not biased(5.0, counts=1e4).is_found.any()


def test_elements_without_counts_have_a_finite_bias():
    bias = biased(0.0, errors=0.0, counts=0.0)
    for each in (bias.percent, bias.percent_errors, bias.standard_errors):
        assert np.all(each == 0)
    assert not leaking(bias, replace(bias))


def test_a_bias_is_negligible_only_if_none_could_count():
    """That of three splits has errors of at least 0.58 of those of one."""
    counts, errors = np.full((1, 3), 1000.0), np.full((1, 3), 4.0)

    def bias(sums, errors=errors):
        return Bias(np.array([[500.0, *sums]]), errors, counts, np.full(3, 100))

    assert bias([1.0, -1.0]).is_negligible.all()  # 0.1 %, of which 0.9 % may be left
    assert bias([3.0, 0.0], 10 * errors).is_negligible.all()  # a tenth of a standard error
    assert not bias([6.0, 0.0]).is_negligible.any()  # 0.6 ± 0.4 %
    assert not bias([0.0, 50.0]).is_negligible.any()
    assert not bias([0.0, -60.0], 10 * errors).is_negligible.any()
