"""Print what maps of a measured scan are worth, against counts of the same scan that are held out.

Usage: python measured.py [--spectra FILE --haadf FILE] [--elements C Cu O Si] [--doses 3 10 30]
       [--seeds N] [--published PYTHON] [--pictures FOLDER]

Counts are thinned to a third, a tenth, ... of those that were measured, and processed; the others
are the yardstick. Without files, the scan of silica spheres is taken, which is downloaded once.
PYTHON has PyPI's multimodal-fusion 0.6.0 installed, in an environment of its own, see
`../against_published.py`. scikit-image has to be installed here.
"""

import argparse
import logging
import sys
import time
from pathlib import Path

import hyperspy.api as hs
import measured_pictures
import numpy as np
from measured_methods import maps_by_method, usable
from measured_tables import Scores, print_tables
from thinned_scan import held_out, thin

from hyperspy_multimodal.data import silica_spheres

DOSES = (3.0, 10.0, 30.0)
SEEDS = 2


def measured(signal, haadf, doses=DOSES, seeds=SEEDS, python=None, pictures=None):
    """Return `Scores` by dose.

    Parameters
    ----------
    signal : EDSSpectrum
        Spectrum image of whole counts, with elements and lines in its metadata.
    haadf : Signal2D
        HAADF image of the same scan.
    doses : sequence of float
        What to divide the counts by, each > 1.
    seeds : int
        Number of draws of each dose.
    python : str or Path, optional
        Python that has the published package.
    pictures : str or Path, optional
        Folder for pictures of the first draw of each dose.
    """
    lines = list(signal.metadata.Sample.xray_lines)
    scan_axis = signal.axes_manager.navigation_axes[0]
    scores = {}
    for dose in doses:
        scores[dose] = Scores()
        for seed in range(seeds):
            began = time.perf_counter()
            thinned, rest = thin(signal, 1 / dose, seed)
            reference = held_out(rest, 1 / dose)
            found, uses_brightness = maps_by_method(thinned, haadf, reference, python)
            scores[dose].add(reference, found, uses_brightness)
            if pictures and seed == 0:
                title = (
                    f"Measured scan with 1/{dose:g} of its counts: "
                    f"{thinned.data.sum(dtype=np.int64):,} in all"
                )
                path = Path(pictures) / f"measured_{dose:g}.png"
                image = np.asarray(haadf.data)
                measured_pictures.draw(path, title, scan_axis, image, lines, found, reference)
            seconds = time.perf_counter() - began
            print(f"1/{dose:g}, draw {seed}: {seconds:.0f} s", file=sys.stderr, flush=True)
    return scores


def scan_of(spectra, haadf, elements):
    """Return spectrum image and HAADF of two files, or those of silica spheres."""
    if spectra:
        signal, image = _only(spectra), _only(haadf)
    else:
        scan = silica_spheres()
        signal, image = scan.signal, scan.haadf
    if elements:
        signal.set_elements(elements)
    if not signal.metadata.get_item("Sample.elements"):
        raise ValueError(f"{spectra} names no elements: pass them, such as --elements C Cu O Si.")
    if elements or not signal.metadata.get_item("Sample.xray_lines"):
        signal.set_lines([])
        signal.add_lines()
    return signal, image


def _only(path):
    signal = hs.load(path)
    if isinstance(signal, list):
        raise ValueError(
            f"{path} holds {len(signal)} signals, but one is needed: save spectra and HAADF into "
            "files of their own."
        )
    return signal


def main():
    logging.getLogger("hyperspy_multimodal").setLevel(logging.ERROR)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--spectra", metavar="FILE", help="EDS spectrum image")
    parser.add_argument("--haadf", metavar="FILE", help="HAADF image of the same scan")
    parser.add_argument("--elements", nargs="+", metavar="ELEMENT")
    parser.add_argument("--doses", nargs="+", type=float, default=DOSES)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="draws of each dose")
    parser.add_argument("--published", metavar="PYTHON")
    parser.add_argument("--pictures", metavar="FOLDER")
    options = parser.parse_args()
    if bool(options.spectra) != bool(options.haadf):
        parser.error("--spectra and --haadf belong together: pass both files, or neither.")
    if min(options.doses) <= 1:
        parser.error(f"--doses are what counts are divided by, above 1, not {options.doses}.")
    if options.seeds < 1:
        parser.error(f"--seeds is a number of draws, 1 or more, not {options.seeds}.")
    if options.pictures:
        Path(options.pictures).mkdir(parents=True, exist_ok=True)
    signal, haadf = scan_of(options.spectra, options.haadf, options.elements)
    scores = measured(
        signal, haadf, options.doses, options.seeds, usable(options.published), options.pictures
    )
    print_tables(signal.metadata.Sample.xray_lines, scores)


if __name__ == "__main__":
    main()
