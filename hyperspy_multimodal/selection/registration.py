"""Registration of the HAADF: shift and orientation relative to the HAADF that the maps predict."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from .normalised_haadf import SMOOTHING, smoothed
from .overlap_correlation import correlations, maxima

# A shift must remove this share of the unexplained variance of the images, or of their gradients.
_GAIN = 0.1
# A shift is clear if it is this many times its error, which is how much parts of the scan disagree
# about it: so many parts along each axis, of so many pixels each at least.
_CERTAIN, _PARTS, _PIXELS = 5.0, 4, 6
# Shifts of the images and of their gradients agree if they differ by fewer of their errors.
_AGREE = 3.0
# Another maximum of the correlation is a rival of the highest one if it is lower by less than this
# share. The shift is ambiguous if a rival is less than this many times as far away.
_RIVAL, _FARTHER = 0.1, 2.0
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


def registration(modelled, haadf, noise=0.0):
    """Compare the HAADF with the one that the measured maps predict.

    Parameters
    ----------
    modelled : numpy.ndarray
        HAADF predicted by the measured maps, smoothed by 1.5 pixels, shape (ny, nx).
    haadf : numpy.ndarray
        HAADF normalised to about [0, 1], shape (ny, nx).
    noise : float
        Variance of the noise of ``modelled``, default 0. It does not count as unexplained.

    Returns
    -------
    Registration
        Shift with the highest correlation of the gradients of both images over their overlap. It is
        (0, 0) unless it is significant against what the model does not explain of the gradients,
        and unless the images themselves fit better, too. Gradients are compared because slopes
        that the maps do not share with the HAADF look like a shift. On a periodic lattice, it is
        the shortest of the equivalent shifts, or (0, 0) if others are of similar length.
    """
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
    shift = _clearest(_edges(image), _edges(modelled))
    if not shift.any():
        return Registration((0.0, 0.0))
    overlap = _overlap(image.shape, shift)
    moved, there = moved_image(image, shift)[overlap], modelled[overlap]
    left = image[overlap]
    if _correlation(moved, there) <= _correlation(left, there):
        return Registration((0.0, 0.0))
    of_image, of_edges = _noise_of_overlap(image.shape, overlap)
    if not (
        _explains_more(left, moved, there, noise * of_image)
        or _explains_more(*map(_edges, (left, moved, there)), noise * of_edges)
    ):
        return Registration((0.0, 0.0))
    correction, covariance = refined(_edges(there), _edges(moved))
    of_image, covariance_of_image = refined(there, moved)
    if _significance(shift + correction, covariance) < _CERTAIN:
        return Registration((0.0, 0.0))
    # Slopes that the maps lack affect the images, and noise affects the gradients.
    difference = _significance(of_image - correction, covariance + covariance_of_image)
    if difference < _AGREE and np.trace(covariance_of_image) < np.trace(covariance):
        correction = of_image
    return Registration(tuple(float(each) for each in shift + correction))


def _clearest(edges, modelled):
    """Return the shift (y, x) that fits edges best, or zeros if it is ambiguous."""
    largest = [int(_LARGEST * size) for size in edges.shape[1:]]
    correlation = correlations(edges, modelled, largest)
    shifts, heights = maxima(correlation)
    if not heights.size:
        return np.zeros(2)
    # Smoothed noise has so many independent pixels; its correlations are normal after arctanh.
    error = np.sqrt(4 * np.pi * SMOOTHING**2 / edges.size)
    heights = np.clip(heights, 0, 1 - 1e-9)
    best = heights.max()
    # The contrast may be inverted if a minimum is as deep.
    least = min((1 - _RIVAL) * best, np.tanh(np.arctanh(best) - _CERTAIN * error))
    if least <= max(-correlation.min(), 0.0):
        return np.zeros(2)
    distances = np.hypot(*shifts[heights >= least].T)
    shortest = np.argmin(distances)
    if np.count_nonzero(distances < _FARTHER * distances[shortest]) > 1:
        return np.zeros(2)
    return shifts[heights >= least][shortest]


def refined(modelled, moved):
    """Return by how much to correct a shift, and the covariance of the corrected one, from parts.

    Contrast that the maps do not explain, such as diffraction, is correlated over many pixels: what
    it does to the shift differs between parts, and a true shift does not.

    Parameters
    ----------
    modelled, moved : numpy.ndarray
        HAADF predicted by the maps, and the HAADF after the shift, where they overlap, or channels
        of both such as their gradients, shape (C, ny, nx).

    Returns
    -------
    correction : numpy.ndarray
        Pixels (y, x), by linear least squares.
    covariance : numpy.ndarray
        Shape (2, 2); infinite on the diagonal if there are no parts to compare.
    """
    moved, modelled = _centred(moved), _centred(modelled)
    slope = (moved * modelled).sum() / max((moved * moved).sum(), np.finfo(float).tiny)
    misfit = modelled - slope * moved
    steps = -slope * np.stack([np.gradient(moved, axis=axis) for axis in (1, 2)])
    normal = np.einsum("icyx,jcyx->ij", steps, steps)
    starts = [
        np.linspace(0, size, min(_PARTS, max(size // _PIXELS, 1)) + 1).astype(int)[:-1]
        for size in moved.shape[1:]
    ]
    number = starts[0].size * starts[1].size
    if number < 2 or np.linalg.matrix_rank(normal) < 2:
        return np.zeros(2), np.diag([np.inf, np.inf])
    inverse = np.linalg.inv(normal)
    correction = inverse @ np.einsum("icyx,cyx->i", steps, misfit)
    left = misfit - np.tensordot(correction, steps, axes=1)
    products = (steps * left).sum(axis=1)
    pulls = np.add.reduceat(np.add.reduceat(products, starts[0], 1), starts[1], 2)
    pulls = pulls.reshape(2, -1)
    return correction, inverse @ (pulls @ pulls.T) @ inverse * number / (number - 1)


def _significance(shift, covariance):
    """Return a shift, or a difference of shifts, in units of its error."""
    if not np.isfinite(covariance).all():
        return 0.0
    return float(np.sqrt(np.maximum(shift @ np.linalg.pinv(covariance) @ shift, 0.0)))


def moved_image(image, shift):
    """Return an image moved by pixels (y, x), with the edge values repeated outside."""
    return ndimage.shift(np.asarray(image, float), shift, order=3, mode="nearest")


def _explains_more(before, after, modelled, noise):
    """Return whether a shift removes enough of the variance that is unexplained, without noise."""
    signal = np.square(_centred(modelled)).sum(axis=0).mean() - noise
    if signal <= 0:
        return False
    explained = [_correlation(each, modelled) ** 2 for each in (before, after)]
    # What correlates with the HAADF is not noise, even if the noise is overestimated.
    share = max(signal / (signal + noise), *explained)
    left, now = (share - each for each in explained)
    return explained[0] < explained[1] and now <= (1 - _GAIN) * left


def _noise_of_overlap(shape, overlap):
    """Return the noise variance of a smoothed image and of its edges over an overlap.

    Both are relative to the variance inside a large image. They are larger near borders, where
    smoothing repeats the edge values and slopes are differences of neighbours.
    """
    levels, slopes = [], []
    for size, part in zip(shape, overlap, strict=True):
        weights = ndimage.gaussian_filter1d(np.eye(size), SMOOTHING, axis=0, mode="nearest")[part]
        levels.append(np.square(weights).sum(axis=1).mean())
        slopes.append(np.square(np.gradient(weights, axis=0)).sum(axis=1).mean())
    inside = 1 / (4 * np.pi * SMOOTHING**2)
    of_edges = slopes[0] * levels[1] + levels[0] * slopes[1]
    return levels[0] * levels[1] / inside, of_edges / inside


def _overlap(shape, shift):
    """Return the slices of a scan in which there are data after a shift (y, x)."""
    ends = [(max(int(np.ceil(each)), 0), max(int(np.ceil(-each)), 0)) for each in shift]
    return tuple(slice(first, n - last) for n, (first, last) in zip(shape, ends, strict=True))


def _edges(image):
    """Return the gradient of an image, shape (2, ny, nx)."""
    return np.stack(np.gradient(image))


def _correlation(a, b):
    """Return the correlation of two images, or of the channels of two images together."""
    a, b = _centred(a), _centred(b)
    return float((a * b).sum() / max(np.sqrt((a * a).sum() * (b * b).sum()), 1e-300))


def _centred(image):
    """Return the channels of an image, (C, ny, nx), without their means."""
    image = image.reshape(-1, *image.shape[-2:])
    return image - image.mean(axis=(1, 2), keepdims=True)
