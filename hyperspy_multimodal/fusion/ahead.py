"""Compile late kernels in a second process, while this one compiles the first kernels.

Numba compiles one function at a time in a process. The second process only fills the cache on disk,
and this one does not wait for it: kernels that are not ready when needed are compiled here.
"""

import atexit
import logging
import multiprocessing
import subprocess
import sys
import threading
from pathlib import Path

import numba

from ..kernels import certificate
from ..threads import in_worker

_logger = logging.getLogger(__name__)
_started = threading.Lock()


def compile_ahead(functions):
    """Call functions that compile kernels in a second process, if these are not in the cache.

    This happens at most once per process, and only if a core is free: Dask and others that start
    several processes use all cores anyway.

    Parameters
    ----------
    functions : list of callable
        Functions of modules, without arguments, in the order in which their kernels are needed.
    """
    if not (_may_start_python() and certificate.is_to_be_cached()):
        return
    if not _started.acquire(blocking=False):
        return
    lines = [f"import sys; sys.path[:] = {sys.path!r}"]
    lines += [f"from {each.__module__} import {each.__name__}" for each in functions]
    lines += [f"{each.__name__}()" for each in functions]
    nothing = subprocess.DEVNULL
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", "\n".join(lines)],
            stdin=nothing,
            stdout=nothing,
            stderr=nothing,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError as error:
        _logger.info("No second process compiles kernels: %s", error)
        return
    atexit.register(_end, process)


def _may_start_python():
    return (
        numba.config.NUMBA_NUM_THREADS > 1
        and multiprocessing.parent_process() is None
        and not in_worker()
        and not getattr(sys, "frozen", False)
        and Path(sys.executable or "").stem.lower().startswith("python")
    )


def _end(process):
    """End the process with this one. Files in the cache are whole: they are renamed when done."""
    process.kill()
    process.wait()
