"""What each kind of specimen is there for: the feature is where it should be and nowhere else."""

import numpy as np
import pytest
from exspy.material import elements
from scipy.ndimage import label

from hyperspy_multimodal.data import (
    bimetal,
    flat,
    haadf_only,
    overlapping_pair,
    oxide_interface,
    swap,
    wedge,
)

# truth only: little to draw
QUIET = {"counts": 1e-3, "haadf_noise": 0, "channels": 400, "channel_width": 0.02}


def by_element(maps):
    return {m.metadata.Sample.elements[0]: m.data for m in maps}


def haadf_of_maps(specimen):
    """HAADF in its range, as the listed elements alone would make it: areal density x Z^1.7."""
    scattering = sum(
        k
        * truth.data
        * elements[s].General_properties.Z ** 1.7
        / elements[s].General_properties.atomic_weight
        for k, truth, s in zip(
            specimen.kfactors,
            specimen.xrays,
            specimen.signal.metadata.Sample.elements,
            strict=True,
        )
    )
    return scattering / scattering.max()


def haadf_in_range(specimen):
    return (specimen.haadf.data - 4000) / 40000


# ---- bimetal


def test_alloy_particles_differ_in_composition_and_lie_on_titania():
    specimen = bimetal((96, 96), **QUIET)
    composition = by_element(specimen.composition)
    gold, palladium = composition["Au"], composition["Pd"]
    metal = gold > 0
    np.testing.assert_array_equal(metal, palladium > 0)
    shares = (gold / np.where(metal, gold + palladium, 1))[metal]
    assert shares.min() == pytest.approx(0.1) and shares.max() == pytest.approx(0.9)
    assert len(np.unique(shares.round(6))) >= 12
    np.testing.assert_allclose(composition["O"], 2 * composition["Ti"], atol=1e-9)
    oxide = composition["O"] > 0
    assert (metal & oxide).sum() > 0.7 * metal.sum() and oxide.sum() > 3 * metal.sum()
    np.testing.assert_allclose(haadf_in_range(specimen), haadf_of_maps(specimen), atol=1e-6)


def test_main_lines_overlap_in_palladium_silver():
    specimen = bimetal((32, 32), alloy="Pd-Ag", **QUIET, peak_to_background=np.inf)
    assert specimen.signal.metadata.Sample.xray_lines == ["Ag_La", "O_Ka", "Pd_La", "Ti_Ka"]
    net, others = (by_element(maps) for maps in (specimen.counts, specimen.background))
    assert others["Ag"].sum() > 0.3 * net["Ag"].sum()


def test_minor_lines_overlap_in_bimetal():
    specimen = bimetal((32, 32), **QUIET, peak_to_background=np.inf)
    counts, background = by_element(specimen.counts), by_element(specimen.background)
    # Au M lines in the window of Pd La, and Ti L lines in that of O Ka
    assert background["Pd"].sum() > 0.02 * counts["Au"].sum()
    assert background["O"].sum() > 0.05 * counts["O"].sum()


def test_finer_sampling_shows_the_same_alloy_particles():
    coarse = by_element(bimetal((24, 40), **QUIET).composition)
    fine = by_element(bimetal((72, 120), **QUIET).composition)
    for symbol, percent in coarse.items():
        np.testing.assert_allclose(fine[symbol][1::3, 1::3], percent, atol=1e-9)


# ---- oxide interface


@pytest.fixture(scope="module")
def interface():
    return oxide_interface((97, 121), spacing=12.0, **QUIET)


def test_the_interface_is_a_layer_wide(interface):
    counts = by_element(interface.counts)
    # A sites lie on the middle row; layers 12 pixels apart, the mixed one in the middle
    layers = slice(60 - 36, 60 + 37, 12)
    lanthanum, strontium = (counts[s][48, layers] / counts[s].max() for s in ("La", "Sr"))
    np.testing.assert_allclose(lanthanum, [0, 0, 0, 0.7, 1, 1, 1], atol=2e-3)
    np.testing.assert_allclose(strontium, [1, 1, 1, 0.3, 0, 0, 0], atol=2e-3)
    layers = slice(60 - 30, 60 + 31, 12)
    manganese, titanium = (counts[s][54, layers] / counts[s].max() for s in ("Mn", "Ti"))
    np.testing.assert_allclose(manganese, [0, 0, 0, 1, 1, 1], atol=2e-3)
    np.testing.assert_allclose(titanium, [1, 1, 1, 0, 0, 0], atol=2e-3)


def test_columns_are_those_of_perovskite(interface):
    counts = by_element(interface.counts)
    oxygen = counts["O"] / counts["O"].max()
    assert counts["La"][48, 96] == counts["La"].max()
    # oxygen is on the B sites and on the sides of the cell, not on the A sites
    for row, column in ((54, 90), (54, 96), (48, 90)):
        assert oxygen[row, column] > 0.94
    assert oxygen[48, 96] < 0.12
    # a whole cell of LaMnO3: one La, one Mn, three O
    cell = by_element(interface.xrays)
    kfactors = dict(zip(sorted(cell), interface.kfactors, strict=True))
    atoms = {
        s: kfactors[s] / elements[s].General_properties.atomic_weight * cell[s][36:48, 84:96].sum()
        for s in ("La", "Mn", "O")
    }
    assert atoms["Mn"] / atoms["La"] == pytest.approx(1, rel=2e-3)
    assert atoms["O"] / atoms["La"] == pytest.approx(3, rel=2e-3)


