"""Composition of regions, with errors and detection limits; where elements are."""

from .compose import composition
from .detection_map import DetectionMap, detection_map
from .result import Composition

__all__ = ["Composition", "DetectionMap", "composition", "detection_map"]
