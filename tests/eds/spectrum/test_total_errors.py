"""How well totals of elements are known."""

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hyperspy_multimodal.eds.fitted_spectra import XrayProjection
from hyperspy_multimodal.eds.spectrum.element_templates import element_templates, window_shares
from hyperspy_multimodal.eds.spectrum.total_errors import total_covariance

from .synthetic import (
    LONG,
    drawn,
    expected,
    explanation_of,
    fitted,
    limits_of,
    line_counts,
    lines_of,
)

pytestmark = pytest.mark.filterwarnings("error")

#: Sulfur under molybdenum, iron beside manganese, phosphorus that is not there.
COUNTS = {"Mo": 2e4, "S": 2e4, "Mn": 1e4, "Fe": 8e3, "O": 5e3}
NAMED = [*COUNTS, "P"]
NAMES = ["Mo_Ka", "S_Ka", "Mn_Ka", "Fe_Ka", "O_Ka", "P_Ka"]
LIMITS = limits_of(*NAMES, detector=LONG)
LINES = lines_of(*NAMED, detector=LONG)
SHARES = np.array([
    window_shares(LINES, LONG, limit) * [line.element == name.split("_")[0] for line in LINES]
    for name, limit in zip(NAMES, LIMITS, strict=True)
])  # fmt: skip


def totals_of(observed):
    fit = fitted(observed, NAMED, LONG)
    explanation = explanation_of(fit)
    templates = element_templates(explanation, LONG, NAMES, LIMITS)
    plan = SimpleNamespace(detector=LONG, names=NAMES, windows_in_kev=LIMITS)
    return XrayProjection(plan, explanation, templates, 1)


def varied(rng, factor=1.0):
    """Counts of lines whose weights are off by a tenth, and families by a factor."""
    plain = line_counts(COUNTS, LONG)
    strongest, families = {}, {}
    for line in LINES:
        key = line.element, line.family
        if line.weight > getattr(strongest.get(key), "weight", 0.0):
            strongest[key] = line
        families.setdefault(key, np.exp(0.4 * factor * rng.normal()))
    of_weights = {"K": 0.07, "L": 0.1, "M": 0.15}
    found = {}
    for line in LINES:
        if line.name in plain:
            key = line.element, line.family
            off = line is not strongest[key]
            weight = np.exp(off * factor * of_weights[line.family] * rng.normal())
            ratio = 1.0 if line.family == "K" else families[key]
            found[line.name] = plain[line.name] * weight * ratio
    return found


def in_windows(by_name):
    return SHARES @ [by_name.get(line.name, 0.0) for line in LINES]


@pytest.fixture(scope="module")
def draws():
    """Truth, totals and their errors of 45 spectra, each with line weights of its own."""
    found = []
    for seed in range(45):
        truth = varied(np.random.default_rng(1000 + seed))
        total = totals_of(drawn(expected({}, LONG, lines=truth), seed))
        found.append([in_windows(truth), total.totals, total.total_errors])
    return np.array(found)


def test_errors_cover_the_truth_in_95_of_100_draws(draws):
    pulls = (draws[:, 1] - draws[:, 0]) / draws[:, 2]
    assert 0.9 < np.mean(np.abs(pulls) < 1.96) <= 1.0
    for own in pulls.T:
        assert np.mean(np.abs(own) < 1.96) >= 0.85
        assert abs(own.mean()) < 0.6
    # and are no larger than they have to be
    assert np.mean(pulls**2) > 0.3


def test_an_error_without_overlap_is_little_more_than_that_of_counts(draws):
    error = dict(zip(NAMES, draws[:, 2].mean(axis=0), strict=True))
    total = dict(zip(NAMES, draws[:, 1].mean(axis=0), strict=True))
    for name in ("Mn_Ka", "Fe_Ka"):
        assert 1 < error[name] / np.sqrt(total[name]) < 2.5
    # and that of two elements in one peak is much more
    assert error["S_Ka"] > 4 * np.sqrt(total["S_Ka"])


def test_an_absent_element_has_no_counts_within_its_error(draws):
    found, stated = draws[:, 1, -1], draws[:, 2, -1]
    assert np.abs(found.mean()) < 2 * stated.mean()
    assert np.mean(np.abs(found) < 1.96 * stated) > 0.85
    assert stated.mean() < 300


def test_the_covariance_is_one():
    found = totals_of(drawn(expected(COUNTS, LONG)))
    covariance = found.covariance
    assert covariance.shape == (6, 6)
    assert_allclose(covariance, covariance.T, rtol=1e-9, atol=1e-6)
    assert np.linalg.eigvalsh(covariance).min() > 0
    # what molybdenum gains, sulfur loses
    order = [NAMES.index(name) for name in ("Mo_Ka", "S_Ka")]
    correlation = covariance[tuple(order)] / np.sqrt(np.prod(np.diag(covariance)[order]))
    assert -1 < correlation < 0.05


def test_counts_beyond_the_model_make_totals_less_certain():
    mean = expected(COUNTS, LONG)
    fit = fitted(0.85 * mean + 0.15 * np.roll(mean, 6), NAMED, LONG, refine=False)
    explanation = explanation_of(fit)
    beyond = total_covariance(explanation, LONG, NAMES, LIMITS)
    beyond = beyond - SHARES @ fit.covariance @ SHARES.T
    moved = SHARES @ explanation.attribution.moved
    energy = LONG.centres
    smooth = [fit.continuum[(energy > low) & (energy < high)].sum() for low, high in LIMITS]
    under = smooth * np.array([0.1 if name == "O_Ka" else 0.03 for name in NAMES])
    expected_beyond = np.diag((0.5 * moved) ** 2 + under**2)
    assert_allclose(beyond, expected_beyond, rtol=1e-6, atol=1e-6)
    assert np.count_nonzero(moved > 10) >= 3 and np.all(under > 1)


def test_errors_grow_with_the_root_of_few_counts():
    few, many = (
        totals_of(drawn(expected({n: f * c for n, c in COUNTS.items()}, LONG, smooth=f * 2e4)))
        for f in (0.01, 0.1)
    )
    order = [NAMES.index(name) for name in ("Mn_Ka", "Fe_Ka")]
    ratio = (many.total_errors / few.total_errors)[order]
    assert_allclose(ratio, np.sqrt(10), rtol=0.25)
