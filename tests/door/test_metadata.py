"""Metadata as files have them: the same maps, or a message that says what to set."""

import hyperspy.api as hs
import matplotlib.pyplot as plt
import numpy as np
import pytest

from hyperspy_multimodal import fit_maps, fuse_maps, suggest_elements
from hyperspy_multimodal.data import core_loss

from .conftest import GIVEN, fused

LINES = ["Co_Ka", "O_Ka", "S_Ka"]


@pytest.mark.parametrize(
    "elements",
    [
        ["Co", "O", "S"],
        ("Co", "O", "S"),
        np.array(["Co", "O", "S"]),
        np.array([b"Co", b"O", b"S"]),
        np.array(["Co", "O", "S"], dtype=object),
        "Co, O, S",
        "Co O S",
        b"Co;O;S",
        ["S", "Co", "O", "Co"],
        ["CO", "o", "s"],
        ["Co", "O", "S", "H", "He", "Li"],
    ],
    ids=repr,
)
def test_elements(signal, haadf, expected, elements):
    signal.metadata.Sample.elements = elements
    before = signal.metadata.Sample.elements
    maps = fused(signal, haadf)
    np.testing.assert_array_equal(maps, expected)
    assert signal.metadata.Sample.elements is before


@pytest.mark.parametrize(
    "lines",
    [
        tuple(LINES),
        np.array(LINES),
        np.array([b"Co_Ka", b"O_Ka", b"S_Ka"]),
        "Co_Ka, O_Ka S_Ka",
        [*LINES, "O_Ka"],
        ["co_ka", "O_KA", "s_Ka"],
        ["Co Kα", "O-Ka", "SKa"],
        ["Co_K", "O_K", "S_K"],
    ],
    ids=repr,
)
def test_lines(signal, haadf, expected, lines):
    signal.metadata.Sample.xray_lines = lines
    np.testing.assert_array_equal(fused(signal, haadf), expected)


@pytest.mark.parametrize(
    "given",
    [
        LINES,
        tuple(LINES),
        np.array(LINES),
        "Co_Ka O_Ka,S_Ka",
        ["co_ka", "o_ka", "s_KA"],
        ["Co", "O", "S"],
        ["Co Kα", "OKa", "s-ka"],
    ],
    ids=repr,
)
def test_lines_as_argument(signal, haadf, expected, given):
    np.testing.assert_array_equal(fused(signal, haadf, xray_lines=given), expected)


def test_maps_come_in_the_order_of_the_lines(signal, haadf, expected):
    maps = signal.multimodal_fusion(haadf, xray_lines=["S_Ka", "Co_Ka", "O_Ka"], **GIVEN)
    assert [each.metadata.Sample.xray_lines for each in maps] == [["S_Ka"], ["Co_Ka"], ["O_Ka"]]
    np.testing.assert_allclose([each.data for each in maps], expected[[2, 0, 1]], atol=0.02)


@pytest.mark.parametrize(
    ("energy", "said"),
    [
        (0, "0"),
        (-1, "-1"),
        (np.nan, "nan"),
        (None, "nothing"),
        (200_000.0, "200000.0"),
        ("200 kV", None),
        (np.array([200.0]), None),
    ],
    ids=repr,
)
def test_beam_energy(signal, haadf, expected, caplog, energy, said):
    if energy is None:
        del signal.metadata.Acquisition_instrument.TEM.beam_energy
    else:
        signal.metadata.Acquisition_instrument.TEM.beam_energy = energy
    maps = signal.multimodal_fusion(haadf, **GIVEN)
    np.testing.assert_array_equal([each.data for each in maps], expected)
    record = maps[0].metadata.Multimodal_fusion
    if said is None:
        assert "Assumed" not in caplog.text and not record.has_item("assumed")
    else:
        assert f"beam energy 200 keV (the metadata say {said})" in caplog.text
        assert record.assumed.as_dictionary() == {"beam_energy": 200.0}
    given = signal.metadata.Acquisition_instrument.as_dictionary()
    assert repr(maps[0].metadata.Acquisition_instrument.as_dictionary()) == repr(given)


