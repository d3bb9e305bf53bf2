"""`fit_maps`: element maps from whole EDS spectra, as signals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hyperspy.signals import Signal1D

from ..counts.spectra_sums import channel_ranges
from ..lazy import read_now
from ..recovery.parameters import shows_progress
from ..signals.as_found import tidied
from ..signals.haadf_image import scan_shape
from ..signals.keywords import explain_keywords
from ..signals.masks import without_masked
from ..signals.native import element_maps
from ..signals.other_signals import in_short
from .fit_report import overlaps
from .xray_fit import plan_fit

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
    r"""Read net counts of elements from an EDS spectrum image by a fit of the whole spectrum.

    Windows use one line of an element, guess its background from neighbouring channels, and give
    what overlaps to both elements. Here all lines of all elements and the continuum are fitted to
    the summed spectrum; what comes out is one template an element, and each pixel's spectrum is
    then a sum of templates: a weighted linear least-squares fit, unbiased also of few counts. The
    maps are not clipped: noise makes some pixels negative.

    Parameters
    ----------
    s : EDSSpectrum
        Spectrum image with two navigation axes, eager or lazy. It is read twice, block by block.
    xray_lines : None or list of str
        One line an element: the counts of a map are those in its window. None (default) takes the
        lines of ``metadata.Sample``, as ``get_lines_intensity`` does.
    integration_windows : float or array_like
        Width of these windows in units of each line's FWHM, default 2, or an array with one row
        (left, right) a line, in units of the energy axis. k-factors for such windows hold.
    extra_lines : None or list of str
        Elements, or lines of them, that the spectra show but that are not wanted as maps, such as
        ["Sr"] of a substrate. Elements of the instrument, such as Cu of a grid, need no name.
    refine_calibration : bool
        Whether to find the energy axis, and how the detector records lines: resolution, escape
        peaks, tails, and a shift and a width of each family of lines. Default True.
    pile_up : None or bool
        Whether to allow for sum peaks, which high count rates make. None (default) finds out.
    show_progressbar : None or bool
        Show the progress of reading a lazy signal; None (default) follows HyperSpy's preferences.
    full_output : bool
        Return a dictionary too. Default False.

    Returns
    -------
    maps : list of BaseSignal
        Net counts, one map a line, as ``get_lines_intensity`` returns them. Each holds the
        variance of its pixels, an array (ny, nx), in ``metadata.Spectrum_fit.variance``.
    output : dict
        Only with ``full_output=True``;
        `hyperspy_multimodal.plot.plot_sum_spectrum` draws it.

        Signals: ``sum_spectrum``, ``model`` (what was fitted to it), ``model_continuum`` and
        ``sum_peaks`` (two parts of the model), ``fitted`` and ``continuum`` (the same with what the
        model had left and was given to lines and continuum afterwards), all in counts by channel;
        ``templates`` (spectra of 1 count in the window for each element, and of 1 count in all for
        each of extra elements, unassigned peaks, continuum and sum peaks), with
        ``template_names``.

        By line, dictionaries: ``lines`` (energy in keV and counts), ``line_positions`` and
        ``line_widths`` (where it lies on the axis of the signal and its full width at half maximum,
        in keV), ``line_errors`` (standard error of the counts). Unassigned peaks are lines such as
        "3.70 keV", and what goes with one is "3.70 keV: Ca_Kb".

        By element: ``elements``, with "mapped", "extra" (named, without a map), "instrument" or
        "unnamed" for each symbol; ``instrument_elements`` and ``other_elements``, counts of those
        that nobody named. ``unassigned_peaks`` is a list of `UnassignedPeak`, and ``overlaps`` one
        of `Overlap`: unnamed elements that hold much of what lies under a mapped line.
        ``hidden_elements`` are by line of a named element under which others may lie, each a
        dictionary of ``counts`` that may be theirs, their ``error``, ``candidates``, a list of
        lines, and ``is_shown``: False if the spectrum only leaves it open.

        Channels, as lists of ranges (start, stop): ``fitted_channels``, and ``left_out_channels``,
        which hold what cannot come from the specimen.

        Arrays (ny, nx): ``variances`` by line, and ``covariances`` by pair of lines whose errors
        are correlated by 0.1 or more; ``gross``, the counts of each spectrum in the channels that
        were fitted. Numbers: ``variances_per_count``, what a count of a line adds to its variance;
        ``energy_offset`` (keV), ``energy_gain``, ``energy_resolution`` (eV), ``escape_peaks``,
        ``sum_deviance`` (about 1 for a good fit of many counts), ``correlation`` (K, K) of the
        noise of totals, ``totals`` and ``total_errors``, which hold counts, calibration, line
        weights, and half of what was added to an element or taken from it beyond the model;
        ``common_covariance`` (K, K) holds all of that but the noise of the maps.
        ``goodness`` says in words how good the fit is.

    Raises
    ------
    TypeError, ValueError
        If the signal is no map of EDS spectra or has no elements, if it holds negative or infinite
        counts, if the energy axis cannot be found, or if an argument is not as described.

    See Also
    --------
    hyperspy_multimodal.plot.plot_sum_spectrum : The fit as a picture.
    get_lines_intensity, multimodal_fusion

    Notes
    -----
    The summed spectrum is fitted first, by weighted least squares whose weights are those of
    Poisson counts [1]_ and of what no model of a peak describes. Offset and gain of the axis are
    searched over 100 eV and 1.5 % with the named elements and those that microscopes show by
    themselves; the latter stay if lines of theirs that stand apart from named ones, and their other
    lines, are there. Then lines (energies and weights from eXSpy), continuum (after Kramers, with
    absorption edges) and detector are refined together: weights within a family are held to 7 % (K
    lines) to 15 % (M lines), families of an element to a factor of about two of what their cross-
    sections say, families to some eV of the axis. A peak beyond 1.5 FWHM of all lines that are
    there is fitted by itself and kept out of the maps. What the model leaves near lines is added to
    them in proportion to the model, channel by channel, so that their sum is what is observed over
    the continuum.

    The projection of a pixel's spectrum n is :math:`(G W G^T)^{-1} G W n`, with templates as rows
    of G and the inverse of the explained sum spectrum as weights W; its variance is the sum of the
    squared coefficients times n.

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
    if pile_up is not None and not isinstance(pile_up, bool):
        raise TypeError(f"pile_up must be True, False or None, but {pile_up!r} was given.")
    for name, value in (
        ("refine_calibration", refine_calibration),
        ("full_output", full_output),
    ):
        if not isinstance(value, bool):
            raise TypeError(f"{name} must be True or False, but {value!r} was given.")
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


def line_titles(signal, names):
    """Return titles as `get_lines_intensity` has them, one a line."""
    units = signal.axes_manager.signal_axes[0].units
    return [
        f"X-ray line intensity of {signal.metadata.General.title}: {name} at "
        f"{signal._get_line_energy(name):.2f} {units}"
        for name in names
    ]


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
        "overlaps": overlaps(explanation, fit.names),
        "hidden_elements": {
            each.line: {
                "counts": float(each.counts),
                "error": float(each.error),
                "candidates": list(each.candidates),
                "is_shown": each.is_shown,
            }
            for each in explanation.hidden
        },
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
