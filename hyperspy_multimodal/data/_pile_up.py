"""Sum peaks: two X-rays that reach the detector at once and are counted as one."""

import numpy as np


def add_sum_peaks(maps, templates, share, shift=0.0):
    """Move a share of all counts to sum peaks.

    Two counts that are lost make one in a sum peak. The spectrum of sum peaks is the same in all
    pixels, that of the summed scan folded with itself, and their number is in proportion to the
    counts of a pixel; in a real detector, it goes with the square of the count rate.

    Parameters
    ----------
    maps : ndarray of shape (M, ny, nx)
        Expected X-rays of each template in each pixel.
    templates : ndarray of shape (M, n_channels)
        Share of these X-rays in each channel.
    share : float
        Share of all counts that is lost, in [0, 1).
    shift : float, default 0.0
        Channel in which two X-rays of channel 0 are counted.

    Returns
    -------
    maps : ndarray of shape (M + 1, ny, nx)
        The given maps less their share and, last, the events counted in sum peaks.
    templates : ndarray of shape (M + 1, n_channels)
        The given templates and, last, that of sum peaks: it sums to one, less what falls outside
        the channels.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.data._pile_up import add_sum_peaks
    >>> maps, templates = add_sum_peaks(np.full((1, 1, 1), 100.0), np.eye(5)[2:3], 0.1)
    >>> print(maps.ravel(), templates[-1])
    [90.  5.] [0. 0. 0. 0. 1.]
    """
    recorded = np.tensordot(templates.sum(axis=1), maps, axes=1)
    summed = maps.sum(axis=(1, 2)) @ templates
    summed /= summed.sum()
    sums = _shifted(np.convolve(summed, summed), shift, len(summed))
    return (
        np.concatenate([(1 - share) * maps, share / 2 * recorded[None]]),
        np.concatenate([templates, sums[None]]),
    )


def _shifted(spectrum, shift, n_channels):
    """Spectrum moved up by a number of channels; what lies between two is split between them."""
    whole = int(np.floor(shift))
    moved = np.zeros(n_channels)
    for start, part in ((whole, whole + 1 - shift), (whole + 1, shift - whole)):
        kept = spectrum[max(-start, 0) :][: max(n_channels - max(start, 0), 0)]
        moved[max(start, 0) :][: len(kept)] += part * kept
    return moved
