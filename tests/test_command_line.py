"""`python -m hyperspy_multimodal`: what it writes, says and returns."""

import csv
import subprocess
import sys

import exspy.signals
import h5py
import hyperspy.api as hs
import numpy as np
import pytest
from slow_repeats import slow

from hyperspy_multimodal import __version__
from hyperspy_multimodal.command import main
from hyperspy_multimodal.data import core_shell

LAMBDAS = ["--lambdas", "0.01", "0.02"]


def command(*arguments, folder):
    return subprocess.run(
        [sys.executable, "-m", "hyperspy_multimodal", *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def in_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.usefixtures("blank_overview")
def test_without_file_fuses_a_specimen_and_says_what_was_gained(in_empty_folder, capsys):
    assert main(LAMBDAS) == 0
    folder = in_empty_folder / "core_shell_fused"
    written = {"Co_Ka.hspy", "O_Ka.hspy", "S_Ka.hspy", "maps.csv", "overview.png", "messages.txt"}
    assert {path.name for path in folder.iterdir()} == written
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["line", "SNR", "raw"]
    for line in lines[1:]:
        _, raw, _, fused, _, total = line.split()
        assert float(fused) > float(raw) + 5
        assert 0.9 < float(total) < 1.1


def test_file_with_both_signals(in_empty_folder, monkeypatch, caplog):
    specimen = core_shell((24, 20), counts=5)
    specimen.signal.save("spectra.hspy")
    loaded = hs.load("spectra.hspy")
    # HyperSpy reads a file that holds one signal; real files hold both.
    monkeypatch.setattr(hs, "load", lambda path, **options: [specimen.haadf, loaded])
    before = loaded.data.copy()
    assert main(["spectra.hspy", "-o", "out/deep", *LAMBDAS]) == 0
    monkeypatch.undo()
    assert (loaded.data == before).all()
    monkeypatch.chdir(in_empty_folder)
    fused = hs.load("out/deep/S_Ka.hspy")
    assert fused.metadata.Sample.xray_lines == ["S_Ka"]
    assert fused.metadata.Multimodal_fusion.lambda_1 == [0.01] * 3
    assert (in_empty_folder / "out" / "deep" / "overview.png").stat().st_size > 10_000
    assert "EDSTEMSpectrum" in caplog.text
    assert "HAADF" in caplog.text


def test_spectra_and_haadf_in_files_of_their_own(in_empty_folder, scan, blank_overview):
    assert main(["spectra.hspy", "image.hspy", *LAMBDAS]) == 0
    assert (in_empty_folder / "spectra_fused" / "Co_Ka.hspy").exists()


def test_one_summary_is_printed_and_more_on_request(in_empty_folder, scan, capsys, blank_overview):
    arguments = ["spectra.hspy", "image.hspy", *LAMBDAS]
    main(arguments)
    brief = capsys.readouterr().err
    main([*arguments, "--overwrite", "--verbose"])
    verbose = capsys.readouterr().err
    assert brief.count("Maps: ") == verbose.count("Maps: ") == 1
    assert "fit of the summed spectrum" in verbose
    assert "fit of the summed spectrum" not in brief


@pytest.mark.slow
def test_real_file(shared_data, in_empty_folder, capsys, blank_overview):
    status = main([str(shared_data / "TiO2_Pd_EDS.bcf"), "-o", "maps", *LAMBDAS])
    assert status == 0, capsys.readouterr().err
    assert sorted(path.stem for path in (in_empty_folder / "maps").glob("*.hspy")) == [
        "Cu_Ka",
        "O_Ka",
        "Pd_La",
        "Ti_Ka",
    ]


def test_errors_go_to_stderr_with_their_exit_code(tmp_path):
    missing = command("missing.bcf", folder=tmp_path)
    assert missing.returncode == 1
    assert "no file missing.bcf" in missing.stderr
    assert "Traceback" not in missing.stderr
    assert missing.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_file_without_spectra(in_empty_folder, caplog):
    hs.signals.Signal2D([[1.0, 2.0], [3.0, 4.0]]).save("image.hspy")
    assert main(["image.hspy"]) == 1
    assert "no EDS or EELS spectrum image" in caplog.text


@pytest.fixture(scope="module")
def simulated():
    return core_shell((24, 20), counts=20)


@pytest.fixture
def scan(in_empty_folder, simulated):
    """The files of a scan, spectra and image, and a copy of it that may be changed."""
    specimen = simulated._replace(signal=simulated.signal.deepcopy())
    specimen.signal.save("spectra.hspy")
    specimen.haadf.save("image.hspy")
    return specimen


def totals(folder):
    with open(folder / "maps.csv", encoding="utf-8") as file:
        return {row["map"]: float(row["fused total"]) for row in csv.DictReader(file)}


def test_names_in_any_form_and_files_behind_them(in_empty_folder, scan, blank_overview):
    assert main(["--lines", "co_ka,O-Ka", "SKa", "spectra.hspy", "image.hspy", *LAMBDAS]) == 0
    assert list(totals(in_empty_folder / "spectra_fused")) == ["Co_Ka", "O_Ka", "S_Ka"]


def test_every_option_of_the_method_reaches_it(in_empty_folder, scan, monkeypatch):
    mask = np.zeros((24, 20), np.uint8)
    mask[2:4] = 1
    np.save("mask.npy", mask)
    seen = {}

    def fusion(self, haadf, **given):
        seen.update(given)
        raise ValueError("seen")

    monkeypatch.setattr(exspy.signals.EDSTEMSpectrum, "multimodal_fusion", fusion, raising=False)
    options = [
        "spectra.hspy", "image.hspy", "--lines", "Co_Ka", "--method", "windows", "--windows", "1.5",
        "--mask", "mask.npy", "--align", "--haadf-blur", "0.5", "--uncertainty",
        "--regulariser", "isotropic", "--weights", "0", "--seed", "3", "--lambdas", "0.01,0.02",
        "--gamma", "1", "--tolerance", "1e-3", "--max-iterations", "50",
    ]  # fmt: skip
    assert main(options) == 1
    np.testing.assert_array_equal(seen.pop("navigation_mask"), mask == 1)
    assert seen == {
        "full_output": True, "show_progressbar": True, "xray_lines": ["Co_Ka"], "seed": 3,
        "map_method": "windows", "integration_windows": 1.5, "align": True, "haadf_blur": 0.5,
        "uncertainty": True, "regulariser": "isotropic", "weights": 0.0, "lambdas": (0.01, 0.02),
        "gamma": 1.0, "tolerance": 1e-3, "max_iterations": 50,
    }  # fmt: skip


def test_advice_is_in_options_of_the_command(in_empty_folder, scan, capsys):
    assert main(["spectra.hspy", "image.hspy", "--elements", "unobtainium"]) == 2
    assert "chemical symbols, but 'unobtainium'" in capsys.readouterr().err
    assert main(["spectra.hspy", "image.hspy", "--edges", "Ti_L3"]) == 2
    assert "--edges is for EELS" in capsys.readouterr().err
    assert main(["spectra.hspy", "image.hspy", "--lines", "Co_Kz"]) == 2
    assert "Unknown X-ray line 'Co_Kz'" in capsys.readouterr().err
    bare = scan.signal.deepcopy()
    del bare.metadata.Sample
    bare.save("bare.hspy")
    assert main(["bare.hspy", "image.hspy"]) == 1
    message = capsys.readouterr().err
    assert "--elements" in message and "seems to show" in message and "Co" in message
    assert "s.add_elements" not in message


def test_scans_that_show_nothing_are_no_picture(in_empty_folder, scan, simulated, capsys):
    scan.signal.data[:] = 0
    scan.signal.save("empty.hspy")
    assert main(["empty.hspy", "image.hspy"]) == 1
    assert "no counts" in capsys.readouterr().err
    counts = simulated.signal.data
    same = np.broadcast_to(counts.mean(axis=(0, 1)), counts.shape)
    scan.signal.data = np.random.default_rng(2).poisson(same)
    scan.signal.save("noise.hspy")
    assert main(["noise.hspy", "image.hspy", "--lambdas", "10", "1000"]) == 1
    assert "no structure" in capsys.readouterr().err
    assert {path.name for path in in_empty_folder.glob("*_fused/*")} == {"messages.txt"}


def test_formats_and_pictures(in_empty_folder, scan, blank_overview):
    given = ["spectra.hspy", "image.hspy", "--format", "tif,csv", "--pictures", *LAMBDAS]
    assert main(given) == 0
    written = {path.name for path in (in_empty_folder / "spectra_fused").iterdir()}
    assert {"Co_Ka.tif", "Co_Ka.csv", "Co_Ka.png", "haadf_model.png", "sum_spectrum.png"} < written
    image = hs.load("spectra_fused/Co_Ka.tif")
    table = np.loadtxt("spectra_fused/Co_Ka.csv", delimiter=",")
    np.testing.assert_allclose(image.data, table, rtol=1e-6)
    assert image.axes_manager[0].units == "nm"


def test_a_picture_that_fails_takes_nothing_else_with_it(
    in_empty_folder, scan, blank_overview, monkeypatch, capsys
):
    def fails(output):
        raise IndexError("no such panel")

    monkeypatch.setattr("hyperspy_multimodal.plot.plot_haadf_model", fails)
    given = ["spectra.hspy", "image.hspy", "--pictures", "--regions", "whole", *LAMBDAS]
    assert main(given) == 1
    written = {path.name for path in (in_empty_folder / "spectra_fused").iterdir()}
    assert {"Co_Ka.png", "sum_spectrum.png", "overview.png", "region_sums.csv"} < written
    assert "haadf_model.png (IndexError: no such panel)" in capsys.readouterr().err


def test_a_table_that_fails_leaves_the_pictures(
    in_empty_folder, scan, blank_overview, monkeypatch, capsys
):
    def fails(*_, **__):
        raise ValueError("no noise")

    monkeypatch.setattr("hyperspy_multimodal.region_sums", fails)
    given = ["spectra.hspy", "image.hspy", "--pictures", "--regions", "whole", *LAMBDAS]
    assert main(given) == 1
    written = {path.name for path in (in_empty_folder / "spectra_fused").iterdir()}
    assert {"Co_Ka.hspy", "Co_Ka.png", "overview.png", "haadf_model.png"} < written
    assert "nothing was summed: no noise" in capsys.readouterr().err


def test_maps_in_plain_files(in_empty_folder, scan, blank_overview):
    maps = {f"{each.metadata.Sample.elements[0]}": each.data for each in scan.counts}
    with h5py.File("maps.h5", "w") as file:
        for name, array in {**maps, "HAADF": scan.haadf.data}.items():
            file[f"data/{name}"] = array
    np.savez("maps.npz", HAADF=scan.haadf.data, **maps)
    for name in ("maps.h5", "maps.npz"):
        assert main([name, "--maps", "--gain", "1", "-o", name[5:], *LAMBDAS]) == 0
    assert totals(in_empty_folder / "h5") == totals(in_empty_folder / "npz")
    assert main(["maps.h5"]) == 1


@pytest.mark.parametrize("name", ["mask.npy", "mask.tif", slow("mask.hspy")])
def test_mask_in_a_file(in_empty_folder, scan, name, blank_overview):
    mask = np.zeros((24, 20), np.uint8)
    mask[2:4, 5] = 1
    np.save(name, mask) if name.endswith("npy") else hs.signals.Signal2D(mask).save(name)
    assert main(["spectra.hspy", "image.hspy", "--mask", name, *LAMBDAS]) == 0
    wanted = scan.signal.multimodal_fusion(
        scan.haadf, gamma="auto", lambdas=(0.01, 0.02), navigation_mask=mask == 1
    )
    found = totals(in_empty_folder / "spectra_fused")
    assert found["Co_Ka"] == pytest.approx(wanted[0].data.sum(), rel=1e-5)


def test_line_of_spectra(in_empty_folder, scan):
    scan.signal.inav[:, 12].save("line.hspy")
    scan.haadf.isig[:, 12].save("profile.hspy")
    given = ["line.hspy", "profile.hspy", "--format", "csv,hspy,tif", "--pictures", *LAMBDAS]
    assert main(given) == 0
    written = {path.name for path in (in_empty_folder / "line_fused").iterdir()}
    assert {"profiles.csv", "Co_Ka.hspy", "overview.png", "maps.csv"} == written - {
        "O_Ka.hspy", "S_Ka.hspy", "messages.txt",
    }  # fmt: skip


def test_stack_of_scans(in_empty_folder, scan, blank_overview):
    stack = hs.stack([scan.signal, scan.signal], show_progressbar=False)
    stack.save("stack.hspy")
    assert main(["stack.hspy", "image.hspy", "--raw", "--pictures", *LAMBDAS]) == 0
    for name in ("Co_Ka", "Co_Ka_raw"):
        assert hs.load(f"stack_fused/{name}.hspy").data.shape == (2, 24, 20)


def test_elements_that_contradict_names(in_empty_folder, scan, capsys):
    arrays = {each.metadata.Sample.elements[0]: each.data for each in scan.counts}
    np.savez("maps.npz", HAADF=scan.haadf.data, **dict(reversed(arrays.items())))
    assert main(["maps.npz", "--maps", "--elements", "Co", "O", "S", *LAMBDAS]) == 1
    assert "is of S by its metadata or title" in capsys.readouterr().err


def test_same_names_in_groups_of_a_file(in_empty_folder, scan):
    with h5py.File("maps.h5", "w") as file:
        file["raw/Co"], file["fit/Co"] = scan.counts[0].data, 3 * scan.counts[0].data
        file["HAADF"] = scan.haadf.data
    assert main(["maps.h5", "--maps", *LAMBDAS]) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        ["--weights", "1", "2"],
        ["--windows", "1", "2", "3", "4"],
        ["--regulariser", "huber", "huber"],
        ["--extra-lines", "Co"],
        ["--spectra", "9"],
        ["--mask", "missing.tif"],
        ["--regions", "missing.tif"],
        ["--factors", "Ti_Ka=1,Zn_Ka=2"],
    ],
    ids=lambda wrong: wrong[0],
)
def test_options_that_do_not_fit_the_files_have_their_own_exit_code(in_empty_folder, scan, wrong):
    assert main(["spectra.hspy", "image.hspy", *LAMBDAS, *wrong]) == 2
    assert not list(in_empty_folder.glob("*_fused"))


