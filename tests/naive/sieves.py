"""Maps x = K u of sources u >= 0: blur as a matrix, cost, gap, and projected gradients."""

import numpy as np

from .arrays import by_map, root
from .haadf import haadf_residual, haadf_slopes
from .poisson import poisson_gradient, poisson_likelihood


def blur_matrix(n, width, cut_off=3.5):
    """Return the blur along n pixels by a Gaussian, each border a mirror, (n, n)."""
    radius = int(np.ceil(cut_off * width))
    matrix = np.zeros((n, n))
    taps = {
        k: np.exp(-0.5 * (k / width) ** 2) if width else 1.0 for k in range(-radius, radius + 1)
    }
    for here in range(n):
        for k, tap in taps.items():
            there = here + k
            while not 0 <= there < n:
                there = -1 - there if there < 0 else 2 * n - 1 - there
            matrix[here, there] += tap
    return matrix / sum(taps.values())


def blurred(images, widths):
    """Return maps (K, ny, nx) of sources, each under its Gaussian."""
    _, ny, nx = images.shape
    return np.stack(
        [
            blur_matrix(ny, width) @ np.float64(image) @ blur_matrix(nx, width).T
            for image, width in zip(images, widths, strict=True)
        ]
    )


class Sources:
    """The cost of sources in counts, of a problem given as to `solve_fusion`."""

    def __init__(self, ridges, counts, haadf, gamma, lambdas, background, weights, offset):
        n_maps = len(counts)
        self.ridges = by_map(ridges)
        self.counts = np.float64(counts)
        self.haadf, self.gamma, self.offset = haadf, gamma, offset
        self.lambda_1, lambda_2 = (np.broadcast_to(each, n_maps) for each in lambdas)
        self.widths = np.sqrt(2 * lambda_2 / self.lambda_1) * (haadf.size > 1)
        self.background = np.broadcast_to(background, self.counts.shape)
        self.weights = np.broadcast_to(1.0 if weights is None else weights, n_maps)

    def terms(self, u):
        """Return HAADF term, Poisson term and ridge."""
        x = blurred(u, self.widths)
        residual = haadf_residual(x, self.haadf, self.weights, self.offset, self.gamma)
        poisson = self.lambda_1 @ poisson_likelihood(x, self.counts, self.background)
        return np.array([0.5 * np.sum(residual**2), poisson, np.sum(self.ridges * u**2) / 2])

    def slopes(self, u):
        """Return the gradient of HAADF and Poisson terms by the sources; the blur is symmetric."""
        x = blurred(u, self.widths)
        residual = haadf_residual(x, self.haadf, self.weights, self.offset, self.gamma)
        by_x = by_map(self.lambda_1) * poisson_gradient(x, self.counts, self.background)
        by_x -= haadf_slopes(x, self.weights, self.gamma) * residual
        return blurred(by_x, self.widths)

    def gap(self, u, prices):
        """Return the duality gap; ``prices`` of the totals are added to the slopes."""
        slopes = self.slopes(u) + by_map(prices)
        best = np.maximum(-slopes, 0) / self.ridges
        return np.sum(self.ridges * (u - best) ** 2 / 2 + np.maximum(slopes, 0) * u)

    def minimiser(self, u, iterations, totals=None):
        """Return the sources after so many projected gradient steps, each halved until it pays."""
        step, value = 1.0, self.terms(u).sum()
        for _ in range(iterations):
            slopes = self.slopes(u) + self.ridges * u
            while True:
                moved = projected(u - step * slopes, totals)
                after = self.terms(moved).sum()
                change = moved - u
                if after <= value + np.sum(slopes * change) + np.sum(change**2) / (2 * step):
                    break
                step /= 2
            u, value, step = moved, after, 1.3 * step
        return u


def projected(u, totals):
    """Return the nearest sources >= 0 with the totals, where these are not NaN."""
    if totals is None:
        return np.maximum(u, 0)
    kept = np.isfinite(totals)
    reach = np.abs(u).max(axis=(1, 2)) + np.nan_to_num(totals)
    prices = root(
        lambda price: np.maximum(u + by_map(price), 0).sum(axis=(1, 2)) - np.nan_to_num(totals),
        -reach,
        reach,
        halvings=45,
    )
    return np.maximum(u + by_map(np.where(kept, prices, 0)), 0)
