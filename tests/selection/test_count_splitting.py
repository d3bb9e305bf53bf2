"""Lambdas by count splitting: what predicts held-out counts best."""

import numpy as np
import pytest

from hyperspy_multimodal.data import core_shell
from hyperspy_multimodal.maps import xray_maps
from hyperspy_multimodal.selection import choose_lambdas, fit_haadf_model, normalise_haadf
from hyperspy_multimodal.selection.count_splitting import LAMBDAS_1, RATIOS

SPLITS = 3


def unrelated(specimen):
    """A HAADF of other particles."""
    return specimen.haadf.data[::-1, ::-1]


def choose(specimen, haadf=None, *, seed=0, gamma=1.0, keep_totals=True, progress=lambda: None):
    maps = xray_maps(specimen.signal, None, 2.0, "auto", False)[0]
    unit, lowest = normalise_haadf(specimen.haadf.data if haadf is None else haadf)
    model = fit_haadf_model(maps, unit, lowest, gamma, [27, 8, 16])
    return choose_lambdas(maps, unit, model, gamma, seed, keep_totals, progress)


@pytest.fixture(scope="module")
def specimen():
    return core_shell((48, 40), counts=5)


@pytest.fixture(scope="module")
def chosen(specimen):
    steps = []
    choice = choose(specimen, progress=lambda: steps.append(1))
    return choice, len(steps)


def test_same_seed_same_choice(specimen, chosen):
    again = choose(specimen)
    assert again.table == chosen[0].table
    assert (again.lambda_1, again.uses_haadf) == (chosen[0].lambda_1, chosen[0].uses_haadf)
    np.testing.assert_array_equal(again.lambda_2, chosen[0].lambda_2)
    assert choose(specimen, seed=1).table != chosen[0].table


def test_haadf_helps_at_low_dose(chosen):
    choice, _ = chosen
    assert choice.uses_haadf
    assert choice.lambda_1 in LAMBDAS_1
    assert choice.lambda_2.shape == (3,)


def test_unrelated_haadf_is_left_out(specimen):
    """The particles of the HAADF are not those of the maps."""
    choice = choose(specimen, unrelated(specimen))
    assert not choice.uses_haadf
    assert choice.lambda_1 == 1
    assert set(choice.lambda_2) <= set(RATIOS)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_haadf_of_noise_has_no_say(specimen, seed):
    """What it gains by chance is within three standard errors."""
    noise = np.random.default_rng(seed).random((48, 40))
    choice = choose(specimen, noise)
    assert not choice.uses_haadf
    without = [row["relative_errors"] for row in choice.table if row["lambda_1"] is None]
    assert np.min(without, axis=0).max() < 1.02


def test_table_is_complete(chosen):
    choice, steps = chosen
    tried = [(row["lambda_1"], row["ratio"]) for row in choice.table]
    assert len(set(tried)) == len(tried)
    # from "no HAADF" on to stronger and stronger HAADF, and none left out in between
    order = list(dict.fromkeys(lambda_1 for lambda_1, _ in tried))
    assert order == list(LAMBDAS_1[: len(order)])
    assert len(order) >= 2
    assert {ratio for _, ratio in tried} <= set(RATIOS)
    assert steps == SPLITS * len(tried)
    errors = np.array([row["relative_errors"] for row in choice.table])
    assert errors.shape == (len(tried), 3)
    np.testing.assert_array_equal(errors.min(axis=0), 1)


@pytest.mark.parametrize("related", [True, False])
def test_choice_is_the_best_of_the_table(specimen, chosen, related):
    """lambda_1 by the sum over the elements, the ratio for each element."""
    choice = chosen[0] if related else choose(specimen, unrelated(specimen))
    best = {}
    for lambda_1 in {row["lambda_1"] for row in choice.table}:
        rows = [row for row in choice.table if row["lambda_1"] == lambda_1]
        errors = np.array([row["relative_errors"] for row in rows])
        ratios = np.array([row["ratio"] for row in rows])[errors.argmin(axis=0)]
        best[lambda_1] = errors.min(axis=0).sum(), ratios
    expected = min(best, key=lambda lambda_1: best[lambda_1][0])
    assert choice.uses_haadf == (expected is not None)
    assert choice.lambda_1 == (expected or 1.0)
    np.testing.assert_allclose(choice.lambda_2, choice.lambda_1 * best[expected][1])


def test_ratios_beside_the_best_were_tried(chosen):
    """For every lambda_1 and every element, so that the best is one of the whole grid."""
    for lambda_1 in {row["lambda_1"] for row in chosen[0].table}:
        rows = [row for row in chosen[0].table if row["lambda_1"] == lambda_1]
        tried = {RATIOS.index(row["ratio"]) for row in rows}
        for element in range(3):
            best = min(rows, key=lambda row: row["relative_errors"][element])
            index = RATIOS.index(best["ratio"])
            beside = {index - 1, index + 1} & set(range(len(RATIOS)))
            assert beside <= tried


def test_totals_may_be_free(specimen, chosen):
    choice = choose(specimen, keep_totals=False)
    assert choice.table != chosen[0].table
    assert choice.lambda_2.shape == (3,)


def test_input_is_not_modified(specimen):
    data, haadf = specimen.signal.data.copy(), specimen.haadf.data.copy()
    choose(specimen)
    np.testing.assert_array_equal(specimen.signal.data, data)
    np.testing.assert_array_equal(specimen.haadf.data, haadf)
