"""Steps between values that are single counts, and steps that are not."""

import numpy as np
import pytest

from hyperspy_multimodal.counts.dispersion import Dispersion
from hyperspy_multimodal.given import equal_steps
from hyperspy_multimodal.given.equal_steps import gains_by_steps, in_steps, step_of
from hyperspy_multimodal.given.noise_from_moments import Noise

COUNTS = np.random.default_rng(0).poisson(4.0, (64, 64)).astype(float)


@pytest.mark.parametrize("step", [1.0, 0.3, 7.0, 1e-9])
def test_the_step_is_the_factor(step):
    assert step_of(step * COUNTS) == pytest.approx(step)
    assert step_of(step * (COUNTS + 1e-2 * np.sin(COUNTS))) == 0


@pytest.mark.parametrize(
    ("found", "are_counts"),
    [
        (Dispersion(1.02, 0.9, 1.14, True), True),
        (Dispersion(1.2, 0.8, 1.6, True), True),  # within three standard errors
        (Dispersion(1.3, 1.2, 1.4, True), False),  # as of counts that were scaled and rounded
        (Dispersion(0.75, 0.7, 0.8, True), False),
        (Dispersion(np.nan, 0.0, np.inf, True), False),
    ],
)
def test_noise_must_be_that_of_counts(monkeypatch, found, are_counts):
    monkeypatch.setattr(equal_steps, "dispersion_of", lambda *given: found)
    image, unknown = 0.3 * COUNTS, Noise(0.5, 0.1)
    assert (gains_by_steps(image[None]) is not None) == are_counts
    assert (in_steps(unknown, image).gain == pytest.approx(0.3)) == are_counts


def test_the_gain_by_the_noise_is_kept_where_steps_contradict_it():
    image, told = 0.3 * COUNTS, Noise(0.5, 0.0, gain_error=0.02)
    assert in_steps(told, image) is told
    assert in_steps(Noise(0.33, 0.0, gain_error=0.02), image).gain == pytest.approx(0.3)
