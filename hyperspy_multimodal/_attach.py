"""Attach the methods of fusion to eXSpy's signal classes, whenever eXSpy is imported.

HyperSpy merges the YAML file of an extension but imports none, and a YAML file cannot add a method
to a class of another package. Importing eXSpy from here would be circular (eXSpy imports HyperSpy,
which imports this package), so an import hook waits for it instead.
"""

import importlib
import importlib.util
import sys
import warnings

# class that receives the methods: the module that defines it, the module of its fusion
_CLASSES = {
    "EDSSpectrum": ("exspy.signals.eds", "hyperspy_multimodal.signals.eds"),
    "EELSSpectrum": ("exspy.signals.eels", "hyperspy_multimodal.signals.eels"),
}
_TUNING = "hyperspy_multimodal.signals.tuning"


def attach():
    """Put the methods on every class of eXSpy that exists by now; the subclasses inherit them."""
    for name, (home, source) in _CLASSES.items():
        cls = getattr(sys.modules.get(home), name, None)
        if cls is None:
            continue
        for module, method in (
            (source, "multimodal_fusion"),
            (_TUNING, "multimodal_fusion_interactive"),
        ):
            if method not in vars(cls):
                try:
                    setattr(cls, method, getattr(importlib.import_module(module), method))
                except Exception as error:  # a fault of ours must not take eXSpy down with it
                    warnings.warn(f"{name} gets no {method}: {error!r}", stacklevel=2)


class _AttachingLoader:
    """Stands in for the loader of one module, to run `attach` once the module has executed."""

    def __init__(self, loader):
        self._loader = loader

    def __getattr__(self, name):
        return getattr(self._loader, name)

    def exec_module(self, module):
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        attach()


class _ExspyWatcher:
    """Meta path finder that runs `attach` after each module of ``exspy.signals``.

    After each, and not only after the two that define the classes: if HyperSpy's extensions are
    first read from within one of these, that one is past watching, and a later one completes it.
    """

    def __init__(self):
        self._searching = set()  # names for which the other finders are being asked

    def find_spec(self, fullname, path=None, target=None):
        if not (fullname + ".").startswith("exspy.signals.") or fullname in self._searching:
            return None
        self._searching.add(fullname)
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._searching.discard(fullname)
        if hasattr(getattr(spec, "loader", None), "exec_module"):
            spec.loader = _AttachingLoader(spec.loader)
        return spec


_watcher = _ExspyWatcher()


def watch_for_exspy():
    """Attach now what is there already, and the rest when eXSpy is imported."""
    if _watcher not in sys.meta_path:
        sys.meta_path.insert(0, _watcher)
    attach()
