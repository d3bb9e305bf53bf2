"""Segments: disjoint ranges of channels, from which any window can be added up."""

import dask.array as da
import hyperspy.api as hs
import numpy as np
import pytest

from hyperspy_multimodal.counts.segments import count_segments, membership, segment_edges

CHANNELS = 60


def spectra(dtype=np.uint16, shape=(4, 5)):
    data = np.random.default_rng(0).poisson(2.0, (*shape, CHANNELS)).astype(dtype)
    return hs.signals.Signal1D(data)


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
    edges = segment_edges(windows)
    segments, edges = count_segments(signal, edges, False)
    added = np.tensordot(membership(windows, edges), segments, axes=1)
    direct = [sum(signal.data[..., a:b].sum(axis=-1) for a, b in ranges) for ranges in windows]
    np.testing.assert_array_equal(added, direct)


def test_edges_ascend_and_name_every_limit_once():
    windows = [[(3, 9), (12, 20)], [(9, 12)], [], [(0, 20)]]
    assert segment_edges(windows) == [0, 3, 9, 12, 20]


def test_element_without_a_window_has_no_members():
    assert membership([[], [(0, 4)]], [0, 2, 4]).tolist() == [[0, 0], [1, 1]]


@pytest.mark.parametrize("chunks", [(2, 3, 60), (4, 5, 7), (1, 1, 11), (3, 2, 1)])
@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float32, np.float64])
def test_lazy_equals_eager(chunks, dtype):
    signal = spectra(dtype)
    lazy = signal.as_lazy()
    lazy.data = lazy.data.rechunk(chunks)
    edges = [2, 5, 6, 31, 50]
    eager, eager_edges = count_segments(signal, edges, False)
    found, lazy_edges = count_segments(lazy, edges, False)
    assert isinstance(found, np.ndarray)
    assert found.dtype == np.float64
    assert lazy_edges == eager_edges
    np.testing.assert_array_equal(found, eager)


def test_lazy_data_are_read_once():
    reads = []

    def read(block, block_info=None):
        reads.append(tuple(block_info[0]["chunk-location"]))
        return block

    data = da.from_array(spectra().data, chunks=(2, 5, 20))
    blocks = data.map_blocks(read, dtype=data.dtype, meta=np.array((), dtype=data.dtype))
    signal = hs.signals.Signal1D(blocks).as_lazy()
    count_segments(signal, [0, 10, 20, 25, 60], False)
    assert sorted(reads) == sorted(np.ndindex(2, 1, 3))


def test_small_integers_do_not_overflow():
    signal = hs.signals.Signal1D(np.full((2, 2, CHANNELS), 255, dtype=np.uint8))
    segments, _ = count_segments(signal, [0, CHANNELS], False)
    assert (segments == 255 * CHANNELS).all()


def test_integers_are_read_between_the_edges_only_and_floats_throughout():
    assert count_segments(spectra(np.uint8), [10, 20], False)[1] == [10, 20]
    assert count_segments(spectra(float), [10, 20], False)[1] == [0, 10, 20, CHANNELS]


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("channel", [0, 12, 59])
def test_counts_that_are_not_finite_are_counted_by_pixel(value, channel, lazy):
    signal = spectra(float)
    signal.data[1, 2, channel] = signal.data[3, 0, channel] = value
    signal = signal.as_lazy() if lazy else signal
    with pytest.raises(ValueError, match=r"NaN or infinity in 2 pixels.*nan_to_num"):
        count_segments(signal, [10, 20], False)


@pytest.mark.parametrize("dtype", [np.int16, np.float64])
def test_negative_counts_are_refused(dtype):
    signal = spectra(dtype)
    signal.data[0, 1, 10:20] = -3
    with pytest.raises(ValueError, match=r"negative counts, but hold -30 in.*as recorded"):
        count_segments(signal, [10, 20], False)


@pytest.mark.parametrize("show", [False, True])
def test_progress_of_reading_is_shown_on_demand(show, capsys):
    count_segments(spectra().as_lazy(), [0, 10, 60], show)
    assert bool(capsys.readouterr().out) == show


def test_input_is_not_modified():
    signal = spectra()
    before = signal.deepcopy()
    edges = [3, 8]
    count_segments(signal, edges, False)
    assert edges == [3, 8]
    np.testing.assert_array_equal(signal.data, before.data)