def second_moment(image, row, column, reach=5):
    patch = image[row - reach : row + reach + 1, column - reach : column + reach + 1]
    offsets = np.arange(-reach, reach + 1)
    profile = patch.sum(axis=0)
    return np.sqrt((profile * offsets**2).sum() / profile.sum())


def test_columns_have_the_width_asked_for_and_are_sharper_in_haadf():
    specimen = oxide_interface((97, 121), spacing=24.0, width=2.0, haadf_width=0.5, **QUIET)
    # pixels integrate: their variance of 1/12 adds
    strontium = by_element(specimen.counts)["Sr"]
    assert second_moment(strontium, 48, 36, 11) == pytest.approx(np.sqrt(4 + 1 / 12), rel=1e-3)
    haadf = haadf_in_range(specimen)
    assert second_moment(haadf, 48, 36) == pytest.approx(np.sqrt(1 + 1 / 12), rel=2e-2)


def test_interface_is_calibrated_by_its_lattice():
    scan = oxide_interface((30, 30), spacing=10.0, **QUIET).signal.axes_manager
    assert scan[0].scale == pytest.approx(0.03905)
    scan = oxide_interface((36, 36), pixel_size=0.05, **QUIET).signal.axes_manager
    assert scan[0].scale == 0.05


def test_field_ends_do_not_change_the_columns():
    wide, narrow = (oxide_interface((18, n), spacing=6, width=1.1, **QUIET) for n in (61, 41))
    for symbol, counts in by_element(wide.counts).items():
        np.testing.assert_allclose(
            counts[:, 10:-10], by_element(narrow.counts)[symbol], rtol=1e-9, atol=1e-12
        )


# ---- overlapping pairs


@pytest.mark.parametrize("pair", ["S-Mo", "S-Pb", "Ti-Ba", "Mn-Fe", "Fe-Co"])
def test_each_element_is_alone_somewhere_and_leaks_there(pair):
    specimen = overlapping_pair(pair, (64, 64), **QUIET, peak_to_background=np.inf)
    counts, background = by_element(specimen.counts), by_element(specimen.background)
    first, second = pair.split("-")
    present = {symbol: counts[symbol] > 0 for symbol in (first, second)}
    vacuum = ~present[first] & ~present[second]
    regions = [
        present[first] & ~present[second],
        present[second] & ~present[first],
        present[first] & present[second],
    ]
    assert vacuum.mean() > 0.2 and all(region.mean() > 0.02 for region in regions)
    for symbol in (first, second):
        assert background[symbol][vacuum].max() == 0
    # of the heavier element, or Kb of the lighter: what the pair is known for
    leaking, into = (first, second) if pair in ("Mn-Fe", "Fe-Co") else (second, first)
    alone = present[leaking] & ~present[into]
    leak = background[into][alone].sum() / counts[leaking][alone].sum()
    assert leak > (0.001 if pair == "Fe-Co" else 0.02)


@pytest.mark.parametrize("layout_seed", range(5))
def test_any_layout_of_a_pair_has_all_its_regions(layout_seed):
    specimen = overlapping_pair("S-Mo", (40, 40), layout_seed=layout_seed, **QUIET)
    molybdenum, sulphur = (m.data > 0 for m in specimen.counts)
    for region in (sulphur & ~molybdenum, molybdenum & ~sulphur, sulphur & molybdenum):
        assert region.sum() >= 8


# ---- flat


def test_a_flat_film_has_no_structure():
    specimen = flat((12, 20), **QUIET)
    for field in ("counts", "background", "composition"):
        for truth in getattr(specimen, field):
            assert np.ptp(truth.data) <= 1e-12 * truth.data.max()
    assert np.ptp(specimen.haadf.data) == 0
    assert [float(m.data[0, 0]) for m in specimen.composition] == pytest.approx([50, 50])


def test_a_thicker_film_takes_fewer_electrons():
    thin, thick = (flat((2, 2), thickness=t, **QUIET) for t in (20.0, 60.0))
    electrons = [s.signal.metadata.Simulation.electrons_per_pixel for s in (thin, thick)]
    assert electrons[0] == pytest.approx(3 * electrons[1])


# ---- wedge


def test_the_slope_of_a_wedge_is_in_haadf_and_not_in_the_maps():
    shape = 40, 72
    sloping, level = (wedge(shape, slope=slope, **QUIET) for slope in (0.4, 0.0))
    for field in ("counts", "xrays", "composition"):
        for with_slope, without in zip(getattr(sloping, field), getattr(level, field), strict=True):
            np.testing.assert_array_equal(with_slope.data, without.data)
    added = haadf_in_range(sloping)
    particles = haadf_of_maps(sloping)
    added = added / added[particles == 1].item() * (1 + 0.4 * _ramp(shape)[particles == 1].item())
    np.testing.assert_allclose(added - particles, 0.4 * _ramp(shape), atol=1e-5)


