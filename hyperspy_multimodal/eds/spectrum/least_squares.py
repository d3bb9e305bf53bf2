"""Least squares with counts that are never negative."""

import numpy as np
from scipy import linalg, optimize

_LEAST_INFORMATION = 1e-16  # of the largest
# Added to a diagonal of 1, so that lines which no channel tells apart share their counts; more
# where rounding has left the matrix indefinite.
_RIDGES = 1e-10, 1e-8, 1e-6, 1e-4
_EXCHANGES = 5


def non_negative(gram, right, likely=None):
    """Minimise x.gram.x / 2 - right.x over x >= 0.

    Parameters
    ----------
    gram : numpy.ndarray
        Positive semidefinite, shape (n, n).
    right : numpy.ndarray
        Shape (n,).
    likely : numpy.ndarray, optional
        Which of x are above 0 in a similar problem, bool, shape (n,): the search begins there.

    Returns
    -------
    numpy.ndarray
        Shape (n,).

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.eds.spectrum.least_squares import non_negative
    >>> non_negative(np.eye(2), np.array([3.0, -1.0])).round(6)
    array([3., 0.])
    """
    diagonal = np.diag(gram)
    # what has no counts in the channels that are used is left at 0
    least = max(_LEAST_INFORMATION * float(diagonal.max(initial=0.0)), np.finfo(float).tiny)
    unit = np.sqrt(np.maximum(diagonal, least))
    correlation = gram / np.outer(unit, unit)
    np.fill_diagonal(correlation, 1.0)
    scaled = right / unit
    found = None
    if likely is not None:
        found = _from_guess(correlation, scaled, likely & (diagonal > least))
    if found is None:
        lower = _cholesky(correlation)
        scaled = linalg.solve_triangular(lower, scaled, lower=True, check_finite=False)
        found = optimize.nnls(lower.T, scaled, maxiter=30 * len(right))[0]
    return found / unit


def _from_guess(matrix, right, likely):
    """Return the solution, found by exchanging what is above 0; None if it takes too long.

    What comes out below 0 is put to 0, and what would lower the cost from 0 is freed (block
    principal pivoting; Judice and Pires 1994). Where neither happens, the conditions of a solution
    are fulfilled.
    """
    free = likely.copy()
    for _ in range(_EXCHANGES):
        found, some = np.zeros(len(right)), np.flatnonzero(free)
        if some.size:
            part = matrix[some[:, None], some]
            part.flat[:: some.size + 1] += _RIDGES[0]
            _, found[some], failed = linalg.lapack.dposv(part, right[some], lower=True)
            if failed:
                return None
        slopes = matrix @ found - right
        wrong = np.where(free, found <= 0, slopes < 0)
        if not wrong.any():
            return found
        free ^= wrong
    return None


def _cholesky(matrix):
    identity = np.eye(len(matrix))
    for ridge in _RIDGES[:-1]:
        try:
            return linalg.cholesky(matrix + ridge * identity, lower=True, check_finite=False)
        except linalg.LinAlgError:
            continue
    return linalg.cholesky(matrix + _RIDGES[-1] * identity, lower=True)
