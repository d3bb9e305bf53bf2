"""Print what this extension adds to ``import hyperspy.api``, in milliseconds.

Usage: python import_time.py [RUNS]

Each run is a fresh process under ``-X importtime``; what counts is the cumulative time of
``hyperspy_multimodal``, everything that it imports included.
"""

import re
import statistics
import subprocess
import sys


def cumulative_times():
    """Time of each module that ``import hyperspy.api`` loads, in milliseconds."""
    child = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import hyperspy.api"],
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    lines = re.findall(r"^import time:\s+\d+ \|\s+(\d+) \|\s+(\S+)$", child.stderr, re.MULTILINE)
    return {module: int(microseconds) / 1000 for microseconds, module in lines}


def main(runs=7):
    cumulative_times()  # fill the caches of the disk
    times = [cumulative_times() for _ in range(runs)]
    if "hyperspy_multimodal" not in times[0]:
        sys.exit("hyperspy_multimodal is not loaded by HyperSpy: is it installed?")
    for module in ("hyperspy_multimodal", "hyperspy.api"):
        of_module = [run[module] for run in times]
        print(
            f"{module}: median {statistics.median(of_module):.2f} ms, "
            f"from {min(of_module):.2f} to {max(of_module):.2f} ms ({runs} runs)"
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
