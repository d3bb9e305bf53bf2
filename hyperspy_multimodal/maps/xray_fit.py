"""EDS: element maps from the whole spectrum."""

import logging
from dataclasses import dataclass

import numpy as np

from ..spectra.detector import Detector
from ..spectra.lines import element_lines
from ..spectra.sum_fit import SumFit
from ..spectra.templates import Templates, element_templates
from ..spectra.unassigned import explained_fit
from .fitted_maps import FittedMaps
from .names import checked_names
from .spectra_reading import projected, summed_spectrum
from .xray_windows import channels_of, integration_windows_of, select_lines

_logger = logging.getLogger(__name__)

_LOWEST_ENERGY = 0.2  # keV; below lie the noise of the electronics and what windows absorb
_RESOLUTION = 130.0  # eV, where the signal does not say
_BEAM_ENERGY = {"EDS_SEM": 20.0}
_USUAL_BEAM_ENERGY = 200.0
_CORRELATED = 0.1
#: Pairs of random halves that are drawn while the spectra are read.
HALVES = 3


@dataclass(frozen=True)
class SpectrumFit:
    """What was fitted to the spectra, and the maps.

    Attributes
    ----------
    sum_fit : SumFit
        Fit of the summed spectrum.
    unassigned : list of UnassignedPeak
        Peaks that no named element explains.
    templates : Templates
        Spectra of the elements.
    windows : numpy.ndarray
        Windows that the counts are scaled to, shape (K, 2), in units of the energy axis.
    net : numpy.ndarray
        Net counts in the windows, not clipped, shape (K, ny, nx), float32.
    variance : numpy.ndarray
        Estimate of their variance, shape (K, ny, nx), float32.
    correlation : numpy.ndarray
        Of the errors of the totals, shape (K, K).
    gross : numpy.ndarray
        Counts of each spectrum in the channels that were fitted, shape (ny, nx).
    covariances : dict
        Covariance maps (ny, nx) of pairs (i, j) of maps whose errors are correlated by 0.1 or more.
    halves : numpy.ndarray
        Net counts of random halves of the counts, shape (pairs, K, ny, nx).
    divisor : int
        What divides all counts: 1 as recorded, -1 if they are no whole numbers.
    """

    sum_fit: SumFit
    unassigned: list
    templates: Templates
    windows: np.ndarray
    net: np.ndarray
    variance: np.ndarray
    correlation: np.ndarray
    gross: np.ndarray
    covariances: dict
    halves: np.ndarray
    divisor: int

    @property
    def names(self):
        """X-ray lines, in the order of the maps."""
        return self.templates.names

    def record(self):
        """Return what was fitted, in types that metadata can hold."""
        detector = self.sum_fit.detector
        return {
            "extra_templates": list(self.templates.others),
            "unassigned_peaks": [str(peak) for peak in self.unassigned],
            "energy_offset": float(detector.offset),
            "energy_gain": float(detector.gain),
            "energy_resolution": float(detector.resolution),
            "escape_peaks": float(detector.escape),
            "sum_deviance": self.sum_fit.deviance,
        }

    def element_maps(self):
        """Return the `FittedMaps` in nearly Poisson units."""
        n_maps = len(self.names)
        projection = self.templates.projection[:n_maps]
        own = np.einsum("kc,kc->k", projection**2, self.templates.shapes[:n_maps])
        # Var(z) = own z + ...: counts z / own have a variance like their mean.
        gains = own.astype(np.float64)
        by_map = gains[:, None, None]
        return FittedMaps(
            names=self.names,
            net=self.net / by_map,
            net_variance=np.maximum(self.variance, 0) / by_map**2,
            gross=self.gross,
            gains=gains,
            first_halves=self.halves / by_map,
            are_integers=self.divisor >= 0,
            common_factor=max(self.divisor, 0),
        )


