"""The search for the best setting, on held-out errors that are known."""

import pytest

from hyperspy_multimodal.selection.choice import search
from hyperspy_multimodal.selection.moves import RATIOS

from .landscapes import BOTH, MIXED, Landscape, known


def searched(landscape, gammas=(1.0, 1.4, 1.8), names=BOTH, weight=1.0):
    return search(known(landscape, gammas, weight), (names,) * 3)


def test_the_best_setting_is_found():
    setting = searched(Landscape(), gammas=(1.4,))
    assert setting.ratios == Landscape.ratios
    assert setting.regularisers == Landscape.regularisers
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


@pytest.mark.parametrize("ratio", [RATIOS[0], 16.0])
def test_ratios_are_found_from_end_to_end(ratio):
    landscape = Landscape()
    landscape.ratios = (ratio,) * 3
    assert searched(landscape).ratios == (ratio,) * 3


def test_ratios_that_the_haadf_changes_are_found():
    """Without HAADF the maps want more smoothing, and the other regulariser."""

    class Changing(Landscape):
        def errors(self, setting):
            self.ratios, self.regularisers = (
                ((1.0, 2.0, 0.5), MIXED)
                if setting.model
                else ((4.0, 8.0, 4.0), ("isotropic", "isotropic", "directional"))
            )
            return super().errors(setting)

    setting = searched(Changing())
    assert setting.ratios == (1.0, 2.0, 0.5)
    assert setting.regularisers == MIXED


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


def test_element_into_which_the_haadf_leaks_is_set_apart_with_its_own_regulariser_and_ratio():
    class Leaking(Landscape):
        leak, gain = (0.0, 4.0, 0.0), (0.3, 0.0, 0.3)

        def errors(self, setting):
            self.ratios = (1.0, 4.0 if setting.model else 8.0, 0.5)
            return super().errors(setting)

    setting = searched(Leaking())
    assert setting.apart == (False, True, False)
    assert setting.ratios == (1.0, 8.0, 0.5)
    assert setting.model is not None


@pytest.mark.parametrize(
    ("leak", "own_bias", "gain"),
    [
        (2.0, 0.0, 0.0),  # by chance
        (4.0, 3.5, 0.0),  # without the HAADF as well
        (-4.0, 6.0, 0.0),
        (4.0, 0.0, 0.3),  # but the HAADF helps
    ],
)
def test_element_that_is_not_better_off_apart_is_not_set_apart(leak, own_bias, gain):
    landscape = Landscape()
    landscape.leak, landscape.own_bias = (0.0, leak, 0.0), (0.0, own_bias, 0.0)
    landscape.gain = (0.6, gain, 0.6)
    assert searched(landscape).apart == (False,) * 3


def test_elements_into_which_it_leaks_once_another_is_apart_are_set_apart_as_well():
    class Leaking(Landscape):
        gain = (0.6, 0.0, 0.0)

        def bias(self, setting):
            self.leak = (0.0, 4.0, -4.0 if setting.apart[1] else 0.0)
            return super().bias(setting)

    assert searched(Leaking()).apart == (False, True, True)


def test_haadf_that_leaks_into_all_elements_is_left_out():
    landscape = Landscape()
    landscape.leak, landscape.gain = (4.0, -4.0, 5.0), (0.0, 0.0, 0.0)
    setting = searched(landscape)
    assert setting.model is None
    assert setting.apart == (False,) * 3


def test_element_that_loses_is_not_set_apart_if_it_is_biased_alone():
    landscape = Landscape()
    landscape.gain, landscape.own_bias = (0.3, -0.1, 0.3), (0.0, -5.0, 0.0)
    assert searched(landscape).apart == (False,) * 3


def test_haadf_from_which_all_lose_is_left_out():
    landscape = Landscape()
    landscape.gain = (-0.1, -0.1, -0.1)
    setting = searched(landscape)
    assert setting.model is None
    assert setting.lambda_1 == 1
    assert setting.apart == (False,) * 3
    assert setting.ratios == Landscape.ratios
    assert setting.regularisers == Landscape.regularisers


@pytest.mark.parametrize(("standard_errors", "used"), [(1.0, False), (5.0, True)])
def test_haadf_has_to_gain_significantly(standard_errors, used):
    landscape = Landscape()
    landscape.gain = (0.1, 0.1, 0.1)
    landscape.spread = 0.1 * 10 / standard_errors
    assert (searched(landscape).model is not None) is used


@pytest.mark.parametrize("name", BOTH)
def test_one_regulariser_is_taken_as_it_is(name):
    setting = searched(Landscape(), names=(name,))
    assert setting.regularisers == (name,) * 3
    assert setting.ratios == Landscape.ratios


def test_the_best_of_many_regularisers_is_found_though_the_haadf_changes_it():
    class Changing(Landscape):
        def errors(self, setting):
            self.regularisers = tuple("BCD" if setting.model else "AAD")
            return super().errors(setting)

    assert searched(Changing(), names=tuple("ABCD")).regularisers == tuple("BCD")


def test_models_without_weights_are_not_tried():
    assert searched(Landscape(), weight=0.0).model is None


def with_haadf(landscape):
    """Return what was tried with the HAADF, and whether it is used."""
    held_out = known(landscape)
    setting = search(held_out, (BOTH,) * 3)
    return [each for each in held_out.table() if each["uses_brightness"]], setting.model is not None


def test_a_haadf_that_serves_nobody_is_left_before_regularisers_are_adjusted():
    landscape = Landscape()
    landscape.gain = (-0.3,) * 3
    tried, is_used = with_haadf(landscape)
    assert not is_used
    assert len({(*each["ratios"], *each["regularisers"]) for each in tried}) == 1


def test_elements_that_lose_do_not_keep_the_haadf_from_others():
    landscape = Landscape()
    landscape.gain = (-3.0, 0.3, 0.3)
    tried, is_used = with_haadf(landscape)
    assert is_used
    assert len({(*each["ratios"], *each["regularisers"]) for each in tried}) > 1


def test_no_setting_of_the_same_elements_is_tried_twice():
    """Elements go nowhere twice, and regularisers are compared with the HAADF once."""
    landscape = Landscape()
    held_out = known(landscape)
    search(held_out, (BOTH,) * 3)
    tried = [tuple(each["regularisers"]) for each in held_out.table() if each["uses_brightness"]]
    others = [each for each in tried if each != landscape.regularisers]
    assert len(others) == 1
