"""The ways a user can reach a signal, each run by ``test_registration.py`` in a fresh process.

Usage: python registration_scenarios.py SCENARIO ORDER FOLDER
"""

import copy
import importlib.machinery
import importlib.metadata
import importlib.util
import inspect
import logging
import os
import pickle
import pydoc
import re
import shutil
import sys
import warnings
from pathlib import Path

GROUP = "hyperspy.extensions"
OURS = "hyperspy_multimodal._attach"
# What is imported with HyperSpy: of the standard library only.
AT_IMPORT = {f"hyperspy_multimodal{each}" for each in ("", "._attach", "._version", ".modalities")}
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
SCENARIOS = {}
CASES = []


def scenario(*orders):
    """Register a scenario, to be run once with each of these orders of the extensions."""

    def register(function):
        SCENARIOS[function.__name__] = function
        CASES.extend((function.__name__, order) for order in orders)
        return function

    return register


in_both_orders = scenario("ours_first", "exspy_first")
in_one_order = scenario("ours_first")
without_entry_point = scenario("ours_missing")


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


@in_both_orders
def saved_and_loaded(folder):
    import hyperspy.api as hs

    assert loaded_modules("hyperspy_multimodal") <= AT_IMPORT
    assert not loaded_modules("exspy") and not loaded_modules("numba")

    for signal_type in SIGNAL_TYPES:
        check_eager_and_lazy(hs.load(folder / f"{signal_type}.hspy"), signal_type)
        lazy = hs.load(folder / f"{signal_type}.hspy", lazy=True)
        assert lazy._lazy
        check_signal(lazy, signal_type)
        lazy.close_file()
    check_all_classes()


@in_both_orders
def signal_type_set(folder):
    for signal_type in SIGNAL_TYPES:
        signal = plain_signal()
        check_untouched(signal, signal.as_lazy(), signal.as_signal2D((0, 1)))
        signal.set_signal_type(signal_type)
        check_eager_and_lazy(signal, signal_type)
        lazy = plain_signal().as_lazy()
        lazy.set_signal_type(signal_type)
        check_signal(lazy, signal_type)
        signal.set_signal_type("")
        check_untouched(signal, signal.as_lazy(), signal.as_signal2D((0, 1)))


@in_both_orders
def exspy_imported_first(folder):
    import exspy

    check_all_classes()

    import dask.array as da
    import numpy as np

    axes = [{"name": "y", "size": 2}, {"name": "x", "size": 3}, {"name": "Energy", "size": 4}]
    for signal_type in SIGNAL_TYPES:
        name = signal_type.replace("_", "") + "Spectrum"
        eager_class = getattr(exspy.signals, name)
        lazy_class = getattr(exspy.signals, "Lazy" + name)
        check_eager_and_lazy(eager_class(np.ones((2, 3, 4)), axes=axes), signal_type)
        check_signal(lazy_class(da.ones((2, 3, 4)), axes=axes), signal_type)
    check_untouched(exspy.signals.DielectricFunction([1.0j]))


@in_both_orders
def one_exspy_module_imported_first(folder):
    # By unpickling classes, as in a worker process; HyperSpy's signals themselves do not pickle.
    classes = pickle.loads((folder / "classes.pickle").read_bytes())
    assert classes[0].__module__ == "exspy.signals.eels"
    for cls in classes:
        check_method(cls)
    check_all_classes()


@in_both_orders
def hyperspy_imported_before_exspy(folder):
    import hyperspy  # noqa: F401
    from exspy.signals import EELSSpectrum

    check_method(EELSSpectrum)
    check_all_classes()


@in_both_orders
def ours_imported_first(folder):
    import hyperspy_multimodal  # noqa: F401

    assert not loaded_modules("hyperspy") and not loaded_modules("exspy")
    signal = plain_signal()
    signal.set_signal_type("EDS_TEM")
    check_eager_and_lazy(signal, "EDS_TEM")
    check_all_classes()


