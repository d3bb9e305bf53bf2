"""Slow, obvious float64 twins of the kernels and of the cost, written from the formulas.

Minimisers are found by bisection on a derivative, conjugates by trying every point of a grid, and
adjoints by transposing a matrix; nothing here knows a closed form. Maps are (K, ny, nx), and what
has one value a map is a sequence of K.
"""

from . import fields, poisson
from .arrays import by_map
from .costs import cost, excess
from .haadf import haadf_residual, haadf_slopes, local_model, power
from .loop import certificate, iteration
from .poisson import (
    poisson_cost,
    poisson_deviance,
    poisson_gap,
    poisson_gradient,
    poisson_likelihood,
    poisson_prox,
)
from .regularisers import (
    across,
    directions_of,
    divergence,
    dual,
    gradient,
    huber,
    huber_variation,
    lengths,
    project,
    total_variation,
    total_variation_gap,
    variation_of,
)
from .sieves import Sources, blur_matrix, blurred
from .spectra import highest_peaks, peak_slopes, peaks, summed, tailed_integral

__all__ = [
    "Sources",
    "across",
    "blur_matrix",
    "blurred",
    "by_map",
    "certificate",
    "cost",
    "directions_of",
    "divergence",
    "dual",
    "excess",
    "fields",
    "gradient",
    "haadf_residual",
    "haadf_slopes",
    "highest_peaks",
    "huber",
    "huber_variation",
    "iteration",
    "lengths",
    "local_model",
    "peak_slopes",
    "peaks",
    "poisson",
    "poisson_cost",
    "poisson_deviance",
    "poisson_gap",
    "poisson_gradient",
    "poisson_likelihood",
    "poisson_prox",
    "power",
    "project",
    "summed",
    "tailed_integral",
    "total_variation",
    "total_variation_gap",
    "variation_of",
]
