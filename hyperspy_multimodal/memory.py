"""Memory that is reused between the steps of a fusion."""

from functools import cache

import numpy as np

# The largest array, in bytes, that the GNU library counts; it then keeps twice as much.
_LARGEST = 32 * 2**20 - 2**16


@cache
def reuse_memory():
    """Have the C library keep freed memory, up to 64 MiB per thread, for the next array.

    The GNU library asks the system for arrays of more than 128 KiB, and returns them when they are
    freed. The system clears each page at its first use, which takes a tenth of the time of a fusion
    with many steps. After an array of up to 32 MiB was freed, the library keeps arrays up to this
    size. This one is never written to, so that it takes no memory itself. Other libraries are not
    changed. Nor is the GNU library where the environment sets its thresholds, for instance with
    ``MALLOC_TRIM_THRESHOLD_`` in the workers of Dask: memory then returns to the system at once,
    and a fusion takes up to a tenth longer.
    """
    np.empty(_LARGEST, np.uint8)
