"""The option ``--crop``: the same part of spectra, maps, HAADF and mask."""

import csv

import hyperspy.api as hs
import numpy as np
import pytest

from hyperspy_multimodal.command import main
from hyperspy_multimodal.command.crop import cropped_energies
from hyperspy_multimodal.data import core_shell

pytestmark = pytest.mark.usefixtures("blank_overview")

LAMBDAS = ["--lambdas", "0.01", "0.02"]
PART = ["--crop", "4:20,6:"]


@pytest.fixture(scope="module")
def specimen():
    return core_shell((24, 20), counts=20)


@pytest.fixture
def scan(specimen, tmp_path, monkeypatch):
    """The files of a scan: spectra and image."""
    monkeypatch.chdir(tmp_path)
    specimen.signal.save("spectra.hspy")
    specimen.haadf.save("image.hspy")
    return specimen


def raw_totals(folder):
    with open(f"{folder}/maps.csv", encoding="utf-8") as file:
        return {row["map"]: float(row["raw total"]) for row in csv.DictReader(file)}


def fused_by_hand(specimen, haadf, mask=None):
    return specimen.signal.inav[6:, 4:20].multimodal_fusion(
        haadf, gamma="auto", lambdas=(0.01, 0.02), navigation_mask=mask, show_progressbar=False
    )


def test_a_part_is_fused_as_if_it_had_been_cropped_before(scan):
    mask = np.zeros((24, 20), np.uint8)
    mask[4:6] = 1
    np.save("mask.npy", mask)
    assert main(["spectra.hspy", "image.hspy", "--mask", "mask.npy", *PART, *LAMBDAS]) == 0
    expected = fused_by_hand(scan, scan.haadf.isig[6:, 4:20], mask[4:20, 6:] == 1)
    for each in expected:
        found = hs.load(f"spectra_fused/{each.metadata.Sample.xray_lines[0]}.hspy")
        np.testing.assert_allclose(found.data, each.data, rtol=1e-6)
        offsets = [axis.offset for axis in found.axes_manager.navigation_axes]
        assert offsets == [axis.offset for axis in each.axes_manager.navigation_axes]
        assert min(offsets) > 0


def test_a_finer_haadf_is_cropped_alike(scan):
    image = scan.haadf.deepcopy()
    image.data = np.kron(image.data, np.ones((2, 2)))
    for axis in image.axes_manager.signal_axes:
        axis.size, axis.scale = 2 * axis.size, axis.scale / 2
    image.save("fine.hspy")
    assert main(["spectra.hspy", "fine.hspy", *PART, *LAMBDAS]) == 0
    [expected, *_] = fused_by_hand(scan, scan.haadf.isig[6:, 4:20])
    found = hs.load("spectra_fused/Co_Ka.hspy")
    np.testing.assert_allclose(found.data, expected.data, rtol=1e-3, atol=1e-3)


def test_maps_are_cropped_like_their_haadf(scan):
    np.savez("maps.npz", HAADF=scan.haadf.data, Co=scan.counts[0].data, S=scan.counts[2].data)
    assert main(["maps.npz", "--maps", "--gain", "1", *PART, *LAMBDAS]) == 0
    assert raw_totals("maps_fused") == pytest.approx(
        {"Co": scan.counts[0].data[4:20, 6:].sum(), "S": scan.counts[2].data[4:20, 6:].sum()}
    )


@pytest.mark.parametrize("part", ["0:25,:", "24:,:", ":,0:21"])
def test_a_part_beyond_the_scan_is_refused(scan, part, capsys):
    assert main(["spectra.hspy", "image.hspy", "--crop", part]) == 2
    assert "--crop reaches beyond the scan" in capsys.readouterr().err


def test_names_are_checked_before_files_are_read(scan, monkeypatch, capsys):
    monkeypatch.setattr(hs, "load", lambda *_, **__: pytest.fail("a file was read"))
    for option, wrong in (("--elements", "Xx"), ("--lines", "Xx_Ka"), ("--extra-lines", "Xx")):
        assert main(["spectra.hspy", "image.hspy", option, wrong]) == 2
        assert f"'{wrong}'" in capsys.readouterr().err
    assert main(["spectra.hspy", "missing.hspy"]) == 1
    assert "no file missing.hspy" in capsys.readouterr().err


@pytest.mark.parametrize("part", [(0.6, 5.005), (None, 7.335), (1.0, None), (0.105, 0.205)])
def test_energies_are_those_of_isig(specimen, part):
    found, expected = (
        each.axes_manager.signal_axes[0]
        for each in (
            cropped_energies(specimen.signal, part),
            specimen.signal.isig[slice(*part)],
        )
    )
    assert (found.size, found.offset) == (expected.size, expected.offset)


def test_energies_beyond_the_axis_are_all_or_none(specimen):
    axis = specimen.signal.axes_manager.signal_axes[0]
    whole = cropped_energies(specimen.signal, (axis.low_value - 1, axis.high_value + 1))
    assert whole.axes_manager.signal_axes[0].size == axis.size
    for part in ((axis.high_value + 1, axis.high_value + 2), (-3.0, axis.low_value - 1)):
        with pytest.raises(ValueError, match="contains no channel"):
            cropped_energies(specimen.signal, part)


def test_values_of_the_file_are_replaced_with_a_word(scan, caplog):
    energy = float(scan.signal.metadata.Acquisition_instrument.TEM.beam_energy)
    given = ["spectra.hspy", "image.hspy", *LAMBDAS, "-o", "out", "--overwrite"]
    assert main([*given, "--beam-energy", f"{energy:g}"]) == 0
    assert "Values in the file are replaced" not in caplog.text
    assert main([*given, "--beam-energy", "77"]) == 0
    said = f"Values in the file are replaced: beam energy 77 instead of {energy:g}."
    assert said in caplog.text
