"""Messages on sums by brightness of the HAADF and of other maps, over strips and over rings."""

import numpy as np

from ..notes import Speaker
from ..selection import BRIGHTNESS, DISTANCE, OTHERS, POSITION
from .differences import all_differences, largest_differences

_logger = Speaker(__name__)
# Share of the total of an element by which sums must be wrong to call for care; or share of the sum
# itself, if that is at least another share of the total.
_RELEVANT, _OF_SUM, _LEAST_SUM = 0.02, 0.05, 0.05


def say_what_was_moved_back(maps, lost, kept):
    """Log which elements had wrong sums over ranges or strips, now corrected.

    Parameters
    ----------
    maps : Maps
        Measured maps.
    lost : list of Lost
        Corrected ranges of brightness, of the HAADF or another map, strips, and rings.
    kept : numpy.ndarray
        Corrected maps, shape (K, ny, nx).
    """
    if some := _of(lost, BRIGHTNESS):
        _logger.warning(
            "Fusion had moved counts between dark and bright pixels of the HAADF: %s. The sums of "
            "the maps there were corrected towards those of the counts (`bright_restored` in the "
            "record).",
            largest_differences(maps, some, kept=kept),
            kind="told",
        )
    if some := _of(lost, POSITION):
        _logger.warning(
            "Fusion had moved counts across the scan: %s. The sums of the maps over rows and "
            "columns were corrected towards those of the counts (`strips_restored` in the record).",
            largest_differences(maps, some, kept=kept),
            kind="told",
        )
    if some := _of(lost, OTHERS):
        _logger.warning(
            "Fusion had moved counts between regions with and without another element: %s. The "
            "sums of the maps there were corrected towards those of the counts "
            "(`contrast_restored` in the record).",
            largest_differences(maps, some, kept=kept),
            kind="told",
        )
    if some := _of(lost, DISTANCE):
        _logger.warning(
            "Fusion had moved counts into or out of bright regions, or around them: %s. The sums "
            "of the maps there were corrected towards those of the counts (`rings_restored` in the "
            "record).",
            largest_differences(maps, some, kept=kept),
            kind="told",
        )


def warn_of_wrong_sums(maps, left, may_try_gammas=False):
    """Warn if sums over ranges of brightness or strips remain wrong by a share of the total.

    Or by a share of the sum itself, where an element has a relevant part of its counts. Smaller
    differences are logged at level INFO: sums of many pixels are known so well that a dim halo of a
    particle may be significant.

    Parameters
    ----------
    maps : Maps
        Measured maps.
    left : list of Lost
        Ranges of brightness, of the HAADF or another map, strips, and rings, at most one of each
        for each element.
    may_try_gammas : bool
        Whether to point at other exponents of the HAADF model. Default False.
    """
    totals = np.abs(maps.totals) if left else ()
    large = [each for each in left if _is_large(each, totals)]
    if large:
        _logger.warning(
            "Sums of fused maps over parts of the scan still differ from those of the counts: "
            "%s. No correction that is smooth across the scan, or by brightness, brings these "
            "maps closer to the counts of single pixels. There, use sums of the raw maps%s.",
            all_differences(maps, large),
            ", or try gamma='auto'" if may_try_gammas else "",
            kind="wrong sums",
            about={maps.names[each.element]: abs(each.significance) for each in large},
        )
    if small := [each for each in left if each not in large]:
        _logger.info(
            "Sums of fused maps over parts of the scan differ from those of the counts by little: "
            "%s. This does not change the verdicts. To quote such sums, use the raw maps.",
            all_differences(maps, small),
        )


def wrong_by_brightness(maps, left):
    """Return the names of maps of which `warn_of_wrong_sums` says that brightness matters."""
    totals = np.abs(maps.totals) if left else ()
    some = [each for each in _of(left, BRIGHTNESS) if _is_large(each, totals)]
    return {maps.names[each.element] for each in some}


def _of(lost, family):
    """Return the ranges of one family."""
    return [each for each in lost if each.window.family == family]


def _is_large(lost, totals):
    """Return whether a sum is wrong by a relevant share of its element's total, or of itself."""
    wrong, total = abs(lost.fused - lost.counts), totals[lost.element]
    is_part = lost.counts > _LEAST_SUM * total
    return wrong > _RELEVANT * total or (is_part and wrong > _OF_SUM * lost.counts)
