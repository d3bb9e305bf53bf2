"""The fit of the summed spectrum as a picture."""

import numpy as np

from .panels import figure_of

_STRONG = 0.004  # of the strongest line: weaker ones get no label
_PEAK = "#D55E00"


def plot_sum_spectrum(output, energies=None, fig=None):
    """Draw the summed spectrum, its fit and what remains.

    Parameters
    ----------
    output : dict
        The ``full_output`` of `hyperspy_multimodal.fit_maps`, or ``output["spectrum_fit"]`` of
        `multimodal_fusion`.
    energies : tuple of (float, float), optional
        Energies to show, in units of the energy axis; by default all that were fitted.
    fig : matplotlib.figure.Figure, optional
        Figure to draw into; a new one by default.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        Shape (2,): the spectra, and their difference in standard errors.

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
    if not isinstance(output, dict) or "sum_spectrum" not in output:
        raise ValueError(
            "plot_sum_spectrum needs the full_output of fit_maps, or output['spectrum_fit'] of "
            f"multimodal_fusion with map_method='fit', but was given {type(output).__name__}."
        )
    axis = output["sum_spectrum"].axes_manager.signal_axes[0]
    energy, fitted = axis.axis, output["fitted"].data
    unit = 1000.0 if axis.units == "eV" else 1.0
    observed, continuum = output["sum_spectrum"].data, output["continuum"].data
    shown = fitted > 0
    if energies is not None:
        shown &= (energy >= energies[0]) & (energy <= energies[1])
    if not shown.any():
        if not observed.any():
            raise ValueError("The spectra hold no counts: there is nothing to draw.")
        raise ValueError(
            f"energies={energies!r} {axis.units} holds none of the channels that were fitted, "
            f"{energy[fitted > 0].min():g} to {energy[fitted > 0].max():g} {axis.units}."
        )
    fig = figure_of(fig, (9, 5.5))
    spectra, rest = fig.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    floor = max(0.3, 0.3 * float(np.median(fitted[shown])) ** 0.5)
    spectra.step(
        energy[shown], observed[shown], where="mid", color="0.55", lw=0.8, label="observed"
    )
    spectra.plot(energy[shown], fitted[shown], color="#0072B2", lw=1.2, label="fitted")
    spectra.plot(
        energy[shown], continuum[shown], color="#009E73", lw=1.2, ls="--", label="continuum"
    )
    spectra.set_yscale("log")
    spectra.set_ylim(floor, 12 * observed[shown].max())
    spectra.set_ylabel("counts a channel")
    spectra.set_title("Sum of all spectra and its fit")
    spectra.legend(loc="upper right", ncols=3, frameon=False, fontsize="small")
    _label_lines(spectra, output, energy[shown], fitted[shown], unit)
    residual = (observed - fitted) / np.sqrt(np.maximum(fitted, 1.0))
    rest.axhline(0, color="0.8", lw=0.8)
    rest.step(energy[shown], residual[shown], where="mid", color="0.3", lw=0.7)
    rest.set_ylabel("residual / σ")
    rest.set_xlabel(f"Energy ({axis.units})")
    limit = max(5.0, 1.1 * float(np.abs(residual[shown]).max()))
    rest.set_ylim(-limit, limit)
    rest.set_xlim(energy[shown][[0, -1]])
    return np.array([spectra, rest])


def _label_lines(axis, output, energy, fitted, unit):
    """Name the stronger lines above their peaks, and mark unassigned ones."""
    strongest = max((counts for _, counts in output["lines"].values()), default=0.0)
    peaks = {f"{peak.energy:.2f} keV": peak for peak in output["unassigned_peaks"]}
    taken = []
    for name, (place, counts) in sorted(output["lines"].items(), key=lambda item: -item[1][1]):
        place *= unit
        near = any(abs(place - other) < 0.02 * np.ptp(energy) for other in taken)
        weak = counts < _STRONG * strongest and name not in output["totals"]
        if not energy[0] <= place <= energy[-1] or weak or near:
            continue
        taken.append(place)
        label, colour = name.replace("_", " "), "black"
        if name in peaks:
            likely = peaks[name].candidates
            label, colour = (f"{likely[0].replace('_', ' ')}?" if likely else "?"), _PEAK
        around = np.abs(energy - place) < 0.02 * np.ptp(energy)
        height = fitted[around].max() if around.any() else np.interp(place, energy, fitted)
        axis.annotate(
            label, (place, height), (0, 5), textcoords="offset points", rotation=90, ha="center",
            va="bottom", fontsize="x-small", color=colour,
        )  # fmt: skip
