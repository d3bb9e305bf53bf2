"""Benchmarks of the solver in the style of asv: time, iterations, memory.

``asv run`` finds these classes; `report.py` calls them to print the tables of the documentation.
"""

import logging
import time
import tracemalloc

import numba
import numpy as np
from specimens import atomic, particles, problem

from hyperspy_multimodal.fusion import solve_fusion
from hyperspy_multimodal.fusion.inputs import checked_regularisers
from hyperspy_multimodal.fusion.loop import _VALUES_IN_CACHE, start
from hyperspy_multimodal.fusion.problem import Cost, Problem
from hyperspy_multimodal.fusion.steps import StepSizes
from hyperspy_multimodal.kernels import Room, iterations
from hyperspy_multimodal.threads import rows_per_chunk

logging.getLogger("hyperspy_multimodal").setLevel(logging.ERROR)  # runs that stop early are meant
SPECIMENS = {
    "particles, 3 counts": lambda n=96: particles(n, 3),
    "particles, 20 counts": lambda n=96: particles(n, 20),
    "atomic, 5 counts": lambda n=96: atomic(n, 5),
    "atomic, 40 counts": lambda n=96: atomic(n, 40),
}
_VALUES_PER_MEASUREMENT = 4e7


def best_time(call, repeats=5):
    """Seconds of the fastest of some calls: what the code takes when nothing disturbs it."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return min(times)


class Iterations:
    """Passes of the loop without records, on maps that have begun to converge."""

    params = ([256, 1024, 4096], [1.0, 1.7], [False, True], [1, 2])
    param_names = ("size", "gamma", "directional", "threads")
    timeout = 300

    def setup(self, size, gamma, directional, threads):
        numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
        scan = atomic(size, 20)
        known = problem(scan, gamma, 1e-2, 1.0)
        shape = known["counts"].shape
        cost = Cost(
            known["counts"],
            known["haadf"],
            known["background"],
            known["weights"],
            0.0,
            gamma,
            *(np.broadcast_to(value, 3).astype(float) for value in known["lambdas"]),
            np.full(3, np.nan),
            *checked_regularisers(scan["haadf"] if directional else None, None, shape),
        )
        self.problem = Problem.scaled(cost)
        self.state = start(self.problem, None)
        self.steps = StepSizes(self.problem)
        self.chunk = rows_per_chunk(shape)
        self.room = Room.for_chunks(-(-size // self.chunk), 3, size)
        self.moved = np.empty((2, *shape[:2]))
        self.n_iterations = max(4, int(_VALUES_PER_MEASUREMENT / self.state.maps.size))
        self.run(30 if size <= 1024 else 4)

    def run(self, n_iterations):
        iterations(
            n_iterations,
            self.chunk,
            self.state.maps.size > _VALUES_IN_CACHE,
            self.problem.data,
            self.state,
            self.room,
            self.steps.primal,
            self.steps.dual,
            np.float32(1.8),
            np.float32(0.01),
            self.moved,
        )

    def time_iterations(self, *_):
        self.run(self.n_iterations)

    def track_ns_per_value(self, *_):
        """Nanoseconds per element, pixel and iteration."""
        seconds = best_time(lambda: self.run(self.n_iterations))
        return 1e9 * seconds / (self.n_iterations * self.state.maps.size)


class Convergence:
    """Iterations until the relative gap is small, from the cold start."""

    params = (
        list(SPECIMENS),
        [1.0, 1.7],
        [1e-1, 1e-2, 1e-3, 1e-4, 1e-5],
        [0.5, 1.0, 2.0],
        [1e-3, 1e-4, 1e-6],
    )
    param_names = ("specimen", "gamma", "lambda_1", "ratio", "tolerance")
    timeout = 120
    limit = 1000

    def setup(self, specimen, gamma, lambda_1, ratio, tolerance):
        self.known = problem(SPECIMENS[specimen](), gamma, lambda_1, ratio)
        self.tolerance = tolerance

    def track_iterations(self, *_):
        """Iterations done, NaN if the tolerance was not met within 1000."""
        result = solve_fusion(**self.known, tolerance=self.tolerance, max_iterations=self.limit)
        return result.iterations if result.converged else np.nan

    def time_solve(self, *_):
        solve_fusion(**self.known, tolerance=self.tolerance, max_iterations=self.limit)


class Memory:
    """Memory that a fusion takes on top of its arguments."""

    params = ([1024, 2048], [1.0, 1.7])
    param_names = ("size", "gamma")
    timeout = 300

    def track_bytes_per_value(self, size, gamma):
        """Bytes per element and pixel at the peak, result included."""
        known = problem(atomic(size, 20), gamma, 1e-2, 1.0)
        solve_fusion(**known, max_iterations=1)
        tracemalloc.start()
        solve_fusion(**known, max_iterations=10)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak / known["counts"].size
