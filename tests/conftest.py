from pathlib import Path

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
