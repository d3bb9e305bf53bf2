"""`solve_fusion`: the minimiser of the fusion cost, with a certificate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..checks import checked_array, checked_count, checked_number, per_element
from .inputs import (
    check_attainable,
    checked_counts,
    checked_lambdas,
    checked_regularisers,
    checked_totals,
)
from .minimise import FusionResult, minimise, warn_if_unconverged
from .problem import Cost

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from ..hints import PerElement, Regulariser


def solve_fusion(
    counts: ArrayLike,
    haadf: ArrayLike,
    *,
    gamma: float,
    lambdas: tuple[PerElement, PerElement],
    background: ArrayLike = 0.0,
    weights: PerElement | None = None,
    offset: float = 0.0,
    guide: ArrayLike | None = None,
    directional: Sequence[bool] | None = None,
    regularisers: Regulariser | Sequence[Regulariser] | None = None,
    totals: Sequence[float] | NDArray | None = None,
    tolerance: float = 1e-4,
    max_iterations: int = 5000,
    initial: FusionResult | None = None,
    callback: Callable[[int, NDArray, float], bool | None] | None = None,
) -> FusionResult:
    r"""Fuse element maps with a HAADF image by minimising the fusion cost on plain arrays.

    The net counts :math:`x_i \ge 0` of K elements minimise [1]_

    .. math::

        \tfrac12 \sum_p \Bigl( h - c_0 - \sum_i w_i x_i^\gamma \Bigr)^2
        + \lambda_1 \sum_{i,p} \bigl[ x_i + B_i - y_i \log(x_i + B_i) \bigr]
        + \lambda_2 \sum_i \mathrm{TV}(x_i)

    where h is the HAADF, y are the gross counts, B is their expected background, and TV is the
    total variation (forward differences, Neumann boundaries). TV is isotropic or, with a ``guide``,
    directional, in which case edges are not penalised where the guide has parallel edges. With
    ``regularisers="sieve"`` or "smooth", maps are instead constrained to be no sharper than a
    Gaussian (see Notes). The inputs are not scaled, fitted or clipped.

    Parameters
    ----------
    counts : array_like
        Gross counts y, shape (K, ny, nx) with ny, nx >= 1, finite and >= 0.
    haadf : array_like
        HAADF image h, shape (ny, nx), finite.
    gamma : float
        Exponent of the maps in the HAADF model, > 0; tested from 0.5 to 3. The cost is convex for
        ``gamma=1``.
    lambdas : tuple
        (lambda_1, lambda_2), each a single number or K numbers, one per element; lambda_1 > 0 and
        lambda_2 >= 0. For sieves, lambda_2 / lambda_1 is half the square of the standard deviation
        of the Gaussian in pixels.
    background : float or array_like
        Expected background counts B >= 0: a number or an array that broadcasts to (K, ny, nx).
    weights : None, float or sequence of float
        HAADF weights w >= 0, one per element. None means 1 for each, as in [1]_. If all weights are
        0, the HAADF has no influence.
    offset : float
        Pedestal c0 of the HAADF.
    guide : array_like, optional
        Image g whose edges direct the total variation, usually the HAADF, shape (ny, nx), in any
        unit. TV(x_i) becomes the sum of :math:`|\nabla x_i - \xi (\xi \cdot \nabla x_i)|`, where
        :math:`\xi = \nabla g / \sqrt{|\nabla g|^2 + 0.02^2}` for g smoothed by a Gaussian of one
        pixel and scaled to [0, 1] [2]_. None: isotropic.
    directional : sequence of bool, optional
        Whether each element follows the guide; elements that do not are isotropic. None: all
        elements follow it.
    regularisers : None, str or sequence of str
        "directional", "isotropic", "directional tgv", "tgv", "sieve" or "smooth", one for all
        elements or one per element. Use this argument instead of ``directional``. None (default):
        total variation according to ``guide`` and ``directional``.
    totals : None or sequence of float
        Net total of each map, >= 0, or NaN for a map without this constraint. None: no constraints.
        Total variation and HAADF alone do not preserve totals. After the last iteration, the maps
        are scaled to remove the small differences that remain because the tolerance is finite.
    tolerance : float
        Stop when the relative optimality gap is at most this value, > 0. Float32 reaches about
        1e-6.
    max_iterations : int
        Maximum number of iterations, >= 1.
    initial : FusionResult, optional
        Result of an earlier call for maps of the same shape, used as the starting point. Few
        iterations are needed if the parameters have changed little. The regulariser may differ.
    callback : callable, optional
        Called as ``callback(iteration, maps, optimality)`` every 10 iterations, with a copy of the
        maps. The fusion stops if the callback returns True.

    Returns
    -------
    FusionResult
        Maps, the three cost terms at each recorded iteration, the number of iterations, the
        relative optimality gap, and whether it reached the tolerance.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid, or if the terms of the cost differ too much in magnitude for
        float32. Nothing is computed in this case.

    Notes
    -----
    The solver is a primal-dual loop [3]_ with over-relaxation; each iteration is one pass over
    memory. Only the total variation is dualised. For ``gamma=1``, the joint proximal map of the
    HAADF and Poisson terms is exact to second order in a step that vanishes as the loop converges.
    For other ``gamma``, the proximal map is that of a local model of the HAADF term (tangent and
    curvature). The loop works in float32; sums are in float64. The first call compiles the kernels,
    which takes about 10 seconds, and caches them on disk. The number of threads is that of Numba,
    or ``num_workers`` in Dask's configuration if that is lower. Simultaneous fusions share the
    threads.

    The relative optimality gap is the duality gap of the cost for the returned maps and dual
    variables. It is 0 at the optimum and nowhere else. For ``gamma=1``, it is an upper bound on how
    far the cost can still decrease among maps up to 1.5 times as bright as the returned maps. For
    other ``gamma``, the cost is not convex. The gap is then that of the cost in which x^gamma is
    replaced by its tangent at the maps, among maps within a tenth of their brightest value. It is 0
    at a stationary point and nowhere else. The gap is given relative to a reference: the cost minus
    its unavoidable part (the Poisson term of the most likely maps, and the HAADF term where h <
    c_0), plus a hundredth of the same quantity for constant maps and a ten-thousandth of lambda_1
    times the counts. None of this depends on the units of counts or HAADF.

    The loop starts from ``initial``, or from a rough solution on grids of larger pixels, coarse to
    fine. For ``gamma`` other than 1, this also leads to lower minima than a start from the counts
    themselves. With directional total variation, it starts from the net counts averaged over blocks
    of 4 x 4 pixels. The final cost is never above that of the start. Iterations on coarser grids
    are not counted; they take as long as 5 to 10 iterations on the full grid.

    Total generalised variation [6]_ replaces the total variation by

    .. math::

        R(x) = \min_w \sum_p \left| \nabla x - w \right| + \beta \left| E w \right| ,
        \qquad E w = \tfrac12 (\nabla w + \nabla w^T) , \qquad \beta = 1 \text{ pixel} ,

    with fields w on the grid of the differences of x. For "directional tgv", the part of
    :math:`\nabla x - w` along :math:`\xi` is removed. The loop updates x and w together, and the
    cost is that of both. The gap is computed among fields up to 1.5 times as long as the current
    field, plus 0.01 of a bright value per pixel. About three times as many iterations are needed as
    with total variation, and float32 reaches about 1e-5. Each such map needs the memory of 7
    additional maps in float32, or of 9 while a gap is computed.

    Sieves [4]_ are maps x = K u with sources u >= 0. K is the blur by a Gaussian with a standard
    deviation of :math:`\sqrt{2 \lambda_2 / \lambda_1}` pixels, cut off at 3.5 standard deviations,
    with mirrored borders. The last term of the cost is then the ridge

    .. math::

        \sum_i r \, \frac{\lambda_1}{2 s_i} \sum_p u_i^2 ,

    with s_i a typical bright value of the net counts (the 99th percentile of means over blocks of 4
    x 4 pixels). r is 0.001 for "sieve", which makes the sources unique and hardly changes the maps,
    and 0.1 for "smooth", which removes structure that is not much above the noise. Scaled gradient
    projection [5]_ minimises this cost, starting from the smoothed net counts or from the sources
    or maps of ``initial``. Let b be the gradient of the HAADF and Poisson terms, blurred, plus the
    multiplier of the total. If r now denotes the full weight of :math:`u^2 / 2`, and :math:`v =
    \max(-b, 0) / r`, the duality gap is the sum of :math:`r (u - v)^2 / 2 + \max(b, 0) u`. For
    ``gamma`` other than 1, both terms are replaced by their tangents at the maps. The gap is then 0
    at a stationary point and nowhere else.

    Sieves and other maps are updated in turn, five steps each. Each group uses the HAADF minus the
    contribution of the other group. The gap is that of all maps together, with one dual variable of
    the HAADF.

    References
    ----------
    .. [1] J. Schwartz et al., npj Comput. Mater. 8, 16 (2022), eq. 1 to 4,
           doi:10.1038/s41524-021-00692-5; background, weights and pedestal are additions.
    .. [2] M. J. Ehrhardt, M. M. Betcke, SIAM J. Imaging Sci. 9, 1084 (2016),
           doi:10.1137/15M1047325; the value 0.02 and the smoothing are choices of this package.
    .. [3] A. Chambolle, T. Pock, J. Math. Imaging Vis. 40, 120 (2011), and Math. Program. 159, 253
           (2016) for the over-relaxation.
    .. [4] D. L. Snyder, M. I. Miller, IEEE Trans. Nucl. Sci. 32, 3864 (1985),
           doi:10.1109/TNS.1985.4334521; the ridge is an addition.
    .. [5] S. Bonettini, R. Zanella, L. Zanni, Inverse Probl. 25, 015002 (2009),
           doi:10.1088/0266-5611/25/1/015002.
    .. [6] K. Bredies, K. Kunisch, T. Pock, SIAM J. Imaging Sci. 3, 492 (2010),
           doi:10.1137/090769521.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal import solve_fusion
    >>> rng = np.random.default_rng(0)
    >>> truth = np.zeros((2, 32, 32))
    >>> truth[0, 8:24, 8:24], truth[1, 4:12, 4:28] = 4, 2
    >>> counts = rng.poisson(truth + 0.5)
    >>> haadf = truth[0] / 4 + truth[1] / 10
    >>> result = solve_fusion(counts, haadf, gamma=1, lambdas=(0.01, 0.01), background=0.5,
    ...                       weights=(1 / 4, 1 / 10))
    >>> result.converged
    True
    >>> bool(abs(result.maps - truth).mean() < abs(counts - 0.5 - truth).mean() / 4)
    True
    >>> sharper = solve_fusion(counts, haadf, gamma=1, lambdas=(0.01, 0.01), background=0.5,
    ...                        weights=(1 / 4, 1 / 10), guide=haadf)
    >>> bool(abs(sharper.maps - truth).mean() < abs(result.maps - truth).mean())
    True
    """
    counts = checked_counts(counts)
    n_maps, ny, nx = counts.shape
    haadf = np.asarray(haadf)
    if haadf.shape != (ny, nx):
        raise ValueError(
            f"haadf must have the shape {(ny, nx)} of one map, but has the shape {haadf.shape}."
        )
    haadf = checked_array("haadf", haadf, (ny, nx), negative=True)
    gamma = checked_number("gamma", gamma, low=0, include_low=False)
    lambda_1, lambda_2 = checked_lambdas(lambdas, n_maps)
    background = checked_array("background", background, counts.shape)
    weights = per_element(
        "weights", 1.0 if weights is None else weights, n_maps, low=0, include_low=True
    )
    offset = checked_number("offset", offset, low=-np.inf, include_low=False)
    totals = checked_totals(totals, n_maps)
    check_attainable(totals, counts, background)
    tolerance = checked_number("tolerance", tolerance, low=0, include_low=False)
    max_iterations = checked_count("max_iterations", max_iterations)
    if initial is not None:
        if not isinstance(initial, FusionResult):
            raise TypeError(f"initial must be a FusionResult or None, but {initial!r} was given.")
        if initial.maps.shape != counts.shape:
            raise ValueError(
                f"initial must contain maps of the shape {counts.shape} of counts, but contains "
                f"maps of the shape {initial.maps.shape}."
            )
    if callback is not None and not callable(callback):
        raise TypeError(f"callback must be callable or None, but {callback!r} was given.")

    cost = Cost(
        counts,
        haadf,
        background,
        weights,
        offset,
        gamma,
        lambda_1,
        lambda_2,
        totals,
        *checked_regularisers(guide, directional, counts.shape, regularisers),
    )
    result = minimise(cost, tolerance, max_iterations, initial, callback)
    warn_if_unconverged(result, tolerance)
    return result
