"""Processes that are started after a fusion: the same maps, or a message, but none that hangs."""

import os
import subprocess
import sys
from functools import lru_cache

import pytest

SCRIPT = """
import multiprocessing, sys
import numpy as np
from hyperspy_multimodal.data import core_shell

def fuse(seed):
    specimen = core_shell((64, 64), counts=20, seed=seed)
    maps = specimen.signal.multimodal_fusion(
        specimen.haadf, gamma=1, lambdas=(0.01, 0.02), max_iterations=50, show_progressbar=False
    )
    return float(maps[0].data.sum())

if __name__ == "__main__":
    first = fuse(0)
    for method in sys.argv[1:]:
        with multiprocessing.get_context(method).Pool(1) as pool:
            try:
                again = pool.map_async(fuse, [0]).get(timeout=200)
            except RuntimeError as error:
                print(method, "REFUSED", error)
            else:
                print(method, "SAME" if again == [first] else again)
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """Return a function for what a script that fuses says of each method, by threading layer."""
    script = tmp_path_factory.mktemp("fork") / "fuse.py"
    script.write_text(SCRIPT)

    @lru_cache
    def run(layer):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", str(script), "fork", "spawn"],
            env={**os.environ, "NUMBA_THREADING_LAYER": layer},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return dict(line.split(maxsplit=1) for line in done.stdout.splitlines())

    return run


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize("layer", ["default", "workqueue"])
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_processes_started_after_a_fusion(said, method, layer):
    found = said(layer)[method]
    if "REFUSED" in found:
        assert (method, layer) == ("fork", "default")
        assert "get_context('spawn')" in found
    else:
        assert found == "SAME"
