"""Messages on sums by brightness of the HAADF and of other maps, over strips and over rings."""

import numpy as np

from ..notes import Speaker
from ..selection import BRIGHTNESS, DISTANCE, OTHERS, POSITION
from .differences import all_differences, largest_differences

_logger = Speaker(__name__)
# Share of the total of an element by which sums must be wrong to call for care; or share of the sum
# itself, if that is at least another share of the total.
_RELEVANT, _OF_SUM, _LEAST_SUM = 0.02, 0.05, 0.05
# Share of a smaller sum by which it must be wrong for a remark.
_OF_SMALL_SUM = 0.2


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

    Or by a share of the sum itself, where an element has a relevant part of its counts. A smaller
    sum that differs by a large share of its own value, such as that of a dim halo of a particle,
    causes a remark, which does not change the verdict. All others are logged at level INFO.

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
    doubtful = {each.element for each in left if _is_large(each, totals)}
    notable = [each for each in left if _is_large(each, totals) or _is_large_part(each)]
    large = [each for each in notable if each.element in doubtful]
    if large:
        _logger.warning(
            "Sums of fused maps over parts of the scan still differ from those of the counts: "
            "%s. No correction that is smooth across the scan, or by brightness, brings these "
            "maps closer to the counts of single pixels. There, use sums of the raw maps%s.",
            all_differences(maps, large),
            ", or try gamma='auto'" if may_try_gammas else "",
            kind="wrong sums",
            about=_errors_by_name(maps, large),
        )
    if dim := [each for each in notable if each not in large]:
        _logger.warning(
            "Sums of fused maps over parts of the scan with few counts differ from those of the "
            "counts: %s. This is noted beside the verdicts, but does not change them. There, use "
            "sums of the raw maps.",
            all_differences(maps, dim, shares=True),
            kind="wrong small sums",
            about=_errors_by_name(maps, dim),
        )
    if others := [each for each in left if each not in notable]:
        _logger.info(
            "Sums of fused maps over parts of the scan differ significantly from those of the "
            "counts, but by less than %d %% of the sum: %s. This does not change the verdicts.",
            100 * _OF_SMALL_SUM,
            all_differences(maps, others, shares=True),
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


def _is_large_part(lost):
    """Return whether a sum differs by a large share of its own value."""
    return abs(lost.fused - lost.counts) > _OF_SMALL_SUM * abs(lost.counts)


def _errors_by_name(maps, lost):
    """Return the standard errors of the most significant difference by name of the map."""
    found = {}
    for each in lost:
        name = maps.names[each.element]
        found[name] = max(abs(each.significance), found.get(name, 0.0))
    return found
