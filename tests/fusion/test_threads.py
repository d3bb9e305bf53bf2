"""Fusions from several threads at a time do not harm each other, whatever pool Numba has."""

import os
import subprocess
import sys

import pytest

SCRIPT = """
import threading
import numpy as np
from hyperspy_multimodal import solve_fusion

counts = np.random.default_rng(0).poisson(3, (2, 24, 20))
haadf = counts.sum(axis=0) / 10
found = {}

def fuse(number):
    found[number] = solve_fusion(counts, haadf, gamma=1, lambdas=(0.1, 0.1)).maps

threads = [threading.Thread(target=fuse, args=(number,)) for number in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert len(found) == 4
assert all(np.array_equal(maps, found[0]) for maps in found.values())
"""


@pytest.mark.parametrize("layer", ["workqueue", "default"])
def test_four_threads_at_a_time(layer, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=tmp_path,
        env=os.environ | {"NUMBA_THREADING_LAYER": layer},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
