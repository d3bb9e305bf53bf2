"""The regularisers: differences, their transpose, directions, values and gaps."""

import numpy as np
from scipy import ndimage

from hyperspy_multimodal.kernels.regulariser_rows import DIRECTIONAL

from .arrays import by_map, root


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


def directions_of(guide):
    """Along y and along x, shape (2, ny, nx)."""
    smooth = ndimage.gaussian_filter(np.asarray(guide, dtype=np.float64), 1, mode="nearest")
    slope = gradient(smooth[np.newaxis] / max(np.ptp(smooth), 1e-300))[:, 0]
    return slope / np.sqrt((slope**2).sum(axis=0) + 0.02**2)


def across(p, directions, directional):
    """p less its part along the directions, in the maps that are directional."""
    taken = np.where(by_map(directional), directions[:, np.newaxis], 0.0)
    return p - taken * (taken * p).sum(axis=0)


def huber_variation(x, knees, guide=None, directional=None):
    """One value a map: lengths count by their squares up to the knee, by half of it less beyond."""
    grad, knees = gradient(x), by_map(np.broadcast_to(knees, len(x)))
    if guide is not None:
        directional = np.ones(len(x), bool) if directional is None else directional
        grad = across(grad, directions_of(guide), directional)
    far = lengths(grad)
    near = np.square(far) / (2 * np.maximum(knees, 1e-300))
    return np.where(far < knees, near, far - knees / 2).sum(axis=(1, 2))


def total_variation_gap(x, p, bounds):
    """One value a map."""
    grad = gradient(x)
    return (by_map(bounds) * lengths(grad) - (p * grad).sum(axis=0)).sum(axis=(1, 2))


def dual(state):
    """The dual variable, shape (2, K, ny, nx)."""
    return np.stack([state.dual_y[:, 1:], state.dual_x[:, :, 1:]]).astype(np.float64)


def across_of(p, data):
    directions = np.stack([data.directions_y, data.directions_x]).astype(np.float64)
    return across(p, directions, data.regularisers & DIRECTIONAL > 0)


def divergence_of(p, data):
    """What the dual variable does to the maps."""
    return divergence(across_of(p, data))


def dual_step(p, ahead, lead, steps, data):
    """The dual variable after a step along the gradient of ``ahead``, less ``lead`` of fields."""
    differences = gradient(ahead)
    differences[:, data.places >= 0] -= lead[..., : ahead.shape[2]]
    moved = p + by_map(steps) * across_of(differences, data)
    return project(moved / (1 + by_map(steps * data.softness)), data.bounds)


def huber(lengths, bounds, softness):
    """The conjugate of softness r^2 / 2 among all 0 <= r <= bound."""
    nothing = np.zeros_like(lengths)
    bounds, softness = nothing + by_map(bounds), by_map(softness)
    r = root(lambda r: softness * r - lengths, nothing, bounds)
    return r * lengths - softness * r**2 / 2


def variation_of(x, data):
    """By pixel, times lambda_2."""
    return huber(lengths(across_of(gradient(x), data)), data.bounds, data.softness)


def variation_gap(x, p, data):
    """By pixel."""
    pairing = (p * across_of(gradient(x), data)).sum(axis=0)
    conjugate = by_map(data.softness) * np.square(p).sum(axis=0) / 2
    return variation_of(x, data) + conjugate - pairing
