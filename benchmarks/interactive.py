"""Print how long the tuner takes from a change to the new picture, without the browser's part.

Usage: python interactive.py [side of the scan in pixels, default 256]
"""

import logging
import sys
import time

import machine
import numpy as np

from hyperspy_multimodal.data import bimetal

_CHANGES = 20


def main():
    """Move each slider, and the crop, of 128 x 128 pixels and four elements."""
    logging.disable(logging.WARNING)
    ny = nx = int(sys.argv[1]) if len(sys.argv) > 1 else 256
    specimen = bimetal((ny, nx), counts=10.0)
    tuner = specimen.signal.multimodal_fusion_interactive(
        specimen.haadf, gamma=1, lambdas=(0.01, 0.02), show_progressbar=False
    )
    session = tuner._session
    session.crop(slice(64, 192), slice(64, 192))
    tuner._update()
    widgets = tuner.widgets
    print(f"Measured on: {machine.name()}.\n")
    print(f"Crop of 128 x 128 pixels of {nx} x {ny}, {', '.join(session.names)};")
    print(f"milliseconds of {_CHANGES} changes.\n")
    print("| change | median | worst |")
    print("|---|---|---|")
    ranges = {"lambda_1": (0.003, 0.03), "lambda_2": (0.006, 0.06), "gamma": (1.0, 2.0)}
    for name, (low, high) in ranges.items():
        values = np.geomspace(low, high, _CHANGES + 1)[1:]
        _report(name, [lambda v=v, name=name: setattr(widgets[name], "value", v) for v in values])
    _report(
        "gamma, seen before", [lambda v=v: setattr(widgets["gamma"], "value", v) for v in values]
    )
    lefts = np.linspace(0, nx - 128, _CHANGES).astype(int)
    _report("crop", [lambda left=left: _move(tuner, left) for left in lefts])


def _move(tuner, left):
    """Do what dragging the rectangle does when the mouse is let go."""
    tuner._selector.extents = left - 0.5, left + 127.5, 63.5, 191.5
    tuner._on_crop()


def _report(name, changes):
    """Print what changes take, from each to its picture; no event loop runs, so none waits."""
    milliseconds = []
    for change in changes:
        began = time.perf_counter()
        change()
        milliseconds.append(1e3 * (time.perf_counter() - began))
    print(f"| {name} | {np.median(milliseconds):.0f} | {max(milliseconds):.0f} |")


if __name__ == "__main__":
    main()
