"""Widths of sieves, on held-out errors that are known."""

import numpy as np
import pytest

from hyperspy_multimodal.selection import GuidedModels, HaadfModel, Setting
from hyperspy_multimodal.selection.choice import search
from hyperspy_multimodal.selection.sieves import sieve_without, smooth_without

from .landscapes import BOTH, Known, Landscape
from .scans import SHAPE

WITHOUT = Setting(None, 1.0, ("isotropic",) * 3, (2.0,) * 3, (False,) * 3)


def known(landscape):
    model = HaadfModel(np.ones(3), np.zeros(3), 0.0, 1.0, 0.0, 0.9)
    return Known(landscape, GuidedModels(np.zeros(SHAPE), [model]))


class Probe(Landscape):
    """Sieves are better by 0.1 an element where each has its own width."""

    spread = 0.0

    def __init__(self, widths):
        self.widths = widths

    def errors(self, setting):
        if "sieve" not in setting.regularisers:
            return np.full(3, 2.0)
        return 1.9 + 0.1 * np.square(np.log2(np.array(setting.ratios) / self.widths))


def test_sieves_are_tried_on_if_only_widths_of_their_own_serve_the_maps():
    """Any common width is worse than what is there."""
    found = sieve_without(known(Probe((1.0, 2.0, 8.0))), WITHOUT)
    assert found.ratios[:2] == (1.0, 2.0)
    assert found.ratios[2] > 2.0


class Blurs(Landscape):
    """Smooth maps improve towards the widest, and lack ``lacking`` of the others at ratio 8."""

    def __init__(self, step, lacking):
        self.step, self.lacking = step, lacking

    def errors(self, setting):
        if "smooth" not in setting.regularisers:
            return np.full(3, 2.0)
        return 2.0 + self.lacking - self.step * np.log2(np.array(setting.ratios) / 8)


@pytest.mark.parametrize(
    ("step", "lacking", "goes_on"), [(0.01, 0.1, False), (0.06, 0.1, True), (0.01, -0.1, True)]
)
def test_smooth_maps_are_tried_on_only_if_they_may_win(step, lacking, goes_on):
    held_out = known(Blurs(step, lacking))
    assert (smooth_without(held_out, WITHOUT, WITHOUT).ratios[0] > 8) == goes_on
    assert smooth_without(held_out, WITHOUT).ratios[0] > 8


def test_sieves_are_left_out_if_no_widths_serve():
    held_out = known(Probe((0.03, 0.03, 60.0)))
    assert sieve_without(held_out, WITHOUT, WITHOUT) is None


@pytest.mark.parametrize(
    ("names", "chosen"),
    [((*BOTH, "sieve"), {"sieve"}), (("sieve",), {"sieve"}), (BOTH[1:], {BOTH[1]})],
)
def test_sieves_are_chosen_only_where_they_may_be(names, chosen):
    assert set(search(known(Probe((2.0, 2.0, 2.0))), (names,) * 3).regularisers) == chosen
