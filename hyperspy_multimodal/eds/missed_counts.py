"""Counts of lines that windows miss, because peaks are not where the signal says."""

from dataclasses import dataclass

import numpy as np

from ..counts.raw_noise import errors_of_totals
from ..notes import Speaker
from ..physics.microscope import beam_energy_of, stated
from ..written_numbers import plain
from .fit_report import UNEXPLAINED, unexplained
from .fitted_channels import channels_to_fit, detector_of
from .select_lines import named_in
from .spectrum.detector import Detector
from .spectrum.element_templates import own_lines
from .spectrum.remembered import remembered
from .spectrum.zero_peak import after_zero_peak

_logger = Speaker(__name__)

# Share of the counts of a line that is reported if missed.
_RELEVANT = 0.05


@dataclass(frozen=True)
class Peaks:
    """What tells where the peaks of a summed spectrum are.

    Attributes
    ----------
    detector : Detector
        As the signal says.
    used : numpy.ndarray
        Channels to fit, bool, shape (C,).
    elements : list of str
        All elements that are named.
    beam_energy : float
        In keV.
    """

    detector: Detector
    used: np.ndarray
    elements: list
    beam_energy: float


def peaks_of(signal, names, windows):
    """Return the `Peaks` of an EDS signal, None if its metadata hold no energy resolution.

    Parameters
    ----------
    signal : EDSSpectrum
        Spectrum image; it is not read.
    names : list of str
        X-ray lines to map.
    windows : numpy.ndarray
        Integration windows in keV, shape (K, 2).
    """
    instrument = signal.metadata.get_item("Acquisition_instrument", None)
    if stated(instrument, "energy_resolution_MnKa", None) is None:
        return None
    detector, beam_energy = detector_of(signal), beam_energy_of(signal)
    elements = sorted({name.split("_")[0] for name in names} | {*named_in(signal, "elements")})
    used = channels_to_fit(detector, elements, beam_energy, windows.min())
    return Peaks(detector, used, elements, beam_energy)


@dataclass(frozen=True)
class MissedCounts:
    """Counts of lines that their windows would hold on the detector as stated, but do not.

    Attributes
    ----------
    counts, shares : numpy.ndarray
        Net counts that each window misses, >= 0, and their share of what it would hold, shape (K,).
    shifts : numpy.ndarray
        How far the strongest line of each map lies above its energy, in keV, shape (K,).
    """

    counts: np.ndarray
    shares: np.ndarray
    shifts: np.ndarray


def missed_counts(peaks, total, names, weights):
    """Return the `MissedCounts` of windows, None if the peaks of the spectrum are not explained.

    Parameters
    ----------
    peaks : Peaks
        Of the signal.
    total : numpy.ndarray
        Summed spectrum, shape (C,).
    names : list of str
        X-ray lines.
    weights : numpy.ndarray
        What a count of each channel adds to the net counts, shape (K, C): 1 in a window, and what
        is subtracted beside it.
    """
    total = np.maximum(total, 0)
    if not total[peaks.used].any():
        return None
    used = after_zero_peak(total, peaks.detector, peaks.used)
    named = peaks.elements, peaks.beam_energy
    try:
        explanation = remembered(total, used, peaks.detector, *named, refine=True, pile_up=None)
    except np.linalg.LinAlgError:  # windows do not need a fit
        return None
    if explanation.lost_axis is not None or unexplained(explanation.fit) >= UNEXPLAINED:
        _logger.warning(
            "The X-ray lines of the elements do not fit the spectrum at the energies of its axis, "
            "so windows may miss them or hold others. Check the elements (s.set_elements) and the "
            "energy axis (s.axes_manager[-1].offset, .scale, .units).",
            kind="missed counts",
        )
        return None
    if explanation.has_wrong_model:
        return None
    fit = explanation.fit
    stated_shapes = peaks.detector.shapes([line.energy for line in fit.lines])
    counts, shares, shifts = np.zeros((3, len(names)))
    for k, (name, row) in enumerate(zip(names, weights, strict=True)):
        amplitudes = np.where(own_lines(explanation, name, names), fit.amplitudes, 0.0)
        expected, held = (amplitudes @ each @ row for each in (stated_shapes, fit.line_shapes))
        if expected > 0:
            counts[k] = max(expected - held, 0.0)
            shares[k] = counts[k] / expected
            strongest = np.argmax(amplitudes)
            shifts[k] = fit.places[strongest] - fit.lines[strongest].energy
    return MissedCounts(counts, shares, shifts)


def say_missed(missed, noise, in_kev, units):
    """Warn of windows that miss more of a line than 5 %, and than the error of the total.

    Parameters
    ----------
    missed : MissedCounts
        Of the maps.
    noise : dict
        From `raw_noise`, without what is missed.
    in_kev : float
        One unit of the energy axis, in keV.
    units : str
        That unit.
    """
    names, errors = list(noise["totals"]), np.array(errors_of_totals(noise))
    relevant = (missed.shares > _RELEVANT) & (missed.counts > errors)
    if not relevant.any():
        return
    about = dict(
        zip(np.array(names)[relevant].tolist(), missed.shares[relevant].tolist(), strict=True)
    )
    shift = float(np.median(missed.shifts[relevant]))
    _logger.warning(
        "The integration windows miss part of the counts: %s. In the summed spectrum, these peaks "
        "are %+.0f eV from their energies on the axis, or wider than the energy resolution says. "
        "Totals are too low, and ratios of elements are wrong. Use map_method='fit', which finds "
        "the peaks, or pass `integration_windows` and `background_windows` around them. If the "
        "axis is wrong, add about %s %s to s.axes_manager[-1].offset.",
        ", ".join(f"{100 * min(share, 1):.0f} % ({name})" for name, share in about.items()),
        1e3 * shift,
        plain(-shift / in_kev, 2),
        units,
        kind="missed counts",
        about=about,
    )
