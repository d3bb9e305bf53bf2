"""Scan positions that are left out: they have no say, and maps go on across them."""

import numpy as np
import pytest
from hyperspy.signal import BaseSignal

from hyperspy_multimodal import compute_maps, fuse_maps
from hyperspy_multimodal.data import core_shell

GIVEN = {"gamma": 1, "lambdas": (0.003, 0.006), "show_progressbar": False}


@pytest.fixture(scope="module")
def specimen():
    return core_shell((40, 48), counts=20)


@pytest.fixture(scope="module")
def mask():
    found = np.random.default_rng(1).random((40, 48)) < 0.08
    found[20:22] = True
    return found


def arrays(maps):
    return np.stack([each.data for each in maps])


def fuse(specimen, **options):
    return specimen.signal.multimodal_fusion(specimen.haadf, **{**GIVEN, **options})


@pytest.fixture(scope="module")
def fused(specimen, mask):
    return fuse(specimen, navigation_mask=mask, full_output=True)


def error(found, truth, where):
    return np.square(found - truth)[:, where].mean(axis=1)


def test_maps_go_on_across_masked_pixels(specimen, mask, fused):
    truth = arrays(specimen.counts)
    found = arrays(fused[0])
    raw = arrays(fused[1]["raw_maps"])
    assert np.isnan(raw[:, mask]).all() and np.isfinite(raw[:, ~mask]).all()
    assert (error(found, truth, mask) < error(raw, truth, ~mask)).all()
    assert (error(found, truth, mask) < 0.2 * error(0 * truth, truth, mask)).all()
    assert fused[0][0].metadata.Multimodal_fusion.masked_pixels == mask.sum()


def test_totals_count_masked_pixels_as_their_neighbours(specimen, fused):
    truth = arrays(specimen.counts).sum(axis=(1, 2))
    np.testing.assert_allclose(arrays(fused[0]).sum(axis=(1, 2)), truth, rtol=0.06)


@pytest.mark.parametrize("method", ["fit", "windows"])
def test_what_masked_spectra_hold_does_not_matter(specimen, mask, method):
    expected = arrays(fuse(specimen, navigation_mask=mask, map_method=method))
    for value in (np.nan, 1e4):
        signal = specimen.signal.deepcopy()
        signal.change_dtype("float32")
        signal.data[mask] = value
        found = signal.multimodal_fusion(
            specimen.haadf, navigation_mask=mask, map_method=method, **GIVEN
        )
        np.testing.assert_allclose(arrays(found), expected, atol=2e-3)  # float32 sums


def test_nan_is_refused_without_a_mask(specimen, mask):
    signal = specimen.signal.deepcopy()
    signal.change_dtype("float32")
    signal.data[mask] = np.nan
    with pytest.raises(ValueError):
        signal.multimodal_fusion(specimen.haadf, **GIVEN)


def test_a_mask_may_be_a_signal_and_the_spectra_lazy(specimen, mask, fused):
    as_signal = BaseSignal(mask).transpose(navigation_axes=2)
    np.testing.assert_array_equal(
        arrays(fuse(specimen, navigation_mask=as_signal)), arrays(fused[0])
    )
    found = compute_maps(
        specimen.signal.as_lazy().multimodal_fusion(specimen.haadf, navigation_mask=mask, **GIVEN)
    )
    np.testing.assert_allclose(arrays(found), arrays(fused[0]), atol=1e-4)


def test_an_empty_mask_changes_nothing_and_is_told(specimen, caplog):
    nothing = np.zeros((40, 48), bool)
    np.testing.assert_array_equal(
        arrays(fuse(specimen, navigation_mask=nothing)), arrays(fuse(specimen))
    )
    assert "leaves out no scan position" in caplog.text


@pytest.mark.slow
def test_the_automatic_choice_and_errors_work(specimen, mask):
    maps, output = fuse(
        specimen, lambdas="auto", navigation_mask=mask, uncertainty=True, full_output=True
    )
    assert output["uses_brightness"]
    errors = arrays(output["standard_deviations"])
    assert np.isfinite(errors).all() and (errors >= 0).all()
    truth = arrays(specimen.counts)
    assert (error(arrays(maps), truth, mask) < 0.2 * error(0 * truth, truth, mask)).all()


def test_ready_maps(specimen, mask):
    maps = {m.metadata.Sample.xray_lines[0]: m.data.astype(float) for m in specimen.counts}
    rng = np.random.default_rng(0)
    counts = {name: rng.poisson(each).astype(float) for name, each in maps.items()}
    for each in counts.values():
        each[mask] = np.nan
    with pytest.raises(ValueError, match="navigation_mask"):
        fuse_maps(counts, specimen.haadf, **GIVEN)
    found = arrays(fuse_maps(counts, specimen.haadf, navigation_mask=mask, **GIVEN))
    truth = arrays(specimen.counts)
    assert (error(found, truth, mask) < 0.2 * error(0 * truth, truth, mask)).all()


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (lambda mask: 2 * mask.astype(int), TypeError, "True .left out. and False"),
        (lambda mask: mask[:8], ValueError, "shape of the scan"),
        (lambda mask: np.ones_like(mask), ValueError, "too little to fuse"),
    ],
)
def test_wrong_masks_are_refused(specimen, mask, change, kind, words):
    with pytest.raises(kind, match=words):
        fuse(specimen, navigation_mask=change(mask))


def test_input_is_not_modified(specimen, mask):
    data, before = specimen.signal.data.copy(), mask.copy()
    fuse(specimen, navigation_mask=mask)
    np.testing.assert_array_equal(specimen.signal.data, data)
    np.testing.assert_array_equal(mask, before)


def test_lost_positions_are_named_unless_masked(specimen, mask, caplog):
    signal = specimen.signal.deepcopy()
    signal.data[mask] = 0
    signal.multimodal_fusion(specimen.haadf, **GIVEN)
    assert "contain no counts" in caplog.text
    caplog.clear()
    signal.multimodal_fusion(specimen.haadf, navigation_mask=mask, **GIVEN)
    specimen.signal.multimodal_fusion(specimen.haadf, **GIVEN)
    assert "contain no counts" not in caplog.text
