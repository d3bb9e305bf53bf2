"""EELS: readings of core-loss spectra through a fit of their sum."""

from dataclasses import dataclass, replace

import numpy as np

from ..counts.absent import absent
from ..counts.fitted_maps import FittedMaps
from ..counts.raw_noise import in_shares, raw_noise
from ..counts.templates import Templates
from ..physics.edges import onset_energy
from .background_shape import POWER_LAW
from .background_tilt import background_tilt
from .core_loss_fit import CoreLossFit
from .fit_ranges import positive
from .gain import Camera, WithCamera


@dataclass(frozen=True)
class EdgeProjection:
    """A fitted summed spectrum, and the matrix that converts spectra to electrons of elements.

    Attributes
    ----------
    plan : edge_fit.EdgeFitPlan
    sum_fit : CoreLossFit
        Fit of the summed spectrum.
    templates : Templates
        Spectra of the elements and of the background.
    camera : Camera
        Gain, where it comes from, and the floor of the noise.
    dark : float
        As of `CoreLossFit`.
    can_split : bool
        Whether each count can be given to one of two halves.
    misfit : tuple of (float, float, float) or None
        From `worst_misfit`.
    """

    plan: object
    sum_fit: CoreLossFit
    templates: Templates
    camera: Camera
    dark: float
    can_split: bool
    misfit: tuple | None = None

    @property
    def gain(self):
        """Counts per electron."""
        return self.camera.gain

    @property
    def columns(self):
        """Number of columns of the operator that are needed for halves of the counts."""
        return len(self.plan.names)

    @property
    def _pairs(self):
        return [(i, j) for i in range(self.columns) for j in range(i + 1)]

    @property
    def _poisson(self):
        """Covariance of the totals by the noise of the maps, in counts of the signal, (K, K)."""
        projection = self.templates.projection[: self.columns]
        electrons = np.maximum(self.sum_fit.observed, 0.0) + self.dark
        return self.gain * (projection * electrons) @ projection.T

    @property
    def common_covariance(self):
        """Covariance of the totals beyond the noise of the maps, (K, K).

        It is that of the fit of the summed spectrum, of other shapes of background and edges, of
        a shift at its limit and, as far as it exceeds these, of the range of energies.
        """
        return positive(self.sum_fit.of_windows(self.plan.windows_plan.inside) - self._poisson)

    @property
    def totals(self):
        """Counts of the edges in their windows, of all spectra, (K,)."""
        return self.templates.projection[: self.columns] @ self.sum_fit.observed

    @property
    def total_errors(self):
        """Their standard errors, with all that is known of them, (K,)."""
        return np.sqrt(np.diag(self._poisson + self.common_covariance))

    @property
    def noise_errors(self):
        """Their standard errors by the noise of the maps alone, (K,)."""
        return np.sqrt(np.maximum(np.diag(self._poisson), 0.0))

    @property
    def absent(self):
        """Edges that were not found, from `counts.absent`."""
        return absent(self.plan.names, self.totals, self.total_errors, self.noise_errors)

    @property
    def _tilt(self):
        return background_tilt(self.templates, self.plan.energy, self.columns)

    @property
    def operator(self):
        """Net counts, all counts, covariances of the net counts, tilts: a matrix (C, M)."""
        projection, tilt = self.templates.projection[: self.columns], self._tilt.row
        products = [projection[i] * projection[j] for i, j in self._pairs]
        used = self.plan.used.astype(float)
        return np.array([*projection, used, *products, tilt, tilt**2]).T

    def measured(self, whole, of_halves, seed, splits):
        """Return the `EdgeReading` of projected spectra (M, ny, nx) and their halves."""
        n_maps = self.columns
        net = whole[:n_maps] / self.gain
        projection = self.templates.projection[:n_maps]
        floor = float(self.camera.floors(1)) * projection @ projection.T
        covariance = np.empty((*net.shape[1:], n_maps, n_maps))
        for (i, j), values in zip(self._pairs, whole[n_maps + 1 : -2], strict=True):
            covariance[..., i, j] = covariance[..., j, i] = values / self.gain + floor[i, j]
        if not self.can_split:
            of_halves = gaussian_halves(net, covariance, splits, seed)
        own = self.templates.own_variances
        by_map = own[:, None, None]
        variance = np.moveaxis(np.diagonal(covariance, axis1=2, axis2=3), -1, 0)
        maps = FittedMaps(
            names=self.plan.names,
            net=net / by_map,
            net_variance=np.maximum(variance, 0) / by_map**2,
            gross=np.maximum(whole[n_maps], 0) / self.gain,
            gains=self.gain * own,
            first_halves=of_halves / by_map,
            are_integers=bool(self.can_split),
            splits_rounded=True,
            common=in_shares(self.common_covariance, self.totals),
        )
        plan = self.plan
        covariances = {
            (i, j): self.gain**2 * covariance[..., i, j] for i, j in self._pairs if i != j
        }
        deviation = np.sqrt(np.maximum(np.diag(self._poisson), 1e-300))
        noise = raw_noise(
            plan.names,
            variances=self.gain**2 * variance,
            covariances=covariances,
            correlation=self._poisson / np.outer(deviation, deviation),
            per_count=maps.gains,
            totals=self.gain * net.sum(axis=(1, 2)),
            common_covariance=self.common_covariance,
            gross=self.gain * maps.gross,
            tilt=self._measured_tilt(*whole[-2:]),
        )
        onsets = [onset_energy(name) for name in plan.names]
        return EdgeReading(
            self.sum_fit,
            self.templates,
            maps,
            onsets,
            plan.windows,
            self.camera,
            self._white_lines,
            self._cross_sections,
            self.total_errors.tolist(),
            noise,
            list(self.absent),
            self.misfit,
        )

    def _measured_tilt(self, amounts, squares):
        """Return how far backgrounds of pixels are steeper than that of all, for `raw_noise`."""
        tilt = self._tilt
        floor = self.gain**2 * float(self.camera.floors(1)) * float(tilt.row @ tilt.row)
        return {
            "amounts": amounts,
            "variances": self.gain * np.maximum(squares, 0) + floor,
            "effects": tilt.effects,
        }

    @property
    def _cross_sections(self):
        """Barns of the integration windows, white lines included."""
        inside = self.plan.windows_plan.inside
        spectra = zip(self.sum_fit.edges, inside, strict=False)
        return [float(edge[start:stop].sum()) for edge, (start, stop) in spectra]

    @property
    def _white_lines(self):
        spectra = zip(self.sum_fit.white_lines, self.sum_fit.edges, strict=True)
        return [
            float(lines[start:stop].sum() / edge[start:stop].sum())
            for (start, stop), (lines, edge) in zip(
                self.plan.windows_plan.inside, spectra, strict=False
            )
        ]


