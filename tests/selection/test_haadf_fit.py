"""The arithmetic of the fit of the HAADF model: noise, products, and what is explained."""

from dataclasses import replace

import numpy as np
import pytest

from hyperspy_multimodal.selection import HaadfFit, haadf_model
from hyperspy_multimodal.selection.normalised_haadf import SMOOTHING, smoothed

from .particles import measured, modelled, truth

SCATTERING = np.array([22, 30, 8]) ** 1.7


def fitted(expected, image, seed=0):
    return HaadfFit(measured(expected, 0.1, seed), image, -1.0, SCATTERING)


def test_the_variance_of_blurred_maps_is_that_of_their_noise():
    flat = np.broadcast_to(np.array([4.0, 1.0, 0.3])[:, None, None], (3, 96, 112))
    fits = [fitted(flat, flat[0] / 4, seed) for seed in range(3)]
    inner = (slice(None), slice(8, -8), slice(8, -8))
    spread = np.mean([each.blurred[inner].var(axis=(1, 2)) for each in fits], axis=0)
    stated = np.mean([each.variance[inner].mean(axis=(1, 2)) for each in fits], axis=0)
    np.testing.assert_allclose(stated, spread, rtol=0.15)


def test_a_map_of_noise_alone_has_no_share_of_signal():
    expected = np.stack([truth()[0], np.full_like(truth()[0], 0.3), np.zeros_like(truth()[0])])
    shares = np.array(
        [fitted(expected, modelled(truth()), seed).signal_shares() for seed in (0, 1)]
    )
    assert (shares[:, 0] > 0.9).all()
    np.testing.assert_allclose(shares[:, 1:], 0, atol=0.15)


@pytest.mark.parametrize("gamma", [1.0, 1.4, 1.8])
def test_noise_is_carried_through_the_exponent(gamma):
    """Compared with drawn values, where they are far above their noise."""
    fit = fitted(truth(), modelled(truth()))
    rng = np.random.default_rng(0)
    level, deviation = np.array([0.5, 1.0, 2.0])[:, None, None], 0.02
    fit.blurred = np.broadcast_to(level, fit.blurred.shape)
    fit.variance = np.full(fit.blurred.shape, deviation**2)
    terms, noise = fit._terms(gamma)
    np.testing.assert_allclose(terms, fit.blurred.reshape(3, -1) ** gamma)
    drawn = (level + deviation * rng.normal(size=fit.blurred.shape)) ** gamma
    np.testing.assert_allclose(noise / terms.shape[1], drawn.var(axis=(1, 2)), rtol=0.06)


def test_the_noise_of_the_haadf_and_its_prediction_are_in_its_units():
    image = modelled(truth(), noise=0.05)
    fit = fitted(truth(), image)
    assert fit.haadf_noise == pytest.approx(0.05, rel=0.1)
    for gamma in (1.0, 1.8):
        model = fit.model(gamma)
        terms = np.maximum(fit.blurred, 0 if gamma > 1 else -np.inf) ** gamma
        expected = model.offset + np.tensordot(model.weights, terms, axes=1)
        np.testing.assert_allclose(fit.predicted(model), expected, rtol=1e-6)


def test_products_do_not_depend_on_how_pixels_are_divided(monkeypatch):
    rng = np.random.default_rng(0)
    terms, target = rng.normal(size=(2, 50)), rng.normal(size=50)
    monkeypatch.setattr(haadf_model, "_PIXELS", 7)
    gram, right = haadf_model._products(terms, target)
    columns = np.vstack([terms, np.ones(50)])
    np.testing.assert_allclose(gram, columns @ columns.T)
    np.testing.assert_allclose(right, columns @ target)


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_what_is_explained_is_the_share_of_the_variance(share):
    """Of an image of a map with many counts, and of a pattern that it does not contain."""
    expected = 1e5 * truth(1.0)[:1]
    waves = np.sin(np.arange(expected.shape[2]) / 3.0) * np.ones(expected.shape[1:])
    own, other = (smoothed(each, SMOOTHING) for each in (expected[0] / 1e5, waves))
    other -= other.mean() + own * np.sum(own * other) / np.sum(own**2)
    size = np.sqrt(share / (1 - share) * own.var() / other.var())
    image = 0.1 + 0.8 * expected[0] / 1e5 + 0.8 * size * waves
    fit = HaadfFit(measured(expected), image, -1.0, SCATTERING[:1])
    given = fit.model(1.0, weights=[0.8 * fit.scales[0] / 1e5], blur=0.0)
    target = smoothed(image, SMOOTHING)
    residual = target - 0.8 * own
    assert given.r_squared == pytest.approx(1 - residual.var() / target.var(), abs=5e-3)


@pytest.mark.parametrize(("best", "is_taken"), [(0.918, False), (0.926, True)])
def test_a_blur_must_explain_a_fifth_of_what_is_left(monkeypatch, best, is_taken):
    """And 0.002 of the variance: from 0.9 on, 0.922 is needed."""
    fit = fitted(truth(), modelled(truth()))
    first = fit.model(1.0, blur=0.0)
    explained = {0.0: 0.9, 1.5: best}
    monkeypatch.setattr(
        HaadfFit,
        "_model",
        lambda self, gamma, weights, blur, *_: replace(
            first, blur=blur, r_squared=explained.get(blur, 0.5)
        ),
    )
    assert fit.model(1.0).blur == (1.5 if is_taken else 0.0)
