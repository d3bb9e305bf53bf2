"""``multimodal_fusion`` is on eXSpy's signals however these are reached, in fresh processes."""

import importlib.resources
import os
import pickle
import runpy
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import hyperspy.api as hs
import numpy as np
import pytest
import yaml

SCRIPT = Path(__file__).with_name("registration_scenarios.py")
CASES = runpy.run_path(str(SCRIPT))["CASES"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Folder with a signal of each type in a file, and with the classes of these pickled."""
    path = tmp_path_factory.mktemp("saved")
    signal = hs.signals.Signal1D(np.ones((2, 3, 4)))
    signal.axes_manager[0].name = "x"
    classes = []
    for signal_type in ("EELS", "EDS_TEM", "EDS_SEM"):
        signal.set_signal_type(signal_type)
        signal.save(path / f"{signal_type}.hspy")
        classes += [type(signal), type(signal.as_lazy())]
    (path / "classes.pickle").write_bytes(pickle.dumps(classes))
    return path


def run_in_fresh_process(scenario, order, folder, cwd):
    return subprocess.run(
        [sys.executable, str(SCRIPT), scenario, order, str(folder)],
        cwd=cwd,
        env={**os.environ, "MPLBACKEND": "Agg"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="module")
def children(folder, tmp_path_factory):
    """The fresh processes of all cases, two at a time, as each spends seconds in imports alone."""
    cwd = tmp_path_factory.mktemp("elsewhere")
    pool = ThreadPoolExecutor(max_workers=2)
    yield {case: pool.submit(run_in_fresh_process, *case, folder, cwd) for case in CASES}
    pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize(("scenario", "order"), CASES)
def test_method_is_attached(scenario, order, children):
    child = children[scenario, order].result()
    assert child.returncode == 0, child.stdout


def test_extension_file_is_what_hyperspy_reads():
    text = importlib.resources.files("hyperspy_multimodal").joinpath("hyperspy_extension.yaml")
    content = yaml.safe_load(text.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    assert isinstance(content["signals"], dict)


def test_top_level_extension_file_is_that_of_the_package():
    top_level = SCRIPT.parents[1] / "hyperspy_extension.yaml"
    in_package = top_level.parent / "hyperspy_multimodal" / "hyperspy_extension.yaml"
    if not in_package.exists():
        pytest.skip("not in a source checkout")
    text = top_level.read_text(encoding="utf-8")
    if text.strip() == "hyperspy_multimodal/hyperspy_extension.yaml":
        pytest.skip("checked out without symbolic links")
    assert text == in_package.read_text(encoding="utf-8")
