"""Files that README names are read after README's install, in memory and lazily."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import hyperspy.api as hs
import numpy as np
import pytest

from hyperspy_multimodal import compute_maps
from hyperspy_multimodal.command import main
from hyperspy_multimodal.command.load import why_unreadable
from hyperspy_multimodal.data import core_shell

_file = Path(__file__).with_name("velox_file.py")
_spec = importlib.util.spec_from_file_location("velox_file", _file)
velox_file = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(velox_file)

GIVEN = {"gamma": 1, "lambdas": (0.01, 0.02), "show_progressbar": False}


@pytest.fixture(scope="module")
def specimen():
    return core_shell((16, 12), counts=20)


@pytest.fixture(scope="module")
def expected(specimen):
    return [each.data for each in specimen.signal.multimodal_fusion(specimen.haadf, **GIVEN)]


def written(specimen, folder):
    """Write the scan as Velox does, with a map of an element beside the HAADF."""
    path = folder / "scan.emd"
    images = {"HAADF": specimen.haadf.data.astype("u2"), "Co": specimen.counts[0].data}
    scales = specimen.signal.axes_manager[0].scale, 1e3 * specimen.signal.axes_manager[-1].scale
    velox_file.write_velox(path, specimen.signal.data, images, *scales, elements=[27, 8, 16])
    return path


@pytest.mark.parametrize("lazy", [False, True])
def test_velox(specimen, expected, tmp_path, lazy):
    signals = hs.load(written(specimen, tmp_path), lazy=lazy)
    [s] = [each for each in signals if each.metadata.Signal.signal_type == "EDS_TEM"]
    [haadf] = [each for each in signals if each.metadata.General.title == "HAADF"]
    assert s._lazy == lazy and s.metadata.Sample.elements == ["Co", "O", "S"]
    maps = s.multimodal_fusion(haadf, lazy_output=False, **GIVEN)
    np.testing.assert_allclose([each.data for each in maps], expected, rtol=0.02, atol=0.05)


def test_velox_from_the_command_line(specimen, tmp_path, monkeypatch, capsys):
    path = written(specimen, tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main([str(path), "--lambdas", "0.01", "0.02"]) == 0, capsys.readouterr().err
    assert (tmp_path / "scan_fused" / "Co_Ka.hspy").exists()


def test_zspy_as_in_the_readme(specimen, expected, tmp_path):
    specimen.signal.save(tmp_path / "scan.zspy")
    s = hs.load(tmp_path / "scan.zspy", lazy=True)
    lazy = s.multimodal_fusion(specimen.haadf, **GIVEN)
    maps = compute_maps(lazy, show_progressbar=False)
    np.testing.assert_allclose([each.data for each in maps], expected, rtol=1e-4, atol=1e-4)


def test_a_zarr_that_is_too_new_is_told_with_the_remedy():
    error = AttributeError("module 'zarr' has no attribute 'ZipStore'")
    said = why_unreadable(error, Path("scan.zspy"), zarr_version="3.1.6")
    assert "zarr 3.1.6" in said and 'pip install "zarr<3"' in said


def test_what_readers_need_is_installed_with_the_package():
    code = "import sparse, zarr, numcodecs, msgpack, tifffile, imageio; print(zarr.__version__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("2.")


def test_folder_is_told_from_a_file(tmp_path, capsys):
    assert main([str(tmp_path)]) == 1
    assert "is a folder" in capsys.readouterr().err
