"""From a spectrum image to counts and background, one map an element."""

from .background_shape import POWER_LAW, checked_background_type
from .edge_fit import EdgeFit, fit_edges, plan_edge_fit, suits_fit
from .edge_measurement import EdgeMeasurement, measure_edges, plan_edges
from .edges import onset_energy
from .element_maps import ElementMaps
from .fitted_maps import FittedMaps
from .fitted_spectra import SpectrumFit
from .masked_maps import MaskedMaps
from .names import atomic_numbers
from .reading import read
from .ready_maps import ready_maps
from .scattering import edge_scattering, map_scattering, xray_scattering
from .xray_fit import HALVES, fit_spectra, plan_fit
from .xray_windows import plan_windows, xray_maps

__all__ = [
    "HALVES",
    "POWER_LAW",
    "EdgeFit",
    "EdgeMeasurement",
    "ElementMaps",
    "FittedMaps",
    "MaskedMaps",
    "SpectrumFit",
    "atomic_numbers",
    "checked_background_type",
    "edge_scattering",
    "fit_edges",
    "fit_spectra",
    "map_scattering",
    "measure_edges",
    "onset_energy",
    "plan_edge_fit",
    "plan_edges",
    "plan_fit",
    "plan_windows",
    "read",
    "ready_maps",
    "suits_fit",
    "xray_maps",
    "xray_scattering",
]
