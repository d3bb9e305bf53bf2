"""Numba leaves: loops over pixels of plain arrays, without options, checks or signals.

Maps are float32 arrays (K, ny, nx), C-contiguous; sums are float64. Every kernel writes into arrays
that its caller owns, releases the GIL, and gives the same values for any number of threads.
"""

from .compile import kernel, leaf
from .haadf import haadf_residual
from .poisson import poisson_gradient, poisson_likelihood, poisson_prox
from .power import power
from .total_variation import divergence, gradient, project, total_variation

__all__ = [
    "divergence",
    "gradient",
    "haadf_residual",
    "kernel",
    "leaf",
    "poisson_gradient",
    "poisson_likelihood",
    "poisson_prox",
    "power",
    "project",
    "total_variation",
]
