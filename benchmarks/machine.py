"""What this machine can do: bandwidth and arithmetic, in loops that Numba runs in parallel."""

import platform
from pathlib import Path

import numba
import numpy as np
from solver import best_time

_VALUES = 50_000_000
_DEPTH = 8


@numba.njit(parallel=True, fastmath=True, error_model="numpy")
def _triad(a, b, c, factor):
    for i in numba.prange(a.size):
        a[i] = b[i] + factor * c[i]


# Reordering would fold the chains.
@numba.njit(parallel=True, fastmath={"contract"}, error_model="numpy")
def _multiply_add(n_rounds, values, out):
    m, t = np.float32(0.9999), np.float32(1e-4)
    for thread in numba.prange(out.shape[0]):
        part = values.copy()
        for _ in range(n_rounds):
            for i in range(part.size):
                a = part[i]
                b, c, d, e, f, g, h = a + t, a - t, a * t, a * m, -a, t - a, m - a
                for _ in range(_DEPTH):  # eight chains that do not wait for each other
                    a, b, c, d = a * m + t, b * m + t, c * m + t, d * m + t
                    e, f, g, h = e * m + t, f * m + t, g * m + t, h * m + t
                part[i] = (a + b) + (c + d) + (e + f) + (g + h)
        out[thread] = part.sum()


def triad(threads):
    """GB/s of a[i] = b[i] + s c[i] beyond the caches, as STREAM counts: 12 bytes a value."""
    numba.set_num_threads(threads)
    a, b, c = (np.ones(_VALUES, np.float32) for _ in range(3))
    call = lambda: _triad(a, b, c, np.float32(2))  # noqa: E731
    call()
    return 12 * _VALUES / best_time(call, 7) / 1e9


def arithmetic(threads):
    """10^9 float32 multiply-adds per second, in registers."""
    numba.set_num_threads(threads)
    values, out = np.ones(2048, np.float32), np.empty(threads)
    _multiply_add(1, values, out)
    seconds = best_time(lambda: _multiply_add(2000, values, out), 7)
    return 8 * threads * values.size * _DEPTH * 2000 / seconds / 1e9


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
