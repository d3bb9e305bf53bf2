"""EELS: element maps from whole core-loss spectra."""

import functools
import logging
from dataclasses import dataclass

import numpy as np

from ..spectra.core_loss import CoreLossFit, edge_subshells, fit_core_loss, hydrogenic_edges
from ..spectra.templates import Templates
from .background_shape import POWER_LAW
from .edge_measurement import EdgeWindows, check_electrons, plan_edges
from .edge_windows import disturbing_edges, has_room
from .edges import edge_onsets, onset_energy, select_edges
from .fitted_maps import FittedMaps
from .gain import find_gain
from .microscope import EELS_PARAMETERS, microscope_of
from .reading import read
from .segments import edges_to_count, membership

_logger = logging.getLogger(__name__)

# The fit begins this far below the lowest onset.
_BELOW = 0.7
_PRE_EDGE_CHANNELS = 4


@dataclass(frozen=True)
class EdgePlan:
    """How core-loss spectra are to be fitted.

    Attributes
    ----------
    windows_plan : EdgeWindows
        Edges to map, their windows and the gain.
    others : dict of str to float
        Edges, with onsets, of elements that are not mapped.
    subshells : list of list of str
        Subshells of each element, mapped or not.
    energy : numpy.ndarray
        Energies of the channels in eV, shape (C,).
    used : numpy.ndarray
        Channels to fit, bool, shape (C,).
    before : tuple of int
        Channels below the lowest edge: first, middle, and one after the last.
    instrument : dict
        Beam energy and angles.
    edges : list of int
        Channels between which `segments.count_segments` has to count.
    """

    windows_plan: EdgeWindows
    others: dict
    subshells: list
    energy: np.ndarray
    used: np.ndarray
    before: tuple
    instrument: dict
    edges: list
    sums = True
    negative = True
    two_passes = True

    @property
    def names(self):
        """Edges to map."""
        return self.windows_plan.names

    @property
    def windows(self):
        """Integration windows, shape (K, 2), in units of the energy axis."""
        return self.windows_plan.windows

    def reading(self, counts, observed, divisor):
        """Return the `FittedSum` of counts between the edges and of the summed spectrum."""
        first, middle, last = self.before
        lower, upper = (
            np.tensordot(membership([[limits]], self.edges), counts, axes=1)
            for limits in ((first, middle), (middle, last))
        )
        plan = self.windows_plan
        gain, source = find_gain(plan.stored, plan.gain, counts, lower, upper)
        check_electrons(gain, counts)
        if observed[self.used].min() < 0 or not observed[self.used].any():
            raise ValueError(
                "The sum of all spectra is negative or empty in some of the channels that a fit "
                "needs. Expected spectra from which no background was subtracted; or use "
                "map_method='windows'."
            )
        functions = [hydrogenic_edges(each, self.instrument) for each in self.subshells]
        fit = fit_core_loss(observed, self.energy, functions, self.used)
        templates = _templates(fit, self.names, self.others, plan.inside)
        return FittedEdges(self, fit, templates, gain, source, divisor >= 0 and gain == 1)


@dataclass(frozen=True)
class FittedEdges:
    """A fitted summed spectrum, and the matrix that takes each spectrum to electrons of elements.

    Attributes
    ----------
    plan : EdgePlan
    sum_fit : CoreLossFit
        Fit of the summed spectrum.
    templates : Templates
        Spectra of the elements and of the background.
    gain, gain_source : float, str
        Counts per electron, and where it comes from.
    splits : bool
        Whether each count can be given to one of two halves.
    """

    plan: EdgePlan
    sum_fit: CoreLossFit
    templates: Templates
    gain: float
    gain_source: str
    splits: bool

    @property
    def columns(self):
        """How many of the operator's columns are wanted of halves of the counts."""
        return len(self.plan.names)

    @property
    def _pairs(self):
        return [(i, j) for i in range(self.columns) for j in range(i + 1)]

    @property
    def operator(self):
        """Net counts, all counts, covariances of the net counts: a matrix (C, M)."""
        projection = self.templates.projection[: self.columns]
        products = [projection[i] * projection[j] for i, j in self._pairs]
        return np.array([*projection, self.plan.used.astype(float), *products]).T

    def measured(self, whole, of_halves, seed, halves):
        """Return the `EdgeFit` of projected spectra (M, ny, nx) and their halves."""
        n_maps = self.columns
        net = whole[:n_maps] / self.gain
        covariance = np.empty((*net.shape[1:], n_maps, n_maps))
        for (i, j), values in zip(self._pairs, whole[n_maps + 1 :], strict=True):
            covariance[..., i, j] = covariance[..., j, i] = values / self.gain
        if not self.splits:
            of_halves = gaussian_halves(net, covariance, halves, seed)
        own = self.templates.own_variances
        by_map = own[:, None, None]
        variance = np.moveaxis(np.diagonal(covariance, axis1=2, axis2=3), -1, 0)
        maps = FittedMaps(
            names=self.plan.names,
            net=net / by_map,
            net_variance=np.maximum(variance, 0) / by_map**2,
            gross=np.maximum(whole[n_maps], 0) / self.gain,
            gains=own,
            first_halves=of_halves / by_map,
            are_integers=bool(self.splits),
            splits_rounded=True,
        )
        plan = self.plan
        onsets = [onset_energy(name) for name in plan.names]
        return EdgeFit(
            self.sum_fit, self.templates, maps, onsets, plan.windows, self.gain, self.gain_source
        )


