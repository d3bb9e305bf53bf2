"""The HAADF model: unit range, weights and pedestal."""

import numpy as np
import pytest
from scipy import optimize

from hyperspy_multimodal.maps import ElementMaps
from hyperspy_multimodal.selection import fit_haadf_model, normalise_haadf

SHAPE = (96, 112)
ATOMIC_NUMBERS = [22, 30, 8]
PER_COUNT = np.array([0.17, 0.1, 0.05])
PEDESTAL = 0.1


def blobs(seed, shape=SHAPE, width=6):
    """A map of Gaussian particles in vacuum, up to 1."""
    rng = np.random.default_rng(seed)
    y, x = np.ogrid[: shape[0], : shape[1]]
    centres = rng.uniform(0, 1, (14, 2)) * shape
    image = sum(np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 2 / width**2) for cy, cx in centres)
    return image / image.max()


def truth(peak=3.0):
    return peak * np.stack([blobs(1), blobs(2), blobs(3)])


def measured(expected, background=0.05, seed=0):
    """Poisson counts in a window and beside it, for each element."""
    rng = np.random.default_rng(seed)
    n_maps = len(expected)
    own, none = np.eye(n_maps), np.zeros((n_maps, n_maps))
    segments = np.concatenate(
        [rng.poisson(expected + background), rng.poisson(np.full(expected.shape, background))]
    )
    ratios = np.ones((n_maps, 1, 1))
    return ElementMaps(
        ["Ti", "Zn", "O"][:n_maps], segments, np.c_[own, none], np.c_[none, own], ratios
    )


def modelled(expected, per_count=PER_COUNT, noise=0.02):
    image = PEDESTAL + np.tensordot(per_count, expected, axes=1)
    return image + np.random.default_rng(99).normal(0, noise, image.shape)


@pytest.fixture(scope="module")
def maps():
    return measured(truth())


@pytest.fixture(scope="module")
def haadf():
    return modelled(truth())


# unit range


@pytest.mark.parametrize("gain", [1e-3, 1.0, 5e4])
@pytest.mark.parametrize("pedestal", [0.0, 1e4, -3.0])
def test_unit_range_does_not_depend_on_gain_and_pedestal(gain, pedestal):
    image = blobs(0)
    reference, _ = normalise_haadf(image)
    found, _ = normalise_haadf(gain * image + pedestal)
    np.testing.assert_allclose(found, reference, atol=1e-6)
    np.testing.assert_allclose(np.percentile(found, (0.5, 99.5)), (0, 1), atol=1e-12)


def test_outliers_do_not_set_the_range():
    image = blobs(0)
    reference, _ = normalise_haadf(image)
    image[5, 5], image[9, 9] = 1e6, -1e6
    np.testing.assert_allclose(normalise_haadf(image)[0][20:], reference[20:], atol=0.01)


def test_few_bright_pixels_make_an_image():
    image = np.zeros((40, 40))
    image[3, 4] = 7
    found, _ = normalise_haadf(image)
    assert (found.min(), found.max(), found[3, 4]) == (0, 1, 1)


@pytest.mark.parametrize("lowest", [100.0, 0.0, -20.0])
def test_lowest_pedestal_stands_for_no_intensity(lowest):
    image = lowest + 50 * np.random.default_rng(0).random((30, 30))
    image[0, 0] = lowest
    found, offset = normalise_haadf(image)
    gain = (image[0, 0] - image[1, 1]) / (found[0, 0] - found[1, 1])
    assert image[1, 1] + gain * (offset - found[1, 1]) == pytest.approx(min(lowest, 0), abs=1e-9)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32])
def test_unit_range_of_any_number(dtype):
    image = np.round(250 * blobs(0)).astype(dtype)
    found, _ = normalise_haadf(image)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, normalise_haadf(image.astype(float))[0])


# weights and pedestal


def test_weights_are_recovered_where_least_squares_are_attenuated():
    """At 0 to 3 counts a pixel; noise in the maps pulls plain weights down by more than a third."""
    found = []
    for seed in range(4):
        maps = measured(truth(), seed=seed)
        model = fit_haadf_model(maps, modelled(truth()), -1.0, 1.0, ATOMIC_NUMBERS)
        found.append([*model.weights / model.scales / PER_COUNT, model.offset / PEDESTAL])
        assert model.r_squared > 0.9
    np.testing.assert_allclose(np.mean(found, axis=0), 1, atol=0.05)
    np.testing.assert_allclose(found, 1, atol=0.12)

    columns = np.vstack([maps.net.reshape(3, -1), np.ones(maps.net[0].size)]).T
    plain, _ = optimize.nnls(columns, modelled(truth()).ravel())
    assert (plain[:3] / PER_COUNT < 0.65).all()
    assert plain[3] / PEDESTAL > 1.5


def test_weights_are_recovered_on_background():
    """A background of 0.3 a pixel, known only from as few counts beside the line."""
    found = []
    for seed in range(4):
        maps = measured(truth(), 0.3, seed)
        model = fit_haadf_model(maps, modelled(truth()), -1.0, 1.0, ATOMIC_NUMBERS)
        found.append([*model.weights / model.scales / PER_COUNT, model.offset / PEDESTAL])
    np.testing.assert_allclose(np.mean(found, axis=0), 1, atol=0.06)


