"""Regions that are found: where they are, how many, and of independent noise."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from hyperspy_multimodal import composition, region_sums
from hyperspy_multimodal.data import flat
from hyperspy_multimodal.data._scan_settings import Scan
from hyperspy_multimodal.data._specimen import simulate_specimen
from hyperspy_multimodal.quantification.found_regions import found_regions, is_there, rim
from hyperspy_multimodal.quantification.independent import independent_parts
from hyperspy_multimodal.quantification.measured import measured_of


@pytest.fixture(scope="module")
def two_phases():
    """Two squares of different composition in vacuum."""
    areal = {"Ni": np.zeros((32, 32)), "Ti": np.zeros((32, 32))}
    areal["Ni"][4:28, 4:15] = 800
    areal["Ti"][4:28, 17:28] = 900
    areal["Ni"][4:28, 17:28] = 300
    specimen = simulate_specimen(areal, ["Ni_Ka", "Ti_Ka"], Scan(counts=15), name="two phases")
    maps, output = specimen.signal.multimodal_fusion(
        specimen.haadf, 1, (0.01, 0.02), full_output=True
    )
    return areal, maps, output, specimen.kfactors


def test_phases_are_found_and_vacuum_is_left_out(two_phases):
    areal, maps, output, kfactors = two_phases
    found = composition(maps, output, kfactors)
    assert len(found.regions) == 2
    truth = [areal["Ti"] > 0, (areal["Ti"] == 0) & (areal["Ni"] > 0)]
    for true in truth:
        overlap = max((mask & true).sum() / (mask | true).sum() for mask in found.masks)
        assert overlap > 0.85
    titanium = np.sort(found.atomic_percent[:, found.elements.index("Ti")])
    np.testing.assert_allclose(titanium, [0, 75], atol=6)
    assert found.pixels[0] >= found.pixels[1] and not (found.masks[0] & found.masks[1]).any()


def test_the_same_seed_finds_the_same(two_phases):
    _, maps, output, kfactors = two_phases
    one, other = (composition(maps, output, kfactors, seed=7) for _ in range(2))
    np.testing.assert_array_equal(one.masks, other.masks)
    np.testing.assert_array_equal(one.counts, other.counts)


def test_errors_and_limits_are_those_of_the_same_regions_if_given(two_phases):
    """But for the noise, of half the counts."""
    _, maps, output, kfactors = two_phases
    found = composition(maps, output, kfactors)
    given = composition(maps, output, kfactors, dict(zip(found.regions, found.masks, strict=True)))
    noise = found.counts_errors / given.counts_errors
    assert noise.min() > 1.3 and noise.max() < 1.6
    for one, other in (
        (found.detection_limit_counts, given.detection_limit_counts),
        (found.detection_errors, given.detection_errors),
    ):
        assert (one / other).min() > 0.9 and (one / other).max() < 1.7
    fit = found.errors["fit"] / given.errors["fit"]
    assert fit.min() > 0.8 and fit.max() < 1.25
    sums = region_sums(maps, output)
    own = region_sums(maps, output, dict(zip(sums.regions, sums.masks, strict=True)))
    ratios = sums.errors["fit"] / own.errors["fit"]
    assert ratios.min() > 0.8 and ratios.max() < 1.25


def test_a_homogeneous_specimen_is_one_region():
    specimen = flat((32, 32), counts=10)
    maps, output = specimen.signal.multimodal_fusion(
        specimen.haadf, 1, (0.01, 0.1), regulariser="isotropic", full_output=True
    )
    assert len(composition(maps, output, specimen.kfactors).regions) == 1


def test_of_the_whole_scan_all_counts_are_summed():
    specimen = flat((32, 32), counts=10)
    maps, output = specimen.signal.multimodal_fusion(
        specimen.haadf, 1, (0.01, 0.1), regulariser="isotropic", full_output=True
    )
    found, other = (composition(maps, output, specimen.kfactors, seed=seed) for seed in (0, 1))
    scan = composition(maps, output, specimen.kfactors, np.ones((32, 32), bool))
    assert found.masks[0].all()
    np.testing.assert_array_equal(found.counts, scan.counts)
    np.testing.assert_array_equal(found.counts_errors, scan.counts_errors)
    np.testing.assert_array_equal(found.counts, other.counts)


@pytest.fixture(scope="module")
def film(fused):
    """A film of uneven thickness whose line 2 has few counts, in one square of 10 x 10 pixels."""
    measured = measured_of(fused.maps, fused.output)
    shape = measured.used.shape
    square = np.zeros(shape, bool)
    square[10:20, 10:20] = True
    thickness = np.linspace(0.4, 1.6, shape[1]) * np.ones(shape)
    counts = 4 * np.array([thickness, 0.6 * thickness**0.65, np.where(square, 0.18, 0.003)])

    def drawn(seed):
        noisy = np.random.default_rng(seed).poisson(counts).astype(float)
        return replace(
            measured, fused=counts, net=noisy, variance=counts, per_count=np.ones(3),
            background=np.zeros_like(counts), covariances={}, correlation=np.eye(3),
        )  # fmt: skip

    return square, drawn


def test_a_small_part_is_found_beside_clusters_that_do_not_differ(film):
    square, drawn = film
    found = [found_regions(drawn(seed), np.ones(3), seed) for seed in range(5)]
    for masks in found:
        np.testing.assert_array_equal(masks[-1], square)  # the smallest


def test_noise_does_not_divide_a_uniform_film(film):
    """Clusters of drawn maps, of which other counts decide whether they differ."""
    _, drawn = film
    rng = np.random.default_rng(1)
    for seed in range(40):
        counts = np.stack([np.full((32, 32), each) for each in (1.0, 0.4, 0.02)])
        one, other = rng.poisson(counts, (2, *counts.shape)).astype(float)
        maps = np.array([gaussian_filter(each, 1.5) for each in one])
        uniform = replace(drawn(seed), fused=maps, net=other, variance=counts)
        assert len(found_regions(uniform, np.ones(3), seed)) == 1


def test_the_noise_of_what_is_fused_is_not_that_of_what_is_summed(fused):
    """What is summed is unbiased, and its noise is uncorrelated with what was drawn for the map."""
    whole = measured_of(fused.maps, fused.output)
    parts = [independent_parts(whole, fused.output, seed) for seed in range(40)]
    drawn = np.array([each.net for each in parts]) - whole.net
    deviation = np.sqrt(np.mean([each.variance for each in parts], axis=0) - whole.variance)
    sums = drawn.sum(axis=(2, 3)) / np.sqrt(np.square(deviation).sum(axis=(1, 2)))
    assert np.all(np.abs(sums.mean(axis=0)) < 4 / np.sqrt(40))
    assert np.all(np.abs(sums.std(axis=0) - 1) < 0.45)
    np.testing.assert_allclose(
        np.sum([each.variance for each in parts[:1]]), 2 * whole.variance.sum(), rtol=0.05
    )


def test_a_single_pixel_of_a_count_in_vacuum_is_no_specimen(fused):
    measured = measured_of(fused.maps, fused.output)
    empty = np.zeros_like(measured.fused)
    empty[0, 10, 10] = 1.0
    assert not is_there(replace(measured, fused=empty, variance=empty)).any()
    empty[0, 9:12, 9:12] = 1.0
    found = is_there(replace(measured, fused=empty, variance=empty))
    np.testing.assert_array_equal(found, empty[0] > 0)


def test_pieces_that_may_be_noise_are_in_no_region(fused):
    measured = measured_of(fused.maps, fused.output)
    counts = np.zeros_like(measured.fused)
    counts[:, 4:20, 4:20] = 5.0
    counts[:, 4:7, 26:29] = 0.6  # 16 counts in three maps
    counts[:, 26:29, 26:29] = 5.0  # a small particle
    faint = np.zeros(counts.shape[1:], bool)
    faint[4:7, 26:29] = True
    drawn = replace(measured, fused=counts, net=counts, variance=counts)
    assert is_there(drawn)[faint].any()
    regions = found_regions(drawn, np.ones(3), 0)
    np.testing.assert_array_equal(regions.any(axis=0), (counts[0] > 0) & ~faint)
    counts = counts * faint  # the only piece
    alone = replace(drawn, fused=counts, net=counts, variance=counts)
    assert found_regions(alone, np.ones(3), 0).any()


def test_a_rim_is_what_touches_the_outside():
    mask = np.zeros((8, 9), bool)
    mask[2:6, 3:8] = True
    found = rim(mask)
    assert found.sum() == 4 * 5 - 2 * 3 and not found[3:5, 4:7].any()
    assert not rim(np.ones((4, 4), bool)).any()


def test_pieces_of_regions_are_certain_too(film):
    """A single dim pixel of another composition, which noise can have, belongs to no region."""
    _, drawn = film
    one, other = [np.array(each)[:, None, None] for each in ([10.0, 2.0, 0.0], [2.0, 10.0, 0.0])]
    counts = np.where(np.indices((32, 32))[1] < 16, one, other)
    dim = np.zeros((32, 32), bool)
    dim[12:20] = True
    counts = np.where(dim, 0.2 * counts, counts)
    strewn = np.zeros((32, 32), bool)
    strewn[13:19:2, 3:13:3] = True
    counts = np.where(strewn, 0.2 * other, counts)
    measured = replace(drawn(0), fused=counts, net=counts, variance=counts + 1.0)
    assert is_there(measured).all()
    masks = found_regions(measured, np.ones(3), 0)
    assert len(masks) == 2
    assert not masks[:, strewn].any()
    assert (masks.any(axis=0) | strewn).all()
