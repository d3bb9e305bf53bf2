"""Elements of maps in the same files are offered if the spectra list none."""

import hyperspy.api as hs
import numpy as np

from hyperspy_multimodal.command import main
from hyperspy_multimodal.command.load import elements_of_maps
from hyperspy_multimodal.data import core_shell


def image(title):
    signal = hs.signals.Signal2D(np.zeros((6, 5)))
    signal.metadata.General.title = title
    return signal


def test_maps_in_a_project_name_elements():
    survey, anode = image("IMG1"), image("Map 3")
    anode.metadata.set_item("Sample.elements", ["Ti"])
    signals = [survey, image("Fe K"), image("Fe L"), anode]
    assert elements_of_maps(signals) == {"Fe K": "Fe", "Fe L": "Fe", "Map 3": "Ti"}


def test_elements_of_maps_beside_the_spectra_are_offered(
    tmp_path, monkeypatch, caplog, blank_overview
):
    specimen = core_shell((16, 12), counts=5)
    specimen.haadf.metadata.General.title = "IMG1"
    del specimen.signal.metadata.Sample
    maps = [specimen.haadf.deepcopy() for _ in range(2)]
    for each, title in zip(maps, ("Co K", "S K"), strict=True):
        each.metadata.General.title = title
    monkeypatch.chdir(tmp_path)
    (tmp_path / "project.ASW").touch()
    monkeypatch.setattr(hs, "load", lambda path, **_: [specimen.haadf, *maps, specimen.signal])
    assert main(["project.ASW"]) == 1
    assert "--elements Co S: these are the elements of the maps" in caplog.text
    assert "Looking for elements" not in caplog.text  # a search takes long
    assert main(["project.ASW", "--elements", "Co", "S", "O", "--lambdas", "0.01", "0.02"]) == 0
    (first,) = [each.getMessage() for each in caplog.records if "Maps: " in each.getMessage()]
    assert "IMG1 is taken for the HAADF." in first.splitlines()[0]


def test_an_impossible_line_is_refused_before_files_are_read(tmp_path, capsys):
    (tmp_path / "maps.h5").write_text("no file of maps")
    given = [str(tmp_path / "maps.h5"), "--maps", "--elements"]
    assert main([*given, "Sc_Ka", "Dy_Lx", "O_Ka"]) == 2
    message = capsys.readouterr().err
    assert "Dy has no X-ray line or edge 'Dy_Lx'" in message and "Dy_La" in message
    assert main([*given, "Sc_Ka", "Dy_La", "O_Ka"]) == 1
