"""The HAADF model: weights, pedestal and blur."""

import numpy as np
import pytest
from scipy import optimize

from hyperspy_multimodal.counts.element_maps import ElementMaps
from hyperspy_multimodal.selection import HaadfFit, HaadfModel, normalise_haadf
from hyperspy_multimodal.selection.normalised_haadf import smoothed

from .particles import ATOMIC_NUMBERS, PEDESTAL, PER_COUNT, SHAPE, measured, modelled, truth

SCATTERING = ATOMIC_NUMBERS**1.7


def fit(maps, haadf, lowest=-1.0, gamma=1.0, weights="auto", blur=0.0, scattering=SCATTERING):
    return HaadfFit(maps, haadf, lowest, scattering).model(gamma, weights, blur)


@pytest.fixture(scope="module")
def maps():
    return measured(truth())


@pytest.fixture(scope="module")
def haadf():
    return modelled(truth())


# weights and pedestal


def test_weights_are_recovered_where_least_squares_are_attenuated():
    """At 0 to 3 counts per pixel, noise in maps pulls plain weights down by more than a third."""
    found = []
    for seed in range(4):
        maps = measured(truth(), seed=seed)
        model = fit(maps, modelled(truth()))
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
        model = fit(measured(truth(), 0.3, seed), modelled(truth()))
        found.append([*model.weights / model.scales / PER_COUNT, model.offset / PEDESTAL])
    np.testing.assert_allclose(np.mean(found, axis=0), 1, atol=0.06)


@pytest.mark.parametrize("gamma", [0.7, 1.0, 1.7])
def test_weights_follow_the_intensity(maps, haadf, gamma):
    model = fit(maps, haadf, -1.0, gamma)
    brighter = fit(maps, 3 * haadf, -3.0, gamma)
    np.testing.assert_allclose(brighter.weights, 3 * model.weights, rtol=1e-4, atol=1e-8)
    assert brighter.offset == pytest.approx(3 * model.offset, rel=1e-4)
    assert brighter.r_squared == pytest.approx(model.r_squared, abs=1e-6)
    np.testing.assert_array_equal(brighter.scales, model.scales)


def test_order_of_elements_and_orientation_do_not_matter(maps, haadf):
    model = fit(maps, haadf, blur="auto")
    order = [2, 0, 1]
    turned = ElementMaps(
        [maps.names[i] for i in order],
        maps.segments.transpose(0, 2, 1),
        maps.inside[order],
        maps.beside[order],
        maps.ratios[order],
    )
    found = fit(turned, haadf.T, blur="auto", scattering=SCATTERING[order])
    np.testing.assert_allclose(found.weights, model.weights[order], rtol=1e-5)
    assert found.offset == pytest.approx(model.offset, rel=1e-5)
    assert found.blur == model.blur


@pytest.mark.parametrize("weights", ["auto", "Z"])
def test_common_factor_of_the_scattering_does_not_matter(maps, haadf, weights):
    model = fit(maps, haadf, weights=weights)
    found = fit(maps, haadf, weights=weights, scattering=1e-3 * SCATTERING)
    np.testing.assert_allclose(found.weights, model.weights, rtol=1e-6)
    assert found.offset == pytest.approx(model.offset, rel=1e-6)


@pytest.mark.parametrize("gamma", [1.0, 1.7])
def test_pedestal_stays_above_zero_intensity(maps, haadf, gamma):
    low = fit(maps, haadf - 1, 0.0, gamma)
    assert low.offset >= -1e-12
    assert (low.weights >= -1e-12).all()
    given = fit(maps, haadf - 1, 0.0, gamma, np.ones(3))
    assert given.offset == 0


def test_published_weights_are_one(maps, haadf):
    model = fit(maps, haadf, -10.0, 1.7, None)
    np.testing.assert_array_equal(model.weights, [1, 1, 1])
    same = fit(maps, haadf, -10.0, 1.7, [1, 1, 1])
    assert (same.offset, same.r_squared) == (model.offset, model.r_squared)


@pytest.mark.parametrize("given", [[0.3, 0.0, 2.0], np.zeros(3)])
def test_given_weights_are_taken_and_the_pedestal_is_fitted(maps, haadf, given):
    model = fit(maps, haadf, -10.0, 1.0, given)
    np.testing.assert_array_equal(model.weights, given)
    assert model.has_weights == any(given)
    rest = haadf - np.tensordot(given / model.scales, maps.net, axes=1)
    # mean of what the weights leave, but for the edges, where blurring repeats pixels
    assert model.offset == pytest.approx(rest.mean(), abs=0.02)


