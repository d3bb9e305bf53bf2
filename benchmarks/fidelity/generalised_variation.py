"""Second-order total generalised variation, and what it is compared with, of one map in counts.

K. Bredies, K. Kunisch, T. Pock, SIAM J. Imaging Sci. 3, 492 (2010), doi:10.1137/090769521. Plain
NumPy, and a fixed number of iterations: to measure a prior with, not to fuse with.
"""

from dataclasses import dataclass

import numpy as np


@dataclass
class Term:
    """Likelihood and HAADF of one map u = x / s: sum of u + b - y log(u + b) + (t - g u)^2 / 2."""

    counts: np.ndarray
    background: np.ndarray
    slope: np.ndarray
    target: np.ndarray
    total: float
    start: np.ndarray

    def prox(self, v, tau):
        """Return the minimum over u >= 0 of the term plus (u - v)^2 / 2 tau."""
        a = self.slope**2 + 1 / tau
        half = (v / tau + self.slope * self.target + a * self.background - 1) / 2
        root = (half + np.sqrt(half * half + a * self.counts)) / a
        return np.maximum(root - self.background, 0)


def differences(u):
    """Forward differences along y and x, none across the border."""
    d = np.zeros((2, *u.shape), np.float32)
    np.subtract(u[1:], u[:-1], out=d[0, :-1])
    np.subtract(u[:, 1:], u[:, :-1], out=d[1, :, :-1])
    return d


def adjoint(p):
    """Transpose of `differences`."""
    u = np.zeros(p.shape[1:], np.float32)
    u[:-1] -= p[0, :-1]
    u[1:] += p[0, :-1]
    u[:, :-1] -= p[1, :, :-1]
    u[:, 1:] += p[1, :, :-1]
    return u


def solve(term, weight, directions=None, beta=None, knee=0.0, iterations=250):
    """Minimise a `Term` plus weight R(u) under the kept total, by the primal-dual method.

    R is total variation, Huber's form with a ``knee``, or with ``beta`` the minimum over fields w
    of |grad u - w| + beta |E w|, E the symmetric gradient. ``directions`` take the part across
    edges of the HAADF off grad u and grad u - w.
    """
    u = term.start.astype(np.float32)
    pixels = np.sqrt(u.size)
    balance = 0.05 / max(weight, 0.1)
    tau, sigma = balance / np.sqrt(13), 1 / (balance * np.sqrt(13))
    p = np.zeros((2, *u.shape), np.float32)
    w, w_bar, q = p.copy(), p.copy(), np.zeros((3, *u.shape), np.float32)
    there = np.ones_like(p)  # where neighbours are, to differ from
    there[0, -1] = there[1, :, -1] = 0
    u_bar, price = u, 0.0

    def along(d):
        return d if directions is None else d - directions * (directions * d).sum(axis=0)

    for _ in range(iterations):
        step = differences(u_bar)
        if beta is not None:
            step -= w_bar * there
        p += sigma * along(step)
        if knee:
            p /= 1 + sigma * knee / weight
        p /= np.maximum(1, np.sqrt((p * p).sum(axis=0)) / weight)
        price += sigma * (u_bar.sum(dtype=float) - term.total) / pixels
        a = along(p)
        new = term.prox(u - tau * (adjoint(a) + np.float32(price / pixels)), tau)
        u_bar, u = 2 * new - u, new
        if beta is not None:
            dy, dx = differences(w_bar[0]), differences(w_bar[1])
            q += sigma * np.stack([dy[0], dx[1], (dy[1] + dx[0]) / 2])
            q /= np.maximum(1, np.sqrt(q[0] ** 2 + q[1] ** 2 + 2 * q[2] ** 2) / (beta * weight))
            grad = adjoint(np.stack([q[0], q[2]])), adjoint(np.stack([q[2], q[1]]))
            new = w - tau * (np.stack(grad) - a * there)
            w_bar, w = 2 * new - w, new
    return u
