"""Results that later fusions start from, element by element."""

from dataclasses import replace

import numpy as np
import pytest

from hyperspy_multimodal.fusion.minimise import joined
from hyperspy_multimodal.fusion.scaled_counts import ScaledCounts
from hyperspy_multimodal.selection import fuse_setting
from hyperspy_multimodal.selection.earlier import Earlier
from hyperspy_multimodal.selection.settings import APART

SOLVE = {"tolerance": 0.1, "max_iterations": 10}
ARRAYS = "maps", "prices", "dual", "sources"


@pytest.fixture(scope="module")
def fused(maps, models, alone):
    """Settings without HAADF, and results of all their elements."""
    settings = [replace(alone, ratios=(ratio,) * 3) for ratio in (0.5, 2.0, 8.0)]
    return {each: fuse_setting(maps, models, each, **SOLVE) for each in settings}


def parts_of(result):
    return [result.part([i]) for i in range(len(result.maps))]


def test_each_element_starts_from_its_nearest_result(fused, alone):
    earlier = Earlier(4)
    for each, result in fused.items():
        earlier.remember(each, range(3), parts_of(result))
    start = earlier.nearest(replace(alone, ratios=(8.0, 4.0, 0.25)), range(3))
    # Of two that are as near, the latest.
    for i, (result, expected) in enumerate(zip((2, 2, 0), start.maps, strict=True)):
        np.testing.assert_array_equal(list(fused.values())[result].maps[i], expected)


def test_there_is_no_start_without_a_result_of_each_element(fused, alone):
    earlier = Earlier(4)
    assert earlier.nearest(alone, [0]) is None
    (setting, result), *_ = fused.items()
    earlier.remember(setting, [0, 2], parts_of(result)[::2])
    assert earlier.nearest(alone, range(3)) is None
    np.testing.assert_array_equal(earlier.nearest(alone, [2]).maps, result.maps[2:])


def test_the_latest_results_are_kept(fused, alone):
    earlier = Earlier(2)
    for each, result in fused.items():
        earlier.remember(each, range(3), parts_of(result))
    start = earlier.nearest(replace(alone, ratios=(0.5,) * 3), range(3))
    np.testing.assert_array_equal(start.maps, list(fused.values())[1].maps)


def test_parts_join_to_the_whole(maps, models, alone):
    names = "sieve", "isotropic", "smooth"
    result = fuse_setting(maps, models, replace(alone, regularisers=names), **SOLVE)
    again = joined([result.part([i]) for i in range(3)])
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(again, name), getattr(result, name))


def test_maps_without_sources_or_dual_variables_join_with_0(maps, models, alone):
    sieve, tv = (
        fuse_setting(maps, models, replace(alone, regularisers=(name,) * 3), **SOLVE)
        for name in ("sieve", "isotropic")
    )
    both = joined([sieve.part([0]), tv.part([1, 2])])
    np.testing.assert_array_equal(both.sources[:1], sieve.sources[:1])
    np.testing.assert_array_equal(both.dual[:, 1:], tv.dual[:, 1:])
    assert not both.sources[1:].any()
    assert not both.dual[:, :1].any()


def test_prices_are_those_of_a_cost_with_the_lambda_of_the_new_setting(fused, alone):
    (setting, result), *_ = fused.items()
    result = replace(result, prices=np.array([0.3, -0.2, 0.1]))
    earlier = Earlier(4)
    earlier.remember(setting, range(3), parts_of(result))
    start = earlier.nearest(replace(setting, lambda_1=0.01, apart=(False, True, False)), range(3))
    np.testing.assert_allclose(start.prices, result.prices * [0.01, 0.01 * APART, 0.01])
    smooth = replace(setting, regularisers=("smooth", *setting.regularisers[1:]))
    np.testing.assert_array_equal(
        earlier.nearest(smooth, range(3)).prices, result.prices * [0, 1, 1]
    )


def test_known_units_of_the_counts_change_nothing(maps, models, alone):
    known = ScaledCounts.of(maps.counts, maps.background)
    for elements in (None, [2, 0]):
        both = [
            fuse_setting(maps, models, alone, elements=elements, in_units=each, **SOLVE)
            for each in (None, known)
        ]
        np.testing.assert_array_equal(both[0].maps, both[1].maps)
        assert both[0].optimality == both[1].optimality
