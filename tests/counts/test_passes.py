"""Passes over spectrum images: eager, lazy in any chunks, any type, any order of axes."""

import dask.array as da
import numpy as np
import pytest
from exspy.signals import EDSTEMSpectrum, LazyEDSTEMSpectrum
from numpy.testing import assert_allclose, assert_array_equal

from hyperspy_multimodal.counts.passes import combined_projections, project_block
from hyperspy_multimodal.lazy import read_now, sum_now

from .plans import Projected

SHAPE = (9, 7, 50)
CHUNKS = [(9, 7, 50), (4, 7, 50), (9, 3, 13), (1, 1, 50), (2, 5, 7)]


@pytest.fixture
def counts(rng):
    return rng.poisson(1.5, SHAPE).astype("u1")


@pytest.fixture
def operator(rng):
    return rng.normal(size=(SHAPE[2], 4))


def projected(signal, operator, halves, seed):
    splits, columns = halves
    return read_now(signal, Projected(operator, columns), splits, seed)


def lazy(counts, chunks):
    return LazyEDSTEMSpectrum(da.from_array(counts, chunks=chunks))


@pytest.mark.parametrize("dtype", ["u1", "u2", ">u2", "i4", "f4", ">f8", "f2", "?"])
def test_any_type_gives_the_same(dtype, counts, operator):
    counts = np.minimum(counts, 1) if dtype == "?" else counts
    signal = EDSTEMSpectrum(counts.astype(dtype))
    sums = sum_now(signal)
    assert_array_equal(sums.total, counts.sum(axis=(0, 1)))
    assert sums.divisor == 1
    whole, halves = projected(signal, operator, (2, 3), 0)
    assert_allclose(np.moveaxis(whole, 0, -1), counts @ operator, rtol=1e-5, atol=1e-5)
    expected = projected(EDSTEMSpectrum(counts), operator, (2, 3), 0)[1]
    assert_allclose(halves, expected, atol=1e-5)


@pytest.mark.parametrize("chunks", CHUNKS)
def test_lazy_equals_eager_in_any_chunks(chunks, counts, operator):
    eager, found = EDSTEMSpectrum(counts), lazy(counts, chunks)
    for one, other in zip(sum_now(found), sum_now(eager), strict=True):
        assert_array_equal(one, other)
    expected = projected(eager, operator, (3, 2), 7)
    for one, other in zip(projected(found, operator, (3, 2), 7), expected, strict=True):
        assert_allclose(one, other, atol=1e-5)
    assert found._lazy


def test_data_need_not_be_contiguous(counts, operator):
    signal, turned = EDSTEMSpectrum(counts), EDSTEMSpectrum(counts)
    turned.data = np.moveaxis(np.ascontiguousarray(np.moveaxis(counts, -1, 0)), 0, -1)
    for one, other in zip(
        projected(turned, operator, (1, 2), 0),
        projected(signal, operator, (1, 2), 0),
        strict=True,
    ):
        assert_allclose(one, other, atol=1e-5)


def test_halves_of_a_seed_are_always_the_same(counts, operator):
    signal = EDSTEMSpectrum(counts)
    one, other, third = (projected(signal, operator, (2, 4), seed)[1] for seed in (5, 5, 6))
    assert_array_equal(one, other)
    assert np.abs(one - third).max() > 0.1
    assert np.abs(one[0] - one[1]).max() > 0.1


def test_data_are_read_once_and_not_changed(counts, operator):
    reads = []

    def read(block):
        reads.append(block.shape)
        return block

    signal = lazy(counts, (3, 7, 50))
    signal.data = signal.data.map_blocks(read, dtype="u1", meta=np.array((), "u1"))
    before = counts.copy()
    projected(signal, operator, (3, 4), 0)
    assert len(reads) == 2 * 3  # once a pass
    assert_array_equal(counts, before)


def test_negative_counts_and_nan_are_refused(counts):
    values = counts.astype("f4")
    values[3, 2, 1] = -1
    with pytest.raises(ValueError, match="negative counts, but contain them down to -1"):
        sum_now(EDSTEMSpectrum(values))
    values[3, 2, 1] = np.nan
    with pytest.raises(ValueError, match="NaN or infinity"):
        sum_now(EDSTEMSpectrum(values))


@pytest.mark.parametrize(
    ("where", "words"),
    [
        (np.s_[::2, :, :3], r"channels 0 to 2, in 35 of 63 .* row 0, column 0\..*s\.isig\[3:\]"),
        (np.s_[:, 2:, 48:], r"channels 48 to 49, in 45 of .* row 0, column 2\..*s\.isig\[:48\]"),
        (np.s_[4:6, 1, :], r"channels 0 to 49, in 2 of 63 .* row 4, column 1\..*navigation_mask="),
        (np.s_[:, :, 20:22], r"channels 20 to 21, in 63 of 63 .* Replace them first"),
    ],
)
@pytest.mark.parametrize("chunks", [None, (2, 5, 7)])
def test_nan_is_named_with_what_to_do(where, words, chunks, counts):
    values = counts.astype("f4")
    values[where] = np.nan
    signal = EDSTEMSpectrum(values) if chunks is None else lazy(values, chunks)
    with pytest.raises(ValueError, match=words):
        sum_now(signal)


def test_advice_on_nan_helps(counts):
    values = counts.astype("f4")
    values[2:, :, :3] = values[:, 1:, 47:] = np.nan
    with pytest.raises(ValueError, match=r"channels 0 to 2 and 47 to 49.*s\.isig\[3:47\]"):
        sum_now(EDSTEMSpectrum(values))
    sum_now(EDSTEMSpectrum(values).isig[3:47])


def test_fractions_are_noticed(counts):
    assert sum_now(EDSTEMSpectrum(counts * 0.5)).divisor == -1
    assert sum_now(EDSTEMSpectrum(counts.astype("u2") * 3)).divisor == 3


def test_one_block_is_not_copied(counts, operator):
    part = project_block(counts, operator.astype(np.float32), (0, 0, 0), SHAPE[1], 2, 3, 0)
    assert combined_projections([part], [None], SHAPE) is part
