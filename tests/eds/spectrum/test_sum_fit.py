"""The fit of a summed spectrum: optimal, unbiased, calibrated."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hyperspy_multimodal.eds.spectrum import sum_fit
from hyperspy_multimodal.eds.spectrum.continuum import continuum_shapes
from hyperspy_multimodal.eds.spectrum.sum_model import SumModel, pile_up_shape

from .synthetic import (
    BEAM,
    NOMINAL,
    USED,
    amplitudes,
    continuum,
    drawn,
    errors,
    expected,
    fitted,
    lines_of,
    setting_of,
)

pytestmark = pytest.mark.filterwarnings("error")

COUNTS = {"Co": 4e4, "O": 1e4, "S": 8e3}
NAMED = list(COUNTS)
NAMES = ["Co_Ka", "O_Ka", "S_Ka"]


def strongest(fit, names=NAMES):
    return np.array([amplitudes(fit)[name] for name in names])


def test_a_spectrum_without_noise_is_fitted_exactly():
    fit = fitted(expected(COUNTS), NAMED)
    assert_allclose(strongest(fit), [4e4, 1e4, 8e3], rtol=0.01)
    assert abs(fit.detector.offset) < 3e-4 and abs(fit.detector.gain) < 1e-4
    assert fit.deviance < 0.01
    assert_allclose(fit.continuum[USED], continuum()[USED], rtol=0.05, atol=2)


@pytest.mark.parametrize("seed", range(3))
def test_of_the_right_model_only_noise_is_left(seed):
    fit = fitted(drawn(expected(COUNTS), seed), NAMED)
    assert fit.deviance == pytest.approx(1.0, abs=0.15)
    assert fit.misfit == sum_fit.LEAST_MISFIT
    assert not fit.strains and not fit.at_limits


@pytest.mark.parametrize("number", [50, pytest.param(100, marks=pytest.mark.slow)])
def test_amplitudes_are_unbiased_and_their_errors_those_of_their_scatter(number):
    """Of spectra with so few counts that noise is all there is."""
    truth = np.array([2000.0, 1000.0, 800.0])
    mean = expected(dict(zip(NAMED, truth, strict=True)), smooth=5e3)
    fits = [fitted(drawn(mean, seed), NAMED) for seed in range(number)]
    found = np.array([strongest(fit) for fit in fits])
    stated = np.array([[errors(fit)[name] for name in NAMES] for fit in fits])
    scatter, bias = found.std(axis=0), np.abs(found.mean(axis=0) - truth)
    assert np.all(bias < 4 * scatter / np.sqrt(number) + 0.005 * truth)
    assert_allclose(scatter / stated.mean(axis=0), 1, atol=0.2)


def test_errors_grow_with_what_no_model_describes():
    few, many = ({name: factor * own for name, own in COUNTS.items()} for factor in (0.1, 100))
    small, large = (fitted(drawn(expected(counts)), NAMED) for counts in (few, many))
    assert errors(small)["Co_Ka"] == pytest.approx(np.sqrt(4e3), rel=0.2)
    assert errors(large)["Co_Ka"] > 3 * np.sqrt(4e6)


# the solution


def solved(counts=COUNTS, **options):
    observed = drawn(expected(counts, steps=[(1.56, 0.3)], smooth=1e5))
    options = {"edges": (1.56, 1.839), **options}
    problem = sum_fit._Fit(setting_of(observed, [*counts, "P"], **options), NOMINAL)
    problem.run(25)
    return problem


def test_no_feasible_direction_lowers_the_objective():
    """With variances frozen: neither of single unknowns nor of many at once."""
    problem = solved()
    model, here = problem.model, np.concatenate([problem.amplitudes, problem.calibration])
    n = model.n_amplitudes
    variance = problem.variance(problem.amplitudes, problem.design)
    ties = model.ties(problem.amplitudes)

    def objective(unknowns):
        counts, calibration = np.maximum(unknowns[:n], 0), model.bounded(unknowns[n:])
        return problem._objective(counts, model.design(calibration), calibration, variance, ties)

    least = objective(here)
    gram = problem._information(problem._full_design() / np.sqrt(variance), ties)
    size = 1 / np.sqrt(np.diag(gram))
    rng = np.random.default_rng(0)
    directions = [*np.diag(size), *(size * rng.normal(size=(40, n + len(problem.calibration))))]
    for direction in directions:
        for step in (0.01, -0.01, 0.1, -0.1):
            assert objective(here + step * direction) > least - 0.01
    # these are long enough to see
    assert sum(objective(here + 0.3 * direction) > least + 0.02 for direction in directions) > 60


def test_derivatives_of_the_expected_spectrum_are_differences():
    """Along calibration, shifts and widths of families, and depths of edges."""
    setting = setting_of(drawn(expected(COUNTS)), NAMED, edges=(1.56, 1.839, 7.71))
    start = replace(NOMINAL, offset=0.004, gain=0.001, resolution=134.0, slope=2400.0)
    model = SumModel(setting, start)
    calibration = model.initial()
    calibration[model.n_calibration :] = 0.002
    calibration[-3:] = 0.1, 0.2, 0.3
    rng = np.random.default_rng(1)
    counts = rng.uniform(10, 100, model.n_amplitudes)
    found = model.derivatives(counts, calibration)
    assert len(found) == len(calibration)
    steps = np.full(len(calibration), 1e-5)
    steps[: model.n_calibration] = 1e-5, 1e-5, 1e-2, 1.0, 1e-3, 1e-5, 1e-5, 1e-3, 1e-3
    for i, step in enumerate(steps):
        ahead = step * np.eye(len(calibration))[i]
        # what cannot fall below 0 has a derivative on its right
        back = 0.0 if i in range(4, model.n_calibration) else 1.0
        above, below = (model.design(calibration + turn * ahead) for turn in (1.0, -back))
        difference = counts @ (above - below) / ((1 + back) * step)
        assert_allclose(found[i], difference, atol=2e-4 * np.abs(difference).max() + 1e-9)


def test_non_negative_least_squares_meet_their_conditions():
    rng = np.random.default_rng(2)
    matrix = rng.normal(size=(30, 8)) * np.geomspace(1e-3, 1e3, 8)
    gram, right = matrix.T @ matrix, matrix.T @ rng.normal(size=30)
    x = sum_fit.non_negative(gram, right)
    slope = (gram @ x - right) / np.sqrt(np.diag(gram))
    assert (x >= 0).all() and 0 < np.sum(x > 0) < 8
    assert_allclose(slope[x > 0], 0, atol=1e-8)
    assert (slope > -1e-8).all()


def test_a_fit_that_starts_where_another_ended_stays_there():
    observed = drawn(expected(COUNTS))
    first = fitted(observed, NAMED, edges=(1.56,))
    again = fitted(observed, NAMED, start=first, edges=(1.56,))
    assert_allclose(strongest(again), strongest(first), rtol=2e-3)
    assert again.detector.offset == pytest.approx(first.detector.offset, abs=2e-4)
    assert_allclose(again.shifts, first.shifts, atol=5e-4)
    assert again.chi_squared == pytest.approx(first.chi_squared, rel=0.01)


# calibration


@pytest.mark.parametrize(
    "wrong",
    [{"offset": 0.01}, {"offset": -0.012, "gain": 0.002}, {"resolution": 141.0}, {"slope": 2900.0}],
    ids=str,
)
def test_calibration_is_found(wrong):
    detector = replace(NOMINAL, **wrong)
    observed = drawn(expected(COUNTS, detector), 1)
    fit = fitted(observed, NAMED)
    energies = np.array([6.9303, 0.5249, 2.3072])
    order = [[line.name for line in fit.lines].index(name) for name in NAMES]
    assert_allclose(fit.places[order], detector.position(energies), atol=2e-3)
    widths = fit.detector.width(energies) * np.sqrt(1 + fit.widths[order])
    assert_allclose(widths, detector.width(energies), rtol=0.03)
    assert_allclose(strongest(fit), [4e4, 1e4, 8e3], rtol=0.03)
    unrefined = fitted(observed, NAMED, refine=False)
    assert unrefined.detector == NOMINAL
    assert not unrefined.shifts.any() and not unrefined.widths.any()
    assert unrefined.chi_squared > 1.5 * fit.chi_squared


@pytest.mark.parametrize(("name", "value"), [("tail", 0.06), ("escape", 1.2), ("wide", 0.3)])
def test_shapes_of_peaks_are_found(name, value):
    counts = {"Co": 4e5, "O": 1e5, "S": 2e5}
    fit = fitted(drawn(expected(counts, replace(NOMINAL, **{name: value}))), NAMED)
    assert getattr(fit.detector, name) == pytest.approx(value, rel=0.35)
    assert_allclose(strongest(fit), [4e5, 1e5, 2e5], rtol=0.03)
    assert getattr(fitted(drawn(expected(counts)), NAMED).detector, name) < 0.15 * value


def test_few_counts_leave_the_calibration_as_stated():
    fit = fitted(drawn(expected({"Co": 5, "O": 3, "S": 2}, smooth=5), 1), NAMED)
    assert abs(fit.detector.offset) < 0.02
    assert abs(fit.detector.resolution - 130) < 10
    assert np.all(fit.amplitudes >= 0) and np.isfinite(fit.amplitudes).all()


def test_a_known_calibration_is_held():
    """A peak that the lines do not explain drags it less than where it is free."""
    observed = drawn(expected({**COUNTS, "Ni": 1e4}))
    free = fitted(observed, NAMED)
    known = fitted(observed, NAMED, known=NOMINAL)
    assert abs(free.detector.gain) > 2e-3
    assert abs(known.detector.gain) < 0.7 * abs(free.detector.gain)


def test_what_is_held_stays_where_an_earlier_fit_found_it():
    counts = {name: 10 * own for name, own in COUNTS.items()}
    detector = replace(NOMINAL, offset=0.01, tail=0.06, wide=0.2)
    first = fitted(drawn(expected(counts, detector)), NAMED)
    observed = drawn(expected({**counts, "Ti": 2e5}, detector), 1)
    held = fitted(observed, NAMED, start=first, hold=True, edges=(1.56,))
    assert first.detector.tail > 0.03
    for name in ("offset", "gain", "resolution", "slope", "tail", "wide"):
        assert getattr(held.detector, name) == pytest.approx(getattr(first.detector, name))
    assert_allclose(held.shifts, first.shifts, atol=1e-6)
    assert_allclose(held.widths, first.widths, atol=1e-6)


def test_peaks_that_are_not_explained_are_left_alone_by_a_robust_fit():
    """A peak on the flank of another takes nothing from it and adds nothing."""
    there, other = expected(COUNTS), expected({**COUNTS, "Ni": 3e4})
    clean = fitted(drawn(there), NAMED, hold=True, robust=True)
    plain = fitted(drawn(other), NAMED, hold=True)
    robust = fitted(drawn(other), NAMED, hold=True, robust=True)
    near = np.abs(NOMINAL.centres - 7.2) < 0.05
    excess = [abs((fit.fitted - clean.fitted)[near].sum()) for fit in (plain, robust)]
    assert excess[1] < 0.3 * excess[0]
    assert strongest(robust)[0] == pytest.approx(4e4, rel=0.03)


def test_an_axis_that_is_far_off_ends_at_its_limit():
    detector = replace(NOMINAL, offset=0.3)
    start = replace(NOMINAL, offset=0.11)
    fit = fitted(drawn(expected({"Co": 1e6, "O": 3e5, "S": 2e5}, detector)), NAMED, start=start)
    assert {"offset", "gain"} & set(fit.at_limits)
    model = SumModel(setting_of(drawn(expected(COUNTS)), NAMED), NOMINAL)
    for index, name in enumerate(("offset", "gain", "resolution", "slope")):
        far = 1e6 * (np.arange(len(model.initial())) == index)
        assert model.at_limits(model.bounded(far)) == model.at_limits(model.bounded(-far)) == [name]
    assert fitted(drawn(expected(COUNTS)), NAMED).at_limits == []


# what is there and what is not


def test_an_empty_spectrum_has_no_lines():
    fit = fitted(np.zeros(1024), NAMED)
    assert np.isfinite(fit.fitted).all() and np.isfinite(fit.errors).all()
    assert fit.amplitudes.sum() < 1e-3


def test_absent_elements_have_no_counts_within_an_error_that_covers():
    fits = [fitted(drawn(expected(COUNTS), seed), [*NAMED, "Cr", "P", "Ge"]) for seed in range(20)]
    for name in ("Cr_Ka", "P_Ka", "Ge_Ka"):
        found = np.array([amplitudes(fit)[name] for fit in fits])
        stated = np.array([errors(fit)[name] for fit in fits])
        assert found.max() < 100
        assert np.mean(found < 2 * stated) >= 0.9
        assert stated.max() < 60


def test_misfit_is_what_the_model_lacks():
    """Of peaks that are distorted by 5 % of their height."""
    mean = expected({"Co": 1e6, "O": 4e5, "S": 4e5})
    energy = NOMINAL.centres
    distorted = mean * (1 + 0.05 * np.sqrt(2) * np.sin(2 * np.pi * energy / 0.047))
    fit = fitted(drawn(distorted), NAMED)
    assert fit.misfit == pytest.approx(0.05, rel=0.5)
    right = fitted(drawn(mean), NAMED)
    assert right.misfit < 0.02
    assert errors(fit)["Co_Ka"] > 1.5 * errors(right)["Co_Ka"]
    assert fit.least_errors[0] < fit.errors[0]


# continuum and sum peaks


def test_the_continuum_cannot_pass_for_a_line():
    """Of a line of 10,000 counts, a fit without it leaves most of the peak."""
    fit = fitted(expected({"Ti": 1e4}, smooth=2000), ["Co"])
    peak = np.abs(NOMINAL.centres - 4.51) < 0.1
    assert (fit.observed - fit.fitted)[peak].sum() > 0.8 * fit.observed[peak].sum()


def test_continuum_shapes_are_smooth_and_positive():
    shapes = continuum_shapes(NOMINAL, BEAM, USED)
    assert shapes.min() >= 0
    assert_allclose(shapes.max(axis=1), 1)
    assert not shapes[:, ~USED].any()
    total = shapes.sum(axis=0)[USED]
    assert np.all(total > 0)


@pytest.mark.parametrize("depth", [0.0, 0.2, 0.5])
def test_depths_of_absorption_edges_are_found(depth):
    observed = drawn(expected(COUNTS, steps=[(4.5, depth)], smooth=3e5))
    fit = fitted(observed, NAMED, edges=(4.5,))
    assert fit.depths[0] == pytest.approx(depth, abs=0.05)
    assert fit.edges == (4.5,)
    right = continuum(total=3e5, steps=[(4.5, depth)])
    assert_allclose(fit.continuum[USED], right[USED], rtol=0.1, atol=10)


def test_sum_peaks_lie_where_two_energies_add_up():
    """Whatever the axis and its offset."""
    detector = replace(NOMINAL, edges=NOMINAL.edges - 0.13, offset=0.04)
    centres = detector.centres
    observed = np.zeros(1024)
    first, second = np.searchsorted(centres, (1.2, 3.0))
    observed[first], observed[second] = 1.0, 2.0
    shape = pile_up_shape(observed, detector, np.ones(1024, bool))
    energies = centres[[first, second]] - detector.offset
    places = detector.offset + np.array([2 * energies[0], energies.sum(), 2 * energies[1]])
    heights = [shape[np.abs(centres - place) < 0.015].sum() for place in places]
    assert_allclose(heights / heights[2], [0.25, 1.0, 1.0], rtol=1e-6)
    assert shape.sum() == pytest.approx(sum(heights))


def test_sum_peaks_are_fitted_where_they_are_allowed_for():
    observed = drawn(expected(COUNTS, piled=0.02))
    with_sums, without = (fitted(observed, NAMED, pile_up=allowed) for allowed in (True, False))
    assert with_sums.pile_up[USED].sum() == pytest.approx(0.02 * observed.sum(), rel=0.3)
    assert not without.pile_up.any()
    assert with_sums.chi_squared < without.chi_squared - 100


def test_all_counts_are_of_lines_continuum_or_sum_peaks():
    fit = fitted(drawn(expected(COUNTS, piled=0.02)), NAMED, pile_up=True, edges=(1.56,))
    parts = fit.amplitudes @ fit.line_shapes + fit.continuum + fit.pile_up
    assert_allclose(fit.fitted, parts, rtol=1e-9)
    assert fit.fitted[USED].sum() == pytest.approx(fit.observed[USED].sum(), rel=0.01)


# symmetries


def test_lines_may_come_in_any_order():
    observed = drawn(expected(COUNTS))
    setting = setting_of(observed, NAMED)
    other = replace(setting, lines=lines_of("S", "O", "Co"))
    first, second = (sum_fit.fit_sum_spectrum(each) for each in (setting, other))
    assert_allclose(strongest(second), strongest(first), rtol=1e-4)
    assert_allclose(second.fitted, first.fitted, rtol=1e-3, atol=0.1)


def test_channels_that_are_not_used_do_not_matter():
    observed = drawn(expected(COUNTS))
    used = USED & ~((NOMINAL.centres > 3) & (NOMINAL.centres < 4))
    spoiled = np.where(used, observed, 1e6)
    clean, other = (
        sum_fit.fit_sum_spectrum(replace(setting_of(each, NAMED), used=used))
        for each in (observed, spoiled)
    )
    assert_allclose(strongest(other), strongest(clean), rtol=1e-9)
