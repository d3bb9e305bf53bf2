"""What the fit of EDS spectra says, and when it gives no maps."""

import logging
from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
from slow_repeats import slow

from eds.spectrum.synthetic import (
    LONG,
    NOMINAL,
    drawn,
    expected,
    explained,
    explanation_of,
    fitted,
    line_counts,
)
from hyperspy_multimodal.eds.fit_report import (
    check_calibration,
    goodness,
    report,
    strongest_peaks,
)
from hyperspy_multimodal.eds.spectrum.explanation import HiddenElement
from hyperspy_multimodal.eds.spectrum.free_peaks import UnassignedPeak
from hyperspy_multimodal.eds.unnamed_overlaps import overlaps
from hyperspy_multimodal.written_numbers import plain as plain_number

pytestmark = pytest.mark.filterwarnings("error")

COUNTS = {"Co": 4e4, "O": 1e4, "S": 8e3}
NAMED = list(COUNTS)


@cache
def plain():
    return explanation_of(fitted(drawn(expected(COUNTS)), NAMED))


@cache
def with_wolfram():
    """Silicon over the M lines of tungsten, which is not named, and whose L lines are there."""
    truth = {"Fe": 2e4, "Si": 2e4}
    return explained(drawn(expected({**truth, "W": 2e4}, LONG)), list(truth), LONG)


def texts(
    caplog,
    explanation,
    names=("Co_Ka", "S_Ka"),
    totals=(4e4, 8e3),
    level=logging.WARNING,
    correlation=None,
):
    """What is logged at a level."""
    found = SimpleNamespace(
        explanation=explanation,
        plan=SimpleNamespace(names=list(names)),
        totals=np.array(totals),
        total_errors=np.full(len(totals), 100.0),
        correlation=np.eye(len(totals)) if correlation is None else correlation,
    )
    caplog.clear()
    with caplog.at_level(logging.INFO, logger="hyperspy_multimodal"):
        report(found)
    return [record.getMessage() for record in caplog.records if record.levelno == level]


# the axis


def test_an_axis_that_was_found_is_accepted():
    for detector in (NOMINAL, replace(NOMINAL, offset=0.06, gain=-0.01)):
        fit = fitted(drawn(expected(COUNTS, detector)), NAMED, start=detector)
        check_calibration(explanation_of(fit))


@pytest.mark.parametrize(("offset", "gain"), [slow(0.3, 0.0), slow(-0.2, 0.0), (0.0, 0.04)])
def test_an_axis_that_cannot_be_found_is_refused(offset, gain):
    """Where it would have to be, where peaks are, and where they were expected, is said."""
    detector = replace(NOMINAL, offset=offset, gain=gain)
    found = explained(drawn(expected(COUNTS, detector)), NAMED, detector, candidates=())
    with pytest.raises(ValueError, match="do not fit the spectrum") as raised:
        check_calibration(found)
    text = str(raised.value)
    assert f"move by {1e3 * offset:+.0f} eV and {100 * gain:+.1f} %" in text.replace("-0.0", "+0.0")
    said = (
        text.split("strongest peaks of the summed spectrum are at ")[1].split(" keV")[0].split(", ")
    )
    for energy in (2.307, 6.930):
        place = detector.position(energy)
        assert np.abs(np.array(said, dtype=float) - place).min() < 0.03
    for line in ("Co_Ka 6.93", "O_Ka 0.52", "S_Ka 2.31"):
        assert line in text
    assert "Co_Kb" not in text
    assert "refine_calibration=False" in text and "set_elements" in text


def test_a_resolution_at_its_limit_is_no_reason_to_refuse():
    explanation = plain()
    limited = replace(explanation.fit, at_limits=["resolution", "slope"])
    check_calibration(replace(explanation, fit=limited))
    with pytest.raises(ValueError, match="do not fit"):
        check_calibration(replace(explanation, fit=replace(limited, at_limits=["gain"])))


