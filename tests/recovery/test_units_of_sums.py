"""All sums in the results of a fusion are in the units of its maps."""

from copy import deepcopy
from functools import cache

import numpy as np
import pytest

from hyperspy_multimodal import fuse_maps
from hyperspy_multimodal.data import core_loss, core_shell
from hyperspy_multimodal.plot.panels import map_name

# So smooth that structure is lost, and restored in windows.
OPTIONS = {"gamma": 1, "lambdas": (1.0, 5.0), "show_progressbar": False, "full_output": True}
SUMS = ("raw_counts", "counts_before", "counts_after")


SPOT = slice(3, 6), slice(3, 6)


@cache
def spectra():
    specimen = core_loss((24, 24), counts=60)
    data = specimen.signal.data.astype(np.int64)
    bright = specimen.haadf.data > specimen.haadf.data.mean()
    data[SPOT] += 8 * data[bright].mean(axis=0).astype(int)
    specimen.signal.data = data
    return specimen


@cache
def counted():
    specimen = core_shell((32, 32), counts=60)
    maps = np.array([each.data for each in specimen.signal.get_lines_intensity()], float)
    maps[(slice(None), *SPOT)] += 400
    return maps, specimen.haadf


def fused_spectra(gain, **options):
    specimen = spectra()
    signal = deepcopy(specimen.signal)
    signal.data = gain * signal.data
    return signal.multimodal_fusion(
        specimen.haadf, gain=gain, weights=[0.0] * 3, **OPTIONS, **options
    )


def fused_maps(units):
    maps, haadf = counted()
    return fuse_maps(
        [unit * each for unit, each in zip(units, maps, strict=True)],
        haadf,
        elements=["Co", "O", "S"],
        gain=units,
        pedestal=0.0,
        weights=[0.0] * 3,
        **OPTIONS,
    )


def sums_of(maps, output, units):
    """Return all sums over the units of their maps."""
    names = [map_name(each) for each in maps]
    found = {"scales": np.divide(output["scales"], units)}
    for item in ("relaxed", "differing"):
        windows = output[item] or {name: () for name in ("lines", *SUMS)}
        own = [units[names.index(line)] for line in windows["lines"]]
        found |= {f"{item} {name}": np.divide(windows[name], own) for name in SUMS}
    return found


@pytest.mark.parametrize(
    ("fused", "units"),
    [
        (lambda units: fused_spectra(units[0], map_method="windows"), [5.0] * 3),
        (lambda units: fused_spectra(units[0], map_method="fit"), [5.0] * 3),
        (fused_maps, [0.01] * 3),
        (fused_maps, [0.01, 3.0, 20.0]),
    ],
)
def test_sums_are_in_the_units_of_the_maps(fused, units):
    ones = [1.0] * 3
    maps, output = fused(ones)
    other_maps, other = fused(units)
    assert output["relaxed"] is not None
    expected, found = sums_of(maps, output, ones), sums_of(other_maps, other, units)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-3, err_msg=name)
    per_pixel = [[v["counts_per_pixel"] for v in each["verdicts"]] for each in (output, other)]
    np.testing.assert_allclose(*per_pixel, rtol=1e-5)
