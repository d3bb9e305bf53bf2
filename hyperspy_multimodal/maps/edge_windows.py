"""EELS: edges, windows, gain and power-law background, and the electrons in them."""

import itertools
import logging
import numbers
from dataclasses import dataclass

import numpy as np
from scipy.special import exprel

from ..fusion.checks import checked_number
from .element_maps import ElementMaps
from .pooling import pool
from .segments import count_segments, membership, segment_edges
from .xray_windows import window_array

_logger = logging.getLogger(__name__)

# Both windows are this wide, relative to the onset; the first ends this far below the onset.
_WIDTH = 0.1
_GAP = 0.01
_GAP_CHANNELS = 2
_INTEGRATION_CHANNELS = 5
_BACKGROUND_CHANNELS = 4
#: Exponents that a background may have; those of real ones lie between 2 and 6.
EXPONENTS = (0.0, 10.0)
# Error that the pooled exponent may leave in the expected background.
_BACKGROUND_ERROR = 0.005
# Share of pixels without a sensible exponent that is worth a warning.
_CLIPPED = 0.1
# Median of the squared standard normal distribution.
_MEDIAN_CHI_SQUARED = 0.4549364
# An estimate of the gain from fewer neighbours or counts than this is not worth a warning.
_GAIN_PAIRS = 200
_GAIN_COUNTS = 20


@dataclass(frozen=True)
class EdgeMeasurement:
    """What was measured at K edges, and how.

    Parameters
    ----------
    maps : ElementMaps
        Whole electrons, not counts.
    onsets : list of float
        Onset energies in eV.
    integration_windows : numpy.ndarray
        Shape (K, 2), in units of the energy axis.
    background_windows : numpy.ndarray or None
        Pre-edge windows, shape (K, 2), in units of the energy axis.
    gain : float
        Counts per electron.
    gain_source : str
        "given", "metadata", "integer counts" or "estimated".
    """

    maps: ElementMaps
    onsets: list
    integration_windows: np.ndarray
    background_windows: np.ndarray | None
    gain: float
    gain_source: str


def measure_edges(signal, edges, integration_windows, background_windows, gain, show_progressbar):
    """Measure the electrons at the edges of an EELS spectrum image.

    Parameters
    ----------
    signal : EELSSpectrum
        Spectrum image, eager or lazy; a lazy one is read once.
    edges, integration_windows, background_windows, gain
        As in `multimodal_fusion`.
    show_progressbar : bool
        Whether to show the progress of reading a lazy signal.

    Returns
    -------
    EdgeMeasurement
    """
    if gain is not None:
        gain = checked_number("gain", gain, low=0, include_low=False)
    axis = signal.axes_manager.signal_axes[0]
    if not axis.is_uniform:
        raise ValueError(
            "The energy axis is not uniform. Expected channels of one width: rebin the spectra, "
            "for example with s.interpolate_on_axis."
        )
    automatic = isinstance(background_windows, str)
    if automatic and background_windows != "auto":
        raise ValueError(
            "background_windows must be 'auto', None or an array with one row an edge, but "
            f"{background_windows!r} was given."
        )
    names = select_edges(signal, edges, pre_edge=automatic)
    onsets = [onset_energy(name) for name in names]
    inside = _integration_channels(signal, names, onsets, integration_windows)
    sides = None
    if automatic:
        sides = [_pre_edge_channels(axis, name, names) for name in names]
    elif background_windows is not None:
        array = window_array(
            "background_windows", signal, names, background_windows, 2, "'auto', None, or ", "edge"
        )
        sides = _given_channels(axis, "background_windows", names, array, at_least=2)
    halves = [_halves(axis, *channels) for channels in (sides or inside)]
    cuts = segment_edges([*([window] for window in inside), *halves])
    counts, cuts = count_segments(signal, cuts, show_progressbar)
    lower, upper = (
        np.tensordot(membership([[half[i]] for half in halves], cuts), counts, axes=1)
        for i in (0, 1)
    )
    gain, source = find_gain(signal, gain, counts, lower, upper)
    electrons = np.rint(counts / gain)
    if counts.any() and not electrons.any():
        raise ValueError(
            f"With gain={gain:g} counts per electron no window holds an electron in any pixel. "
            "Give the gain of these data as `gain`."
        )
    if sides is None:
        beside, ratios = [[] for _ in names], np.zeros((len(names), 1, 1))
    else:
        beside = halves
        ratios = np.stack(
            [
                _background_ratios(axis, *measured)
                for measured in zip(names, inside, halves, lower / gain, upper / gain, strict=True)
            ]
        )
    within, outside = membership([[window] for window in inside], cuts), membership(beside, cuts)
    # Unused segments would change what seed gives which split.
    used = (within + outside).any(axis=0)
    maps = ElementMaps(
        names=names,
        segments=electrons[used],
        inside=within[:, used],
        beside=outside[:, used],
        ratios=ratios,
        has_steps=True,
    )
    return EdgeMeasurement(
        maps=maps,
        onsets=onsets,
        integration_windows=np.array([_energies(axis, *window) for window in inside]),
        background_windows=(
            None if sides is None else np.array([_energies(axis, *side) for side in sides])
        ),
        gain=gain,
        gain_source=source,
    )


