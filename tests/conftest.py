"""Settings and data that all tests share."""

import gc
import hashlib
import logging
import os
import tempfile
from functools import lru_cache
from pathlib import Path

# Numba's cache does not see a change in a function that another file calls; a folder of its own for
# each state of the kernels does. It is named before anything imports Numba.
_KERNELS = Path(__file__).resolve().parents[1] / "hyperspy_multimodal" / "kernels"
_STATE = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(_KERNELS.glob("*.py"))))
os.environ.setdefault(
    "NUMBA_CACHE_DIR",
    str(Path(tempfile.gettempdir()) / f"hyperspy_multimodal-{_STATE.hexdigest()[:16]}"),
)

# Workers of pytest-xdist share the cores; threads that wait for each other would take longer.
_WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1))
_THREADS = max((os.cpu_count() or 1) // _WORKERS, 1)
if _WORKERS > 1:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", str(_THREADS))

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")
# While tests are collected, nothing becomes garbage; `modules_are_no_garbage` ends this.
gc.disable()


# Files of tests that take longest, in the order in which workers take them.
_FIRST = (
    *("test_registration", "test_data_forms", "test_specimens", "test_command_line"),
    *("test_map_noise", "test_explanation", "test_distributed", "test_fit_maps", "test_method_fit"),
    *("test_stacks", "test_fuse_options", "test_lazy_fusion", "test_overview", "test_fuse_maps"),
    *("test_tuner", "test_measured_totals", "test_spectrum_doubts", "test_choice"),
)


def _turn(item):
    places = [place for place, name in enumerate(_FIRST) if f"{name}.py" in item.nodeid]
    return places[0] if places else len(_FIRST)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Let workers, which take whole files for what these share, start with the longest.

    The first, third, fifth and sixth compile next to nothing, so that one worker compiles the
    kernels which the other finds in the cache.
    """
    items.sort(key=_turn)


@pytest.fixture(autouse=True, scope="session")
def share_of_the_cores():
    """Give the kernels of a worker their share; tests of threads take what they need."""
    import numba

    if _WORKERS > 1:
        numba.set_num_threads(min(_THREADS, numba.config.NUMBA_NUM_THREADS))


@pytest.fixture(autouse=True, scope="session")
def modules_are_no_garbage():
    """Spare the garbage collector what is imported, which took a sixth of the time to look at."""

    import hyperspy_multimodal.data
    import hyperspy_multimodal.plot  # noqa: F401

    gc.collect()
    gc.freeze()
    gc.enable()
    before = gc.get_threshold()
    gc.set_threshold(20_000, 20, 20)
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


@pytest.fixture(autouse=True, scope="session")
def no_spectrum_is_explained_twice():
    """Remember more explanations than the package does: many files simulate the same scan."""
    from hyperspy_multimodal.eds.spectrum import remembered

    before = remembered._pickled
    remembered._pickled = lru_cache(maxsize=1000)(before.__wrapped__)
    yield
    remembered._pickled = before


@pytest.fixture(autouse=True, scope="session")
def no_event_is_compiled_twice():
    """Compile each text once that HyperSpy executes: several for each axis of each signal.

    This took a tenth of the time of making or copying a signal.
    """
    import hyperspy.events

    compiled = lru_cache(lambda source: compile(source, hyperspy.events.__file__, "exec"))
    hyperspy.events.exec = lambda source, *spaces: exec(compiled(source), *spaces)
    yield
    del hyperspy.events.exec


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


@pytest.fixture
def logged(caplog):
    caplog.set_level(logging.INFO, logger="hyperspy_multimodal")
    logging.getLogger("hyperspy_multimodal").addHandler(caplog.handler)
    yield caplog
    logging.getLogger("hyperspy_multimodal").removeHandler(caplog.handler)


@pytest.fixture
def blank_overview(monkeypatch):
    """Leave the overview empty that a command draws, which takes most of its time.

    For tests of something else; some others of the same files draw it.
    """
    from matplotlib.figure import Figure

    from hyperspy_multimodal import plot

    def empty(maps, raw_maps, haadf):
        return Figure(figsize=(1, 1)).subplots(1, 1, squeeze=False)

    monkeypatch.setattr(plot, "plot_overview", empty)


@pytest.fixture
def rng():
    return np.random.default_rng(20220127)