@dataclass(frozen=True)
class EdgeReading(WithCamera):
    """Results of fits to core-loss spectra, and the maps.

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
    camera : Camera
        Gain, where it comes from, and the floor of the noise.
    white_lines : list of float
        Share of white lines in the electrons of each integration window.
    cross_sections : list of float
        Barns of each integration window, white lines included.
    total_errors : list of float
        Standard errors of the totals, in counts of the signal.
    noise : dict or None
        Of the raw maps in counts of the signal, from `raw_noise`.
    absent : list of str
        Edges that were not found.
    misfit : tuple of (float, float, float) or None
        Where the fit is far from the summed spectrum, from `worst_misfit`.
    """

    sum_fit: CoreLossFit
    templates: Templates
    maps: FittedMaps
    onsets: list
    integration_windows: np.ndarray
    camera: Camera
    white_lines: list
    cross_sections: list
    total_errors: list
    noise: dict | None
    absent: list = ()
    misfit: tuple | None = None
    mask = None

    def for_fusion(self, divisible):
        """Return the same without its noise, to save memory."""
        return replace(self, noise=None)

    @property
    def raw(self):
        """Net counts as measured, in counts of the signal, shape (K, ny, nx)."""
        return self.maps.gains[:, None, None] * self.maps.net

    @property
    def record(self):
        """Results of the fit, in types that metadata can hold."""
        return {
            "exponent": self.sum_fit.exponent,
            "edge_shift": self.sum_fit.shift,
            "white_lines": self.white_lines,
            "cross_sections": self.cross_sections,
            "total_errors": self.total_errors,
            "background_windows": None,
            "background_type": POWER_LAW,
            **self.camera.record,
        }


def gaussian_halves(net, covariance, splits, seed):
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
    splits, seed : int
        How many, and the seed of the noise.

    Returns
    -------
    numpy.ndarray
        Shape (splits, K, ny, nx).
    """
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0))[..., None, :]
    rng = np.random.default_rng(seed)
    drawn = [
        np.moveaxis(np.einsum("...ij,...j->...i", root, rng.normal(size=values.shape)), -1, 0)
        for _ in range(splits)
    ]
    return np.array([(net + noise) / 2 for noise in drawn]).reshape(splits, *net.shape)
