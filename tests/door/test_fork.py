"""Processes that are started after a fusion: the same maps, or a message, but none that hangs."""

import os
import subprocess
import sys

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
    with multiprocessing.get_context(sys.argv[1]).Pool(1) as pool:
        try:
            again = pool.map_async(fuse, [0]).get(timeout=200)
        except RuntimeError as error:
            print("REFUSED", error)
        else:
            print("SAME" if again == [first] else again)
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize("layer", ["default", "workqueue"])
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_processes_started_after_a_fusion(tmp_path, method, layer):
    script = tmp_path / "fuse.py"
    script.write_text(SCRIPT)
    environment = {**os.environ, "NUMBA_THREADING_LAYER": layer}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(script), method],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if "REFUSED" in done.stdout:
        assert (method, layer) == ("fork", "default")
        assert "get_context('spawn')" in done.stdout
    else:
        assert "SAME" in done.stdout
