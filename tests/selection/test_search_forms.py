"""The search among total variation, its Huber form and sieves, on known held-out errors."""

import numpy as np
import pytest

from hyperspy_multimodal.selection.choice import search
from hyperspy_multimodal.selection.moves import HUBER, RATIOS
from hyperspy_multimodal.selection.sieves import RATIOS as WIDTHS
from hyperspy_multimodal.selection.sieves import SIEVE

from .landscapes import BOTH, Landscape, known

FORMS = *BOTH, *HUBER.values()
ALL = *FORMS, SIEVE


class Forms(Landscape):
    """Huber's forms and sieves are better by so much, by element, each at ratios of its own."""

    softer = (0.05, 0.05, 0.05)
    sieved = (-0.2, -0.2, -0.2)

    def errors(self, setting):
        shift = np.where(np.isin(setting.regularisers, list(HUBER.values())), 2, 0)
        plain = {soft: name for name, soft in HUBER.items()} | dict.fromkeys(BOTH)
        own = [plain.get(name) or name for name in setting.regularisers]
        are_sieves = np.array(own) == SIEVE
        octaves = np.log2(np.array(setting.ratios) / 2.828)
        as_sieves = Landscape.errors(self, Setting(setting, self)) + 0.02 * octaves**2 - self.sieved
        base = Setting(setting, self, own, np.array(setting.ratios) / 2.0**shift)
        gain = np.where(shift > 0, self.softer, 0)
        return np.where(are_sieves, as_sieves, Landscape.errors(self, base) - gain)


class Setting:
    """A setting with the regularisers and ratios of the landscape, or others."""

    def __init__(self, setting, landscape, regularisers=None, ratios=None):
        self.model, self.lambda_1, self.apart = setting.model, setting.lambda_1, setting.apart
        self.regularisers = landscape.regularisers if regularisers is None else regularisers
        self.ratios = landscape.ratios if ratios is None else ratios


def held_out_of(landscape, **options):
    """With errors over a fixed unit, so that scores can be compared."""
    held_out = known(landscape, **options)
    held_out._noise = np.full(3, 10.0)
    return held_out


def landscape_of(**values):
    landscape = Forms()
    for name, value in values.items():
        setattr(landscape, name, value)
    return landscape


def tried_by(held_out):
    """The settings, without what was found; that is relative to the best."""
    return [
        {name: value for name, value in row.items() if name != "relative_errors"}
        for row in held_out.table()
    ]


@pytest.mark.parametrize("names", [("isotropic",), ("directional",), BOTH])
def test_total_variation_alone_is_searched_as_if_there_were_nothing_else(names):
    """The same settings are tried, in the same order, whatever the other forms would gain."""
    tables = []
    for gain in (0.0, 0.5):
        held_out = held_out_of(landscape_of(softer=(gain,) * 3, sieved=(gain,) * 3))
        search(held_out, (names,) * 3)
        tables.append(tried_by(held_out))
        for row in tables[-1]:
            assert set(row["regularisers"]) <= set(names)
            assert max(row["ratios"]) <= 16
    assert tables[0] == tables[1]


def test_all_forms_are_compared_before_the_haadf_comes_in():
    held_out = held_out_of(landscape_of())
    search(held_out, (FORMS,) * 3)
    rows = tried_by(held_out)
    first = [row["uses_brightness"] for row in rows].index(True)
    assert {name for row in rows[:first] for name in row["regularisers"]} == set(FORMS)


def test_elements_change_their_form_if_that_predicts_better_with_the_haadf():
    class Guided(Forms):
        def errors(self, setting):
            soft = np.isin(setting.regularisers, list(HUBER.values()))
            worse = 0.2 if setting.model else 0.0
            return super().errors(setting) + worse * (soft & [True, False, False])

    setting = search(held_out_of(Guided()), (FORMS,) * 3)
    assert setting.model is not None
    assert setting.regularisers == ("directional", "huber", "directional huber")
    assert setting.ratios == (1.0, 32.0, 2.0)


@pytest.mark.parametrize("octaves", [-2, 0, 5])
def test_hubers_form_is_found_however_far_its_ratio_is_from_that_of_total_variation(octaves):
    class Shifted(Forms):
        softer = (0.2,) * 3

        def errors(self, setting):
            soft = np.isin(setting.regularisers, list(HUBER.values()))
            moved = np.array(setting.ratios) / np.where(soft, 2.0 ** (octaves - 2), 1)
            return super().errors(Setting(setting, self, setting.regularisers, moved))

    held_out = held_out_of(landscape_of())
    held_out.landscape = Shifted()
    held_out.landscape.ratios = (2.0, 2.0, 1.0)
    setting = search(held_out, (FORMS,) * 3)
    assert setting.ratios == tuple(2.0**octaves * np.array(held_out.landscape.ratios))


