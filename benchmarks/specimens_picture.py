"""Draw the picture of docs/data.md: HAADF and true maps of the simulated specimens.

Usage: python specimens_picture.py [FILE]
"""

import sys

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt

from hyperspy_multimodal import data
from hyperspy_multimodal.plot import plot_overlay
from hyperspy_multimodal.plot.panels import map_name, place, scale_bar

# The maps of an overlay, three at most: colours of more cannot be told apart. None: all maps.
_SPECIMENS = {
    "core_shell": None,
    "bimetal": ("Au_Ma", "Pd_La", "Ti_Ka"),
    "oxide_interface": ("La_La", "Sr_La", "Ti_Ka"),
    "overlapping_pair": None,
    "core_loss": None,
    "flat": None,
    "haadf_only": None,
    "swap": None,
    "wedge": None,
}
_HAADF_LIMITS = 0.0, 56.0  # thousands, for all images: pedestal 4, densest pixel 44


def main(path="../docs/images/specimens.png"):
    """Draw two panels a specimen: its HAADF, and its true counts as an overlay."""
    fig, axes = plt.subplots(3, 6, figsize=(13, 7.2), layout="constrained")
    pairs = axes.reshape(-1, 2)
    for (name, chosen), (left, right) in zip(_SPECIMENS.items(), pairs, strict=True):
        specimen = getattr(data, name)(shape=(96, 96))
        low, high = _HAADF_LIMITS
        shown = place(
            left, specimen.haadf.data / 1000, specimen.haadf, cmap="gray", vmin=low, vmax=high
        )
        left.set_title(name)
        scale_bar(left, specimen.haadf)
        plot_overlay(
            [m for m in specimen.counts if chosen is None or map_name(m) in chosen], right, vmin=0
        )
        right.set_title("true electrons" if name == "core_loss" else "true counts")
    fig.colorbar(shown, ax=axes, shrink=0.5, aspect=30, label="HAADF, thousands")
    fig.savefig(path, dpi=90)


if __name__ == "__main__":
    main(*sys.argv[1:])
