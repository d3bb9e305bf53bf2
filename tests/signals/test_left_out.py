"""Scan positions that are left out by themselves are those of a navigation mask."""

from functools import cache

import numpy as np
from slow_repeats import alternating

from hyperspy_multimodal import fit_maps
from hyperspy_multimodal.data import core_loss, core_shell
from hyperspy_multimodal.signals import scan

GIVEN = {"gamma": 1, "lambdas": (0.01, 0.02), "show_progressbar": False, "full_output": True}
SHAPE, HOT = (24, 28), (11, 17)


@cache
def simulated(make=core_shell):
    """A scan; tests copy what they change."""
    return make(SHAPE, counts=30)


def mask():
    found = np.zeros(SHAPE, bool)
    found[HOT] = True
    return found


def hot(signal):
    result = signal.deepcopy()
    result.data = result.data.astype("u4")
    result.data[HOT] = 4000
    return result


def arrays(maps):
    return np.stack([each.data for each in maps])


@alternating(make=[core_shell, core_loss], method=["fit", "windows"])
def test_a_hot_pixel_is_as_one_that_is_masked(make, method, monkeypatch):
    # draws as signals, 30 for each map, take as long as the fusions
    monkeypatch.setattr(scan, "drawn_maps", lambda *_: [])
    specimen = simulated(make)
    given = {**GIVEN, "map_method": method, "uncertainty": True, "keep_totals": True}
    signal = hot(specimen.signal)
    maps, output = signal.multimodal_fusion(specimen.haadf, **given)
    expected, known = signal.multimodal_fusion(specimen.haadf, navigation_mask=mask(), **given)
    np.testing.assert_allclose(arrays(maps), arrays(expected), rtol=1e-4, atol=3e-4)
    for name in ("raw_maps", "standard_deviations"):
        one, other = arrays(output[name]), arrays(known[name])
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)
    assert np.isnan(arrays(output["raw_maps"])[:, HOT[0], HOT[1]]).all()
    node, other = (each[0].metadata.Multimodal_fusion for each in (maps, expected))
    assert node.left_out_positions == [list(HOT)]
    assert node.masked_pixels == other.masked_pixels == 1
    assert not other.has_item("left_out_positions")


def test_masks_add_up():
    specimen = simulated()
    other = np.roll(mask(), 5)
    maps, output = hot(specimen.signal).multimodal_fusion(
        specimen.haadf, navigation_mask=other, **GIVEN
    )
    assert maps[0].metadata.Multimodal_fusion.masked_pixels == 2
    np.testing.assert_array_equal(np.isnan(output["raw_maps"][0].data), mask() | other)


def test_without_fusion_nothing_is_in_its_place():
    maps = fit_maps(hot(simulated().signal))
    for each in maps:
        assert each.data[HOT] == 0
        assert each.metadata.Spectrum_fit.variance[HOT] == 0


def test_the_tuner_leaves_out_the_same():
    from hyperspy_multimodal.eds import method as eds
    from hyperspy_multimodal.interactive.session import TuningSession
    from hyperspy_multimodal.recovery.parameters import Parameters

    specimen = simulated()
    parameters = Parameters(
        gamma=1.0, lambdas=(0.01, 0.02), regulariser="auto", weights="auto", haadf_blur=0.0,
        align=False,
        keep_totals="auto", keep_significant=True, share_structure="auto",
            tolerance=1e-4, max_iterations=100, seed=0,
        uncertainty=False, show_progressbar=False, full_output=True,
    ).checked()  # fmt: skip
    session = TuningSession(eds.scan_of(hot(specimen.signal), specimen.haadf), parameters)
    session.crop(*map(slice, (0, 0), SHAPE))
    np.testing.assert_array_equal(np.isnan(session.raw()[0]), mask())
