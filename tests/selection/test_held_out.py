"""Held-out errors: one half of the counts is fused, the other predicted."""

from dataclasses import replace

import numpy as np
import pytest

from hyperspy_multimodal.counts.reading import SPLITS
from hyperspy_multimodal.data import core_shell
from hyperspy_multimodal.eds.xray_fit import fit_spectra
from hyperspy_multimodal.fusion.scaled import fuse_scaled
from hyperspy_multimodal.selection import GuidedModels, HaadfModel, HeldOut, Setting, fuse_setting
from hyperspy_multimodal.selection import held_out as module
from hyperspy_multimodal.selection.held_out import APART
from hyperspy_multimodal.selection.normalised_haadf import guide_edges, smoothed

from .scans import all_kept, guided_models, measured_maps

SHAPE = 48, 40
SOLVE = {"tolerance": 1e-4, "max_iterations": 5000}


@pytest.fixture(scope="module")
def specimen():
    return core_shell(SHAPE, counts=5)


@pytest.fixture(scope="module")
def maps(specimen):
    return measured_maps(specimen)


@pytest.fixture(scope="module")
def models(specimen, maps):
    return guided_models(specimen, maps)


@pytest.fixture(scope="module")
def guided(models):
    return Setting(models.first, 1e-3, (True, False, True), (2.0, 4.0, 1.0), (False,) * 3)


@pytest.fixture(scope="module")
def alone(guided):
    return replace(guided, model=None, lambda_1=1.0)


def held_out(maps, models, seed=0, kept=None, progress=lambda: None):
    return HeldOut(maps, models, seed, all_kept(maps) if kept is None else kept, progress)


@pytest.fixture
def fusions(monkeypatch):
    """What is fused from now on: maps that went in, and result."""
    done = []

    def fuse(maps, *arguments, **options):
        result = fuse_setting(maps, *arguments, **options)
        done.append((maps, result))
        return result

    monkeypatch.setattr(module, "fuse_setting", fuse)
    return done


# settings


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
        *directions, chosen = models.edges(model, (False, True))
        np.testing.assert_array_equal(directions, guide_edges(haadf, model.blur))
        np.testing.assert_array_equal(chosen, [False, True])
    assert models.edges(first, (True, True))[0] is models.edges(second, (True, False))[0]


def test_no_edges_are_found_where_none_are_followed():
    models = GuidedModels(np.ones((12, 15)), [with_blur(0.0)])
    *directions, chosen = models.edges(models.first, (False, False))
    assert not chosen.any()
    assert [each.shape for each in directions] == [(1, 1), (1, 1)]


# one fusion


