"""EELS: the channels whose counts belong to edges, and those before them."""

import functools
from typing import NamedTuple

import numpy as np

from ..checks import is_auto
from ..counts.windows import window_array
from .select_edges import onsets_on_axis, select_edges

# Both windows are this wide, relative to the onset; the first ends this far below the onset.
_WIDTH = 0.1
_GAP = 0.01
_GAP_CHANNELS = 2
_INTEGRATION_CHANNELS = 5
_BACKGROUND_CHANNELS = 4


class Channels(NamedTuple):
    """Positions of the channels of an energy axis."""

    low_value: float
    scale: float
    units: str


def has_room(axis, onset, pre_edge):
    """Return whether the windows of an edge fit on the energy axis.

    Parameters
    ----------
    axis : UniformDataAxis
        Energy axis.
    onset : float
        Energy in eV.
    pre_edge : bool
        Whether room is needed for a pre-edge window.

    Returns
    -------
    bool
    """
    start = _boundary(axis, onset)
    if pre_edge and _pre_edge_stop(axis, onset) < _BACKGROUND_CHANNELS:
        return False
    return 0 <= start <= axis.size - _INTEGRATION_CHANNELS


def edges_on_axis(signal, edges=None):
    """Return the edges to measure, also those without room for a window before them.

    Parameters
    ----------
    signal : EELSSpectrum
        Spectrum image.
    edges : None or list of str
        As in `multimodal_fusion`, default None.
    """
    room = functools.partial(has_room, signal.axes_manager.signal_axes[0], pre_edge=False)
    return select_edges(signal, edges, room, quiet=True)


def integration_channels(signal, names, given):
    """Return the channels whose counts belong to the edges.

    Parameters
    ----------
    signal : EELSSpectrum
        Spectrum image.
    names : list of str
        Edges.
    given : None, "auto" or array_like
        ``integration_windows`` of `multimodal_fusion`.

    Returns
    -------
    list of (int, int)
        Ranges [start, stop), one per edge.
    """
    if given is not None and not is_auto(given):
        return _given_channels("integration_windows", signal, names, given, "None, 'auto', or ", 1)
    axis = signal.axes_manager.signal_axes[0]
    onsets = onsets_on_axis(signal, names)
    windows = []
    for name in names:
        onset = onsets[name]
        start = _boundary(axis, onset)
        stop = max(_boundary(axis, (1 + _WIDTH) * onset), start + _INTEGRATION_CHANNELS)
        for other in names:
            if other != name and onset <= onsets[other] and _boundary(axis, onsets[other]) <= start:
                raise ValueError(
                    f"{name} ({onset:g} eV) and {other} ({onsets[other]:g} eV) start in the "
                    "same channel and cannot be distinguished. Leave one out of `edges`, or pass "
                    "`integration_windows`."
                )
        # An edge of another element in the first channel is named by a warning.
        later = [_boundary(axis, onsets[other]) for other in _disturbing(name, names, onsets)]
        windows.append((start, min([stop, axis.size, *(each for each in later if each > start)])))
    return windows


def pre_edge_channels(signal, names, given):
    """Return the channels before the edges, from which their background is extrapolated.

    Parameters
    ----------
    signal : EELSSpectrum
        Spectrum image.
    names : list of str
        Edges.
    given : "auto", None or array_like
        ``background_windows`` of `multimodal_fusion`.

    Returns
    -------
    list of (int, int) or None
        Ranges [start, stop), one per edge.
    """
    if given is None:
        return None
    if is_auto(given):
        axis = signal.axes_manager.signal_axes[0]
        onsets = onsets_on_axis(signal, names)
        return [_automatic_pre_edge(axis, name, names, onsets) for name in names]
    return _given_channels("background_windows", signal, names, given, "'auto', None, or ", 2)


def halved(axis, start, stop):
    """Divide a range of channels where its geometric middle is.

    Parameters
    ----------
    axis : UniformDataAxis
        Energy axis.
    start, stop : int
        Range [start, stop) of channels.

    Returns
    -------
    list of (int, int)
        Two ranges; of a single channel the second is empty.
    """
    left, right = channel_energies(axis, (start, stop))
    middle = _channel(axis, np.sqrt(left * right)) if left > 0 else (start + stop) // 2
    middle = int(np.clip(middle, start + 1, max(stop - 1, start + 1)))
    return [(start, middle), (middle, stop)]


def channel_energies(axis, channels):
    """Return the energies at which channels start.

    Parameters
    ----------
    axis : UniformDataAxis
        Energy axis.
    channels : iterable of int
        Channels.

    Returns
    -------
    list of float
        Energies in units of the axis.
    """
    return [float(axis.low_value + (channel - 0.5) * axis.scale) for channel in channels]


def lowest_disturbing(onset):
    """Return the energy from which other edges disturb the pre-edge window of an edge, in eV."""
    return (1 - _GAP - _WIDTH) * onset


def _automatic_pre_edge(axis, name, names, onsets):
    """Return the pre-edge window of an edge, above the edges of other elements where it can be."""
    onset = onsets[name]
    stop = _pre_edge_stop(axis, onset)
    start = min(max(_boundary(axis, lowest_disturbing(onset)), 0), stop - _BACKGROUND_CHANNELS)
    below = {
        other: onsets[other]
        for other in _disturbing(name, names, onsets)
        if lowest_disturbing(onset) < onsets[other] < onset
    }
    if below:
        # Above the last of these edges, its white line included.
        above = _boundary(axis, (1 + _GAP) * max(below.values()))
        if stop - above >= _BACKGROUND_CHANNELS:
            start = max(start, above)
    return start, stop


def _disturbing(name, names, onsets):
    """Return the edges that windows of an edge avoid: mapped, or of another element."""
    element = name.split("_")[0]
    return [o for o in onsets if o != name and (o in names or o.split("_")[0] != element)]


def _pre_edge_stop(axis, onset):
    return min(_boundary(axis, (1 - _GAP) * onset), _boundary(axis, onset) - _GAP_CHANNELS)


def _given_channels(argument, signal, names, given, otherwise, at_least):
    axis = signal.axes_manager.signal_axes[0]
    array = window_array(argument, signal, names, given, 2, otherwise, "edge")
    found = [tuple(min(_channel(axis, e), axis.size) for e in row) for row in array]
    for name, row, (start, stop) in zip(names, array, found, strict=True):
        if stop - start < at_least:
            raise ValueError(
                f"The window of {name} in {argument}, {row[0]:g} to {row[1]:g} {axis.units}, "
                f"must contain at least {at_least} channels of {axis.scale:g} {axis.units}, but "
                f"contains {stop - start}. Widen it."
            )
    return found


def _boundary(axis, energy):
    """Return the channel whose lower end is nearest to ``energy`` in eV."""
    return _channel(axis, energy / 1000 if axis.units == "keV" else energy)


def _channel(axis, energy):
    """Return the channel whose lower end is nearest to ``energy``, in units of the axis."""
    # Halfway the lower one, so that an onset in the middle of a channel takes this channel along.
    return int(np.ceil((energy - axis.low_value) / axis.scale - 1e-6))
