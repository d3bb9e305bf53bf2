"""Simulated scans with known truth: what the benchmarks fuse.

Each is a dict of arrays: ``counts`` (gross, Poisson), ``background``, ``truth`` (expected net
counts), all (3, n, n); ``haadf`` (n, n), scaled to [0, 1] but for its noise of 1 %; ``weights``
(3,), with which the HAADF is linear in the truth.
"""

import numpy as np

_NOISE_OF_HAADF = 0.01
_BACKGROUND = 0.05


def particles(n, counts_at_densest, seed=0):
    """Nine overlapping core-shell spheres: core, shell, and a light element in both."""
    rng = np.random.default_rng(seed)
    truth = np.zeros((3, n, n))
    y, x = np.indices((n, n))
    for _ in range(9):
        centre_y, centre_x = rng.uniform(0.1 * n, 0.9 * n, 2)
        radius = rng.uniform(6, 16) * n / 96
        core = rng.uniform(0.4, 0.8) * radius
        square = (y - centre_y) ** 2 + (x - centre_x) ** 2
        whole = np.sqrt(np.maximum(0, 1 - square / radius**2))
        inner = np.sqrt(np.maximum(0, 1 - square / core**2)) * core / radius
        truth += np.stack([inner, 0.8 * (whole - inner), 0.27 * whole])
    return _scan(truth, counts_at_densest, [0.6, 0.3, 0.1], rng)


def atomic(n, counts_at_densest, seed=0):
    """Columns on three sites of a lattice of 12 pixels, two of which swap elements half way."""
    rng = np.random.default_rng(seed)
    y, x = np.indices((n, n))

    def columns(shift_y, shift_x, width):
        apart_y = (y - shift_y + 6) % 12 - 6
        apart_x = (x - shift_x + 6) % 12 - 6
        return np.exp(-(apart_y**2 + apart_x**2) / (2 * width**2))

    left = x < 0.6 * n
    third = columns(0, 0, 2.2) * ~left + 0.5 * columns(6, 0, 2.0)
    truth = 0.05 + np.stack([columns(0, 0, 2.2) * left, columns(6, 6, 2.0), third])
    return _scan(truth, counts_at_densest, [0.6, 0.35, 0.4], rng)


def _scan(truth, counts_at_densest, brightness, rng):
    truth = truth * counts_at_densest / truth.sum(axis=0).max()
    brightness = np.array(brightness)
    haadf = np.tensordot(brightness, truth, 1)
    weights = brightness / haadf.max()
    background = np.broadcast_to(_BACKGROUND * truth.max(axis=(1, 2), keepdims=True), truth.shape)
    return {
        "counts": rng.poisson(truth + background).astype(np.float32),
        "background": background.astype(np.float32),
        "haadf": np.tensordot(weights, truth, 1) + rng.normal(0, _NOISE_OF_HAADF, haadf.shape),
        "weights": weights,
        "truth": truth,
    }


def problem(scan, gamma, lambda_1, ratio):
    """Arguments of `solve_fusion`: the scaled cost with lambda_2 = ratio lambda_1.

    Both lambdas are in the units of `multimodal_fusion`, where maps are divided by their scale s.
    """
    scales = np.percentile(scan["truth"], 99, axis=(1, 2))
    return {
        "counts": scan["counts"],
        "haadf": scan["haadf"],
        "background": scan["background"],
        "weights": scan["weights"] * scales ** (1 - gamma),
        "gamma": gamma,
        "lambdas": (lambda_1, ratio * lambda_1 / np.sqrt(scales)),
    }
