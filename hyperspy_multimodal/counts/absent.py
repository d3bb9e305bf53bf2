"""Elements whose total does not exceed its errors."""

import numpy as np

from ..notes import Speaker
from ..written_numbers import with_error

_logger = Speaker(__name__)

#: Counts of fewer standard errors mean that a line or an element is not there.
ABSENT = 3.0
# With background and overlapping elements, errors are mostly not random, and not so small that
# an edge that is plain to see exceeds three of them.
_WITH_ALL = 2.0


def least_found(errors, noise):
    """Return the counts from which an element is found.

    Parameters
    ----------
    errors, noise : array_like
        Standard errors of counts, with all that is known of them, and by noise alone.

    Returns
    -------
    numpy.ndarray
    """
    return np.maximum(ABSENT * np.asarray(noise, float), _WITH_ALL * np.asarray(errors, float))


def absent(names, totals, errors, noise=None):
    """Return the lines or edges that were not found, with their totals in words, by name.

    Parameters
    ----------
    names : list of str
        Lines or edges.
    totals, errors : sequence of float
        Totals and their standard errors, with all that is known of them, shape (K,).
    noise : None or sequence of float
        Standard errors by noise alone, shape (K,). Totals are then compared with three of these
        and with two of ``errors``; if None (default), with three of ``errors``.
    """
    least = least_found(errors, errors if noise is None else noise)
    return {
        name: f"{name} ({with_error(total, error)} counts)"
        for name, total, error, most in zip(names, totals, errors, least, strict=True)
        if total < most
    }


def say_absent(found):
    """Name lines or edges that were not found; ``found`` is from `absent`."""
    if found:
        _logger.warning(
            "Not found: %s. Noise, background and overlapping elements may explain these counts, "
            "so these maps may show nothing of the element.",
            ", ".join(found.values()),
            kind="not found",
            about=list(found),
        )
