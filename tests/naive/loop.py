"""One iteration of the primal-dual loop, and the certificate of a state."""

import numpy as np

from . import poisson
from .arrays import by_map, root
from .haadf import haadf_residual, haadf_slopes, local_model
from .poisson import poisson_deviance, poisson_gap
from .regularisers import divergence_of, dual, dual_step, project, variation_gap, variation_of


def joint_prox(v, tau, slopes, target, counts, background, fidelity):
    """Minimise 1/2 (target - sum slopes x)^2 + fidelity Poisson + |x - v|^2 / (2 tau), x >= 0.

    Given the residual r = target - sum slopes x, each x_i solves a problem of its own. Return r and
    x.
    """

    def maps(residual):
        v_there = v + tau * slopes * residual
        return poisson.poisson_prox(v_there, tau * by_map(fidelity), counts, background)

    def misfit(residual):
        return residual - target + (slopes * maps(residual)).sum(axis=0)

    target = np.asarray(target, dtype=np.float64)
    residual = root(misfit, target - (slopes * maps(target)).sum(axis=0), target)
    return residual, maps(residual)


def iteration(data, state, primal_steps, dual_steps, relaxation):
    """Return (relaxed, maps, dual, residual, prices), and squared movements by row, (2, K, ny)."""
    relaxed, gamma, n_pixels = np.float64(state.relaxed), np.float64(data.gamma), data.haadf.size
    p, tau = dual(state), by_map(primal_steps)
    v = relaxed + tau * (divergence_of(p, data) - by_map(state.prices))
    slopes, target = by_map(data.weights), data.haadf
    if gamma != 1:
        args = (state.maps, data.haadf, data.weights, gamma, v, primal_steps)
        v, tau, slopes, target = local_model(*args)
    tau, slopes = np.broadcast_to(tau, v.shape), np.broadcast_to(slopes, v.shape)
    args = (data.counts, data.background, data.fidelity)
    residual, maps = joint_prox(v, tau, slopes, target, *args)
    ahead = 2 * maps - relaxed
    change = dual_step(p, ahead, state.lead, dual_steps, data) - p
    excess = np.nan_to_num(ahead.sum(axis=(1, 2)) - data.totals)
    prices = state.prices + relaxation * excess / (primal_steps * n_pixels)
    squares = np.stack([(maps - relaxed) ** 2, (change**2).sum(axis=0)]).sum(axis=3)
    relaxed = relaxed + relaxation * (maps - relaxed)
    return (relaxed, maps, p + relaxation * change, residual, prices), squares


def certificate(data, state, ceilings, reaches, residual):
    """Return what the kernel sums up, by row: (2, ny) and (5, K, ny)."""
    x, gamma = np.float64(state.maps), np.float64(data.gamma)
    p = project(dual(state), data.bounds)
    misfit = haadf_residual(x, data.haadf, data.weights, 0, gamma)
    pull = haadf_slopes(x, data.weights, gamma) * residual + divergence_of(p, data)
    background = np.broadcast_to(data.background, x.shape)
    args = (data.counts, background, data.fidelity, ceilings, reaches)
    by_pixel = [
        poisson_deviance(x, data.counts, background),
        poisson_gap(x, pull - by_map(state.prices), *args),
        variation_of(x, data),
        variation_gap(x, p, data),
        x,
    ]
    haadf_sums = np.stack([misfit**2, (residual - misfit) ** 2]).sum(axis=2)
    return haadf_sums, np.stack(by_pixel).sum(axis=3)
