"""Options that the command refuses before it reads anything."""

import pytest

from hyperspy_multimodal.command import main


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--unknown"], ["--unknown"]),
        # misspelled, and as in Python
        (["--regularizer", "sieve"], ["--regularizer", "Did you mean --regulariser?"]),
        (["--picture"] * 2 + ["--lamda=1"], ["Did you mean --lambdas?"]),
        (["--haadf-blurr", "1"], ["Did you mean --haadf-blur?"]),
        (["--navigation-mask", "a.npy"], ["Did you mean --mask?"]),
        (["--xray_lines", "Ti_Ka"], ["Did you mean --lines?"]),
        (["--integration-windows", "2"], ["Did you mean --windows?"]),
        (["--ratio-to", "O"], ["--ratio-to", "Pass --factors"]),
        (["--gamma", "-1"], ["--gamma", "> 0", "-1"]),
        (["--gamma", "high"], ["--gamma", "'high'"]),
        (["--lambdas", "1"], ["--lambdas", "two numbers"]),
        (["--lambdas", "1", "x"], ["--lambdas", "numbers", "x"]),
        (["--lambdas", "0,1"], ["--lambdas", "L1 > 0"]),
        (["--gain", "0"], ["--gain", "> 0"]),
        (["--haadf-blur", "-1"], ["--haadf-blur", ">= 0"]),
        (["--haadf", "one"], ["--haadf", "whole number"]),
        (["--seed", "1.5"], ["--seed", "whole number"]),
        (["--windows", "1", "2", "3"], ["--windows", "two limits"]),
        (["--format", "jpg"], ["--format", "'jpg'", "hspy"]),
        (["--regulariser", "wavelet"], ["--regulariser", "'wavelet'"]),
        (["--tv", "wavelet"], ["--tv", "'wavelet'"]),
        (["--tv", "isotropic", "--regulariser", "sieve"], ["former name", "only --regulariser"]),
        (["--lines", "Ti_Ka", "--edges", "Ti_L3"], ["--lines", "--edges"]),
        (["--crop", "0:8"], ["--crop", "Y0:Y1,X0:X1"]),
        (["--crop", "8:4,:"], ["--crop", "no pixels"]),
        (["--energies", "830"], ["--energies", "E0:E1", "'830'"]),
        (["--energies", ":"], ["--energies", "E0:E1"]),
        (["--energies", "900:800"], ["--energies", "no energies"]),
        (["--convergence-angle", "0"], ["--convergence-angle", "> 0"]),
        (["--method", "guess"], ["--method", "guess"]),
        (["--signal-type", "XRF"], ["--signal-type", "XRF"]),
    ],
)
def test_options_are_checked_before_anything_is_read(
    tmp_path, monkeypatch, capsys, arguments, words
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        main(["missing.hspy", *arguments])
    assert stopped.value.code == 2
    message = capsys.readouterr().err
    assert len(message.splitlines()) == 1
    assert all(word in message for word in words), message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--pedestal", "vacuum"], "--pedestal: it is only for --maps"),
        (["--background", "1"], "--background: it is only for --maps"),
        (["--maps", "--lines", "Ti_Ka"], "--lines: it is for spectra"),
        (["--maps", "--energies", "1:2"], "--energies: it is for spectra"),
        (["--maps", "--collection-angle", "9"], "--collection-angle: it is for spectra"),
        (["--maps", "--lazy"], "--lazy: it is for spectra"),
    ],
)
def test_options_of_maps_and_of_spectra_do_not_mix(options, said, capsys):
    with pytest.raises(SystemExit):
        main(["scan.hspy", *options])
    assert said in capsys.readouterr().err
