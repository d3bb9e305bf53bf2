"""Settings that are compared by held-out errors, and fusion with one."""

from dataclasses import replace

import numpy as np
import pytest

from hyperspy_multimodal.fusion.scaled import fuse_scaled
from hyperspy_multimodal.selection import GuidedModels, HaadfModel, fuse_setting
from hyperspy_multimodal.selection.normalised_haadf import guide_directions, smoothed
from hyperspy_multimodal.selection.settings import APART

from .scans import guided_models

SOLVE = {"tolerance": 1e-4, "max_iterations": 5000}


def test_lambda_2_is_a_ratio_of_lambda_1(guided):
    lambda_1, lambda_2 = guided.lambdas
    np.testing.assert_allclose(lambda_1, 1e-3)
    np.testing.assert_allclose(lambda_2, [2e-3, 4e-3, 1e-3])
    by_element = replace(guided, lambda_1=(0.1, 0.2, 0.3))
    np.testing.assert_allclose(by_element.lambdas, [[0.1, 0.2, 0.3], [0.2, 0.8, 0.3]])


def test_counts_of_an_element_apart_weigh_more_at_the_same_ratio(guided):
    apart = replace(guided, apart=(False, True, False))
    np.testing.assert_allclose(apart.lambdas[0], [1e-3, APART * 1e-3, 1e-3])
    np.testing.assert_allclose(apart.lambdas[1] / apart.lambdas[0], guided.ratios)


def test_equal_settings_are_one_setting(models, guided):
    assert hash(replace(guided)) == hash(guided)
    assert replace(guided) == guided != replace(guided, ratios=(2.0, 4.0, 2.0))


# models


def with_blur(blur):
    return HaadfModel(np.ones(2), np.ones(2), 0.1, 1.0, blur, 0.9)


def test_models_share_what_depends_on_the_blur_alone():
    haadf = np.random.default_rng(0).random((12, 15))
    first, second, blurred = (with_blur(blur) for blur in (0.0, 0.0, 1.5))
    models = GuidedModels(haadf, [first, second, blurred])
    assert models.first is first
    np.testing.assert_array_equal(models.matched(first), haadf)
    np.testing.assert_array_equal(models.matched(blurred), smoothed(haadf, 1.5))
    assert models.matched(first) is models.matched(second)
    for model in (first, blurred):
        expected = guide_directions(haadf, model.blur)
        np.testing.assert_array_equal(models.directions(model), expected)
    assert models.directions(first) is models.directions(second)


def test_directions_are_not_found_where_none_are_followed(maps, models, guided, monkeypatch):
    isotropic = replace(guided, regularisers=("isotropic",) * 3)
    expected = fuse_setting(maps, models, isotropic, **SOLVE).maps
    asked = []
    monkeypatch.setattr(GuidedModels, "directions", lambda self, model: asked.append(model))
    np.testing.assert_array_equal(fuse_setting(maps, models, isotropic, **SOLVE).maps, expected)
    assert not asked


# one fusion


@pytest.mark.parametrize("uses_brightness", [True, False])
def test_fusion_is_that_of_the_setting(maps, models, guided, alone, uses_brightness):
    setting = guided if uses_brightness else alone
    model = models.first
    result = fuse_setting(maps, models, setting, totals=maps.totals, **SOLVE)
    expected = fuse_scaled(
        maps.counts,
        maps.background,
        models.haadf,
        scales=model.scales,
        weights=model.weights if uses_brightness else np.zeros(3),
        offset=model.offset,
        gamma=1.0,
        lambda_1=setting.lambda_1,
        lambda_2=setting.lambda_1 * np.array([2.0, 4.0, 1.0]),
        totals=maps.totals,
        regularisers=("directional", "isotropic", "directional"),
        directions=guide_directions(models.haadf, 0.0),
        **SOLVE,
    )
    np.testing.assert_array_equal(result.maps, expected.maps)


def test_scale_says_what_share_of_the_counts_the_maps_hold(maps, models, guided):
    """A quarter of the counts, with the right scale, makes the same HAADF."""
    thin = replace(maps, segments=maps.segments / 4)
    model = models.first
    quarter = 4 * fuse_setting(thin, models, guided, scale=0.25, **SOLVE).maps
    residual = models.haadf - model.modelled(quarter)
    whole = models.haadf - model.modelled(fuse_setting(maps, models, guided, **SOLVE).maps)
    wrong = models.haadf - model.modelled(4 * fuse_setting(thin, models, guided, **SOLVE).maps)
    assert residual.std() < 1.2 * whole.std()
    assert residual.std() < 0.2 * wrong.std()


def test_element_apart_does_not_feel_the_haadf(specimen, maps, models, guided, alone):
    apart = replace(guided, regularisers=("isotropic",) * 3, apart=(False, False, True))
    alone = replace(alone, regularisers=("isotropic",) * 3)
    fused, free = (
        fuse_setting(maps, models, each, totals=maps.totals, **SOLVE).maps
        for each in (apart, alone)
    )
    flipped = guided_models(specimen, maps, models.haadf[::-1], weights=models.first.weights)
    other = replace(apart, model=flipped.first)
    turned = fuse_setting(maps, flipped, other, totals=maps.totals, **SOLVE).maps
    scales = models.first.scales
    for found, reference in ((fused, free), (turned, fused)):
        moved = np.sqrt(np.square(found - reference).mean(axis=(1, 2))) / scales
        assert moved[2] < 0.02
        assert moved[0] > 3 * moved[2]
