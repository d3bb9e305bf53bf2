"""The automatic choice of HAADF model, lambdas and regularisers."""

from types import SimpleNamespace

import numpy as np
import pytest
from slow_repeats import alternating

from hyperspy_multimodal.counts.reading import SPLITS
from hyperspy_multimodal.fusion.regularisers import CHOICES, REGULARISERS
from hyperspy_multimodal.recovery.messages import say_what_was_left_out
from hyperspy_multimodal.selection import choose_setting
from hyperspy_multimodal.selection.choice import FIRST_LAMBDAS_1, _say_if_close
from hyperspy_multimodal.selection.moves import HUBER, RATIOS, highest
from hyperspy_multimodal.selection.sieves import RATIOS as WIDTHS
from hyperspy_multimodal.selection.sieves import SIEVE
from hyperspy_multimodal.selection.stages import LAMBDAS_1

from .scans import SHAPE, all_kept, guided_models

BOTH = "directional", "isotropic"
FOUND = "relative_errors", "bright_bias", "bright_bias_errors"
MIXED = "directional", "isotropic", "directional"


@pytest.fixture(scope="module")
def choose(specimen, maps):
    def chosen(
        haadf=None,
        *,
        seed=0,
        candidates=(BOTH,) * 3,
        kept=None,
        progress=lambda: None,
        **options,
    ):
        models = guided_models(specimen, maps, haadf, **options)
        kept = all_kept(maps) if kept is None else kept
        return choose_setting(maps, models, seed, kept, candidates, progress)

    return chosen


@pytest.fixture(scope="module")
def chosen(choose):
    """The choice, and how many solves it took."""
    steps = []
    choice = choose(progress=lambda: steps.append(1))
    return choice, len(steps)


@pytest.fixture(scope="module", params=[0, 1, 2])
def noisy(choose, request):
    """The choice with a HAADF that is noise."""
    return choose(np.random.default_rng(request.param).random(SHAPE))


@pytest.fixture(scope="module")
def flipped(choose, specimen):
    """The choice with a HAADF of other particles."""
    return choose(specimen.haadf.data[::-1, ::-1])


def described(setting):
    model = setting.model
    return {
        "uses_brightness": model is not None,
        "gamma": model.gamma if model else None,
        "haadf_blur": model.blur if model else None,
        "lambda_1": setting.lambda_1 if model else None,
        "ratios": list(setting.ratios),
        "regularisers": list(setting.regularisers),
        "directional": ["directional" in name for name in setting.regularisers],
        "apart": list(setting.apart),
    }


def row_of(setting, table):
    rows = [row for row in table if described(setting).items() <= row.items()]
    assert len(rows) == 1
    return rows[0]


def total(row):
    return sum(row["relative_errors"])


def test_same_seed_same_choice(choose, chosen):
    again, other = choose(), choose(seed=1)
    assert again.table == chosen[0].table
    assert described(again.setting) == described(chosen[0].setting)
    assert other.table != chosen[0].table


def test_haadf_helps_at_low_dose(chosen):
    setting = chosen[0].setting
    assert setting.model.gamma == 1
    assert LAMBDAS_1[0] <= setting.lambda_1 <= LAMBDAS_1[1]


def test_unrelated_haadf_is_left_out(flipped):
    """The particles of the HAADF are not those of the maps."""
    assert flipped.setting.model is None
    assert flipped.setting.lambda_1 == 1
    assert not any(flipped.setting.apart)


def test_haadf_of_noise_is_left_out(noisy):
    assert noisy.setting.model is None
    assert noisy.setting.lambda_1 == 1


def test_table_is_complete(chosen):
    choice, steps = chosen
    # but those that were put together from others
    assert 0.8 * SPLITS * len(choice.table) <= steps <= SPLITS * len(choice.table)
    settings = [
        {name: value for name, value in row.items() if name not in FOUND} for row in choice.table
    ]
    assert all(settings.count(each) == 1 for each in settings)
    errors = np.array([row["relative_errors"] for row in choice.table])
    assert errors.shape == (len(choice.table), 3)
    np.testing.assert_array_equal(errors.min(axis=0), 1)


def test_what_is_tried_is_within_limits(chosen, noisy, flipped):
    for choice in (chosen[0], noisy, flipped):
        for row in choice.table:
            assert set(row["ratios"]) <= set(RATIOS)
            assert not row["uses_brightness"] or LAMBDAS_1[0] <= row["lambda_1"] <= LAMBDAS_1[1]
    tried = {row["lambda_1"] for row in chosen[0].table}
    assert {None, *FIRST_LAMBDAS_1} <= tried


@alternating(seed=range(3))
def test_choice_is_the_best_of_those_with_haadf(choose, seed):
    """Those that were tried; the least errors that the search knew at the time can move later."""
    choice = choose(seed=seed, gammas=(1.0, 1.4, 1.8))
    assert choice.setting.model is not None
    best = min(total(row) for row in choice.table if row["uses_brightness"])
    assert total(row_of(choice.setting, choice.table)) < 1.002 * best


