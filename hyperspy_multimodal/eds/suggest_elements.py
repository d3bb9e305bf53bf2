"""`suggest_elements`: elements suggested by EDS spectra."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..counts.unphysical import unphysical, widest_spike_of
from ..lazy import read_now, sum_now
from ..notes import gathered
from ..physics.microscope import beam_energy_of
from ..recovery.parameters import shows_progress
from ..signals.as_found import tidied
from ..signals.masks import without_masked
from ..signals.other_signals import in_short
from .disputed_families import elements_beneath
from .fitted_channels import channels_to_fit, detector_of
from .spectrum.suggestion import suggest
from .spectrum.zero_peak import after_zero_peak
from .xray_fit import plan_fit

if TYPE_CHECKING:
    from exspy.signals import EDSSpectrum

    from .spectrum.suggestion import SuggestedElement


def suggest_elements(
    s: EDSSpectrum, *, show_progressbar: bool | None = None
) -> list[SuggestedElement]:
    """Suggest elements of an EDS spectrum image from its summed spectrum.

    The energy axis does not need to be exact, because it is calibrated first. An element is listed
    if its lines explain peaks that no other element explains better, and if all of its lines that
    should be visible are present. The list is only a starting point: elements with few counts, and
    elements whose lines coincide with stronger ones, may be missed or misidentified. Check
    ``others``, and use `plot_sum_spectrum` to plot a fit with the suggested elements.

    Parameters
    ----------
    s : EDSSpectrum
        Spectrum image or single spectrum, in memory or lazy. Elements in its metadata are ignored.
        It is read once. A spectrum image is read again if an element shows lines of two shells.
    show_progressbar : None or bool
        Whether to show the progress of reading a lazy signal. None (default) follows HyperSpy's
        preferences.

    Returns
    -------
    list of SuggestedElement
        Suggested elements, strongest first. Attributes: ``element``, the visible ``lines``, their
        ``counts``, the ``error`` of the strongest one, ``others`` (elements that could explain the
        same peaks, or that may lie under the lines of one shell if these lines come from different
        scan positions from those of another shell), and ``from_instrument`` (the usual source of
        the element if the instrument may contribute it, such as the grid for Cu).

    Raises
    ------
    TypeError, ValueError
        If the signal is not an EDS signal, has no energy resolution, or contains negative or
        infinite counts.

    See Also
    --------
    hyperspy_multimodal.fit_maps : Fit the spectrum image with these elements.
    hyperspy_multimodal.plot.plot_sum_spectrum : Plot that fit.

    Examples
    --------
    >>> from hyperspy_multimodal import suggest_elements
    >>> from hyperspy_multimodal.data import core_shell
    >>> found = suggest_elements(core_shell((32, 32), counts=20).signal)
    >>> sorted(each.element for each in found)
    ['Co', 'O', 'S']

    To add them to the signal:

    >>> s = core_shell((32, 32), counts=20).signal
    >>> s.set_elements([each.element for each in found])
    """
    from exspy.signals import EDSSpectrum, EELSSpectrum

    if isinstance(s, EELSSpectrum):
        raise TypeError(
            "suggest_elements supports EDS spectra only, but EELS spectra were given. List the "
            "elements yourself: s.metadata.Sample.elements = ['Ti', 'O']. "
            "exspy.utils.eels.get_edges_near_energy(energy) names the edges near an energy in eV."
        )
    if not isinstance(s, EDSSpectrum):
        raise TypeError(
            f"suggest_elements needs EDS spectra, but {in_short(s)} was given. If these are "
            "X-ray spectra, set their type with s.set_signal_type('EDS_TEM'), or 'EDS_SEM'."
        )
    spectra = tidied(s)
    s = without_masked(spectra.signal, spectra.mask)
    detector, beam_energy = detector_of(s), beam_energy_of(s)
    sums = sum_now(_as_image(s), show_progressbar=shows_progress(show_progressbar))
    clean = unphysical(sums, widest_spike=widest_spike_of(1e3 * detector.channel))
    used = channels_to_fit(detector, [], beam_energy)
    for each in [*clean.channels, *clean.spikes]:
        used[each.start : each.stop] = False
    if not clean.total[used].any():
        return []
    used = after_zero_peak(clean.total, detector, used)
    found = suggest(clean.total.astype(np.float64), used, detector, beam_energy)[0]
    return _with_elements_beneath(_as_image(s), found)


def _with_elements_beneath(s, found):
    """Return suggestions that name elements under lines which are not where others are.

    N, for example, may be all over a membrane, under L lines of Ti.
    """
    if not any(len(set(map(_shell, each.lines))) > 1 for each in found):
        return found
    with gathered():  # messages on suggestions are no use
        try:
            plan = plan_fit(s, [min(each.lines, key=_shell) for each in found], 2.0, None)
            explanation = read_now(s, plan, show_progressbar=False).explanation
        except ValueError:  # nothing that could be mapped
            return found
    beneath = {
        element: elements_beneath(explanation, element, family)
        for element, family in explanation.disputed
    }
    return [
        each._replace(others=list(dict.fromkeys([*each.others, *beneath.get(each.element, [])])))
        for each in found
    ]


def _shell(name):
    """Return the shell of a line; those of K lines come first."""
    return name.split("_")[1][0]


def _as_image(s):
    """Return spectra with two navigation axes: of any other number, as one row."""
    if s.axes_manager.navigation_dimension == 2:
        return s
    data = s.data if s.axes_manager.signal_axes[0].index_in_array == s.data.ndim - 1 else None
    if data is None:
        data = np.moveaxis(s.data, s.axes_manager.signal_axes[0].index_in_array, -1)
    energy = s.axes_manager.signal_axes[0].get_axis_dictionary()
    image = s.__class__(data.reshape(1, -1, data.shape[-1]))
    image.axes_manager.signal_axes[0].units = energy["units"]
    return image