def test_an_axis_that_is_kept_is_not_judged():
    detector = replace(NOMINAL, gain=0.04)
    found = explained(
        drawn(expected(COUNTS, detector)), NAMED, detector, refine=False, candidates=()
    )
    check_calibration(found)


def test_the_strongest_peaks_are_those_of_the_axis_as_it_is():
    detector = replace(NOMINAL, offset=0.08)
    fit = fitted(drawn(expected({"Co": 4e4, "Ti": 3e4, "S": 2e4}, detector)), ["Co"])
    found = strongest_peaks(fit)
    for energy in (2.307, 4.511, 6.930):
        assert np.abs(found - energy - 0.08).min() < 0.02
    assert list(found) == sorted(found) and len(found) == 5


def test_channels_that_are_not_used_have_no_peaks():
    observed = drawn(expected(COUNTS)) + 1e6 * NOMINAL.shapes([0.1])[0]
    found = strongest_peaks(fitted(observed, NAMED))
    assert found.min() > 0.4


# messages


def test_a_good_fit_of_what_is_named_warns_of_nothing(caplog):
    assert texts(caplog, plain()) == []
    (text,) = texts(caplog, plain(), level=logging.INFO)
    assert text.startswith("The fit of the summed spectrum is good")


def test_peaks_of_no_element_are_named(caplog):
    peaks = [
        UnassignedPeak(4.51, 3000.0, 40.0, ["Ti_Ka"]),
        UnassignedPeak(3.03, 700.0, 9.0, []),
    ]
    (text,) = texts(caplog, replace(plain(), peaks=peaks))
    assert "4.51 keV (3,000 counts: Ti_Ka?); 3.03 keV (700 counts: no element fits)" in text
    assert "add_elements" in text


def test_more_peaks_than_can_be_give_one_message_that_lists_none(caplog):
    peaks = [UnassignedPeak(1.0 + i, 3000.0, 40.0, ["Ti_Ka"]) for i in range(12)]
    (text,) = texts(caplog, replace(plain(), peaks=peaks[:11]))
    assert "Ti_Ka" in text
    (text,) = texts(caplog, replace(plain(), peaks=peaks))
    assert "12 peaks or more" in text and "Do not trust the maps" in text
    assert "Ti_Ka" not in text
    (text,) = texts(caplog, replace(plain(), peaks=peaks), level=logging.INFO)
    assert "wrong" in text


def test_a_hidden_element_is_reported_with_its_candidates(caplog):
    hidden = [HiddenElement("Mo_La", 2.8e4, ["S_Ka", "Tl_Ma"])]
    (text,) = texts(caplog, replace(plain(), hidden=hidden))
    assert text.startswith(
        "Lines of Mo alone do not fit the spectrum: about 28,000 counts near Mo_La"
    )
    assert "near Mo_La may come from S_Ka or Tl_Ma. If that element" in text


def test_elements_that_are_not_there_are_listed(caplog):
    (text,) = texts(caplog, plain(), totals=(4e4, 350.0))
    assert "Totals are uncertain by 29 % (S_Ka), including" in text and "Co_Ka" not in text
    (text,) = texts(caplog, plain(), totals=(4e4, 250.0))
    assert text.startswith("Not found")
    assert "S_Ka (250 ± 100 counts)" in text and "Co_Ka" not in text


def test_lines_that_share_their_noise_are_named(caplog):
    shared = np.array([[1.0, -0.8], [-0.8, 1.0]])
    (text,) = texts(caplog, plain(), correlation=shared)
    assert text.startswith("Co_Ka and S_Ka overlap: the correlation of their noise is -0.80")
    assert texts(caplog, plain(), correlation=np.sqrt(np.abs(0.4 * shared))) == []
    assert texts(caplog, plain(), correlation=np.zeros((2, 2))) == []  # there are no counts