def test_true_weights_explain_the_image(maps, haadf):
    scales = fit(maps, haadf).scales
    right = fit(maps, haadf, weights=PER_COUNT * scales)
    wrong = fit(maps, haadf, weights=(PER_COUNT * scales)[::-1])
    assert 0.9 < right.r_squared <= 1
    assert wrong.r_squared < right.r_squared - 0.1
    assert right.offset == pytest.approx(PEDESTAL, abs=0.01)


# scattering


@pytest.mark.parametrize("gain", [1.0, 0.2, 7.0])
def test_weights_of_scattering_follow_the_gain_of_the_haadf(maps, haadf, gain):
    model = fit(maps, gain * haadf, -gain, 1.0, "Z")
    np.testing.assert_allclose(
        model.weights / (model.scales * SCATTERING),
        model.weights[0] / (model.scales[0] * SCATTERING[0]),
        rtol=1e-12,
    )
    reference = fit(maps, haadf, -1.0, 1.0, "Z")
    np.testing.assert_allclose(model.weights, gain * reference.weights, rtol=1e-5)


@pytest.mark.parametrize("gamma", [1.0, 1.4])
def test_weights_of_scattering_are_the_right_ones_where_it_is_right(gamma):
    expected, factor = truth(6.0), 0.15 / SCATTERING[0]
    maps = measured(expected)
    scales = fit(maps, expected[0]).scales
    terms = (expected / scales[:, None, None]) ** gamma
    image = PEDESTAL + np.tensordot(factor * SCATTERING * scales, terms, axes=1)
    model = fit(maps, image, gamma=gamma, weights="Z")
    np.testing.assert_allclose(model.weights, factor * SCATTERING * scales, rtol=0.12)
    assert model.offset == pytest.approx(PEDESTAL, abs=0.03)


@pytest.mark.parametrize("atomic_number", [10, 30, 60])
def test_element_that_is_all_noise_scatters_like_its_atomic_number(atomic_number):
    """Its counts tell nothing: a count weighs Z^1.7, in proportion to the other element's."""
    expected = np.stack([truth()[0], np.zeros(SHAPE)])
    image = PEDESTAL + 0.2 * expected[0]
    ratios = []
    for seed in range(4):
        maps = measured(expected, 0.3, seed)
        model = fit(maps, image, scattering=np.array([22, atomic_number]) ** 1.7)
        per_count = model.weights / model.scales
        assert per_count[0] == pytest.approx(0.2, rel=0.2)
        ratios.append(per_count[1] / per_count[0])
    assert np.mean(ratios) == pytest.approx((atomic_number / 22) ** 1.7, rel=0.2)


def compound(counts, atomic_numbers, weights="auto"):
    """The HAADF of two elements in one proportion: their counts tell the sum of weights only."""
    expected = np.stack([truth(counts)[0], 0.5 * truth(counts)[0]])
    image = PEDESTAL + 0.6 / counts * expected[0]
    scattering = np.array(atomic_numbers) ** 1.7
    return fit(measured(expected, 0.0), image, scattering=scattering, weights=weights)


@pytest.mark.parametrize("counts", [3.0, 30.0, 1000.0])
def test_proportional_maps_have_the_right_sum_of_weights(counts):
    model = compound(counts, [22, 30])
    assert model.weights / model.scales @ [1, 0.5] == pytest.approx(0.6 / counts, rel=0.05)
    assert model.r_squared > 0.98


@pytest.mark.parametrize("counts", [1000.0])
def test_proportional_maps_share_by_scattering(counts):
    model = compound(counts, [8, 60])
    per_count = model.weights / model.scales
    assert per_count[1] / per_count[0] == pytest.approx((60 / 8) ** 1.7, rel=0.4)


def test_even_weights_share_alike_where_maps_are_proportional():
    """Each on its own scale, with the same sum; both explain as much."""
    model = compound(1000.0, [8, 60], weights="even")
    assert model.weights[0] == pytest.approx(model.weights[1], rel=0.1)
    expected = compound(1000.0, [8, 60])
    assert model.weights.sum() == pytest.approx(expected.weights.sum(), rel=0.02)
    assert model.r_squared == pytest.approx(expected.r_squared, abs=0.01)


def test_even_weights_are_the_fitted_ones_where_the_data_tell(maps, haadf):
    np.testing.assert_allclose(
        fit(maps, haadf, weights="even").weights, fit(maps, haadf).weights, rtol=0.05
    )


