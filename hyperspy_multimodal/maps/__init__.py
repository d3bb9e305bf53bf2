"""From a spectrum image to counts and background, one map an element."""

from .edge_windows import EdgeMeasurement, measure_edges
from .element_maps import ElementMaps
from .xray_windows import xray_maps

__all__ = ["EdgeMeasurement", "ElementMaps", "measure_edges", "xray_maps"]
