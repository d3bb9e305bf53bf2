"""The modalities that are fused: eXSpy's class of their spectra, and the module of their method.

Imported while HyperSpy and eXSpy are being imported themselves, so from the standard library only.
"""

import importlib
from typing import NamedTuple


class Modality(NamedTuple):
    """Spectra of one kind.

    Attributes
    ----------
    signal_class : str
        Class of eXSpy that receives `multimodal_fusion`; its subclasses inherit it.
    signal_types : tuple of str
        What ``metadata.Signal.signal_type`` says of such spectra.
    module : str
        Module with ``multimodal_fusion``, and ``scan_of``, which plans how spectra are read.
    """

    signal_class: str
    signal_types: tuple
    module: str


MODALITIES = (
    Modality("EDSSpectrum", ("EDS_TEM", "EDS_SEM"), "hyperspy_multimodal.eds.method"),
    Modality("EELSSpectrum", ("EELS",), "hyperspy_multimodal.eels.method"),
)
#: Signal types of spectra that can be fused.
SIGNAL_TYPES = tuple(each for modality in MODALITIES for each in modality.signal_types)


def module_of(signal):
    """Return the module that fuses spectra of the signal's class."""
    classes = {cls.__name__ for cls in type(signal).__mro__}
    [found] = [each.module for each in MODALITIES if each.signal_class in classes]
    return importlib.import_module(found)