def onset_energy(edge):
    """Return the onset of an edge such as "Cu_L3" in eV."""
    element, _, subshell = edge.partition("_")
    return float(_binding_energies(element)[subshell]["onset_energy (eV)"])


def select_edges(signal, edges, pre_edge=True):
    """Return the edges to measure, after a check of their names.

    Parameters
    ----------
    signal : EELSSpectrum
        Spectrum image.
    edges : None or list of str
        Edges, or None: of each element of the signal, the major edge of lowest onset on the axis,
        in the order of their onsets.
    pre_edge : bool
        Whether room is needed for a pre-edge window.
    """
    axis = signal.axes_manager.signal_axes[0]
    if edges is not None:
        return _checked_edges(axis, edges, pre_edge)
    # eXSpy keeps them in a set, whose order changes from run to run.
    elements = {*signal.elements, *(signal.metadata.get_item("Sample.elements", None) or [])}
    elements = sorted(elements)
    if not elements:
        raise ValueError(
            "The signal has no elements: its metadata.Sample names none. Add them, for example "
            "with s.add_elements(('Cu', 'Zn')), or give edges=['Cu_L3', 'Zn_L3']."
        )
    selected = []
    for element in elements:
        onsets = {
            name: float(edge["onset_energy (eV)"])
            for name, edge in _binding_energies(element).items()
            if edge["relevance"] == "Major" and _has_room(axis, edge, pre_edge)
        }
        if onsets:
            # Of subshells with one onset the last: it holds more electrons (M5 before M4).
            names = sorted(onsets, reverse=True)
            selected.append(f"{element}_{min(names, key=onsets.get)}")
        else:
            _logger.warning(
                "%s is left out: none of its major edges lies on the energy axis with room for "
                "its windows. Name an edge in `edges` to take it nevertheless.",
                element,
            )
    if not selected:
        raise ValueError(
            f"None of the elements {elements} has a major edge on the energy axis, "
            f"{_describe(axis)}, with room for its windows. Give `edges`, and the windows."
        )
    return sorted(selected, key=onset_energy)


