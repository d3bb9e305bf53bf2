"""The fusion cost on plain arrays, and its minimiser."""

from .solver import FusionResult, solve_fusion

__all__ = ["FusionResult", "solve_fusion"]
