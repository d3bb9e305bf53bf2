"""Memory that the GNU library keeps for the next array."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

import hyperspy_multimodal

_SCRIPT = """
import importlib.util, resource, sys
import numpy as np
spec = importlib.util.spec_from_file_location("memory", sys.argv[1])
memory = importlib.util.module_from_spec(spec)
spec.loader.exec_module(memory)

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(50):
        # two at a time, so that the second is returned first
        arrays = [np.zeros(150_000) for _ in range(2)]
        arrays = [each + 1 for each in arrays]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

first = faults()
held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
memory.reuse_memory()
print(first, faults(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held)
"""


_GNU = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="not the GNU library")


def _faults(**settings):
    """Page faults before and after, and the memory that was taken, with these thresholds alone."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MALLOC_", "GLIBC_TUNABLES"))
    }
    path = Path(hyperspy_multimodal.__file__).parent / "memory.py"
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(path)],
        capture_output=True,
        text=True,
        check=True,
        env=kept | settings,
    )
    return map(int, done.stdout.split())


@_GNU
def test_arrays_are_not_taken_from_the_system_again_and_again():
    before, after, kibibytes = _faults()
    assert after < before / 5
    assert kibibytes < 16_000


@_GNU
def test_thresholds_of_the_environment_are_kept():
    before, after, kibibytes = _faults(MALLOC_TRIM_THRESHOLD_="65536")
    assert after > 0.9 * before
    assert kibibytes < 16_000