@pytest.mark.parametrize("resolution", [0.13, 0, None, np.float64(130), "130 eV"], ids=repr)
def test_resolution(signal, haadf, expected, resolution):
    detector = signal.metadata.Acquisition_instrument.TEM.Detector.EDS
    if resolution is None:
        del detector.energy_resolution_MnKa
    else:
        detector.energy_resolution_MnKa = resolution
    np.testing.assert_array_equal(fused(signal, haadf), expected)


def test_without_any_microscope(signal, haadf, expected, caplog):
    del signal.metadata.Acquisition_instrument
    np.testing.assert_array_equal(fused(signal, haadf), expected)
    said = [each for each in caplog.messages if "Assumed" in each]
    assert len(said) == 1
    assert "beam energy 200 keV" in said[0] and "resolution at Mn Ka 130 eV" in said[0]


@pytest.mark.parametrize("units", ["KeV", "kev", " keV "])
def test_units_of_energy(signal, haadf, expected, units):
    signal.axes_manager[-1].units = units
    np.testing.assert_array_equal(fused(signal, haadf), expected)


def test_markers_stay_with_the_spectra(signal, haadf, expected, tmp_path):
    signal.add_marker(hs.plot.markers.VerticalLines([2.0]), permanent=True, plot_marker=False)
    maps = signal.multimodal_fusion(haadf, **GIVEN)
    assert not maps[0].metadata.has_item("Markers") and signal.metadata.has_item("Markers")
    maps[0].save(tmp_path / "map.hspy")
    hs.load(tmp_path / "map.hspy").plot()
    plt.close("all")


def test_keys_of_maps_in_any_case(small):
    maps = {"co": small.counts[0].data, "O_ka": small.counts[1].data}
    fused = fuse_maps(maps, small.haadf, gain=1.0, **GIVEN)
    assert [each.metadata.Multimodal_fusion.element for each in fused] == ["Co", "O_Ka"]


def test_fits_and_suggestions_take_the_same(signal, small, caplog):
    expected = [each.data for each in fit_maps(small.signal)]
    suggested = [str(each) for each in suggest_elements(small.signal)]
    signal.metadata.Sample.elements = "co o s"
    signal.metadata.Acquisition_instrument.TEM.beam_energy = 0
    signal.axes_manager[-1].units = "KeV"
    np.testing.assert_array_equal([each.data for each in fit_maps(signal)], expected)
    assert [str(each) for each in suggest_elements(signal)] == suggested


@pytest.mark.parametrize(
    ("item", "value", "words"),
    [
        ("elements", ["Co", "Unobtainium"], ["elements", "'Unobtainium'", "set_elements"]),
        ("elements", ["Co", 7], ["elements", "7", "set_elements"]),
        ("xray_lines", ["Co_Ka", "O_Zz"], ["xray_lines", "'O_Zz'", "not an X-ray line"]),
    ],
)
def test_what_is_no_element_is_said(signal, haadf, item, value, words):
    setattr(signal.metadata.Sample, item, value)
    with pytest.raises(ValueError) as refused:
        signal.multimodal_fusion(haadf, **GIVEN)
    assert all(word in str(refused.value) for word in words), refused.value


@pytest.mark.parametrize(
    ("given", "energy"),
    [("0.2 MV", 200), ("200 kV", 200), ("200 keV", 200), ("200000 V", 200), (b"200", 200)],
    ids=repr,
)
def test_units_of_the_beam_energy(signal, haadf, expected, given, energy):
    signal.metadata.Acquisition_instrument.TEM.beam_energy = given
    np.testing.assert_array_equal(fused(signal, haadf), expected)


