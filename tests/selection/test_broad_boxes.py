"""Whole particles that a map lacks, or shows too strongly, are named."""

import numpy as np
import pytest

from hyperspy_multimodal.counts.element_maps import ElementMaps
from hyperspy_multimodal.counts.masked_maps import masked_maps
from hyperspy_multimodal.selection.broad_boxes import broad_differences
from hyperspy_multimodal.selection.lost_structure import Expectation

SHAPE = (96, 128)
PARTICLE = np.zeros(SHAPE, bool)
PARTICLE[20:62, 50:76] = True


def drawn(truth, seed):
    counts = np.random.default_rng(seed).poisson(truth)[None].astype(float)
    return ElementMaps(["a"], counts, np.eye(1), np.zeros((1, 1)), np.zeros((1, 1, 1)))


def found_in(truth, fused, seed=0):
    return broad_differences(Expectation(drawn(truth, seed)), fused[None], [0])


@pytest.mark.parametrize("part", [0.7, 1.3])
def test_a_particle_that_is_too_weak_or_too_strong_is_found_where_it_is(part):
    truth = np.where(PARTICLE, 0.5, 0.02)
    found = found_in(truth, np.where(PARTICLE, part * truth, truth))
    assert found and all(np.sign(each.significance) == np.sign(1 - part) for each in found)
    row, col = found[0].centre
    assert PARTICLE[round(row), round(col)]
    assert found[0].window.name.startswith("box of ")


@pytest.mark.parametrize("level", [0.01, 1.0, 100.0])
def test_the_truth_raises_hardly_any_alarm(level):
    truth = level * np.where(PARTICLE, 1.0, 0.05)
    assert sum(bool(found_in(truth, truth, seed)) for seed in range(50)) <= 2


def test_a_few_per_cent_of_many_counts_do_not_matter():
    truth = np.where(PARTICLE, 1000.0, 100.0)
    assert not found_in(truth, 1.03 * truth)


def test_little_in_the_dark_does_not_matter():
    truth = np.where(PARTICLE, 100.0, 0.0)
    assert not found_in(truth, truth + 0.5)


def test_a_scan_must_be_twice_as_large():
    truth = np.full((30, 30), 2.0)
    assert not found_in(truth, 0.5 * truth)


def test_boxes_do_not_overlap_and_do_without_masked_pixels():
    mask = np.zeros(SHAPE, bool)
    mask[:, 60:64] = True
    truth = np.where(PARTICLE & ~mask, 0.5, 0.02 * ~mask)
    maps = masked_maps(drawn(truth, 0), mask)
    found = broad_differences(Expectation(maps), np.full((1, *SHAPE), 0.02), [0])
    taken = np.zeros(SHAPE, int)
    for each in found:
        taken[each.pixels] += 1
    assert found and taken.max() == 1 and not taken[mask].any()
