"""What this machine can do: bandwidth and arithmetic, in loops compiled as the kernels are."""

import platform
from pathlib import Path

import numba
import numpy as np
from solver import best_time

from hyperspy_multimodal.kernels import kernel

_VALUES = 50_000_000


@kernel
def _triad(a, b, c, factor):
    for i in numba.prange(a.size):
        a[i] = b[i] + factor * c[i]


@kernel
def _multiply_add(n_rounds, values, out):
    for thread in numba.prange(out.shape[0]):
        part = values.copy()
        for _ in range(n_rounds):
            for i in range(part.size):
                part[i] = part[i] * np.float32(0.9999) + np.float32(1e-4)
        out[thread] = part.sum()


@kernel
def _roots(n_rounds, values, out):
    for thread in numba.prange(out.shape[0]):
        part = values.copy()
        for _ in range(n_rounds):
            for i in range(part.size):
                part[i] = np.float32(1) / np.sqrt(part[i] + np.float32(1))
        out[thread] = part.sum()


def triad(threads):
    """GB/s of a[i] = b[i] + s c[i] beyond the caches, as STREAM counts: 12 bytes a value."""
    numba.set_num_threads(threads)
    a, b, c = (np.ones(_VALUES, np.float32) for _ in range(3))
    call = lambda: _triad(a, b, c, np.float32(2))  # noqa: E731
    call()
    return 12 * _VALUES / best_time(call, 7) / 1e9


def arithmetic(threads):
    """10^9 float32 multiply-adds, and 10^9 pairs of root and division, per second, in cache."""
    numba.set_num_threads(threads)
    values, out = np.ones(2048, np.float32), np.empty(threads)
    found = []
    for loop in (_multiply_add, _roots):
        loop(1, values, out)
        seconds = best_time(lambda loop=loop: loop(20_000, values, out))
        found.append(threads * values.size * 20_000 / seconds / 1e9)
    return tuple(found)


def name():
    """Processor, and versions of what the speed depends on."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    model = models[0] if models else platform.processor()
    return (
        f"{model}, {numba.config.NUMBA_NUM_THREADS} cores; Python {platform.python_version()}, "
        f"NumPy {np.__version__}, Numba {numba.__version__}, {platform.system()}"
    )
