"""Simulated specimens, as HyperSpy signals, with the truth that they were drawn from.

Floors, from numbers to specimens: ``_xray`` and ``_spectrum`` hold the physics of X-rays,
``_scan_settings`` and ``_measured_detector`` the settings and what the detector makes of them
(``_peak_shape`` of a line, ``_absorption_edges`` of the continuum, ``_pile_up`` of X-rays that
meet), ``_expectation`` and ``_haadf_detector`` the noiseless scan, ``_specimen`` turns areal
densities of atoms into signals and truth. ``_materials`` and ``_particles`` help to lay out atoms,
and each kind of specimen is a module. ``_core_loss`` is the one in EELS, with spectra from
``_core_loss_specimen``. ``_published`` loads measured scans that others have published, ``_silica``
one with its spectra.
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