@pytest.mark.parametrize("uses_haadf", [True, False])
def test_fusion_is_that_of_the_setting(maps, models, guided, alone, uses_haadf):
    setting = guided if uses_haadf else alone
    model = models.first
    result = fuse_setting(maps, models, setting, totals=maps.totals, **SOLVE)
    expected = fuse_scaled(
        maps.counts,
        maps.background,
        models.haadf,
        scales=model.scales,
        weights=model.weights if uses_haadf else np.zeros(3),
        offset=model.offset,
        gamma=1.0,
        lambda_1=setting.lambda_1,
        lambda_2=setting.lambda_1 * np.array([2.0, 4.0, 1.0]),
        totals=maps.totals,
        edges=(*guide_edges(models.haadf, 0.0), np.array([True, False, True])),
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
    apart = replace(guided, directional=(False,) * 3, apart=(False, False, True))
    alone = replace(alone, directional=(False,) * 3)
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


# errors


def test_same_seed_same_errors(maps, models, guided):
    first, again, other = (held_out(maps, models, seed).errors(guided) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert np.all(first != other)
    np.testing.assert_allclose(first, other, rtol=0.1)


def test_errors_are_sums_of_blocks(maps, models, guided):
    tried = held_out(maps, models)
    blocks = tried.blocks(guided)
    assert blocks.shape == (3, 16 * 16)
    assert blocks.min() >= 0
    np.testing.assert_allclose(tried.errors(guided), blocks.sum(axis=1))


def test_errors_are_squared_differences_to_the_other_half(maps, models, guided, fusions):
    tried = held_out(maps, models)
    errors = tried.errors(guided)
    expected = np.zeros(3)
    for (first, second), (fused, result) in zip(tried.splits, fusions, strict=True):
        assert fused is first
        np.testing.assert_array_equal(first.counts + second.counts, maps.counts)
        expected += np.square(second.net - result.maps).sum(axis=(1, 2))
    np.testing.assert_allclose(errors, expected, rtol=1e-5)


@pytest.mark.parametrize("shape", [(1, 1), (3, 40), (17, 16), (33, 50)])
def test_blocks_hold_each_pixel_once(shape):
    errors = np.random.default_rng(0).random((2, *shape))
    blocks = module._block_sums(errors)
    assert blocks.shape == (2, min(shape[0], 16) * min(shape[1], 16))
    np.testing.assert_allclose(blocks.sum(axis=1), errors.sum(axis=(1, 2)))
    one = module._block_sums(np.ones((1, *shape)))
    assert one.max() <= np.prod([-(-size // min(size, 16)) for size in shape])


def test_nothing_of_the_held_out_half_enters_the_fusion(maps, models, guided, fusions):
    honest, blind = (held_out(maps, models) for _ in range(2))
    blind.splits = [
        (first, replace(second, segments=0 * second.segments)) for first, second in blind.splits
    ]
    honest.errors(guided)
    errors = blind.errors(guided)
    results = [result.maps for _, result in fusions]
    for seeing, other in zip(results[:SPLITS], results[SPLITS:], strict=True):
        np.testing.assert_array_equal(seeing, other)
    expected = sum(np.square(each).sum(axis=(1, 2), dtype=float) for each in results[SPLITS:])
    np.testing.assert_allclose(errors, expected, rtol=1e-5)


def test_half_of_the_counts_makes_the_whole_haadf(maps, models, guided, fusions):
    held_out(maps, models).errors(replace(guided, lambda_1=1e-4))
    for _, result in fusions:
        residual = models.haadf - models.first.modelled(2 * result.maps)
        assert residual.std() < 0.1 * models.haadf.std()


def test_better_maps_predict_better(specimen, maps, models, guided):
    """What is not smoothed at all has the noise of both halves."""
    tried = held_out(maps, models)
    rough = tried.errors(replace(guided, lambda_1=10.0, ratios=(1e-3,) * 3))
    assert np.all(tried.errors(guided) < 0.95 * rough)
    # and no prediction is better than the noise of what is predicted
    noise = SPLITS * 0.5 * maps.net_variance.sum(axis=(1, 2))
    assert np.all(tried.errors(guided) > 0.8 * noise)


def test_what_was_tried_before_hardly_matters(maps, models, guided, alone):
    forward, backward = (held_out(maps, models) for _ in range(2))
    order = [guided, alone]
    errors = [forward.errors(each) for each in order]
    other = [backward.errors(each) for each in order[::-1]][::-1]
    np.testing.assert_allclose(errors, other, rtol=5e-3)


def test_totals_are_kept_or_free(maps, models, guided, fusions):
    tried = held_out(maps, models, kept=np.array([True, False, True]))
    tried.errors(guided)
    for first, result in fusions:
        ratios = result.maps.sum(axis=(1, 2), dtype=float) / first.totals
        np.testing.assert_allclose(ratios[[0, 2]], 1, rtol=2e-3)
        assert abs(ratios[1] - 1) > 5e-3


def test_a_setting_is_solved_once(maps, models, guided, alone):
    steps = []
    tried = held_out(maps, models, progress=lambda: steps.append(1))
    for setting in (guided, alone, replace(guided), guided):
        tried.errors(setting)
        tried.blocks(setting)
    assert len(steps) == 2 * SPLITS
    assert len(tried.table()) == 2


def test_fitted_maps_have_halves_too(specimen):
    fitted = fit_spectra(specimen.signal, None, 2.0, None, True, False, SPLITS, 0, False)
    maps = fitted.maps
    models = guided_models(specimen, maps)
    setting = Setting(models.first, 1e-3, (False,) * 3, (2.0,) * 3, (False,) * 3)
    tried = held_out(maps, models)
    rough = tried.errors(replace(setting, lambda_1=10.0, ratios=(1e-3,) * 3))
    assert np.all(tried.errors(setting) < 0.8 * rough)


def test_inputs_are_not_modified(maps, models, guided, alone):
    arrays = maps.segments, maps.counts, maps.net, maps.totals, models.haadf
    before = [array.copy() for array in arrays]
    tried = held_out(maps, models)
    for setting in (guided, alone):
        tried.errors(setting)
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)


# comparisons


@pytest.fixture(scope="module")
def compared(maps, models, guided, alone):
    tried = held_out(maps, models)
    rough = replace(guided, lambda_1=10.0, ratios=(1e-3,) * 3)
    for setting in (guided, rough):
        tried.errors(setting)
    return tried, guided, rough


def test_gains_and_losses_have_opposite_signs(compared):
    tried, good, bad = compared
    assert tried.standard_errors_gained(good, bad) > 3
    assert tried.standard_errors_gained(bad, good) == pytest.approx(
        -tried.standard_errors_gained(good, bad)
    )
    assert np.all(tried.standard_errors_lost(bad, good) > 3)
    np.testing.assert_allclose(
        tried.standard_errors_lost(good, bad), -tried.standard_errors_lost(bad, good)
    )
    assert tried.standard_errors_gained(good, good) == 0
    assert not tried.standard_errors_lost(good, good).any()


def test_settings_that_were_not_tried_yet_are_solved_for_a_comparison(compared, maps, models):
    tried, good, bad = compared
    fresh = held_out(maps, models)
    gained = fresh.standard_errors_gained(good, bad)
    assert gained == pytest.approx(tried.standard_errors_gained(good, bad), rel=0.1)


@pytest.mark.parametrize(("mean", "n"), [(0.3, 100), (-0.2, 256)])
def test_significance_is_the_sum_over_its_standard_error(mean, n):
    gains = np.random.default_rng(0).normal(size=n)
    gains = mean + 2 * (gains - gains.mean()) / gains.std(ddof=1)
    assert module._significance(gains) == pytest.approx(mean * np.sqrt(n) / 2)
    assert module._significance(1e-9 * gains) == pytest.approx(mean * np.sqrt(n) / 2)


@pytest.mark.parametrize("gains", [[3.0], [0.0, 0.0, 0.0]])
def test_gains_without_spread_are_not_significant(gains):
    assert module._significance(np.array(gains)) == 0


def test_relative_errors_are_over_the_least_of_each_element(compared):
    tried, good, bad = compared
    errors = np.array([tried.errors(each) for each in (good, bad)])
    # or over the noise of what is predicted, if that happens to be more
    noise = sum(second.net_variance.sum(axis=(1, 2)) for _, second in tried.splits)
    units = np.maximum(errors[0], noise)
    np.testing.assert_allclose(units, errors[0], rtol=0.05)
    for each in errors:
        assert tried.relative(each) == pytest.approx((each / units).sum())
    rows = {row["lambda_1"]: row for row in tried.table()}
    np.testing.assert_allclose(rows[1e-3]["relative_errors"], 1)
    np.testing.assert_allclose(rows[10.0]["relative_errors"], errors[1] / errors[0])


def test_elements_without_counts_have_no_say(specimen, maps, guided):
    there = np.array([[1.0], [0.0], [1.0]])
    empty = replace(maps, inside=there * maps.inside, beside=there * maps.beside)
    models = guided_models(specimen, empty)
    tried = held_out(empty, models)
    good = replace(guided, model=models.first)
    bad = replace(good, ratios=(2.0, 1e-3, 1.0))
    gained = [tried.standard_errors_gained(*each) for each in ((good, bad), (bad, good))]
    assert np.abs(gained).max() < 2
    assert tried.relative(tried.errors(good)) == pytest.approx(2, abs=0.05)


def test_table_tells_the_settings(maps, models, guided, alone):
    tried = held_out(maps, models)
    for setting in (guided, replace(guided, apart=(True, False, False)), alone):
        tried.errors(setting)
    first, apart, without = tried.table()
    relative = first.pop("relative_errors")
    assert first == {
        "uses_haadf": True,
        "gamma": 1.0,
        "haadf_blur": 0.0,
        "lambda_1": 1e-3,
        "ratios": [2.0, 4.0, 1.0],
        "directional": [True, False, True],
        "apart": [False, False, False],
    }
    assert len(relative) == 3
    assert apart["apart"] == [True, False, False]
    assert not without["uses_haadf"]
    assert [without[name] for name in ("gamma", "haadf_blur", "lambda_1")] == [None] * 3
