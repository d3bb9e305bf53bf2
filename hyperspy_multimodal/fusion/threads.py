"""How many of Numba's threads one fusion uses."""

import contextlib
import threading

import numba

# A thread with fewer values than this a pass costs more to wake than it saves.
_VALUES_PER_THREAD = 50_000


_turn = threading.Lock()


@contextlib.contextmanager
def threads_for(n_values):
    """Lower Numba's number of threads for small maps; the number that is set stays the limit.

    Numba's own pool, its last resort where OpenMP and TBB are missing, aborts the process when two
    threads use it at a time. Fusions take turns then.
    """
    limit = numba.get_num_threads()
    with contextlib.nullcontext() if _pool_takes_many_callers() else _turn:
        numba.set_num_threads(max(1, min(limit, n_values // _VALUES_PER_THREAD)))
        try:
            yield
        finally:
            numba.set_num_threads(limit)


def _pool_takes_many_callers():
    try:
        return numba.threading_layer() in ("omp", "tbb")
    except ValueError:  # not known before the first parallel call
        return False