def test_output_that_is_a_file(in_empty_folder, scan, capsys):
    assert main(["spectra.hspy", "image.hspy", "-o", "image.hspy"]) == 2
    assert "must be a folder" in capsys.readouterr().err


def test_any_file_ends_with_a_message(in_empty_folder, scan, capsys):
    for name in ("text.txt", "image.png", "scan.bcf", "scan.emd", "scan.zspy", "maps.h5"):
        (in_empty_folder / name).write_text("no such thing")
        assert main([name]) == 1
        message = capsys.readouterr().err
        assert "ERROR: " in message and "Traceback" not in message
    assert main(["text.txt", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_spectra_without_a_type(in_empty_folder, scan, blank_overview):
    plain = scan.signal.deepcopy()
    plain.set_signal_type("")
    plain.save("plain.hspy")
    assert main(["plain.hspy", "image.hspy", *LAMBDAS]) == 1
    assert main(["plain.hspy", "image.hspy", "--signal-type", "EDS_TEM", *LAMBDAS]) == 0


def test_version(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.strip() == __version__


def test_a_pedestal_of_maps_is_subtracted(in_empty_folder, scan, blank_overview):
    lifted = {each.metadata.Sample.elements[0]: each.data + 2.0 for each in scan.counts}
    np.savez("maps.npz", HAADF=scan.haadf.data, **lifted)
    options = ["--maps", "--gain", "1", *LAMBDAS]
    assert main(["--pedestal", "2", "maps.npz", *options]) == 0
    for each in scan.counts:
        fused = hs.load(f"maps_fused/{each.metadata.Sample.elements[0]}.hspy")
        assert fused.metadata.Multimodal_fusion.pedestal == [2.0] * 3
        assert fused.data.sum() == pytest.approx(each.data.sum(), rel=1e-3)
