"""Compile the kernels before the first fusion of a process, with a message."""

import contextlib
import gc
import logging
import threading

_logger = logging.getLogger(__name__)
# From the cache on disk, kernels are there in less than this many seconds.
_PATIENCE = 2.0
_lock = threading.Lock()
_done = set()
_announced = threading.Event()


def compile_once(run):
    """Call ``run``, which takes no time but to compile its kernels, the first time it is given.

    A message is logged if that takes long, as it does when nothing is in the cache yet.
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
    """Compile without it: a tenth of the time goes into looking through what the compiler made."""
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
        "Compiling the fusion kernels, which takes 10 to 15 seconds. This happens only once: "
        "the compiled kernels are kept on disk."
    )
