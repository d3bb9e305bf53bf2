"""The ways a user can reach a signal, each run by ``test_registration.py`` in a fresh process.

Usage: python registration_scenarios.py FOLDER [SCENARIO ORDER | MODULE ...]

Without a scenario, lines "SCENARIO ORDER" are read from the input. Each is run in a fork of a
process that has imported the modules, but not HyperSpy, eXSpy and this package; its exit status
and what it printed are a line of the output, in JSON. A line "import MODULE ..." imports more.
"""

import gc
import importlib.machinery
import importlib.metadata
import importlib.util
import json
import logging
import os
import pickle
import sys
import tempfile
import traceback
import warnings
from pathlib import Path

from registration_checks import (
    OURS,
    SIGNAL_TYPES,
    check_all_classes,
    check_eager_and_lazy,
    check_method,
    check_signal,
    check_untouched,
    exspy_of_the_next_layout,
    force_order,
    forget,
    loaded_modules,
    plain_signal,
)

# What is imported with HyperSpy: of the standard library only.
AT_IMPORT = {f"hyperspy_multimodal{each}" for each in ("", "._attach", "._version", ".modalities")}
# What HyperSpy and eXSpy import of others, and takes seconds.
OF_OTHERS = ["h5py", "matplotlib.pyplot", "pint", "pooch", "requests"]
OF_OTHERS += ["scipy.interpolate", "scipy.ndimage", "scipy.optimize", "scipy.signal", "sympy"]
OF_OTHERS += ["natsort", "prettytable", "traits.api"]
# These import Numba, the last one if it is installed: Dask imports it when it computes.
WITH_NUMBA = ["dask.array", "sparse"]
WITH_NUMBA += ["distributed.client"] * bool(importlib.util.find_spec("distributed"))
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


def run_forked(name, order, folder):
    """Run one scenario in a fork; return its exit status and all that it printed."""
    with tempfile.TemporaryFile() as printed:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.dup2(printed.fileno(), 1)
                os.dup2(printed.fileno(), 2)
                run(SCENARIOS[name], order, folder)
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        printed.seek(0)
        return status, printed.read().decode(errors="replace")


def serve(folder, modules):
    """Run the scenarios that are read from the input."""
    gc.disable()  # else each fork looks at, and so copies, all that is imported
    preload(modules)
    for line in sys.stdin:
        first, *others = line.split()
        if first == "import":
            preload(others)
            continue
        status, printed = run_forked(first, *others, folder)
        print(json.dumps([status, printed]), flush=True)


def preload(modules):
    """Import modules of others, which takes seconds, once for all forks."""
    for module in modules:
        importlib.import_module(module)
    for package in ("hyperspy", "hyperspy_multimodal", "exspy"):
        assert not loaded_modules(package), package


if __name__ == "__main__":
    folder, *case = sys.argv[1:]
    if case and case[0] in SCENARIOS:
        name, order = case
        run(SCENARIOS[name], order, Path(folder))
    else:
        serve(Path(folder), case)
