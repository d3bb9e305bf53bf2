"""Settings beside each other: gains over blocks, relative errors, and their table."""

from dataclasses import replace

import numpy as np
import pytest

from hyperspy_multimodal.selection import held_out as module

from .scans import guided_models, held_out


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
    bias = tried.bias(guided)
    assert first.pop("bright_bias") == bias.percent[:, 1].tolist()
    assert first.pop("bright_bias_errors") == bias.percent_errors[:, 1].tolist()
    assert first == {
        "uses_brightness": True,
        "gamma": 1.0,
        "haadf_blur": 0.0,
        "lambda_1": 1e-3,
        "ratios": [2.0, 4.0, 1.0],
        "directional": [True, False, True],
        "regularisers": ["directional", "isotropic", "directional"],
        "apart": [False, False, False],
    }
    assert len(relative) == 3
    assert apart["apart"] == [True, False, False]
    assert not without["uses_brightness"]
    assert [without[name] for name in ("gamma", "haadf_blur", "lambda_1")] == [None] * 3
