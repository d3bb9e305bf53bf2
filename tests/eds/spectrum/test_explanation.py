"""A summed spectrum explained as a whole."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from slow_repeats import slow

from hyperspy_multimodal.eds.spectrum.attribution import attribute

from .synthetic import (
    LONG,
    NOMINAL,
    USED,
    amplitudes,
    drawn,
    errors,
    expected,
    explained,
    explanation_of,
    fitted,
    line_counts,
    lines_of,
)

pytestmark = pytest.mark.filterwarnings("error")

COUNTS = {"Co": 4e4, "O": 1e4, "S": 8e3}
NAMED = list(COUNTS)
MANY = "Mg Zn As Na F K Sc Ti V Ge Sr Rh Sb I Cs Nd Gd Er Lu".split()


# edges and sum peaks


@pytest.mark.parametrize("depth", [0.2, pytest.param(0.5, marks=pytest.mark.slow)])
def test_absorption_edges_are_no_peaks(depth):
    """Of cobalt, and of the light shield, where many counts of continuum show them."""
    steps = [(7.71, depth), (1.56, depth)]
    found = explained(drawn(expected(COUNTS, smooth=2e5, steps=steps), 3), NAMED)
    assert found.unnamed == [] and found.peaks == [] and found.hidden == []
    depths = dict(zip(np.round(found.fit.edges, 1), found.fit.depths, strict=True))
    assert depths[1.6] == pytest.approx(depth, abs=0.12)
    assert depths[7.7] == pytest.approx(depth, abs=0.2)
    for name, truth in (("Co_Ka", 4e4), ("S_Ka", 8e3)):
        assert abs(amplitudes(found.fit)[name] - truth) < 3 * errors(found.fit)[name]


def test_edges_are_fitted_only_where_they_could_be_seen():
    few, many = (
        explained(drawn(expected({"Co": 300, "O": 100}, smooth=smooth)), ["Co", "O"], candidates=())
        for smooth in (200, 2e4)
    )
    assert few.fit.edges == () and len(many.fit.edges) >= 2


@pytest.mark.parametrize(("piled", "there"), [(0.0, False), (0.02, True)])
def test_sum_peaks_are_found_where_they_are(piled, there):
    mean = expected(COUNTS, piled=piled)
    found = explained(drawn(mean, 2), NAMED)
    assert found.pile_up == there
    assert found.peaks == [] and found.unnamed == []
    assert found.fit.pile_up.any() == there
    if there:
        share = found.fit.pile_up[USED].sum() / found.fit.observed[USED].sum()
        assert share == pytest.approx(piled, rel=0.3)
    told = explained(drawn(mean, 2), NAMED, pile_up=not there, refine=False, candidates=())
    assert told.pile_up != there


# elements that are not there, and others that are


def test_absent_elements_have_about_no_counts():
    found = explained(drawn(expected(COUNTS), 4), [*NAMED, "Cr", "P", "Ge", "Zn"])
    by_name, stated = amplitudes(found.fit), errors(found.fit)
    for name in ("Cr_Ka", "P_Ka", "Ge_Ka", "Zn_Ka"):
        assert by_name[name] < 2.5 * stated[name] + 1
        assert 3 < stated[name] < 60
    for name, truth in (("Co_Ka", 4e4), ("O_Ka", 1e4), ("S_Ka", 8e3)):
        assert abs(by_name[name] - truth) < 3 * stated[name]


@pytest.mark.parametrize(
    "detector",
    [pytest.param(NOMINAL, id="10 keV"), pytest.param(LONG, id="20 keV", marks=pytest.mark.slow)],
)
def test_an_element_that_hides_under_another_is_named(detector):
    """S Ka under Mo La: the other lines of Mo say how much of the peak it can be."""
    observed = drawn(expected({"Mo": 3e4, "O": 1e4, "S": 3e4}, detector))
    found = explained(observed, ["Mo", "O"], detector)
    (hidden,) = found.hidden
    assert hidden.line == "Mo_La"
    assert hidden.candidates[0] == "S_Ka"
    assert hidden.counts == pytest.approx(3e4, rel=0.15)
    named = explained(observed, ["Mo", "O", "S"], detector, candidates=())
    assert named.hidden == []


@pytest.mark.parametrize(
    ("named", "beneath"),
    [
        ("In", "K_Ka"),
        slow("S", "Mo_La"),
        slow("Y", "P_Ka"),
        slow("Zr", "Y_La"),
    ],
)
def test_a_strong_element_without_a_line_apart_is_told(named, beneath):
    """It cannot be told from the named one: the counts are the named one's, with a warning."""
    counts = {named: 1e4, "O": 1e4, "Co": 1e4, beneath.split("_")[0]: 5e4}
    found = explained(drawn(expected(counts)), [named, "O", "Co"])
    (hidden,) = found.hidden
    assert hidden.line in (f"{named}_Ka", f"{named}_La")
    assert beneath in hidden.candidates
    element, family = beneath.split("_")[0], beneath.split("_")[1][0]
    own = line_counts({element: 5e4})
    beneath = sum(own[line.name] for line in lines_of(element) if line.family == family)
    assert hidden.counts == pytest.approx(beneath, rel=0.25)
    assert found.other_elements == {}


