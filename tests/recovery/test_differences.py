"""Differences between fused maps and their counts, in words."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from hyperspy_multimodal.recovery.differences import instead_of, largest_differences
from hyperspy_multimodal.recovery.record import windows_of
from hyperspy_multimodal.selection.lost_structure import Lost


@pytest.mark.parametrize(("value", "right", "text"), [
    (1.8312, 2.6689, "1.83 instead of 2.67"),
    (105_321, 104_812, "105,320 instead of 104,810"),
    (0.0, 55.4, "0 instead of 55"),
    (-3.2, 4.0, "-3.2 instead of 4"),
    (1e-5, 3e-5, "1e-05 instead of 3e-05"),
    (2.0, 2.0, "2 instead of 2"),
])  # fmt: skip
def test_both_numbers_show_the_difference(value, right, text):
    assert instead_of(value, right) == text


def differing(errors, counts, fused):
    window = SimpleNamespace(name="disc")
    return SimpleNamespace(
        element=0,
        significance=errors,
        window=window,
        pixels=([1, 1], [2, 3]),
        counts=counts,
        fused=fused,
    )


def test_the_largest_amount_is_named_also_if_others_are_more_significant():
    maps = SimpleNamespace(names=["Co"], gains=np.array([2.0]))
    lost = [differing(6.3, 20.0, 3.0), differing(-5.1, 100.0, 160.0)]
    said = largest_differences(maps, lost)
    assert said == "Co (320 instead of 200 in disc, 5.1 standard errors)"
    said = largest_differences(maps, lost[:1], is_place=True, counts_first=True)
    assert said.startswith("Co (40 instead of 6 in a disc at [1, 2:4], ")


def test_a_correction_that_leaves_a_remainder_says_what_the_sum_is_now():
    maps = SimpleNamespace(names=["Si"], gains=np.array([2.0]))
    window = SimpleNamespace(name="disc")
    pixels = np.array([0, 0]), np.array([0, 1])
    lost = SimpleNamespace(
        element=0, significance=-5.3, window=window, pixels=pixels, counts=1.0, fused=11.0
    )
    said = largest_differences(maps, [lost], kept=np.array([[[2.0, 1.5, 9.0]]]))
    assert said == "Si (22 instead of 2, now 7, in disc, 5.3 standard errors)"


@pytest.mark.parametrize("rows", [(0, 4), (1, 6), (2, 3)])
@pytest.mark.parametrize("columns", [(0, 7), (3, 5), (6, 7)])
def test_slices_of_a_box_have_its_sums(rows, columns):
    maps = SimpleNamespace(names=["Mn"], gains=np.array([1.0]))
    raw = np.random.default_rng(0).poisson(20.0, (6, 7)).astype(float)
    box = np.s_[slice(*rows), slice(*columns)]
    pixels = tuple(part[box].ravel() for part in np.indices(raw.shape))
    window = SimpleNamespace(name="box")
    lost = Lost(0, window, 0, pixels, 6.0, raw[pixels].sum(), 3.0)
    said = largest_differences(maps, [lost], is_place=True)
    [place] = re.findall(r"in a box at (\[.*?\])", said)
    assert eval(f"raw{place}.sum()") == raw[pixels].sum()
    windows = windows_of(maps, [lost], raw[None])
    start, stop, first, last = (
        windows[f"{axis}_{end}"][0] for axis in ("row", "column") for end in ("starts", "stops")
    )
    assert raw[start:stop, first:last].sum() == windows["raw_counts"][0]


def test_other_windows_lie_within_slices():
    maps = SimpleNamespace(names=["Mn"], gains=np.array([1.0]))
    lost = Lost(0, SimpleNamespace(name="line"), 0, ([1, 2], [3, 4]), 6.0, 9.0, 3.0)
    said = largest_differences(maps, [lost], is_place=True)
    assert "in a line within [1:3, 3:5], " in said
