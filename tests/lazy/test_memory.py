"""Only some blocks of spectra are in memory at a time, and an interruption harms nothing."""

import threading
import weakref

import dask
import dask.array as da
import numpy as np
import pytest
from slow_repeats import alternating

from hyperspy_multimodal import compute_maps
from hyperspy_multimodal.data import core_shell

GIVEN = {"gamma": 1, "lambdas": (0.01, 0.02), "show_progressbar": False}


@pytest.fixture(scope="module")
def specimen():
    return core_shell((48, 32), counts=5)


class Blocks:
    """Counts how many blocks that it has given are there at a time."""

    def __init__(self, data):
        self.data = data
        self.there = self.most = 0
        self.lock = threading.Lock()

    def read(self, block_info=None):
        (top, bottom), (left, right), (first, last) = block_info[None]["array-location"]
        block = self.data[top:bottom, left:right, first:last].copy()
        with self.lock:
            self.there += 1
            self.most = max(self.most, self.there)
        weakref.finalize(block, self.gone)
        return block

    def gone(self):
        with self.lock:
            self.there -= 1

    def signal(self, signal, chunks):
        lazy = signal.as_lazy()
        lazy.data = da.map_blocks(
            self.read, chunks=chunks, dtype=self.data.dtype, meta=np.array((), self.data.dtype)
        )
        return lazy


@alternating(workers=[1, 2], method=["windows", "fit"])
def test_few_blocks_are_in_memory_at_a_time(specimen, method, workers):
    blocks = Blocks(specimen.signal.data)
    signal = blocks.signal(specimen.signal, ((2,) * 24, (16,) * 2, (1024,)))
    lazy = signal.multimodal_fusion(specimen.haadf, map_method=method, **GIVEN)
    assert blocks.most == 0
    with dask.config.set(scheduler="threads", num_workers=workers):
        compute_maps(lazy)
    assert signal.data.npartitions == 48
    assert blocks.most <= 3 * workers
    assert blocks.there == 0


def test_an_interruption_leaves_all_as_it_was(specimen):
    interrupted = []

    def read(block):
        if not interrupted:
            interrupted.append(1)
            raise KeyboardInterrupt
        return block

    signal = specimen.signal.as_lazy()
    signal.data = signal.data.rechunk((8, -1, -1)).map_blocks(
        read, dtype=signal.data.dtype, meta=np.array((), signal.data.dtype)
    )
    lazy = signal.multimodal_fusion(specimen.haadf, **GIVEN)
    with dask.config.set(scheduler="sync"), pytest.raises(KeyboardInterrupt):
        compute_maps(lazy)
    assert interrupted and signal._lazy and all(each._lazy for each in lazy)
    eager = specimen.signal.multimodal_fusion(specimen.haadf, **GIVEN)
    for found, expected in zip(compute_maps(lazy), eager, strict=True):
        np.testing.assert_allclose(found.data, expected.data, atol=3e-4)
