"""Every notebook runs from a clean kernel, in an empty folder."""

import os
from pathlib import Path

import numba
import pytest

nbclient = pytest.importorskip("nbclient", reason="needs the tests extra: nbclient")
nbformat = pytest.importorskip("nbformat", reason="needs the tests extra: nbformat")

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
# Notebooks that need files, which they take from the folder that a variable names.
_NEEDS = {
    "published_maps": ("PUBLISHED_MAPS", "Co3O4_Mn3O4.h5", "DyScO3_EDS.npz"),
    "silica_composition": ("SILICA_SPHERES", "SiO2_EDS.hspy", "SiO2_HAADF.hspy"),
}


@pytest.mark.slow
@pytest.mark.skipif(not FOLDER.is_dir(), reason="the notebooks are part of a checkout only")
@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ipynb")), ids=lambda path: path.stem)
def test_runs_and_shows_pictures(path, tmp_path, monkeypatch, request):
    pytest.importorskip("ipykernel", reason="needs the tests extra: ipykernel")
    if path.stem in _NEEDS:
        folder = request.getfixturevalue("shared_data")
        variable, *files = _NEEDS[path.stem]
        if not all((folder / name).is_file() for name in files):
            pytest.skip(f"{' and '.join(files)} are not on this machine")
        monkeypatch.setenv(variable, str(folder))
    monkeypatch.delenv("MPLBACKEND", raising=False)
    notebook = nbformat.read(path, as_version=4)
    kept = [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
    assert any(kept), "the notebook is kept with its outputs"
    client = nbclient.NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    )
    # its kernels take the share of the cores that this process has
    threads = {"NUMBA_NUM_THREADS": str(numba.get_num_threads())}
    client.execute(env={**os.environ, **threads})
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in outputs)