def test_elements_of_the_instrument_are_listed_and_those_that_take_counts_are_warned_of(caplog):
    explanation = with_wolfram()
    counts = explanation.instrument_elements["W"]
    more = {"totals": (2 * counts, 8e3)}
    infos = texts(caplog, explanation, level=logging.INFO, **more)
    said = f"elements of the instrument: W ({plain_number(counts)} counts)"
    assert any(said in text for text in infos)
    assert texts(caplog, explanation, **more) == []  # no mapped line is concerned
    (text,) = texts(caplog, explanation, names=("Co_Ka", "Si_Ka"), **more)
    assert "Lines of W, which is not among the elements, overlap Si_Ka" in text
    assert "are subtracted from the map" in text
    assert "If this estimate is wrong, so is the map." in text


def test_an_element_of_the_instrument_with_the_largest_peaks_is_warned_of(caplog):
    explanation = with_wolfram()
    counts = explanation.instrument_elements["W"]
    (text,) = texts(caplog, explanation, totals=(0.99 * counts, 8e3))
    assert text.startswith("The largest peaks are of W, which is not mapped")
    assert texts(caplog, explanation, totals=(1.01 * counts, 8e3)) == []


@pytest.mark.parametrize(("counts", "level"), [(6e3, logging.WARNING), (250, logging.INFO)])
def test_elements_that_nobody_named_are_told_and_how_to_map_them(caplog, counts, level):
    found = explained(drawn(expected({**COUNTS, "Ti": counts})), NAMED)
    (text,) = [each for each in texts(caplog, found, level=level) if "those of the signal" in each]
    assert f"Ti ({plain_number(found.other_elements['Ti'])} counts)" in text
    assert "s.add_elements(('Ti',))" in text


def test_what_lies_under_a_mapped_line_is_counted():
    """All lines of tungsten within a width of Si Ka, and the counts of both."""
    (found,) = overlaps(with_wolfram(), ["Si_Ka"], [2e4])
    near = {name: own for name, own in line_counts({"W": 2e4}, LONG).items() if name == "W_Ma"}
    assert found.counts == pytest.approx(near["W_Ma"], rel=0.15)
    assert found.total == pytest.approx(2e4 + found.counts, rel=0.1)
    assert (found.element, found.line, found.evidence) == ("W", "Si_Ka", "W_La")
    (fewer,) = overlaps(with_wolfram(), ["Si_Ka"], [1.8e4])  # in a narrower window
    assert fewer.total - fewer.counts == pytest.approx(1.8e4)
    assert fewer.counts == pytest.approx(0.9 * found.counts)


def test_lines_that_stand_apart_overlap_with_nothing():
    found = explained(drawn(expected({**COUNTS, "Cu": 3e3})), NAMED)
    assert [each.element for each in found.unnamed] == ["Cu"]
    assert overlaps(found, [f"{each}_Ka" for each in NAMED], [1e4] * len(NAMED)) == []


@pytest.mark.parametrize(
    ("misfit", "word"),
    [(0.015, "good"), (0.03, "good"), (0.05, "fair"), (0.1, "fair"), (0.11, "poor")],
)
def test_how_good_a_fit_is_said_in_words(misfit, word):
    explanation = plain()
    text = goodness(replace(explanation, fit=replace(explanation.fit, misfit=misfit)))
    assert f"is {word}: peaks deviate from the model by about {100 * misfit:.0f} % of their" in text


def test_the_movement_of_the_axis_and_unknown_counts_are_told():
    explanation = plain()
    moved = replace(explanation.fit.detector, offset=0.0123, gain=-0.0045)
    lines = [line._replace(element="") if line.name == "O_Ka" else line
             for line in explanation.fit.lines]  # fmt: skip
    fit = replace(explanation.fit, detector=moved, lines=lines)
    text = goodness(replace(explanation, fit=fit))
    assert text.endswith("The energy axis was shifted by +12 eV and stretched by -0.45 %.")
    order = [line.name for line in lines].index("O_Ka")
    share = fit.amplitudes[order] / fit.amplitudes.sum()
    assert f"{100 * share:.1f} % of the X-ray line counts belong to no element" in text
    assert "to no element" not in goodness(explanation)