@pytest.mark.parametrize("gamma", [0.7, 1.0, 1.7])
def test_weights_follow_the_intensity(maps, haadf, gamma):
    model = fit_haadf_model(maps, haadf, -1.0, gamma, ATOMIC_NUMBERS)
    brighter = fit_haadf_model(maps, 3 * haadf, -3.0, gamma, ATOMIC_NUMBERS)
    np.testing.assert_allclose(brighter.weights, 3 * model.weights, rtol=1e-4, atol=1e-8)
    assert brighter.offset == pytest.approx(3 * model.offset, rel=1e-4)
    assert brighter.r_squared == pytest.approx(model.r_squared, abs=1e-6)
    np.testing.assert_array_equal(brighter.scales, model.scales)


def test_order_of_elements_and_orientation_do_not_matter(maps, haadf):
    model = fit_haadf_model(maps, haadf, -1.0, 1.0, ATOMIC_NUMBERS)
    order = [2, 0, 1]
    turned = ElementMaps(
        [maps.names[i] for i in order],
        maps.segments.transpose(0, 2, 1),
        maps.inside[order],
        maps.beside[order],
        maps.ratios[order],
    )
    found = fit_haadf_model(turned, haadf.T, -1.0, 1.0, [ATOMIC_NUMBERS[i] for i in order])
    np.testing.assert_allclose(found.weights, model.weights[order], rtol=1e-5)
    assert found.offset == pytest.approx(model.offset, rel=1e-5)


@pytest.mark.parametrize("gamma", [1.0, 1.7])
def test_pedestal_stays_above_zero_intensity(maps, haadf, gamma):
    low = fit_haadf_model(maps, haadf - 1, 0.0, gamma, ATOMIC_NUMBERS)
    assert low.offset >= -1e-12
    assert (low.weights >= -1e-12).all()
    given = fit_haadf_model(maps, haadf - 1, 0.0, gamma, ATOMIC_NUMBERS, np.ones(3))
    assert given.offset == 0


def test_published_weights_are_one(maps, haadf):
    model = fit_haadf_model(maps, haadf, -10.0, 1.7, ATOMIC_NUMBERS, None)
    np.testing.assert_array_equal(model.weights, [1, 1, 1])
    same = fit_haadf_model(maps, haadf, -10.0, 1.7, ATOMIC_NUMBERS, [1, 1, 1])
    assert (same.offset, same.r_squared) == (model.offset, model.r_squared)


@pytest.mark.parametrize("given", [[0.3, 0.0, 2.0], np.zeros(3)])
def test_given_weights_are_taken_and_the_pedestal_is_fitted(maps, haadf, given):
    model = fit_haadf_model(maps, haadf, -10.0, 1.0, ATOMIC_NUMBERS, given)
    np.testing.assert_array_equal(model.weights, given)
    rest = haadf - np.tensordot(given / model.scales, maps.net, axes=1)
    # mean of what the weights leave, but for the edges, where blurring repeats pixels
    assert model.offset == pytest.approx(rest.mean(), abs=0.02)


def test_true_weights_explain_the_image(maps, haadf):
    scales = fit_haadf_model(maps, haadf, -1.0, 1.0, ATOMIC_NUMBERS).scales
    right = fit_haadf_model(maps, haadf, -1.0, 1.0, ATOMIC_NUMBERS, PER_COUNT * scales)
    wrong = fit_haadf_model(maps, haadf, -1.0, 1.0, ATOMIC_NUMBERS, (PER_COUNT * scales)[::-1])
    assert 0.9 < right.r_squared <= 1
    assert wrong.r_squared < right.r_squared - 0.1
    assert right.offset == pytest.approx(PEDESTAL, abs=0.01)


@pytest.mark.parametrize("atomic_number", [10, 30, 60])
def test_element_that_is_all_noise_scatters_like_its_atomic_number(atomic_number):
    """Its counts tell nothing: a count weighs Z^1.7, in proportion to the other element's."""
    expected = np.stack([truth()[0], np.zeros(SHAPE)])
    image = PEDESTAL + 0.2 * expected[0]
    ratios = []
    for seed in range(4):
        maps = measured(expected, 0.3, seed)
        model = fit_haadf_model(maps, image, -1.0, 1.0, [22, atomic_number])
        per_count = model.weights / model.scales
        assert per_count[0] == pytest.approx(0.2, rel=0.2)
        ratios.append(per_count[1] / per_count[0])
    assert np.mean(ratios) == pytest.approx((atomic_number / 22) ** 1.7, rel=0.2)


def test_proportional_maps_share_by_atomic_number():
    """Two elements in one compound: the data give their sum only."""
    expected = np.stack([truth()[0], 0.5 * truth()[0]])
    maps = measured(expected, 0.0)
    model = fit_haadf_model(maps, PEDESTAL + 0.2 * expected[0], -1.0, 1.0, [22, 30])
    per_count = model.weights / model.scales
    assert per_count @ [1, 0.5] == pytest.approx(0.2, rel=0.05)
    assert (per_count > 0).all()


def test_input_is_not_modified(maps, haadf):
    before = haadf.copy(), maps.segments.copy(), maps.net.copy()
    fit_haadf_model(maps, haadf, -1.0, 1.7, ATOMIC_NUMBERS)
    for now, then in zip((haadf, maps.segments, maps.net), before, strict=True):
        np.testing.assert_array_equal(now, then)