def _ramp(shape):
    return np.broadcast_to((np.arange(shape[1]) + 0.5) / shape[1], shape)


def test_carbon_of_the_wedge_is_in_the_spectra_and_not_in_the_metadata():
    specimen = wedge((24, 48), 300.0, channels=820)
    assert specimen.signal.metadata.Sample.elements == ["Fe", "Ni"]
    vacuum = sum(m.data for m in specimen.counts) == 0
    right, left = (vacuum & half for half in _halves((24, 48)))
    carbon = specimen.signal.data[..., 25:31].sum(axis=-1)
    assert carbon[right].mean() > 2 * carbon[left].mean() > 0
    continuum = specimen.background[0].data
    assert continuum[right].mean() > 2 * continuum[left].mean() > 0


def _halves(shape):
    left = np.broadcast_to(np.arange(shape[1]) < shape[1] // 2, shape)
    return ~left, left


# ---- contrast in HAADF only


@pytest.mark.parametrize("layout_seed", range(3))
def test_haadf_only_discs_are_in_no_spectrum_and_no_truth(layout_seed):
    discs, plain = (
        haadf_only(
            (64, 80), contrast=contrast, layout_seed=layout_seed, channels=400, channel_width=0.02
        )
        for contrast in (0.3, 0.0)
    )
    np.testing.assert_array_equal(discs.signal.data, plain.signal.data)
    for field in ("counts", "background", "composition", "xrays"):
        for with_discs, without in zip(getattr(discs, field), getattr(plain, field), strict=True):
            np.testing.assert_array_equal(with_discs.data, without.data)
    added = haadf_in_range(discs) - haadf_in_range(plain)
    feature = added > 0.15
    np.testing.assert_allclose(added, 0.3 * feature, atol=1e-5)
    metal = sum(m.data for m in plain.counts) > 0
    regions, number = label(feature)
    assert number == 2
    shares = sorted(float(metal[regions == i].mean()) for i in (1, 2))
    assert shares == [0.0, 1.0]
    assert min((regions == i).sum() for i in (1, 2)) >= 20


def test_haadf_without_discs_follows_the_atoms():
    specimen = haadf_only((32, 32), contrast=0, **QUIET)
    np.testing.assert_allclose(haadf_in_range(specimen), haadf_of_maps(specimen), atol=1e-6)


# ---- elements that change places


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_the_haadf_of_a_swap_shows_nothing(share):
    specimen = swap((48, 60), radius=6, share=share, **QUIET)
    assert np.ptp(specimen.haadf.data) <= 1e-6 * specimen.haadf.data.max()
    np.testing.assert_allclose(haadf_of_maps(specimen), 1, rtol=1e-9)
    chromium = by_element(specimen.counts)["Cr"]
    assert np.ptp(chromium) == pytest.approx(share * chromium.max())


def test_nickel_takes_the_place_of_chromium_in_the_discs():
    counts = by_element(swap((72, 96), radius=5, **QUIET).counts)
    discs = counts["Ni"] > 0
    np.testing.assert_array_equal(discs, counts["Cr"] == 0)
    for present in (counts["Ni"][discs], counts["Cr"][~discs]):
        np.testing.assert_allclose(present, present[0])
    regions, number = label(discs)
    # whole ones on a lattice of four radii, symmetric in the field
    assert number == 3 * 4
    areas = [(regions == i + 1).sum() for i in range(number)]
    np.testing.assert_allclose(areas, np.pi * 25, rtol=0.1)
    np.testing.assert_array_equal(discs, discs[::-1, ::-1])
    columns = np.flatnonzero(discs.any(axis=0))
    assert columns[0] >= 5 and np.diff(columns).max() == pytest.approx(10, abs=1)


def test_the_share_of_a_swap_scales_what_is_replaced():
    half, whole = (by_element(swap((48, 48), share=x, **QUIET).counts) for x in (0.5, 1.0))
    discs = whole["Ni"] > 0
    # all relative to chromium in the film
    film = [counts["Cr"][~discs][0] for counts in (half, whole)]
    np.testing.assert_allclose(half["Cr"][discs] / film[0], 0.5)
    np.testing.assert_allclose(half["Ni"] / film[0], 0.5 * whole["Ni"] / film[1])


@pytest.mark.parametrize("shape", [(16, 16), (16, 40), (30, 24)])
def test_a_small_field_of_a_swap_has_one_disc_in_the_middle(shape):
    nickel = by_element(swap(shape, radius=7, **QUIET).counts)["Ni"] > 0
    assert label(nickel)[1] == max(shape[1] // 28, 1)
    assert nickel[shape[0] // 2, shape[1] // 2]
    np.testing.assert_array_equal(nickel, nickel[::-1, ::-1])
    assert nickel.sum() == pytest.approx(np.pi * 49, rel=0.1)
