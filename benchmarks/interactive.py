"""Print how long the tuner takes from a change to the new picture, without the browser's part.

Usage: python interactive.py
"""

import logging
import time

import numpy as np

from hyperspy_multimodal.data import bimetal

_CHANGES = 20
#: Pixels along the sides of the scans.
SIDES = 256, 1024


def main():
    """Move each slider, and the crop, of 128 x 128 pixels and four elements."""
    logging.disable(logging.WARNING)
    found = {}
    for side in SIDES:
        for name, milliseconds in changes(side):
            cell = f"{np.median(milliseconds):.0f} | {max(milliseconds):.0f}"
            found.setdefault(name, []).append(cell)
    print("<!-- table: tuner -->\n")
    print("| change |" + "".join(f" median, scan of {n} x {n} | worst |" for n in SIDES))
    print("|---|" + "---|---|" * len(SIDES))
    for name, cells in found.items():
        print(f"| {name} | {' | '.join(cells)} |")


def changes(side):
    """Yield kinds of changes, and the milliseconds that each takes."""
    specimen = bimetal((side, side), counts=10.0)
    tuner = specimen.signal.multimodal_fusion_interactive(
        specimen.haadf, gamma=1, lambdas=(0.01, 0.02), show_progressbar=False
    )
    tuner._session.crop(slice(64, 192), slice(64, 192))
    tuner._update()
    widgets = tuner.widgets
    ranges = {"lambda_1": (0.003, 0.03), "lambda_2": (0.006, 0.06), "gamma": (1.0, 2.0)}
    for name, (low, high) in ranges.items():
        values = np.geomspace(low, high, _CHANGES + 1)[1:]
        moves = [lambda v=v, name=name: setattr(widgets[name], "value", v) for v in values]
        yield name, _timed(moves)
    yield (
        "gamma, seen before",
        _timed([lambda v=v: setattr(widgets["gamma"], "value", v) for v in values]),
    )
    lefts = np.linspace(0, side - 128, _CHANGES).astype(int)
    yield "part", _timed([lambda left=left: _move(tuner, left) for left in lefts])


def _move(tuner, left):
    """Do what dragging the rectangle does when the mouse is let go."""
    tuner._selector.extents = left - 0.5, left + 127.5, 63.5, 191.5
    tuner._on_crop()


def _timed(moves):
    """Return what changes take, from each to its picture; no event loop runs, so none waits."""
    milliseconds = []
    for move in moves:
        began = time.perf_counter()
        move()
        milliseconds.append(1e3 * (time.perf_counter() - began))
    return milliseconds


if __name__ == "__main__":
    main()
