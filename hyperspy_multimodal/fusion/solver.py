"""`solve_fusion`: the minimiser of the fusion cost, with a certificate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..checks import checked_array, checked_count, checked_number, per_element
from ..notes import Speaker
from ..threads import threads_for
from .compilation import compile_once
from .inputs import (
    check_attainable,
    checked_counts,
    checked_lambdas,
    checked_regularisers,
    checked_totals,
)
from .loop import iterate, relative_dual
from .problem import Cost, Problem
from .regularisers import are_sieves, names_of
from .sieve import iterate_sieve

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from ..hints import PerElement

_logger = Speaker(__name__)


@dataclass
class FusionResult:
    """What `solve_fusion` found.

    Attributes
    ----------
    maps : numpy.ndarray
        Net counts, float32, shape (K, ny, nx), >= 0.
    iterations : int
        Iterations done.
    converged : bool
        Whether ``optimality`` came down to the tolerance.
    optimality : float
        Relative gap of ``maps``; for gamma = 1 the relative duality gap (see `solve_fusion`).
    cost_terms : numpy.ndarray
        Shape (3, number of records): the HAADF term, lambda_1 times the Poisson term and lambda_2
        times the total variation, which add up to the cost.
    cost_iterations : numpy.ndarray
        The iteration of each record; the first is 0, the starting point.
    optimality_history : numpy.ndarray
        The relative gap of each record.
    dual : numpy.ndarray
        Dual variable of the total variation over lambda_2, lengths <= 1, shape (2, K, ny, nx).
    residual : numpy.ndarray
        Dual variable of the HAADF term, shape (ny, nx): near the HAADF less its model.
    prices : numpy.ndarray
        Dual variables of the totals, shape (K,); 0 where a total is free.
    """

    maps: np.ndarray
    iterations: int
    converged: bool
    optimality: float
    cost_terms: np.ndarray
    cost_iterations: np.ndarray
    optimality_history: np.ndarray
    dual: np.ndarray = field(repr=False)
    residual: np.ndarray = field(repr=False)
    prices: np.ndarray = field(repr=False)
    sources: np.ndarray | None = field(default=None, repr=False)

    @property
    def cost(self) -> float:
        """The cost of ``maps``: the sum of the last record of ``cost_terms``."""
        return float(self.cost_terms[:, -1].sum())


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
    totals: Sequence[float] | NDArray | None = None,
    tolerance: float = 1e-4,
    max_iterations: int = 5000,
    initial: FusionResult | None = None,
    callback: Callable[[int, NDArray, float], bool | None] | None = None,
) -> FusionResult:
    r"""Fuse element maps with a HAADF image: minimise the fusion cost on plain arrays.

    The net counts :math:`x_i \ge 0` of K elements minimise [1]_

    .. math::

        \tfrac12 \sum_p \Bigl( h - c_0 - \sum_i w_i x_i^\gamma \Bigr)^2
        + \lambda_1 \sum_{i,p} \bigl[ x_i + B_i - y_i \log(x_i + B_i) \bigr]
        + \lambda_2 \sum_i \mathrm{TV}(x_i)

    with gross counts y, expected background B and the total variation (forward differences, Neumann
    boundaries), isotropic or, with a ``guide``, directional: an edge that the guide has costs
    nothing then. Nothing is scaled, fitted or clipped beforehand.

    Parameters
    ----------
    counts : array_like
        Gross counts y, shape (K, ny, nx), finite and >= 0. Any ny and nx from 1.
    haadf : array_like
        HAADF image h, shape (ny, nx), finite.
    gamma : float
        Exponent of the maps in the HAADF model, > 0; tested from 0.5 to 3. The cost is convex for
        ``gamma=1``.
    lambdas : tuple
        (lambda_1, lambda_2), each a number or K numbers, one an element; lambda_1 > 0 and
        lambda_2 >= 0.
    background : float or array_like
        Expected background counts B >= 0: a number or an array that broadcasts to (K, ny, nx).
    weights : None, float or sequence of float
        HAADF weights w >= 0, one an element. None is 1 for each, as published. With all weights 0
        the HAADF has no influence.
    offset : float
        Pedestal c0 of the HAADF.
    guide : array_like, optional
        Image g whose edges direct the total variation, as a rule the HAADF, shape (ny, nx), in any
        unit. TV(x_i) becomes the sum of :math:`|\nabla x_i - \xi (\xi \cdot \nabla x_i)|`, where
        :math:`\xi = \nabla g / \sqrt{|\nabla g|^2 + 0.02^2}` for g smoothed by a Gaussian of one
        pixel and brought to unit range [2]_. None: isotropic.
    directional : sequence of bool, optional
        Which elements follow the guide, one an element; the others stay isotropic. None: all.
    totals : None or sequence of float
        Net total of each element that the maps have to keep, >= 0, or NaN for an element without
        one. None: no element has one. Total variation and HAADF alone do not keep totals. They are
        met exactly, by scaling the maps by what is left to the tolerance at the end.
    tolerance : float
        Stop when the relative gap is at most this, > 0. Float32 reaches about 1e-6.
    max_iterations : int
        Stop after this many iterations at the latest, >= 1.
    initial : FusionResult, optional
        Result of an earlier call for maps of the same shape, to start from: a neighbouring
        parameter takes few iterations then.
    callback : callable, optional
        Called as ``callback(iteration, maps, optimality)`` at each record, every 10 iterations,
        with a copy of the maps. Fusion stops there if it returns True.

    Returns
    -------
    FusionResult
        Maps, the three cost terms by iteration, iterations, convergence and relative gap.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or the terms of the cost are too far apart for float32;
        nothing is computed then.

    Notes
    -----
    One primal-dual loop [3]_ with over-relaxation, each iteration one pass over memory. The total
    variation is dualised; the proximal map of the HAADF and Poisson terms together is exact for
    ``gamma=1`` to the second order of an ever smaller step, and that of the HAADF term's local
    model (tangent and curvature) otherwise. The work is in float32, the sums in float64. The first
    call compiles the kernels, for some 20 seconds, and keeps them on disk. As many threads are used
    as Numba is set to use, or as ``num_workers`` in Dask's configuration if that is lower; fusions
    that run at a time share them.

    The relative gap is the duality gap of the cost, of maps and dual variables that are both
    returned: 0 at the optimum and nowhere else. For ``gamma=1`` it bounds, from above, what the
    cost can still fall among maps up to half as bright again as these. For other ``gamma``, where
    the cost is not convex, it is the gap of the cost in which x^gamma is replaced by its tangent at
    the maps, among maps within a tenth of their brightest value: 0 at a stationary point and
    nowhere else. It is given relative to the cost above what is unavoidable (the Poisson term of
    the likeliest maps, and the HAADF term where h < c_0), plus a hundredth of that of constant maps
    and a ten-thousandth of lambda_1 times the counts; none of this depends on the units of counts
    or HAADF. The cost is never above that of the start: ``initial``,
    or a rough solution on grids of larger pixels, coarse to fine, which for ``gamma`` other than 1
    also leads to lower minima than the counts themselves (with directional total variation the net
    counts averaged over blocks of 4 x 4 pixels). Iterations on coarser grids are not counted; they
    cost as much as some 5 to 10 of those that are.

    References
    ----------
    .. [1] J. Schwartz et al., npj Comput. Mater. 8, 16 (2022), eq. 1 to 4,
           doi:10.1038/s41524-021-00692-5; background, weights and pedestal are additions.
    .. [2] M. J. Ehrhardt, M. M. Betcke, SIAM J. Imaging Sci. 9, 1084 (2016),
           doi:10.1137/15M1047325; 0.02 and the smoothing are choices.
    .. [3] A. Chambolle, T. Pock, J. Math. Imaging Vis. 40, 120 (2011), and Math. Program. 159, 253
           (2016) for the over-relaxation.

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
                f"initial must hold maps of the shape {counts.shape} of counts, but holds maps of "
                f"the shape {initial.maps.shape}."
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
        *checked_regularisers(guide, directional, counts.shape),
    )
    result = minimise(cost, tolerance, max_iterations, initial, callback)
    warn_if_unconverged(result, tolerance)
    return result


