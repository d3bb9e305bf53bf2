"""Compile the kernels before the first fusion of a process, with a message."""

import contextlib
import gc
import logging
import threading

_logger = logging.getLogger(__name__)
# Kernels are loaded from the cache on disk in less than this many seconds.
_PATIENCE = 2.0
_lock = threading.Lock()
_done = set()
_announced = threading.Event()


def compile_once(run):
    """Call ``run``, which takes time only to compile its kernels, the first time it is passed.

    A message is logged if this takes long, as it does with an empty cache.
    """
    if run in _done:
        return
    with _lock:
        if run in _done:
            return
        message = threading.Timer(_PATIENCE, _announce)
        message.daemon = True
        message.start()
        try:
            with _no_garbage_collection():
                run()
        finally:
            message.cancel()
        _done.add(run)


@contextlib.contextmanager
def _no_garbage_collection():
    """Disable garbage collection during compilation, which takes a tenth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _announce():
    if _announced.is_set():
        return
    _announced.set()
    _logger.warning(
        "Compiling the fusion kernels, which takes about ten seconds on an idle machine and up to "
        "two minutes on a busy one. Compiled kernels are kept on disk. Only kernels that no fusion "
        "has needed before, such as those of another regulariser, are compiled later."
    )
