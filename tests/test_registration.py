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
KNOWN = runpy.run_path(str(SCRIPT))
# These ask whether HyperSpy has imported Numba.
WITHOUT_NUMBA = {"saved_and_loaded", "next_layout_of_exspy"}
# They come first, so that one process serves all.
CASES = sorted(KNOWN["CASES"], key=lambda case: case[0] not in WITHOUT_NUMBA)


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

    def server():
        return subprocess.Popen(
            [sys.executable, str(SCRIPT), str(folder), *KNOWN["OF_OTHERS"]],
            cwd=elsewhere,
            env=ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(scenario, order):
        with_numba = scenario not in WITHOUT_NUMBA
        if not servers or with_numba < has_numba[-1]:
            servers.append(server())
            has_numba.append(False)
        process = servers[-1]
        if with_numba > has_numba[-1]:
            process.stdin.write(f"import {' '.join(KNOWN['WITH_NUMBA'])}\n")
            has_numba[-1] = True
        process.stdin.write(f"{scenario} {order}\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    servers, has_numba = [], []
    yield run
    for process in servers:
        process.stdin.close()
        assert process.wait(timeout=60) == 0


def repeats_another(scenario, order):
    """Whether a case differs by the order of the extensions from one that is not slow."""
    return order == "exspy_first" and scenario != "saved_and_loaded"


@pytest.mark.parametrize(
    ("scenario", "order"),
    [pytest.param(*case, marks=[pytest.mark.slow] * repeats_another(*case)) for case in CASES],
)
def test_method_is_attached(scenario, order, folder, elsewhere, request):
    if hasattr(os, "fork"):
        status, printed = request.getfixturevalue("run_in_fork")(scenario, order)
    else:
        status, printed = run_in_fresh_process(scenario, order, folder, elsewhere)
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
