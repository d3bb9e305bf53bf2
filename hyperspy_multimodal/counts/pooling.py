"""Expected background counts, estimated by pooling measured counts over neighbours."""

import numpy as np
from scipy import fft, ndimage

from ..threads import side_by_side

#: Counts that a neighbourhood must hold: the pooled background is then good to 10 %.
COUNTS_PER_NEIGHBOURHOOD = 100.0
_FIRST_WIDTH = 2.0
# Wider Gaussians, in pixels, are not summed up in space.
_WIDEST_SUM = 8.0


def pool(counts, needed=COUNTS_PER_NEIGHBOURHOOD, also=None):
    """Return the expectation of a map of Poisson counts, smoothed as much as its noise requires.

    Gaussian neighbourhoods grow, from a standard deviation of 2 pixels on by factors of 2, until
    they hold the needed counts (4 pi sigma^2 pixels of the local mean), each pixel for itself and
    with a soft change from one width to the next; where even the widest holds fewer, the mean of
    the whole map serves. The total is kept.

    Parameters
    ----------
    counts : numpy.ndarray
        Measured counts >= 0, shape (ny, nx); or several maps (n, ny, nx), which are smoothed alike,
        as far as their sum demands.
    needed : float
        Counts that a neighbourhood must hold, default 100.
    also : numpy.ndarray, optional
        Maps, of any sign, to smooth over the same neighbourhoods.

    Returns
    -------
    numpy.ndarray or tuple
        Expected counts >= 0, same shape, float64, same total; and ``also``, smoothed, if given.
    """
    counts = np.asarray(counts, dtype=np.float64)
    expected, smooth = np.zeros_like(counts), None
    if also is not None:
        also = np.asarray(also, dtype=np.float64)
        smooth = np.zeros_like(also)
    left = np.ones(counts.shape[-2:])  # what narrower neighbourhoods leave to wider ones
    for width in [*_widths(left.size), np.inf]:
        local, beside = _both_smoothed(counts, also, width)
        trust = 1.0
        if np.isfinite(width):
            held = 4 * np.pi * width**2 * np.atleast_3d(local.T).sum(axis=2).T
            trust = np.clip(2 * held / needed - 1, 0, 1)
        expected += left * trust * local
        if also is not None:
            smooth += left * trust * beside
        left *= 1 - trust
        if not left.any():
            break
    total = expected.sum(axis=(-2, -1), keepdims=True)
    kept = counts.sum(axis=(-2, -1), keepdims=True) / np.where(total > 0, total, 1.0)
    expected = expected * np.where(total > 0, kept, 1.0)
    return expected if also is None else (expected, smooth)


def pool_between_steps(counts):
    """Return the expectation of a map of Poisson counts that has steps, as a background with them.

    As `pool`, from the widest neighbourhoods to the narrowest and on to the single pixel, but a
    narrower one also takes over where it differs from the wider one by more than its noise: by one
    to two standard deviations. Smooth parts are pooled, and the edges of particles are kept.

    Parameters
    ----------
    counts : numpy.ndarray
        Measured counts >= 0, shape (ny, nx).

    Returns
    -------
    numpy.ndarray
        Expected counts >= 0, same shape, float64, same total.
    """
    counts = np.asarray(counts, dtype=np.float64)
    expected = np.full(counts.shape, counts.mean())
    for width in [*_widths(counts.size)[::-1], 0.0]:
        local = _smoothed(counts, width) if width else counts
        pixels = max(4 * np.pi * width**2, 1.0)
        enough = 2 * pixels * local / COUNTS_PER_NEIGHBOURHOOD - 1 if width else 0.0
        noise = np.sqrt(np.maximum(expected, np.finfo(float).tiny) / pixels)
        trust = np.clip(np.maximum(enough, np.abs(local - expected) / noise - 1), 0, 1)
        expected = trust * local + (1 - trust) * expected
    total = expected.sum()
    return expected * (counts.sum() / total) if total > 0 else expected


def _widths(pixels):
    """Return the standard deviations of the neighbourhoods, narrowest first."""
    widths = []
    width = _FIRST_WIDTH
    while 4 * np.pi * width**2 < pixels:
        widths.append(width)
        width *= 2
    return widths


def _both_smoothed(counts, also, width):
    """Return `_smoothed` counts and other maps, each map by a thread."""
    others = () if also is None else also.reshape(-1, *also.shape[-2:])
    counts, *others = side_by_side(lambda each: _smoothed(each, width), [counts, *others])
    return counts, None if also is None else np.reshape(others, also.shape)


def _smoothed(maps, width):
    """Return the last two axes convolved with a Gaussian, mirrored at the edges of the map."""
    if width == np.inf:
        return np.broadcast_to(maps.mean(axis=(-2, -1), keepdims=True), maps.shape)
    if width <= _WIDEST_SUM:
        sigma = (0,) * (maps.ndim - 2) + (width, width)
        return ndimage.gaussian_filter(maps, sigma, mode="reflect")
    # The cosine transform has the same symmetry, and takes as long for any width.
    spectrum = fft.dctn(maps, axes=(-2, -1))
    for axis in (-2, -1):
        frequency = np.pi * np.arange(maps.shape[axis]) / maps.shape[axis]
        damping = np.exp(-np.square(width * frequency) / 2)
        spectrum *= damping[:, None] if axis == -2 else damping
    smooth = fft.idctn(spectrum, axes=(-2, -1), overwrite_x=True)
    return np.maximum(smooth, 0) if maps.min() >= 0 else smooth
