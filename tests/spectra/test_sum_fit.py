"""The fit of a summed spectrum: optimal, unbiased, calibrated."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hyperspy_multimodal.spectra import sum_fit
from hyperspy_multimodal.spectra.continuum import continuum_shapes
from hyperspy_multimodal.spectra.sum_fit import fit_sum_spectrum

from .synthetic import BEAM, NOMINAL, USED, expected, lines_of

COUNTS = {"Co": 4e4, "O": 1e4, "S": 8e3}
LINES = lines_of("Co", "O", "S")


def fitted(observed, lines=LINES, **options):
    return fit_sum_spectrum(observed, NOMINAL, lines, BEAM, USED, **options)


def strongest(fit, *names):
    by_name = {line.name: counts for line, counts in zip(fit.lines, fit.amplitudes, strict=True)}
    return np.array([by_name[name] for name in names])


def test_a_spectrum_without_noise_is_fitted_exactly():
    observed, _ = expected(LINES, COUNTS)
    fit = fitted(observed)
    assert_allclose(strongest(fit, "Co_Ka", "O_Ka", "S_Ka"), [4e4, 1e4, 8e3], rtol=0.01)
    assert abs(fit.detector.offset) < 1e-4
    assert fit.deviance < 0.01


def test_amplitudes_are_unbiased_and_their_errors_those_of_counts():
    """Of 40 spectra drawn from one expectation."""
    mean, _ = expected(LINES, COUNTS)
    rng = np.random.default_rng(3)
    found = np.array(
        [strongest(fitted(rng.poisson(mean)), "Co_Ka", "O_Ka", "S_Ka") for _ in range(40)]
    )
    error = found.std(axis=0) / np.sqrt(len(found))
    assert np.all(
        np.abs(found.mean(axis=0) - [4e4, 1e4, 8e3]) < 4 * error + 0.003 * np.array([4e4, 1e4, 8e3])
    )
    assert np.all(found.std(axis=0) < 2 * np.sqrt([4e4, 1.5e4, 1e4]))


def test_the_solution_is_optimal():
    """The penalised likelihood falls along no direction that amplitudes >= 0 allow."""
    observed = np.random.default_rng(0).poisson(expected(LINES, COUNTS)[0])
    problem = sum_fit._Problem(observed, NOMINAL, LINES, BEAM, USED, False, 0.07)
    problem.fit(True)
    here = problem._objective(problem.amplitudes, problem.design, problem._parameters)
    for i in range(len(problem.amplitudes)):
        for step in (1e-3, -1e-3):
            moved = problem.amplitudes.copy()
            moved[i] = max(moved[i] + step * max(moved[i], 10), 0)
            assert problem._objective(moved, problem.design, problem._parameters) > here - 1e-3


@pytest.mark.parametrize(
    "wrong", [{"offset": 0.01}, {"offset": -0.012, "gain": 0.002}, {"resolution": 141.0}]
)
def test_calibration_is_found(wrong):
    detector = replace(NOMINAL, **wrong)
    mean, _ = expected(LINES, COUNTS, detector)
    fit = fitted(np.random.default_rng(1).poisson(mean))
    assert fit.detector.offset == pytest.approx(detector.offset, abs=1.5e-3)
    assert fit.detector.gain == pytest.approx(detector.gain, abs=4e-4)
    assert fit.detector.resolution == pytest.approx(detector.resolution, abs=1.0)
    assert_allclose(strongest(fit, "Co_Ka", "O_Ka"), [4e4, 1e4], rtol=0.03)
    unrefined = fitted(np.random.default_rng(1).poisson(mean), refine=False)
    assert unrefined.detector == NOMINAL
    assert unrefined.deviance > 1.5 * fit.deviance


def test_few_counts_leave_the_calibration_as_stated():
    mean, _ = expected(LINES, {"Co": 5, "O": 3, "S": 2}, continuum=5)
    fit = fitted(np.random.default_rng(1).poisson(mean))
    assert abs(fit.detector.offset) < 0.02
    assert abs(fit.detector.resolution - 130) < 10
    assert np.all(fit.amplitudes >= 0) and np.isfinite(fit.amplitudes).all()


def test_an_empty_spectrum_has_no_lines():
    fit = fitted(np.zeros(1024))
    assert np.isfinite(fit.fitted).all()
    assert fit.amplitudes.sum() < 1e-3


def test_overlapping_families_are_told_apart_by_their_other_lines():
    """S Ka lies 14 eV from Mo La."""
    lines = lines_of("Mo", "S")
    mean, _ = expected(lines, {"Mo": 3e4, "S": 3e4})
    found = np.array(
        [
            strongest(fitted(np.random.default_rng(seed).poisson(mean), lines), "Mo_La", "S_Ka")
            for seed in range(5)
        ]
    )
    assert_allclose(found.mean(axis=0), [3e4, 3e4], rtol=0.05)


def test_line_weights_may_be_off_by_a_tenth():
    rng = np.random.default_rng(5)
    wrong = [line._replace(weight=line.weight * np.exp(0.1 * rng.normal())) for line in LINES]
    observed, _ = expected(wrong, COUNTS)
    fit = fitted(np.round(observed))
    actual = {line.name: line.weight for line in wrong}
    for name, counts in (("Co_Ka", 4e4), ("O_Ka", 1e4), ("S_Ka", 8e3)):
        assert strongest(fit, name)[0] == pytest.approx(counts * actual[name], rel=0.03)


def test_sum_peaks_are_fitted_where_they_are_allowed_for():
    observed, _ = expected(LINES, COUNTS)
    piled = np.convolve(observed, observed)[: observed.size]
    observed = observed + 0.02 * observed.sum() * piled / piled.sum()
    with_sums = fitted(np.round(observed), pile_up=True)
    without = fitted(np.round(observed))
    assert with_sums.pile_up.sum() > 0
    assert not without.pile_up.any()
    assert with_sums.deviance < without.deviance / 2


def test_the_continuum_cannot_pass_for_a_line():
    """Of a line of 10,000 counts, a fit without it leaves most of the peak."""
    observed, _ = expected(lines_of("Ti"), {"Ti": 1e4}, continuum=2000)
    fit = fitted(observed, lines_of("Co"))
    peak = np.abs(NOMINAL.centres - 4.51) < 0.1
    assert (fit.observed - fit.fitted)[peak].sum() > 0.8 * observed[peak].sum()


def test_continuum_shapes_are_smooth_and_positive():
    shapes = continuum_shapes(NOMINAL, BEAM, USED)
    assert shapes.min() >= 0
    assert_allclose(shapes.max(axis=1), 1)
    assert not shapes[:, ~USED].any()
    total = shapes.sum(axis=0)[USED]
    assert np.all(total > 0)
