"""Pictures of fused maps."""

from .overview import plot_overview

__all__ = ["plot_overview"]
