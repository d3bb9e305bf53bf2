"""What is known of the background of existing maps, and how their values are called."""

import numpy as np

from ..notes import Speaker
from ..signals.quantity import COUNTS, MAP_UNITS, NET_COUNTS

_logger = Speaker(__name__)


def quantity_of_maps(gains, source, is_net):
    """Return what given maps are of.

    Parameters
    ----------
    gains : numpy.ndarray
        Map units per count, shape (K,).
    source : str
        Source of the gains, as from `ready_maps`.
    is_net : bool
        From `background_is_subtracted`.

    Returns
    -------
    str
    """
    if source == "estimated" or np.any(gains != 1):
        return MAP_UNITS
    return NET_COUNTS if is_net else COUNTS


def background_is_subtracted(background, pedestal):
    """Return whether a background was subtracted from all maps, before fusion or by it.

    Parameters
    ----------
    background : numpy.ndarray or None
        Background that was subtracted before, as given.
    pedestal : numpy.ndarray
        What fusion subtracted, shape (K,).
    """
    before = np.zeros(len(pedestal)) if background is None else background
    return bool(np.all(np.maximum(before, pedestal) > 0))


def say_background_is_unknown():
    """Say that whole numbers may be gross counts: net counts are rarely whole and positive."""
    _logger.warning(
        "The maps contain whole numbers without negative values, as gross counts do. It is not "
        "known whether background and overlapping lines were subtracted from them. If not, "
        "totals, ratios and compositions are wrong, whatever the verdict. If you have the spectra, "
        "fuse them instead.",
        kind="gross counts",
        brief="Counts are as given: they may include background and overlapping lines.",
    )
