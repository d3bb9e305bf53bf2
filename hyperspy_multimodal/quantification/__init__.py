"""Composition of regions, with errors and detection limits."""

from .compose import composition
from .result import Composition

__all__ = ["Composition", "composition"]
