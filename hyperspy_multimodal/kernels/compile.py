"""How every kernel is compiled: one place for the flags of Numba."""

import functools
import logging
from types import FunctionType

import numba
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.registry import CPUDispatcher

from ..threads import are_several

_logger = logging.getLogger(__name__)

# Reordering and contraction of sums, but no assumption about NaN or infinity.
_FASTMATH = {"reassoc", "contract", "arcp", "nsz"}
# Division as NumPy does it: the check for ZeroDivisionError would keep a loop from vectorising.
_FLAGS = {"nogil": True, "fastmath": _FASTMATH, "error_model": "numpy"}
# Each way to call a function contains all of it once more. None is called from C.
_FLAGS["no_cfunc_wrapper"] = True


class _Apart(CompilerBase):
    """Compiles a function whose array arguments do not overlap where they are written to."""

    def define_pipelines(self):
        self.state.flags.noalias = True
        return [DefaultPassBuilder.define_nopython_pipeline(self.state)]


class _Kernel:
    """A loop over rows, compiled for one thread or for several.

    Both give the same values. The one for several takes longer to compile, and uses the pool of
    threads of Numba even if one is set.
    """

    def __init__(self, function):
        functools.update_wrapper(self, function)
        self.py_func = function
        self.alone = _compile(function)
        shared = FunctionType(function.__code__, function.__globals__, function.__name__)
        # the name is that of the cache, which does not tell flags apart
        shared.__qualname__ = f"{function.__qualname__}_shared"
        self.shared = _compile(shared, parallel=True)

    def __call__(self, *arguments, **named):
        """Call the loop with the number of threads that is set in Numba."""
        return (self.shared if are_several() else self.alone)(*arguments, **named)


def kernel(function):
    """Compile a loop over the pixels of maps, parallel over rows where there are threads."""
    return _Kernel(function)


def leaf(function, **flags):
    """Compile a scalar or row function that kernels call."""
    return _compile(function, **flags)


def inlined(function, **flags):
    """Compile a row function into each kernel that calls it."""
    return _compile(function, forceinline=True, pipeline_class=_Apart, **flags)


def within(decorator):
    """Compile a function as with ``decorator``, for kernels only: Python cannot call it.

    Taking groups of arrays apart for Python takes as long to compile as the function itself.
    """

    def compiled(function):
        dispatcher = decorator(function, no_cpython_wrapper=True)
        dispatcher.__class__ = _Within
        return dispatcher

    return compiled


class _Within(CPUDispatcher):
    def __call__(self, *arguments):
        raise TypeError(f"{self.__name__} is for kernels; Python cannot call it.")


def _compile(function, **flags):
    try:
        return numba.njit(cache=True, **flags, **_FLAGS)(function)
    except RuntimeError:  # Numba finds no folder that it may write to
        _logger.info("%s is compiled anew in each process: no cache folder.", function.__name__)
        return numba.njit(**flags, **_FLAGS)(function)
