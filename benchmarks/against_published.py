"""Time to the objective that the published package reaches, on the same cost and the same data.

The yardstick is PyPI's multimodal-fusion 0.6.0, in an environment of its own:

    python -m venv published
    published/bin/pip install multimodal-fusion==0.6.0 scikit-image requests
    python against_published.py published/bin/python

Its convention: maps and HAADF are min-max scaled to [0, 1], weights are 1, lambda_1 = K lambdaEDS,
lambda_2 = K lambdaTV, and its ``bkg`` is the background. It does 50 iterations, its default, with
15 or 60 steps for the total variation in each. Neither loading nor plotting is counted.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from solver import best_time
from specimens import particles

from hyperspy_multimodal.fusion import solve_fusion

_HERE = Path(__file__).parent
_LAMBDA_EDS, _LAMBDA_TV, _BACKGROUND = 0.005, 0.1, 0.1  # its defaults


def unit_range(image):
    low = image.min(axis=(-2, -1), keepdims=True)
    return (image - low) / (image - low).max(axis=(-2, -1), keepdims=True)


def cost(maps, known):
    """The fusion cost in float64."""
    maps = np.asarray(maps, np.float64)
    lambda_1, lambda_2 = known["lambdas"]
    residual = known["haadf"] - (maps ** known["gamma"]).sum(axis=0)
    expected = maps + known["background"]
    poisson = np.sum(expected - known["counts"] * np.log(expected))
    dy = np.diff(maps, axis=1, append=maps[:, -1:])
    dx = np.diff(maps, axis=2, append=maps[:, :, -1:])
    return 0.5 * np.sum(residual**2) + lambda_1 * poisson + lambda_2 * np.sum(np.hypot(dy, dx))


def published(python, known, tv_steps):
    """Maps of the published package, and its seconds."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.npz"), Path(folder, "out.npz")
        np.savez(source, counts=known["counts"], haadf=known["haadf"])
        numbers = [known["gamma"], _LAMBDA_EDS, _LAMBDA_TV, tv_steps, _BACKGROUND]
        command = [python, _HERE / "published_run.py", source, target, *map(str, numbers)]
        subprocess.run(command, check=True, capture_output=True)
        found = np.load(target)
        return found["maps"], float(found["seconds"])


def compare(python, size, gamma, tv_steps):
    """One row of the table, as a dict."""
    scan = particles(size, 20)
    known = {
        "counts": unit_range(scan["counts"]).astype(np.float32),
        "haadf": unit_range(scan["haadf"]),
        "background": _BACKGROUND,
        "gamma": gamma,
        "lambdas": (3 * _LAMBDA_EDS, 3 * _LAMBDA_TV),
    }
    maps, seconds = published(python, known, tv_steps)
    aim = cost(maps, known)
    least = solve_fusion(**known, tolerance=1e-5, max_iterations=3000).cost
    iterations = 1
    while cost(solve_fusion(**known, tolerance=1e-9, max_iterations=iterations).maps, known) > aim:
        iterations += 1
    ours = best_time(lambda: solve_fusion(**known, tolerance=1e-9, max_iterations=iterations), 9)
    certified = solve_fusion(**known, max_iterations=3000)
    to_gap = best_time(lambda: solve_fusion(**known, max_iterations=3000), 3)
    return {
        "size": size,
        "gamma": gamma,
        "TV steps": tv_steps,
        "above minimum": aim / least - 1,
        "published / s": seconds,
        "iterations": iterations,
        "ours / s": ours,
        "faster": seconds / ours,
        "to gap 1e-4 / s": to_gap,
        "gap": certified.optimality,
    }


def table(python):
    """Print one row for each size, gamma and number of steps."""
    rows = [
        compare(python, size, gamma, steps)
        for size, steps in ((256, 15), (256, 60), (512, 15))
        for gamma in (1.0, 1.6)
    ]
    print("\n<!-- table: against-published -->\n")
    print("| size | gamma | TV steps | its cost above the minimum | its time | our iterations to "
          "its cost | our time | faster | our time to a gap of 1e-4 |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|")
    for row in rows:
        print(
            f"| {row['size']}² x 3 | {row['gamma']} | {row['TV steps']} "
            f"| {100 * row['above minimum']:.1f} % | {row['published / s']:.2f} s "
            f"| {row['iterations']} | {1e3 * row['ours / s']:.1f} ms | {row['faster']:.0f} x "
            f"| {1e3 * row['to gap 1e-4 / s']:.0f} ms (reached {row['gap']:.0e}) |"
        )


if __name__ == "__main__":
    table(sys.argv[1])
