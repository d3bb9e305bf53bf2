"""From a spectrum image to counts and background, one map an element."""

from .element_maps import ElementMaps
from .xray_windows import xray_maps

__all__ = ["ElementMaps", "xray_maps"]
