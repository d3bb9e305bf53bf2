"""The gain of EELS data, in counts per electron: given, from the metadata, or from the noise."""

import numbers

import numpy as np

from ..notes import Speaker

_logger = Speaker(__name__)

# Median of the squared standard normal distribution.
_MEDIAN_CHI_SQUARED = 0.4549364
_ITEM = "Signal.Noise_properties.Variance_linear_model.gain_factor"
# An estimate of the gain from fewer neighbours or counts than this is not worth a warning.
_PAIRS = 200
_COUNTS = 20
# Noise this many times what the metadata let expect is no error of the estimate, which is of some
# 20 % for the fewest pixels: readers of files put 1 where a file says nothing.
_CONTRADICTED = 3.0


def stored_gain(signal):
    """Return the gain in the metadata of a spectrum image, None if there is none."""
    return signal.metadata.get_item(_ITEM, None)


def find_gain(stored, given, counts, lower, upper):
    """Return the gain, and where it comes from.

    Parameters
    ----------
    stored : object
        From `stored_gain`.
    given : float or None
        Gain as the user gives it.
    counts : numpy.ndarray
        All counts, to see whether they are whole numbers.
    lower, upper : numpy.ndarray
        Counts in neighbouring windows, shape (K, ny, nx), as for `estimate_gain`.

    Returns
    -------
    gain : float
        Counts per electron.
    source : str
        "given", "metadata", "integer counts", "estimated" (there is no other), or "noise" (which
        contradicts the metadata, or whole numbers, by more than a factor of 3).
    """
    if given is not None:
        return given, "given"
    usable = isinstance(stored, numbers.Real) and np.isfinite(stored) and stored > 0
    if stored is not None and not usable:
        _logger.warning(
            "metadata.%s = %r is ignored: a gain is a finite number > 0.",
            _ITEM,
            stored,
            kind="to do",
        )
        stored = None
    estimated, reliable = estimate_gain(lower, upper)
    if stored is not None:
        gain, source = float(stored), "metadata"
    elif np.array_equal(counts, np.rint(counts)):
        _logger.info("All counts are whole numbers: each is taken for one electron.")
        gain, source = 1.0, "integer counts"
    elif np.isfinite(estimated) and estimated > 0:
        _logger.warning(
            "The counts are not whole numbers and metadata.%s is not set: the gain is estimated "
            "from their noise, %.3g counts per electron. Give `gain` if it is known.",
            _ITEM,
            estimated,
            kind="told",
        )
        return estimated, "estimated"
    else:
        raise ValueError(
            "The counts are not whole numbers, and their noise does not reveal the gain. Give "
            "`gain`, in counts per electron."
        )
    if reliable and estimated > _CONTRADICTED * gain:
        _logger.warning(
            "%s a gain of %.3g, but the noise of the spectra shows %.3g counts per electron, which "
            "is used. Give `gain` if it is known.",
            "The metadata give" if source == "metadata" else "Whole numbers suggest",
            gain,
            estimated,
            kind="told",
        )
        return estimated, "noise"
    if reliable and not 0.5 < estimated / gain < 2:
        _logger.warning(
            "The gain is taken as %.3g counts per electron (%s), but the noise of the spectra "
            "suggests %.3g: with a wrong gain lambdas='auto' smooths too little or too much. "
            "Give `gain` if it is known.",
            gain,
            source,
            estimated,
            kind="wrong gain",
        )
    return gain, source


def estimate_gain(lower, upper):
    """Estimate counts per electron from the noise between horizontal neighbours.

    The share of counts in the lower of two neighbouring windows hardly depends on the thickness.
    What it changes by from one pixel to the next is noise, of a variance that for counting
    statistics grows with the gain. The median over all pixels leaves out the steps in composition.

    Parameters
    ----------
    lower, upper : numpy.ndarray
        Counts in the two windows, shape (K, ny, nx).

    Returns
    -------
    gain : float
        The least of the K estimates, as structure can only add to them; NaN without counts.
    reliable : bool
        Whether it rests on enough pixels and counts.
    """
    a, b, c, d = lower[..., :-1], lower[..., 1:], upper[..., :-1], upper[..., 1:]
    variance = a * d * (a + d) + b * c * (b + c)
    gains = []
    for difference, expected in zip(a * d - b * c, variance, strict=True):
        use = expected > 0
        if use.any():
            gains.append(np.median(difference[use] ** 2 / expected[use]) / _MEDIAN_CHI_SQUARED)
    if not gains:
        return np.nan, False
    gain = float(min(gains))
    enough = variance[0].size >= _PAIRS and lower.mean() >= _COUNTS * max(gain, 1.0)
    return gain, bool(enough)
