"""Net counts in nearly Poisson units."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hyperspy_multimodal.counts.fitted_maps import FittedMaps


def fitted_maps(rng, gains=(2.0, 0.5), pairs=2):
    shape = (2, 30, 40)
    net = rng.normal(1, 2, shape)
    return FittedMaps(
        names=["A", "B"],
        net=net,
        net_variance=np.full(shape, 4.0),
        gross=np.full(shape[1:], 30.0),
        gains=np.array(gains),
        first_halves=rng.normal(0.5, 1, (pairs, *shape)),
        are_integers=True,
    )


def test_counts_less_background_are_the_net_counts_where_they_are_not_clipped(rng):
    maps = fitted_maps(rng)
    kept = maps.counts > 0
    assert_allclose((maps.counts - maps.background)[kept], maps.net[kept])
    assert np.all(maps.counts >= 0) and np.all(maps.background >= 0)
    assert kept.mean() > 0.9


def test_the_background_is_twice_the_variance_beyond_the_net_counts(rng):
    assert_allclose(fitted_maps(rng).background.mean(axis=(1, 2)), [6, 6], rtol=0.05)


def test_elements_whose_counts_are_never_negative_have_no_more_than_that_variance(rng):
    maps = fitted_maps(rng)
    maps = FittedMaps(**{**vars_of(maps), "softening": np.array([2.0, 1.0])})
    assert_allclose(maps.background.mean(axis=(1, 2)), [6, 3], rtol=0.05)
    assert_allclose(maps.subtracted, maps.gains * 3, rtol=0.05)
    spread = np.var([maps.drawn(np.ones_like(maps.net), rng).net for _ in range(9)], axis=(0, 2, 3))
    assert_allclose(spread, [4, 4], rtol=0.1)


def test_the_background_is_never_negative(rng):
    maps = fitted_maps(rng)
    maps = FittedMaps(**{**vars_of(maps), "net": maps.net + 9})
    assert not maps.background.any()


def vars_of(maps):
    return {name: getattr(maps, name) for name in maps.__dataclass_fields__}


def test_halves_add_up_to_the_whole_and_have_half_the_background(rng):
    maps = fitted_maps(rng)
    for first, second in maps.halves(2, 0):
        assert_allclose(first.net + second.net, maps.net)
        assert_allclose(first.background, maps.background / 2)
        assert_allclose(second.background, maps.background / 2)
        assert_allclose(first.net_variance, maps.net_variance / 2)


def test_more_halves_than_were_drawn_are_refused(rng):
    with pytest.raises(ValueError, match=r"at most the .* halves drawn, but 3"):
        fitted_maps(rng).halves(3, 0)


def test_totals_that_are_not_positive_are_free(rng):
    maps = fitted_maps(rng)
    net = maps.net.copy()
    net[1] -= 10
    maps = FittedMaps(**{**vars_of(maps), "net": net})
    assert_allclose(maps.totals[0], net[0].sum())
    assert np.isnan(maps.totals[1])
