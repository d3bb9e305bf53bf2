"""`multimodal_fusion` on signals other than EDS or EELS spectra: images and plain spectra.

HyperSpy imports this module during its own import, so other imports are deferred to the first call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..modalities import SIGNAL_TYPES

if TYPE_CHECKING:
    from typing import Any

    from ..hints import Image, Results


def multimodal_fusion(self, haadf: Image, *args: Any, **kwargs: Any) -> Results:
    """Fuse the spectrum image with this HAADF image, or say which signals are needed.

    EDS and EELS spectrum images have the method that fuses; see there. On a HAADF image it takes
    the spectrum image, as if both were swapped. Plain spectra need a signal type first.

    Parameters
    ----------
    haadf : BaseSignal
        The spectrum image, if the method is called on its HAADF image.
    *args, **kwargs
        As of ``multimodal_fusion`` of EDS and EELS spectrum images.

    Returns
    -------
    list of BaseSignal, or list and dict
        As of ``multimodal_fusion`` of EDS and EELS spectrum images.

    Raises
    ------
    TypeError
        If neither signal holds EDS or EELS spectra.

    Examples
    --------
    >>> from hyperspy_multimodal.data import core_shell
    >>> specimen = core_shell((32, 32), counts=20)
    >>> maps = specimen.haadf.multimodal_fusion(specimen.signal, gamma=1, show_progressbar=False)
    >>> [m.metadata.Sample.xray_lines[0] for m in maps]
    ['Co_Ka', 'O_Ka', 'S_Ka']
    """
    if _has_spectra(self) and self.axes_manager.signal_dimension == 1:
        return _with_class(self).multimodal_fusion(haadf, *args, **kwargs)
    return _exchanged(self, haadf, "multimodal_fusion")(self, *args, **kwargs)


def multimodal_fusion_interactive(self, haadf: Image, *args: Any, **kwargs: Any) -> Any:
    """Tune the fusion of the spectrum image with this HAADF image, see `multimodal_fusion`."""
    if _has_spectra(self) and self.axes_manager.signal_dimension == 1:
        return _with_class(self).multimodal_fusion_interactive(haadf, *args, **kwargs)
    return _exchanged(self, haadf, "multimodal_fusion_interactive")(self, *args, **kwargs)


def _with_class(signal):
    """Return spectra that lost their class, as those along a line ROI do, with it."""
    import exspy.signals  # noqa: F401  (its classes have the method once it is imported)

    result = signal.deepcopy()
    result.set_signal_type(signal.metadata.Signal.signal_type)
    if "multimodal_fusion" in vars(type(result)) or type(result) is type(signal):
        raise TypeError(f"multimodal_fusion {_needed(signal, None, 'multimodal_fusion')}")
    return result


def _exchanged(image, spectra, name):
    """Return the method of spectra that were given as the HAADF of their HAADF."""
    import logging

    if _is_image(image) and _has_spectra(spectra):
        logging.getLogger(__name__).warning(
            "The spectrum image and the HAADF image are swapped: %s is used as the HAADF "
            "image and %s as the spectrum image. Call spectra.%s(haadf).",
            image,
            spectra,
            name,
        )
        return getattr(spectra, name)
    raise TypeError(f"{name} {_needed(image, spectra, name)}")


def _needed(signal, other, name):
    manager = signal.axes_manager
    if manager.signal_dimension == 1 and manager.navigation_dimension:
        return (
            f"needs to know what kind of spectra these are, but the signal type of {signal} is "
            "neither EDS nor EELS. Set it with s.set_signal_type('EDS_TEM'), 'EDS_SEM' or "
            "'EELS', then add the elements with s.add_elements(('Ti', 'O'))."
        )
    if _is_image(signal):
        return (
            f"is called on the spectrum image, as spectra.{name}(haadf), but {signal} is an "
            f"image and {in_short(other)} contains no EDS or EELS spectra. To fuse images of "
            "single elements, use hyperspy_multimodal.fuse_maps."
        )
    return f"is called on an EDS or EELS spectrum image, as spectra.{name}(haadf), not on {signal}."


def in_short(given):
    """Return what was given, as short as it can be told."""
    return f"an array of shape {given.shape}" if hasattr(given, "dtype") else repr(given)


def _is_image(signal):
    return sorted(signal.data.shape)[:-2] in ([], [1]) and signal.data.ndim >= 2


def _has_spectra(signal):
    metadata = getattr(signal, "metadata", None)
    kind = metadata.get_item("Signal.signal_type", "") if hasattr(metadata, "get_item") else ""
    return kind in SIGNAL_TYPES
