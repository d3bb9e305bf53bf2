"""Supported modalities: the eXSpy class of their spectra, and the module of their method.

This module is imported while HyperSpy and eXSpy are imported, so it uses only the standard library.
"""


class Modality:
    """Spectra of one kind.

    Attributes
    ----------
    name : str
        What it is called in messages.
    signal_class : str
        Class of eXSpy that receives `multimodal_fusion`; its subclasses inherit it.
    signal_types : tuple of str
        What ``metadata.Signal.signal_type`` says of such spectra.
    module : str
        Module with ``multimodal_fusion``, and ``scan_of``, which plans how spectra are read.
    options : tuple of str
        Options of the command line that are for these spectra alone.
    background_limits : int
        Numbers that give the background windows of one map.
    """

    def __init__(self, name, signal_class, signal_types, module, options, background_limits):
        self.name, self.signal_class, self.signal_types = name, signal_class, signal_types
        self.module, self.options, self.background_limits = module, options, background_limits


MODALITIES = (
    Modality(
        "EDS",
        "EDSSpectrum",
        ("EDS_TEM", "EDS_SEM"),
        "hyperspy_multimodal.eds.method",
        options=("lines", "extra_lines", "resolution"),
        background_limits=4,
    ),
    Modality(
        "EELS",
        "EELSSpectrum",
        ("EELS",),
        "hyperspy_multimodal.eels.method",
        options=("edges", "gain", "convergence_angle", "collection_angle"),
        background_limits=2,
    ),
)
#: Signal types of spectra that can be fused.
SIGNAL_TYPES = tuple(each for modality in MODALITIES for each in modality.signal_types)


def modality_of(signal):
    """Return the modality of spectra, by the class of the signal."""
    classes = {cls.__name__ for cls in type(signal).__mro__}
    [found] = [each for each in MODALITIES if each.signal_class in classes]
    return found
