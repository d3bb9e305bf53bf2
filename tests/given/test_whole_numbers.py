"""Whole numbers are counts unless their noise says otherwise."""

import numpy as np
import pytest
from scipy import ndimage
from slow_repeats import alternating

from hyperspy_multimodal.counts.dispersion import dispersion_of
from hyperspy_multimodal.counts.repeated_lines import without_repeats
from hyperspy_multimodal.given.noisy_maps import ready_maps

SHAPE = (72, 64)
ROW, COLUMN = np.mgrid[: SHAPE[0], : SHAPE[1]]
DISTANCE = np.hypot(ROW - 36, COLUMN - 32)


def single_pixels():
    image = np.zeros(SHAPE)
    image.flat[np.random.default_rng(0).choice(image.size, 25, replace=False)] = 8.0
    return image


SPECIMENS = {
    "film": np.ones(SHAPE),
    "wedge": 0.05 + COLUMN / 32,
    "disc": 0.02 + (DISTANCE < 20),
    "thin ring": 1.0 * (abs(DISTANCE - 18) < 2.5),
    "sphere": np.sqrt(np.maximum(1 - (DISTANCE / 24) ** 2, 0)),
    "single pixels": single_pixels(),
    "single pixels on a film": single_pixels() + 0.3,
    "columns": (0.5 + 0.5 * np.cos(COLUMN * 0.86) * np.cos(ROW * 0.86)) ** 3 * 3,
    "stripes": 0.1 + (COLUMN // 3 % 2),
    "grains": np.exp(ndimage.gaussian_filter(np.random.default_rng(1).normal(size=SHAPE), 1) * 4),
}


def gained(expected, factor, rng):
    """Counts of different sizes, whose variance is a multiple of the mean, as whole numbers."""
    counts = rng.poisson(expected)
    return np.rint(rng.gamma(np.maximum(counts, 1) * 2.0, factor / 3) * (counts > 0))


def enlarged(image, rows=2, columns=2):
    return image.repeat(rows, axis=-2).repeat(columns, axis=-1)


@pytest.mark.parametrize("name", SPECIMENS)
@pytest.mark.parametrize("counts", [0.05, 1.0, 20.0, 300.0])
def test_counts_stay_counts_whatever_they_show(name, counts):
    for seed in range(3):
        image = np.random.default_rng(seed).poisson(counts * SPECIMENS[name])[None].astype(float)
        maps, source = ready_maps(["Ti"], image, None, None, 1, 0)
        assert source == "counts"
        np.testing.assert_array_equal(maps.gains, 1)


@alternating(name=["film", "wedge", "disc", "stripes"], counts=[1.0, 20.0])
def test_counts_multiplied_by_a_noisy_gain_are_not_counts(name, counts, caplog):
    image = gained(counts * SPECIMENS[name], 4.0, np.random.default_rng(0))
    maps, source = ready_maps(["Ti"], image[None], None, None, 1, 0)
    assert source == "estimated"
    assert "variance of the noise divided by that of counts" in caplog.text
    assert maps.gains[0] == pytest.approx(4.0, rel=0.35)


@pytest.mark.parametrize("share", [0.02, 0.2])
def test_pixels_that_are_left_out_are_no_noise(share):
    rng = np.random.default_rng(0)
    for counts in (3.0, 50.0):
        mask = rng.random(SHAPE) < share
        image = np.where(mask, 0.0, rng.poisson(counts * SPECIMENS["wedge"]))[None]
        assert ready_maps(["Ti"], image, None, None, 1, 0, mask)[1] == "counts"
    image = np.where(mask, 0.0, gained(20 * SPECIMENS["wedge"], 4.0, rng))[None]
    if share < 0.1:
        assert ready_maps(["Ti"], image, None, None, 1, 0, mask)[1] == "estimated"


def test_dispersion_is_variance_over_mean():
    rng = np.random.default_rng(0)
    image = SPECIMENS["wedge"] * 30
    assert dispersion_of(rng.poisson(image)).factor == pytest.approx(1, rel=0.12)
    assert dispersion_of(gained(image, 3.0, rng)).factor == pytest.approx(3, rel=0.2)
    assert dispersion_of(np.full(SHAPE, 5.0)).factor == 0


def test_whole_numbers_cut_off_at_0_have_more_noise_than_counts():
    rng = np.random.default_rng(0)
    image = np.maximum(rng.poisson(6 * SPECIMENS["sphere"] + 8.0) - 8.0, 0.0)
    assert np.median(image) < 10
    assert ready_maps(["Ti"], image[None], None, None, 1, 0)[1] == "estimated"
    # the noise of a background that is given is expected
    assert ready_maps(["Ti"], image[None], None, 8.0, 1, 0)[1] == "counts"


def test_whole_numbers_that_were_smoothed_are_not_counts():
    image = np.random.default_rng(0).poisson(20 * SPECIMENS["disc"]).astype(float)
    smooth = np.rint(ndimage.gaussian_filter(image, 1.0))
    maps, source = ready_maps(["Ti"], smooth[None], None, None, 1, 0)
    assert source == "estimated"
    # at least as much noise as counts, rounded or not
    assert maps.gains[0] >= 1


@pytest.mark.parametrize(("rows", "columns"), [(2, 2), (3, 1), (1, 4)])
@pytest.mark.parametrize("unit", [1.0, 0.37])
def test_repeated_pixels_are_counted_once(rows, columns, unit, caplog):
    image = unit * np.random.default_rng(0).poisson(10 * SPECIMENS["wedge"])
    large = enlarged(image, rows, columns)[None]
    found = without_repeats(large)
    assert (found.rows, found.columns) == (rows, columns)
    np.testing.assert_array_equal(found.arrays, image[None])
    maps, source = ready_maps(["Ti"], large, None, None, 1, 0)
    assert source == "estimated"
    assert "is repeated" in caplog.text
    assert maps.gains[0] == pytest.approx(unit * rows * columns, rel=0.01 if unit == 1 else 0.3)
    # totals have the error of the counts that were recorded
    assert maps.net.sum() == pytest.approx(image.sum() / unit, rel=0.01 if unit == 1 else 0.3)


def test_enlarging_by_a_fraction_is_seen():
    places = (np.arange(96) / 1.5).astype(int)
    image = np.random.default_rng(0).poisson(5 * SPECIMENS["wedge"])[np.ix_(places, places)]
    found = without_repeats(image[None])
    assert found.number == pytest.approx(2.25, rel=0.05)
    assert found.arrays.shape == (1, 64, 64)


@pytest.mark.parametrize("name", SPECIMENS)
def test_maps_without_noise_or_with_few_counts_do_not_repeat(name):
    few = np.random.default_rng(0).poisson(0.01 * SPECIMENS[name])
    assert without_repeats(few[None]).number == 1
    assert without_repeats(SPECIMENS["disc"][None]).number == 1


def test_counts_beside_others_stay_counts():
    rng = np.random.default_rng(0)
    image = np.stack([rng.poisson(20 * SPECIMENS["wedge"]), gained(SPECIMENS["film"] * 9, 4, rng)])
    maps, source = ready_maps(["Ti", "O"], image.astype(float), None, None, 1, 0)
    assert source == "estimated"
    assert maps.gains[0] == 1
    assert maps.gains[1] == pytest.approx(4, rel=0.3)
    np.testing.assert_array_equal(maps.first_halves[0][0], np.rint(maps.first_halves[0][0]))
