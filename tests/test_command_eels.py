"""Options of the command that are for EELS, against the same calls in Python."""

import hyperspy.api as hs
import numpy as np
import pytest

from hyperspy_multimodal import composition, region_sums
from hyperspy_multimodal.command import main
from hyperspy_multimodal.command.advice import translated
from hyperspy_multimodal.command.crop import cropped_energies, energies
from hyperspy_multimodal.data import core_loss, core_shell

FUSION = {"lambdas": (0.01, 0.02), "gamma": 1}
OPTIONS = ["--lambdas", "0.01", "0.02", "--gamma", "1", "--overwrite", "-o", "out"]
SCAN = ["spectra.hspy", "haadf.hspy", *OPTIONS]
ANGLES = ["--convergence-angle", "10", "--collection-angle", "30"]


@pytest.fixture(scope="module")
def scan():
    return core_loss((24, 28), counts=100)


@pytest.fixture
def folder(tmp_path, monkeypatch, scan, blank_overview):
    monkeypatch.chdir(tmp_path)
    without = scan.signal.deepcopy()
    tem = without.metadata.Acquisition_instrument.TEM
    del tem.convergence_angle
    del tem.Detector
    without.save("spectra.hspy")
    scan.haadf.save("haadf.hspy")
    return tmp_path


@pytest.mark.parametrize("factors", ["Co_Ka=1,Mn_Ka=1", "O_K=1,Mn_Ka=1", "Co_Ka=1,Mn=1"])
def test_factors_of_x_ray_lines_are_refused_before_the_fusion(folder, capsys, factors):
    assert main([*SCAN, *ANGLES, "--factors", factors]) == 2
    said = capsys.readouterr().err
    assert "must name edges" in said
    assert not (folder / "out").exists()


@pytest.mark.parametrize("factors", ["Co_K=1,Mn_K=1", "Co_K=1,Mn_L3=1", "Co_L2=1,O_K=1"])
def test_factors_of_edges_that_are_not_mapped_are_refused_before_the_fusion(
    folder, capsys, factors
):
    assert main([*SCAN, *ANGLES, "--factors", factors]) == 2
    said = capsys.readouterr().err
    assert "at least two of the maps, O_K, Mn_L3, Co_L3" in said
    assert f"there are no maps of {factors.split('=')[0]}" in said and "not an edge" not in said
    assert not (folder / "out").exists()


def test_angles_make_a_fit_and_a_composition(folder, scan):
    main([*SCAN, *ANGLES, "--energies", "420:900", "--regions", "whole"])
    cropped = scan.signal.isig[420.0:900.0]
    cropped.set_microscope_parameters(convergence_angle=10, collection_angle=30)
    maps, output = cropped.multimodal_fusion(scan.haadf, full_output=True, **FUSION)
    found = hs.load("out/Mn_L3.hspy")
    assert found.metadata.Multimodal_fusion.map_method == "fit"
    np.testing.assert_array_equal(found.data, maps[1].data)
    regions = {"scan": np.ones((24, 28), bool)}
    composition(maps, output, None, regions).to_csv("expected.csv")
    assert (folder / "out" / "composition.csv").read_text() == (folder / "expected.csv").read_text()
    region_sums(maps, output, regions).to_csv("sums.csv")
    assert (folder / "out" / "region_sums.csv").read_text() == (folder / "sums.csv").read_text()


@pytest.mark.parametrize("options", [ANGLES, ["--method", "windows"]])
def test_pictures_contain_the_summed_spectrum(folder, options):
    main([*SCAN, *options, "--pictures"])
    assert (folder / "out" / "sum_spectrum.png").stat().st_size > 1000


def test_without_angles_the_message_names_the_options(folder, capsys):
    assert main([*SCAN, "--method", "fit"]) == 2
    said = capsys.readouterr().err
    assert "Set them, for example with --convergence-angle 10 --collection-angle 30" in said


def test_angles_are_not_for_x_rays(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    scan = core_shell((8, 8), counts=5)
    scan.signal.save("spectra.hspy")
    scan.haadf.save("haadf.hspy")
    assert main(["spectra.hspy", "haadf.hspy", "--collection-angle", "9"]) == 2
    assert "--collection-angle is for EELS" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["420:600", ":600", "420.5:", "-10:500"])
def test_energies_are_those_of_isig(text, scan):
    low, high = energies(text)
    expected = scan.signal.isig[slice(None if low is None else max(low, 400.0), high)]
    found = cropped_energies(scan.signal, (low, high))
    np.testing.assert_allclose(found.axes_manager[-1].axis, expected.axes_manager[-1].axis)
    np.testing.assert_array_equal(found.data, expected.data)


def test_energies_beyond_the_axis_are_refused(scan):
    with pytest.raises(ValueError, match=r"no channel.*400 to 998 eV"):
        cropped_energies(scan.signal, (2000.0, 3000.0))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("with s.set_microscope_parameters(beam_energy=200).", "with --beam-energy 200."),
        ("s.set_microscope_parameters(energy_resolution_MnKa=130)", "--resolution 130"),
        ("Crop these ends of the energy axis, with s.isig[5:19].", "with --energies."),
        ("pass the map units of one count as `gain` to fuse_maps if", "one count as --gain if"),
        ("if so, correct s.axes_manager[-1].offset.", "if so, correct it in the file."),
        ("Crop the axis below 855 eV, or", "Crop the axis, with --energies :855, or"),
    ],
)
def test_advice_names_the_options(text, said):
    assert said in translated(text)
