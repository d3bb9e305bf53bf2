"""Simulated scans with known truth, by name and dose."""

from functools import partial

import numpy as np

from hyperspy_multimodal.data import bimetal, core_shell, oxide_interface

SHAPE = (128, 128)
SPECIMENS = {
    "core-shell particles": partial(core_shell, SHAPE),
    "bimetal particles": partial(bimetal, SHAPE),
    "atomic resolution": partial(oxide_interface, SHAPE),
}
#: Specimens and counts per pixel (densest point, strongest line) of the main table.
CONDITIONS = [
    ("core-shell particles", 3),
    ("core-shell particles", 20),
    ("bimetal particles", 3),
    ("bimetal particles", 20),
    ("atomic resolution", 5),
    ("atomic resolution", 40),
]
DOSES = (1, 10, 100)
#: A detector that is not as metadata and tables say.
OFF = {
    "energy_offset": 0.01,
    "resolution_error": 10.0,
    "line_weight_error": 0.1,
}


def scan(name, counts, seed, **settings):
    """Return a simulated specimen."""
    return SPECIMENS[name](counts=float(counts), seed=seed, **settings)


def truth_of(specimen):
    """Return the true net counts in the windows of the lines, (K, ny, nx)."""
    return stacked(specimen.counts)


def stacked(maps):
    """Return the data of maps as one array."""
    return np.stack([np.asarray(each.data, float) for each in maps])
