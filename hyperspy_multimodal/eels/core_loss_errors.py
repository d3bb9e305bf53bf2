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


def core_loss_errors(model, parameters, lined, gain):
    """Return the `CoreLossErrors` of a fit, from the curvature of chi-square at its minimum.

    Parameters
    ----------
    model : core_loss_fit._Model
    parameters : sequence of float
        Exponent, shift, offset and width that fit best.
    lined : list of int
        Elements with white lines.
    gain : float
        Counts per electron.
    """
    parameters = np.array(parameters)
    free = 4 if lined else 2
    design, owners = model.design(parameters, lined)
    amplitudes, misfit = model.solve(design)
    n_elements = len(model.edges)

    def by_owner(spectra):
        """Return spectra (M, C) as those of each element, (elements, M, C)."""
        return np.where((owners == np.arange(n_elements)[:, None])[:, :, None], spectra, 0.0)

    steps = _STEPS * (1.0, model.farthest, 1.0, 1.0)
    slopes = []
    for i in range(free):
        step = np.where(np.arange(4) == i, steps, 0.0)
        up, down = (model.design(parameters + sign * step, lined)[0] for sign in (1, -1))
        slopes.append(amplitudes[:, None] * (up - down) / (2 * steps[i]))
    # white lines that were found to be 0 are at their bound
    kept = (amplitudes > 0) | (np.arange(len(owners)) < n_elements) | (owners < 0)
    rows = np.array([*design[kept], *(slope.sum(axis=0) for slope in slopes)])
    by_element = by_owner(design)[:, kept]
    moved = np.stack([by_owner(slope).sum(axis=1) for slope in slopes], axis=1)
    weighted = rows[:, model.used] * model.root
    information = weighted @ weighted.T
    dof = max(int(model.used.sum()) - len(rows), 1)
    scale = max(gain, misfit**2 / dof)
    prior = np.zeros(len(rows))
    prior[-free:] = scale / np.square(_PRIOR * (1.0, model.farthest, 1.0, 1.0))[:free]
    information += np.diag(prior)
    unit = np.sqrt(np.maximum(np.diag(information), 1e-300))
    inverse = np.linalg.pinv(information / np.outer(unit, unit), hermitian=True)
    return CoreLossErrors(
        covariance=scale * inverse / np.outer(unit, unit),
        responses=np.concatenate([by_element, moved], axis=1),
    )
