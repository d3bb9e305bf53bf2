"""EELS: element maps from whole core-loss spectra."""

import functools
import logging
from dataclasses import dataclass, replace

import numpy as np

from ..spectra.core_loss import CoreLossFit, edge_subshells, fit_core_loss, hydrogenic_edges
from ..spectra.templates import Templates
from .edge_measurement import EdgeMeasurement, measure_edges
from .edge_windows import disturbing_edges, has_room
from .edges import edge_onsets, onset_energy, select_edges
from .fitted_maps import FittedMaps
from .gain import find_gain
from .microscope import EELS_PARAMETERS, microscope_of
from .segments import count_segments
from .spectra_reading import projected, summed_spectrum

_logger = logging.getLogger(__name__)

# The fit begins this far below the lowest onset.
_BELOW = 0.7
_PRE_EDGE_CHANNELS = 4


@dataclass(frozen=True)
class EdgeFit:
    """What was fitted to core-loss spectra, and the maps.

    Attributes
    ----------
    sum_fit : CoreLossFit
        Fit of the summed spectrum.
    templates : Templates
        Spectra of the elements and of the background.
    measured : EdgeMeasurement
        Edges, windows and gain.
    maps : FittedMaps
        Net electrons in the integration windows.
    """

    sum_fit: CoreLossFit
    templates: Templates
    measured: EdgeMeasurement
    maps: FittedMaps

    def record(self):
        """Return what was fitted, in types that metadata can hold."""
        return {"exponent": self.sum_fit.exponent, "edge_shift": self.sum_fit.shift}


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
    measured = measure_edges(
        signal, edges, integration_windows, None, 1.0 if gain is None else gain, show_progressbar
    )
    names, axis = measured.maps.names, signal.axes_manager.signal_axes[0]
    _check_one_edge_an_element(names)
    energy = axis.axis * (1e3 if axis.units == "keV" else 1.0)
    others = _edges_of_other_elements(signal, names, energy)
    lowest = min([*measured.onsets, *others.values()])
    used = energy > _BELOW * lowest
    before = np.flatnonzero(used & (energy < lowest))
    if len(before) < _PRE_EDGE_CHANNELS:
        raise ValueError(
            f"map_method='fit' needs at least {_PRE_EDGE_CHANNELS} channels below the lowest edge, "
            f"{min([*names, *others], key=onset_energy)} at {lowest:g} eV, to see the background, "
            f"but the axis begins at {energy[0]:g} eV. Use map_method='windows'."
        )
    gain, source = _gain(signal, gain, before, show_progressbar)
    measured = replace(measured, gain=gain, gain_source=source)
    instrument = _instrument(signal)
    subshells = [
        edge_subshells(name, edge_onsets(name.split("_")[0]), (energy[0], energy[-1]))
        for name in [*names, *others]
    ]
    observed, divisor = summed_spectrum(signal, show_progressbar, negative=True)
    if observed[used].min() < 0 or not observed[used].any():
        raise ValueError(
            "The sum of all spectra is negative or empty in some of the channels that a fit needs. "
            "Expected spectra from which no background was subtracted; or use map_method='windows'."
        )
    functions = [hydrogenic_edges(each, instrument) for each in subshells]
    fit = fit_core_loss(observed, energy, functions, used)
    templates = _templates(fit, names, others, _channels(axis, measured.integration_windows))

    n_maps = len(names)
    projection = templates.projection[:n_maps]
    pairs = [(i, j) for i in range(n_maps) for j in range(i + 1)]
    rows = [*projection, used.astype(float), *(projection[i] * projection[j] for i, j in pairs)]
    tossed = divisor >= 0 and measured.gain == 1
    whole, of_halves = projected(
        signal, np.array(rows).T, (halves if tossed else 0, n_maps), seed, show_progressbar
    )
    net = whole[:n_maps] / measured.gain
    covariance = np.empty((*net.shape[1:], n_maps, n_maps))
    for (i, j), values in zip(pairs, whole[n_maps + 1 :], strict=True):
        covariance[..., i, j] = covariance[..., j, i] = values / measured.gain
    if not tossed:
        of_halves = gaussian_halves(net, covariance, halves, seed)
    own = templates.own_variances
    by_map = own[:, None, None]
    variance = np.moveaxis(np.diagonal(covariance, axis1=2, axis2=3), -1, 0)
    maps = FittedMaps(
        names=names,
        net=net / by_map,
        net_variance=np.maximum(variance, 0) / by_map**2,
        gross=np.maximum(whole[n_maps], 0) / measured.gain,
        gains=own,
        first_halves=of_halves / by_map,
        are_integers=bool(tossed),
        splits_rounded=True,
    )
    return EdgeFit(fit, templates, measured, maps)


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


def _gain(signal, given, before, show_progressbar):
    """Return the gain and its source, from the noise of two halves of the channels before edges."""
    middle = len(before) // 2
    cuts = [int(before[0]), int(before[middle]), int(before[-1]) + 1]
    counts, cuts = count_segments(signal, cuts, show_progressbar)
    first = cuts.index(int(before[0]))
    return find_gain(
        signal, given, counts, counts[first : first + 1], counts[first + 1 : first + 2]
    )


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


def _channels(axis, windows):
    """Return channels [start, stop) of windows whose limits are those of channels."""
    return [
        tuple(round((limit - axis.offset) / axis.scale + 0.5) for limit in window)
        for window in windows
    ]


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
