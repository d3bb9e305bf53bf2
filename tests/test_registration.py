"""``multimodal_fusion`` is on eXSpy's signals however these are reached, in fresh processes."""

import importlib.resources
import json
import os
import pickle
import runpy
import subprocess
import sys
from pathlib import Path

import hyperspy.api as hs
import numpy as np
import pytest
import yaml

SCRIPT = Path(__file__).with_name("registration_scenarios.py")
CASES = runpy.run_path(str(SCRIPT))["CASES"]
# These ask what HyperSpy has imported.
WHOLLY_FRESH = {"saved_and_loaded", "next_layout_of_exspy"}


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


ENVIRONMENT = {**os.environ, "MPLBACKEND": "Agg"}


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    return tmp_path_factory.mktemp("elsewhere")


def run_in_fresh_process(scenario, order, folder, cwd):
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder), scenario, order],
        cwd=cwd,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def run_in_fork(folder, elsewhere):
    """Return a function that runs a case in a fork, which need not import what others have."""
    server = subprocess.Popen(
        [sys.executable, str(SCRIPT), str(folder)],
        cwd=elsewhere,
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def run(scenario, order):
        server.stdin.write(f"{scenario} {order}\n")
        server.stdin.flush()
        return json.loads(server.stdout.readline())

    yield run
    server.stdin.close()
    assert server.wait(timeout=60) == 0


@pytest.mark.parametrize(("scenario", "order"), CASES)
def test_method_is_attached(scenario, order, folder, elsewhere, request):
    if scenario in WHOLLY_FRESH or not hasattr(os, "fork"):
        status, printed = run_in_fresh_process(scenario, order, folder, elsewhere)
    else:
        status, printed = request.getfixturevalue("run_in_fork")(scenario, order)
    assert status == 0, printed


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
