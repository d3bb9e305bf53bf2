"""The cost of the documentation, in which lambdas do not depend on the units of the maps."""

import numpy as np

from .inputs import checked_edges
from .solver import minimise


def fuse_scaled(
    counts,
    background,
    haadf,
    *,
    scales,
    weights,
    offset,
    gamma,
    lambda_1,
    lambda_2,
    totals,
    edges=None,
    **options,
):
    """Minimise the cost with (x_i / s_i)^gamma in the HAADF term and TV(x_i) / sqrt(s_i).

    Parameters
    ----------
    counts, background : numpy.ndarray
        Gross counts and expected background, shape (K, ny, nx).
    haadf : numpy.ndarray
        HAADF of unit range, shape (ny, nx).
    scales, weights : numpy.ndarray
        s_i > 0 in counts, and w_i >= 0, shape (K,).
    offset, gamma : float
        Pedestal and exponent of the HAADF model.
    lambda_1, lambda_2 : float or numpy.ndarray
        Weights of the Poisson term and of the total variation, common or one an element.
    totals : numpy.ndarray or None
        Net totals to keep, shape (K,), NaN where free.
    edges : tuple or None
        Edge directions and which elements they are for, as `checked_edges` returns. None: isotropic
        total variation.
    **options
        Passed to `minimise`: tolerance, max_iterations, initial, callback.

    Returns
    -------
    FusionResult
        Maps in counts.
    """
    parts = (
        counts,
        haadf,
        background,
        weights / scales**gamma,
        offset,
        gamma,
        np.broadcast_to(lambda_1, scales.shape),
        lambda_2 / np.sqrt(scales),
        np.full(scales.shape, np.nan) if totals is None else totals,
        checked_edges(None, None, counts.shape) if edges is None else edges,
    )
    return minimise(parts, **options)
