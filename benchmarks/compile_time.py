"""How long the first fusion on a machine takes, while its kernels are compiled.

Usage: python compile_time.py

Each fusion runs in a process of its own: the first with an empty cache of kernels, the next one
with what the first has left there.
"""

import os
import subprocess
import sys
import tempfile

SETTINGS = {
    "automatic choice": 'gamma="auto"',
    "given weights": "gamma=1, lambdas=(0.01, 0.02)",
}
_TIMED = """
import logging, time
from hyperspy_multimodal.data import core_shell
logging.disable()
specimen = core_shell((64, 64), counts=20)
began = time.perf_counter()
specimen.signal.multimodal_fusion(specimen.haadf, {settings}, show_progressbar=False)
print(time.perf_counter() - began)
"""


def seconds(settings, folder):
    """Return how long a fusion takes in a new process that has its kernels in a folder."""
    said = subprocess.run(
        [sys.executable, "-c", _TIMED.format(settings=settings)],
        env={**os.environ, "NUMBA_CACHE_DIR": folder},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(said.stdout)


def main():
    print("First fusion of a process, 64² x 3: kernels not compiled yet, kernels on disk")
    for name, settings in SETTINGS.items():
        with tempfile.TemporaryDirectory() as folder:
            first, next_one = (seconds(settings, folder) for _ in range(2))
        print(f"{name}: {first:.1f} s, {next_one:.1f} s", flush=True)


if __name__ == "__main__":
    main()
