"""The search with the HAADF in use, on known held-out errors."""

import numpy as np
import pytest

from hyperspy_multimodal.selection.choice import search

from .landscapes import BOTH, Landscape, known


def found(landscape, **values):
    for name, value in values.items():
        setattr(landscape, name, value)
    return search(known(landscape), (BOTH,) * 3)


@pytest.mark.parametrize(
    ("gain", "structured", "apart"),
    [(0.005, False, True), (0.3, False, False), (0.005, True, False)],
)
def test_flat_elements_are_apart_unless_they_gain(gain, structured, apart):
    """One standard error is 0.01."""
    setting = found(Landscape(), gain=(gain, 0.3, 0.3), structured=(structured, True, True))
    assert setting.apart == (apart, False, False)


class FewerShare(Landscape):
    """The best lambda_1, and ratio of the second element, are others once the first is apart."""

    def errors(self, setting):
        shifted = Landscape()
        shifted.gain = self.gain
        if setting.apart[0]:
            shifted.lambda_1, shifted.ratios = 10 * self.lambda_1, (1.0, 4.0, 0.5)
        return shifted.errors(setting)


def test_the_others_are_adjusted_again_once_elements_are_apart():
    setting = found(FewerShare(), gain=(-0.4, 0.3, 0.3))
    assert setting.apart == (True, False, False)
    assert setting.lambda_1 == pytest.approx(3.16e-3)
    assert setting.ratios == (1.0, 4.0, 0.5)


class Coupled(Landscape):
    """With the HAADF, two elements have other ratios each, but not both."""

    def errors(self, setting):
        errors = super().errors(setting)
        if setting.model:
            errors[0] -= 0.05 * (setting.ratios[0] == 2.0)
            errors[1] -= 0.05 * (setting.ratios[1] == 4.0)
            errors += 0.5 * (setting.ratios[:2] == (2.0, 4.0))
        return errors


def test_one_element_moves_where_two_disturb_each_other():
    assert found(Coupled()).ratios in {(2.0, 8.0, 0.5), (1.0, 4.0, 0.5)}


class SecondModel(Landscape):
    """The model that is best at first gains hardly more than its standard error."""

    gamma = 1.4

    def errors(self, setting):
        errors = super().errors(setting)
        is_first = setting.model and setting.model.gamma == 1.8
        return np.full(3, 1.8) if is_first else errors

    def blocks(self, setting):
        blocks = super().blocks(setting)
        if setting.model and setting.model.gamma == 1.8:
            blocks += 0.02 * np.resize([1.0, -1.0], 100)
        return blocks


def test_the_next_model_is_tried_where_the_first_is_not_worth_it():
    setting = found(SecondModel(), gain=(0.25, 0.25, 0.25))
    assert setting.model.gamma == 1.4
