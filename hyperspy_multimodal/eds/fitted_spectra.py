"""EDS: fits of whole spectra, first of their sum and then of each spectrum."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ..counts.fitted_maps import FittedMaps
from ..counts.raw_noise import in_shares, raw_noise
from ..counts.reading import ReadMaps
from ..counts.templates import Templates
from .disputed_families import Without, disputed, families_of, say_disputed, softer
from .fit_report import goodness
from .moving_peaks import movement, position_rows, say_movement
from .spectrum.explanation import Explanation
from .spectrum.total_errors import hidden_errors, total_covariance

_CORRELATED = 0.1


@dataclass(frozen=True)
class XrayReading:
    """Results of fits to the spectra, and the maps.

    Attributes
    ----------
    explanation : Explanation
        Of the summed spectrum.
    templates : Templates
        Spectra of the elements.
    totals, total_errors : numpy.ndarray
        Of the summed spectrum, shape (K,), in the windows.
    common_covariance : numpy.ndarray
        Covariance of the totals beyond the noise of the maps, shape (K, K): calibration, line
        weights, and what the fit does not describe.
    hidden : numpy.ndarray
        Standard errors of the totals by unnamed elements under the lines, shape (K,).
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
    extra_lines : list of str or None
        As given.
    disputed : dict of (str, str) to float
        Families that do not follow the lines of the maps, from `disputed_families.disputed`.
    """

    explanation: Explanation
    templates: Templates
    totals: np.ndarray
    total_errors: np.ndarray
    common_covariance: np.ndarray
    hidden: np.ndarray
    windows: np.ndarray
    net: np.ndarray
    variance: np.ndarray
    correlation: np.ndarray
    gross: np.ndarray
    covariances: dict
    halves: np.ndarray
    divisor: int
    extra_lines: list | None = None
    disputed: dict = field(default_factory=dict)
    gain = 1.0
    mask = None

    @property
    def names(self):
        """X-ray lines, in the order of the maps."""
        return self.templates.names

    @property
    def raw(self):
        """Net counts in the windows, shape (K, ny, nx)."""
        return self.net

    @property
    def noise(self):
        """Noise of the net counts, and what all pixels have in common, from `raw_noise`."""
        return raw_noise(
            self.names,
            variances=self.variance,
            covariances=self.covariances,
            correlation=self.correlation,
            per_count=self.templates.own_variances,
            totals=self.net.sum(axis=(1, 2), dtype=np.float64),
            common_covariance=self.common_covariance,
            gross=self.gross,
            hidden=self.hidden,
        )

    @property
    def record(self):
        """Results of the fit, in types that metadata can hold."""
        fit = self.explanation.fit
        detector = fit.detector
        return {
            "background_windows": None,
            "extra_lines": self.extra_lines,
            "extra_templates": list(self.templates.others),
            "instrument_elements": dict(self.explanation.instrument_elements),
            "other_elements": dict(self.explanation.other_elements),
            "unassigned_peaks": [str(peak) for peak in self.explanation.peaks],
            "pile_up": self.explanation.pile_up,
            "totals": [float(total) for total in self.totals],
            "total_errors": [float(error) for error in self.total_errors],
            "energy_offset": float(detector.offset),
            "energy_gain": float(detector.gain),
            "energy_resolution": float(detector.resolution),
            "energy_resolution_slope": float(detector.slope),
            "line_shifts": line_shifts(fit),
            "escape_peaks": float(detector.escape),
            "tails": float(detector.tail),
            "sum_deviance": fit.deviance,
            "goodness": goodness(self.explanation),
        }

    def for_fusion(self, divisible):
        """Return only the maps, to save memory."""
        return ReadMaps(self.maps, self.record)

    @cached_property
    def maps(self):
        """The `FittedMaps` in nearly Poisson units."""
        # Counts over the variance that one of them adds have a variance like their mean.
        gains = self.templates.own_variances
        by_map = gains.astype(np.float32)[:, None, None]
        return FittedMaps(
            names=self.names,
            net=self.net / by_map,
            net_variance=np.maximum(self.variance, 0) / by_map**2,
            gross=self.gross.copy(),  # not all that was read
            gains=gains,
            first_halves=self.halves / by_map,
            are_integers=self.divisor >= 0,
            divisor=max(self.divisor, 0),
            common=in_shares(self.common_covariance, self.totals),
        )


@dataclass(frozen=True)
class XrayProjection:
    """A fitted summed spectrum, and the matrix that converts each spectrum to counts of elements.

    Attributes
    ----------
    plan : XrayFitPlan
        How the spectra are fitted.
    explanation : Explanation
        Of the summed spectrum.
    templates : Templates
    divisor : int
        What divides all counts, -1 if they are no whole numbers.
    """

    plan: object
    explanation: Explanation
    templates: Templates
    divisor: int

    @cached_property
    def covariance(self):
        """Covariance of the totals, including the uncertainty of the fit, shape (K, K)."""
        return total_covariance(*self._known)

    @property
    def _hidden(self):
        """Errors of the totals by unnamed elements under the lines, shape (K,)."""
        return hidden_errors(*self._known)

    @property
    def _known(self):
        plan = self.plan
        return self.explanation, plan.detector, plan.names, plan.windows_in_kev

    @property
    def _rows(self):
        """What converts a spectrum to the net counts of maps, (K, C)."""
        return self.templates.projection[: len(self.plan.names)]

    @property
    def _poisson(self):
        """Covariance of the totals if the templates were exact, (K, K)."""
        projection = self._rows
        return (projection * self.explanation.fit.observed) @ projection.T

    @property
    def totals(self):
        """Counts of the summed spectrum in the windows, shape (K,)."""
        return self._rows @ self.explanation.fit.observed

    @property
    def total_errors(self):
        """Standard errors of the totals, shape (K,)."""
        variance = np.maximum(np.diag(self.covariance), np.diag(self._poisson))
        return np.sqrt(np.maximum(variance, 0.0))

    @property
    def common_covariance(self):
        """Covariance of the totals beyond the noise of the maps, shape (K, K)."""
        values, vectors = np.linalg.eigh(self.covariance - self._poisson)
        return (vectors * np.maximum(values, 0.0)) @ vectors.T

    @cached_property
    def correlation(self):
        """Correlation of the noise of the maps, shape (K, K)."""
        covariance = self._poisson
        deviation = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
        return covariance / np.outer(deviation, deviation)

    @property
    def columns(self):
        """Number of columns of the operator that are needed for halves of the counts."""
        return len(self.plan.names) + len(self._families.keys)

    @cached_property
    def _families(self):
        """Further families of the mapped elements."""
        return families_of(self.explanation, self.templates)

    @property
    def can_split(self):
        """Whether each count can be assigned to one of two halves."""
        return self.divisor >= 0

    @property
    def _pairs(self):
        return [
            (i, j)
            for i in range(len(self.plan.names))
            for j in range(i)
            if abs(self.correlation[i, j]) >= _CORRELATED
        ]

    @property
    def operator(self):
        """Net counts, excess of families, variances of both, all counts, covariances, positions.

        A matrix (C, M).
        """
        projection, families = self._rows, self._families.rows
        rows = [*projection, *families, *projection**2, *families**2]
        rows += [self.explanation.fit.used.astype(float)]
        rows += [projection[i] * projection[j] for i, j in self._pairs]
        rows += list(position_rows(self.templates, self.plan.detector.channel))
        return np.array(rows).T

    def measured(self, whole, of_halves, seed, splits):
        """Return the `XrayReading` of projected spectra (M, ny, nx) and their halves."""
        n_maps, families = len(self.plan.names), self._families
        n_both = n_maps + len(families.keys)
        net, excess = whole[:n_maps], whole[n_maps:n_both]
        variance, its_variance = (
            whole[n_both : n_both + n_maps],
            whole[n_both + n_maps : 2 * n_both],
        )
        gross, of_pairs, positions = (
            whole[2 * n_both],
            whole[2 * n_both + 1 : -n_maps],
            whole[-n_maps:],
        )
        covariances = dict(zip(self._pairs, of_pairs, strict=True))
        halves, fit = of_halves[:, :n_maps], self
        bias = self._bias_of_movement(net, positions, gross)
        found = disputed(families, net, excess, its_variance)
        left_out = softer(found, self.plan.names)
        without = Without(self, families, left_out) if left_out else None
        if without is not None and not without.is_exact:
            found = {key: share for key, share in found.items() if key not in left_out}
            without = None
        say_disputed(self.explanation, self.plan.names, found)
        if without is not None:
            fit = without.projection
            halves = without.net(halves, of_halves[:, n_maps:])
            net, variance = without.net(net, excess), without.variance(variance, its_variance)
            covariances = {
                pair: without.covariance(each, its_variance, *pair)
                for pair, each in covariances.items()
            }
        return XrayReading(
            explanation=fit.explanation,
            templates=fit.templates,
            totals=fit.totals,
            total_errors=np.hypot(fit.total_errors, bias),
            common_covariance=fit.common_covariance + np.diag(bias**2),
            hidden=fit._hidden,
            windows=self.plan.windows,
            net=net,
            variance=variance,
            correlation=fit.correlation,
            gross=gross,
            covariances=covariances,
            halves=halves,
            divisor=self.divisor,
            extra_lines=self.plan.extra_lines,
            disputed=found,
        )

    def _bias_of_movement(self, net, positions, gross):
        """Return the bias of maps due to moving peaks in counts, (K,), and log it."""
        channel = self.plan.detector.channel
        found = movement(self.templates, channel, net, positions, gross)
        if found is None or not found.is_certain:
            return np.zeros(len(net))
        say_movement(self.plan.names, found, self.totals)
        return found.bias


def line_shifts(fit):
    """Return the shift of each family from the calibrated axis in eV, by its strongest line."""
    strongest = {}
    for i, line in enumerate(fit.lines):
        key = line.element, line.family
        if line.element and (
            key not in strongest or line.weight > fit.lines[strongest[key]].weight
        ):
            strongest[key] = i
    return {fit.lines[i].name: 1e3 * float(fit.shifts[i]) for i in strongest.values()}
