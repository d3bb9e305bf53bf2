"""A specimen that the package has no model for: a smooth random alloy with sharp inclusions."""

import numpy as np
from scipy import ndimage

from hyperspy_multimodal.data._scan_settings import Scan
from hyperspy_multimodal.data._specimen import simulate_specimen

_INCLUSIONS = 9
_LAYOUT = 100


def foil(shape=(64, 64), counts=5.0, seed=0):
    """Return a foil of Fe and Cr, mixed at random over some ten pixels, with plates of Nb and Al.

    The thickness varies by 15 %. A film that holds Al covers all, with grains of a few pixels.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns.
    counts : float
        Expected net counts per pixel at the densest point.
    seed : int
        Seed of the noise; the specimen is always the same.

    Returns
    -------
    Specimen
    """
    rng = np.random.default_rng(_LAYOUT)
    chromium = 0.8 / (1 + np.exp(-1.2 * _random_field(shape, 4.0, rng)))
    atoms = 200 * (1 + 0.15 * _random_field(shape, 20.0, rng))
    plates = _plates(shape, rng)
    film = np.maximum(30 * (1 + 0.3 * _random_field(shape, 2.0, rng)), 0.0)
    areal = {
        "Cr": atoms * (1 - plates) * chromium,
        "Fe": atoms * (1 - plates) * (1 - chromium),
        "Nb": 0.7 * atoms * plates,
        "Al": 0.3 * atoms * plates + film,
    }
    lines = ["Cr_Ka", "Fe_Ka", "Nb_La", "Al_Ka"]
    scan = Scan.from_settings(counts, {"seed": seed})
    return simulate_specimen(areal, lines, scan, name="alloy foil with inclusions")


def _random_field(shape, width, rng):
    """Return a smooth random field of mean 0 and variance 1."""
    field = ndimage.gaussian_filter(rng.standard_normal(shape), width, mode="wrap")
    return (field - field.mean()) / field.std()


def _plates(shape, rng):
    """Return the share of rectangles at random angles, with sharp edges."""
    rows, columns = np.indices(shape)
    share = np.zeros(shape)
    for _ in range(_INCLUSIONS):
        y, x = (rng.uniform(4, size - 4) for size in shape)
        half_length, half_width = rng.uniform(1.5, 5.0, 2)
        angle, amount = rng.uniform(0, np.pi), rng.uniform(0.3, 1.0)
        along = (rows - y) * np.cos(angle) + (columns - x) * np.sin(angle)
        across = (columns - x) * np.cos(angle) - (rows - y) * np.sin(angle)
        inside = (abs(along) < half_length) & (abs(across) < half_width)
        share = np.maximum(share, amount * inside)
    return share
