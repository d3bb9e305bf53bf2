"""Sums over several ranges, corrected one after the other."""

import numpy as np
import pytest

from hyperspy_multimodal.counts.element_maps import ElementMaps
from hyperspy_multimodal.selection import band_sums
from hyperspy_multimodal.selection import corrected_sums as module
from hyperspy_multimodal.selection.band_sums import with_band_sums
from hyperspy_multimodal.selection.brightness_bands import bands_of
from hyperspy_multimodal.selection.corrected_sums import corrected_sums
from hyperspy_multimodal.selection.lost_structure import Expectation
from hyperspy_multimodal.selection.strips import strips_of
from hyperspy_multimodal.selection.wrong_ranges import Ranges

SHAPE = 96, 96
COLUMNS = np.indices(SHAPE)[1]


def drawn(expected, seed=0):
    counts = np.random.default_rng(seed).poisson(np.stack([expected, 0 * expected])).astype(float)
    return ElementMaps(["La_La"], counts, np.eye(1, 2), np.eye(1, 2, 1), np.ones((1, 1, 1)))


def ranges_of(maps, partitions):
    return Ranges(partitions, (0, 0, 0), Expectation(maps).there)


def with_total(fused, net):
    return fused * (net.sum() / fused.sum())


@pytest.fixture
def scan():
    """A map with counts on one side of an interface, and a fused one that leaks over it."""
    expected = 1.0 * (COLUMNS >= 48)
    maps = drawn(expected)
    fused = with_total(np.where(COLUMNS >= 48, expected, 0.06), maps.net[0])
    partitions = strips_of(SHAPE), bands_of(expected + 0.01 * COLUMNS)
    return maps.net[0], maps.net_variance[0], fused, [ranges_of(maps, p) for p in partitions]


def test_ranges_corrected_before_are_not_corrected_again(scan, monkeypatch):
    net, variance, fused, (first, second) = scan
    before = corrected_sums(fused, net, variance, [first])
    calls = []

    def counted(*arguments, **named):
        calls.append(arguments)
        return with_band_sums(*arguments, **named)

    expected = corrected_sums(fused, net, variance, [first, second])
    monkeypatch.setattr(module, "with_band_sums", counted)
    found = corrected_sums(fused, net, variance, [first, second], before)
    assert len(calls) == 1
    np.testing.assert_array_equal(found.map, expected.map)
    assert found.accepted == expected.accepted
    again = corrected_sums(fused, net, variance, [second], found)
    assert len(calls) == 2
    np.testing.assert_array_equal(again.map, with_band_sums(fused, net, variance, second))


@pytest.mark.parametrize("step", [48, 54, 60])
@pytest.mark.parametrize("leak", [0.03, 0.1])
def test_a_leak_over_an_interface_is_corrected_wherever_it_is(step, leak):
    """Also where it is not between the centres of two strips: the interface remains sharp."""
    expected = 1.0 * (COLUMNS >= step)
    for seed in range(2):
        maps = drawn(expected, seed)
        net, fused = maps.net[0], np.where(COLUMNS >= step, expected, leak)
        fused = with_total(fused, net)
        ranges = ranges_of(maps, strips_of(SHAPE))
        found = corrected_sums(fused, net, maps.net_variance[0], [ranges])
        assert found.accepted == [ranges]
        outside = COLUMNS < 36
        assert found.map[outside].sum() < 0.1 * fused[outside].sum()
        edge = (COLUMNS >= step) & (COLUMNS < step + 6)
        assert found.map[edge].sum() > 0.85 * fused[edge].sum()


def test_a_gross_error_is_corrected_in_the_end_if_pixels_get_no_worse(scan, monkeypatch):
    net, variance, fused, (first, second) = scan
    right = np.where(COLUMNS >= 48, fused, 0.0)
    asked = []

    def even_only(one, *_known, even=False):
        asked.append((_known[-1], even))
        return right if even and _known[-1] is second else one

    monkeypatch.setattr(module, "with_band_sums", even_only)
    before = corrected_sums(fused, net, variance, [first, second])
    assert before.accepted == [] and before.map is fused
    found = before.once_more(net, variance)
    assert found.accepted == [second] and found.map is right
    # Those that were searched last are tried first, and what was accepted is kept.
    assert asked[2:] == [(second, True), (first, True)]
    assert found.once_more(net, variance).map is right


@pytest.mark.parametrize(("gain", "accepts"), [(0.5, True), (-0.5, False)])
def test_half_the_gross_error_will_do_if_pixels_come_no_further(scan, monkeypatch, gain, accepts):
    net, variance, fused, (first, _) = scan
    monkeypatch.setattr(band_sums, "nearer", lambda *_: gain)
    np.testing.assert_array_equal(with_band_sums(fused, net, variance, first), fused)
    found = with_band_sums(fused, net, variance, first, even=True)
    assert np.array_equal(found, fused) != accepts
    left = COLUMNS < 48
    if accepts:
        assert found[left].sum() < 0.5 * fused[left].sum()


def test_small_errors_are_not_corrected_without_a_gain_of_pixels(scan, monkeypatch):
    net, variance, fused, (first, _) = scan
    slightly_wrong = np.where(COLUMNS >= 48, fused, 0.1 * fused)
    monkeypatch.setattr(band_sums, "nearer", lambda *_: 0.5)
    found = with_band_sums(slightly_wrong, net, variance, first, even=True)
    np.testing.assert_array_equal(found, slightly_wrong)