@dataclass(frozen=True)
class EdgeFit:
    """What was fitted to core-loss spectra, and the maps.

    Attributes
    ----------
    sum_fit : CoreLossFit
        Fit of the summed spectrum.
    templates : Templates
        Spectra of the elements and of the background.
    maps : FittedMaps
        Net electrons in the integration windows.
    onsets : list of float
        Onset energies in eV.
    integration_windows : numpy.ndarray
        Shape (K, 2), in units of the energy axis.
    gain, gain_source : float, str
        Counts per electron, and where it comes from.
    """

    sum_fit: CoreLossFit
    templates: Templates
    maps: FittedMaps
    onsets: list
    integration_windows: np.ndarray
    gain: float
    gain_source: str

    @property
    def factor(self):
        """Counts of the spectra for each electron of the maps."""
        return self.gain

    @property
    def raw(self):
        """Net electrons as measured, shape (K, ny, nx)."""
        return self.maps.gains[:, None, None] * self.maps.net

    @property
    def record(self):
        """What was fitted, in types that metadata can hold."""
        return {
            "exponent": self.sum_fit.exponent,
            "edge_shift": self.sum_fit.shift,
            "background_windows": None,
            "background_type": POWER_LAW,
            "gain": self.gain,
            "gain_source": self.gain_source,
        }


def plan_edge_fit(signal, edges, integration_windows, gain):
    """Return the `EdgePlan` of an EELS spectrum image, which is not read.

    Parameters
    ----------
    signal : EELSSpectrum
        Spectrum image, eager or lazy.
    edges, integration_windows, gain
        As in `multimodal_fusion`.
    """
    windows = plan_edges(signal, edges, integration_windows, None, gain)
    names, axis = windows.names, signal.axes_manager.signal_axes[0]
    _check_one_edge_an_element(names)
    energy = axis.axis * (1e3 if axis.units == "keV" else 1.0)
    others = _edges_of_other_elements(signal, names, energy)
    lowest = min([*map(onset_energy, names), *others.values()])
    used = energy > _BELOW * lowest
    before = np.flatnonzero(used & (energy < lowest))
    if len(before) < _PRE_EDGE_CHANNELS:
        raise ValueError(
            f"map_method='fit' needs at least {_PRE_EDGE_CHANNELS} channels below the lowest edge, "
            f"{min([*names, *others], key=onset_energy)} at {lowest:g} eV, to see the background, "
            f"but the axis begins at {energy[0]:g} eV. Use map_method='windows'."
        )
    limits = int(before[0]), int(before[len(before) // 2]), int(before[-1]) + 1
    return EdgePlan(
        windows_plan=windows,
        others=others,
        subshells=[
            edge_subshells(name, edge_onsets(name.split("_")[0]), (energy[0], energy[-1]))
            for name in [*names, *others]
        ],
        energy=energy,
        used=used,
        before=limits,
        instrument=_instrument(signal),
        edges=edges_to_count(signal, sorted({*limits, *windows.edges})),
    )


def fit_edges(signal, edges, integration_windows, gain, halves, seed, show_progressbar):
    """Fit the spectra of an EELS spectrum image by edges over a power law.

    Parameters
    ----------
    signal : EELSSpectrum
        Spectrum image, eager or lazy.
    edges, integration_windows, gain, seed, show_progressbar
        As in `multimodal_fusion`.
    halves : int
        Pairs of random halves of the electrons to draw.

    Returns
    -------
    EdgeFit
    """
    plan = plan_edge_fit(signal, edges, integration_windows, gain)
    return read(signal, plan, halves, seed, show_progressbar)


def suits_fit(signal, edges):
    """Return whether edges overlap so that only a fit tells them apart, and a fit can be had.

    That is where the tail of one lies under the pre-edge window of another, all are K or L edges,
    one an element, the metadata hold beam energy and angles, and the axis begins below the edges.

    Parameters
    ----------
    signal : EELSSpectrum
        Spectrum image.
    edges : None or list of str
        As in `multimodal_fusion`.

    Returns
    -------
    bool
    """
    axis = signal.axes_manager.signal_axes[0]
    if not axis.is_uniform:
        return False
    names = select_edges(signal, edges, functools.partial(has_room, axis, pre_edge=True))
    if not any(disturbing_edges(name, names) for name in names):
        return False
    try:
        _check_one_edge_an_element(names)
        _instrument(signal)
        energy = axis.axis * (1e3 if axis.units == "keV" else 1.0)
        others = _edges_of_other_elements(signal, names, energy)
        for name in [*names, *others]:
            edge_subshells(name, edge_onsets(name.split("_")[0]), (energy[0], energy[-1]))
    except ValueError:
        return False
    lowest = min([*map(onset_energy, names), *others.values()])
    return int(np.sum((energy > _BELOW * lowest) & (energy < lowest))) >= _PRE_EDGE_CHANNELS


def gaussian_halves(net, covariance, halves, seed):
    """Return first halves of net electrons whose noise is Gaussian.

    Half of the electrons, plus and minus one draw of noise of half their standard deviation: these
    are independent, each with half the mean and half the variance. Electrons that a gain has made
    fractions cannot be split one by one; there are many of them in an edge.

    Parameters
    ----------
    net : numpy.ndarray
        Net electrons, shape (K, ny, nx).
    covariance : numpy.ndarray
        Of their errors, shape (ny, nx, K, K).
    halves, seed : int
        How many, and the seed of the noise.

    Returns
    -------
    numpy.ndarray
        Shape (halves, K, ny, nx).
    """
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0))[..., None, :]
    rng = np.random.default_rng(seed)
    drawn = [
        np.moveaxis(np.einsum("...ij,...j->...i", root, rng.normal(size=values.shape)), -1, 0)
        for _ in range(halves)
    ]
    return np.array([(net + noise) / 2 for noise in drawn]).reshape(halves, *net.shape)


