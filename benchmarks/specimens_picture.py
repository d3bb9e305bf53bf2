"""Draw the picture of docs/data.md: HAADF and true maps of the simulated specimens.

Usage: python specimens_picture.py [FILE]
"""

import sys

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

from hyperspy_multimodal import data
from hyperspy_multimodal.plot import plot_overlay
from hyperspy_multimodal.plot.panels import scale_bar

_NAMES = ("core_shell", "bimetal", "oxide_interface", "core_loss", "haadf_only", "swap", "wedge")


def main(path="../docs/images/specimens.png"):
    """Draw a column a specimen: its HAADF, and its true counts as an overlay."""
    fig, axes = plt.subplots(2, len(_NAMES), figsize=(17, 5.6), layout="constrained")
    for column, name in enumerate(_NAMES):
        specimen = getattr(data, name)((96, 96))
        haadf = axes[0, column]
        shown = haadf.imshow(specimen.haadf.data / 1000, cmap="gray")
        fig.colorbar(shown, ax=haadf, shrink=0.8, label="HAADF (1000)" if column == 0 else None)
        haadf.set(title=name, xticks=[], yticks=[])
        scale_bar(haadf, specimen.haadf)
        maps = [each for each in specimen.counts if np.any(each.data)]
        plot_overlay(maps, ax=axes[1, column])
        axes[1, column].set_title("true counts")
    fig.savefig(path, dpi=80)


if __name__ == "__main__":
    main(*sys.argv[1:])
