"""Processes that are started after a fusion: the same maps, or a message, but none that hangs."""

import os
import subprocess
import sys
from functools import lru_cache

import pytest
from slow_repeats import slow

# Large enough for two threads, where there are two.
SCRIPT = """
import multiprocessing, sys
import numpy as np
from hyperspy_multimodal import solve_fusion

def fuse(seed):
    counts = np.random.default_rng(seed).poisson(3, (2, 256, 256))
    found = solve_fusion(
        counts, counts.sum(axis=0) / 10, gamma=1, lambdas=(0.01, 0.02), max_iterations=50,
        tolerance=0.1,
    )
    return float(found.maps.sum())

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
    def run(layer, *methods):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", str(script), *methods],
            env={**os.environ, "NUMBA_THREADING_LAYER": layer},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return dict(line.split(maxsplit=1) for line in done.stdout.splitlines())

    return run


@pytest.mark.parametrize(
    ("layer", "method"),
    [("default", "fork"), ("default", "spawn"), ("workqueue", "fork"), slow("workqueue", "spawn")],
)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_processes_started_after_a_fusion(said, method, layer):
    # one process for both where both are quick
    methods = ("fork", "spawn") if layer == "default" else (method,)
    found = said(layer, *methods)[method]
    if "REFUSED" in found:
        assert (method, layer) == ("fork", "default")
        assert "get_context('spawn')" in found
    else:
        assert found == "SAME"
