"""Simulated specimens with known ground truth, and published scans, as HyperSpy signals.

The modules build on each other. ``_xray`` and ``_spectrum`` contain the physics of X-rays.
``_scan_settings`` and ``_measured_detector`` contain the settings and the response of the detector
(``_peak_shape`` for lines, ``_absorption_edges`` for the continuum, ``_pile_up`` for sum peaks).
``_expectation`` and ``_haadf_detector`` compute the noiseless scan, and ``_specimen`` turns areal
densities of atoms into signals and ground truth. ``_materials`` and ``_particles`` help to lay out
atoms. Each kind of specimen is a module. ``_core_loss`` is the one for EELS, with spectra from
``_core_loss_specimen``. ``_published`` loads published maps, and ``_silica`` a published scan with
its spectra.
"""

from ._bimetal import bimetal
from ._core_loss import core_loss
from ._core_loss_specimen import CoreLossSpecimen
from ._core_shell import core_shell
from ._flat import flat
from ._haadf_only import haadf_only
from ._overlapping_pair import overlapping_pair
from ._oxide_interface import oxide_interface
from ._published import PublishedScan, co3o4_mn3o4, dysco3
from ._scan_settings import MEASURED_DETECTOR, Scan
from ._silica import MeasuredScan, silica_spheres
from ._specimen import Specimen
from ._swap import swap
from ._wedge import wedge

__all__ = [
    "MEASURED_DETECTOR",
    "CoreLossSpecimen",
    "MeasuredScan",
    "PublishedScan",
    "Scan",
    "Specimen",
    "bimetal",
    "co3o4_mn3o4",
    "core_loss",
    "core_shell",
    "dysco3",
    "flat",
    "haadf_only",
    "overlapping_pair",
    "oxide_interface",
    "silica_spheres",
    "swap",
    "wedge",
]
