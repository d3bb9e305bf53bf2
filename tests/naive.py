"""Slow, obvious float64 twins of the kernels and of the cost, written from the formulas.

Minimisers are found by bisection on a derivative, conjugates by trying every point of a grid, and
adjoints by transposing a matrix; nothing here knows a closed form. Maps are (K, ny, nx), and what
has one value a map is a sequence of K.
"""

import numpy as np
from scipy import integrate, ndimage
from scipy.special import ndtr, xlogy

from hyperspy_multimodal.kernels import chunks as chosen
from hyperspy_multimodal.kernels.rows import SLOPE_FLOOR


def summed(spectra, ranks=4):
    """Return sum, pixels that are not 0, largest values and their pixels of spectra (ny, nx, C)."""
    flat = spectra.reshape(-1, spectra.shape[-1]).astype(float)
    largest = np.full((ranks, flat.shape[1]), -np.inf)
    pixels = np.full((ranks, flat.shape[1]), -1)
    for channel, values in enumerate(flat.T):
        order = sorted(range(len(values)), key=lambda pixel: (-values[pixel], pixel))[:ranks]
        largest[: len(order), channel] = values[order]
        pixels[: len(order), channel] = order
    return flat.sum(axis=0), (flat != 0).sum(axis=0), largest, pixels


def by_map(values):
    return np.asarray(values, dtype=np.float64)[:, None, None]


def root(rising, low, high, halvings=70):
    """Return where the elementwise rising function ``rising`` crosses 0 in [low, high]."""
    low, high = np.array(low, dtype=np.float64), np.array(high, dtype=np.float64)
    for _ in range(halvings):
        middle = 0.5 * (low + high)
        above = rising(middle) > 0
        high[above] = middle[above]
        low[~above] = middle[~above]
    return 0.5 * (low + high)


# Total variation


def gradient(x):
    x = np.asarray(x, dtype=np.float64)
    out = np.zeros((2, *x.shape))
    out[0, :, :-1, :] = x[:, 1:, :] - x[:, :-1, :]
    out[1, :, :, :-1] = x[:, :, 1:] - x[:, :, :-1]
    return out


def divergence(p):
    """Minus the transpose of the matrix whose columns are the gradients of single pixels."""
    p = np.asarray(p, dtype=np.float64)
    ny, nx = p.shape[2:]
    units = np.eye(ny * nx).reshape(-1, ny, nx)
    matrix = gradient(units).transpose(1, 0, 2, 3).reshape(ny * nx, -1)
    fields = p.transpose(1, 0, 2, 3).reshape(p.shape[1], -1)
    return -(fields @ matrix.T).reshape(p.shape[1:])


def lengths(p):
    return np.sqrt(p[0] ** 2 + p[1] ** 2)