def minimise(cost, tolerance, max_iterations, initial=None, callback=None, can_go_on=True):
    """Return the `FusionResult` of a `Cost`.

    With ``can_go_on=False`` it has no dual variables, and takes less memory: nothing can start from
    it.
    """
    with threads_for(cost.counts.size):
        compile_once(_run_every_kernel)
        problem = Problem.scaled(cost)
        if are_sieves(cost.regularisers):
            return _sieved(problem, tolerance, max_iterations, initial, callback)
        state, records = iterate(problem, tolerance, max_iterations, initial, callback)
        iterations, costs, gaps = zip(*records, strict=True)
        last = costs[-1]
        return FusionResult(
            maps=problem.physical(state.maps),
            iterations=iterations[-1],
            converged=bool(gaps[-1] <= tolerance),
            optimality=gaps[-1],
            cost_terms=problem.cost_terms(costs),
            cost_iterations=np.array(iterations),
            optimality_history=np.array(gaps),
            dual=relative_dual(problem, state) if can_go_on else None,
            residual=last.residual * np.float32(np.sqrt(problem.unit)),
            prices=state.prices.astype(np.float64) * problem.unit / problem.scales,
        )


def _sieved(problem, tolerance, max_iterations, initial, callback):
    sieve, records = iterate_sieve(problem, tolerance, max_iterations, initial, callback)
    iterations, costs, gaps = zip(*records, strict=True)
    return FusionResult(
        maps=problem.physical(sieve.here.x),
        iterations=iterations[-1],
        converged=bool(gaps[-1] <= tolerance),
        optimality=gaps[-1],
        cost_terms=problem.cost_terms(costs),
        cost_iterations=np.array(iterations),
        optimality_history=np.array(gaps),
        dual=None,
        residual=sieve.here.residual * np.float32(np.sqrt(problem.unit)),
        prices=sieve.prices * problem.unit / problem.scales,
        sources=problem.physical(sieve.here.u),
    )


def _run_every_kernel():
    one = np.ones((1, 16, 16))  # large enough for a coarser grid
    number = np.ones(1)
    totals, regularisers = np.full(1, np.nan), names_of([False])
    cost = Cost(one, one[0], one, number, 0.0, 1.0, number, number, totals, regularisers)
    problem = Problem.scaled(cost)
    relative_dual(problem, iterate(problem, 1.0, 1, None, None)[0])


def warn_if_unconverged(result, tolerance):
    """Log a warning if the relative gap is above the tolerance."""
    if not result.converged:
        _logger.warning(
            "Fusion stopped after %d iterations at a relative gap of %.1e; %.1e was asked "
            "for. Maps hardly change any more below 1e-3. Raise max_iterations or tolerance.",
            result.iterations,
            result.optimality,
            tolerance,
            kind="not converged",
            about=float(result.optimality),
        )
