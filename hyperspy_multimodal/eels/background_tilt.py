"""Backgrounds of pixels that have another exponent than that of the summed spectrum."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class BackgroundTilt:
    """How far the background of a spectrum is steeper than that of all, and what it adds to edges.

    Attributes
    ----------
    row : numpy.ndarray
        Takes a spectrum to the amount of the tilt, shape (C,).
    effects : numpy.ndarray
        Counts that a unit amount adds to the net counts of each edge, shape (K,).
    """

    row: np.ndarray
    effects: np.ndarray


def background_tilt(templates, energy, n_maps):
    """Return the `BackgroundTilt` of spectra that are read with one exponent.

    Templates take all spectra to have the exponent of their sum. Where the specimen is thicker, or
    of other composition, the exponent differs, and the edges take up the difference. The derivative
    of the power law by its exponent, as a further template, shows by how much.

    Parameters
    ----------
    templates : Templates
        The last is the power law.
    energy : numpy.ndarray
        Energies of the channels in eV, shape (C,).
    n_maps : int
        Number of edges to map.
    """
    used = templates.weights > 0
    law = templates.shapes[-1]
    logarithm = np.log(np.maximum(energy, 1.0))
    middle = law[used] @ logarithm[used] / law[used].sum()
    shape = np.where(used, law * (middle - logarithm), 0.0)
    taken_up = templates.projection @ shape
    rest = shape - taken_up @ templates.shapes
    weighted = templates.weights * rest
    return BackgroundTilt(row=weighted / (weighted @ rest), effects=taken_up[:n_maps])
