"""Messages about the fit of EDS spectra, and checks that raise errors."""

import logging

import numpy as np
from scipy import signal

from ..counts.absent import absent, say_absent
from ..notes import Speaker
from ..written_numbers import plain, with_error
from .unnamed_overlaps import overlaps

_logger = Speaker(__name__)

#: How `goodness` begins.
GOODNESS = "The fit of the summed spectrum is "

# Unnamed elements cause a warning if they have this share of all counts in lines.
_MANY = 0.01
_NAMED_PEAKS = 5
# Relative error of a total, and correlation of noise, that are reported.
_UNCERTAIN, _SHARED = 0.1, 0.7
# Widths (FWHM) within which an unexplained peak is near a line.
_NEAR = 3.0
# If a larger share of the counts in lines belongs to no element, no map can be trusted.
UNEXPLAINED = 0.25
# Deviation of peaks from the model, relative to their height, for a good and a fair fit.
_GOOD, _FAIR = 0.03, 0.1


def check_calibration(explanation):
    """Raise an error if the energy axis could not be calibrated.

    Raises
    ------
    ValueError
        If offset or gain end at the limits of the fit, or if one fits far better beyond.
    """
    fit = explanation.fit
    if explanation.lost_axis is None:
        return
    offset, gain = explanation.lost_axis
    peaks = ", ".join(f"{energy:.2f}" for energy in strongest_peaks(fit))
    named = ", ".join(
        f"{line.name} {line.energy:.2f}"
        for line in fit.lines
        if line.element and line.name.split("_")[1] in ("Ka", "La", "Ma")
    )
    raise ValueError(
        "The X-ray lines of the elements do not fit the spectrum at the energies of its axis: "
        f"the axis would have to move by {1e3 * offset:+.0f} eV and {100 * gain:+.1f} %, which "
        "is too much for a calibration error. The strongest peaks of the summed spectrum are at "
        f"{peaks} keV, but lines are expected at {named} keV. Check the elements "
        "(s.set_elements) and the energy axis (s.axes_manager[-1].offset, .scale, .units), or "
        "keep the axis as it is with fit_maps(s, refine_calibration=False)."
    )


def check_explained(found):
    """Raise an error if the elements do not explain the peaks of the spectrum.

    Parameters
    ----------
    found : XrayProjection

    Raises
    ------
    ValueError
        If a quarter of the counts of lines or more are of no element; or if none of the mapped
        lines is there, but peaks of others are.
    """
    explanation = found.explanation
    share = unexplained(explanation.fit)
    others = bool(explanation.peaks) or bool(explanation.other_elements)
    if share >= UNEXPLAINED:
        what = f"No element explains {100 * share:.0f} % of the X-ray line counts"
    elif others and len(_absent(found)) == len(found.plan.names):
        below = ", ".join(_absent(found).values())
        what = f"None of {below} was found, but other lines were"
    else:
        return
    peaks = ", ".join(f"{energy:.2f}" for energy in strongest_peaks(explanation.fit))
    raise ValueError(
        f"{what} in the summed spectrum. Its strongest peaks are at {peaks} keV. Either the "
        "energy axis is wrong (s.axes_manager[-1].offset, .scale, .units), or the elements are "
        "(s.set_elements; suggest_elements(s) suggests some). Maps from this fit would be "
        "wrong. map_method='windows' works without a fit."
    )


def _absent(found):
    """Return the mapped lines that were not found, with their totals, by name."""
    # the errors of totals include counts that may belong to another element
    doubtful = {each.line for each in found.explanation.hidden}
    doubtful |= {
        name
        for name in found.plan.names
        if any(each.concerns(name) for each in found.explanation.displaced)
    }
    below = absent(found.plan.names, found.totals, found.total_errors)
    return {name: text for name, text in below.items() if name not in doubtful}


def unexplained(fit):
    """Return the share of the line counts that belong to no element."""
    lines = zip(fit.amplitudes, fit.lines, strict=True)
    unknown = sum(counts for counts, line in lines if not line.element)
    return float(unknown) / max(float(fit.amplitudes.sum()), 1e-300)


