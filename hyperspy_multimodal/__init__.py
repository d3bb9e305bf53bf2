"""Fuse HAADF images with EDS and EELS maps in HyperSpy.

HyperSpy imports this module while it collects its extensions, so only the standard library is
imported here; everything else is loaded at first use.
"""

import importlib

from . import _attach
from ._version import __version__

_PUBLIC = {
    "composition": "hyperspy_multimodal.quantification",
    "compute_maps": "hyperspy_multimodal.signals.lazy_signals",
    "data": "hyperspy_multimodal.data",
    "fit_maps": "hyperspy_multimodal.eds.fit_maps",
    "fuse_maps": "hyperspy_multimodal.given.fuse_maps",
    "plot": "hyperspy_multimodal.plot",
    "region_sums": "hyperspy_multimodal.quantification",
    "save_maps": "hyperspy_multimodal.export",
    "solve_fusion": "hyperspy_multimodal.fusion",
    "suggest_elements": "hyperspy_multimodal.eds.suggest_elements",
}

__all__ = ["__version__", *_PUBLIC]


def __getattr__(name):
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(_PUBLIC[name])
    return module if _PUBLIC[name] == f"{__name__}.{name}" else getattr(module, name)


def __dir__():
    return sorted(__all__)


_attach.watch_for_exspy()
