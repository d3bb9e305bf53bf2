"""Sums over rings around bright regions become those of the counts if they are wrong."""

import importlib
from dataclasses import replace

import numpy as np
import pytest

from hyperspy_multimodal.counts.masked_maps import masked_maps
from hyperspy_multimodal.selection import DISTANCE, kept_structure, restored_windows
from hyperspy_multimodal.selection.rings import Rings, rings_of

from .test_other_maps import drawn, with_totals

SHAPE = 96, 96
ROWS, COLS = np.indices(SHAPE)
CENTRES = (24, 22), (28, 72), (70, 44)
#: Distance from the outline of the nearest particle, negative inside.
OUTSIDE = np.min([np.hypot(ROWS - y, COLS - x) for y, x in CENTRES], axis=0) - 11
PARTICLES, HALO = OUTSIDE < 0, (OUTSIDE > 0) & (OUTSIDE < 7)
FILM = ~PARTICLES
NAMES = ["Fe_Ka", "S_Ka"]
TRUTH = np.stack([4.0 * PARTICLES + 0.01, 4.0 * PARTICLES + 1.0])
#: Counts of the film that the fusion has moved towards the particles.
SMEARED = np.stack([TRUTH[0], TRUTH[1] + 0.3 * HALO - 0.3 * HALO.sum() / FILM.sum() * FILM])
#: The second element is no part of it, and its film is as dark as the vacuum.
HAADF = 1.0 * PARTICLES + 1e-3 * (ROWS + COLS)


def kept(maps, fused, haadf=HAADF):
    return kept_structure(maps, fused, fused.sum(axis=(1, 2)), haadf, alone=TRUTH)


def over_rings(lost):
    return [each for each in lost if each.window.family == DISTANCE]


def test_counts_that_are_smeared_out_beside_particles_go_back():
    for seed in range(3):
        maps = drawn(TRUTH, seed)
        fused = with_totals(SMEARED, maps)
        found, lost, left = kept(maps, fused)
        assert any(each.element == 1 for each in over_rings(restored_windows(lost, left)))
        before, after = (np.square(each[1] - TRUTH[1]).sum() for each in (fused, found))
        assert after < 0.7 * before
        counts = maps.net[1][HALO].sum()
        excess, rest = (each[1][HALO].sum() - counts for each in (fused, found))
        assert excess > 4 * np.sqrt(counts) and abs(rest) < 0.6 * excess
        assert found[1].sum() == pytest.approx(maps.net[1].sum())


def test_rings_of_the_haadf_are_compared_where_the_other_map_is_even():
    even = np.stack([np.full(SHAPE, 2.0), TRUTH[1]])
    maps = drawn(even)
    fused = with_totals(np.stack([even[0], SMEARED[1]]), maps)
    lost = kept_structure(maps, fused, fused.sum(axis=(1, 2)), HAADF, alone=even)[1]
    [wrong] = over_rings(lost)
    assert wrong.element == 1 and wrong.window.name.endswith("the bright regions of the HAADF")


def test_maps_that_are_right_are_left_alone():
    for seed in range(20):
        maps = drawn(TRUTH, seed)
        assert not over_rings(kept(maps, with_totals(TRUTH, maps))[1])


def test_masked_pixels_count_for_nothing():
    mask = COLS > 80
    maps = masked_maps(drawn(TRUTH), mask)
    fused = np.where(mask, 0.0, SMEARED)
    fused *= (maps.net.sum(axis=(1, 2), where=~mask) / fused.sum(axis=(1, 2)))[:, None, None]
    found = over_rings(kept(maps, fused)[1])
    assert found and not any(mask[each.pixels].any() for each in found)


def test_rings_end_at_distances_that_double():
    rings = Rings(HAADF, "the HAADF")
    assert rings.limits.tolist() == [-5, -2.5, 0, 2.5, 5, 10, 20, 40]
    assert rings.pixels.min() >= 64 and rings.pixels.sum() == HAADF.size
    first, last = rings.main
    assert np.array_equal(rings.inside(*first), PARTICLES)
    assert np.array_equal(rings.inside(*last), FILM)
    # the factor changes with the distance, without steps at the limits
    factor = rings.interpolated(np.arange(rings.size, dtype=float))
    order = np.argsort(OUTSIDE, axis=None)
    assert np.corrcoef(factor.ravel()[order], np.arange(factor.size))[0, 1] > 0.9


@pytest.mark.parametrize(
    ("first", "last", "where"),
    [
        (0, 2, "inside"),
        (3, 7, "outside"),
        (3, 3, "up to 2.5 pixels outside"),
        (4, 5, "2.5 to 10 pixels outside"),
        (6, 7, "more than 10 pixels outside"),
        (0, 0, "more than 5 pixels inside"),
        (1, 1, "2.5 to 5 pixels inside"),
        (1, 3, "up to 5 pixels inside and up to 2.5 pixels outside"),
        (1, 7, "outside and up to 5 pixels inside"),
        (0, 3, "inside and up to 2.5 pixels outside"),
    ],
)
def test_rings_are_named_by_their_distance(first, last, where):
    rings = Rings(HAADF, "the HAADF")
    rings.limits = np.array([-5, -2.5, 0, 2.5, 5, 10, 20])
    assert rings.name(first, last) == f"the pixels {where} the bright regions of the HAADF"


def test_images_without_bright_regions_have_no_rings():
    even = np.full(SHAPE, 2.0)
    assert sorted(rings_of(even, TRUTH, NAMES)) == [0, 1]
    assert list(rings_of(HAADF, np.stack([even, even]), NAMES)) == [None]
    assert Rings(HAADF, "the HAADF", PARTICLES | (OUTSIDE < 1)).pixels.sum() == (OUTSIDE >= 1).sum()
    assert Rings(even, "", PARTICLES).size == 1


def test_a_last_correction_that_makes_sums_worse_is_undone(monkeypatch):
    module = importlib.import_module("hyperspy_multimodal.selection.given_back")
    maps = drawn(TRUTH)
    fused = with_totals(SMEARED, maps)
    expected, lost, _ = kept(maps, fused)
    nothing = [np.nonzero(np.ones(SHAPE, bool))]

    def without_pixels(wrong, lost):
        return [replace(each, window=each.window.apart_from(nothing)) for each in over_rings(lost)]

    monkeypatch.setattr(module, "_apart_from_windows", without_pixels)
    found, again, _ = kept(maps, fused)
    np.testing.assert_array_equal(found, expected)
    assert [each.pixels[0].size for each in again] == [each.pixels[0].size for each in lost]