def strongest_peaks(fit):
    """Return energies, on the axis of the signal, of the strongest peaks of a spectrum, in keV."""
    counts = np.where(fit.used, fit.observed, 0.0)
    smooth = np.convolve(counts, np.ones(3) / 3, "same")
    width = max(int(0.1 / fit.detector.channel), 1)
    places, found = signal.find_peaks(smooth, distance=width, prominence=3 * np.sqrt(smooth.max()))
    strongest = np.argsort(found["prominences"])[::-1][:_NAMED_PEAKS]
    return np.sort(fit.detector.centres[places[strongest]])


def report(found):
    """Log what was found in a summed spectrum.

    Parameters
    ----------
    found : XrayProjection
    """
    explanation = found.explanation
    if explanation.has_wrong_model:
        _logger.warning(
            "The summed spectrum has %d peaks or more that no element explains. Elements are "
            "missing or wrong, or the energy axis is wrong. Do not trust the maps. Look at "
            "plot_sum_spectrum, and at suggest_elements(s) for elements that fit.",
            len(explanation.peaks),
            kind="wrong model",
        )
    elif explanation.peaks:
        _logger.warning(
            "The summed spectrum has peaks that belong to none of its elements: %s. They are "
            "fitted but not mapped. If you recognise an element, add it with "
            "s.add_elements, or in extra_lines if you want no map, so that its other lines are "
            "fitted too.",
            "; ".join(map(str, explanation.peaks)),
            kind="near peak",
            about=_near_peaks(explanation, found.plan.names),
        )
    if explanation.other_elements:
        _report_others(explanation)
    for each in overlaps(explanation, found.plan.names, found.totals):
        _logger.warning(
            "Lines of %s, which is not among the elements, overlap %s. They are estimated to "
            "contribute %s of the %s counts there, judging by %s, and are subtracted from the map. "
            "If this estimate is wrong, so is the map. If the element is in the specimen, add it "
            "with s.add_elements.",
            each.element,
            each.line,
            with_error(each.counts, each.error),
            plain(each.total),
            each.evidence,
            kind="unnamed overlap",
            about={each.line: each.counts / each.total},
        )
    _say_displaced(explanation, found.plan.names)
    for each in explanation.hidden:
        element = each.line.split("_")[0]
        counts = explanation.family_counts(each.line)
        if not each.is_shown:
            _say_open(each, counts)
            continue
        _logger.warning(
            "Lines of %s alone do not fit the spectrum: about %s counts near %s may come from "
            "%s. If that element is present, add it with s.add_elements. Until then, its counts "
            "are in this map.",
            element,
            plain(each.counts),
            each.line,
            " or ".join(each.candidates),
            kind="hidden element",
            about={each.line: each.counts / max(counts, 1.0)},
        )
    if explanation.instrument_elements:
        _report_instrument(explanation, found.totals)
    _say_uncertain(found)
    is_poor = explanation.fit.misfit > _FAIR and not explanation.has_wrong_model
    _logger.log(
        logging.WARNING if is_poor else logging.INFO,
        "The fit of the summed spectrum is %s%s",
        goodness(explanation).removeprefix(GOODNESS),
        " Look at plot_sum_spectrum to see where it fails." if is_poor else "",
        kind="poor fit",
        about=float(explanation.fit.misfit),
    )


def _say_open(hidden, counts):
    """Name elements that may be hidden under a line without evidence in the spectrum."""
    _logger.warning(
        "%s could be hidden under %s: no other line of %s would show on this energy axis at "
        "this beam energy, and the shape of the peak allows up to %.0f %% of its counts. If it "
        "may be in the specimen, add it with s.add_elements.",
        " or ".join(hidden.candidates),
        hidden.line,
        "these elements" if len(hidden.candidates) > 1 else "that element",
        min(100 * hidden.most / max(counts, 1.0), 100),
        kind="possible element",
        about=[hidden.line],
    )


def _say_displaced(explanation, names):
    """Name unlisted light elements that change totals by more than their errors."""
    for unnamed in explanation.unnamed:
        changed = {
            name: each
            for name in names
            for each in explanation.displaced
            if each.element == unnamed.element and each.concerns(name)
        }
        if not changed:
            continue
        _logger.warning(
            "%s, which is not among the elements, fits a peak that the continuum would otherwise "
            "absorb. Without it, %s. Totals and their errors allow for it. If it is in the "
            "specimen, add it with s.add_elements.",
            unnamed.line.replace("_", " "),
            ", ".join(
                f"{name} would have {100 * abs(each.before / max(each.after, 1.0) - 1):.0f} % "
                f"{'fewer' if each.before < each.after else 'more'} counts"
                for name, each in changed.items()
            ),
            kind="unlisted neighbour",
            about={name: each.share for name, each in changed.items()},
        )