def test_lambdas_beside_the_chosen_were_tried(chosen):
    choice = chosen[0]
    own = row_of(choice.setting, choice.table)
    for steps in (-1, 1):
        beside = {**own, "lambda_1": float(f"{own['lambda_1'] * 10 ** (steps / 2):.3g}")}
        for name in FOUND:
            beside.pop(name)
        rows = [
            row
            for row in choice.table
            if row["lambda_1"] == pytest.approx(beside["lambda_1"], rel=0.01)
            and all(row[name] == beside[name] for name in beside if name != "lambda_1")
        ]
        assert len(rows) == 1
        assert total(rows[0]) >= (1 - 1e-3) * total(own)


def test_without_haadf_each_element_has_the_best_ratio_and_regulariser(noisy, flipped):
    for choice in (noisy, flipped):
        rows = [row for row in choice.table if not row["uses_brightness"]]
        own = row_of(choice.setting, choice.table)
        for element in range(3):
            best = min(row["relative_errors"][element] for row in rows)
            assert own["relative_errors"][element] <= best * (1 + 1e-3)


def test_ratios_beside_the_best_were_tried_without_haadf(chosen):
    """Of each element and regulariser, so that the best is one of the whole range."""
    rows = [row for row in chosen[0].table if not row["uses_brightness"]]
    for element in range(3):
        for directional in (True, False):
            errors = {
                RATIOS.index(row["ratios"][element]): row["relative_errors"][element]
                for row in rows
                if row["directional"][element] is directional
            }
            best = min(errors, key=errors.get)
            assert {best - 1, best + 1} & set(range(highest("isotropic") + 1)) <= set(errors)


@pytest.mark.parametrize("given", [*((name,) * 3 for name in BOTH), MIXED])
def test_only_the_regularisers_that_were_asked_for_are_tried(choose, given):
    choice = choose(candidates=[(name,) for name in given])
    assert choice.setting.regularisers == given
    expected = [name == "directional" for name in given]
    assert all(row["directional"] == expected for row in choice.table)


def test_every_regulariser_is_tried_and_named_in_the_table(choose):
    choice = choose(candidates=(CHOICES["auto"],) * 3)
    names = [row["regularisers"] for row in choice.table]
    assert {name for row in names for name in row} >= {*BOTH, SIEVE}
    assert any(set(row) & set(HUBER.values()) for row in names)
    for row in choice.table:
        assert all(
            is_in_range(*each) for each in zip(row["regularisers"], row["ratios"], strict=True)
        )
        assert row["directional"] == [
            REGULARISERS[name].is_directional for name in row["regularisers"]
        ]
    assert list(choice.setting.regularisers) == row_of(choice.setting, choice.table)["regularisers"]
    best = min(total(row) for row in choice.table if row["uses_brightness"])
    assert total(row_of(choice.setting, choice.table)) < 1.01 * best


def is_in_range(name, ratio):
    if name == SIEVE:
        return ratio in WIDTHS
    return ratio in RATIOS and ratio <= (64 if name in HUBER.values() else 16)


def test_choice_is_in_the_table_where_no_element_has_a_weight(choose):
    choice = choose(weights=np.zeros(3))
    assert choice.setting.model is None
    assert not any(row["uses_brightness"] for row in choice.table)
    row_of(choice.setting, choice.table)


def test_a_haadf_that_no_weight_speaks_of_is_not_tried(choose, specimen):
    choice = choose(weights=np.zeros(3))
    assert choice.setting.model is None
    assert not any(row["uses_brightness"] for row in choice.table)


def test_all_exponents_are_tried(choose):
    choice = choose(gammas=(1.0, 1.8))
    assert {row["gamma"] for row in choice.table} == {None, 1.0, 1.8}
    # the particles are as bright as they are thick
    assert choice.setting.model.gamma == 1.0


def test_totals_may_be_free(choose, chosen):
    choice = choose(kept=np.zeros(3, bool))
    assert choice.table != chosen[0].table


def test_inputs_are_not_modified(specimen, maps):
    models = guided_models(specimen, maps)
    arrays = maps.segments, maps.counts, maps.background, maps.net, models.haadf
    before = [array.copy() for array in arrays]
    choose_setting(maps, models, 0, all_kept(maps), (BOTH,) * 3, lambda: None)
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize(("gained", "said"), [
    (3.8, "is used"), (2.9, "is not used"), (8.0, None), (0.4, None), (-np.inf, None),
])  # fmt: skip
def test_a_close_decision_is_said(gained, said, caplog):
    caplog.set_level("INFO", "hyperspy_multimodal")
    _say_if_close(gained)
    assert ("close decision" in caplog.text) == (said is not None)
    assert said is None or f"the HAADF {said}" in caplog.text


@pytest.mark.parametrize("r_squared", [0.1, 0.99])
@pytest.mark.parametrize("gamma", [0.4, "auto"])
def test_a_close_decision_and_its_consequence_agree(r_squared, gamma, caplog):
    """The HAADF may improve the prediction by less than is required, for any reason given."""
    caplog.set_level("INFO", "hyperspy_multimodal")
    _say_if_close(2.4)
    with_haadf = SimpleNamespace(has_weights=True, r_squared=r_squared)
    without = SimpleNamespace(model=None, regularisers=("isotropic",))
    parameters = SimpleNamespace(
        gamma=gamma, chooses_gamma=gamma == "auto", fits_weights=True, chooses_blur=True
    )
    say_what_was_left_out(["Ti"], without, parameters, with_haadf)
    close, consequence = caplog.messages
    assert "improves the prediction of held-out counts by 2.4 standard errors, and 3 are" in close
    assert "does not significantly improve the prediction of held-out counts" in consequence
