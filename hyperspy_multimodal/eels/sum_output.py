"""The summed core-loss spectrum and its fit or backgrounds, as ``full_output`` has them."""

import numpy as np
from hyperspy.signals import Signal1D

from ..counts.spectra_sums import channel_ranges
from ..physics.edges import edge_onsets
from ..physics.hydrogenic import hydrogenic_shell
from .fitted_edges import EdgeReading


def output_of(signal, reading):
    """Return the item ``spectrum_fit`` of ``full_output``.

    Parameters
    ----------
    signal : EELSSpectrum
        Spectrum image, for its energy axis.
    reading : EdgeReading or EdgeWindowReading
        Or one of them without some channels.

    Returns
    -------
    dict
        Of both: ``sum_spectrum``, its standard errors ``sum_errors``, ``edges`` (names), ``onsets``
        (eV, by edge), ``integration_windows`` and ``background_windows`` (by edge, in units of the
        axis; None without), and ``left_out_channels``. Of a fit: ``model``, ``background``, ``net``
        and ``white_lines`` (counts by edge), ``exponent``, ``edge_shift`` (eV), ``at_limit``,
        ``fitted_channels``, ``not_found`` (edges) and ``misfit`` (first and last energy in eV, and
        percent of the edges; None if there is none). Of windows: ``backgrounds`` (by edge).
    """
    has_fit = isinstance(getattr(reading, "reading", reading), EdgeReading)
    own = _of_fit(signal, reading) if has_fit else _of_windows(signal, reading)
    left_out = reading.record.get("left_out_channels", [])
    return {**own, "left_out_channels": [tuple(each) for each in left_out]}


def _of_fit(signal, reading):
    fit = reading.sum_fit
    names = [*reading.templates.names, *reading.templates.others[:-1]]
    model, background = (
        np.where(fit.used, each, 0.0) for each in (fit.fitted, fit.fitted - fit.net)
    )
    return {
        **_common(signal, reading, fit.observed, fit.dark),
        "model": _spectrum(signal, model, "Fitted sum of all spectra"),
        "background": _spectrum(signal, background, "Fitted background"),
        "net": {
            name: _spectrum(signal, each, f"Fitted {name}")
            for name, each in zip(names, fit.nets, strict=True)
        },
        "white_lines": {
            name: _spectrum(signal, each, f"Fitted white lines of {name}")
            for name, each in zip(names, fit.net_lines, strict=True)
            if each.any()
        },
        "edges": names,
        "onsets": _shell_onsets(names),
        "exponent": fit.exponent,
        "edge_shift": fit.shift,
        "at_limit": fit.at_limit,
        "background_windows": None,
        "fitted_channels": [(int(start), int(stop)) for start, stop in channel_ranges(fit.used)],
        "not_found": list(reading.absent),
        "misfit": reading.misfit and tuple(map(float, reading.misfit)),
    }


def _of_windows(signal, reading):
    names, spectrum = reading.maps.names, reading.spectrum
    sides = reading.background_windows
    return {
        **_common(signal, reading, spectrum.observed, spectrum.dark),
        "backgrounds": {
            name: _spectrum(signal, each, f"Background of {name}")
            for name, each in zip(names, spectrum.backgrounds, strict=False)
        },
        "edges": list(names),
        "onsets": dict(zip(names, map(float, reading.onsets), strict=True)),
        "background_windows": None if sides is None else _by_name(names, sides),
    }


def _common(signal, reading, observed, dark):
    errors = np.sqrt(reading.gain * (np.maximum(observed, 0.0) + dark))
    return {
        "sum_spectrum": _spectrum(signal, observed, "Sum of all spectra"),
        "sum_errors": _spectrum(signal, errors, "Standard errors of the sum of all spectra"),
        "integration_windows": _by_name(reading.maps.names, reading.integration_windows),
    }


def _by_name(names, windows):
    return {name: tuple(map(float, each)) for name, each in zip(names, windows, strict=True)}


def _shell_onsets(names):
    """Return the onsets in eV of all subshells of the fitted shells, by edge, without a shift."""
    found = {}
    for name in names:
        onsets = edge_onsets(name.split("_")[0])
        shell = hydrogenic_shell(name, onsets)
        own = {edge for edge in onsets if hydrogenic_shell(edge, onsets) == shell}
        found |= {edge: float(onsets[edge]) for edge in [name, *sorted(own - {name})]}
    return found


def _spectrum(signal, data, title):
    """Return a spectrum on the energy axis of ``signal``."""
    energy = signal.axes_manager.signal_axes[0].get_axis_dictionary()
    energy["navigate"] = False
    result = Signal1D(np.asarray(data, float), axes=[energy])
    result.metadata.General.title = title
    result.metadata.set_item("Signal.quantity", "Electrons (Counts)")
    return result
