"""Totals with large errors."""

import numpy as np

from ..notes import Speaker
from ..written_numbers import percent
from .absent import absent, say_absent
from .raw_noise import errors_of_presence, errors_of_totals, noise_of_totals

_logger = Speaker(__name__)

# Relative standard error of a total that is reported.
_UNCERTAIN = 0.1


def say_uncertain(names, totals, errors, below, sources):
    """Name lines or edges whose totals are uncertain.

    Parameters
    ----------
    names : list of str
        Lines or edges.
    totals, errors : array_like
        Totals and their standard errors, with all that is known of them, shape (K,).
    below : collection of str
        Those that were not found, and are not named again.
    sources : str
        What the errors include.
    """
    shares = np.asarray(errors) / np.maximum(totals, 1e-300)
    about = dict(zip(names, shares.tolist(), strict=True))
    known = {name: each for name, each in about.items() if each > _UNCERTAIN and name not in below}
    if known:
        _logger.warning(
            "Totals are uncertain by %s. This includes %s. Report them with their errors: "
            "`total_errors` (in counts) in metadata.Multimodal_fusion.",
            ", ".join(f"{percent(share)} ({name})" for name, share in known.items()),
            sources,
            kind="uncertain total",
            about=known,
        )


def checked_totals(noise, foreign, sources):
    """Return the errors of totals of windows, and name those not found, and the uncertain ones.

    Parameters
    ----------
    noise : dict
        From `noise_of_windows`.
    foreign : numpy.ndarray or None
        As there, in the counts of ``noise``.
    sources : str
        What the errors include.

    Returns
    -------
    list of float
    """
    names, totals = zip(*noise["totals"].items(), strict=True)
    errors = errors_of_totals(noise)
    below = absent(names, totals, errors_of_presence(noise, foreign), noise_of_totals(noise))
    say_absent(below)
    say_uncertain(names, totals, errors, below, sources)
    return errors
