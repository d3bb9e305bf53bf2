"""How many of Numba's threads one fusion uses."""

import contextlib

import numba

# A thread with fewer values than this a pass costs more to wake than it saves.
_VALUES_PER_THREAD = 50_000


@contextlib.contextmanager
def threads_for(n_values):
    """Lower Numba's number of threads for small maps; the number that is set stays the limit."""
    limit = numba.get_num_threads()
    numba.set_num_threads(max(1, min(limit, n_values // _VALUES_PER_THREAD)))
    try:
        yield
    finally:
        numba.set_num_threads(limit)
