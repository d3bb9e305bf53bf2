"""Plot of the summed spectrum and its fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .core_loss_spectrum import draw_core_loss
from .figures import figure_of
from .spectrum_doubts import spectrum_doubts
from .spectrum_legends import (
    CONTINUUM,
    GIVEN,
    MODEL,
    MOST_DOUBTS,
    OBSERVED,
    name_curves,
    name_doubts,
)
from .spectrum_lines import PER_KEV, is_visible, spectrum_lines
from .spectrum_marks import label_lines, mark_lines, mark_ranges
from .spectrum_range import check_energies
from .spectrum_residual import draw_residual

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from ..hints import Output
# The last channel shown holds this share of the highest counts, or lies this factor above
# the last line or doubtful range.
_LOWEST, _BEYOND = 0.002, 1.05
_SIZE = (9.0, 6.0)  # inches
_LINE = 0.17  # inches of a line of doubts
_SHADED = 0.5  # standard errors; less would not be seen


class _Curves(NamedTuple):
    """Spectra to draw, shape (C,), with energies in units of the axis."""

    energy: np.ndarray
    observed: np.ndarray
    model: np.ndarray
    continuum: np.ndarray
    sum_peaks: np.ndarray
    given: np.ndarray  # what the model left and lines were given


def plot_sum_spectrum(
    output: Output,
    energies: tuple[float, float] | None = None,
    fig: Figure | None = None,
) -> NDArray:
    """Plot the summed spectrum, its fit and the residual, and mark doubtful features.

    Parameters
    ----------
    output : dict
        ``output`` of `multimodal_fusion` (EDS or EELS), its item ``output["spectrum_fit"]``, or
        ``output`` of `hyperspy_multimodal.fit_maps`.
    energies : tuple of (float, float), optional
        Energies to show, in units of the energy axis. The default for EELS is all fitted channels
        or, for windows, all windows. For EDS, the default range starts at the first fitted channel
        with counts. It ends at the last channel with 0.2 % of the counts of the highest channel,
        the last peak, the last mapped line, or the last range where the model is wrong, whichever
        is highest in energy.
    fig : matplotlib.figure.Figure, optional
        Figure to plot on; a new one by default.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        EDS, shape (2,): the spectra, and the residual in standard errors. EELS fit, shape (3,): the
        spectra, the edges above the background, and the residual. EELS windows, shape (2,): the
        spectra, and the counts above the backgrounds.

    Raises
    ------
    ValueError
        If ``output`` is not such a dictionary, if the spectra contain no counts, or if fewer than
        two channels between ``energies`` were fitted.

    Notes
    -----
    **EDS.** The upper panel shows observed counts, the fitted model and its continuum. The residual
    that was attributed to lines afterwards is shaded. The lower panel shows the observed counts
    minus the model, in standard errors of the counts, on a scale that is linear up to 5 and
    logarithmic beyond, with the same shading. The grey band extends from -2 to 2 standard errors.

    Ticks mark the fitted positions of all lines. The strongest line of each family is labelled if
    it is significant or mapped. Other lines, and lines of unlisted elements of microscopes, are
    labelled only if their peaks stand out. Colours distinguish listed elements, elements that were
    detected without being listed, and peaks that were not assigned to an element ("?"). Of the
    unlisted elements, those of microscopes, such as Cu of a grid, have a different colour from
    others, which probably belong to the specimen.
    Doubtful features are listed below the figure:

    - unassigned peaks;
    - ranges, shaded in orange, where the counts deviate from the model in one direction over more
      than one FWHM, by at least five standard errors and 2 %;
    - lines of unlisted elements under a mapped line (†);
    - lines under which other elements may be hidden (‡), and lines of a mapped element that do not
      follow its other lines across the scan, or have far more counts than these suggest (‡);
    - elements that were not found (in brackets);
    - channels that were left out.

    **EELS.** For a fit, the upper panel shows observed counts, the model and its background. The
    middle panel shows the counts above the background and the fitted edges; dotted curves show the
    edges without their white lines. Bars at the bottom of this panel mark the integration windows.
    The lower panel shows the residual in standard errors of the counts, which take into account the
    gain and the noise floor of the camera.

    Labelled vertical lines mark the fitted onsets, which include the common shift of the edges
    (``edge_shift``); dotted vertical lines in the middle panel mark the tabulated onsets. If the
    shift is at its limit, compare both onsets with the rise of the spectrum. Edges that were not
    found are in brackets. The range where the fit deviates most from the spectrum is shaded if the
    deviation is large.

    For windows, dashed curves show the backgrounds. Filled areas above them are the net counts in
    the integration windows, and hatched bars mark the background windows. A separate power law is
    fitted in each pixel. The curve shown is the power law that matches the counts of all pixels in
    the background window and the sum of their backgrounds in the integration window.

    Examples
    --------
    >>> from hyperspy_multimodal import fit_maps
    >>> from hyperspy_multimodal.data import core_shell
    >>> from hyperspy_multimodal.plot import plot_sum_spectrum
    >>> maps, output = fit_maps(core_shell((32, 32)).signal, full_output=True)
    >>> axes = plot_sum_spectrum(output)
    >>> axes.shape
    (2,)
    """
    if isinstance(output, dict) and output.get("spectrum_fit"):
        output = output["spectrum_fit"]
    if not isinstance(output, dict) or "sum_spectrum" not in output:
        raise ValueError(
            "plot_sum_spectrum needs the full_output of multimodal_fusion, for EDS with "
            "map_method='fit', or the full_output of fit_maps, but "
            f"{_described(output)} was given."
        )
    if "onsets" in output:
        return draw_core_loss(output, energies, fig)
    axis = output["sum_spectrum"].axes_manager.signal_axes[0]
    unit = PER_KEV[axis.units]
    lines = spectrum_lines(output, unit)
    doubts = spectrum_doubts(output, unit)
    curves = _curves(output, _shown(output, lines, doubts, axis, energies))
    fig = figure_of(fig, (_SIZE[0], _SIZE[1] + _LINE * min(len(doubts), MOST_DOUBTS)))
    axes = fig.subplots(2, 1, sharex=True, height_ratios=[5, 2])
    _draw_spectra(axes[0], curves)
    _draw_residual(axes[1], curves)
    axes[1].set_xlabel(f"Energy ({axis.units})")
    axes[1].set_xlim(curves.energy[[0, -1]])
    mark_ranges(axes, doubts)
    mark_lines(axes[0], lines)
    fig.suptitle("Sum of all spectra and its fit")
    name_curves(axes[0], output["goodness"], lines)
    name_doubts(fig, doubts)
    label_lines(axes[0], lines, doubts, output, curves)
    return axes


def _described(given):
    """Return what was given in place of a fit, in words."""
    if isinstance(given, dict) and "raw_maps" in given:
        return "the output of EDS windows, of existing maps or of a lazy fusion"
    return type(given).__name__


def _shown(output, lines, doubts, axis, energies):
    """Return the channels to draw as a slice."""
    energy, observed = axis.axis, output["sum_spectrum"].data
    fits = np.zeros(energy.size, bool)
    for start, stop in output["fitted_channels"]:
        fits[start:stop] = True
    if not (observed[fits] > 0).any():
        raise ValueError(
            "plot_sum_spectrum needs spectra with counts, but those that were fitted contain none."
        )
    if energies is not None:
        check_energies(energies, energy, fits, axis.units)
        inside = np.flatnonzero((energy >= energies[0]) & (energy <= energies[1]))
        return slice(inside[0], inside[-1] + 1)
    model = output["model"].data
    first = np.flatnonzero(fits & (observed > 0))[0]
    last = np.flatnonzero(fits & (model >= _LOWEST * model[fits].max()))[-1]
    ends = [
        _BEYOND * line.position + 2 * line.width
        for line in lines
        if line.name in output["totals"] or is_visible(line, energy, model)
    ]
    ends += [_BEYOND * doubt.limits[1] for doubt in doubts if doubt.kind == "misfit"]
    last = max(last, np.searchsorted(energy, max(ends, default=energy[0])))
    return slice(first, min(last, np.flatnonzero(fits)[-1]) + 1)


def _curves(output, shown):
    """Return the `_Curves` of some channels."""
    names = "sum_spectrum", "model", "fitted", "continuum", "sum_peaks", "model_continuum"
    observed, model, fitted, explained, sum_peaks, continuum = (
        output[name].data[shown] for name in names
    )
    energy = output["sum_spectrum"].axes_manager.signal_axes[0].axis[shown]
    given = np.where(model > 0, fitted - model - (explained - continuum), 0.0)
    return _Curves(energy, observed, model, continuum, sum_peaks, given)


def _draw_spectra(axis, curves):
    """Draw observed counts and the model, and shade what was attributed to lines."""
    energy, fits = curves.energy, curves.model > 0
    gaps = [np.where(fits, each, np.nan) for each in (curves.model, curves.continuum)]
    axis.step(energy, curves.observed, where="mid", color=OBSERVED, lw=0.8, label="observed")
    axis.plot(energy, gaps[0], color=MODEL, lw=1.2, label="model")
    axis.plot(energy, gaps[1], color=CONTINUUM, lw=1.2, ls="--", label="continuum")
    if curves.sum_peaks.any():
        axis.plot(energy, curves.sum_peaks, color=CONTINUUM, lw=0.8, ls=":", label="sum peaks")
    axis.set_yscale("log")
    axis.set_ylabel("counts per channel")
    lowest = max(0.3, 0.4 * float(np.percentile(curves.model[fits], 2)))
    axis.set_ylim(lowest, 2 * max(curves.observed.max(), 2 * lowest))
    _shade(axis, curves, curves.model, curves.model + curves.given)


def _draw_residual(axis, curves):
    """Draw the residual of the model, and shade what was attributed to lines."""
    errors = np.sqrt(np.maximum(curves.model, 1.0))
    residual = np.where(curves.model > 0, curves.observed - curves.model, np.nan)
    _shade(axis, curves, np.zeros(curves.energy.size), curves.given / errors)
    draw_residual(axis, curves.energy, residual, errors)


def _shade(axis, curves, low, high):
    """Shade the part of the residual attributed to lines."""
    large = np.abs(curves.given) > _SHADED * np.sqrt(np.maximum(curves.model, 1.0))
    if large.any():
        style = {"color": GIVEN, "lw": 0, "zorder": 1, "label": "attributed to lines"}
        axis.fill_between(curves.energy, low, high, where=large, step="mid", **style)
