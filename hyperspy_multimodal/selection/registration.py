"""Registration of the HAADF: shift and orientation relative to the HAADF that the maps predict."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from .normalised_haadf import SMOOTHING, smoothed

_UPSAMPLING = 20
# A shift must remove this share of the unexplained variance to be accepted.
_GAIN = 0.1
# A shift is this many times its error, which is how much the parts of the scan, so many along each
# axis and so many pixels each at least, disagree about it.
_CERTAIN, _PARTS, _PIXELS = 5.0, 4, 6
# Largest shift that a drift may cause, as a share of the size of the scan.
_LARGEST = 0.25
# Another orientation is accepted if its correlation is higher by this amount.
_CLEARLY = 0.2
_CORRELATED = 0.5
_ORIENTATIONS = {
    "mirrored left to right": (lambda a: a[:, ::-1], "haadf.data[:, ::-1]"),
    "mirrored top to bottom": (lambda a: a[::-1], "haadf.data[::-1]"),
    "rotated by 180 degrees": (lambda a: a[::-1, ::-1], "haadf.data[::-1, ::-1]"),
    "transposed": (lambda a: a.T, "haadf.data.T"),
    "rotated by 90 degrees": (lambda a: np.rot90(a), "numpy.rot90(haadf.data)"),
    "rotated by 270 degrees": (lambda a: np.rot90(a, 3), "numpy.rot90(haadf.data, 3)"),
    "rotated by 180 degrees and transposed": (
        lambda a: a[::-1, ::-1].T,
        "haadf.data[::-1, ::-1].T",
    ),
}


@dataclass(frozen=True)
class Registration:
    """Registration of the HAADF relative to the maps.

    Parameters
    ----------
    shift : tuple of float
        Pixels (y, x) by which the HAADF has to be moved; (0, 0) if no shift is significant.
    orientation : str or None
        Apparent transformation of the HAADF, such as "mirrored left to right".
    remedy : str or None
        Expression that reverses it.
    """

    shift: tuple
    orientation: str | None = None
    remedy: str | None = None

    @property
    def distance(self):
        """Length of the shift in pixels."""
        return float(np.hypot(*self.shift))


def registration(modelled, haadf):
    """Compare the HAADF with the one that the measured maps predict.

    Parameters
    ----------
    modelled : numpy.ndarray
        HAADF predicted by the measured maps, smoothed by 1.5 pixels, shape (ny, nx).
    haadf : numpy.ndarray
        HAADF normalised to about [0, 1], shape (ny, nx).

    Returns
    -------
    Registration
        Shift by phase correlation [1]_, not normalised, to a twentieth of a pixel. It is (0, 0)
        unless it is significant against what the model does not explain of the HAADF, and unless
        edges fit better, too: slopes that the maps do not share with the HAADF look like a shift.

    References
    ----------
    .. [1] M. Guizar-Sicairos et al., Opt. Lett. 33, 156 (2008), doi:10.1364/OL.33.000156; as
           implemented in scikit-image.
    """
    from skimage.registration import phase_cross_correlation

    if min(haadf.shape) < 4 or np.ptp(modelled) == 0:
        return Registration((0.0, 0.0))
    image = smoothed(haadf, SMOOTHING)
    found = _correlation(image, modelled)
    others = [
        (_correlation(change(image), modelled), name, remedy)
        for name, (change, remedy) in _ORIENTATIONS.items()
        if change(image).shape == image.shape
    ]
    correlation, name, remedy = max(others)
    if correlation > max(_CORRELATED, found + _CLEARLY):
        return Registration((0.0, 0.0), name, remedy)
    shift, _, _ = phase_cross_correlation(
        modelled - modelled.mean(),
        image - image.mean(),
        upsample_factor=_UPSAMPLING,
        normalization=None,
    )
    if np.any(np.abs(shift) > _LARGEST * np.array(image.shape)):
        return Registration((0.0, 0.0))
    image_then = moved_image(image, shift)
    moved = _correlation(image_then, modelled)
    if 1 - moved**2 > (1 - _GAIN) * (1 - found**2) or moved <= found:
        return Registration((0.0, 0.0))
    if _of_gradients(image_then, modelled) <= _of_gradients(image, modelled):
        return Registration((0.0, 0.0))
    if significance(modelled, image_then, shift) < _CERTAIN:
        return Registration((0.0, 0.0))
    return Registration(tuple(float(each) for each in shift))


def significance(modelled, moved, shift):
    """Return a shift in units of its error, from how much parts of the scan disagree about it.

    Contrast that the maps do not explain, such as diffraction, is correlated over many pixels: what
    it does to the shift differs between parts, and a true shift does not.

    Parameters
    ----------
    modelled, moved : numpy.ndarray
        HAADF predicted by the maps, and the HAADF after the shift, shape (ny, nx).
    shift : array_like
        Pixels (y, x).
    """
    slope, level = np.polyfit(moved.ravel(), modelled.ravel(), 1)
    misfit = modelled - level - slope * moved
    steps = -slope * np.stack(np.gradient(moved))
    normal = np.einsum("iyx,jyx->ij", steps, steps)
    starts = [
        np.linspace(0, size, min(_PARTS, max(size // _PIXELS, 1)) + 1).astype(int)[:-1]
        for size in moved.shape
    ]
    pulls = np.add.reduceat(np.add.reduceat(steps * misfit, starts[0], 1), starts[1], 2)
    pulls = pulls.reshape(2, -1)
    number = pulls.shape[1]
    if number < 2 or np.linalg.matrix_rank(normal) < 2:
        return np.inf
    inverse = np.linalg.inv(normal)
    covariance = inverse @ (pulls @ pulls.T) @ inverse * number / (number - 1)
    return float(np.sqrt(np.maximum(shift @ np.linalg.pinv(covariance) @ shift, 0.0)))


def moved_image(image, shift):
    """Return an image moved by pixels (y, x), with the edge values repeated outside."""
    return ndimage.shift(np.asarray(image, float), shift, order=3, mode="nearest")


def _of_gradients(a, b):
    """Return the correlation of the gradients of two images."""
    return _correlation(*(np.stack(np.gradient(each)) for each in (a, b)))


def _correlation(a, b):
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / max(np.sqrt((a * a).sum() * (b * b).sum()), 1e-300))