@pytest.mark.parametrize("seed", range(10))
def test_hubers_form_never_raises_the_score(seed):
    rng = np.random.default_rng(seed)
    values = {
        "softer": rng.normal(0, 0.1, 3),
        "ratios": 2.0 ** rng.integers(-2, 5, 3),
        "gain": rng.uniform(-0.1, 0.5, 3),
        "lambda_1": 10.0 ** rng.uniform(-5, 0),
    }
    held_out = held_out_of(landscape_of(**values))
    plain = search(held_out, (BOTH,) * 3)
    soft = search(held_out, (FORMS,) * 3)

    def score(setting):
        return held_out.relative(held_out.errors(setting))

    assert score(soft) <= score(plain)
    if max(values["softer"]) > 0.05:
        assert score(soft) < score(plain)


def test_elements_have_hubers_form_where_it_predicts_better():
    setting = search(held_out_of(landscape_of(softer=(0.05, -0.05, 0.05))), (FORMS,) * 3)
    assert setting.regularisers == ("directional huber", "isotropic", "directional huber")
    assert setting.ratios == (4.0, 8.0, 2.0)


class Noisy(Forms):
    """Gains of Huber's form, without HAADF, that are so many standard errors of each element."""

    gain, softer, significance = (0.0,) * 3, (0.05, 0.05, -0.05), 0.8

    def blocks(self, setting):
        blocks = super().blocks(setting)
        for i, name in enumerate(setting.regularisers):
            if name in HUBER.values():  # noise of elements is independent
                signs = np.resize(np.repeat([1.0, -1.0], i + 1), 100)
                gained = abs(self.softer[i]) / self.significance
                blocks[i] += gained / 10 * np.sqrt(99 / 100) * (signs - signs.mean())
        return blocks


@pytest.mark.parametrize(("significance", "taken"), [(0.85, True), (1.2, False)])
def test_total_variation_is_taken_where_it_is_clearly_better(significance, taken):
    """By a standard error; the third element is better off with it by more or by less than one."""
    landscape = Noisy()
    landscape.significance = significance
    setting = search(held_out_of(landscape), (FORMS,) * 3)
    assert [name in HUBER.values() for name in setting.regularisers] == [True, True, taken]


class Flat(Forms):
    """Errors of the first element, without HAADF, that do not tell some ratios apart."""

    gain, softer, alike = (0.0,) * 3, (0.05,) * 3, (1.0, 32.0)
    error = 1.9

    def errors(self, setting):
        errors = super().errors(setting)
        if setting.regularisers[0] == "directional huber":
            low, high = np.log2(self.alike)
            beyond = max(low - np.log2(setting.ratios[0]), np.log2(setting.ratios[0]) - high, 0)
            errors[0] = self.error + 0.2 * beyond
            errors[0] += 1e-6 * setting.ratios[0]  # the lowest is the best, by nothing
        return errors

    def blocks(self, setting):
        blocks = super().blocks(setting)
        blocks[0] += 1e-4 * np.resize([1.0, -1.0], 100) * setting.ratios[0]
        return blocks


@pytest.mark.parametrize(
    ("alike", "middle"),
    [((1.0, 32.0), 4.0), ((4.0, 16.0), 8.0), ((4.0, 8.0), 4.0), ((2.0, 2.0), 2.0)],
)
def test_the_middle_of_ratios_that_predict_alike_is_taken_without_haadf(alike, middle):
    landscape = Flat()
    landscape.alike = alike
    setting = search(held_out_of(landscape), (FORMS,) * 3)
    assert setting.model is None
    assert setting.regularisers[0] == "directional huber"
    assert setting.ratios == (middle, 32.0, 2.0)


@pytest.mark.parametrize(
    ("error", "name", "ratio"), [(1.9, "directional huber", 32.0), (2.1, "directional", 1.0)]
)
def test_flat_elements_get_the_better_form_as_strong_as_predicts_alike(error, name, ratio):
    landscape = Flat()
    landscape.error = error  # of Huber's form; that of total variation is 2
    landscape.structured = (False, True, True)
    landscape.gain = (-1.0,) * 3  # no HAADF
    setting = search(held_out_of(landscape), (FORMS,) * 3)
    assert setting.regularisers[0] == name
    assert setting.ratios == (ratio, 32.0, 2.0)


def test_hubers_form_has_stronger_weights_than_total_variation():
    """Up to 256, where total variation ends at 64."""
    setting = search(held_out_of(landscape_of(ratios=(64.0, 64.0, 64.0))), (FORMS,) * 3)
    assert setting.ratios == (RATIOS[-1],) * 3 == (256.0,) * 3


def test_elements_keep_to_what_they_may_have():
    candidates = FORMS, ("isotropic",), BOTH
    held_out = held_out_of(landscape_of())
    search(held_out, candidates)
    for row in tried_by(held_out):
        for name, names in zip(row["regularisers"], candidates, strict=True):
            assert name in names


@pytest.mark.parametrize("name", HUBER.values())
def test_hubers_form_alone_is_taken_as_it_is(name):
    held_out = held_out_of(landscape_of())
    setting = search(held_out, ((name,),) * 3)
    assert setting.regularisers == (name,) * 3
    assert setting.ratios == (4.0, 32.0, 2.0)
    assert {each for row in tried_by(held_out) for each in row["regularisers"]} == {name}