def project(p, bounds):
    p = np.asarray(p, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        shrink = np.where(lengths(p) > by_map(bounds), by_map(bounds) / lengths(p), 1.0)
    return p * shrink


def total_variation(x):
    """One value a map."""
    return lengths(gradient(x)).sum(axis=(1, 2))


def edge_directions(guide):
    """Along y and along x, shape (2, ny, nx)."""
    smooth = ndimage.gaussian_filter(np.asarray(guide, dtype=np.float64), 1, mode="nearest")
    slope = gradient(smooth[np.newaxis] / max(np.ptp(smooth), 1e-300))[:, 0]
    return slope / np.sqrt((slope**2).sum(axis=0) + 0.02**2)


def across(p, edges, directional):
    """p less its part along the edges, in the maps that are directional."""
    taken = np.where(by_map(directional), edges[:, np.newaxis], 0.0)
    return p - taken * (taken * p).sum(axis=0)


def directional_variation(x, guide, directional=None):
    """One value a map; isotropic without a guide."""
    if guide is None:
        return total_variation(x)
    directional = np.ones(len(x), bool) if directional is None else directional
    return lengths(across(gradient(x), edge_directions(guide), directional)).sum(axis=(1, 2))


def total_variation_gap(x, p, bounds):
    """One value a map."""
    grad = gradient(x)
    return (by_map(bounds) * lengths(grad) - (p * grad).sum(axis=0)).sum(axis=(1, 2))


# Poisson likelihood


def poisson_cost(x, counts, background):
    z = np.asarray(x, dtype=np.float64) + background
    return z - xlogy(np.asarray(counts, dtype=np.float64), z)


def poisson_likelihood(x, counts, background):
    """One value a map."""
    return poisson_cost(x, counts, background).sum(axis=(1, 2))


def poisson_gradient(x, counts, background):
    counts, z = np.broadcast_arrays(np.asarray(counts, np.float64), np.float64(x) + background)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(counts > 0, 1 - counts / z, 1.0)


def poisson_prox(v, steps, counts, background):
    """Minimise steps (x + B - y log(x + B)) + (x - v)^2 / 2 over x >= 0; steps as v or by map."""
    v = np.asarray(v, dtype=np.float64)
    steps = by_map(steps) if np.ndim(steps) == 1 else np.asarray(steps, dtype=np.float64)

    def slope(x):
        return steps * poisson_gradient(x, counts, background) + x - v

    # At x >= y and x >= v neither term falls any more.
    highest = np.maximum(np.maximum(v, counts), 0)
    inside = root(slope, np.zeros_like(v), highest)
    return np.where(slope(np.zeros_like(v)) >= 0, 0.0, inside)


def poisson_deviance(x, counts, background):
    """Cost above that of z = y."""
    counts = np.asarray(counts, dtype=np.float64)
    return poisson_cost(x, counts, background) - counts + xlogy(counts, counts)


def poisson_gap(x, s, counts, background, fidelity, ceilings, reaches=None):
    """F(x) + F*(s) - s x in each pixel, F* by trying many points of [0, ceiling] within reach."""
    reaches = np.full(len(x), np.inf) if reaches is None else reaches
    grid = np.concatenate([[0.0], np.geomspace(1e-9, 1, 20_000), np.linspace(0, 1, 2_001)])
    gap = np.empty(x.shape)
    for pixel in np.ndindex(x.shape):
        a, y, b = fidelity[pixel[0]], counts[pixel], background[pixel]
        tried = np.append(grid * ceilings[pixel[0]], x[pixel])
        tried = np.clip(tried, x[pixel] - reaches[pixel[0]], x[pixel] + reaches[pixel[0]])
        with np.errstate(divide="ignore"):
            conjugate = np.max(s[pixel] * tried - a * poisson_cost(tried, y, b))
        gap[pixel] = a * poisson_cost(x[pixel], y, b) + conjugate - s[pixel] * x[pixel]
    return gap


# HAADF


def power(base, exponent):
    return np.asarray(base, dtype=np.float64) ** np.float64(exponent)


def haadf_residual(x, haadf, weights, offset, gamma):
    model = sum(w * power(map_, gamma) for w, map_ in zip(weights, x, strict=True))
    return np.asarray(haadf, dtype=np.float64) - offset - model


def haadf_slopes(x, weights, gamma):
    """Slope of w_i x_i^gamma, no nearer to x = 0 than the kernels go."""
    floored = np.maximum(np.asarray(x, dtype=np.float64), np.float64(SLOPE_FLOOR))
    return by_map(weights) * gamma * power(floored, gamma - 1)


def local_model(x, haadf, weights, gamma, v, steps):
    """Tangent of the HAADF model at x, and the proximal term with curvature added to it.

    Return (v, tau, slopes, target) of the convex problem that stands in for the HAADF term:
    1/2 (target - sum_i slopes_i x_i)^2 + sum_i (x_i - v_i)^2 / (2 tau_i).
    """
    slopes = haadf_slopes(x, weights, gamma)
    residual = haadf_residual(x, haadf, weights, 0, gamma)
    bend = (1 - gamma) * residual * slopes / np.maximum(np.float64(x), np.float64(SLOPE_FLOOR))
    curvature = np.where(bend > 0, bend, -np.float64(chosen._DAMPING) * bend)
    if gamma > 1:
        steepest = by_map(weights) * gamma * power(np.float64(chosen._REACH), gamma - 1)
        curvature += np.maximum(steepest**2 - slopes**2, 0)
    tau = 1 / (1 / by_map(steps) + curvature)
    v = tau * (v / by_map(steps) + curvature * x)
    return v, tau, slopes, residual + (slopes * x).sum(axis=0)


# The iteration


def joint_prox(v, tau, slopes, target, counts, background, fidelity):
    """Minimise 1/2 (target - sum slopes x)^2 + fidelity Poisson + |x - v|^2 / (2 tau), x >= 0.

    Given the residual r = target - sum slopes x, each x_i solves a problem of its own. Return r and
    x.
    """

    def maps(residual):
        return poisson_prox(v + tau * slopes * residual, tau * by_map(fidelity), counts, background)

    def misfit(residual):
        return residual - target + (slopes * maps(residual)).sum(axis=0)

    target = np.asarray(target, dtype=np.float64)
    residual = root(misfit, target - (slopes * maps(target)).sum(axis=0), target)
    return residual, maps(residual)


def dual(state):
    """The dual variable of the total variation, shape (2, K, ny, nx)."""
    return np.stack([state.dual_y[:, 1:], state.dual_x[:, :, 1:]]).astype(np.float64)


def across_edges(p, data):
    return across(p, np.stack([data.edges_y, data.edges_x]).astype(np.float64), data.directional)


def iteration(data, state, primal_steps, dual_steps, relaxation):
    """Return (relaxed, maps, dual, residual, prices), and squared movements by row, (2, K, ny)."""
    relaxed, gamma, n_pixels = np.float64(state.relaxed), np.float64(data.gamma), data.haadf.size
    p, tau = dual(state), by_map(primal_steps)
    v = relaxed + tau * (divergence(across_edges(p, data)) - by_map(state.prices))
    slopes, target = by_map(data.weights), data.haadf
    if gamma != 1:
        args = (state.maps, data.haadf, data.weights, gamma, v, primal_steps)
        v, tau, slopes, target = local_model(*args)
    tau, slopes = np.broadcast_to(tau, v.shape), np.broadcast_to(slopes, v.shape)
    args = (data.counts, data.background, data.fidelity)
    residual, maps = joint_prox(v, tau, slopes, target, *args)
    ahead = 2 * maps - relaxed
    moved = p + by_map(dual_steps) * across_edges(gradient(ahead), data)
    change = project(moved, data.bounds) - p
    excess = np.nan_to_num(ahead.sum(axis=(1, 2)) - data.totals)
    prices = state.prices + relaxation * excess / (primal_steps * n_pixels)
    squares = np.stack([(maps - relaxed) ** 2, (change**2).sum(axis=0)]).sum(axis=3)
    relaxed = relaxed + relaxation * (maps - relaxed)
    return (relaxed, maps, p + relaxation * change, residual, prices), squares


def certificate(data, state, ceilings, reaches, residual):
    """Return what the kernel sums up, by row: (2, ny) and (5, K, ny)."""
    x, gamma = np.float64(state.maps), np.float64(data.gamma)
    p = project(dual(state), data.bounds)
    grad = across_edges(gradient(x), data)
    misfit = haadf_residual(x, data.haadf, data.weights, 0, gamma)
    pull = haadf_slopes(x, data.weights, gamma) * residual + divergence(across_edges(p, data))
    background = np.broadcast_to(data.background, x.shape)
    args = (data.counts, background, data.fidelity, ceilings, reaches)
    by_pixel = [
        poisson_deviance(x, data.counts, background),
        poisson_gap(x, pull - by_map(state.prices), *args),
        lengths(grad),
        by_map(data.bounds) * lengths(grad) - (p * grad).sum(axis=0),
        x,
    ]
    haadf_sums = np.stack([misfit**2, (residual - misfit) ** 2]).sum(axis=2)
    return haadf_sums, np.stack(by_pixel).sum(axis=3)


# The cost


def cost(
    maps,
    counts,
    haadf,
    gamma,
    lambdas,
    background=0.0,
    weights=None,
    offset=0.0,
    guide=None,
    directional=None,
):
    """Return the HAADF, Poisson and total variation terms of the fusion cost, weighted."""
    counts = np.asarray(counts, dtype=np.float64)
    weights = np.ones(len(counts)) if weights is None else np.broadcast_to(weights, len(counts))
    lambda_1, lambda_2 = (np.broadcast_to(value, len(counts)) for value in lambdas)
    background = np.broadcast_to(background, counts.shape)
    return np.array(
        [
            0.5 * np.sum(haadf_residual(maps, haadf, weights, offset, gamma) ** 2),
            np.sum(lambda_1 * poisson_likelihood(maps, counts, background)),
            np.sum(lambda_2 * directional_variation(maps, guide, directional)),
        ]
    )


def excess(maps, problem):
    """Cost above what is unavoidable, plus what keeps it from 0."""
    counts = np.asarray(problem["counts"], dtype=np.float64)
    likeliest = np.maximum(counts - problem.get("background", 0.0), 0)
    means = likeliest.mean(axis=(1, 2))
    haadf, gamma = problem["haadf"] - problem.get("offset", 0.0), problem["gamma"]
    weights = problem.get("weights", None)
    model = np.sum((1.0 if weights is None else np.asarray(weights)) * means**gamma)
    bright = max(haadf.mean(), 0)
    dimmed = (bright / model) ** (1 / gamma) if model > bright else 1.0
    flat = np.broadcast_to(by_map(max(dimmed, 1e-6) * means), counts.shape)
    least = cost(likeliest, **problem)[1]
    missed = problem["haadf"] - problem.get("offset", 0.0)
    if weights is None or np.any(np.asarray(weights) != 0):
        missed = np.minimum(missed, 0)
    least += 0.5 * np.sum(missed**2)
    weighted = np.sum(np.broadcast_to(problem["lambdas"][0], len(counts)) * counts.sum(axis=(1, 2)))
    of_flat = cost(flat, **problem).sum() - least
    return cost(maps, **problem).sum() - least + 0.01 * of_flat + 1e-4 * weighted


# Spectral lines in channels


def tailed_integral(u, ratio, steps=4001):
    """P(N - T / ratio < u), N standard normal, T exponential of mean 1, by Simpson's rule."""
    times = np.linspace(0, 45, steps)
    chances = ndtr(np.asarray(u, dtype=np.float64)[..., None] + times / ratio) * np.exp(-times)
    return integrate.simpson(chances, x=times, axis=-1)


def peak(place, width, sigma, low, channel, n_channels, tail, shelf):
    """Share of a line in each channel, (C,), with its tail out to nine lengths and no further."""
    limits = low + channel * np.arange(n_channels + 1)
    out = (1 - tail - shelf) * np.diff(ndtr((limits - place) / sigma))
    if tail:
        reached = limits[1:] > place - 7 * sigma - 9 * width
        out += tail * reached * np.diff(tailed_integral((limits - place) / sigma, sigma / width))
    if shelf:
        middles = limits[:-1] + channel / 2
        from_zero = limits[:-1] > -1e-9 * channel
        out += shelf * from_zero * channel / place * ndtr((place - middles) / sigma)
    return out


def peaks(places, widths, sigmas, factors, rows, low, channel, tail, shelf, out):
    """What the lines add to out, (n, C)."""
    added = np.zeros(out.shape)
    for line, row in enumerate(rows):
        args = places[line], widths[line], sigmas[line], low, channel, out.shape[1], tail, shelf
        added[row] += factors[line] * peak(*args)
    return added


def peak_slopes(places, sigmas, factors, rows, low, channel, out):
    """Central differences along place and standard deviation, two (n, C)."""

    def at(places, sigmas):
        return peaks(places, sigmas, sigmas, factors, rows, low, channel, 0.0, 0.0, out)

    step = 1e-4 * sigmas.min()
    moved = (at(places + step, sigmas) - at(places - step, sigmas)) / (2 * step)
    wider = (at(places, sigmas + step) - at(places, sigmas - step)) / (2 * step)
    return moved, wider
