"""Compilation of all kernels, with the flags of Numba in one place."""

import functools
import hashlib
import logging
from pathlib import Path
from types import FunctionType

import numba
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.registry import CPUDispatcher

_logger = logging.getLogger(__name__)

# Reordering and contraction of sums, but no assumption about NaN or infinity.
_FASTMATH = {"reassoc", "contract", "arcp", "nsz"}
# Division as in NumPy: the check for ZeroDivisionError would prevent vectorisation.
_FLAGS = {"nogil": True, "fastmath": _FASTMATH, "error_model": "numpy"}
# Each way to call a function contains another copy of it. None is called from C.
_FLAGS["no_cfunc_wrapper"] = True


# Counting references to arrays doubles the code. Callers keep the arrays; nothing here creates one.
_WITHIN = {"no_cpython_wrapper": True, "_nrt": False}


class _Part(JITCodeLibrary):
    """Code that is used only within kernels, which optimise and translate it with their own."""

    def _optimize_final_module(self):
        pass

    def _finalize_final_module(self):
        self._finalized = True
        self._get_module_for_linking()  # a copy
        for function in self._final_module.functions:
            if not function.is_declaration:
                function.linkage = "available_externally"
        super()._finalize_final_module()


class _PartOfKernels(CompilerBase):
    apart = False

    def define_pipelines(self):
        state = self.state
        state.flags.noalias = self.apart
        state.library = state.targetctx.codegen().create_library(state.func_id.func_qualname)
        state.library.__class__ = _Part
        return [DefaultPassBuilder.define_nopython_pipeline(state)]


class _InlinedInKernels(_PartOfKernels):
    """Compiles a function whose array arguments do not overlap where they are written to."""

    apart = True


def leaf(function, **flags):
    """Compile a function that Python calls, and that kernels may call."""
    return _compile(function, **flags)


def inlined(function):
    """Compile a row function into each kernel that calls it. It creates no arrays.

    Array arguments that it writes to do not overlap. Python may also call it, as tests do; it is
    then compiled separately.
    """
    return _part(function, _Inlined, forceinline=True, pipeline_class=_InlinedInKernels)


def within(decorator):
    """Compile a function as with ``decorator``, but only for kernels: Python cannot call it.

    Unpacking groups of arrays for Python takes as long to compile as the function itself. Like
    those of `inlined`, the function creates no arrays.
    """

    def compiled(function):
        part = inlined(function) if decorator is inlined else _part(function, _Within)
        part.__class__ = _Within
        return part

    return compiled


class _Within(CPUDispatcher):
    def __call__(self, *arguments):
        raise TypeError(f"{self.__name__} is for kernels; Python cannot call it.")


class _Inlined(CPUDispatcher):
    def __call__(self, *arguments):
        return _from_python(self)(*arguments)


@functools.cache
def _from_python(dispatcher):
    return _compile(_named(dispatcher.py_func, "from_python"))


def _part(function, kind, pipeline_class=_PartOfKernels, **flags):
    # the cache stores it as part of the kernels
    part = numba.njit(pipeline_class=pipeline_class, **flags, **_WITHIN, **_FLAGS)(function)
    part.__class__ = kind
    return part


def _named(function, variant):
    """Return a copy with a separate name, because the cache distinguishes names, but not flags."""
    copy = FunctionType(function.__code__, function.__globals__, function.__name__)
    copy.__qualname__ = f"{function.__qualname__}_{variant}"
    return copy


def _compile(function, **flags):
    try:
        compiled = numba.njit(cache=True, **flags, **_FLAGS)(function)
    except RuntimeError:  # Numba finds no writable folder
        _logger.info("%s is compiled anew in each process: no cache folder.", function.__name__)
        return numba.njit(**flags, **_FLAGS)(function)
    state = _state(function.__code__.co_filename)
    if state is not None:
        compiled._cache._cache_file._source_stamp = state
    return compiled


def is_to_be_cached(compiled):
    """Return whether a function has a cache that is still empty."""
    file = getattr(compiled._cache, "_cache_file", None)
    return file is not None and not compiled.signatures and not file._load_index()


@functools.cache
def _state(file):
    """Return the state on which kernels in a file depend: that file and all files in this folder.

    Numba uses only the modification time of the file. It would therefore keep outdated kernels
    after another file was edited, and discard all of them if an installation rewrites the same
    files. Its own method is used if there are no files, as in an archive.
    """
    files = [Path(file), *sorted(Path(__file__).parent.glob("*.py"))]
    if len(files) == 1 or not files[0].is_file():
        return None
    return hashlib.sha256(b"".join(each.read_bytes() for each in files)).hexdigest()
