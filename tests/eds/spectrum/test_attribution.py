"""Whose the counts are that the model does not describe."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hyperspy_multimodal.eds.spectrum.attribution import attribute

from .synthetic import NOMINAL, USED, drawn, expected, fitted

pytestmark = pytest.mark.filterwarnings("error")

COUNTS = {"Co": 4e5, "O": 1e5, "S": 8e4}
NAMED = list(COUNTS)


def near(*energies, widths=1.0):
    return np.any(
        [np.abs(NOMINAL.centres - energy) < widths * NOMINAL.width(energy) for energy in energies],
        axis=0,
    )


@pytest.fixture(scope="module")
def right():
    return fitted(drawn(expected(COUNTS)), NAMED)


@pytest.fixture(scope="module")
def wrong():
    """Peaks of which a part is not where the lines are: 15 % of each, 60 eV too high."""
    mean = 0.85 * expected(COUNTS) + 0.15 * np.roll(expected(COUNTS), 6)
    return fitted(drawn(mean), NAMED, refine=False)


def test_without_noise_the_right_model_changes_nothing():
    fit = fitted(expected(COUNTS), NAMED)
    found = attribute(fit)
    assert_allclose(found.changed, 0, atol=1e-4 * fit.amplitudes.max())
    assert_allclose(found.lines, fit.amplitudes[:, None] * fit.line_shapes, atol=1.0)
    assert_allclose(found.continuum, fit.continuum, atol=1.0)


def test_of_the_right_model_next_to_nothing_is_attributed(right):
    """Fewer counts than the errors of the lines."""
    found = attribute(right)
    strong = right.amplitudes > 1e4
    assert np.all(found.moved[strong] < 3 * right.errors[strong])
    assert found.moved.sum() < 0.005 * right.amplitudes.sum()
    assert np.all(np.abs(found.changed) <= found.moved + 1e-9)


def test_near_lines_the_sum_is_what_was_observed(wrong):
    """Within noise, whatever the shape of the peaks; the model alone is far off."""
    found = attribute(wrong)
    total = found.lines.sum(axis=0) + found.continuum + wrong.pile_up
    for energy in (0.525, 2.307, 6.93):
        here = near(energy)
        noise = np.sqrt(wrong.observed[here].sum())
        assert abs((wrong.observed - total)[here].sum()) < 3 * noise
        pulls = ((wrong.observed - total) / np.sqrt(wrong.observed + 1))[here]
        before = ((wrong.observed - wrong.fitted) / np.sqrt(wrong.observed + 1))[here]
        assert np.mean(pulls**2) < 0.3 * np.mean(before**2)


def test_away_from_lines_it_is_the_continuum_that_takes_the_rest(right):
    bump = 400 * np.exp(-0.5 * ((NOMINAL.centres - 4.4) / 0.2) ** 2)
    found = attribute(replace(right, observed=right.observed + bump))
    before = attribute(right)
    here = near(4.4, widths=3.0)
    gained = (found.continuum - before.continuum)[here].sum()
    assert gained == pytest.approx(bump[here].sum(), rel=0.1)
    assert_allclose(found.lines[:, here], before.lines[:, here], atol=1e-6)


def test_counts_go_to_lines_in_proportion_to_their_share(right):
    """Channel by channel: Ka of sulfur takes what is missing there, cobalt none of it."""
    extra = 2e4 * NOMINAL.shapes([2.307])[0]
    found = attribute(replace(right, observed=right.observed + extra))
    before = attribute(right)
    gained = dict(
        zip((line.name for line in right.lines), found.changed - before.changed, strict=True)
    )
    assert gained["S_Ka"] == pytest.approx(2e4, rel=0.05)
    assert abs(gained["Co_Ka"]) < 10
    model = right.amplitudes[:, None] * right.line_shapes
    total = model.sum(axis=0)
    for spectra, own in zip(found.lines, model, strict=True):
        part = near(0.525, 2.307, 6.93)
        shares = spectra[part] / found.lines.sum(axis=0)[part]
        assert_allclose(shares, own[part] / total[part], atol=1e-9)


def test_no_spectrum_is_negative(right):
    for factor in (0.0, 0.5):
        found = attribute(replace(right, observed=factor * right.observed))
        assert found.lines.min() >= -1e-9 and found.continuum.min() >= -1e-9


def test_channels_that_are_not_used_change_nothing(right):
    observed = np.where(USED, right.observed, 1e6)
    assert_allclose(attribute(replace(right, observed=observed)).changed, attribute(right).changed)
