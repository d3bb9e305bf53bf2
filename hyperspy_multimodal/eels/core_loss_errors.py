"""Errors of the edges in a fit of a summed core-loss spectrum."""

from dataclasses import dataclass

import numpy as np

# Standard deviations of exponent, shift, and of offset and width of white lines, before a spectrum
# is seen, the shift's as a share of the farthest; and steps of their derivatives.
_PRIOR = np.array([2.0, 0.5, 2.0, 2.0])
_STEPS = np.array([0.01, 0.02, 0.05, 0.05])


@dataclass(frozen=True)
class CoreLossErrors:
    """Covariance of the fitted parameters, and its effect on the edges.

    Attributes
    ----------
    covariance : numpy.ndarray
        Of P parameters, shape (P, P). It is as much larger than that of the counts as the fit is
        farther from the spectrum.
    responses : numpy.ndarray
        Derivatives of the counts of each element by the parameters, shape (K, P, C).
    """

    covariance: np.ndarray
    responses: np.ndarray

    def of_windows(self, inside):
        """Return the covariance of the counts of the first edges in windows, (K, K).

        Parameters
        ----------
        inside : list of (int, int)
            Channels [start, stop), one window per edge.
        """
        rows = np.array(
            [
                response[:, start:stop].sum(axis=1)
                for response, (start, stop) in zip(self.responses, inside, strict=False)
            ]
        )
        return rows @ self.covariance @ rows.T


@dataclass(frozen=True)
class FitDerivatives:
    """Derivatives of a fitted spectrum by its P parameters.

    Attributes
    ----------
    rows : numpy.ndarray
        Of all counts, shape (P, C): by amplitudes, then by exponent, shift, and offset and width of
        white lines.
    responses : numpy.ndarray
        Of the counts of each element, shape (K, P, C).
    deviations : numpy.ndarray
        Standard deviations of the parameters before a spectrum is seen, shape (P,).
    misfit : float
        Root of chi-square in counts.
    """

    rows: np.ndarray
    responses: np.ndarray
    deviations: np.ndarray
    misfit: float

    def scale(self, model, gain):
        """Return the counts per electron, or what they appear to be by the misfit, if more."""
        dof = max(int(model.used.sum()) - len(self.rows), 1)
        return max(gain, self.misfit**2 / dof)


def fit_derivatives(model, parameters, lined):
    """Return the `FitDerivatives` of a fit.

    Parameters
    ----------
    model : core_loss_fit.CoreLossModel
    parameters : sequence of float
        Exponent, shift, offset and width that fit best.
    lined : list of int
        Elements with white lines.
    """
    parameters = np.array(parameters)
    free = 4 if lined else 2
    design, owners = model.design(parameters, lined)
    amplitudes, misfit = model.solve(design)
    n_elements = len(model.edges)

    def by_owner(spectra):
        """Return spectra (M, C) as those of each element, (elements, M, C)."""
        return np.where((owners == np.arange(n_elements)[:, None])[:, :, None], spectra, 0.0)

    units = np.array([1.0, model.farthest, 1.0, 1.0])
    steps = _STEPS * units
    slopes = []
    for i in range(free):
        step = np.where(np.arange(4) == i, steps, 0.0)
        up, down = (model.design(parameters + sign * step, lined)[0] for sign in (1, -1))
        slopes.append(amplitudes[:, None] * (up - down) / (2 * steps[i]))
    # white lines that were found to be 0 are at their bound
    kept = (amplitudes > 0) | (np.arange(len(owners)) < n_elements) | (owners < 0)
    by_element = by_owner(design)[:, kept]
    moved = np.stack([by_owner(slope).sum(axis=1) for slope in slopes], axis=1)
    return FitDerivatives(
        rows=np.array([*design[kept], *(slope.sum(axis=0) for slope in slopes)]),
        responses=np.concatenate([by_element, moved], axis=1),
        deviations=np.array([np.inf] * int(kept.sum()) + list((_PRIOR * units)[:free])),
        misfit=misfit,
    )


def core_loss_errors(model, parameters, lined, gain):
    """Return the `CoreLossErrors` of a fit, from the curvature of chi-square at its minimum.

    Parameters
    ----------
    model, parameters, lined
        As of `fit_derivatives`.
    gain : float
        Counts per electron.
    """
    found = fit_derivatives(model, parameters, lined)
    scale = found.scale(model, gain)
    weighted = found.rows[:, model.used] * model.root
    inverse = inverse_information(weighted, scale, found.deviations)
    return CoreLossErrors(covariance=scale * inverse, responses=found.responses)


def inverse_information(weighted, scale, deviations):
    """Return the inverse of the information on parameters, (P, P).

    Parameters
    ----------
    weighted : numpy.ndarray
        Derivatives of weighted counts, shape (P, channels).
    scale : float
        Variance of weighted counts.
    deviations : numpy.ndarray
        As of `FitDerivatives`.
    """
    information = weighted @ weighted.T + np.diag(scale / np.square(deviations))
    unit = np.sqrt(np.maximum(np.diag(information), 1e-300))
    inverse = np.linalg.pinv(information / np.outer(unit, unit), hermitian=True)
    return inverse / np.outer(unit, unit)
