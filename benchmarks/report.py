"""Print the tables of the documentation, in Markdown.

Usage: python report.py [--published PYTHON] [--cvxpy]

PYTHON is that of the environment of `against_published.py`. Wants a machine that does nothing else.
"""

import argparse
import itertools

import against_cvxpy
import against_published
import machine
import numba
import numpy as np
from solver import Convergence, Iterations, Memory

# Bytes that one iteration has to move per value of maps beyond the caches, three elements: relaxed
# map and two dual variables read and written, counts and background read; per pixel the HAADF read
# and its dual variable read and written; for gamma != 1 the maps read and written; the two edge
# components read where total variation is directional.
_BYTES = 8 + 16 + 4 + 4 + (4 + 8) / 3
_BYTES_OF_MAPS = 8
_BYTES_OF_EDGES = 8 / 3
_CACHE = 32e6  # bytes of the last level
# Arithmetic operations per value, a multiply-add, a root or a division as one: counted in
# kernels/rows.py. Roots and divisions are slower than that, so the roofline is optimistic.
_OPERATIONS = {1.0: 62, 1.7: 118}


def roofline():
    """Time per value and iteration against what memory or arithmetic allow."""
    most = min(2, numba.config.NUMBA_NUM_THREADS)
    peak = machine.arithmetic(most)
    print("<!-- table: machine -->\n")
    print(f"| machine | 10⁹ multiply-adds per second, {most} threads |\n|---|---|")
    print(f"| {machine.name()} | {peak:.0f} |")
    print("\n<!-- table: iterations -->\n")
    print(
        "| size | gamma | TV | 1 thread / ns | 2 threads / ns | scaling | triad / (GB/s) "
        "| roofline / ns | over roofline |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    sizes, gammas, kinds, _ = Iterations.params
    for size, gamma, directional in itertools.product(sizes, gammas, kinds):
        times, bandwidths = [], [machine.triad(most)]
        for threads in (1, most):
            bench = Iterations()
            bench.setup(size, gamma, directional, threads)
            times.append(bench.track_ns_per_value())
        bandwidths.append(machine.triad(most))
        bandwidth = np.mean(bandwidths)
        bytes_moved = _BYTES + _BYTES_OF_MAPS * (gamma != 1) + _BYTES_OF_EDGES * directional
        in_cache = size**2 * 3 * bytes_moved < _CACHE
        arithmetic = _OPERATIONS[gamma] / peak
        allowed = arithmetic if in_cache else max(arithmetic, bytes_moved / bandwidth)
        print(
            f"| {size}² x 3 | {gamma} | {'directional' if directional else 'isotropic'} "
            f"| {times[0]:.2f} | {times[1]:.2f} | {times[0] / times[1]:.2f} | {bandwidth:.0f} "
            f"| {allowed:.2f} ({'arithmetic' if allowed == arithmetic else 'memory'}) "
            f"| {times[1] / allowed:.2f} |",
            flush=True,
        )


def convergence():
    """Iterations to each gap."""
    specimens, gammas, lambdas, ratios, tolerances = Convergence.params
    print("\n<!-- table: convergence -->\n")
    print(
        "| specimen (96² x 3) | gamma | λ2/λ1 | " + " | ".join(f"λ1 = {x:g}" for x in lambdas), "|"
    )
    print("|" + "---|" * (3 + len(lambdas)))
    for specimen, gamma, ratio in itertools.product(specimens, gammas, ratios):
        cells = []
        for lambda_1 in lambdas:
            bench = Convergence()
            found = []
            for tolerance in tolerances:
                bench.setup(specimen, gamma, lambda_1, ratio, tolerance)
                found.append(bench.track_iterations())
            cells.append(" / ".join("–" if np.isnan(n) else f"{n:.0f}" for n in found))
        print(f"| {specimen} | {gamma} | {ratio} | " + " | ".join(cells), "|")


def seconds():
    """Seconds of whole calls, set-up and records included."""
    from solver import best_time, solve_fusion
    from specimens import particles, problem

    print("\n<!-- table: calls -->\n")
    print("| size | gamma | gap 1e-3 | gap 1e-4 | gap 1e-6 |")
    print("|---|---|---|---|---|")
    numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)
    for size, gamma in itertools.product((256, 512, 1024), (1.0, 1.7)):
        known = problem(particles(size, 20), gamma, 1e-2, 1.0)
        cells = []
        for tolerance in (1e-3, 1e-4, 1e-6):
            options = {**known, "tolerance": tolerance, "max_iterations": 1000}
            result = solve_fusion(**options)
            took = best_time(lambda options=options: solve_fusion(**options), 3)
            reached = "" if result.converged else f", {result.optimality:.0e} reached"
            cells.append(f"{took:.3f} s ({result.iterations} iterations{reached})")
        print(f"| {size}² x 3 | {gamma} | " + " | ".join(cells), "|")


def memory():
    """Peak memory on top of the arguments."""
    print("\n<!-- table: memory -->\n")
    print("| size | gamma | bytes per element and pixel |")
    print("|---|---|---|")
    for size, gamma in itertools.product(*Memory.params):
        print(f"| {size}² x 3 | {gamma} | {Memory().track_bytes_per_value(size, gamma):.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--published", metavar="PYTHON")
    parser.add_argument("--cvxpy", action="store_true")
    chosen = parser.parse_args()
    roofline()
    convergence()
    seconds()
    memory()
    if chosen.published:
        against_published.table(chosen.published)
    if chosen.cvxpy:
        against_cvxpy.table()


if __name__ == "__main__":
    main()
