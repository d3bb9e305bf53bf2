"""`python -m hyperspy_multimodal`: what it writes, says and returns."""

import subprocess
import sys

import hyperspy.api as hs
import pytest

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


def test_without_file_fuses_a_specimen_and_says_what_was_gained(in_empty_folder, capsys):
    assert main(LAMBDAS) == 0
    folder = in_empty_folder / "core_shell_fused"
    assert sorted(path.name for path in folder.iterdir()) == [
        "Co_Ka.hspy",
        "O_Ka.hspy",
        "S_Ka.hspy",
        "overview.png",
    ]
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


def test_spectra_and_haadf_in_files_of_their_own(in_empty_folder):
    specimen = core_shell((24, 20), counts=5)
    specimen.signal.save("spectra.hspy")
    specimen.haadf.save("image.hspy")
    assert main(["spectra.hspy", "image.hspy", *LAMBDAS]) == 0
    assert (in_empty_folder / "spectra_fused" / "Co_Ka.hspy").exists()


def test_real_file(shared_data, tmp_path):
    done = command(shared_data / "TiO2_Pd_EDS.bcf", "-o", "maps", *LAMBDAS, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert sorted(path.stem for path in (tmp_path / "maps").glob("*.hspy")) == [
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
    assert command("--unknown", folder=tmp_path).returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_file_without_spectra(in_empty_folder, caplog):
    hs.signals.Signal2D([[1.0, 2.0], [3.0, 4.0]]).save("image.hspy")
    assert main(["image.hspy"]) == 1
    assert "no EDS or EELS spectrum image" in caplog.text


def test_bad_parameter(in_empty_folder, caplog):
    assert main(["--gamma", "-1"]) == 1
    assert "gamma must be" in caplog.text
    assert list(in_empty_folder.iterdir()) == []


def test_version(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.strip() == __version__
