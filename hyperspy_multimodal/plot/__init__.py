"""Pictures of fused maps."""

from .overview import plot_overview
from .sum_spectrum import plot_sum_spectrum

__all__ = ["plot_overview", "plot_sum_spectrum"]
