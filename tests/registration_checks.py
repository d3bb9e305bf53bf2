"""What ``registration_scenarios.py`` makes, and asserts of classes and signals."""

import copy
import importlib.metadata
import importlib.util
import inspect
import os
import pydoc
import re
import shutil
import sys
from pathlib import Path

GROUP = "hyperspy.extensions"
OURS = "hyperspy_multimodal._attach"
OTHERS = "hyperspy_multimodal.signals.other_signals"
SIGNAL_TYPES = ("EELS", "EDS_TEM", "EDS_SEM")
EXSPY_CLASSES = (
    "EDSSpectrum",
    "EDSTEMSpectrum",
    "EDSSEMSpectrum",
    "EELSSpectrum",
    "LazyEDSSpectrum",
    "LazyEDSTEMSpectrum",
    "LazyEDSSEMSpectrum",
    "LazyEELSSpectrum",
)


def force_order(order):
    """Let HyperSpy find its extensions in this order; return the list of names that it fills."""
    find = importlib.metadata.entry_points
    found_by_hyperspy = []

    def entry_points(**selection):
        found = find(**selection)
        if selection.get("group") != GROUP:
            return found
        assert {OURS, "exspy"} <= set(found.names), f"installed extensions: {found.names}"
        ours = [point for point in found if point.name == OURS]
        rest = [point for point in found if point.name != OURS]
        arranged = {"ours_first": ours + rest, "exspy_first": rest + ours, "ours_missing": rest}
        found_by_hyperspy[:] = [point.name for point in arranged[order]]
        return type(found)(arranged[order])

    importlib.metadata.entry_points = entry_points
    return found_by_hyperspy


def check_method(owner):
    """Assert that the method of a class or of a signal is complete."""
    cls = owner if isinstance(owner, type) else type(owner)
    parameters = inspect.signature(cls.multimodal_fusion).parameters
    assert list(parameters)[:4] == ["self", "haadf", "gamma", "lambdas"], list(parameters)
    assert parameters["haadf"].default is inspect.Parameter.empty
    assert parameters["gamma"].default == 1.7
    assert parameters["lambdas"].default == "auto"
    assert callable(owner.multimodal_fusion)
    assert "multimodal_fusion" in dir(owner)
    first_line = inspect.getdoc(owner.multimodal_fusion).splitlines()[0]
    assert first_line
    assert first_line in pydoc.render_doc(owner.multimodal_fusion, renderer=pydoc.plaintext)


def check_all_classes():
    import exspy.signals

    for name in EXSPY_CLASSES:
        check_method(getattr(exspy.signals, name))


def check_signal(signal, signal_type):
    """Assert that a signal and everything made out of it have the method."""
    assert signal.metadata.Signal.signal_type == signal_type
    for made in (signal, signal.inav[0], signal.inav[0, 0], signal.isig[1:3], signal.sum("x")):
        assert made.metadata.Signal.signal_type == signal_type
        check_method(made)
    check_method(copy.deepcopy(signal))
    check_method(signal.deepcopy())


def check_eager_and_lazy(signal, signal_type):
    """Assert the same of an eager signal, of its lazy twin and of that one computed."""
    assert not signal._lazy
    check_signal(signal, signal_type)
    lazy = signal.as_lazy()
    assert lazy._lazy
    check_signal(lazy, signal_type)
    lazy.compute()
    assert not lazy._lazy
    check_signal(lazy, signal_type)


def check_untouched(*owners):
    """Assert that owners have no fusion but the one that says which signals it needs."""
    for owner in owners:
        method = getattr(owner, "multimodal_fusion", None)
        assert method is None or method.__module__ == OTHERS, owner


def plain_signal():
    import hyperspy.api as hs
    import numpy as np

    signal = hs.signals.Signal1D(np.ones((2, 3, 4)))
    signal.axes_manager[0].name = "x"
    return signal


def loaded_modules(package):
    return {name for name in sys.modules if name == package or name.startswith(f"{package}.")}


def forget(package):
    for name in loaded_modules(package):
        del sys.modules[name]


def exspy_of_the_next_layout(folder, leave_out=()):
    """Put an eXSpy first on the path whose classes lie in modules with a leading underscore.

    The modules of the old names are left as shims, which warn and import a class when asked for it.
    """
    old = Path(importlib.util.find_spec("exspy").origin).parent
    new = folder / f"next_exspy_{os.getpid()}" / "exspy"
    shutil.copytree(old, new, ignore=shutil.ignore_patterns("tests", "__pycache__"))
    names = ("eds_tem", "eds_sem", "eds", "eels")
    for file in [*new.rglob("*.py"), *new.rglob("*.yaml")]:
        text = file.read_text(encoding="utf-8")
        for name in names:
            text = re.sub(rf"exspy\.signals\.{name}\b", f"exspy.signals._{name}", text)
            text = re.sub(rf"from \.{name} import", f"from ._{name} import", text)
        for name in leave_out:
            text = re.sub(rf"\b{name}\b", f"{name}2", text)
        file.write_text(text, encoding="utf-8")
    for name in names:
        shim = new / "signals" / f"{name}.py"
        shim.rename(shim.with_name(f"_{name}.py"))
        shim.write_text(
            "import importlib, warnings\n"
            "def __getattr__(name):\n"
            f"    warnings.warn('exspy.signals.{name} has moved', DeprecationWarning)\n"
            f"    return getattr(importlib.import_module('exspy.signals._{name}'), name)\n"
        )
    sys.path.insert(0, str(new.parent))
