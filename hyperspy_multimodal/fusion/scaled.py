"""The cost as documented, with lambdas that do not depend on the units of the maps."""

import numpy as np
from scipy import ndimage

from .minimise import minimise
from .problem import Cost
from .regularisers import are_sieves, names_of

#: Difference between neighbours up to which Huber's form is quadratic, of a bright value.
KNEE = 0.06


def map_scales(counts, background):
    """Return one typical bright value per map: the 99th percentile of the smoothed net counts."""
    scales = np.empty(len(counts))
    for i, (gross, expected) in enumerate(zip(counts, background, strict=True)):
        smooth = ndimage.gaussian_filter(gross - expected, 2.0, mode="nearest")
        candidates = (np.percentile(smooth, 99), gross.mean(), expected.mean())
        scales[i] = next((value for value in candidates if value > 0), 1.0)
    return scales


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
    regularisers=None,
    directions=None,
    in_units=None,
    **options,
):
    """Minimise the cost with (x_i / s_i)^gamma in the HAADF term and R(x_i) / sqrt(s_i).

    The knees of Huber's forms are `KNEE` s_i. For sieves, whose lambda_2 / lambda_1 is half the
    square of their width, lambda_2 is not changed.

    Parameters
    ----------
    counts, background : numpy.ndarray
        Gross counts and expected background, shape (K, ny, nx).
    haadf : numpy.ndarray
        HAADF normalised to about [0, 1], shape (ny, nx).
    scales, weights : numpy.ndarray
        s_i > 0 in counts, and w_i >= 0, shape (K,).
    offset, gamma : float
        Pedestal and exponent of the HAADF model.
    lambda_1, lambda_2 : float or numpy.ndarray
        Weights of the Poisson term and of the regulariser, common or one per element.
    totals : numpy.ndarray or None
        Net totals to keep, shape (K,), NaN where free.
    regularisers : sequence of str, optional
        Names of regularisers, one per element. None: isotropic total variation.
    directions : tuple of numpy.ndarray, optional
        Directions from `directions_of`, for regularisers that follow a guide.
    in_units : ScaledCounts, optional
        Of counts and background, if known from another fusion of the same.
    **options
        Passed to `minimise`: tolerance, max_iterations, initial, callback.

    Returns
    -------
    FusionResult
        Maps in counts.
    """
    names = names_of([False] * len(scales)) if regularisers is None else regularisers
    cost = Cost(
        counts=counts,
        haadf=haadf,
        background=background,
        weights=weights / scales**gamma,
        offset=offset,
        gamma=gamma,
        lambda_1=np.broadcast_to(lambda_1, scales.shape),
        lambda_2=lambda_2 / np.where(are_sieves(names), 1.0, np.sqrt(scales)),
        totals=np.full(scales.shape, np.nan) if totals is None else totals,
        regularisers=names,
        directions=directions,
        knees=KNEE * scales,
        in_units=in_units,
    )
    return minimise(cost, **options)
