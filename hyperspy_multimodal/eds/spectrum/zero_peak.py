"""The peak at zero energy, which holds no X-rays: pulses of the electronics."""

import numpy as np
from scipy import ndimage

# Where the peak may be, and where its tail ends at the latest, in keV.
_NEAR, _LAST = 0.12, 0.26
_SMOOTHED = 3  # channels
# Times that the peak exceeds the valley behind it, and standard errors.
_HIGHER, _CERTAIN = 3.0, 5.0


def after_zero_peak(observed, detector, used):
    """Return the channels to fit without those of a peak at zero energy.

    Such a peak ends where the spectrum behind it is lowest, at 0.26 keV at the latest: however wide
    it is, the line of carbon begins there.

    Parameters
    ----------
    observed : numpy.ndarray
        Summed spectrum, counts, shape (C,).
    detector : Detector
        Channels.
    used : numpy.ndarray
        Channels to fit, bool, shape (C,).

    Returns
    -------
    numpy.ndarray
        Bool, shape (C,).

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.eds.spectrum.detector import Detector
    >>> from hyperspy_multimodal.eds.spectrum.zero_peak import after_zero_peak
    >>> detector = Detector((np.arange(101) - 20.5) * 0.01, 130.0)
    >>> energy = detector.centres
    >>> counts = 1e5 * np.exp(-((energy / 0.09) ** 2)) + 1e4 * np.exp(-(((energy - 0.52) / 0.04) ** 2))
    >>> used = after_zero_peak(counts, detector, energy > 0.15)
    >>> round(float(energy[used][0]), 2)
    0.26
    """  # noqa: E501
    smooth = ndimage.uniform_filter1d(np.asarray(observed, dtype=float), _SMOOTHED)
    energy = detector.centres
    start = np.flatnonzero(np.abs(energy) < _NEAR)
    if not len(start):
        return used
    top = start[np.argmax(smooth[start])]
    behind = np.flatnonzero((energy > energy[top]) & (energy < _LAST))
    if not len(behind):
        return used
    valley = behind[np.argmin(smooth[behind])]
    noise = np.sqrt(max(smooth[top], 1.0) / _SMOOTHED)
    is_peak = smooth[top] > _HIGHER * smooth[valley] + _CERTAIN * noise
    # a peak has a near side, or it is the flank of a line that the axis puts there
    falls = smooth[top] > smooth[start[0]] or start[0] == 0
    if not (is_peak and falls):
        return used
    return used & (np.arange(len(energy)) > valley)
