"""Composition of regions, with errors and detection limits; where elements are."""

from .compose import composition
from .detection_map import DetectionMap, detection_map
from .region_sums import RegionSums, region_sums
from .result import Composition

__all__ = [
    "Composition",
    "DetectionMap",
    "RegionSums",
    "composition",
    "detection_map",
    "region_sums",
]
