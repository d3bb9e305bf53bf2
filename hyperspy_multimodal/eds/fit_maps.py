"""`fit_maps`: element maps from whole EDS spectra, as signals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hyperspy.signals import Signal1D

from ..checks import checked_flag
from ..counts.spectra_sums import channel_ranges
from ..lazy import read_now
from ..recovery.parameters import shows_progress
from ..signals.as_found import tidied
from ..signals.haadf_image import scan_shape
from ..signals.keywords import explain_keywords
from ..signals.masks import without_masked
from ..signals.native import element_maps
from ..signals.other_signals import in_short
from .doubtful_families import doubtful_families
from .unnamed_overlaps import overlaps
from .xray_fit import plan_fit
from .xray_windows import line_titles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exspy.signals import EDSSpectrum
    from numpy.typing import ArrayLike

    from ..hints import Results


@explain_keywords
def fit_maps(
    s: EDSSpectrum,
    xray_lines: Sequence[str] | None = None,
    *,
    integration_windows: float | ArrayLike = 2.0,
    extra_lines: Sequence[str] | None = None,
    refine_calibration: bool = True,
    pile_up: bool | None = None,
    show_progressbar: bool | None = None,
    full_output: bool = False,
) -> Results:
    r"""Extract net counts of elements from an EDS spectrum image by fitting the whole spectrum.

    Integration windows use one line per element, estimate the background from neighbouring
    channels, and assign the counts of overlapping lines to both elements. This function instead
    fits all lines of all elements and the continuum to the summed spectrum, which gives one
    template per element. The spectrum of each pixel is then fitted by a sum of templates with
    weighted linear least squares, which is unbiased even for few counts. The maps are not clipped,
    so noise makes some pixels negative.

    Parameters
    ----------
    s : EDSSpectrum
        Spectrum image with two navigation axes, eager or lazy. It is read twice, block by block.
    xray_lines : None or list of str
        X-ray lines, one per element. The counts of a map are those in the window of its line. None
        (default) uses the lines in ``metadata.Sample``, as ``get_lines_intensity`` does.
    integration_windows : float or array_like
        Width of these windows in units of the FWHM of each line (default 2), or an array with one
        row (left, right) per line, in units of the energy axis. Use k-factors for windows of this
        width.
    extra_lines : None or list of str
        Elements, or their lines, that are present in the spectra but not mapped, such as ["Sr"]
        from a substrate. Elements of the instrument, such as Cu from a grid, need not be listed.
    refine_calibration : bool
        Whether to refine the energy axis and the detector response: resolution, escape peaks,
        tails, and a shift and a width for each family of lines. Default True.
    pile_up : None or bool
        Whether to include sum peaks, which occur at high count rates. None (default) includes them
        if the spectrum shows them.
    show_progressbar : None or bool
        Whether to show the progress of reading a lazy signal. None (default) follows HyperSpy's
        preferences.
    full_output : bool
        Whether to return the dictionary ``output`` as well. Default False.

    Returns
    -------
    maps : list of BaseSignal
        Net counts, one map per line, as ``get_lines_intensity`` returns them.
        ``metadata.Spectrum_fit.variance`` of each map contains its variance per pixel, an array
        (ny, nx).
    output : dict
        Only with ``full_output=True``. Use `hyperspy_multimodal.plot.plot_sum_spectrum` to plot it.

        Signals: ``sum_spectrum``, ``model`` (the fit to it), ``model_continuum`` and ``sum_peaks``
        (two parts of the model), ``fitted`` and ``continuum`` (the model and its continuum,
        including the residual that was attributed to lines and continuum afterwards), all in counts
        per channel. ``templates``: one spectrum for each element, normalised to 1 count in the
        window, and one for each of the extra elements, unassigned peaks, continuum and sum peaks,
        normalised to 1 count in total. ``template_names`` contains their names.

        Dictionaries by line: ``lines`` (energy in keV and counts), ``line_positions`` and
        ``line_widths`` (position on the axis of the signal and full width at half maximum, in keV),
        ``line_errors`` (standard error of the counts). An unassigned peak is named by its energy,
        such as "3.70 keV", and a line that accompanies it by both, such as "3.70 keV: Ca_Kb".

        By element: ``elements``, with "mapped", "extra" (listed, but not mapped), "instrument" or
        "unnamed" (not listed) for each symbol; ``instrument_elements`` and ``other_elements``, the
        counts of elements that were not listed. ``unassigned_peaks`` is a list of `UnassignedPeak`.
        ``overlaps`` is a list of `Overlap`: unlisted elements to which a large fraction of the
        counts under a mapped line belongs. ``hidden_elements`` has an entry for each line of a
        listed element that may hide lines of unlisted elements: a dictionary of the ``counts`` that
        may belong to them, their ``error``, ``candidates`` (a list of lines), and ``is_shown``
        (False if the spectrum merely does not exclude such lines). ``doubtful_families`` has an
        entry for each family of a mapped element, such as "Ti_L", whose counts may belong to an
        unlisted element: a dictionary of ``against`` (the harder family that it disagrees
        with), ``differs_in`` ("place": it does not follow the other family across the scan;
        "counts": it has more than four times the counts expected from the other family), its
        ``counts``, and ``candidates`` (a list of elements).

        Channels, as lists of ranges (start, stop): ``fitted_channels``, and ``left_out_channels``,
        whose counts cannot come from the specimen.

        Arrays (ny, nx): ``variances`` by line, and ``covariances`` by pair of lines whose errors
        are correlated by 0.1 or more; ``gross``, the counts of each spectrum in the channels that
        were fitted. Numbers: ``variances_per_count``, the variance that one count of a line adds;
        ``energy_offset`` (keV), ``energy_gain``, ``energy_resolution`` (eV), ``escape_peaks``,
        ``sum_deviance`` (about 1 for a good fit of many counts), ``correlation`` (K, K) of the
        noise of totals, ``totals``, and ``total_errors``, which include the errors of counts,
        calibration and line weights, and half of the counts that were added to an element or taken
        from it beyond the model. ``hidden_errors`` contains the part of the total errors that is
        due to ``hidden_elements``. ``common_covariance`` (K, K) includes all contributions except
        the noise of the maps. ``goodness`` describes the quality of the fit in words.

    Raises
    ------
    TypeError, ValueError
        If the signal is not an EDS spectrum image or has no elements, if it contains negative or
        infinite counts, if the energy axis cannot be calibrated, or if an argument is invalid.

    See Also
    --------
    hyperspy_multimodal.plot.plot_sum_spectrum : Plot the fit.
    get_lines_intensity, multimodal_fusion

    Notes
    -----
    The summed spectrum is fitted first, by weighted least squares. The weights account for Poisson
    noise [1]_ and for deviations that no peak model describes. The offset and gain of the axis are
    searched within 100 eV and 1.5 %, using the listed elements and elements that microscopes often
    contribute. The latter are kept if some of their lines are visible separately from those of
    listed elements and all their other lines are consistent with the spectrum. Then the lines
    (energies and weights from eXSpy), the continuum (after Kramers, with absorption edges) and the
    detector response are refined together. Weights within a family may vary by 7 % (K lines) to
    15 % (M lines), the ratios of the families of an element may deviate from their cross-sections
    by a factor of about two, and the positions of families may shift by a few eV. A peak more than
    1.5 FWHM away from all detected lines is fitted separately and does not contribute to the maps.
    The residual near lines is attributed to these lines in proportion to the model, channel by
    channel, so that their sum equals the observed counts above the continuum.

    The projection of a pixel's spectrum n is :math:`(G W G^T)^{-1} G W n`, with templates as rows
    of G and the inverse of the fitted sum spectrum as weights W; its variance is the sum of n times
    the squared coefficients.

    References
    ----------
    .. [1] W. Cash, Astrophys. J. 228, 939 (1979), doi:10.1086/156922.

    Examples
    --------
    >>> from hyperspy_multimodal import fit_maps
    >>> from hyperspy_multimodal.data import core_shell
    >>> specimen = core_shell((32, 32), counts=20)
    >>> maps = fit_maps(specimen.signal)
    >>> [m.metadata.Sample.xray_lines[0] for m in maps]
    ['Co_Ka', 'O_Ka', 'S_Ka']
    >>> true, found = (sum(m.data.sum() for m in each) for each in (specimen.counts, maps))
    >>> bool(abs(found / true - 1) < 0.03)
    True
    """
    from exspy.signals import EDSSpectrum

    if not isinstance(s, EDSSpectrum):
        raise TypeError(
            f"fit_maps needs an EDS spectrum image, but {in_short(s)} was given. If these are "
            "X-ray spectra, set their type with s.set_signal_type('EDS_TEM'). EELS edges are "
            "fitted by s.multimodal_fusion(haadf, map_method='fit')."
        )
    spectra = tidied(s)
    scan_shape(spectra.signal)
    s = without_masked(spectra.signal, spectra.mask)
    pile_up = checked_flag("pile_up", pile_up, None)
    refine_calibration = checked_flag("refine_calibration", refine_calibration)
    full_output = checked_flag("full_output", full_output)
    plan = plan_fit(s, xray_lines, integration_windows, extra_lines, refine_calibration, pile_up)
    fit = read_now(s, plan, show_progressbar=shows_progress(show_progressbar))
    record = {
        "map_method": "fit",
        "xray_lines": list(fit.names),
        "integration_windows": fit.windows.tolist(),
        "refine_calibration": refine_calibration,
        **fit.record,
    }
    described = fit.names, "xray_lines", line_titles(s, fit.names)
    maps = element_maps(spectra.signal, fit.net, *described, ", fitted", record, "Spectrum_fit")
    for result, variance in zip(maps, fit.variance, strict=True):
        result.metadata.Spectrum_fit.variance = variance
    maps = spectra.restored(maps)
    return (maps, output_of(spectra.signal, fit)) if full_output else maps


_SHOWN = (
    "energy_offset",
    "energy_gain",
    "energy_resolution",
    "energy_resolution_slope",
    "line_shifts",
    "escape_peaks",
    "tails",
    "instrument_elements",
    "other_elements",
    "sum_deviance",
    "goodness",
)


def output_of(signal, fit):
    """Return what a `XrayReading` found, as signals and numbers."""
    explanation = fit.explanation
    found, spectra = explanation.fit, explanation.attribution
    fitted = spectra.lines.sum(axis=0) + spectra.continuum + found.pile_up
    spectrum = {
        "sum_spectrum": (found.observed, "Sum of all spectra"),
        "fitted": (np.where(found.used, fitted, 0.0), "Sum of all spectra as explained"),
        "model": (np.where(found.used, found.fitted, 0.0), "Fitted sum of all spectra"),
        "model_continuum": (found.continuum, "Continuum of the fitted sum of all spectra"),
        "sum_peaks": (found.pile_up, "Fitted sum peaks"),
        "continuum": (spectra.continuum, "Fitted continuum"),
        "templates": (fit.templates.shapes, "Templates"),
    }
    record = fit.record
    return {
        **{name: _spectra(signal, *each) for name, each in spectrum.items()},
        "template_names": [*fit.names, *fit.templates.others],
        "lines": {
            line.name: (line.energy, float(counts))
            for line, counts in zip(found.lines, spectra.lines.sum(axis=1), strict=True)
        },
        **_by_line(found),
        "elements": _roles(fit.names, explanation),
        **{name: record[name] for name in _SHOWN},
        **fit.noise,
        "total_errors": dict(zip(fit.names, fit.total_errors.tolist(), strict=True)),
        "unassigned_peaks": list(explanation.peaks),
        "overlaps": overlaps(explanation, fit.names, fit.noise["totals"].values()),
        "hidden_elements": {
            each.line: {
                "counts": float(each.counts),
                "error": float(each.error),
                "candidates": list(each.candidates),
                "is_shown": each.is_shown,
            }
            for each in explanation.hidden
        },
        "doubtful_families": doubtful_families(explanation, fit.names, fit.disputed),
        "fitted_channels": [(int(start), int(stop)) for start, stop in channel_ranges(found.used)],
        "left_out_channels": [tuple(each) for each in record.get("left_out_channels", [])],
    }


def _by_line(found):
    """Return positions, widths (keV) and errors of the lines of a `SumFit`, by name."""
    energies = np.array([line.energy for line in found.lines])
    values = {
        "line_positions": found.places,
        "line_widths": found.detector.width(energies) * np.sqrt(1 + found.widths),
        "line_errors": found.errors,
    }
    names = [line.name for line in found.lines]
    return {key: dict(zip(names, each.tolist(), strict=True)) for key, each in values.items()}


def _roles(names, explanation):
    """Return what each element of the fit is: mapped, extra, or of the instrument."""
    mapped = {name.split("_")[0] for name in names}
    instrument = set(explanation.instrument_elements)
    elements = [line.element for line in explanation.fit.lines if line.element]
    return {
        element: "mapped"
        if element in mapped
        else "instrument"
        if element in instrument
        else "unnamed"
        if element in explanation.other_elements
        else "extra"
        for element in elements
    }


def _spectra(signal, data, title):
    """Return spectra on the energy axis of ``signal``."""
    energy = signal.axes_manager.signal_axes[0].get_axis_dictionary()
    energy["navigate"] = False
    axes = [energy]
    if data.ndim == 2:
        axes.insert(0, {"size": len(data), "name": "Template", "navigate": True})
    result = Signal1D(np.asarray(data, float), axes=axes)
    result.metadata.General.title = title
    result.metadata.set_item("Signal.quantity", "X-rays (Counts)")
    return result