def test_an_element_with_any_line_apart_is_found():
    """Titanium's K lines lie under barium's L lines; its own L lines lie apart."""
    found = explained(drawn(expected({"Ba": 1e4, "O": 1e4, "Ti": 5e4})), ["Ba", "O"])
    assert list(found.other_elements) == ["Ti"] and found.hidden == []
    for name, counts in (("Ba_La", 1e4), ("O_Ka", 1e4), ("Ti_Ka", 5e4)):
        assert amplitudes(found.fit)[name] == pytest.approx(counts, rel=0.06)


def test_a_wrong_model_is_called_wrong():
    coarse = replace(NOMINAL, edges=(np.arange(513) - 0.5) * 0.02)
    counts = {**COUNTS, **dict.fromkeys(MANY, 5e3)}
    found = explained(drawn(expected(counts, coarse)), NAMED, coarse, candidates=())
    assert found.has_wrong_model and len(found.peaks) == 12


# symmetries and limits


def test_elements_may_be_named_in_any_order():
    observed = drawn(expected({**COUNTS, "Cu": 3e3}))
    first, second = (explained(observed, names) for names in (NAMED, NAMED[::-1]))
    one, other = amplitudes(first.fit), amplitudes(second.fit)
    for name in ("Co_Ka", "O_Ka", "S_Ka", "Cu_Ka"):
        assert other[name] == pytest.approx(one[name], rel=2e-3)
    assert [each.element for each in second.unnamed] == ["Cu"]


def test_the_spectrum_is_left_as_it_was():
    observed = drawn(expected(COUNTS))
    before, used = observed.copy(), USED.copy()
    explained(observed, NAMED, candidates=())
    assert np.array_equal(observed, before) and np.array_equal(used, USED)


@pytest.mark.parametrize("total", [0, 30, 1000])
def test_few_counts_are_no_elements(total):
    """Nor is none of them a reason to fail."""
    counts = {name: total * own / 6e4 for name, own in COUNTS.items()}
    observed = drawn(expected(counts, smooth=total / 3))
    found = explained(observed, NAMED)
    fit = found.fit
    assert found.unnamed == [] and found.peaks == [] and found.hidden == []
    assert np.isfinite(fit.amplitudes).all() and np.isfinite(fit.errors).all()
    assert fit.amplitudes.sum() < 1.3 * observed[USED].sum() + 1e-3
    assert fit.misfit < 0.05


def test_no_element_needs_to_be_named():
    found = explained(drawn(expected({"Co": 4e4, "O": 1e4})), [])
    assert {each.element for each in found.unnamed} == {"Co", "O"}
    assert amplitudes(found.fit)["Co_Ka"] == pytest.approx(4e4, rel=0.03)


# what an explanation tells


def test_counts_of_an_element_are_those_of_all_its_lines():
    found = explanation_of(fitted(drawn(expected(COUNTS)), NAMED))
    whole = sum(own for name, own in line_counts(COUNTS).items() if name.startswith("Co_"))
    assert found.counts_of("Co") == pytest.approx(whole, rel=0.03)
    assert found.counts_of("Ti") == 0
    assert found.instrument_elements == {}
    every = sum(found.counts_of(element) for element in NAMED)
    assert every == pytest.approx(found.attribution.lines.sum())


@pytest.mark.parametrize(("factor", "found"), [(1.0, []), (2.5, []), (30.0, ["L"])])
def test_a_family_far_above_its_cross_section_is_of_another_element(factor, found):
    fit = fitted(drawn(expected(COUNTS)), NAMED)
    low = np.array([line.name.startswith("Co_L") for line in fit.lines])
    changed = replace(fit, amplitudes=np.where(low, factor * fit.amplitudes, fit.amplitudes))
    explanation = replace(explanation_of(fit), fit=changed, attribution=attribute(changed))
    assert explanation.foreign_families("Co", "K") == found
    assert explanation.foreign_families("O", "K") == []
    assert explanation.foreign_families("Ti", "K") == []


def test_a_family_with_large_errors_is_not_called_foreign():
    fit = fitted(drawn(expected(COUNTS)), NAMED)
    low = np.array([line.name.startswith("Co_L") for line in fit.lines])
    uncertain = fit.covariance + np.diag(np.where(low, (8 * fit.amplitudes) ** 2, 0))
    changed = replace(
        fit,
        amplitudes=np.where(low, 30 * fit.amplitudes, fit.amplitudes),
        covariance=uncertain,
    )
    assert replace(explanation_of(fit), fit=changed).foreign_families("Co", "K") == []
    assert_allclose(changed.errors[low] > 5 * changed.amplitudes[low] / 30, True)
