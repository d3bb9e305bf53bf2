"""The search among total variation and smooth maps without HAADF, on known held-out errors."""

import numpy as np
import pytest

from hyperspy_multimodal.selection.choice import search
from hyperspy_multimodal.selection.sieves import RATIOS as WIDTHS
from hyperspy_multimodal.selection.sieves import SMOOTH

from .landscapes import Landscape, known

EITHER = "isotropic", SMOOTH
_SIGNS = np.resize([1.0, -1.0], 100)


class Smooth(Landscape):
    """What elements lose by smooth maps, in standard errors, and widths that predict alike."""

    regularisers, gain = ("isotropic",) * 3, (-1.0,) * 3  # no HAADF
    lost = (-3.0, 3.0, 3.0)
    alike = (2.0, 8.0)
    step = 0.1

    def blocks(self, setting):
        blocks = super().blocks(setting)
        for i in np.flatnonzero(np.array(setting.regularisers) == SMOOTH):
            octaves, (low, high) = np.log2(setting.ratios[i]), np.log2(self.alike)
            beyond = max(low - octaves, octaves - high, 0)
            error = 2 + self.step * self.lost[i] + 0.5 * beyond - 1e-6 * octaves  # the widest
            blocks[i] = error / 100 + self.step / 10 * np.sqrt(99 / 100) * _SIGNS
            blocks[i] += 1e-4 * octaves * _SIGNS
        return blocks


def found(candidates=EITHER, **values):
    landscape = Smooth()
    for name, value in values.items():
        setattr(landscape, name, value)
    held_out = known(landscape)
    held_out._noise = np.full(3, 10.0)
    setting = search(held_out, (candidates,) * 3)
    assert setting.model is None
    return setting


def are_smooth(setting):
    return [name == SMOOTH for name in setting.regularisers]


def test_maps_are_smooth_unless_that_is_clearly_worse():
    """By a standard error of each element itself, whatever the others prefer."""
    assert are_smooth(found(lost=(-0.5, 0.8, 1.3))) == [True, True, False]
    assert are_smooth(found(lost=(3.0, 0.8, 3.0))) == [False, True, False]


def test_edges_of_the_haadf_stay_unless_a_smooth_map_is_better():
    values = {"regularisers": ("directional", "isotropic", "directional")}
    setting = found(("directional", *EITHER), lost=(0.5, 0.5, -0.5), **values)
    assert setting.regularisers == ("directional", SMOOTH, SMOOTH)


def test_flat_maps_are_smooth_only_if_that_is_better():
    """Nothing that their counts contain is lost by the other form, which leaves less noise."""
    setting = found(lost=(-0.3, 0.3, 0.3), structured=(False, False, True))
    assert are_smooth(setting) == [True, False, True]


@pytest.mark.parametrize("candidates", [EITHER, (SMOOTH,)])
@pytest.mark.parametrize(
    ("alike", "middle"),
    [((2.0, 8.0), 4.0), ((4.0, 8.0), 5.657), ((0.5, 16.0), 2.828), ((8.0, 8.0), 8.0)],
)
def test_the_middle_of_widths_that_predict_alike_is_taken(candidates, alike, middle):
    """To half of the steps that are compared; the widest is the best, by nothing."""
    assert middle in WIDTHS
    setting = found(candidates, lost=(-3.0,) * 3, alike=alike)
    assert setting.ratios == (middle,) * 3


def test_flat_maps_keep_their_best_width():
    setting = found(lost=(-3.0,) * 3, structured=(True, False, True))
    assert setting.ratios == (4.0, 8.0, 4.0)