def _checked_edges(axis, edges, pre_edge):
    from exspy.material import elements as database

    if isinstance(edges, (str, dict)) or not np.iterable(edges):
        raise TypeError(
            f"edges must be None or a list of edges such as ['Cu_L3', 'Zn_L3'], but {edges!r} was "
            "given."
        )
    edges = list(edges)
    if not edges:
        raise ValueError("edges is empty. Expected at least one edge such as 'Cu_L3', or None.")
    for edge in edges:
        if not isinstance(edge, str):
            raise TypeError(f"An edge must be a string such as 'Cu_L3', but {edge!r} was given.")
        element, _, subshell = edge.partition("_")
        if element not in database:
            raise ValueError(
                f"Unknown edge {edge!r}: {element!r} is not a chemical element. Expected an "
                "element and a subshell, such as 'Cu_L3'."
            )
        known = _binding_energies(element)
        possible = [f"{element}_{k}" for k, v in known.items() if _has_room(axis, v, pre_edge)]
        if subshell not in known:
            raise ValueError(
                f"Unknown edge {edge!r}: on this energy axis, {_describe(axis)}, {element} has "
                f"the edges {possible}."
            )
        if edge not in possible:
            raise ValueError(
                f"{edge} has its onset at {onset_energy(edge):g} eV: the energy axis, "
                f"{_describe(axis)}, holds no room for its windows. Of {element} it has room for "
                f"{possible}."
            )
    repeated = sorted({edge for edge in edges if edges.count(edge) > 1})
    if repeated:
        raise ValueError(f"edges must name each edge once, but repeats {repeated}.")
    return edges


def _binding_energies(element):
    from exspy.material import elements as database

    properties = database[element].Atomic_properties.as_dictionary()
    # Names that end in "a" repeat another subshell.
    return {k: v for k, v in properties.get("Binding_energies", {}).items() if k[-1] != "a"}


def _has_room(axis, edge, pre_edge):
    """Whether the windows of an edge fit on the axis."""
    onset = float(edge["onset_energy (eV)"])
    start = _boundary(axis, onset)
    before = _BACKGROUND_CHANNELS if pre_edge else 0
    stop = _pre_edge_stop(axis, onset) if pre_edge else start
    return stop >= before and start + _INTEGRATION_CHANNELS <= axis.size


def _integration_channels(signal, names, onsets, given):
    axis = signal.axes_manager.signal_axes[0]
    if given is not None and not (isinstance(given, str) and given == "auto"):
        array = window_array(
            "integration_windows", signal, names, given, 2, "None, 'auto', or ", "edge"
        )
        return _given_channels(axis, "integration_windows", names, array, at_least=1)
    order = np.argsort(onsets, kind="stable")
    following = {int(i): int(j) for i, j in itertools.pairwise(order)}
    windows = []
    for i, onset in enumerate(onsets):
        start = _boundary(axis, onset)
        stop = max(_boundary(axis, (1 + _WIDTH) * onset), start + _INTEGRATION_CHANNELS)
        if i in following:
            j = following[i]
            stop = min(stop, _boundary(axis, onsets[j]))
            if stop <= start:
                raise ValueError(
                    f"{names[i]} ({onset:g} eV) and {names[j]} ({onsets[j]:g} eV) start in the "
                    "same channel and cannot be told apart. Leave one out of `edges`, or give "
                    "`integration_windows`."
                )
        windows.append((start, min(stop, axis.size)))
    return windows


def _pre_edge_stop(axis, onset):
    return min(_boundary(axis, (1 - _GAP) * onset), _boundary(axis, onset) - _GAP_CHANNELS)


def _pre_edge_channels(axis, name, names):
    """Return the pre-edge window of an edge, above the edges of other elements where it can be."""
    onset = onset_energy(name)
    stop = _pre_edge_stop(axis, onset)
    lowest = (1 - _GAP - _WIDTH) * onset
    start = min(max(_boundary(axis, lowest), 0), stop - _BACKGROUND_CHANNELS)
    disturbing = [n for n in names if n != name and lowest < onset_energy(n) < onset]
    if not disturbing:
        return start, stop
    # Above the last major edge of these elements, its white line included.
    last = max(
        float(edge["onset_energy (eV)"])
        for element in {n.split("_")[0] for n in disturbing}
        for edge in _binding_energies(element).values()
        if edge["relevance"] == "Major" and edge["onset_energy (eV)"] < onset
    )
    above = _boundary(axis, (1 + _GAP) * last)
    if stop - above >= _BACKGROUND_CHANNELS:
        start = max(start, above)
    _logger.warning(
        "The pre-edge window of %s, %g to %g %s, holds the tail of %s: it is taken for background, "
        "so %s may come out wrong. Give `background_windows` to change that.",
        name,
        *_energies(axis, start, stop),
        axis.units,
        ", ".join(disturbing),
        name,
    )
    return start, stop


