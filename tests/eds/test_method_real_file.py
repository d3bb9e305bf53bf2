"""A measured EDS map of few counts: TiO2 with palladium, 64 x 64 pixels, 6 counts a spectrum."""

import hyperspy.api as hs
import numpy as np
import pytest

from hyperspy_multimodal import compute_maps, fit_maps

LINES = ["Cu_Ka", "O_Ka", "Pd_La", "Ti_Ka"]


def stacked(maps):
    return np.stack([m.data for m in maps])


@pytest.fixture(scope="module")
def path(shared_data):
    path = shared_data / "TiO2_Pd_EDS.bcf"
    if not path.is_file():
        pytest.skip(f"{path.name} is not on this machine")
    return path


@pytest.fixture(scope="module")
def loaded(path):
    return hs.load(path)


@pytest.fixture(scope="module")
def fused(loaded):
    haadf, signal = loaded
    return signal.multimodal_fusion(haadf)


@pytest.fixture(scope="module")
def fitted(loaded):
    return fit_maps(loaded[1], full_output=True)


@pytest.fixture(scope="module")
def raw(loaded):
    signal = loaded[1]
    return signal.get_lines_intensity(background_windows=signal.estimate_background_windows())


@pytest.mark.slow
def test_maps_of_all_elements(fused):
    assert [m.metadata.Sample.xray_lines[0] for m in fused] == LINES
    assert stacked(fused).shape == (4, 64, 64)
    assert np.isfinite(stacked(fused)).all()
    assert stacked(fused).min() >= 0


def test_totals_are_those_measured(loaded, fused, fitted, raw):
    """By the fit; and by windows, where these hold no lines of others, as those of O hold Ti L."""
    maps, output = fitted
    totals = stacked(fused).sum(axis=(1, 2))
    np.testing.assert_allclose(totals, stacked(maps).sum(axis=(1, 2)), rtol=1e-4)
    in_windows = stacked(raw).sum(axis=(1, 2))
    gross = stacked(loaded[1].get_lines_intensity()).sum(axis=(1, 2))
    for line in ("Cu_Ka", "Pd_La", "Ti_Ka"):
        k = LINES.index(line)
        # windows beside the line are as wide as the window: their noise is that of the gross counts
        allowed = 3 * np.hypot(output["total_errors"][line], np.sqrt(gross[k]))
        assert abs(totals[k] - in_windows[k]) < allowed


def test_silicon_of_the_support_is_found(loaded, fitted):
    output = fitted[1]
    assert output["instrument_elements"]["Si"] == pytest.approx(1e4, rel=0.05)
    assert output["unassigned_peaks"] == []
    _, named = fit_maps(loaded[1], extra_lines=["Si"], full_output=True)
    assert "Si" not in named["instrument_elements"]
    for line, total in output["totals"].items():
        assert total == pytest.approx(named["totals"][line], abs=output["total_errors"][line])


def test_carbon_of_the_support_is_found_though_it_is_weak(loaded, fitted):
    output = fitted[1]
    _, named = fit_maps(loaded[1], extra_lines=["C"], full_output=True)
    assert "C" in output["instrument_elements"]
    for line, total in output["totals"].items():
        assert total == pytest.approx(named["totals"][line], rel=1e-3)


def test_titanium_is_where_its_k_lines_are(loaded, fitted):
    """Nitrogen of the membrane, which is not listed, lies under the L lines."""
    maps, output = fitted
    titanium = maps[LINES.index("Ti_Ka")].data
    assert "Ti_L" in output["template_names"]
    windows = [(4.37, 4.65), (4.05, 4.33), (5.1, 5.38)]
    peak, left, right = (loaded[1].isig[low:high].data.sum(-1, float) for low, high in windows)
    sums = [
        each.reshape(4, 16, 4, 16).sum(axis=(1, 3))
        for each in (titanium, peak - (left + right) / 2, peak + (left + right) / 4)
    ]
    in_fit, in_window, noise = sums
    ratio = in_fit.sum() / in_window.sum()
    assert np.sum(np.square(in_fit / ratio - in_window) / noise) < 8


def test_noise_between_neighbours_is_lower(fused, raw):
    """Differences of neighbours are noise, but for edges."""
    before, after = (np.diff(stacked(maps), axis=2).std(axis=(1, 2)) for maps in (raw, fused))
    for line in ("O_Ka", "Ti_Ka"):
        element = LINES.index(line)
        assert stacked(fused)[element].std() < stacked(raw)[element].std() / 3
        assert after[element] < before[element] / 3


def test_fused_maps_show_what_smoothed_counts_show(fused, raw):
    """Titanium: the means of blocks of 16 x 16 pixels agree within the noise."""
    element = LINES.index("Ti_Ka")
    blocks = [maps[element].data.reshape(4, 16, 4, 16).mean(axis=(1, 3)) for maps in (raw, fused)]
    assert np.corrcoef(blocks[0].ravel(), blocks[1].ravel())[0, 1] > 0.8


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_quantification(loaded, fused):
    composition = loaded[1].quantification(
        fused, "CL", factors=[1.0, 1.0, 1.0, 1.0], navigation_mask=None
    )
    total = stacked(composition).sum(axis=0)
    np.testing.assert_allclose(total, 100, rtol=1e-3)


@pytest.mark.slow
def test_lazy_equals_eager(path, loaded):
    haadf, lazy = hs.load(path, lazy=True)
    found = compute_maps(lazy.multimodal_fusion(haadf, lambdas=(0.01, 0.02)))
    expected = loaded[1].multimodal_fusion(loaded[0], lambdas=(0.01, 0.02))
    np.testing.assert_allclose(stacked(found), stacked(expected), atol=1e-6)
