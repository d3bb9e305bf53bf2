"""What counts say about whether an element is there."""

import numpy as np
import pytest
from scipy import stats
from slow_repeats import slow

from hyperspy_multimodal import composition, fit_maps
from hyperspy_multimodal.data import core_shell
from hyperspy_multimodal.quantification.detection import detection, discoveries, found_elements


def test_limits_are_those_of_currie():
    background = np.array([[0.0, 100.0, 1e4]])
    limits, _ = detection(0 * background, background, 0.0, np.ones(3))
    np.testing.assert_allclose(limits, 2.71 + 3.29 * np.sqrt(background), atol=0.01)


def test_the_error_of_the_fit_raises_limits_and_probabilities():
    one, other = (
        detection(np.array([[30.0]]), np.array([[100.0]]), common, np.ones(1))
        for common in (0.0, 400.0)
    )
    assert other[0] > one[0] and other[1] > one[1]


@pytest.mark.parametrize("background", [0.5, 5.0, 500.0])
def test_probabilities_are_not_too_low_without_the_element(rng, background):
    gross = rng.poisson(background, 20000)
    _, p = detection(
        (gross - background)[:, None], np.full((len(gross), 1), background), 0.0, np.ones(1)
    )
    for level in (0.001, 0.01, 0.05):
        assert np.mean(p < level) < 1.3 * level + 3e-4


def test_many_counts_are_found_at_any_rate():
    _, p = detection(np.array([[200.0]]), np.array([[100.0]]), 0.0, np.ones(1))
    assert p < 1e-10


def test_no_counts_or_fewer_are_no_discovery():
    _, p = detection(np.array([[0.0, -20.0]]), np.array([[0.0, 50.0]]), 0.0, np.ones(2))
    np.testing.assert_array_equal(p, 1)


def test_discoveries_are_those_of_scipy(rng):
    p = rng.random((6, 5)) ** 4
    adjusted = stats.false_discovery_control(p.ravel()).reshape(p.shape)
    np.testing.assert_array_equal(discoveries(p, 0.05), adjusted <= 0.05)
    assert not discoveries(np.ones((2, 2)), 0.05).any()
    assert discoveries(np.empty((0, 3)), 0.05).shape == (0, 3)


@pytest.mark.slow
def test_elements_that_are_not_there_are_seldom_found():
    rows, columns = np.indices((24, 24))
    regions = 1 + 2 * (rows >= 12) + (columns >= 12)
    false, there, absent = 0, [], ["Ni_Ka", "Cl_Ka", "V_Ka"]
    for seed in range(3):
        signal = core_shell((24, 24), counts=20, seed=seed).signal
        maps, output = fit_maps(signal, ["Co_Ka", "O_Ka", "S_Ka", *absent], full_output=True)
        found = composition(maps, output, [1.0] * len(maps), regions)
        wrong = np.array([line in absent for line in found.lines])
        false += found.detected[:, wrong].sum()
        there.append(found.detected[:, ~wrong])
    assert np.mean(there) > 0.9
    assert false <= 0.05 * np.sum(there) + 2


@pytest.mark.parametrize("counts", [1, slow(10)])
def test_counts_of_absent_elements_agree_with_zero_within_their_errors(counts):
    """In 64 parts of scans, where at least half a count is expected in each."""
    rows, columns = np.indices((32, 32))
    regions, absent, ratios = 1 + 8 * (rows // 4) + columns // 4, ["Ni_Ka", "Cl_Ka"], []
    for seed in range(2):
        signal = core_shell((32, 32), counts=counts, seed=seed).signal
        maps, output = fit_maps(signal, ["Co_Ka", "O_Ka", "S_Ka", *absent], full_output=True)
        found = composition(maps, output, [1.0] * len(maps), regions)
        wrong = np.array([line in absent for line in found.lines])
        errors = found.counts_errors[:, wrong]
        ratios.append((found.counts[:, wrong] / np.maximum(errors, 1e-9))[errors > 0.7])
        assert np.all(found.counts[:, wrong] > -4 * errors - 0.5)
    ratios = np.abs(np.concatenate(ratios))
    assert 0.6 < np.mean(ratios < 1) < 0.92 and np.mean(ratios < 2) > 0.93


def test_certain_elements_do_not_make_others_easier_to_find():
    p = np.array([1e-30, 1e-20, 1e-12, 0.03, 0.6])
    assert discoveries(p, 0.05)[3]
    np.testing.assert_array_equal(found_elements(p, 0.05), [True, True, True, False, False])
    assert not found_elements(np.array([1e-30, 0.02]), 0.05)[1]
    assert found_elements(np.array([1e-30, 0.005]), 0.05).all()


def test_of_absent_elements_hardly_any_scan_has_one_that_is_found(rng):
    p = np.where(np.arange(20) < 12, 1e-20, rng.random((2000, 20)))
    false = [found_elements(each, 0.05)[12:].any() for each in p]
    assert np.mean(false) < 0.065
