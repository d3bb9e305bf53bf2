"""Messages of a fusion about counts, HAADF and maps."""

from collections import Counter

import numpy as np

from ..counts.contracts import Maps
from ..fusion.regularisers import are_directional
from ..notes import Speaker, gathered_so_far
from ..selection import BLURS
from ..written_numbers import percent
from .differences import largest_differences
from .restored_lines import warn_of_restored_lines

_logger = Speaker(__name__)

_POOR_R_SQUARED, _GOOD_R_SQUARED = 0.5, 0.7
# Counts above which spectra have many, and the share of lost spectra that causes a warning.
_MANY, _LOST = 20.0, 0.005
# Shift in pixels that causes a warning.
_SHIFTED = 1.0


def check_counts(maps: Maps, automatic):
    """Raise an error for fractions if counts have to be split, and warn of scaled counts."""
    if automatic and not (maps.are_integers or maps.splits_rounded):
        raise ValueError(
            "lambdas='auto' splits the counts into two halves, so it needs whole counts, but "
            "the spectra contain fractions. Pass the counts as recorded, or lambdas=(lambda_1, "
            "lambda_2). An ROI along a line interpolates unless its linewidth is 0. For a wider "
            "line, sum the spectra instead, for example with s.inav[:, 10:15].sum('y')."
        )
    if maps.are_integers and maps.divisor > 1:
        _logger.warning(
            "All counts are multiples of %d, so they have probably been scaled, and their noise is "
            "underestimated. Pass the counts as recorded.",
            maps.divisor,
            kind="scaled counts",
        )


def say_what_was_left_out(names, setting, parameters=None, model=None, empty=False):
    """Log that the HAADF is not used, or not used for some elements.

    Parameters
    ----------
    names : list of str
        Lines or edges.
    setting : Setting
        What was chosen.
    parameters : Parameters, optional
        Requested parameters, if the HAADF was left out.
    model : HaadfModel, optional
        The best model of the HAADF, if it was left out.
    empty : bool
        Whether there are no counts at all.
    """
    if setting.model is None:
        if empty:
            _logger.warning(
                "There are no counts, so the maps are empty. Check the elements, the energy "
                "axis and the mask.",
                kind="no counts",
            )
        elif not model.has_weights:
            _logger.warning(
                "All HAADF weights are 0 (%s), so the maps are recovered from the counts alone.",
                "fitted; check that this is the HAADF image of the scan"
                if parameters.fits_weights
                else "as given",
                kind="to do" if parameters.fits_weights else "told",
            )
        else:
            _say_haadf_left_out(names, setting, parameters, model)
        return
    apart = [name for name, alone in zip(names, setting.apart, strict=True) if alone]
    if apart:
        follow = are_directional(setting.regularisers)
        guided = [name for name, each in zip(names, follow, strict=True) if each and name in apart]
        _logger.warning(
            "The brightness of the HAADF does not improve the prediction of the held-out counts of "
            "%s. It is not used for these maps%s.",
            ", ".join(apart),
            f"; its edges are, for {', '.join(guided)}" if guided else "",
            kind="told",
        )


def warn_of_widest_blur(model, given):
    """Warn that the blur of the HAADF is the largest one tried.

    Not of maps that are fractions, which a blurred HAADF does not describe any better.
    """
    of_shares = any(note.kind == "shares" for note in gathered_so_far() or [])
    if isinstance(given, str) and model.blur == BLURS[-1] and not of_shares:
        _logger.warning(
            "The HAADF is blurred by %g pixels, the largest blur that is tried. If the maps are "
            "blurred more than that, pass haadf_blur.",
            model.blur,
            kind="widest blur",
        )


def warn_of_lost_positions(maps: Maps, haadf):
    """Warn of scan positions without counts that are bright in the HAADF.

    Only for maps with known counts of whole spectra.
    """
    counts = maps.gross
    if counts is None or not np.any(counts > _MANY):
        return
    level = np.median(haadf[counts > _MANY])
    if level <= haadf.min():
        return  # no part of the HAADF is darker than the positions with counts
    lost = (counts <= 0) & (haadf >= level)
    if lost.mean() > _LOST:
        shown = float(f"{level:.4g}")  # for copying: digits without separators
        _logger.warning(
            "%d scan positions (%.1f %%) contain no counts although the HAADF is bright there, so "
            "their spectra were probably lost. They are used as they are, which makes the "
            "maps too dark there. Leave them out with navigation_mask=(s.data.sum(axis=-1) == "
            "0) & (haadf.data >= %s), which keeps empty vacuum.",
            lost.sum(),
            100 * lost.mean(),
            shown,
            kind="lost positions",
        )


def warn_of_negative_counts(names, negative):
    """Name maps whose net counts are significantly below 0 somewhere.

    Parameters
    ----------
    names : list of str
        Lines or edges.
    negative : Negative
        Negative counts of the maps.
    """
    found = {
        name: float(negative.shares[k]) for k, name in enumerate(names) if negative.are_large[k]
    }
    if found:
        errors = np.divide(
            negative.sums,
            negative.errors,
            out=np.full_like(negative.sums, -np.inf),
            where=negative.errors > 0,
        )
        _logger.warning(
            "Net counts are significantly below 0: %s. The background is too high there and may "
            "be wrong elsewhere. For EELS, compare with spectra cropped to a shorter energy range; "
            "where no lines or edges overlap, also with the other map_method, or with other "
            "background_windows. For maps given to fuse_maps, subtract less background.",
            ", ".join(
                f"{name} ({errors[k]:.0f} standard errors over {negative.pixels[k]:.0f} pixels, "
                f"{_of_total(found[name])})"
                for k, name in enumerate(names)
                if name in found
            ),
            kind="negative counts",
            about=found,
        )


