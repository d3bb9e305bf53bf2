"""Segments: disjoint ranges of channels, from which any window can be added up."""

import dask.array as da
import hyperspy.api as hs
import numpy as np
import pytest
from slow_repeats import alternating

from hyperspy_multimodal.counts.segments import (
    count_segments,
    limits_to_count,
    membership,
    segment_limits,
)
from hyperspy_multimodal.lazy import read_now

from .plans import CountsBetween

CHANNELS = 60


def spectra(dtype=np.uint16, shape=(4, 5)):
    data = np.random.default_rng(0).poisson(2.0, (*shape, CHANNELS)).astype(dtype)
    return hs.signals.Signal1D(data)


def counted(signal, limits, **options):
    return read_now(signal, CountsBetween(limits), **options)


def random_windows(seed, n_windows=6):
    """Windows of one or two ranges; they overlap, touch and nest at will."""
    rng = np.random.default_rng(seed)
    windows = []
    for number in range(n_windows):
        limits = np.sort(rng.choice(CHANNELS + 1, 2 * (1 + number % 2), replace=False))
        windows.append([tuple(map(int, pair)) for pair in limits.reshape(-1, 2)])
    return windows


@pytest.mark.parametrize("seed", range(5))
def test_members_add_up_to_the_counts_of_the_windows(seed):
    signal = spectra()
    windows = random_windows(seed)
    limits = segment_limits(windows)
    added = np.tensordot(membership(windows, limits), counted(signal, limits), axes=1)
    direct = [sum(signal.data[..., a:b].sum(axis=-1) for a, b in ranges) for ranges in windows]
    np.testing.assert_array_equal(added, direct)


def test_limits_ascend_and_are_named_once():
    windows = [[(3, 9), (12, 20)], [(9, 12)], [], [(0, 20)]]
    assert segment_limits(windows) == [0, 3, 9, 12, 20]


def test_element_without_a_window_has_no_members():
    assert membership([[], [(0, 4)]], [0, 2, 4]).tolist() == [[0, 0], [1, 1]]


@alternating(
    chunks=[(2, 3, 60), (4, 5, 7), (1, 1, 11), (3, 2, 1), (4, 5, 60)],
    dtype=[np.uint8, np.int32, np.float32, np.float64],
)
def test_lazy_equals_eager(chunks, dtype):
    signal = spectra(dtype)
    lazy = signal.as_lazy()
    lazy.data = lazy.data.rechunk(chunks)
    limits = [2, 5, 6, 31, 50]
    eager, found = counted(signal, limits), counted(lazy, limits)
    assert isinstance(found, np.ndarray)
    assert eager.dtype == np.float64
    if np.issubdtype(dtype, np.integer):
        assert found.dtype in (np.uint8, np.uint16)
    else:
        assert found.dtype == np.float64
    np.testing.assert_array_equal(found, eager)


def test_lazy_data_are_read_once():
    reads = []

    def read(block, block_info=None):
        reads.append(tuple(block_info[0]["chunk-location"]))
        return block

    data = da.from_array(spectra().data, chunks=(2, 5, 20))
    blocks = data.map_blocks(read, dtype=data.dtype, meta=np.array((), dtype=data.dtype))
    signal = hs.signals.Signal1D(blocks).as_lazy()
    counted(signal, [0, 10, 20, 25, 60])
    assert sorted(reads) == sorted(np.ndindex(2, 1, 3))


@pytest.mark.parametrize("compact", [False, True])
def test_small_integers_do_not_overflow(compact):
    data = np.full((2, 2, CHANNELS), 255, dtype=np.uint8)
    segments = count_segments(data, np.array([0, CHANNELS]), compact)
    assert (segments == 255 * CHANNELS).all()
    assert segments.dtype == (np.uint16 if compact else np.float64)
    lazy = hs.signals.Signal1D(da.from_array(data, chunks=(2, 1, 1))).as_lazy()
    assert (counted(lazy, [0, CHANNELS]) == 255 * CHANNELS).all()


def test_integers_are_read_between_the_limits_only_and_floats_throughout():
    assert limits_to_count(spectra(np.uint8), [10, 20]) == [10, 20]
    assert limits_to_count(spectra(float), [10, 20]) == [0, 10, 20, CHANNELS]


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("channel", [0, 12, 59])
def test_counts_that_are_not_finite_are_refused(value, channel, lazy):
    signal = spectra(float)
    signal.data[1, 2, channel] = signal.data[3, 0, channel] = value
    signal = signal.as_lazy() if lazy else signal
    with pytest.raises(ValueError, match=rf"NaN or infinity in channel {channel}, in 2 of 20"):
        counted(signal, [10, 20])


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("dtype", [np.int16, np.float64])
def test_negative_counts_are_refused(dtype, lazy):
    signal = spectra(dtype)
    signal.data[0, 1, 10:20] = -3
    signal = signal.as_lazy() if lazy else signal
    with pytest.raises(ValueError, match=r"negative counts, but contain -30 in.*as recorded"):
        counted(signal, [10, 20])


@pytest.mark.parametrize("show", [False, True])
def test_progress_of_reading_is_shown_on_demand(show, capsys):
    counted(spectra().as_lazy(), [0, 10, 60], show_progressbar=show)
    assert bool(capsys.readouterr().out) == show
    counted(spectra(), [0, 10, 60], show_progressbar=show)
    assert not capsys.readouterr().out


def test_input_is_not_modified():
    signal = spectra()
    before = signal.deepcopy()
    limits = [3, 8]
    counted(signal, limits)
    assert limits == [3, 8]
    np.testing.assert_array_equal(signal.data, before.data)
