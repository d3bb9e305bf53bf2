"""A clear edge in a summed core-loss spectrum that no listed element has."""

from typing import NamedTuple

import numpy as np

from ..notes import Speaker
from ..physics.edges import all_edges, edge_onsets
from ..physics.hydrogenic import edge_subshells, hydrogenic_edges
from ..physics.microscope import microscope_of, with_usual
from .core_loss_fit import CoreLossModel, ElementEdges
from .select_edges import listed_elements
from .white_lines import white_line_onsets

_logger = Speaker(__name__)

# The energies that are fitted, relative to the lowest and highest onset that is listed, and where
# other edges are sought, relative to the first of them.
_BELOW, _ABOVE, _FIRST = 0.7, 1.4, 1.05
_CHANNELS, _PRE_EDGE_CHANNELS = 16, 4
# An edge improves chi-square by this much, in units of the misfit that is left, its counts are this
# share of those of the largest edge, and either half of the misfit or all of it is gone.
_IMPROVED, _OF_LARGEST, _HALF, _GOOD = 60.0, 0.2, 0.5, 2.0
# Width of the windows in which edges are compared, relative to the onset.
_WIDTH = 0.1
# Onsets this close in eV, or in channels, are those of candidates.
_NEAR, _NEAR_CHANNELS, _MOST_NAMES = 12.0, 2, 4


class KnownEdges(NamedTuple):
    """Edges of the elements of a signal.

    Attributes
    ----------
    elements : tuple of str
        All elements that are listed.
    edges : tuple of str
        An edge of each that lies on the axis.
    energy : numpy.ndarray
        Energies of the channels in eV, shape (C,).
    instrument : dict
        Beam energy and angles, as they are or as is usual.
    """

    elements: tuple
    edges: tuple
    energy: np.ndarray
    instrument: dict


def known_edges_of(signal, names):
    """Return the `KnownEdges` of a signal, None if one has a shape that is not known.

    Parameters
    ----------
    signal : EELSSpectrum
        Spectrum image, which is not read.
    names : list of str
        Edges to map.
    """
    axis = signal.axes_manager.signal_axes[0]
    energy = axis.axis * (1e3 if axis.units == "keV" else 1.0)
    listed = listed_elements(signal)
    elements = tuple(sorted({*listed, *(name.split("_")[0] for name in names)}))
    edges = []
    for element in elements:
        found = _edge_of(element, energy)
        if found is None and _on_axis(element, energy):
            return None
        edges += [] if found is None else [found]
    return KnownEdges(elements, tuple(edges), energy, with_usual(microscope_of(signal)))


def say_unlisted_edge(known, total, camera, ranges):
    """Warn of an edge that no listed element has.

    Parameters
    ----------
    known : KnownEdges or None
    total : numpy.ndarray
        Sum of all spectra, shape (C,).
    camera : Camera
    ranges : dict of str to list of (int, int)
        Channels [start, stop) of all windows, by edge.
    """
    found = None if known is None else unlisted_edge(known, total, camera.gain)
    if found is None:
        return
    onset, candidates = found
    near = _nearness(known.energy)
    reached = int(np.searchsorted(known.energy, onset - near))
    affected = [name for name, own in ranges.items() if max(stop for _, stop in own) > reached]
    _logger.warning(
        "The sum of all spectra shows an edge at about %.0f eV that no listed element has. It may "
        "belong to %s. If this element is present, add it with s.add_elements, mapped or not. "
        "Otherwise, its counts go to other edges or to the background.",
        onset,
        " or ".join(candidates),
        kind="unlisted edge" if affected else "no map",
        about=affected or 1.0,
    )


