"""What existing maps are worth: their gain, and whether all maps have the same unit."""

from itertools import combinations

import numpy as np

from ..written_numbers import known_by_name, plain, with_error

COUNTS = "counts"
# Gains that differ by more than this factor, and by this many standard errors, belong to maps in
# different units. The error of a gain that is a guess is taken to be this share of it: with a
# smaller one, it would not be a guess.
_APART, _STANDARD_ERRORS, _GUESSED = 1.5, 3.0, 0.6


def check_amounts(are_fractions):
    """Refuse maps that are fractions of a total, whose sums over pixels are no amounts.

    Parameters
    ----------
    are_fractions : bool
        Whether the maps are fractions; ``Multimodal_fusion.are_fractions`` of their metadata.

    Raises
    ------
    ValueError
    """
    if are_fractions:
        raise ValueError(
            "maps must be amounts, such as counts, but they are fractions: together with any maps "
            "that were left out, they add up to the same value in each pixel. Their sums are "
            "therefore not amounts of an element. Pass the counts to fuse_maps. If you do not have "
            "them, average the fractions over regions of uniform thickness yourself, for example "
            "with NumPy."
        )


def check_one_unit(measured, of_regions=False):
    """Refuse maps whose estimated gains show that they are in different units.

    Factors multiply the values of maps, and are meaningless unless all maps have the same unit.
    Regions are found where maps are alike in what they have of each element.

    Parameters
    ----------
    measured : Measured
    of_regions : bool
        Whether maps are compared only to find regions. Default False.

    Raises
    ------
    ValueError
    """
    if measured.gain_doubts is None or not _pairs_apart(measured):
        return
    worth = _worth(measured, assumed=True)
    if of_regions:
        raise ValueError(
            "No regions can be found, because the noise of the maps suggests different units: in "
            f"map units, one count is worth {worth}. Pass regions='whole', or regions of your own, "
            "such as a label image, as `regions`: sums of each map are then in its own unit. Or "
            "pass the maps to fuse_maps as they were recorded, in counts."
        )
    raise ValueError(
        "maps must have the same unit, but their noise suggests different ones: in map units, one "
        f"count is worth {worth}. Pass the maps to fuse_maps as they were recorded, in counts. If "
        "you do not have them, compare regions of your own within each map: "
        "hyperspy_multimodal.region_sums(maps, output, regions) accepts maps in different units. "
        "Passing these estimates as `gain` does not give the maps the same unit: pass `gain` only "
        "if you know from the software what one count is worth."
    )


def check_noise_is_known(measured):
    """Refuse to find regions in maps whose noise is unknown.

    Parameters
    ----------
    measured : Measured

    Raises
    ------
    ValueError
    """
    unknown = _without_noise(measured)
    if unknown:
        raise ValueError(
            f"No regions can be found, because the noise of {', '.join(unknown)} is unknown: "
            "neighbouring pixels are correlated, as after smoothing or interpolation. Pass "
            "regions='whole' or a label image as `regions`, or the map units of one count as "
            "`gain` if you know them."
        )


def _without_noise(measured):
    """Return the names of maps whose noise is unknown."""
    unknown = np.isnan(_doubts(measured))
    return [name for name, each in zip(measured.names, unknown, strict=True) if each]


