"""Attach the methods of fusion to eXSpy's signal classes, whenever eXSpy is imported.

HyperSpy merges the YAML file of an extension but imports none, and a YAML file cannot add a method
to a class of another package. Importing eXSpy from here would be circular (eXSpy imports HyperSpy,
which imports this package), so an import hook waits for it instead.
"""

import importlib
import importlib.util
import sys
import warnings

from .modalities import MODALITIES, SIGNAL_TYPES

_TUNING = "hyperspy_multimodal.interactive.method"
# HyperSpy's base class of signals, whose methods explain what to do with signals other than
# spectra.
_ANY = ("hyperspy.signal", "BaseSignal", "hyperspy_multimodal.signals.other_signals")
_METHODS = ("multimodal_fusion", "multimodal_fusion_interactive")


def attach():
    """Attach the methods to every class that exists so far; subclasses inherit them."""
    home, name, source = _ANY
    _attach_to(vars(sys.modules.get(home, object)).get(name), (source, source))
    for module in _modules_of_exspy():
        for modality in MODALITIES:
            _attach_to(vars(module).get(modality.signal_class), (modality.module, _TUNING))


def _attach_to(cls, sources):
    if not isinstance(cls, type):
        return
    for source, method in zip(sources, _METHODS, strict=True):
        if method not in vars(cls):
            try:
                setattr(cls, method, getattr(importlib.import_module(source), method))
            except Exception as error:  # an error in this package must not break others
                warnings.warn(f"{cls.__name__} gets no {method}: {error!r}", stacklevel=2)


def _modules_of_exspy():
    found = [name for name in list(sys.modules) if _is_of_exspy(name)]
    return [sys.modules[name] for name in found if sys.modules[name] is not None]


def _is_of_exspy(name):
    return f"{name}.".startswith("exspy.signals.")


def _warn_of_missing(module):
    """Warn if a module defines supported spectra that did not get the method."""
    missing = [
        each.__name__
        for each in vars(module).values()
        if isinstance(each, type)
        and each.__module__ == module.__name__
        and getattr(each, "_signal_type", None) in SIGNAL_TYPES
        and not any(_METHODS[0] in vars(base) for base in each.__mro__[:-1] if _is_exspys(base))
    ]
    if missing:
        from importlib.metadata import version

        warnings.warn(
            f"{', '.join(missing)} of eXSpy {version('exspy')} gets no {_METHODS[0]}: "
            f"hyperspy_multimodal {version('hyperspy-multimodal')} does not know this layout of "
            "eXSpy. Update hyperspy_multimodal, or install an older eXSpy.",
            stacklevel=2,
        )


def _is_exspys(cls):
    return cls.__module__.startswith("exspy.")


class _AttachingLoader:
    """Stands in for the loader of one module, to run `attach` once the module has executed."""

    def __init__(self, loader):
        self._loader = loader

    def __getattr__(self, name):
        return getattr(self._loader, name)

    def exec_module(self, module):
        module.__spec__.loader = module.__loader__ = self._loader
        with warnings.catch_warnings():
            # Warnings from imports in eXSpy 0.3 and HyperSpy 2.5, which users cannot change
            warnings.filterwarnings("ignore", r"Importing `Lazy\w+` from `hyperspy\._signals")
            self._loader.exec_module(module)
        attach()
        if _is_of_exspy(module.__name__):
            _warn_of_missing(module)


class _ExspyWatcher:
    """Meta path finder that runs `attach` after HyperSpy's signal and each of ``exspy.signals``.

    After each, and not only after those that define the classes: if HyperSpy's extensions are
    first read from within one of these, that one is past watching, and a later one completes it.
    """

    def __init__(self):
        self._searching = set()  # names for which the other finders are being asked

    def find_spec(self, fullname, path=None, target=None):
        watched = _is_of_exspy(fullname) or fullname == _ANY[0]
        if not watched or fullname in self._searching:
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
    """Attach the methods to existing classes now, and to the others when eXSpy is imported."""
    if _watcher not in sys.meta_path:
        sys.meta_path.insert(0, _watcher)
    attach()
