"""The file with all messages that the command writes."""

import re

import pytest

from hyperspy_multimodal.command import main
from hyperspy_multimodal.data import core_shell
from hyperspy_multimodal.recovery import summary


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Arguments for a scan with few counts, whose summary leaves out all that it may."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(summary, "_MOST", 0)
    specimen = core_shell((24, 20), counts=1)
    specimen.signal.save("spectra.hspy")
    specimen.haadf.save("image.hspy")
    return ["spectra.hspy", "image.hspy", "--lambdas", "0.01", "0.02", "--uncertainty"]


@pytest.mark.usefixtures("blank_overview")
def test_all_messages_are_in_a_file_the_most_serious_first(files, tmp_path, capsys):
    main(files)
    brief = capsys.readouterr().err
    main([*files, "--overwrite", "--verbose"])
    verbose = capsys.readouterr().err
    said = (tmp_path / "spectra_fused" / "messages.txt").read_text(encoding="utf-8")
    first, *others = said.splitlines()
    assert first.startswith("Maps: ") and first in brief
    numbered = [line.partition(". ")[2] for line in others]
    assert len(set(numbered)) == len(numbered) > 0
    assert all(text in verbose for text in numbered)
    assert "`" not in said  # options of the command instead of Python
    printed = [text for text in numbered if text in brief]
    left_out = re.search(r"(\d+) more in messages.txt", brief)
    assert len(numbered) - len(printed) == int(left_out[1]) > 0
    assert " more above." in verbose
    places = [brief.index(text) for text in printed]
    assert places == sorted(places)