def remarks_on_units(measured, metadata, is_ratio):
    """Return what a reader of sums or compositions must know of gains and units.

    Parameters
    ----------
    measured : Measured
    metadata : DictionaryTreeBrowser
        Of a map; those of spectra have the gain in their record.
    is_ratio : bool
        Whether values of different maps are compared, as in a composition.

    Returns
    -------
    list of str
    """
    remarks = []
    if metadata.get_item("Multimodal_fusion.are_fractions", False):
        remarks.append("values: the maps are fractions, so sums are not amounts of an element")
    error = metadata.get_item("Multimodal_fusion.gain_error", None)
    if error is not None:
        gain = with_error(metadata.Multimodal_fusion.gain, error)
        remarks.append(
            f"noise: the gain was estimated, {gain} counts per electron; errors are proportional "
            "to its square root"
        )
    if metadata.get_item("Multimodal_fusion.may_be_gross", False):
        remarks.append(
            "counts: as given, and may include background and overlapping lines, which no error "
            "contains"
        )
    unknown = _without_noise(measured)
    if unknown:
        of_all = " and those of the composition" if is_ratio else ""
        remarks.append(
            f"noise: unknown for {', '.join(unknown)}, where neighbouring pixels are correlated, "
            f"as after smoothing or interpolation, so the errors of these counts{of_all} are NaN; "
            "pass the maps as recorded, or the map units of one count as `gain` if you know them"
        )
    elif measured.gain_doubts is not None:
        known = np.isfinite(measured.gain_doubts).all()
        guessed = "" if known else ", and are guesses where a gain is unknown"
        remarks.append(
            "noise: estimated from the maps, where one count is worth, in map units, "
            f"{_worth(measured, assumed=True)}; errors are proportional to the square root of "
            f"these gains{guessed}"
        )
    has_pedestal = np.any(metadata.get_item("Multimodal_fusion.pedestal", 0.0))
    of_fit = _errors_of_fit(measured, has_pedestal)
    if of_fit:
        remarks.append(f"fit: {'; '.join(of_fit)}")
    if np.any(measured.divided_by != 1):
        gains = known_by_name(measured.names, measured.divided_by, np.zeros(len(measured.names)))
        remarks.append(f"k: factors are for counts, so maps were divided by their gains, {gains}")
    of_units = measured.unit != COUNTS
    if (
        is_ratio
        and of_units
        and (_pairs_apart(measured) or not np.all(np.isfinite(_doubts(measured))))
    ):
        remarks.append("composition: all maps are taken to have the same unit")
    return remarks


def _errors_of_fit(measured, has_pedestal):
    """Return what the errors "fit" of given maps hold, in words."""
    found = []
    if measured.subtracted:
        in_all = np.square(measured.per_pixel * measured.used.size)
        errors = np.sqrt(np.diag(measured.common).clip(0) + in_all)
        shares = 100 * errors / np.maximum(np.abs(measured.totals), np.finfo(float).tiny)
        listed = (
            f"{name} {plain(each, 2)} %"
            for name, each in zip(measured.names, shares, strict=True)
            if each > 0
        )
        what = " and ".join(measured.subtracted)
        found.append(f"error of {what} that was subtracted, {', '.join(listed)} of the total")
    if measured.cut_off.any():
        less = ", less the pedestal" if has_pedestal else ""
        most = (
            f"{name} {plain(each, 2)}"
            for name, each in zip(measured.names, measured.cut_off, strict=True)
            if each > 0
        )
        found.append(
            "noise below 0 may have been cut off, which makes sums too high by at most "
            f"{', '.join(most)} per pixel, the upper limit for dark pixels (mean "
            f"of the darkest blocks + 3 standard errors){less}"
        )
    return found


def _doubts(measured):
    known = np.zeros(len(measured.names))
    return known if measured.gain_doubts is None else measured.gain_doubts


def _pairs_apart(measured):
    """Return whether the gains of any two maps differ clearly."""
    logarithms, doubts = np.log(measured.per_count), np.minimum(_doubts(measured), _GUESSED)
    # NaN, an unknown noise, suggests nothing
    return any(
        abs(logarithms[i] - logarithms[j])
        > np.maximum(np.log(_APART), _STANDARD_ERRORS * np.hypot(doubts[i], doubts[j]))
        for i, j in combinations(range(len(doubts)), 2)
    )


def _worth(measured, assumed=False):
    errors = measured.per_count * _doubts(measured)
    return known_by_name(measured.names, measured.per_count, errors, assumed)