def fit_spectra(
    signal,
    xray_lines,
    integration_windows,
    extra_lines,
    refine_calibration,
    pile_up,
    halves,
    seed,
    show_progressbar,
):
    """Fit the spectra of an EDS spectrum image by those of its elements.

    Parameters
    ----------
    signal : EDSSpectrum
        Spectrum image, eager or lazy; it is read twice, once for the sum and once for the maps.
    xray_lines, integration_windows, extra_lines, refine_calibration, pile_up, show_progressbar
        As in `fit_maps`.
    halves, seed : int
        Pairs of random halves to draw, and their seed.

    Returns
    -------
    SpectrumFit
    """
    names = select_lines(signal, xray_lines)
    check_families(names)
    axis = signal.axes_manager.signal_axes[0]
    unit = 1e-3 if axis.units == "eV" else 1.0  # select_lines refuses others
    windows = integration_windows_of(signal, names, integration_windows)
    channels = channels_of(axis, names, windows)
    edges = unit * (axis.offset + axis.scale * (np.arange(axis.size + 1) - 0.5))
    instrument = signal.metadata.get_item("Acquisition_instrument", None)
    detector = Detector(edges, _stated(instrument, "energy_resolution_MnKa", _RESOLUTION))
    usual = _BEAM_ENERGY.get(signal.metadata.Signal.signal_type, _USUAL_BEAM_ENERGY)
    beam_energy = _stated(instrument, "beam_energy", usual)

    observed, divisor = summed_spectrum(signal, show_progressbar)
    used, lines = _lines_to_fit(
        detector, names, checked_extra(extra_lines), beam_energy, windows * unit
    )
    fit, unassigned = explained_fit(
        observed, detector, lines, beam_energy, used, refine_calibration, pile_up
    )
    templates = element_templates(fit, detector, names, channels)
    if unassigned:
        _logger.warning(
            "The spectra show peaks of no element that is named: %s. Their counts are kept out of "
            "the maps. Add the elements to the signal, or to `extra_lines` if no map is wanted.",
            "; ".join(map(str, unassigned)),
        )
    n_maps = len(names)
    projection = templates.projection[:n_maps]
    covariance = (projection * observed) @ projection.T
    deviation = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    correlation = covariance / np.outer(deviation, deviation)
    pairs = [
        (i, j) for i in range(n_maps) for j in range(i) if abs(correlation[i, j]) >= _CORRELATED
    ]
    rows = [*projection, *projection**2, used.astype(float)]
    rows += [projection[i] * projection[j] for i, j in pairs]
    is_integer = divisor >= 0
    whole, of_halves = projected(
        signal, np.array(rows).T, (halves if is_integer else 0, n_maps), seed, show_progressbar
    )
    return SpectrumFit(
        sum_fit=fit,
        unassigned=unassigned,
        templates=templates,
        windows=windows,
        net=whole[:n_maps],
        variance=whole[n_maps : 2 * n_maps],
        correlation=correlation,
        gross=whole[2 * n_maps],
        covariances=dict(zip(pairs, whole[2 * n_maps + 1 :], strict=True)),
        halves=of_halves,
        divisor=divisor,
    )


def check_families(names):
    """Refuse two lines of one family: they are one spectrum."""
    seen = {}
    for name in names:
        element, subshell = name.split("_")
        other = seen.setdefault((element, subshell[0]), name)
        if other != name:
            raise ValueError(
                f"{other} and {name} are lines of one family, which a fit takes together. Name one "
                "of them, or use map_method='windows'."
            )


def checked_extra(extra_lines):
    """Return the elements of extra lines, or say what is wrong."""
    if extra_lines is None:
        return []
    names = checked_names("extra_lines", extra_lines, "X-ray line", ["Cu_Ka", "Si"])
    return sorted({name.split("_")[0] for name in names})


def _stated(instrument, name, otherwise):
    """Return a number that the metadata of TEM or SEM hold, or what is usual."""
    for place in ("TEM", "SEM"):
        for item in (f"{place}.{name}", f"{place}.Detector.EDS.{name}"):
            value = instrument.get_item(item, None) if instrument is not None else None
            if value:
                return float(value)
    return otherwise


def _lines_to_fit(detector, names, extra, beam_energy, windows):
    """Return the channels to use, and all lines in them of the elements and the extra ones."""
    low = min(_LOWEST_ENERGY, 0.9 * windows.min())
    used = (detector.centres > low) & (detector.centres < beam_energy)
    first, last = detector.centres[used][[0, -1]]
    elements = sorted({name.split("_")[0] for name in names} | set(extra))
    lines = [
        line
        for element in elements
        for line in element_lines(element, first, min(last, beam_energy))
    ]
    return used, lines