def unlisted_edge(known, total, gain=1.0):
    """Return onset and candidates of the clearest edge that no listed element has, or None.

    The sum is fitted by the edges of the listed elements on a power law, without and with the edge
    of each other element.

    Parameters
    ----------
    known : KnownEdges
    total : numpy.ndarray
        Sum of all spectra, shape (C,).
    gain : float
        Counts per electron, default 1.

    Returns
    -------
    None or tuple of (float, list of str)
        In eV, and elements, the likeliest first.
    """
    energy = known.energy
    onsets = [edge_onsets(edge.split("_")[0])[edge] for edge in known.edges]
    if not onsets:
        return None
    lowest, highest = min(onsets), max(onsets)
    used = (energy > _BELOW * lowest) & (energy < _ABOVE * highest)
    if used.sum() < _CHANNELS or not total[used].min() > 0:
        return None
    if np.count_nonzero(used & (energy < lowest)) < _PRE_EDGE_CHANNELS:
        return None
    first, last = energy[used][0], energy[used][-1]
    others = {
        element: edge
        for element in sorted({edge.split("_")[0] for edge, _ in all_edges(only_major=True)})
        if element not in known.elements
        and (edge := _edge_of(element, energy)) is not None
        and _FIRST * first < edge_onsets(element)[edge] < last / _FIRST
    }
    base = [_element_edges(edge, known) for edge in known.edges]
    before = _Fit(total, energy, base, used, gain)
    fits = {}
    for element, edge in others.items():
        fits[element] = _Fit(total, energy, [*base, _element_edges(edge, known)], used, gain)
        fits[element].take(before.parameters)
    if not fits:
        return None
    best = min(fits, key=lambda element: fits[element].chi_square)
    after = fits[best]
    after.search(before.parameters)
    scale = max(1.0, after.chi_square / used.sum())
    improved = (before.chi_square - after.chi_square) / scale
    is_explained = after.chi_square < max(_HALF * before.chi_square, _GOOD * used.sum())
    if improved < _IMPROVED or not is_explained:
        return None
    nets = after.nets([*onsets, edge_onsets(best)[others[best]]])
    if nets[-1] < _OF_LARGEST * nets[:-1].max():
        return None
    onset = edge_onsets(best)[others[best]]
    near = _nearness(energy)
    alike = {
        edge.split("_")[0]: abs(other - onset)
        for edge, other in all_edges(only_major=True)
        if abs(other - onset) <= near
    }
    rest = [each for each in sorted(alike, key=alike.get) if each not in (best, *known.elements)]
    return onset, [best, *rest][:_MOST_NAMES]


class _Fit:
    """Edges on a power law, fitted to a summed spectrum, of which the last may be a new one."""

    def __init__(self, total, energy, edges, used, gain):
        self._model = CoreLossModel(total, energy, edges, used, gain, 0.0)
        self._lined = [i for i, each in enumerate(edges) if each.lines]
        self._gain, self._energy, self._number = gain, energy, len(edges)

    @property
    def parameters(self):
        """Exponent, shift, offset and width, sought at the first use."""
        if not hasattr(self, "_parameters"):
            self.search(None)
        return self._parameters

    @property
    def chi_square(self):
        """Of the amplitudes that fit best, in units of the noise."""
        if not hasattr(self, "_misfit"):
            self.search(None)
        return self._misfit**2 / self._gain

    def search(self, near):
        """Fit all parameters, near others if these are not None."""
        self.take(self._model.search(self._lined, near))

    def take(self, parameters):
        """Fit the amplitudes for given parameters."""
        self._parameters = parameters
        self._design, self._owners = self._model.design(parameters, self._lined)
        self._amplitudes, self._misfit = self._model.solve(self._design)

    def nets(self, onsets):
        """Return the counts of each element above its onset, shape (K,)."""
        counts = []
        for k, onset in enumerate(onsets):
            own = self._owners == k
            inside = (self._energy >= onset) & (self._energy < (1 + _WIDTH) * onset)
            counts.append(float((self._amplitudes[own] @ self._design[own])[inside].sum()))
        return np.array(counts)


def _edge_of(element, energy):
    """Return the lowest major edge on the axis whose shape is known, or None."""
    for edge in _on_axis(element, energy):
        try:
            edge_subshells(edge, edge_onsets(element), (energy[0], energy[-1]))
        except ValueError:
            continue
        return edge
    return None


def _on_axis(element, energy):
    """Return the major edges of an element on the axis, the lowest first."""
    onsets = edge_onsets(element, only_major=True)
    return [e for e in sorted(onsets, key=onsets.get) if energy[0] < onsets[e] < energy[-1]]


def _element_edges(edge, known):
    element, limits = edge.split("_")[0], (known.energy[0], known.energy[-1])
    onsets = edge_onsets(element)
    subshells = edge_subshells(edge, onsets, limits)
    return ElementEdges(
        hydrogenic_edges(subshells, known.instrument),
        [onsets[name] for name in subshells],
        white_line_onsets(subshells, onsets, limits),
    )


def _nearness(energy):
    return max(_NEAR, _NEAR_CHANNELS * float(energy[1] - energy[0]))
