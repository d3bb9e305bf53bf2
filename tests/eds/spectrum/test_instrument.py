"""Elements of the instrument: found where they are, and not where they are not."""

from types import SimpleNamespace

import numpy as np
import pytest
from slow_repeats import alternating, slow

from hyperspy_multimodal.eds.spectrum.instrument import (
    INSTRUMENT_ELEMENTS,
    candidates_beside,
    evidence,
    stands_apart,
)

from .synthetic import (
    BEAM,
    LONG,
    NOMINAL,
    USED,
    amplitudes,
    drawn,
    errors,
    expected,
    explained,
    fitted,
    line_counts,
    lines_of,
    used_by,
)

pytestmark = pytest.mark.filterwarnings("error")

COUNTS = {"Co": 4e4, "O": 1e4, "S": 8e3}
NAMED = list(COUNTS)
#: A light element, and a heavy one of the instrument that hides under it but for its other lines.
PAIRS = [("S", "Mo", "Mo_La", 3e4), ("Si", "W", "W_Ma", 2e4), ("P", "Au", "Au_Ma", 2e4)]


# which may be there


def test_named_elements_are_no_candidates():
    found = candidates_beside(NAMED, NOMINAL, USED, BEAM)
    assert not set(found) & set(NAMED)
    assert set(found) <= set(INSTRUMENT_ELEMENTS)
    assert {"C", "Cu", "Ga", "Si"} <= set(found)


def test_only_lines_that_stand_apart_speak_for_an_element():
    """Mo La lies under S Ka, and Ka of molybdenum beyond the axis or on it."""
    assert "Mo" not in candidates_beside(["S"], NOMINAL, USED, BEAM)
    assert candidates_beside(["S"], LONG, used_by(LONG), BEAM)["Mo"] == ["Mo_Ka"]
    assert "Mo_La" in candidates_beside(["Co"], LONG, used_by(LONG), BEAM)["Mo"]


def test_lines_that_the_beam_cannot_excite_speak_for_nothing():
    assert "Mo" not in candidates_beside(["S"], LONG, used_by(LONG), 15.0)


def test_other_elements_may_be_asked_for():
    found = candidates_beside(["Co"], NOMINAL, USED, BEAM, ["Ti", "Co", "Cu"])
    assert set(found) == {"Ti", "Cu"}


def test_low_lines_of_heavier_elements_do_not_hide_carbon():
    """Those of calcium and potassium are bound by their K lines."""
    assert "C" in candidates_beside(["Ca"], NOMINAL, USED, BEAM)
    assert "C" in candidates_beside(["K"], NOMINAL, USED, BEAM)


@pytest.mark.parametrize(
    ("weight", "widths", "apart"),
    [(1.0, 1.4, False), (1.0, 1.6, True), (0.1, 0.9, False), (0.1, 1.1, True), (0.01, 0.1, True)],
)
def test_the_stronger_a_line_is_the_farther_another_has_to_be(weight, widths, apart):
    width = float(NOMINAL.width(4.0))
    lines = [SimpleNamespace(energy=4.0 + sign * widths * width, weight=weight) for sign in (1, -1)]
    assert all(stands_apart(4.0, [line], NOMINAL) == apart for line in lines)


def test_light_elements_may_lie_nearer():
    width = float(NOMINAL.width(0.277))
    line = SimpleNamespace(energy=0.277 + 0.8 * width, weight=1.0)
    assert stands_apart(0.277, [line], NOMINAL, is_light=True)
    assert not stands_apart(0.277, [line], NOMINAL)


# evidence


def test_evidence_is_the_most_significant_line_that_stands_apart():
    fit = fitted(drawn(expected({**COUNTS, "Cu": 3e3})), [*NAMED, "Cu"])
    found = evidence(fit, "Cu", ["Cu_Ka", "Cu_Kb", "Cu_La"])
    assert found.line == "Cu_Ka" and found.element == "Cu"
    assert found.counts == amplitudes(fit)["Cu_Ka"]
    assert np.sqrt(3e3) < found.error < 3 * np.sqrt(3e3)
    assert found.significance == found.counts / found.error
    assert evidence(fit, "Cu", []) is None
    assert evidence(fit, "Cu", ["Cu_Kb"]).line == "Cu_Kb"


