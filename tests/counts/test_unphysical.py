"""What cannot come from the specimen is found, and nothing else is."""

import numpy as np
import pytest
from slow_repeats import alternating

from hyperspy_multimodal.counts.spectra_sums import sum_block
from hyperspy_multimodal.counts.unphysical import unphysical, widest_spike_of

SHAPE = (40, 50, 300)
CHANNELS = np.arange(SHAPE[2])


def peaks(*centres, width=2.5):
    return sum(np.exp(-0.5 * ((CHANNELS - centre) / width) ** 2) for centre in centres)


def xray_counts(rng, mean, shape=SHAPE):
    """Two lines on a continuum that falls from 0.3 of their height; twice as much on the right."""
    spectrum = peaks(60, 150) + 0.3 * np.exp(-CHANNELS / 150)
    thickness = np.where(np.arange(shape[1]) < shape[1] // 2, 1, 2)[:, None]
    return rng.poisson(mean * thickness * spectrum, shape)


def core_loss_counts(rng, mean, shape=SHAPE):
    """An edge with a white line on a power law; half of the scan is vacuum."""
    energy = 400 + 2.0 * CHANNELS
    spectrum = (energy / 400) ** -3 + np.where(energy > 640, 0.1 * (energy / 640) ** -3.5, 0)
    spectrum += 0.3 * peaks(122, width=1.5)
    return rng.poisson(mean * spectrum * (np.arange(shape[1]) < shape[1] // 2)[:, None], shape)


def found(data, smooth=False):
    return unphysical(sum_block(data), smooth)


def ranges(findings):
    return [(each.start, each.stop) for each in findings]


def nothing(result):
    return not (result.channels or result.spikes or result.hot)


@alternating(mean=[1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10, 1000], seed=range(4))
def test_nothing_is_found_in_poisson_counts(mean, seed):
    rng = np.random.default_rng(seed)
    data = xray_counts(rng, mean)
    result = found(data)
    assert nothing(result)
    np.testing.assert_array_equal(result.total, data.sum(axis=(0, 1)))
    assert nothing(found(core_loss_counts(rng, mean), smooth=True))


def test_a_starved_detector_has_no_dead_channels():
    for seed in range(20):
        counts = np.random.default_rng(seed).poisson(1e-3, (64, 64, 500))
        assert (counts.sum(axis=(0, 1)) == 0).any()  # 4 counts are expected in each
        assert nothing(found(counts))


@pytest.mark.parametrize("smooth", [False, True])
@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (np.s_[..., :7], (0, 7)),
        (np.s_[..., 280:], (280, 300)),
        (np.s_[..., 299:], (299, 300)),
        (np.s_[..., 100:103], (100, 103)),
        (np.s_[..., 60:61], (60, 61)),
    ],
)
def test_empty_channels(where, expected, smooth, rng):
    data = core_loss_counts(rng, 3) if smooth else xray_counts(rng, 1)
    data[where] = 0
    result = found(data, smooth)
    assert ranges(result.channels) == [expected]
    assert result.channels[0].empty
    assert not (result.hot or result.spikes)


def test_an_end_that_is_padded_is_told_from_few_counts_in_each_channel(rng):
    data = rng.poisson(3e-3, (*SHAPE[:2], 300))  # 6 counts in a channel, and 12 over nothing
    data[..., 240:] = 0
    data[..., 239] = 1 * (rng.random(SHAPE[:2]) < 3e-3)
    assert ranges(found(data).channels) == [(240, 300)]


def test_a_flank_without_continuum_is_no_end(rng):
    for height, width in ((1e3, 2.5), (1e5, 2.5), (1e3, 6.0)):
        data = rng.poisson(height / 2000 * peaks(60, 100, width=width), SHAPE)
        assert nothing(found(data))


@pytest.mark.parametrize("smooth", [False, True])
@pytest.mark.parametrize("backwards", [False, True])
def test_spectra_that_were_shifted(backwards, smooth, rng):
    data = core_loss_counts(rng, 200) if smooth else rng.poisson(12, SHAPE)
    most = 12 if smooth else 3
    for row, col in np.ndindex(SHAPE[:2]):
        by = rng.integers(0, most + 1)
        data[row, col, SHAPE[2] - by if backwards else 0 : None if backwards else by] = 0
    [(start, stop)] = ranges(found(data, smooth).channels)
    if backwards:
        start, stop = SHAPE[2] - stop, SHAPE[2] - start
    assert start == 0
    assert most <= stop <= most + 2


def test_channels_that_half_of_the_starved_pixels_lack_are_not_certain(rng):
    data = xray_counts(rng, 0.05)
    data[::2, :, -3:] = 0
    assert nothing(found(data))


@pytest.mark.parametrize("mean", [30, 300])
@pytest.mark.parametrize(("number", "share"), [(1, 0.5), (1, 0.75), (3, 0.5)])
def test_last_channels_that_lack_counts(number, share, mean, rng):
    data = core_loss_counts(rng, mean)
    data[..., -number:] = rng.binomial(data[..., -number:], share)
    [(start, stop)] = ranges(found(data, smooth=True).channels)
    assert (start, stop) == (SHAPE[2] - number, SHAPE[2])
    assert not found(data).channels  # X-rays may fall as steeply


def test_an_axis_that_ends_on_a_white_line_lacks_nothing(rng):
    data = core_loss_counts(rng, 300)
    for stop in range(115, 140):
        assert nothing(found(np.ascontiguousarray(data[..., :stop]), smooth=True))
        assert nothing(found(np.ascontiguousarray(data[..., stop - 100 :]), smooth=True))


@pytest.mark.parametrize("value", [30, 300])
def test_hot_pixels(value, rng):
    clean = xray_counts(rng, 0.1)
    data = clean.copy()
    data[11, 13] = data[30, 7] = value
    clean[11, 13] = clean[30, 7] = 0
    result = found(data)
    assert [each.pixel for each in result.hot] == [11 * 50 + 13, 30 * 50 + 7]
    assert "row 11, column 13" in result.hot[0].text
    np.testing.assert_array_equal(result.total, clean.sum(axis=(0, 1)))
    assert not (result.channels or result.spikes)


def test_what_only_a_hot_pixel_fills_is_empty(rng):
    data = xray_counts(rng, 1)
    data[..., 280:] = 0
    data[5, 6] = 2000
    result = found(data)
    assert ranges(result.channels) == [(280, 300)]
    assert len(result.hot) == 1


@pytest.mark.parametrize("times", [5, 50, 500])
def test_a_bright_particle_in_one_pixel_is_no_defect(times, rng):
    data = xray_counts(rng, 0.2)
    data[20, 20] += rng.poisson(times * peaks(200))
    data[10, 10] += rng.poisson(times * peaks(150))
    assert nothing(found(data))


@pytest.mark.parametrize("width", [0.6, 0.8, 1.2, 2.5])
def test_lines_of_a_particle_in_one_pixel_are_no_spikes(width, rng):
    channel = 60 / 2.355 / width  # eV, for a line of 60 eV
    for position in np.linspace(200, 201, 11):
        data = rng.poisson(0.01, SHAPE)
        data[20, 20] += rng.poisson(1000 * peaks(position, width=width))
        assert nothing(unphysical(sum_block(data), widest_spike=widest_spike_of(channel)))


def test_an_intense_narrow_line_is_no_spike(rng):
    data = xray_counts(rng, 0.1)
    data[..., 30] += rng.poisson(500, SHAPE[:2])
    assert nothing(found(data))


@pytest.mark.parametrize("smooth", [False, True])
@pytest.mark.parametrize("width", [1, 2, 3])
def test_spikes(width, smooth, rng):
    clean = core_loss_counts(rng, 30) if smooth else xray_counts(rng, 0.3)
    data = clean.copy()
    places = [(3, 4, 0), (5, 6, 150), (20, 21, 151), (7, 8, 300 - width)]
    for row, col, channel in places:
        data[row, col, channel : channel + width] += 9000
        clean[row, col, channel : channel + width] = 0
    result = found(data, smooth)
    assert {(e.pixel, e.start, e.stop) for e in result.spikes} == {
        (row * 50 + col, channel, channel + width) for row, col, channel in places
    }
    np.testing.assert_array_equal(result.total, clean.sum(axis=(0, 1)))
    assert not (result.channels or result.hot)


def test_fractions_are_judged_alike(rng):
    data = xray_counts(rng, 30)
    data[11, 13] = 30000
    data[5, 6, 150] = 30000
    data[..., 280:] = 0
    for factor in (1e-3, 0.37, 5.3):
        result, whole = found(factor * data), found(data)
        for one, other in zip(result[1:], whole[1:], strict=True):
            assert ranges(one) == ranges(other)
            assert len(other) == 1


def test_few_pixels_or_channels_or_none_at_all():
    for shape in ((1, 1, 5), (2, 2, 1), (1, 300, 9), (3, 3, 40)):
        for value in (0, 1, 1000):
            assert nothing(found(np.full(shape, value)))
            assert nothing(found(np.full(shape, value), smooth=True))
