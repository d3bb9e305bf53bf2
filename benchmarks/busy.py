"""How long fusions take while other processes keep the cores busy, over what one thread takes.

Usage: python busy.py [--sizes N ...] [--processes N ...] [--rounds N]

Calls with one thread and with all threads alternate, so that what changes on the machine changes
both. Each takes 100 iterations on three maps. Prints the ratio of the medians, and of the means.
"""

import argparse
import contextlib
import logging
import multiprocessing
import time

import numba
import numpy as np
from specimens import particles, problem

from hyperspy_multimodal.fusion import solve_fusion

logging.getLogger("hyperspy_multimodal").setLevel(logging.ERROR)  # runs that stop early are meant
_ITERATIONS = 100


def _keep_busy():
    while True:
        pass


@contextlib.contextmanager
def busy(n_processes):
    """Keep so many processes busy for the duration."""
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=_keep_busy, daemon=True) for _ in range(n_processes)]
    for each in others:
        each.start()
    time.sleep(2.0 * bool(others))
    try:
        yield
    finally:
        for each in others:
            each.terminate()
            each.join()


def seconds(size, rounds):
    """Return the seconds of calls with one thread and with all, shape (2, rounds)."""
    known = problem(particles(size, 10), 1.0, 1e-2, 1.0)
    found = np.empty((2, rounds))
    for i in range(-1, rounds):  # the first round compiles
        for which, threads in enumerate((1, numba.config.NUMBA_NUM_THREADS)):
            numba.set_num_threads(threads)
            began = time.perf_counter()
            solve_fusion(**known, tolerance=1e-9, max_iterations=_ITERATIONS)
            found[which, i] = time.perf_counter() - began
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[128, 256, 512])
    parser.add_argument("--processes", type=int, nargs="+", default=[0, 1, 2, 4])
    parser.add_argument("--rounds", type=int, default=6)
    chosen = parser.parse_args()
    print("<!-- table: busy -->\n")
    head = ["no busy process" if n == 0 else str(n) for n in chosen.processes]
    print("| size | " + " | ".join(head) + " |")
    print("|---" * (1 + len(chosen.processes)) + "|")
    for size in chosen.sizes:
        row = []
        for n_processes in chosen.processes:
            with busy(n_processes):
                one, all_threads = seconds(size, chosen.rounds)
            medians = np.median(all_threads) / np.median(one)
            row.append(f"{medians:.2f} ({all_threads.mean() / one.mean():.2f})")
        print(f"| {size}² x 3 | " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