def _given_channels(axis, argument, names, array, at_least):
    found = [tuple(min(_channel(axis, e), axis.size) for e in row) for row in array]
    for name, row, (start, stop) in zip(names, array, found, strict=True):
        if stop - start < at_least:
            raise ValueError(
                f"The window of {name} in {argument}, {row[0]:g} to {row[1]:g} {axis.units}, "
                f"holds {stop - start} channels of {axis.scale:g} {axis.units}. Expected at least "
                f"{at_least}: widen it."
            )
    return found


def _halves(axis, start, stop):
    """Divide a range of channels where its geometric middle is; a single channel has no halves."""
    left, right = _energies(axis, start, stop)
    middle = _channel(axis, np.sqrt(left * right)) if left > 0 else (start + stop) // 2
    middle = int(np.clip(middle, start + 1, max(stop - 1, start + 1)))
    return [(start, middle), (middle, stop)]


def _channel(axis, energy):
    """Return the channel whose lower end is nearest to ``energy``, in units of the axis."""
    # Halfway the lower one, so that an onset in the middle of a channel takes this channel along.
    return int(np.ceil((energy - axis.low_value) / axis.scale - 1e-6))


def _boundary(axis, energy):
    """Return the channel whose lower end is nearest to ``energy`` in eV."""
    return _channel(axis, energy / 1000 if axis.units == "keV" else energy)


def _energies(axis, *channels):
    """Return the energies at which the channels start, in units of the axis."""
    return [float(axis.low_value + (channel - 0.5) * axis.scale) for channel in channels]


def _describe(axis):
    return f"{axis.low_value:g} to {axis.high_value:g} {axis.units}"


def power_law_area(exponent, left, right):
    """Integrate (E / left)^-r over the energies from ``left`` to ``right``, both > 0."""
    log_width = np.log(right / left)
    return left * log_width * exprel((1 - exponent) * log_width)


def power_law_exponent(lower, upper, left, middle, right):
    """Return the exponent r of a background A E^-r from its areas below and above ``middle``.

    The two-area method [1]_, solved for r with the areas of the power law itself, so that the
    middle need not be the geometric one. Clipped to `EXPONENTS`; without counts, their middle.

    References
    ----------
    .. [1] R. F. Egerton, Electron Energy-Loss Spectroscopy in the Electron Microscope, 3rd ed.,
           Springer (2011), section 4.4.2.
    """
    exponents = np.linspace(*EXPONENTS, 2001)
    above = power_law_area(exponents, middle, right) * (left / middle) ** exponents
    logarithms = np.log(power_law_area(exponents, left, middle) / above)
    with np.errstate(divide="ignore", invalid="ignore"):
        measured = np.log(lower) - np.log(upper)
    return np.nan_to_num(np.interp(measured, logarithms, exponents), nan=np.mean(EXPONENTS))


def _background_ratios(axis, name, window, halves, lower, upper):
    """Return the expected background in a window for each electron before the edge, (ny, nx)."""
    (start, middle), (_, stop) = halves
    left, centre, right = _energies(axis, start, middle, stop)
    first, last = _energies(axis, *window)
    if left <= 0 or first <= 0:
        raise ValueError(
            f"A power law needs windows at energies > 0, but one starts at {min(left, first):g} "
            f"{axis.units}. Give `background_windows` above the zero-loss peak, or None."
        )
    # Error propagation: the exponent is good to 4 / (lever sqrt(N)) for N electrons.
    reach = abs(np.log(first * last / (left * right))) / 2
    needed = (4 * reach / np.log(right / left) / _BACKGROUND_ERROR) ** 2
    pooled = pool(np.stack([lower, upper]), needed)
    exponent = power_law_exponent(*pooled, left, centre, right)
    clipped = np.isin(exponent, EXPONENTS).mean()
    if clipped > _CLIPPED:
        _logger.warning(
            "Before %s, %g to %g %s, the spectra of %.0f %% of the pixels do not fall like a power "
            "law with an exponent between %g and %g: its background may be wrong. Give "
            "`background_windows` that hold no other edge.",
            name,
            left,
            right,
            axis.units,
            100 * clipped,
            *EXPONENTS,
        )
    beside = power_law_area(exponent, left, right)
    return power_law_area(exponent, first, last) * (left / first) ** exponent / beside


