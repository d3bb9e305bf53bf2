"""How every kernel is compiled: one place for the flags of Numba."""

import logging

import numba
from numba.core.compiler import CompilerBase, DefaultPassBuilder

_logger = logging.getLogger(__name__)

# Reordering and contraction of sums, but no assumption about NaN or infinity.
_FASTMATH = {"reassoc", "contract", "arcp", "nsz"}
# Division as NumPy does it: the check for ZeroDivisionError would keep a loop from vectorising.
_FLAGS = {"nogil": True, "fastmath": _FASTMATH, "error_model": "numpy"}


class _Apart(CompilerBase):
    """Compiles a function whose array arguments do not overlap where they are written to."""

    def define_pipelines(self):
        self.state.flags.noalias = True
        return [DefaultPassBuilder.define_nopython_pipeline(self.state)]


def kernel(function):
    """Compile a loop over the pixels of maps, parallel over rows."""
    return _compile(function, parallel=True)


def leaf(function):
    """Compile a scalar or row function that kernels call."""
    return _compile(function)


def inlined(function):
    """Compile a row function into each kernel that calls it."""
    return _compile(function, forceinline=True, pipeline_class=_Apart)


def _compile(function, **flags):
    try:
        return numba.njit(cache=True, **flags, **_FLAGS)(function)
    except RuntimeError:  # Numba finds no folder that it may write to
        _logger.info("%s is compiled anew in each process: no cache folder.", function.__name__)
        return numba.njit(**flags, **_FLAGS)(function)
