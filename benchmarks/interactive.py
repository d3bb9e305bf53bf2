"""Print how long the tuner takes from a change to the new picture, without the browser's part.

Usage: python interactive.py
"""

import logging

import machine
import numpy as np

from hyperspy_multimodal.data import bimetal

_CHANGES = 20


def main():
    """Move each slider, with a crop of 128 x 128 pixels and four elements."""
    logging.disable(logging.WARNING)
    specimen = bimetal((256, 256), counts=10.0)
    tuner = specimen.signal.multimodal_fusion_interactive(
        specimen.haadf, gamma=1, lambdas=(0.01, 0.02), show_progressbar=False
    )
    session = tuner._session
    session.crop(slice(64, 192), slice(64, 192))
    tuner._update()
    print(f"Measured on: {machine.name()}.\n")
    print(f"128 x 128 pixels, {', '.join(session.names)}; milliseconds of {_CHANGES} changes.\n")
    print("| slider | median | worst |")
    print("|---|---|---|")
    ranges = {"gamma": (1.0, 2.0), "lambda_1": (0.003, 0.03), "lambda_2": (0.006, 0.06)}
    for name, (low, high) in ranges.items():
        seconds = []
        for value in np.geomspace(low, high, _CHANGES + 1)[1:]:
            tuner.widgets[name].value = float(value)
            seconds.append(tuner.seconds)
        print(f"| {name} | {1e3 * np.median(seconds):.0f} | {1e3 * max(seconds):.0f} |")


if __name__ == "__main__":
    main()