def _of_total(share):
    """Return in words which share of the total is below 0."""
    return "more than its total" if share > 1 else f"{percent(-share, 1)} of the total"


def warn_of_poor_model(model):
    """Warn if the maps explain little of the HAADF."""
    if model.r_squared < _POOR_R_SQUARED:
        _logger.warning(
            "The maps explain only %.0f %% of the HAADF's variance at gamma = %g. An element "
            "may be missing, the HAADF may show diffraction contrast, or it may belong to "
            "another scan. Look at `haadf_residual` of full_output=True: it is bright where "
            "something is missing from the maps.",
            100 * max(model.r_squared, 0),
            model.gamma,
            kind="unlike HAADF",
            about=1 - float(model.r_squared),
        )


def say_what_was_given_back(maps, lost, kept):
    """Log where fusion had erased or added significant structure, which was corrected.

    Parameters
    ----------
    maps : Maps
        Measured maps.
    lost : list of Lost
        The corrected windows.
    kept : numpy.ndarray
        Corrected maps, shape (K, ny, nx).
    """
    if lost:
        _logger.warning(
            "Fusion had erased structure that the counts show, or added structure that they do "
            "not: %s. In these windows, the sums of the maps were corrected towards those of the "
            "counts (`relaxed` in the record).",
            largest_differences(maps, lost, is_place=True, kept=kept),
            kind="corrected",
            brief=f"Sums corrected in windows: {_numbers(maps.names, lost)}.",
        )
    warn_of_restored_lines(maps, lost)
    warn_of_hot_pixels(maps, lost)


def warn_of_hot_pixels(maps, lost):
    """Name maps in which single pixels, but not their neighbours, hold significantly more counts.

    No structure of a specimen is as small as a pixel, unless the probe is smaller.

    Parameters
    ----------
    maps : Maps
        Measured maps.
    lost : list of Lost
        The restored windows.
    """
    single = [each for each in lost if len(each.pixels[0]) == 1 and each.significance > 0]
    if single:
        _logger.warning(
            "Single pixels hold many more counts than fusion expects from their neighbours: %s "
            "(`relaxed` in the record). They may be hot pixels or cosmic rays rather than "
            "structure of the specimen. The fused maps show them as the counts do. Leave them out "
            "with `navigation_mask`, unless the specimen has such structure.",
            largest_differences(maps, single, is_place=True, counts_first=True),
            kind="hot pixels",
            about=list(dict.fromkeys(maps.names[each.element] for each in single)),
        )


def _numbers(names, lost):
    """Return how many windows of each element were corrected."""
    numbers = Counter(names[each.element] for each in lost)
    return ", ".join(f"{name} ({n})" for name, n in numbers.items())


def _say_haadf_left_out(names, setting, parameters, model):
    follow = are_directional(setting.regularisers)
    guided = [name for name, follows in zip(names, follow, strict=True) if follows]
    if parameters.chooses_gamma:
        tried, remedy = "For every gamma tried", ""
    else:
        tried = f"At gamma = {parameters.gamma:g}"
        remedy = " gamma='auto' also tries other values."
    given = []
    if not parameters.fits_weights:
        given.append("weights")
    if not parameters.chooses_blur:
        given.append("haadf_blur")
    edges = f" and the edges of the HAADF ({', '.join(guided)})" if guided else " alone"
    if model.r_squared >= _GOOD_R_SQUARED and not given:
        _logger.warning(
            "%s, the brightness of the HAADF does not significantly improve the prediction of "
            "held-out counts, so it is not used%s. The maps nevertheless agree with the HAADF: "
            "they explain %.0f %% of its variance.%s",
            tried,
            f" (its edges are, for {', '.join(guided)})" if guided else "",
            100 * model.r_squared,
            remedy,
            kind="told",
        )
        return
    _logger.warning(
        "%s, the brightness of the HAADF does not significantly improve the prediction of "
        "held-out counts, so it is left out. The maps are recovered from the counts%s. Possible "
        "reasons: too few counts%s; an image that is rotated, shifted or from another scan; "
        "contrast that the elements do not explain (a missing element, diffraction). Smoothed "
        "maps explain %.0f %% of the HAADF's variance.%s",
        tried,
        edges,
        f"; unsuitable {' and '.join(given)}" if given else "",
        100 * max(model.r_squared, 0),
        remedy,
        kind="told",
    )


def warn_of_registration(found, align):
    """Warn if the HAADF seems to be rotated or shifted relative to the maps.

    Parameters
    ----------
    found : Registration
        Registration of the HAADF relative to the maps.
    align : bool
        Whether a shift is corrected.
    """
    if found.orientation is not None:
        _logger.warning(
            "The HAADF seems to be %s relative to the maps. If it is, pass %s instead. In that "
            "case, messages about its bright or dark parts, such as those about vacuum, are wrong.",
            found.orientation,
            found.remedy,
            kind="turned HAADF",
        )
    elif not align and found.distance > _SHIFTED:
        _logger.warning(
            "The HAADF seems to be shifted relative to the maps. It would fit better if it were "
            "moved by (%.1f, %.1f) pixels (y, x), as align=True does.",
            *found.shift,
            kind="shifted HAADF",
        )


def say_shift(shift):
    """Say whether ``align`` moved the HAADF, and by how many pixels (y, x)."""
    if np.any(shift):
        _logger.warning(
            "The HAADF is moved by (%.2f, %.2f) pixels (y, x).",
            *shift,
            kind="aligned",
            brief=f"HAADF moved by ({shift[0]:.2f}, {shift[1]:.2f}) pixels (y, x).",
        )
        return
    _logger.warning(
        "The HAADF is not moved: no shift clearly improves the fit to the maps.",
        kind="aligned",
        brief="HAADF not moved.",
    )
