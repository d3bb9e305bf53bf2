"""What dark pixels of a map hold is an upper limit of what clipping may have added to them."""

import numpy as np
import pytest

from hyperspy_multimodal.given.dark_level import dark_level


@pytest.mark.parametrize("level", [0.02, 0.3])
def test_it_is_hardly_ever_lower_than_the_mean_of_what_is_dark(level):
    """Also with so few counts that most blocks differ only by noise."""
    truth = np.full((128, 160), level)
    truth[:, 120:] = 20 * level
    found = [dark_level(np.random.default_rng(n).poisson(truth).astype(float)) for n in range(60)]
    assert np.mean(np.array(found) < level) < 0.1
    assert np.mean(found) < 1.5 * level


def test_a_dark_part_is_found():
    truth = np.full((128, 128), 5.0)
    truth[:48, :48] = 0.5
    found = dark_level(np.random.default_rng(0).poisson(truth).astype(float))
    assert 0.45 < found < 0.6


def test_masked_pixels_and_small_maps():
    image = np.random.default_rng(0).poisson(2.0, (64, 64)).astype(float)
    mask = np.zeros((64, 64), bool)
    mask[:20] = True
    assert 1.7 < dark_level(np.where(mask, 0.0, image), mask) < 2.3
    assert dark_level(image[:4, :4]) == pytest.approx(image[:4, :4].mean())
    assert dark_level(np.zeros((64, 64)), np.ones((64, 64), bool)) == 0.0
