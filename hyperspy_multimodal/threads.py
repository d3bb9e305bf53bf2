"""Number of Numba's threads for one fusion, and the work of each."""

import contextlib
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import dask
import numba

# Waking a thread takes longer than it saves with fewer values than this per pass.
_VALUES_PER_THREAD = 32_000
_CHUNKS_PER_THREAD = 4
_FEWEST_ROWS, _MOST_ROWS = 4, 64

# Threads that got less than this share of their cores, over so many seconds of loops, shared them
# with another process: one thread alone then, for some seconds, longer each time in a row. It takes
# less to tell that they still do.
_SHARE, _WATCHED, _WATCHED_AGAIN = 0.8, 0.05, 0.02
_FIRST_REST, _LONGEST_REST = 0.25, 2.0

# A lock of one thread, so that a callback may also fuse.
_turn = threading.RLock()
_count = threading.Lock()
_running = 0
# Threads whose fusions count as one.
_member = threading.local()
# The process whose threads Numba has started.
_process = None


@contextlib.contextmanager
def threads_for(n_values):
    """Set Numba's number of threads for the duration of a fusion of maps of ``n_values`` values.

    The limit is the number that is set in Numba, or ``num_workers`` in Dask's configuration or the
    threads of the worker of Dask's distributed scheduler if these are lower. Fusions that run at
    the same time, such as tasks of Dask, share it. Small maps use fewer threads.

    Numba's own pool, its fallback without OpenMP and TBB, aborts the process if two threads use it
    at the same time. Fusions then take turns.
    """
    _check_process()
    before = numba.get_num_threads()
    with _one_more() as running:
        threads = max(1, min(_limit() // running, n_values // _VALUES_PER_THREAD))
        takes_turns = threads > 1 and not _pool_takes_many_callers()
        with _turn if takes_turns else contextlib.nullcontext():
            numba.set_num_threads(threads)
            try:
                yield
            finally:
                numba.set_num_threads(before)


def _check_process():
    """Refuse to continue in a process that was forked from one with OpenMP threads.

    The GNU library ends such a process at its first parallel loop, and callers wait for its result
    forever.
    """
    global _process
    own, before = os.getpid(), _process
    if before not in (None, own):
        try:
            layer = numba.threading_layer()
        except ValueError:  # no parallel loop was run before
            layer = None
        if layer == "omp" and sys.platform.startswith("linux"):
            raise RuntimeError(
                "This process was forked from one that has fused before, and threads of OpenMP "
                "do not survive a fork. Start processes with "
                "multiprocessing.get_context('spawn'), or set the environment variable "
                "NUMBA_THREADING_LAYER=workqueue before Python starts."
            )
    _process = own


@contextlib.contextmanager
def no_more_than_pay(n_values):
    """Within a fusion, set Numba's number of threads to that for smaller maps."""
    before = numba.get_num_threads()
    numba.set_num_threads(max(1, min(before, n_values // _VALUES_PER_THREAD)))
    try:
        yield
    finally:
        numba.set_num_threads(before)


class _Cores:
    """Whether threads get their cores, or wait for each other because other processes use them.

    A loop over rows ends when its last thread ends. If another process uses one core of two, each
    pass waits for that process, and two threads are slower than one.
    """

    def __init__(self):
        self.forget()

    def forget(self):
        """Start anew."""
        self._wall = self._worked = 0.0
        self._until, self._rest = 0.0, _FIRST_REST

    @property
    def are_shared(self):
        """Whether another process was recently detected on them."""
        return time.perf_counter() < self._until

    def note(self, threads, wall, worked):
        """Record how long loops of some threads took, and the processor time of the process."""
        self._wall += wall
        self._worked += worked / threads
        if self._wall < (_WATCHED if self._rest == _FIRST_REST else _WATCHED_AGAIN):
            return
        if self._worked < _SHARE * self._wall:
            self._until = time.perf_counter() + self._rest
            self._rest = min(2 * self._rest, _LONGEST_REST)
        else:
            self._rest = _FIRST_REST
        self._wall = self._worked = 0.0


_cores = _Cores()


@contextlib.contextmanager
def one_thread_where_cores_are_shared(watched=True):
    """Run parallel loops with one thread while another process uses the cores.

    This is detected from the processor time of this process, which is then less than threads times
    seconds. Results do not depend on the number of threads. Code that is not entirely in parallel
    loops must not be ``watched``, because one thread works there while the others are idle. Nor
    must single short loops, because the processor time of other threads is updated only every few
    milliseconds.
    """
    threads = numba.get_num_threads()
    if threads == 1:
        yield
    elif _cores.are_shared:
        numba.set_num_threads(1)
        try:
            yield
        finally:
            numba.set_num_threads(threads)
    elif not watched or _are_new(threads):
        yield
    else:
        wall, worked = time.perf_counter(), time.process_time()
        yield
        _cores.note(threads, time.perf_counter() - wall, time.process_time() - worked)


def _are_new(threads):
    """Return whether a thread's first loop with so many threads is to come, which starts them."""
    known, _member.loops = getattr(_member, "loops", 1), threads
    return threads > known


def side_by_side(function, items):
    """Return the results of a function for each item, computed with the threads of a fusion.

    For functions that spend their time in NumPy or in kernels, on arrays that are large enough.
    """
    items = list(items)
    limit = min(_limit(), len(items))
    if limit < 2:
        return [function(each) for each in items]
    with ThreadPoolExecutor(limit) as pool:
        return list(pool.map(function, items))


def fuse_side_by_side(function, items):
    """Return the results of a function that fuses, for each item.

    As many fusions run at a time as one fusion has threads, which they share.
    """
    items = list(items)
    limit = _limit()
    at_a_time = min(limit, len(items))
    if at_a_time < 2:
        return [function(each) for each in items]
    team = _Team(limit, len(items))

    def done(item):
        try:
            return function(item)
        finally:
            with _count:
                team.left -= 1

    with (
        _one_more(),
        ThreadPoolExecutor(at_a_time, initializer=_join, initargs=(team,)) as pool,
    ):
        return list(pool.map(done, items))


class _Team:
    """Fusions side by side, and the threads that they share: the last ones have more of them."""

    def __init__(self, limit, left):
        self._limit, self.left = limit, left

    @property
    def threads_of_each(self):
        return max(self._limit // max(self.left, 1), 1)


def _join(team):
    numba.set_num_threads(team.threads_of_each)
    _member.team = team


def take_what_is_left(n_values):
    """Within a fusion side by side with others, take the threads of those that have ended.

    Not while another process uses the cores.
    """
    team = getattr(_member, "team", None)
    if team is not None and not _cores.are_shared and _pool_takes_many_callers():
        threads = min(team.threads_of_each, n_values // _VALUES_PER_THREAD)
        if threads > numba.get_num_threads():
            numba.set_num_threads(threads)


def _limit():
    """Return the total number of threads that fusions may use."""
    ours = numba.get_num_threads()
    return min(ours, dask.config.get("num_workers", None) or ours, _of_worker(ours))


def rows_per_chunk(shape):
    """Return how many rows of maps (K, ny, nx) one thread works on at a time."""
    threads = numba.get_num_threads()
    if threads == 1:
        return shape[1]
    return min(max(shape[1] // (_CHUNKS_PER_THREAD * threads), _FEWEST_ROWS), _MOST_ROWS)


def _of_worker(otherwise):
    """Return how many threads a worker of Dask's distributed scheduler has, if this is one."""
    distributed = sys.modules.get("distributed")
    try:
        return distributed.get_worker().state.nthreads if distributed else otherwise
    except ValueError:  # no worker
        return otherwise


def in_worker():
    """Return whether a worker of Dask's distributed scheduler calls this."""
    return _of_worker(None) is not None


@contextlib.contextmanager
def _one_more():
    global _running
    if hasattr(_member, "team"):
        yield 1
        return
    with _count:
        _running += 1
        running = _running
    try:
        yield running
    finally:
        with _count:
            _running -= 1


def _pool_takes_many_callers():
    try:
        return numba.threading_layer() in ("omp", "tbb")
    except ValueError:  # not known before the first parallel call
        return False
