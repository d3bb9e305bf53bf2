"""The automatic choice of HAADF model, lambdas and regularisers."""

import numpy as np
import pytest

from hyperspy_multimodal.counts.reading import SPLITS
from hyperspy_multimodal.data import core_shell
from hyperspy_multimodal.selection import GuidedModels, HaadfModel, HeldOut, choose_setting
from hyperspy_multimodal.selection.choice import FIRST_LAMBDAS_1, LAMBDAS_1, RATIOS, search

from .scans import all_kept, guided_models, measured_maps

SHAPE = 48, 40
BOTH = True, False


@pytest.fixture(scope="module")
def specimen():
    return core_shell(SHAPE, counts=5)


@pytest.fixture(scope="module")
def maps(specimen):
    return measured_maps(specimen)


@pytest.fixture(scope="module")
def choose(specimen, maps):
    def chosen(
        haadf=None,
        *,
        seed=0,
        kinds=BOTH,
        kept=None,
        progress=lambda: None,
        directional=None,
        **options,
    ):
        models = guided_models(specimen, maps, haadf, **options)
        kept = all_kept(maps) if kept is None else kept
        return choose_setting(maps, models, seed, kept, kinds, progress, directional)

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
        "uses_haadf": model is not None,
        "gamma": model.gamma if model else None,
        "haadf_blur": model.blur if model else None,
        "lambda_1": setting.lambda_1 if model else None,
        "ratios": list(setting.ratios),
        "directional": list(setting.directional),
        "apart": list(setting.apart),
    }


def row_of(setting, table):
    rows = [row for row in table if described(setting).items() <= row.items()]
    assert len(rows) == 1
    return rows[0]


def total(row):
    return sum(row["relative_errors"])


# on a scan


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
    assert steps == SPLITS * len(choice.table)
    settings = [
        {name: value for name, value in row.items() if name != "relative_errors"}
        for row in choice.table
    ]
    assert all(settings.count(each) == 1 for each in settings)
    errors = np.array([row["relative_errors"] for row in choice.table])
    assert errors.shape == (len(choice.table), 3)
    np.testing.assert_array_equal(errors.min(axis=0), 1)


def test_what_is_tried_is_within_limits(chosen, noisy, flipped):
    for choice in (chosen[0], noisy, flipped):
        for row in choice.table:
            assert set(row["ratios"]) <= set(RATIOS)
            assert set(row["directional"]) <= set(BOTH)
            assert not row["uses_haadf"] or LAMBDAS_1[0] <= row["lambda_1"] <= LAMBDAS_1[1]
    tried = {row["lambda_1"] for row in chosen[0].table}
    assert {None, *FIRST_LAMBDAS_1} <= tried


@pytest.mark.parametrize("seed", range(3))
def test_choice_is_the_best_of_those_with_haadf(choose, seed):
    """Those that were tried; the least errors that the search knew at the time can move later."""
    choice = choose(seed=seed, gammas=(1.0, 1.4, 1.8))
    assert choice.setting.model is not None
    best = min(total(row) for row in choice.table if row["uses_haadf"])
    assert total(row_of(choice.setting, choice.table)) < 1.002 * best


def test_lambdas_beside_the_chosen_were_tried(chosen):
    choice = chosen[0]
    own = row_of(choice.setting, choice.table)
    for steps in (-1, 1):
        beside = {**own, "lambda_1": float(f"{own['lambda_1'] * 10 ** (steps / 2):.3g}")}
        beside.pop("relative_errors")
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
        rows = [row for row in choice.table if not row["uses_haadf"]]
        own = row_of(choice.setting, choice.table)
        for element in range(3):
            best = min(row["relative_errors"][element] for row in rows)
            assert own["relative_errors"][element] <= best * (1 + 1e-3)


def test_ratios_beside_the_best_were_tried_without_haadf(chosen):
    """Of each element and regulariser, so that the best is one of the whole range."""
    rows = [row for row in chosen[0].table if not row["uses_haadf"]]
    for element in range(3):
        for kind in BOTH:
            errors = {
                RATIOS.index(row["ratios"][element]): row["relative_errors"][element]
                for row in rows
                if row["directional"][element] is kind
            }
            best = min(errors, key=errors.get)
            assert {best - 1, best + 1} & set(range(len(RATIOS))) <= set(errors)


@pytest.mark.parametrize("kind", BOTH)
def test_only_the_regulariser_that_was_asked_for_is_tried(choose, kind):
    choice = choose(kinds=(kind,))
    assert choice.setting.directional == (kind,) * 3
    assert all(row["directional"] == [kind] * 3 for row in choice.table)


def test_given_regulariser_of_each_element_is_kept(choose):
    given = True, False, True
    choice = choose(directional=given)
    assert choice.setting.directional == given
    assert all(row["directional"] == list(given) for row in choice.table)


def test_choice_is_in_the_table_where_no_element_has_a_weight(choose):
    choice = choose(weights=np.zeros(3))
    assert choice.setting.model is None
    assert not any(row["uses_haadf"] for row in choice.table)
    row_of(choice.setting, choice.table)


def test_a_haadf_that_no_weight_speaks_of_is_not_tried(choose, specimen):
    choice = choose(weights=np.zeros(3))
    assert choice.setting.model is None
    assert not any(row["uses_haadf"] for row in choice.table)


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
    choose_setting(maps, models, 0, all_kept(maps), BOTH, lambda: None)
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)


