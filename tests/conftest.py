"""Settings and data that all tests share."""

import hashlib
import os
import tempfile
from pathlib import Path

# Numba's cache does not see a change in a function that another file calls; a folder of its own for
# each state of the kernels does. It is named before anything imports Numba.
_KERNELS = Path(__file__).resolve().parents[1] / "hyperspy_multimodal" / "kernels"
_STATE = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(_KERNELS.glob("*.py"))))
os.environ.setdefault(
    "NUMBA_CACHE_DIR",
    str(Path(tempfile.gettempdir()) / f"hyperspy_multimodal-{_STATE.hexdigest()[:16]}"),
)

import matplotlib
import pytest

matplotlib.use("Agg")


@pytest.fixture(autouse=True, scope="session")
def no_progress_bars():
    """Set for this session only: the preferences on disk stay as they are."""
    import hyperspy.api as hs

    general = hs.preferences.General
    before = general.show_progressbar
    general.show_progressbar = False
    yield
    general.show_progressbar = before


@pytest.fixture(scope="session")
def shared_data():
    """Folder of measured data, which is no part of the project."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the measured data (../shared/data) are not on this machine")
    return folder