def _say_uncertain(found):
    """Name lines that were not found, have uncertain totals, or have correlated noise."""
    shares = found.total_errors / np.maximum(found.totals, 1e-300)
    about = dict(zip(found.plan.names, shares.tolist(), strict=True))
    below = _absent(found)
    say_absent(below)
    known = {k: share for k, share in about.items() if share > _UNCERTAIN and k not in below}
    if known:
        _logger.warning(
            "Totals are uncertain by %s, including noise, calibration and overlapping lines. "
            "Report them with their errors: `total_errors` (in counts) in "
            "metadata.Multimodal_fusion, or from fit_maps(s, full_output=True).",
            ", ".join(f"{100 * share:.0f} % ({name})" for name, share in known.items()),
            kind="uncertain total",
            about=known,
        )
    shared = np.abs(found.correlation - np.eye(len(shares)))
    for i, k in zip(*np.nonzero(np.triu(shared > _SHARED, 1)), strict=True):
        pair = [found.plan.names[i], found.plan.names[k]]
        _logger.warning(
            "%s and %s overlap: the correlation of their noise is %.2f, so one map gains what "
            "the other loses. Compare both with other lines of these elements, if there are "
            "any.",
            *pair,
            found.correlation[i, k],
            kind="overlap",
            about=dict.fromkeys(pair, float(shared[i, k])),
        )


def _near_peaks(explanation, names):
    """Return mapped lines close to an unexplained peak."""
    detector = explanation.fit.detector
    return [
        line.name
        for line in explanation.fit.lines
        if line.name in names
        and any(
            abs(peak.energy - line.energy) < _NEAR * float(detector.width(line.energy))
            for peak in explanation.peaks
        )
    ]


def _report_instrument(explanation, totals):
    """Log elements of the instrument; as a warning if one of them has the largest peaks."""
    elements = explanation.instrument_elements
    most = max(elements, key=elements.get)
    counts = ", ".join(f"{element} ({plain(n)} counts)" for element, n in elements.items())
    if elements[most] > max(totals, default=0.0):
        _logger.warning(
            "The largest peaks are of %s, which is not mapped: elements of the instrument are "
            "fitted but not mapped (%s, in all lines together). If it is in the specimen or "
            "its support, add it with s.add_elements, because a composition contains only the "
            "mapped elements.",
            most,
            counts,
            kind="no map",
        )
    else:
        _logger.info(
            "Fitted but not mapped, as elements of the instrument: %s, in all lines together.",
            counts,
        )


def _report_others(explanation):
    """Log elements that are seen but not listed."""
    others = explanation.other_elements
    share = sum(others.values()) / max(float(explanation.attribution.lines.sum()), 1e-300)
    _logger.log(
        logging.WARNING if share > _MANY else logging.INFO,
        "The summed spectrum shows elements that are not among those of the signal: %s, in all "
        "lines together. They are fitted but not mapped. To map them, add them: "
        "s.add_elements(%r).",
        ", ".join(f"{element} ({plain(counts)} counts)" for element, counts in others.items()),
        tuple(map(str, others)),
        kind="no map",
    )


def goodness(explanation):
    """Return a sentence on how well the fit describes the summed spectrum."""
    fit = explanation.fit
    word = "good" if fit.misfit <= _GOOD else "fair" if fit.misfit <= _FAIR else "poor"
    if explanation.has_wrong_model:
        word = "wrong"
    offset, gain = 1e3 * fit.detector.offset, 100 * fit.detector.gain
    text = (
        f"{GOODNESS}{word}: peaks deviate from the model by about {100 * fit.misfit:.0f} % of "
        "their height (root mean square)"
    )
    share = unexplained(fit)
    if share > 1e-3:
        text += f"; {100 * share:.1f} % of the X-ray line counts belong to no element"
    return (
        f"{text}. The energy axis was shifted by {offset:+.0f} eV and stretched by {gain:+.2f} %."
    )
