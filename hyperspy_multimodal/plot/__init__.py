"""Plots of fused maps and related results.

``panels`` contains shared elements: figures, names, axes, scales, colour bars and scale bars.
``drawable`` checks whether the input can be plotted; its error messages state what to pass instead.
"""

from .composition import plot_composition
from .composition_maps import plot_composition_maps
from .convergence import plot_convergence
from .detection import plot_detection, plot_detection_map
from .line_profile import plot_line_profile
from .modelled_haadf import plot_haadf_model
from .overlay import plot_overlay
from .overview import plot_overview
from .selection import plot_selection
from .sum_spectrum import plot_sum_spectrum

__all__ = [
    "plot_composition",
    "plot_composition_maps",
    "plot_convergence",
    "plot_detection",
    "plot_detection_map",
    "plot_haadf_model",
    "plot_line_profile",
    "plot_overlay",
    "plot_overview",
    "plot_selection",
    "plot_sum_spectrum",
]