# on errors that are known


class Landscape:
    """Held-out errors as a function of the setting: the best setting is known."""

    ratios = (1.0, 8.0, 0.5)
    directional = (True, False, True)
    lambda_1 = 3.16e-4
    gamma = 1.4
    gain = (0.3, 0.3, 0.3)  # of the HAADF, by element
    spread = 0.1  # of the gain over blocks

    def errors(self, setting):
        octaves = np.log2(np.array(setting.ratios) / self.ratios)
        errors = 2 + 0.02 * octaves**2
        errors += 0.1 * (np.array(setting.directional) != self.directional)
        if setting.model:
            decades = abs(np.log10(setting.lambda_1 / self.lambda_1))
            misfit = 0.1 * decades + 0.3 * abs(setting.model.gamma - self.gamma)
            errors -= np.where(setting.apart, 0, np.array(self.gain) - misfit)
        return errors

    def blocks(self, setting):
        even = np.tile(self.errors(setting)[:, None] / 100, 100)
        if setting.model:
            even += self.spread / 100 * np.resize([1.0, -1.0], 100)
        return even


class Known(HeldOut):
    """Errors of a landscape, in place of those of fusions."""

    def __init__(self, landscape, models):
        super().__init__(NoMaps(), models, 0, np.ones(3, bool), lambda: None)
        self.landscape = landscape
        self._noise = np.full(3, 0.1)

    def _error(self, number, setting):
        return self.landscape.blocks(setting) / SPLITS


class NoMaps:
    """Counts that are significant, and nothing else."""

    names = "ABC"
    net, net_variance = np.full((3, 1, 1), 100.0), np.ones((3, 1, 1))

    def halves(self, number, seed):
        return [(self, self)]


def searched(landscape, gammas=(1.0, 1.4, 1.8), kinds=BOTH, weight=1.0):
    models = [HaadfModel(np.ones(3), np.full(3, weight), 0.0, gamma, 0.0, 0.9) for gamma in gammas]
    return search(Known(landscape, GuidedModels(np.zeros(SHAPE), models)), kinds)


def test_the_best_setting_is_found():
    setting = searched(Landscape(), gammas=(1.4,))
    assert setting.ratios == Landscape.ratios
    assert setting.directional == Landscape.directional
    assert setting.lambda_1 == Landscape.lambda_1
    assert setting.apart == (False,) * 3


@pytest.mark.parametrize("gamma", [1.0, 1.4, 1.8])
def test_the_best_exponent_is_found(gamma):
    landscape = Landscape()
    landscape.gamma = gamma
    assert searched(landscape).model.gamma == gamma


@pytest.mark.parametrize("lambda_1", [1e-5, 3.16e-5, 0.1, 1.0])
def test_lambda_1_is_found_from_end_to_end(lambda_1):
    landscape = Landscape()
    landscape.lambda_1 = lambda_1
    landscape.gain = (0.6,) * 3
    assert searched(landscape).lambda_1 == lambda_1


@pytest.mark.parametrize("ratio", [RATIOS[0], RATIOS[-1]])
def test_ratios_are_found_from_end_to_end(ratio):
    landscape = Landscape()
    landscape.ratios = (ratio,) * 3
    assert searched(landscape).ratios == (ratio,) * 3


def test_ratios_that_the_haadf_changes_are_found():
    """Without HAADF the maps want more smoothing, and the other regulariser."""

    class Changing(Landscape):
        def errors(self, setting):
            self.ratios, self.directional = (
                ((1.0, 2.0, 0.5), (True, False, True))
                if setting.model
                else ((4.0, 8.0, 4.0), (False, False, True))
            )
            return super().errors(setting)

    setting = searched(Changing())
    assert setting.ratios == (1.0, 2.0, 0.5)
    assert setting.directional == (True, False, True)


def test_element_that_loses_by_the_haadf_is_set_apart():
    landscape = Landscape()
    landscape.gain = (0.3, -0.1, 0.3)
    setting = searched(landscape)
    assert setting.apart == (False, True, False)
    assert setting.model is not None


def test_element_that_may_lose_by_chance_is_not_set_apart():
    landscape = Landscape()
    landscape.gain, landscape.spread = (0.9, -0.05, 0.9), 0.5  # 1 standard error
    assert searched(landscape).apart == (False,) * 3


def test_haadf_from_which_all_lose_is_left_out():
    landscape = Landscape()
    landscape.gain = (-0.1, -0.1, -0.1)
    setting = searched(landscape)
    assert setting.model is None
    assert setting.lambda_1 == 1
    assert setting.apart == (False,) * 3
    assert setting.ratios == Landscape.ratios
    assert setting.directional == Landscape.directional


@pytest.mark.parametrize(("standard_errors", "used"), [(1.0, False), (5.0, True)])
def test_haadf_has_to_gain_significantly(standard_errors, used):
    landscape = Landscape()
    landscape.gain = (0.1, 0.1, 0.1)
    landscape.spread = 0.1 * 10 / standard_errors
    assert (searched(landscape).model is not None) is used


@pytest.mark.parametrize("kind", BOTH)
def test_one_regulariser_is_taken_as_it_is(kind):
    setting = searched(Landscape(), kinds=(kind,))
    assert setting.directional == (kind,) * 3
    assert setting.ratios == Landscape.ratios


def test_models_without_weights_are_not_tried():
    assert searched(Landscape(), weight=0.0).model is None