def find_gain(signal, given, counts, lower, upper):
    """Return the gain in counts per electron, and where it comes from.

    Parameters
    ----------
    signal : EELSSpectrum
        Spectrum image, with the gain in its metadata or not.
    given : float or None
        Gain as the user gives it.
    counts : numpy.ndarray
        All counts, to see whether they are whole numbers.
    lower, upper : numpy.ndarray
        Counts in neighbouring windows, shape (K, ny, nx), as for `estimate_gain`.
    """
    if given is not None:
        return given, "given"
    item = "Signal.Noise_properties.Variance_linear_model.gain_factor"
    stored = signal.metadata.get_item(item, None)
    usable = isinstance(stored, numbers.Real) and np.isfinite(stored) and stored > 0
    if stored is not None and not usable:
        _logger.warning("metadata.%s = %r is ignored: a gain is a finite number > 0.", item, stored)
        stored = None
    estimated, reliable = estimate_gain(lower, upper)
    if stored is not None:
        gain, source = float(stored), "metadata"
    elif np.array_equal(counts, np.rint(counts)):
        _logger.info("All counts are whole numbers: each is taken for one electron.")
        gain, source = 1.0, "integer counts"
    elif np.isfinite(estimated) and estimated > 0:
        _logger.warning(
            "The counts are no whole numbers and metadata.%s is not set: the gain is estimated "
            "from their noise, %.3g counts per electron. Give `gain` if it is known.",
            item,
            estimated,
        )
        return estimated, "estimated"
    else:
        raise ValueError(
            "The counts are no whole numbers, and their noise tells no gain. Give `gain`, the "
            "counts per electron."
        )
    if reliable and not 0.5 < estimated / gain < 2:
        _logger.warning(
            "The gain is taken as %.3g counts per electron (%s), but the noise of the spectra "
            "suggests %.3g: with a wrong gain lambdas='auto' smoothes too little or too much. "
            "Give `gain` if it is known.",
            gain,
            source,
            estimated,
        )
    return gain, source


def estimate_gain(lower, upper):
    """Estimate counts per electron from the noise between horizontal neighbours.

    The share of counts in the lower of two neighbouring windows hardly depends on the thickness.
    What it changes by from one pixel to the next is noise, of a variance that for counting
    statistics grows with the gain. The median over all pixels leaves out the steps in composition.

    Parameters
    ----------
    lower, upper : numpy.ndarray
        Counts in the two windows, shape (K, ny, nx).

    Returns
    -------
    gain : float
        The least of the K estimates, as structure can only add to them; NaN without counts.
    reliable : bool
        Whether it rests on enough pixels and counts.
    """
    a, b, c, d = lower[..., :-1], lower[..., 1:], upper[..., :-1], upper[..., 1:]
    variance = a * d * (a + d) + b * c * (b + c)
    gains = []
    for difference, expected in zip(a * d - b * c, variance, strict=True):
        use = expected > 0
        if use.any():
            gains.append(np.median(difference[use] ** 2 / expected[use]) / _MEDIAN_CHI_SQUARED)
    if not gains:
        return np.nan, False
    gain = float(min(gains))
    enough = variance[0].size >= _GAIN_PAIRS and lower.mean() >= _GAIN_COUNTS * max(gain, 1.0)
    return gain, bool(enough)
