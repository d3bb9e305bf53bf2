"""Lazy maps whose blocks are cut from the result of one task."""

import functools
import itertools
import uuid

import dask.array as da
import numpy as np

from .tasks import task

_TILE = 1024


def map_blocks_of(source, get, n_maps, shape, dtype=np.float64):
    """Return lazy maps (ny, nx), in blocks of at most 1024 x 1024 pixels.

    Parameters
    ----------
    source : dask.delayed.Delayed
        Computed once for all maps.
    get : callable
        Takes its result to an array (K, ny, nx); sent to the workers, so a function of a module.
    n_maps : int
        K.
    shape : tuple of int
        Rows and columns.
    dtype : numpy.dtype
        Of the maps.

    Returns
    -------
    list of dask.array.Array
    """
    token = uuid.uuid4().hex
    rows, cols = (_limits(n) for n in shape)
    maps = []
    for number in range(n_maps):
        blocks = []
        for i, (top, bottom) in enumerate(rows):
            blocks.append([])
            for j, (left, right) in enumerate(cols):
                cut = functools.partial(
                    _cut, get, number, slice(top, bottom), slice(left, right), dtype
                )
                block = task(cut, f"map-{token}-{number}-{i}-{j}")(source)
                size = bottom - top, right - left
                blocks[-1].append(da.from_delayed(block, size, dtype))
        maps.append(da.block(blocks))
    return maps


def _limits(n):
    number = -(-n // _TILE)
    cuts = [n * i // number for i in range(number + 1)]
    return list(itertools.pairwise(cuts))


def _cut(get, number, rows, cols, dtype, result):
    # a copy: the block must not keep all maps in memory
    return np.array(get(result)[number, rows, cols], dtype)
