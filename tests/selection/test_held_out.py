"""Held-out errors: one half of the counts is fused, the other predicted."""

from dataclasses import replace

import numpy as np
import pytest

from hyperspy_multimodal.counts.reading import SPLITS
from hyperspy_multimodal.eds.xray_fit import plan_fit
from hyperspy_multimodal.lazy import read_now
from hyperspy_multimodal.selection import Setting, fuse_setting
from hyperspy_multimodal.selection import held_out as module

from .scans import guided_models, held_out


@pytest.fixture
def fusions(monkeypatch):
    """What is fused from now on: maps that went in, and result."""
    done = []

    def fuse(maps, *arguments, **options):
        result = fuse_setting(maps, *arguments, **options)
        done.append((maps, result))
        return result

    monkeypatch.setattr(module, "fuse_setting", fuse)
    monkeypatch.setattr(module, "fuse_side_by_side", one_by_one)
    return done


def one_by_one(function, jobs):
    return [function(each) for each in jobs]


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


@pytest.fixture
def split_once(monkeypatch, maps):
    """One split is taken, as of large scans."""
    monkeypatch.setattr(module, "_LARGE", maps.net[0].size)


def test_what_is_tried_side_by_side_starts_from_what_was_there_before(
    maps, models, guided, alone, monkeypatch
):
    """Results do not depend on what ends first."""
    errors = []
    for one_after_another in (False, True):
        if one_after_another:
            monkeypatch.setattr(module, "fuse_side_by_side", one_by_one)
        tried = held_out(maps, models)
        tried.try_out([guided, alone])
        tried.try_out([replace(guided, lambda_1=3e-3), replace(alone, ratios=(8.0,) * 3)])
        errors.append([tried.errors(each) for each in tried._found])
    np.testing.assert_array_equal(*errors)


def test_no_more_splits_for_a_leak_that_the_first_rules_out(
    maps, models, guided, fusions, split_once, monkeypatch
):
    for negligible, expected in ((True, 1), (False, SPLITS)):
        monkeypatch.setattr(module.Bias, "is_negligible", np.full(3, negligible))
        tried = held_out(maps, models)
        fusions.clear()
        tried.bias(guided)
        assert len(fusions) == expected


def test_large_scans_are_split_once_but_leaks_take_all_splits(
    maps, models, guided, fusions, split_once, monkeypatch
):
    monkeypatch.setattr(module.Bias, "is_negligible", np.full(3, False))
    with monkeypatch.context() as patch:
        patch.setattr(module, "_LARGE", SPLITS * maps.net[0].size)
        expected = held_out(maps, models).bias(guided)
    large = held_out(maps, models)
    fusions.clear()
    errors = large.errors(guided)
    (fused, result), (first, second) = fusions[0], large.splits[0]
    assert fused is first
    squares = np.square(second.net - result.maps).sum(axis=(1, 2))
    np.testing.assert_allclose(errors, squares, rtol=1e-5)
    bias = [large.bias(guided) for _ in range(2)][1]
    assert len(fusions) == SPLITS
    np.testing.assert_allclose(bias.sums, expected.sums, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(bias.errors, expected.errors)


@pytest.mark.parametrize("splits", [1, SPLITS])
def test_what_is_put_together_has_the_errors_and_the_bias_of_its_parts(
    maps, models, guided, fusions, monkeypatch, splits
):
    monkeypatch.setattr(module, "_LARGE", splits * maps.net[0].size)
    tried = held_out(maps, models)
    some = replace(guided, model=None)
    others = replace(some, ratios=(4.0, 1.0, 4.0))
    biases = [tried.bias(each) for each in (some, others)]
    fusions.clear()
    chosen = np.array([True, False, True])
    both = tried.put_together(chosen, some, others)
    errors, bias = tried.errors(both), tried.bias(both)
    assert not fusions
    expected = np.where(chosen, tried.errors(some), tried.errors(others))
    np.testing.assert_array_equal(errors, expected)
    sums = np.where(chosen[:, None], biases[0].sums, biases[1].sums)
    np.testing.assert_allclose(bias.sums, sums)


def test_no_element_is_fused_twice_without_haadf(maps, models, alone, fusions):
    tried = held_out(maps, models)
    first = tried.errors(alone)
    assert [len(result.maps) for _, result in fusions] == [3] * SPLITS
    fusions.clear()
    second = tried.errors(replace(alone, ratios=(2.0, 8.0, 1.0)))
    assert [len(result.maps) for _, result in fusions] == [1] * SPLITS
    np.testing.assert_array_equal(first[[0, 2]], second[[0, 2]])
    afresh = held_out(maps, models).errors(replace(alone, ratios=(2.0, 8.0, 1.0)))
    np.testing.assert_allclose(second, afresh, rtol=5e-3)


def test_splits_go_on_only_for_elements_that_are_concerned(
    maps, models, guided, fusions, split_once, monkeypatch
):
    monkeypatch.setattr(module.Bias, "is_negligible", np.array([True, False, True]))
    for concerned, expected in ((True, False, True), 1), ((False, True, False), SPLITS):
        tried = held_out(maps, models)
        fusions.clear()
        tried.bias(guided, np.array(concerned))
        assert len(fusions) == expected


@pytest.mark.parametrize("shape", [(1, 1), (3, 40), (17, 16), (33, 50)])
def test_blocks_hold_each_pixel_once(shape):
    errors = np.random.default_rng(0).random((2, *shape))
    blocks = module.block_sums(errors)
    assert blocks.shape == (2, min(shape[0], 16) * min(shape[1], 16))
    np.testing.assert_allclose(blocks.sum(axis=1), errors.sum(axis=(1, 2)))
    one = module.block_sums(np.ones((1, *shape)))
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
    maps = read_now(specimen.signal, plan_fit(specimen.signal, None, 2.0, None), SPLITS).maps
    models = guided_models(specimen, maps)
    setting = Setting(models.first, 1e-3, ("isotropic",) * 3, (2.0,) * 3, (False,) * 3)
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
