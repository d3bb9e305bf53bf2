"""`multimodal_fusion(maps=...)`: maps that are there, over the scan of the signal."""

import numpy as np
import pytest

from hyperspy_multimodal import fuse_maps
from hyperspy_multimodal.data import core_shell

GIVEN = {"gamma": 1, "lambdas": (0.01, 0.02), "show_progressbar": False}


@pytest.fixture(scope="module")
def specimen():
    return core_shell((32, 40), counts=10)


@pytest.fixture(scope="module")
def maps(specimen):
    return specimen.signal.get_lines_intensity()


def arrays(found):
    return np.stack([each.data for each in found])


def test_signals_are_fused_as_fuse_maps_does(specimen, maps):
    found = specimen.signal.multimodal_fusion(specimen.haadf, maps=maps, **GIVEN)
    expected = fuse_maps(maps, specimen.haadf, **GIVEN)
    np.testing.assert_array_equal(arrays(found), arrays(expected))
    assert [each.metadata.General.title for each in found] == [
        each.metadata.General.title for each in expected
    ]


def test_arrays_get_the_axes_and_metadata_of_the_signal(specimen, maps):
    given = {each.metadata.Sample.elements[0]: each.data.copy() for each in maps}
    before = {name: each.copy() for name, each in given.items()}
    found = specimen.signal.multimodal_fusion(specimen.haadf, maps=given, **GIVEN)
    np.testing.assert_array_equal(arrays(found), arrays(fuse_maps(given, specimen.haadf, **GIVEN)))
    for name, each in zip(given, found, strict=True):
        assert each.axes_manager.navigation_shape == specimen.signal.axes_manager.navigation_shape
        assert each.axes_manager[0].units == "nm"
        assert each.metadata.Sample.elements == [name]
        assert each.metadata.Acquisition_instrument.TEM.beam_energy == 200
        np.testing.assert_array_equal(given[name], before[name])


def test_defaults_may_be_given_too(specimen, maps):
    options = {"slices": "each", "lazy_output": None, **GIVEN}
    found = specimen.signal.multimodal_fusion(specimen.haadf, maps=maps, **options)
    options["lazy_output"] = False
    again = specimen.signal.multimodal_fusion(specimen.haadf, maps=maps, **options)
    np.testing.assert_array_equal(arrays(found), arrays(again))
    with pytest.raises(ValueError, match="fused at once"):
        specimen.signal.multimodal_fusion(specimen.haadf, maps=maps, lazy_output=True)


def test_the_spectra_are_not_looked_at(specimen, maps):
    other = specimen.signal.deepcopy()
    other.data = np.full(other.data.shape, np.nan, np.float32)
    found = other.multimodal_fusion(specimen.haadf, maps=maps, **GIVEN)
    np.testing.assert_array_equal(
        arrays(found), arrays(specimen.signal.multimodal_fusion(specimen.haadf, maps=maps, **GIVEN))
    )


@pytest.mark.parametrize(
    ("change", "options", "error", "words"),
    [
        (lambda maps: maps, {"xray_lines": ["Co_Ka"]}, ValueError, "xray_lines says how spectra"),
        (lambda maps: maps, {"map_method": "fit"}, ValueError, "map_method says how spectra"),
        (lambda maps: [m.data for m in maps], {}, ValueError, "Pass a dictionary"),
        (lambda maps: arrays(maps), {}, ValueError, "Pass a dictionary"),
        (lambda maps: {"Co": maps[0].data[:8]}, {}, ValueError, "Map 'Co' has the shape"),
        (lambda maps: [maps[0].inav[:8]], {}, ValueError, "scan of the signal"),
        (lambda maps: maps[0].inav[:8], {}, ValueError, "scan of the signal"),
        (lambda maps: 3, {}, TypeError, "maps must be"),
        (lambda maps: [], {}, ValueError, "none was given"),
    ],
)
def test_wrong_maps_are_refused(specimen, maps, change, options, error, words):
    with pytest.raises(error, match=words):
        specimen.signal.multimodal_fusion(specimen.haadf, maps=change(maps), **options, **GIVEN)


def test_files_of_several_arrays_are_refused_with_what_to_pass(specimen, maps, tmp_path):
    h5py = pytest.importorskip("h5py")
    named = {each.metadata.Sample.elements[0]: each.data for each in maps}
    np.savez(tmp_path / "maps.npz", **named)
    with h5py.File(tmp_path / "maps.h5", "w") as file:
        for name, each in named.items():
            file[name] = each
        for given in (file, np.load(tmp_path / "maps.npz")):
            message = r"of \['Co', 'O', 'S'\] was given\. Pass the arrays of the maps"
            with pytest.raises(TypeError, match=message):
                fuse_maps(given, specimen.haadf, **GIVEN)
            with pytest.raises(TypeError, match=message):
                specimen.signal.multimodal_fusion(specimen.haadf, maps=given, **GIVEN)
            with pytest.raises(TypeError, match="HAADF image"):
                fuse_maps(maps, given, **GIVEN)
