"""Templates and the projection on them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hyperspy_multimodal.spectra.sum_fit import fit_sum_spectrum
from hyperspy_multimodal.spectra.templates import element_templates

from .synthetic import BEAM, NOMINAL, USED, expected, lines_of

COUNTS = {"Co": 4e4, "O": 1e4, "S": 8e3, "Cu": 1e3}
LINES = lines_of("Co", "O", "S", "Cu")
NAMES = ["Co_Ka", "O_Ka", "S_Ka"]
CHANNELS = [(676, 711), (47, 59), (222, 240)]


def limits(channels):
    return [(NOMINAL.edges[start], NOMINAL.edges[stop]) for start, stop in channels]


@pytest.fixture(scope="module")
def fit():
    observed, _ = expected(LINES, COUNTS)
    return fit_sum_spectrum(observed, NOMINAL, LINES, BEAM, USED)


@pytest.fixture(scope="module")
def templates(fit):
    return element_templates(fit, NOMINAL, NAMES, limits(CHANNELS))


def test_a_template_holds_one_count_in_its_window(templates):
    for shape, (start, stop) in zip(templates.shapes, CHANNELS, strict=False):
        assert shape[start:stop].sum() == pytest.approx(1, rel=0.01)


def test_all_else_is_named(templates):
    assert templates.names == NAMES
    assert templates.others == ["Cu", "continuum"]
    assert_allclose(templates.shapes[3:].sum(axis=1), 1)


def test_the_projection_of_a_template_is_itself_alone(templates):
    assert_allclose(templates.projection @ templates.shapes.T, np.eye(5), atol=1e-8)


def test_the_projection_has_the_least_variance(templates):
    """No other unbiased linear estimate of the mean spectrum's counts is more precise."""
    projection, rng = templates.projection, np.random.default_rng(0)
    mean = np.where(templates.weights > 0, 1 / np.maximum(templates.weights, 1e-300), 0)
    least = (projection**2 * mean).sum(axis=1)
    for _ in range(5):
        other = rng.normal(size=projection.shape) * templates.weights
        other -= other @ templates.shapes.T @ projection  # changes nothing in the mean
        assert_allclose(other @ templates.shapes.T, 0, atol=1e-6 * np.abs(other).max())
        scale = 0.1 * np.abs(projection).max() / np.abs(other).max()
        assert np.all(((projection + scale * other) ** 2 * mean).sum(axis=1) > least)


def test_two_families_of_an_element_make_two_templates(fit):
    both = element_templates(fit, NOMINAL, ["Co_Ka", "Co_La"], limits([(676, 711), (72, 83)]))
    k, other = both.shapes[:2]
    assert k[:200].sum() < 1e-6 * k.sum()
    assert other[600:].sum() < 1e-6 * other.sum()


def test_an_element_without_counts_has_its_nominal_template():
    observed, _ = expected(lines_of("O"), {"O": 1e4})
    fit = fit_sum_spectrum(np.round(observed), NOMINAL, lines_of("O", "S"), BEAM, USED)
    fit.amplitudes[[line.element == "S" for line in fit.lines]] = 0
    templates = element_templates(fit, NOMINAL, ["O_Ka", "S_Ka"], limits([(47, 59), (222, 240)]))
    assert templates.shapes[1][222:240].sum() == pytest.approx(1, rel=0.01)
    assert np.isfinite(templates.projection).all()