def test_elements_that_were_set_apart_stay_apart_in_hubers_form():
    """Though another one is better off apart as well, once the HAADF pulls harder for the first."""

    class Pulling(Forms):
        gain, spread = (0.6, -0.05, 0.3), 0.01

        def errors(self, setting):
            errors = super().errors(setting)
            if setting.model and setting.regularisers[0] in HUBER.values():
                decades = np.log10(setting.lambda_1) + 5
                errors[0] += decades - 2
                errors[2] += 0 if setting.apart[2] else 0.3 * (1.5 - decades)
            return errors

    plain = search(held_out_of(Pulling()), (BOTH,) * 3)
    assert plain.apart == (False, True, False)
    assert search(held_out_of(Pulling()), (FORMS,) * 3).apart == (False, True, True)


def test_sieves_are_chosen_where_they_predict_better():
    setting = search(held_out_of(landscape_of(sieved=(0.3, 0.3, 0.3))), (ALL,) * 3)
    assert setting.regularisers == (SIEVE,) * 3
    assert set(setting.ratios) == {2.828} <= set(WIDTHS)
    assert setting.model is not None


def test_sieves_are_left_where_they_predict_worse():
    held_out = held_out_of(landscape_of())
    assert search(held_out, (ALL,) * 3) == search(held_out, (FORMS,) * 3)
    assert any(SIEVE in row["regularisers"] for row in tried_by(held_out))


@pytest.mark.parametrize("lacking", range(3))
def test_elements_that_may_not_have_a_sieve_have_none(lacking):
    candidates = [ALL] * 3
    candidates[lacking] = FORMS
    held_out = held_out_of(landscape_of(sieved=(0.5, 0.5, 0.5)))
    setting = search(held_out, candidates)
    expected = [i != lacking for i in range(3)]
    assert [name == SIEVE for name in setting.regularisers] == expected
    guided = [row["regularisers"] for row in tried_by(held_out) if row["uses_brightness"]]
    assert all(names[lacking] != SIEVE for names in guided)


def test_elements_that_must_have_one_have_one_from_the_start():
    candidates = (SIEVE,), FORMS, ("isotropic",)
    held_out = held_out_of(landscape_of(sieved=(-0.5, -0.5, -0.5)))
    setting = search(held_out, candidates)
    assert setting.regularisers[::2] == (SIEVE, "isotropic")
    assert setting.regularisers[1] in FORMS
    assert setting.ratios[0] == 2.828
    guided = [row["regularisers"] for row in tried_by(held_out) if row["uses_brightness"]]
    assert all(names[0] == SIEVE for names in guided)


@pytest.mark.parametrize("gain", [0.0, 0.3])
def test_only_those_elements_have_sieves_that_are_served(gain):
    """With HAADF, and without it; the others keep what they had."""
    values = {"softer": (-0.1,) * 3, "gain": (gain,) * 3}
    before = search(held_out_of(landscape_of(**values)), (BOTH,) * 3)
    held_out = held_out_of(landscape_of(**values, sieved=(0.5, -0.5, 0.5)))
    setting = search(held_out, (ALL,) * 3)
    assert setting.regularisers == (SIEVE, "isotropic", SIEVE)
    assert setting.ratios == (2.828, before.ratios[1], 2.828)
    assert (setting.model is not None) == (gain > 0)


def test_elements_leave_their_sieve_if_the_haadf_serves_them_more_without():
    class Guided(Forms):
        sieved, softer = (0.5, 0.5, 0.5), (-0.1,) * 3

        def errors(self, setting):
            errors = super().errors(setting)
            if setting.model and setting.regularisers[1] == SIEVE:
                errors[1] += 1
            return errors

    setting = search(held_out_of(Guided()), (ALL,) * 3)
    assert setting.regularisers == (SIEVE, "isotropic", SIEVE)
    assert setting.model is not None


def test_what_elements_have_without_haadf_is_put_together_and_not_fused():
    held_out = held_out_of(landscape_of(sieved=(0.5, -0.5, 0.5), gain=(0.0,) * 3))
    search(held_out, (BOTH,) * 3)
    found = [each for each in held_out._found if each.model is None][:2]
    held_out._error = None  # nothing is fused any more
    mixed = held_out.put_together((True, False, True), *found)
    assert mixed.ratios[::2] == found[0].ratios[::2] and mixed.ratios[1] == found[1].ratios[1]
    errors = [held_out.errors(each) for each in (*found, mixed)]
    np.testing.assert_array_equal(errors[2], np.where([True, False, True], *errors[:2]))


class Beside(Forms):
    """With the HAADF, a sieve is worse for the third element; what it had, more so beside them."""

    sieved = (0.3, 0.3, 0.1)

    def errors(self, setting):
        errors = super().errors(setting)
        sieves = np.array(setting.regularisers) == SIEVE
        if setting.model and sieves.any():
            errors[2] += 0.2 if sieves[2] else 0.5
        return errors


def test_elements_keep_sieves_if_what_they_had_is_worse_beside_those_of_others():
    setting = search(held_out_of(Beside()), (ALL,) * 3)
    assert setting.regularisers == (SIEVE,) * 3
    assert setting.apart == (False,) * 3
