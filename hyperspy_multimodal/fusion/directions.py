"""Directions across the edges of a guide image, for directional total variation."""

import numpy as np
from scipy import ndimage

# Width of the Gaussian, in pixels, that removes the noise of the guide.
_SMOOTHING = 1.0
# Slope, in guide ranges per pixel, above which a pixel counts as an edge.
_EDGE = 0.02


def directions_of(guide, threshold=_EDGE):
    r"""Return the direction across the edges of an image, shorter where there is no edge.

    Parameters
    ----------
    guide : numpy.ndarray
        Image g, shape (ny, nx), finite; in any unit.
    threshold : float
        :math:`\eta`, in ranges of g per pixel; default 0.02.

    Returns
    -------
    tuple of numpy.ndarray
        :math:`\xi = \nabla g / \sqrt{|\nabla g|^2 + \eta^2}` along y and along x, float32, shape
        (ny, nx), for g smoothed by a Gaussian of one pixel and scaled to [0, 1], and :math:`\eta`
        the threshold [1]_. The gradient is the forward difference, 0 at the last row or column, as
        that of the maps.

    References
    ----------
    .. [1] M. J. Ehrhardt, M. M. Betcke, SIAM J. Imaging Sci. 9, 1084 (2016),
           doi:10.1137/15M1047325.
    """
    smooth = ndimage.gaussian_filter(np.asarray(guide, np.float64), _SMOOTHING, mode="nearest")
    span = smooth.max() - smooth.min()
    scaled = (smooth - smooth.min()) / (span if span > 0 else 1.0)
    along_y = np.diff(scaled, axis=0, append=scaled[-1:])
    along_x = np.diff(scaled, axis=1, append=scaled[:, -1:])
    length = np.sqrt(along_y**2 + along_x**2 + threshold**2)
    return tuple(np.ascontiguousarray(x / length, np.float32) for x in (along_y, along_x))
