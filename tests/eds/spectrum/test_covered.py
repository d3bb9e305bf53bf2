"""Elements that nobody named and that have no line but under a named one."""

from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
from slow_repeats import slow

from hyperspy_multimodal.eds.fit_report import report
from hyperspy_multimodal.eds.spectrum.explain import explain
from hyperspy_multimodal.eds.spectrum.total_errors import total_covariance
from hyperspy_multimodal.notes import gathered
from hyperspy_multimodal.physics.lines import element_lines
from hyperspy_multimodal.recovery.verdict import CARE, NOT_TRUSTED, SOUND, verdicts_of

from .synthetic import NOMINAL, USED, drawn, expected, limits_of

SCANNING = 8.0  # keV, beam energy of a scanning electron microscope


def family(name, counts):
    element, shell = name.split("_")
    lines = element_lines(element, 0.2, 10.0)
    return {line.name: counts * line.weight for line in lines if line.family == shell}


def seen(families, named, beam_energy=SCANNING, smooth=2e4):
    """The explanation of a spectrum of families of lines, found once for all tests."""
    return _seen(tuple(families.items()), tuple(named), beam_energy, smooth)


@cache
def _seen(families, named, beam_energy, smooth):
    lines = {k: v for name, counts in families for k, v in family(name, counts).items()}
    observed = drawn(expected({}, NOMINAL, smooth, lines=lines), 1)
    used = USED & (NOMINAL.centres < beam_energy)
    return explain(observed, used, NOMINAL, list(named), beam_energy)


def verdict(explanation, name):
    limits = limits_of(name)
    covariance = total_covariance(explanation, NOMINAL, [name], limits)
    found = SimpleNamespace(
        explanation=explanation,
        plan=SimpleNamespace(names=[name]),
        totals=np.array([explanation.family_counts(name)]),
        total_errors=np.sqrt(np.diag(covariance)),
        correlation=np.eye(1),
    )
    with gathered() as notes:
        report(found)
    return verdicts_of([name], notes)[0], found


CASES = [
    ("P_K", "Ir_M", ["P", "Ca", "O"], {"Ca_K": 1e4, "O_K": 1e4}),
    slow("Si_K", "W_M", ["Si", "O"], {"O_K": 1e4}),
    slow("P_K", "Pt_M", ["P", "Ca", "O"], {"Ca_K": 1e4, "O_K": 1e4}),
    slow("S_K", "Mo_L", ["S", "O"], {"O_K": 1e4}),
]


@pytest.mark.parametrize(("named", "beneath", "elements", "others"), CASES)
def test_an_element_without_another_line_is_told_by_the_shape_of_the_peak(
    named, beneath, elements, others
):
    line = f"{named}a"
    found = seen({named: 1e4, beneath: 6e3, **others}, elements)
    (hidden,) = found.hidden
    assert hidden.line == line and hidden.is_shown
    assert f"{beneath}a" in hidden.candidates
    truth = sum(family(beneath, 6e3).values())
    assert abs(hidden.counts - truth) < 0.5 * truth
    # the total is wrong by what is hidden, and its error says so
    judged, measured = verdict(found, line)
    assert judged.verdict != SOUND and beneath.split("_")[0] in judged.texts[0] + judged.texts[-1]
    excess = measured.totals[0] - sum(family(named, 1e4).values())
    assert 0 < excess < 2.5 * measured.total_errors[0]
    assert "not found" not in judged.words


@pytest.mark.parametrize(("named", "beneath", "elements", "others"), CASES)
def test_nothing_is_said_where_nothing_is_hidden(named, beneath, elements, others):
    found = seen({named: 1e4, **others}, elements)
    assert found.hidden == []


def test_what_the_spectrum_leaves_open_is_named_and_limits_the_verdict():
    """Few counts do not tell zinc L from sodium K, and zinc has no other line."""
    families = {"Na_K": 700.0, "Zn_L": 450.0, "O_K": 1e3, "Cl_K": 700.0}
    found = seen(families, ["Na", "O", "Cl"], smooth=1e4)
    (hidden,) = found.hidden
    assert hidden.line == "Na_Ka" and hidden.candidates == ["Zn_La"] and not hidden.is_shown
    judged, _ = verdict(found, "Na_Ka")
    assert judged.verdict == CARE
    assert any("Zn_La could be hidden under Na_Ka" in text for text in judged.texts)


def test_a_line_elsewhere_on_the_axis_excludes_an_element():
    """With 30 keV electrons iridium would show its L lines; without them it is no candidate."""
    named, others = ["P", "Ca", "O"], {"Ca_K": 1e4, "O_K": 1e4}
    low = seen({"P_K": 1e4, "Ir_M": 6e3, **others}, named)
    high = seen({"P_K": 1e4, "Ir_M": 6e3, **others}, named, beam_energy=30.0)
    assert [each.candidates[0] for each in low.hidden] == ["Ir_Ma"]
    assert not any("Ir_Ma" in each.candidates for each in high.hidden)


def test_most_of_a_line_that_is_anothers_is_not_to_be_trusted():
    found = seen({"P_K": 1e4, "Ir_M": 1e4, "Ca_K": 1e4, "O_K": 1e4}, ["P", "Ca", "O"])
    assert verdict(found, "P_Ka")[0].verdict == NOT_TRUSTED
    open_ = [replace(each, is_shown=False) for each in found.hidden]
    assert verdict(replace(found, hidden=open_), "P_Ka")[0].verdict == CARE
