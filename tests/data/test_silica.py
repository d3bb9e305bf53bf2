"""Silica spheres are the files that were published, with elements and the notice of NIST."""

import shutil

import hyperspy.api as hs
import numpy as np
import pytest

from hyperspy_multimodal.data import _silica, silica_spheres


@pytest.fixture(scope="module")
def copies(shared_data):
    """Paths of the two files."""
    paths = shared_data / "SiO2_EDS.hspy", shared_data / "SiO2_HAADF.hspy"
    for path in paths:
        if not path.is_file():
            pytest.skip(f"{path.name} is not on this machine")
    return paths


@pytest.fixture(scope="module")
def scan(copies):
    return silica_spheres(path=copies)


@pytest.mark.slow
def test_the_scan_is_as_measured(copies, scan):
    assert scan.signal.data.shape == (128, 128, 2048)
    assert scan.signal.data.sum() == 823_049
    assert np.array_equal(scan.signal.data, hs.load(copies[0]).data)
    np.testing.assert_array_equal(scan.haadf.data, hs.load(copies[1]).data)
    pixels = [axis.scale for axis in scan.haadf.axes_manager.signal_axes]
    assert pixels == [axis.scale for axis in scan.signal.axes_manager.navigation_axes]


def test_elements_are_added_and_the_notice_goes_with_copies(copies, scan, tmp_path):
    assert scan.signal.metadata.Sample.elements == ["C", "Cu", "O", "Si"]
    for name, each in (("spectra", scan.signal.inav[:8, :8]), ("haadf", scan.haadf)):
        each.save(tmp_path / f"{name}.hspy")
        notes = hs.load(tmp_path / f"{name}.hspy").metadata.General.notes
        assert scan.licence in notes
        assert _silica._COMMIT in notes
    notice = copies[0].with_name("NIST_LICENSE.txt").read_text(encoding="utf-8")
    assert scan.licence == notice


def test_files_in_the_cache_are_not_downloaded_again(copies, tmp_path, monkeypatch):
    monkeypatch.setattr(_silica, "_REPOSITORY", "http://127.0.0.1:9")  # where nothing listens
    for path, file in zip(copies, (_silica._SPECTRA, _silica._HAADF), strict=True):
        shutil.copyfile(path, tmp_path / file.name)
    assert silica_spheres(cache=tmp_path).signal.data.sum() == 823_049


def test_other_files_are_refused(copies, tmp_path):
    with pytest.raises(ValueError, match=r"is not the spectrum image.*spectra come first"):
        silica_spheres(path=copies[::-1])
    other = tmp_path / "other.hspy"
    other.write_bytes(copies[1].read_bytes()[:-1])
    with pytest.raises(ValueError, match="is not the HAADF image of silica spheres as published"):
        silica_spheres(path=(copies[0], other))


@pytest.mark.parametrize("given", ["spectra.hspy", ("spectra.hspy",)])
def test_both_paths_have_to_be_given(given):
    with pytest.raises(TypeError, match="path must be two paths"):
        silica_spheres(path=given)


def test_without_files_and_network_the_error_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(_silica, "_REPOSITORY", "http://127.0.0.1:9")  # where nothing listens
    with pytest.raises(OSError, match=r"127\.0\.0\.1:9.*silica_spheres_eds\.hspy"):
        silica_spheres(cache=tmp_path)
    with pytest.raises(FileNotFoundError, match=r"There is no file.*SiO2%20EDS"):
        silica_spheres(path=(tmp_path / "none.hspy", tmp_path / "none.hspy"))