@without_entry_point
def ours_imported_after_exspy(folder):
    import exspy.signals

    check_untouched(exspy.signals.EELSSpectrum)
    import hyperspy_multimodal  # noqa: F401

    check_all_classes()


@in_one_order
def modules_imported_again_or_failing(folder):
    import hyperspy_multimodal

    importlib.reload(hyperspy_multimodal._attach)
    importlib.reload(hyperspy_multimodal)
    check_all_classes()
    importlib.reload(sys.modules["exspy.signals.eels"])
    check_method(sys.modules["exspy.signals.eels"].EELSSpectrum)

    forget("hyperspy_multimodal")
    forget("exspy")
    importlib.import_module("hyperspy_multimodal")
    check_all_classes()

    forget("hyperspy_multimodal.eels")
    forget("exspy")
    sys.modules["hyperspy_multimodal.eels"] = None  # importing it fails now
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        signal = plain_signal()
        signal.set_signal_type("EELS")
    assert type(signal).__name__ == "EELSSpectrum"
    check_untouched(signal)
    assert any("EELSSpectrum gets no multimodal_fusion" in str(w.message) for w in caught)


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


@in_both_orders
def next_layout_of_exspy(folder):
    exspy_of_the_next_layout(folder)
    saved_and_loaded(folder)
    check_all_classes()
    assert "exspy.signals._eels" in sys.modules
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sys.modules[OURS].attach()


@in_both_orders
def next_layout_imported_first(folder):
    exspy_of_the_next_layout(folder)
    check_all_classes()
    import hyperspy_multimodal  # noqa: F401

    check_all_classes()
    signal = plain_signal()
    signal.set_signal_type("EDS_SEM")
    check_eager_and_lazy(signal, "EDS_SEM")


@in_one_order
def class_that_is_missing(folder):
    exspy_of_the_next_layout(folder, leave_out=("EELSSpectrum",))
    import hyperspy_multimodal  # noqa: F401

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        importlib.import_module("exspy.signals._eels")
    found = [str(each.message) for each in caught if "gets no multimodal" in str(each.message)]
    assert len(found) == 1, found
    assert "EELSSpectrum2" in found[0] and "eXSpy" in found[0] and "Update" in found[0], found


@in_one_order
def unusual_import_hooks(folder):
    import hyperspy_multimodal  # noqa: F401

    class SharedLoader:
        """One loader of many modules, as a rewriting hook is; its attributes cannot be set."""

        __slots__ = ("real",)

        def __init__(self):
            self.real = {}

        def create_module(self, spec):
            return None

        def exec_module(self, module):
            self.real[module.__name__].exec_module(module)

    class Finder:
        loader = SharedLoader()

        @classmethod
        def find_spec(cls, fullname, path=None, target=None):
            if not fullname.startswith("exspy.signals"):
                return None
            spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
            cls.loader.real[fullname], spec.loader = spec.loader, cls.loader
            return spec

    class FinderWithoutFindSpec:
        def find_module(self, fullname, path=None):
            return None

    sys.meta_path[1:1] = [FinderWithoutFindSpec(), Finder]
    check_all_classes()
    for name in loaded_modules("exspy.signals"):
        assert sys.modules[name].__loader__ is sys.modules[name].__spec__.loader is Finder.loader


def run(function, order, folder):
    """Run one scenario with the extensions in the given order; assert that nothing complains."""
    found_by_hyperspy = force_order(order)
    complaints = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: complaints.append(record.getMessage())
    logging.getLogger().addHandler(handler)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        function(folder)

    assert found_by_hyperspy, "HyperSpy did not look for its extensions"
    package = str(Path(importlib.util.find_spec("hyperspy_multimodal").origin).parent)
    for warning in caught:
        assert not warning.filename.startswith(package), warning
    complaints += [str(warning.message) for warning in caught]
    for complaint in complaints:
        assert "multimodal" not in complaint, complaint
        assert "more than one kind of signal" not in complaint, complaint


if __name__ == "__main__":
    name, order, folder = sys.argv[1:]
    run(SCENARIOS[name], order, Path(folder))