@pytest.mark.parametrize(("kind", "other"), [("EDS_TEM", "SEM"), ("EDS_SEM", "TEM")])
def test_values_under_the_other_microscope(signal, haadf, kind, other):
    signal.set_signal_type(kind)
    instrument = {"beam_energy": 200.0, "Detector": {"EDS": {"energy_resolution_MnKa": 130.0}}}
    signal.metadata.Acquisition_instrument = {other: instrument}
    maps = signal.multimodal_fusion(haadf, **GIVEN)
    assert len(maps) == 3
    assert list(maps[0].metadata.Acquisition_instrument.keys()) == [other]


def test_a_line_is_not_two_elements(signal, haadf):
    maps = signal.multimodal_fusion(haadf, xray_lines="Co La, O Ka", **GIVEN)
    assert [each.metadata.Sample.xray_lines[0] for each in maps] == ["Co_La", "O_Ka"]


def test_names_of_ready_maps(small):
    arrays = {name: each.data for name, each in zip("COS", small.counts, strict=True)}
    named = {f"{k}_K": v for k, v in arrays.items()}
    edges = fuse_maps(named, small.haadf, gain=1.0, **GIVEN)
    assert edges[0].metadata.Multimodal_fusion.element == "C_K"
    with pytest.raises(ValueError, match=r"Map 0 is of Co_Ka by its metadata.*names it S"):
        fuse_maps(small.counts, small.haadf, elements=["S", "O", "Co"], **GIVEN)
    with pytest.raises(TypeError, match="swapped"):
        fuse_maps(small.haadf, {"Co": small.counts[0]})
    with pytest.raises(TypeError, match=r"spectra were given.*multimodal_fusion"):
        fuse_maps(small.signal, small.haadf)


def test_a_gain_that_leaves_no_counts_is_told(small, caplog):
    maps = {"Co": 0.001 * small.counts[0].data, "O": 0.001 * small.counts[1].data}
    fuse_maps(maps, small.haadf, gain=12, **GIVEN)
    assert "no pixel contains half a count: the highest values are Co" in caplog.text


@pytest.mark.parametrize(
    ("item", "given", "said"),
    [
        ("beam_energy", 200_000, "beam energy 200 keV (the metadata say 200000)"),
        ("convergence_angle", 0.02, "convergence angle 20 mrad (the metadata say 0.02)"),
        ("collection_angle", 0.03, "collection angle 30 mrad (the metadata say 0.03)"),
        ("collection_angle", 400.0, "collection angle 400 mrad (unusual)"),
        ("beam_energy", 2000.0, "beam energy 2000 keV (unusual)"),
    ],
)
def test_instrument_of_eels(item, given, said, caplog):
    """Volts and radians are converted, and what is unusual is told."""
    specimen = core_loss((16, 16), counts=40)
    usual = {"beam_energy": 200.0, "convergence_angle": 20.0, "collection_angle": 30.0}
    specimen.signal.set_microscope_parameters(**usual)
    expected = fused(specimen.signal, specimen.haadf)
    assert "Assumed" not in caplog.text
    specimen.signal.set_microscope_parameters(**{item: given})
    maps = specimen.signal.multimodal_fusion(specimen.haadf, **GIVEN)
    assert f"Assumed: {said}" in caplog.text
    record = maps[0].metadata.Multimodal_fusion
    if "unusual" in said:
        assert not record.has_item("assumed")
    else:
        assert record.assumed.as_dictionary() == {item: usual[item]}
        np.testing.assert_array_equal([each.data for each in maps], expected)


def test_lines_of_elements_that_are_no_longer_listed_are_left_out(signal, haadf):
    signal.set_lines(LINES)
    signal.set_elements(["Co", "O"])
    maps, output = signal.multimodal_fusion(haadf, **GIVEN, full_output=True)
    assert [each.metadata.Sample.xray_lines[0] for each in maps] == LINES[:2]
    assert any("No map of S_Ka" in each for each in output["messages"])