# what is explained


@pytest.mark.parametrize("peak", [1.0, 3.0])
def test_noise_of_maps_and_haadf_is_no_shortcoming_of_the_model(peak):
    """The true weights explain all but noise, and noise is most of such maps."""
    expected = truth(peak)
    per_count = PER_COUNT * 3 / peak
    found, raw = [], []
    for seed in range(4):
        maps = measured(expected, seed=seed)
        image = modelled(expected, per_count, noise=0.05, seed=seed)
        scales = fit(maps, image).scales
        found.append(fit(maps, image, weights=per_count * scales).r_squared)
        rest = image - np.tensordot(per_count, maps.net, axes=1)
        raw.append(1 - rest.var() / image.var())
    assert np.mean(found) == pytest.approx(1, abs=0.03)
    assert np.max(raw) < 0.5 * np.min(found)


def test_unrelated_image_is_not_explained(maps, haadf):
    assert fit(maps, haadf[::-1, ::-1]).r_squared < 0.3
    assert fit(maps, haadf).r_squared > 0.95


# resolution


def unit(image):
    return normalise_haadf(image)


@pytest.fixture(scope="module")
def fine():
    """Columns of atoms, 1.5 pixels wide."""
    return np.stack([each / each.max() for each in truth(width=1.5)])


def columns(fine, blur, seed=0):
    """Maps in which the columns are broader than in the HAADF, and that HAADF."""
    broad = smoothed(fine, blur)
    image = modelled(3 * fine, seed=seed)
    return measured(20 * broad / broad.max(), seed=seed), *normalise_haadf(image)


@pytest.mark.parametrize("seed", range(3))
def test_sharper_haadf_is_taken_to_the_resolution_of_the_maps(fine, seed):
    maps, haadf, lowest = columns(fine, 1.5, seed)
    model = fit(maps, haadf, lowest, blur="auto")
    assert 1.0 <= model.blur <= 2.0
    assert model.r_squared > fit(maps, haadf, lowest).r_squared + 0.02
    np.testing.assert_array_equal(model.matched(haadf), smoothed(haadf, model.blur))


@pytest.mark.parametrize("seed", range(3))
def test_haadf_of_the_same_resolution_is_not_blurred(fine, haadf, seed):
    maps, sharp, lowest = columns(fine, 0.0, seed)
    assert fit(maps, sharp, lowest, blur="auto").blur == 0
    unit, lowest = normalise_haadf(haadf)
    assert fit(measured(truth(), seed=seed), unit, lowest, blur="auto").blur == 0


@pytest.mark.parametrize("blur", [0.0, 0.7, 3.0])
def test_given_blur_is_taken(maps, haadf, blur):
    assert fit(maps, haadf, blur=blur).blur == blur


# the model itself


@pytest.mark.parametrize("gamma", [0.7, 1.0, 1.7])
def test_modelled_haadf_is_the_sum_of_its_terms(gamma):
    model = HaadfModel(np.array([2.0, 5.0]), np.array([0.3, 0.6]), 0.1, gamma, 1.0, 0.9)
    maps = np.random.default_rng(0).uniform(0, 5, (2, 6, 7))
    expected = 0.1 + 0.3 * (maps[0] / 2) ** gamma + 0.6 * (maps[1] / 5) ** gamma
    np.testing.assert_allclose(model.modelled(maps), expected)
    np.testing.assert_allclose(model.modelled(0 * maps), 0.1)


def test_modelled_haadf_of_the_true_maps_is_the_measured_one(maps, haadf):
    model = fit(maps, haadf)
    residual = haadf - model.modelled(truth())
    assert residual.std() == pytest.approx(0.02, rel=0.3)
    assert abs(residual.mean()) < 0.01


@pytest.mark.parametrize(("weights", "some"), [([0, 0], False), ([0, 1e-3], True)])
def test_model_without_weights_says_so(weights, some):
    model = HaadfModel(np.ones(2), np.array(weights), 0.1, 1.0, 0.0, 0.9)
    assert model.has_weights is some


def test_input_is_not_modified(maps, haadf):
    before = haadf.copy(), maps.segments.copy(), maps.net.copy()
    for weights in ("auto", "Z", None):
        fit(maps, haadf, -1.0, 1.7, weights, "auto")
    for now, then in zip((haadf, maps.segments, maps.net), before, strict=True):
        np.testing.assert_array_equal(now, then)
