"""Whether noise contradicts a gain."""

import numpy as np

# By this factor and this many standard errors. The noise must be known as well.
_FACTOR, _STANDARD_ERRORS = 2.0, 4.0


def is_contradicted(gain, found, error):
    """Return whether a gain is clearly wrong by the noise.

    Parameters
    ----------
    gain : float
        As given, assumed or read.
    found, error : float
        The same by the noise, and its standard error; not finite if unknown.
    """
    if not (np.isfinite(error) and _STANDARD_ERRORS * error < found):
        return False
    apart = abs(found - gain) > _STANDARD_ERRORS * error
    return bool(apart and not 1 / _FACTOR < found / gain < _FACTOR)
