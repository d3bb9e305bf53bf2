"""From a spectrum image to counts and background, one map an element."""

from .edge_measurement import EdgeMeasurement, measure_edges
from .element_maps import ElementMaps
from .names import atomic_numbers
from .xray_windows import xray_maps

__all__ = ["EdgeMeasurement", "ElementMaps", "atomic_numbers", "measure_edges", "xray_maps"]
