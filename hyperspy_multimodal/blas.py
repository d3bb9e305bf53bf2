"""One thread for BLAS while this package computes."""

import contextlib
import threading

from threadpoolctl import threadpool_limits

_lock = threading.Lock()
_running = 0
_limits = None


@contextlib.contextmanager
def one_blas_thread():
    """Limit BLAS to one thread.

    After a product, the threads of OpenBLAS wait for the next one for some 20 ms, on the cores that
    kernels need, and the products are small. Calls at the same time share the limit, which the last
    one to end removes.
    """
    global _running, _limits
    with _lock:
        _running += 1
        if _running == 1:
            _limits = threadpool_limits(limits=1, user_api="blas")
    try:
        yield
    finally:
        with _lock:
            _running -= 1
            if _running == 0:
                _limits.restore_original_limits()
