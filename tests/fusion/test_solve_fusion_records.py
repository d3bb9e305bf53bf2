"""What the solver says about its own work: cost terms, iterations, stopping, callback."""

import logging

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from hyperspy_multimodal.fusion import solve_fusion

from .problems import problem, sloping

with_gammas = pytest.mark.parametrize("gamma", [0.7, 1, 1.7, 2.5])


def known_problem(gamma=1.7, lambdas=(0.1, 0.1)):
    shape = (2, 9, 11)
    background = sloping(shape, 0.3, 1)
    return problem(shape, level=7, background=background, gamma=gamma, lambdas=lambdas)


@with_gammas
@pytest.mark.parametrize("lambdas", [(0.1, 0.1), ([0.02, 0.3], [0.1, 0.0])])
def test_cost_terms_are_those_of_the_maps(lambdas, gamma):
    known = known_problem(gamma, lambdas)
    result = solve_fusion(**known, tolerance=1e-3)
    terms = naive.cost(result.maps, **known)
    assert result.cost_terms[:, -1] == pytest.approx(terms, rel=1e-5)
    assert result.cost == pytest.approx(terms.sum(), rel=1e-6)


@with_gammas
def test_cost_terms_of_every_record_are_those_of_its_maps(gamma):
    known, seen = known_problem(gamma), []
    result = solve_fusion(
        **known, tolerance=1e-9, max_iterations=35, callback=lambda *told: seen.append(told)
    )
    assert len(seen) == result.cost_terms.shape[1] - 1
    told = zip(seen, result.cost_terms.T[1:], strict=True)
    for (_, maps, _), terms in told:
        assert terms == pytest.approx(naive.cost(maps, **known), rel=1e-5)


@with_gammas
def test_the_cost_ends_no_higher_than_it_starts(gamma):
    for lambdas in [(0.5, 0.5), (0.1, 0.1), (0.01, 0.01)]:
        result = solve_fusion(**known_problem(gamma, lambdas))
        assert result.cost <= result.cost_terms[:, 0].sum()


@with_gammas
@pytest.mark.parametrize("totals", [None, [110.0, 70.0]])
def test_the_cost_of_a_restart_never_rises(totals, gamma):
    """Not even from a start that a few more iterations cannot improve."""
    known = known_problem(gamma) | {"totals": totals}
    result = solve_fusion(**known, max_iterations=3000, tolerance=1e-5)
    for max_iterations in (1, 2, 5, 10):
        again = solve_fusion(**known, initial=result, max_iterations=max_iterations, tolerance=1e-9)
        assert again.cost <= again.cost_terms[:, 0].sum()
        expected = naive.cost(again.maps, **known_problem(gamma)).sum()
        assert again.cost == pytest.approx(expected, rel=2e-5)
        result = again


def test_records_are_every_tenth_iteration_from_0_to_the_last_for_a_callback():
    result = solve_fusion(
        **known_problem(), tolerance=1e-9, max_iterations=35, callback=lambda *told: False
    )
    assert_array_equal(result.cost_iterations, [0, 10, 20, 30, 35])
    assert result.iterations == 35
    assert result.cost_terms.shape == (3, 5)
    assert result.optimality_history.shape == (5,)
    assert result.optimality_history[-1] == result.optimality


def test_far_from_the_tolerance_there_are_fewer_records_of_the_same_iterations():
    every, fewer = (
        solve_fusion(**known_problem(), tolerance=1e-9, max_iterations=155, callback=callback)
        for callback in (lambda *told: False, None)
    )
    assert_array_equal(every.maps, fewer.maps)
    assert len(fewer.cost_iterations) < 0.6 * len(every.cost_iterations)
    at = np.searchsorted(every.cost_iterations, fewer.cost_iterations)
    assert_array_equal(every.cost_iterations[at], fewer.cost_iterations)
    assert_array_equal(every.optimality_history[at], fewer.optimality_history)


@pytest.mark.parametrize("tolerance", [1e-2, 1e-3, 1e-4])
def test_fewer_records_hardly_take_more_iterations(tolerance):
    every, fewer = (
        solve_fusion(**known_problem(), tolerance=tolerance, max_iterations=2000, callback=callback)
        for callback in (lambda *told: False, None)
    )
    assert every.iterations <= fewer.iterations <= 1.3 * every.iterations + 10


def test_it_stops_at_the_first_record_within_the_tolerance():
    result = solve_fusion(**known_problem(), tolerance=1e-3)
    assert result.converged
    assert result.optimality <= 1e-3
    assert np.all(result.optimality_history[:-1] > 1e-3)
    assert result.iterations == result.cost_iterations[-1]


def test_a_tighter_tolerance_is_met_by_a_lower_cost():
    loose, tight = (solve_fusion(**known_problem(1), tolerance=t) for t in (3e-2, 1e-6))
    assert tight.iterations > loose.iterations
    assert tight.cost < loose.cost


def test_no_warning_when_it_converges(caplog):
    with caplog.at_level(logging.WARNING):
        assert solve_fusion(**known_problem(), tolerance=1e-2).converged
    assert not caplog.records


def test_a_warning_says_what_was_reached_and_what_to_do(caplog):
    with caplog.at_level(logging.WARNING):
        result = solve_fusion(**known_problem(), max_iterations=1, tolerance=1e-5)
    assert not result.converged
    assert result.iterations == 1
    (record,) = caplog.records
    assert record.name.startswith("hyperspy_multimodal")
    for part in ("1 iterations", f"{result.optimality:.1e}", "1.0e-05", "max_iterations"):
        assert part in record.getMessage()


def test_the_callback_is_told_iteration_maps_and_optimality():
    seen = []
    result = solve_fusion(
        **known_problem(),
        tolerance=1e-9,
        max_iterations=25,
        callback=lambda *told: seen.append(told),
    )
    iterations, maps, optimality = zip(*seen, strict=True)
    assert list(iterations) == [10, 20, 25]
    assert list(optimality) == list(result.optimality_history[1:])
    assert_array_equal(maps[-1], result.maps)


def test_the_callback_can_stop_it(caplog):
    result = solve_fusion(
        **known_problem(), tolerance=1e-9, callback=lambda iteration, *_: iteration == 20
    )
    assert result.iterations == 20
    assert not result.converged


def test_the_callback_gets_a_copy():
    def spoil(iteration, maps, optimality):
        maps[:] = -1

    spoiled = solve_fusion(**known_problem(), max_iterations=40, callback=spoil)
    assert_array_equal(spoiled.maps, solve_fusion(**known_problem(), max_iterations=40).maps)


def test_totals_change_the_maps_but_not_what_the_terms_mean():
    known = known_problem(1)
    result = solve_fusion(**known, totals=[250.0, 110.0])
    assert result.cost_terms[:, -1] == pytest.approx(naive.cost(result.maps, **known), rel=1e-5)
    assert_allclose(result.maps.sum(axis=(1, 2), dtype=np.float64), [250, 110], rtol=1e-2)


def test_numbers_of_the_result_are_plain():
    """So they are written as such wherever they are recorded."""
    result = solve_fusion(**known_problem())
    for name, kind in {"optimality": float, "iterations": int, "converged": bool}.items():
        assert type(getattr(result, name)) is kind
