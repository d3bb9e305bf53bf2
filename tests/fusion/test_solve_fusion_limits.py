"""Limits in which the minimiser is known, and degenerate data."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize

from hyperspy_multimodal.fusion import solve_fusion

from .problems import problem, without

SHAPE = (2, 6, 9)


def counted(**known):
    return problem(SHAPE, level=5, background=0.8, **known)


@pytest.mark.parametrize("gamma", [0.7, 1, 1.7])
def test_without_haadf_and_total_variation_the_maps_are_the_net_counts(gamma):
    known = counted(gamma=gamma, weights=0, lambdas=(0.3, 0))
    maps = solve_fusion(**known, tolerance=1e-7).maps
    assert_allclose(maps, np.maximum(known["counts"] - 0.8, 0), atol=2e-3)


def test_a_huge_total_variation_without_haadf_gives_the_mean_net_counts():
    known = counted(weights=0, lambdas=(1, 10))
    maps = solve_fusion(**known, tolerance=1e-7, max_iterations=5000).maps
    means = known["counts"].mean(axis=(1, 2)) - 0.8
    assert np.ptp(maps, axis=(1, 2)) == pytest.approx(0, abs=1e-4)
    assert_allclose(maps.mean(axis=(1, 2)), means, rtol=1e-4)


def test_a_huge_total_variation_gives_the_best_constants():
    known = counted(lambdas=(0.05, 1))
    maps = solve_fusion(**known, tolerance=1e-7, max_iterations=5000).maps

    def cost(constants):
        return naive.cost(np.broadcast_to(naive.by_map(constants), SHAPE), **known).sum()

    best = minimize(cost, [1.0, 1.0], bounds=[(0, None)] * 2, options={"ftol": 1e-14}).x
    assert np.ptp(maps, axis=(1, 2)) == pytest.approx(0, abs=1e-4)
    assert_allclose(maps.mean(axis=(1, 2)), best, rtol=5e-3)


def test_a_strong_haadf_term_makes_the_model_meet_the_haadf():
    known = counted(lambdas=(1e-4, 0))
    maps = solve_fusion(**known, max_iterations=3000).maps
    reached = naive.haadf_residual(maps, known["haadf"], known["weights"], 0.1, 1)
    lit = known["haadf"] > 0.3  # elsewhere x >= 0 keeps the model above a noisy HAADF
    assert np.abs(reached[lit]).max() < 0.01


@pytest.mark.parametrize("lambda_1", [1e-1, 1e-2, 1e-3, 1e-4])
@pytest.mark.parametrize("lambda_2", [0, 1e-5, 1])
@pytest.mark.parametrize("weights", ["fitted", 0])
def test_it_converges_however_weak_the_total_variation_of_an_element(weights, lambda_2, lambda_1):
    """A weak total variation must not make steps so long that float32 loses the HAADF residual."""
    known = problem(
        (2, 9, 11),
        level=6,
        background=0.5,
        weights=weights,
        lambdas=(lambda_1, [lambda_1 * lambda_2, lambda_1]),
    )
    assert solve_fusion(**known).converged


def test_a_weak_haadf_term_leaves_the_counts_alone():
    known = counted(lambdas=(1e5, 0))
    maps = solve_fusion(**known, tolerance=1e-7).maps
    assert_allclose(maps, np.maximum(known["counts"] - 0.8, 0), atol=2e-3)


@pytest.mark.parametrize("n_maps", [1, 2, 3, 4, 5, 6, 16])
@pytest.mark.parametrize("gamma", [0.5, 1, 1.7, 3])
def test_any_number_of_elements_converges(gamma, n_maps):
    known = problem((n_maps, 8, 7), level=9, background=0.5, gamma=gamma, lambdas=(0.1, 0.1))
    result = solve_fusion(**known)
    assert result.converged
    assert result.maps.shape == (n_maps, 8, 7)


@pytest.mark.parametrize("gamma", [1, 1.7])
def test_an_element_without_counts_stays_empty(gamma):
    known = counted(gamma=gamma, lambdas=(0.2, 0.1))
    known["counts"][1] = 0
    known["weights"][1] = 0.0
    result = solve_fusion(**known)
    assert result.converged
    assert_allclose(result.maps[1], 0, atol=1e-5)
    assert result.maps[0].max() > 1


@pytest.mark.parametrize("gamma", [1, 1.7])
@pytest.mark.parametrize("background", [0.0, 0.5])
def test_no_counts_at_all_give_empty_maps(background, gamma):
    """A HAADF that its pedestal explains asks for nothing either."""
    result = solve_fusion(
        np.zeros(SHAPE),
        np.full(SHAPE[1:], 0.3),
        gamma=gamma,
        lambdas=(0.1, 0.1),
        background=background,
        offset=0.3,
    )
    assert result.converged
    assert_array_equal(result.maps, 0)


@pytest.mark.parametrize("gamma", [1, 1.7])
@pytest.mark.parametrize("level", [0.0, 0.4])
def test_a_constant_haadf_is_no_obstacle(level, gamma):
    known = counted(gamma=gamma, lambdas=(0.1, 0.1)) | {"haadf": np.full(SHAPE[1:], level)}
    result = solve_fusion(**known)
    assert result.converged
    assert np.all(np.isfinite(result.maps))
    assert result.cost <= result.cost_terms[:, 0].sum()


def test_an_element_without_weight_is_fused_as_if_alone():
    known = counted(weights=[0.2, 0.0], lambdas=(0.1, 0.1))
    together = solve_fusion(**known, tolerance=1e-6).maps[1]
    alone = without(known, "counts", "weights") | {"counts": known["counts"][1:], "weights": 0.0}
    assert_allclose(together, solve_fusion(**alone, tolerance=1e-6).maps[0], atol=0.02)


def test_totals_of_maps_without_net_counts_are_kept():
    """Even where the start, all 0, would be cheaper."""
    counts = np.zeros((1, 8, 9))
    result = solve_fusion(
        counts, counts[0], gamma=1, lambdas=(0.1, 0.1), background=1.0, totals=[20.0]
    )
    assert result.maps.sum() == pytest.approx(20, rel=1e-5)


@pytest.mark.parametrize("brightness", [1, 1e3, 1e6])
def test_a_haadf_without_weight_does_not_make_convergence_look_nearer(brightness):
    known = counted(gamma=1, lambdas=(0.2, 0.1)) | {"weights": 0.0}
    known["haadf"] = brightness * known["haadf"]
    result = solve_fusion(**known)
    expected = solve_fusion(**known | {"haadf": 0 * known["haadf"]})
    assert result.iterations == expected.iterations
    assert_allclose(result.maps, expected.maps)


@pytest.mark.parametrize("brightness", [1, 1e3])
def test_nor_does_a_haadf_below_its_pedestal(brightness):
    """It asks for empty maps, and has them only to the tolerance when that is met."""
    known = counted(gamma=1, lambdas=(0.2, 0.1))
    known["haadf"] = -brightness * np.ones_like(known["haadf"])
    loose, tight = (solve_fusion(**known, tolerance=tolerance) for tolerance in (1e-4, 1e-6))
    assert loose.converged
    assert_allclose(loose.maps, tight.maps, atol=0.02 * max(tight.maps.max(), 1))


@pytest.mark.parametrize("lambdas", [(1e300, 0.1), (0.1, 1e300)])
def test_costs_that_float32_cannot_hold_are_refused(lambdas):
    with pytest.raises(ValueError, match="beyond float32"):
        solve_fusion(**counted(gamma=1, lambdas=lambdas))


@pytest.mark.parametrize("max_iterations", [1, 2, 3, 10])
def test_maps_never_forbid_counts_that_were_measured(max_iterations):
    """Without background a map of 0 where there are counts has an infinite cost."""
    rng = np.random.default_rng(3)
    counts = rng.poisson(2, (3, 20, 24))
    haadf = rng.uniform(0, 0.01, (20, 24))
    for gamma in (1, 1.7):
        result = solve_fusion(
            counts, haadf, gamma=gamma, lambdas=(1e-5, 1e-5), max_iterations=max_iterations
        )
        assert np.all(result.maps[counts > 0] > 0)


@pytest.mark.parametrize(("level", "gamma"), [(1000, 2), (1000, 3), (1e6, 3), (1e4, 1)])
def test_a_start_far_from_the_haadf_does_not_make_convergence_look_nearer(level, gamma):
    """Uniform counts and HAADF: the best maps are a scan over one number away."""
    counts, haadf = np.full((1, 8, 8), float(level)), np.ones((8, 8))
    result = solve_fusion(counts, haadf, gamma=gamma, lambdas=(1, 0.1))
    x = np.geomspace(1e-3, 2, 200_001) * level
    best = np.min(0.5 * (1 - x**gamma) ** 2 + x - level * np.log(x)) * 64
    assert not result.converged or result.cost - best <= 0.01 * abs(best)


@pytest.mark.parametrize("total", [1e-9, 0.3, 40.0])
def test_totals_of_dark_elements_are_met_exactly(total):
    counts = np.ones((1, 6, 7))
    result = solve_fusion(
        counts, counts[0], gamma=1, lambdas=(0.1, 0.0), background=5.0, totals=[total]
    )
    assert result.maps.sum() == pytest.approx(total, rel=1e-5)


def test_a_single_pixel_does_not_care_for_total_variation():
    known = {"counts": [[[5]], [[3]]], "haadf": [[1.0]], "gamma": 1, "weights": (0.5, 0.05)}
    strong = solve_fusion(**known, lambdas=(1e-4, 1.0), background=0.3)
    none = solve_fusion(**known, lambdas=(1e-4, 0.0), background=0.3)
    assert_allclose(strong.maps, none.maps)
    assert strong.converged
