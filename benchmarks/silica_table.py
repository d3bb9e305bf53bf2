"""What `docs/how_to/file_to_table.md` shows: a table and figures from the measured silica spheres.

Usage: python silica_table.py [--files SPECTRA HAADF] [--pictures FOLDER]

Without files, the scan is downloaded once. Prints the output that the page quotes.
"""

import argparse
from pathlib import Path

import matplotlib
import numpy as np
from skimage.filters import threshold_otsu

from hyperspy_multimodal import composition, suggest_elements
from hyperspy_multimodal.data import silica_spheres
from hyperspy_multimodal.plot import plot_composition, plot_overview

matplotlib.use("Agg")
import matplotlib.pyplot as plt

#: That of O Ka was measured on clusters of the same scan, see `notebooks/silica_composition.ipynb`.
KFACTORS = {"Si_Ka": 1.0, "O_Ka": (1.50, 0.06)}


def fuse(scan):
    """Return fused maps of all elements that are no trace, and the output of the fusion."""
    s = scan.signal
    for found in suggest_elements(s):
        print(found)
    s.set_elements(["C", "Cu", "O", "Si"])
    s.set_lines(["C_Ka", "Cu_Ka", "O_Ka", "Si_Ka"])
    return s.multimodal_fusion(scan.haadf, gamma="auto", full_output=True, show_progressbar=False)


def spheres_of_halves(haadf):
    """Return where the spheres are, in the left and in the right half of the scan."""
    spheres = haadf.data > threshold_otsu(haadf.data)
    left, right = spheres.copy(), spheres.copy()
    left[:, 64:] = False
    right[:, :64] = False
    return {"left": left, "right": right}


def say_fit_error_of_a_tenth(scan, regions):
    """Print the error of the fit in at% if the scan is thinned to a tenth of its counts."""
    thin = scan.signal.deepcopy()
    thin.data = np.random.default_rng(0).binomial(thin.data, 0.1)
    maps, output = thin.multimodal_fusion(
        scan.haadf, gamma="auto", full_output=True, show_progressbar=False
    )
    spheres = [m for m in maps if m.metadata.Sample.elements[0] in ("O", "Si")]
    found = composition(spheres, output, KFACTORS, regions)
    print(f"fit, at a tenth of the counts: {found.errors['fit'][0, 0]:.2f} at%")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", nargs=2)
    parser.add_argument("--pictures", type=Path)
    options = parser.parse_args()
    scan = silica_spheres(options.files)
    maps, output = fuse(scan)
    print(output["spectrum_fit"]["goodness"])
    for verdict in output["verdicts"]:
        print(verdict["map"], verdict["verdict"], *verdict["because"], sep=", ")
    spheres = [m for m in maps if m.metadata.Sample.elements[0] in ("O", "Si")]
    regions = spheres_of_halves(scan.haadf)
    found = composition(spheres, output, KFACTORS, regions)
    print(found.table())
    say_fit_error_of_a_tenth(scan, regions)
    if options.pictures:
        plot_overview(maps, output["raw_maps"], scan.haadf)
        plt.savefig(options.pictures / "silica_overview.png", dpi=100)
        plot_composition(found, scan.haadf)
        plt.savefig(options.pictures / "silica_composition.png", dpi=100)


if __name__ == "__main__":
    main()
