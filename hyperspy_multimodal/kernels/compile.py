"""How every kernel is compiled: one place for the flags of Numba."""

import numba

# Reordering and contraction of sums, but no assumption about NaN or infinity.
_FASTMATH = {"reassoc", "contract", "arcp", "nsz"}
# Division as NumPy does it: the check for ZeroDivisionError would keep a loop from vectorising.
_FLAGS = {"cache": True, "nogil": True, "fastmath": _FASTMATH, "error_model": "numpy"}

#: Decorator of a loop over the pixels of maps, parallel over rows.
kernel = numba.njit(parallel=True, **_FLAGS)

#: Decorator of a scalar or row function that kernels call.
leaf = numba.njit(**_FLAGS)
