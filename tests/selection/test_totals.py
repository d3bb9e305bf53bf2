"""Which net totals can be trusted."""

from dataclasses import replace

import numpy as np
import pytest
from slow_repeats import slow

from hyperspy_multimodal.data import core_shell, flat, haadf_only, oxide_interface
from hyperspy_multimodal.eds.xray_fit import plan_fit
from hyperspy_multimodal.lazy import read_now
from hyperspy_multimodal.selection import normalise_haadf, trusted_totals
from hyperspy_multimodal.selection.totals import vacuum_of

from .particles import SHAPE, measured, modelled, truth
from .scans import measured_maps

MESSAGE = "The background may therefore be wrong"


def particles_on_background(ratio, background=0.4, seed=0, counts=10.0):
    """Maps of flat particles in vacuum, and their HAADF.

    The background is ``background`` everywhere; the maps take ``ratio`` of it.
    """
    expected = counts * (truth(1.0) > 0.3)
    maps = measured(expected, background, seed, ratio)
    return maps, normalise_haadf(modelled(expected, np.full(3, 1 / counts)))[0]


# vacuum


@pytest.mark.parametrize("counts", [1, 100])
@pytest.mark.parametrize("make", [core_shell, haadf_only])
def test_vacuum_is_found_between_particles(make, counts):
    specimen = make((64, 64), counts=counts)
    vacuum = vacuum_of(measured_maps(specimen), normalise_haadf(specimen.haadf.data)[0])
    there = sum(m.data for m in specimen.counts)
    assert vacuum.dtype == bool and vacuum.shape == (64, 64)
    assert there[vacuum].mean() < 0.02 * there.max()
    assert vacuum[there == 0].mean() > 0.7


def within_a_particle(shape, counts):
    whole = core_shell((64, 64), counts=counts)
    there = whole.counts[0].data > 0
    sums = np.cumsum(np.cumsum(there, axis=0), axis=1)
    side = 16
    full = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    y, x = np.unravel_index(full.argmax(), full.shape)
    part = slice(x + 1, x + 1 + side), slice(y + 1, y + 1 + side)
    return whole._replace(signal=whole.signal.inav[part], haadf=whole.haadf.isig[part])


@pytest.mark.parametrize(
    ("make", "options"),
    [
        slow(flat, {"counts": 5}),
        (flat, {"counts": 100, "haadf_noise": 0.2}),
        (oxide_interface, {"counts": 20}),
        (within_a_particle, {"counts": 20}),
    ],
)
def test_no_vacuum_is_found_where_there_is_none(make, options):
    specimen = make((64, 64), **options)
    haadf = normalise_haadf(specimen.haadf.data)[0]
    assert vacuum_of(measured_maps(specimen), haadf) is None


def test_a_few_dark_pixels_are_no_vacuum():
    maps, haadf = particles_on_background(1.0)
    vacuum = vacuum_of(maps, haadf)
    assert vacuum.sum() > 1000
    filled = np.maximum(haadf, 0.3)
    filled[40:46, 50:56] = 0
    assert vacuum_of(maps, filled) is None


def test_dark_places_with_counts_are_no_vacuum():
    """Something light that the HAADF does not see."""
    maps, haadf = particles_on_background(1.0)
    own = maps.segments.copy()
    own[2] += 2
    assert vacuum_of(replace(maps, segments=own), haadf) is None


def test_a_support_that_ends_is_no_vacuum():
    """Two levels that are nearly as dark: one of them is something thin."""
    maps, haadf = particles_on_background(1.0)
    level = np.maximum(haadf, 0.0)
    level[:, ::2] = level[:, 1::2]
    assert vacuum_of(maps, np.maximum(level, 0.05)) is not None
    level[:48] = np.maximum(level[:48], 0.055)
    level[48:] = np.where(level[48:] < 0.1, 0, level[48:])
    assert vacuum_of(maps, level) is None


def test_gain_of_the_maps_does_not_matter():
    maps, haadf = particles_on_background(1.0)
    brighter = replace(maps, segments=7 * maps.segments)
    np.testing.assert_array_equal(vacuum_of(brighter, haadf), vacuum_of(maps, haadf))


# totals


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("background", [0.0, 0.05, 0.4])
def test_totals_are_kept_where_the_background_is_right(background, seed, caplog):
    maps, haadf = particles_on_background(1.0, background, seed)
    np.testing.assert_array_equal(trusted_totals(maps, haadf), [True] * 3)
    assert not caplog.records


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_total_over_a_wrong_background_is_left_free(factor, caplog):
    """Of one element, the background is taken half as strong, or twice as strong, as it is."""
    maps, haadf = particles_on_background(1.0)
    ratios = maps.ratios.copy()
    ratios[1] *= factor
    trusted = trusted_totals(replace(maps, ratios=ratios), haadf)
    np.testing.assert_array_equal(trusted, [True, False, True])
    [record] = caplog.records
    assert record.levelname == "WARNING"
    assert MESSAGE in record.message
    assert "Zn" in record.message and "keep_totals=True" in record.message


@pytest.mark.parametrize(("share", "forgiven"), [(0.02, True), (0.06, False)])
def test_a_small_error_of_the_background_is_forgiven(share, forgiven):
    """However significant: a share of the total, if the whole scan were like the vacuum."""
    maps, haadf = particles_on_background(1.0, background=20.0, counts=300.0)
    missing = share * maps.net.mean(axis=(1, 2)) / 20.0
    ratios = maps.ratios * (1 - missing)[:, None, None]
    trusted = trusted_totals(replace(maps, ratios=ratios), haadf)
    np.testing.assert_array_equal(trusted, [forgiven] * 3)


def test_without_vacuum_the_background_is_not_tried(caplog):
    maps, haadf = particles_on_background(0.5)
    assert not trusted_totals(maps, haadf).any()
    caplog.clear()
    assert trusted_totals(maps, np.maximum(haadf, 0.5)).all()
    assert not caplog.records


def test_counts_without_background_are_trusted(caplog):
    maps, haadf = particles_on_background(0.0)
    assert trusted_totals(maps, haadf).all()
    assert not caplog.records


def test_totals_that_are_not_positive_are_free():
    maps, haadf = particles_on_background(1.0)
    segments = maps.segments.copy()
    segments[0] = 0
    np.testing.assert_array_equal(
        trusted_totals(replace(maps, segments=segments), haadf), [False, True, True]
    )


def test_totals_of_a_simulated_scan_are_kept():
    specimen = core_shell((64, 64), counts=20)
    maps, haadf = measured_maps(specimen), normalise_haadf(specimen.haadf.data)[0]
    assert trusted_totals(maps, haadf).all()


def test_totals_of_fits_are_kept_if_they_are_positive():
    specimen = core_shell((32, 32), counts=20)
    maps = read_now(specimen.signal, plan_fit(specimen.signal, None, 2.0, None)).maps
    haadf = normalise_haadf(specimen.haadf.data)[0]
    assert trusted_totals(maps, haadf).all()
    # whatever there seems to be in vacuum
    assert trusted_totals(replace(maps, net=maps.net + 1), haadf).all()
    net = maps.net.copy()
    net[1] -= 10
    np.testing.assert_array_equal(
        trusted_totals(replace(maps, net=net), haadf), [True, False, True]
    )


def test_inputs_are_not_modified():
    maps, haadf = particles_on_background(0.5)
    arrays = maps.segments, maps.net, maps.ratios, haadf
    before = [array.copy() for array in arrays]
    trusted_totals(maps, haadf)
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)
    assert haadf.shape == SHAPE