def _check_one_edge_an_element(names):
    elements = [name.split("_")[0] for name in names]
    repeated = sorted({element for element in elements if elements.count(element) > 1})
    if repeated:
        raise ValueError(
            f"map_method='fit' takes all edges of an element together, but `edges` names several "
            f"of {repeated}. Name one of each element, or use map_method='windows'."
        )


def _edges_of_other_elements(signal, names, energy):
    """Return edges, with onsets, of elements of the signal that are on the axis but not mapped."""
    known = {*signal.elements, *(signal.metadata.get_item("Sample.elements", None) or [])}
    others = {}
    for element in sorted(known - {name.split("_")[0] for name in names}):
        for edge, onset in edge_onsets(element, only_major=True).items():
            if energy[0] < onset < energy[-1]:
                try:
                    edge_subshells(edge, edge_onsets(element), (energy[0], energy[-1]))
                except ValueError:
                    _logger.warning(
                        "%s lies on the energy axis, but a fit has no shape for it: what it adds "
                        "goes to other elements. Crop the axis below %g eV, or use "
                        "map_method='windows'.",
                        edge,
                        onset,
                    )
                    continue
                others[edge] = onset
                break
    return others


def _templates(fit, names, others, channels):
    n_maps, shapes = len(names), []
    for name, edge, (start, stop) in zip(names, fit.edges, channels, strict=False):
        if not edge[start:stop].sum() > 0:
            raise ValueError(
                f"The integration window of {name} lies below its edge. Give "
                "`integration_windows` above the onset."
            )
        shapes.append(edge / edge[start:stop].sum())
    law = np.where(fit.used, fit.power_law, 0.0)
    rest = [edge / edge[fit.used].sum() for edge in fit.edges[n_maps:]]
    expected = np.maximum(fit.fitted, 1e-6 * fit.fitted[fit.used].max())
    return Templates(
        names=list(names),
        others=[*others, "background"],
        shapes=np.array([*shapes, *rest, law / law.sum()]),
        weights=np.where(fit.used, 1 / expected, 0.0),
    )


def _instrument(signal):
    """Return beam energy and angles, or say which the metadata lack."""
    found = microscope_of(signal)
    for name, value in found.items():
        if value is None:
            item, example = EELS_PARAMETERS[name]
            raise ValueError(
                f"map_method='fit' needs the {name.replace('_', ' ')} for the shapes of edges, but "
                f"metadata.Acquisition_instrument.{item} is not set. Set it with "
                f"s.set_microscope_parameters({example})."
            )
    return {name: float(value) for name, value in found.items()}
