"""Windows that would give wrong counts in silence are named."""

import re

import numpy as np
import pytest

from hyperspy_multimodal.data import core_shell
from hyperspy_multimodal.eds.xray_windows import plan_windows
from hyperspy_multimodal.lazy import read_now
from hyperspy_multimodal.notes import gathered


@pytest.fixture(scope="module")
def signal():
    return core_shell((12, 10), counts=5).signal


def warnings_of(signal, logged, lines=None, windows=2.0):
    plan_windows(signal, lines, windows, None)
    return {record.getMessage() for record in logged.records}


def test_a_window_that_the_axis_cuts_is_named(signal, logged):
    (message,) = warnings_of(signal.isig[:6.95], logged, ["Co_Ka", "S_Ka"])
    assert message.startswith("The integration window of Co_Ka")
    assert "beyond the energy axis" in message


def test_lines_that_share_a_window_are_named(signal, logged):
    messages = warnings_of(signal, logged, ["Co_Ka", "S_Ka", "Pb_Ma", "Mo_La"])
    named = [message.split(" windows of ")[1].split(" overlap")[0] for message in messages]
    pairs = {frozenset(each.split(" and ")) for each in named}
    assert pairs == {
        frozenset(pair) for pair in (("S_Ka", "Pb_Ma"), ("S_Ka", "Mo_La"), ("Pb_Ma", "Mo_La"))
    }


def test_windows_that_only_touch_are_fine(signal, logged):
    assert warnings_of(signal, logged) == set()
    apart = np.array([[6.8, 7.0], [0.4, 0.6], [0.6, 2.4]])
    assert warnings_of(signal, logged, windows=apart) == set()


@pytest.mark.parametrize(("lines", "uncertain"), [(["Co_Ka", "S_Ka"], False), (None, True)])
def test_totals_of_windows_with_large_errors_are_named(lines, uncertain):
    """Lines of cobalt lie close to that of oxygen, and add to its windows where it is mapped."""
    specimen = core_shell((24, 24), counts=50)
    with gathered() as notes:
        read_now(specimen.signal, plan_windows(specimen.signal, lines, 2.0, "auto"))
    said = [note for note in notes if note.kind == "uncertain total"]
    named = {name for note in said for name in note.about}
    assert named == ({"O_Ka"} if uncertain else set())
    if uncertain:
        assert said[0].about["O_Ka"] > 0.3 and "overlapping lines" in said[0].text


def missed(offset, counts=50):
    """Return the note on missed counts, and the reading, of an axis that is off by so much."""
    signal = core_shell((24, 24), counts=counts).signal
    signal.axes_manager[-1].offset += offset
    with gathered() as notes:
        reading = read_now(signal, plan_windows(signal, ["Co_Ka", "S_Ka"], 2.0, "auto"))
    found = [note for note in notes if note.kind == "missed counts"]
    return found[0] if found else None, reading


@pytest.mark.parametrize("counts", [0.3, 3, 50])
def test_windows_on_a_correct_axis_miss_nothing(counts):
    note, reading = missed(0.0, counts)
    assert note is None
    noise = np.sqrt(reading.maps.net_variance.sum(axis=(1, 2)))
    assert (reading.missed <= noise + 0.01 * reading.maps.net.sum(axis=(1, 2))).all()


@pytest.mark.parametrize("offset", [-0.05, 0.05])
def test_windows_that_cut_peaks_are_named_and_their_errors_hold_what_is_missed(offset):
    note, reading = missed(offset)
    _, right = missed(0.0)
    lost = 1 - reading.maps.net.sum(axis=(1, 2)) / right.maps.net.sum(axis=(1, 2))
    assert lost[1] > 0.07
    assert note.about["S_Ka"] == pytest.approx(lost[1], abs=0.03)
    (found,) = re.findall(r"are ([+-]\d+) eV", note.text)
    assert float(found) == pytest.approx(1e3 * offset, abs=3)
    totals = right.maps.net.sum(axis=(1, 2))
    errors = np.array(reading.record["total_errors"])
    assert (errors > 0.8 * lost * totals).all()


@pytest.mark.parametrize("offset", [0.14, 0.3])
def test_an_axis_that_is_not_found_is_named(offset):
    note, reading = missed(offset)
    assert "do not fit the spectrum" in note.text and reading.missed is None


def test_windows_around_the_peaks_are_fine():
    signal = core_shell((24, 24), counts=50).signal
    _, right = missed(0.0)
    plan = plan_windows(signal, ["Co_Ka", "S_Ka"], 2.0, "auto")
    signal.axes_manager[-1].offset += 0.04
    with gathered() as notes:
        moved = plan_windows(signal, plan.names, plan.windows + 0.04, plan.sides + 0.04)
        reading = read_now(signal, moved)
    assert not [note for note in notes if note.kind == "missed counts"]
    assert reading.maps.net.sum() == right.maps.net.sum()