def test_strong_neighbours_make_evidence_weaker():
    """5 % of another peak at the same place proves nothing."""
    alone = fitted(drawn(expected({"Cu": 1e4})), ["Cu"])
    beside = fitted(drawn(expected({"Cu": 1e4, "Ni": 1e6})), ["Cu", "Ni"])
    first, second = (evidence(fit, "Cu", ["Cu_Ka"]) for fit in (alone, beside))
    assert second.significance < 0.5 * first.significance


@alternating(seed=range(3))
def test_nothing_is_found_where_all_elements_are_named(seed):
    found = explained(drawn(expected(COUNTS), 10 + seed), NAMED)
    assert found.unnamed == [] and found.peaks == [] and found.hidden == []
    assert not found.pile_up


@alternating(element=["Cu", "Ga", "C", "Si"])
def test_elements_of_the_instrument_need_no_names_and_take_no_counts_of_others(element):
    truth = {**COUNTS, element: 3e3}
    found = explained(drawn(expected(truth), 5), NAMED)
    assert [each.element for each in found.unnamed] == [element]
    assert found.peaks == [] and found.hidden == []
    by_name, stated = amplitudes(found.fit), errors(found.fit)
    for name, counts in (("Co_Ka", 4e4), ("O_Ka", 1e4), ("S_Ka", 8e3)):
        assert abs(by_name[name] - counts) < 3 * stated[name]
    whole = sum(own for name, own in line_counts(truth).items() if name.startswith(f"{element}_"))
    assert found.instrument_elements[element] == pytest.approx(whole, rel=0.12)


@pytest.mark.parametrize(
    ("light", "heavy", "under", "counts"), [PAIRS[1], slow(*PAIRS[0]), slow(*PAIRS[2])]
)
def test_heavy_elements_take_nothing_where_they_are_not(light, heavy, under, counts):
    truth = {"Fe": 2e4, "O": 1e4, light: 2e4}
    found = explained(drawn(expected(truth, LONG)), list(truth), LONG)
    assert found.unnamed == [] and found.peaks == []
    name = f"{light}_Ka"
    assert abs(amplitudes(found.fit)[name] - 2e4) < 3 * errors(found.fit)[name]
    assert errors(found.fit)[name] < 300


@pytest.mark.parametrize(("light", "heavy", "under", "counts"), [*PAIRS[:2], slow(*PAIRS[2])])
def test_heavy_elements_take_their_share_where_their_other_lines_are(light, heavy, under, counts):
    truth = {"Fe": 2e4, "O": 1e4, light: 2e4}
    mean = expected({**truth, heavy: counts}, LONG)
    found = explained(drawn(mean), list(truth), LONG)
    assert [each.element for each in found.unnamed] == [heavy]
    assert found.unnamed[0].line.split("_")[1] in ("Ka", "La")
    by_name, stated = amplitudes(found.fit), errors(found.fit)
    assert by_name[under] == pytest.approx(counts, rel=0.15)
    for name, own in ((under, counts), (f"{light}_Ka", 2e4)):
        assert abs(by_name[name] - own) < 3 * stated[name]
    # without those other lines all is the light element's
    alone = [line for line in lines_of(heavy, detector=LONG) if line.name == under]
    assert alone and by_name[f"{light}_Ka"] < 2e4 + 0.15 * counts


def test_one_line_is_no_element_where_its_others_are_missing():
    """Arsenic Ka lies on lead La, and nothing lies on lead Lb."""
    found = explained(drawn(expected({**COUNTS, "As": 5e3}, LONG)), NAMED, LONG)
    assert "Pb" not in found.instrument_elements
    assert list(found.other_elements) == ["As"]


def test_elements_are_not_looked_for_if_they_are_not_to_be():
    """Their peaks are then of no element."""
    found = explained(drawn(expected({**COUNTS, "Si": 3e3})), NAMED, candidates=())
    assert found.unnamed == []
    (peak,) = found.peaks
    assert peak.energy == pytest.approx(1.74, abs=0.01)
    assert peak.candidates[0] == "Si_Ka"
    assert not any(name.startswith("Yb") for name in peak.candidates)
