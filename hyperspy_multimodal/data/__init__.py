"""Simulated specimens, as HyperSpy signals, with the truth that they were drawn from.

``_xray`` and ``_spectrum`` hold the physics of X-rays on plain numbers and arrays, ``_specimen``
turns areal densities of atoms into signals and truth, and each kind of specimen is a module.
"""

from ._core_shell import core_shell
from ._specimen import Specimen

__all__ = ["Specimen", "core_shell"]
