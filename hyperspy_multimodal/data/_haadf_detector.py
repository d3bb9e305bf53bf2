"""HAADF images of thin specimens."""

import numpy as np

from ..names import atomic_numbers
from ..physics.scattering import Z_EXPONENT

_PEDESTAL = 4000.0  # detector offset
_RANGE = 40000.0  # densest pixel above the pedestal; a 16-bit detector ends at 65535


def scattering(areal_densities):
    """Scattering on to the HAADF detector: areal density times Z^1.7, summed over the elements.

    Linear, as for a thin specimen, and without channelling.

    Parameters
    ----------
    areal_densities : dict of ndarray of shape (ny, nx)
        Atoms per nm^2 of each element.

    Returns
    -------
    ndarray of shape (ny, nx)
        Scattering in an arbitrary unit.

    References
    ----------
    S. J. Pennycook and D. E. Jesson, Ultramicroscopy 37, 14 (1991): contrast about Z^2, less by
    the screening of the nucleus.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.data._haadf_detector import scattering
    >>> print(scattering({"C": np.ones((1, 1)), "Au": np.ones((1, 1))}).round())
    [[1704.]]
    """
    numbers = atomic_numbers(areal_densities)
    return sum(
        z**Z_EXPONENT * areal for z, areal in zip(numbers, areal_densities.values(), strict=True)
    )


def haadf_image(areal_densities, noise, rng, extra=None):
    """Image of a HAADF detector: 4000 in vacuum and 44000 at the densest pixel, with noise.

    Parameters
    ----------
    areal_densities : dict of ndarray of shape (ny, nx)
        Atoms per nm^2 of each element.
    noise : float
        Standard deviation of the Gaussian noise, as a fraction of the range of 40000.
    rng : numpy.random.Generator
        Source of the noise.
    extra : ndarray of shape (ny, nx), optional
        What is added besides, as a fraction of the range: contrast that is not the atoms'.

    Returns
    -------
    ndarray of shape (ny, nx)
        The image, float32.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.data._haadf_detector import haadf_image
    >>> print(haadf_image({"Ni": np.array([[0.0, 50.0]])}, 0.0, np.random.default_rng(0)))
    [[ 4000. 44000.]]
    """
    scattered = scattering(areal_densities)
    signal = scattered / scattered.max()
    if extra is not None:
        signal = signal + extra
    signal = signal + noise * rng.standard_normal(signal.shape)
    return (_PEDESTAL + _RANGE * signal).astype(np.float32)
