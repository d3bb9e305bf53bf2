"""Sums by brightness of the HAADF and over strips: what messages, record and verdict say."""

from types import SimpleNamespace

import numpy as np
import pytest

from hyperspy_multimodal import fuse_maps
from hyperspy_multimodal.notes import gathered
from hyperspy_multimodal.recovery.summary import one_summary
from hyperspy_multimodal.recovery.sums_by_brightness import (
    say_what_was_moved_back,
    warn_of_wrong_sums,
)
from hyperspy_multimodal.recovery.verdict import verdicts_of
from hyperspy_multimodal.selection.brightness_bands import Bands
from hyperspy_multimodal.selection.lost_structure import Lost
from hyperspy_multimodal.selection.other_maps import OfOtherMap
from hyperspy_multimodal.selection.rings import Rings
from hyperspy_multimodal.selection.strips import strips_of
from hyperspy_multimodal.selection.wrong_ranges import Ranges

SIDE = 48
KEPT = np.ones((2, SIDE, SIDE))
ROWS, COLS = np.indices((SIDE, SIDE))
DOME = np.sqrt(np.clip(1 - np.hypot(ROWS - 21, COLS - 26) / 18, 0, 1))
NAMES = ["Cu_Ka", "Zn_Ka"]
WORDS = "sums over parts of the scan differ"


def lost(element, counts, fused, errors):
    bands = Bands(DOME + 0.001 * ROWS)
    ranges = Ranges([bands], (0, 0, bands.dark - 1), np.ones((SIDE, SIDE), bool))
    return Lost(element, ranges, 0, ranges.pixels(), errors, counts, fused, is_shown=True)


def in_strips(element, counts, fused, errors):
    ranges = Ranges(strips_of((SIDE, SIDE)), (1, 0, 2), np.ones((SIDE, SIDE), bool))
    return Lost(element, ranges, 0, ranges.pixels(), errors, counts, fused, is_shown=True)


def scan_of(totals):
    return SimpleNamespace(names=NAMES, gains=np.array([1.0, 0.5]), totals=np.array(totals))


def test_sums_that_remain_wrong_are_named_in_counts_and_call_for_care():
    maps = scan_of(totals=[9000.0, 9000.0])
    with gathered() as notes:
        warn_of_wrong_sums(maps, [lost(1, 100.0, 300.0, -6.5)])
    sound, care = verdicts_of(NAMES, notes)
    assert sound.verdict == "sound" and care.verdict == "with care"
    assert care.words == [WORDS]
    [text] = care.texts
    assert "Zn_Ka (150 instead of 50 in the darkest " in text
    assert "6.5 standard errors" in text
    assert "gamma" not in text
    with gathered() as notes:
        warn_of_wrong_sums(maps, [lost(1, 100.0, 300.0, -6.5)], may_try_gammas=True)
    assert notes[0].text.endswith("use sums of the raw maps, or try gamma='auto'.")


DIM = "sums over dim parts differ"


def test_small_sums_that_are_wrong_by_much_of_themselves_are_a_remark(caplog):
    maps = scan_of(totals=[9000.0, 11_000.0])
    with caplog.at_level("INFO", "hyperspy_multimodal"), one_summary() as notes:
        warn_of_wrong_sums(maps, [lost(1, 100.0, 300.0, -6.5)])
        copper, zinc = verdicts_of(NAMES, notes)
        notes.fusions.append(([copper, zinc], "used"))
    assert zinc.verdict == copper.verdict == "sound"
    assert zinc.words == [DIM] and not copper.words
    [note] = notes
    assert zinc.texts == [note.text]
    assert "150 instead of 50 in the darkest " in note.text
    assert ", a difference of 1.8 % of the total, 6.5 standard errors" in note.text
    assert {record.levelname for record in caplog.records} == {"INFO"}


def test_a_map_to_take_with_care_has_all_sums_that_are_wrong_by_much_in_one_message():
    maps = scan_of(totals=[9000.0, 11_000.0])
    wrong = [lost(0, 100.0, 300.0, -6.5), in_strips(0, 100.0, 250.0, -5.0)]
    with gathered() as notes:
        warn_of_wrong_sums(maps, wrong)
    [note] = notes
    assert note.kind == "wrong sums" and "250 instead of 100" in note.text
    assert verdicts_of(NAMES, notes)[0].words == [WORDS]


def test_sums_that_are_wrong_by_little_of_themselves_are_only_logged_at_info(caplog):
    maps = scan_of(totals=[9000.0, 30_000.0])
    with gathered() as notes, caplog.at_level("INFO", "hyperspy_multimodal"):
        warn_of_wrong_sums(maps, [lost(0, 100.0, 300.0, -6.5), lost(1, 1000.0, 1150.0, -6.5)])
    assert [each.words for each in verdicts_of(NAMES, notes)] == [[WORDS], []]
    [note] = notes
    assert "Zn_Ka" not in note.text
    [record] = caplog.records
    assert record.levelname == "INFO"
    assert "Zn_Ka" in record.getMessage() and "Cu_Ka" not in record.getMessage()


@pytest.mark.parametrize("share", [0.001, 0.01, 0.03, 0.1, 0.5])
@pytest.mark.parametrize("counts", [-50.0, 0.0, 10.0, 1000.0])
def test_every_message_on_wrong_sums_is_beside_the_verdict_of_its_maps(counts, share):
    """No map is sound without a word of which a message says that its sums are wrong."""
    maps = scan_of(totals=[10_000.0, 10_000.0])
    with gathered() as notes:
        warn_of_wrong_sums(maps, [lost(0, counts, counts + 10_000 * share, -6.0)])
    copper, zinc = verdicts_of(NAMES, notes)
    assert bool(copper.words) == bool(notes) and not zinc.words
    if 10_000 * share > 0.2 * abs(counts):
        assert notes


@pytest.mark.parametrize(
    ("counts", "fused", "verdict"),
    [(1200.0, 1316.0, "with care"), (1200.0, 1250.0, "sound"), (400.0, 440.0, "sound")],
)
def test_sums_that_are_wrong_by_a_large_share_of_what_is_there_call_for_care(
    counts, fused, verdict
):
    with gathered() as notes:
        warn_of_wrong_sums(scan_of(totals=[10_000.0, 1.0]), [lost(0, counts, fused, -6.0)])
    assert verdicts_of(NAMES, notes)[0].verdict == verdict


def test_sums_over_strips_are_named_with_those_by_brightness():
    maps = scan_of(totals=[9000.0, 9000.0])
    both = [lost(0, 100.0, 300.0, -6.5), in_strips(1, 300.0, 600.0, -4.5)]
    with gathered() as notes:
        warn_of_wrong_sums(maps, [*both, lost(1, 1000.0, 1800.0, -5.0)])
    assert [each.words for each in verdicts_of(NAMES, notes)] == [[WORDS], [WORDS]]
    [note] = notes
    assert "Zn_Ka (900 instead of 500 in the darkest " in note.text
    assert "; 300 instead of 150 in columns 0 to 23, 4.5 standard errors)" in note.text
    assert "Cu_Ka (300 instead of 100 in the darkest " in note.text
    with gathered() as notes:
        say_what_was_moved_back(maps, both, KEPT)
    by_brightness, across = (each.text for each in notes)
    assert "Cu_Ka" in by_brightness and "Zn_Ka" not in by_brightness
    now = 10 * round(0.05 * len(both[1].pixels[0]))
    assert f"Zn_Ka (300 instead of 150, now {now}, in columns 0 to 23, 4.5 standard" in across


def test_sums_where_another_map_is_bright_call_for_care():
    maps = scan_of(totals=[9000.0, 9000.0])
    parts = OfOtherMap(DOME, "Zn_Ka")
    ranges = Ranges([parts], (0, 1, 1), np.ones((SIDE, SIDE), bool))
    wrong = Lost(0, ranges, 0, ranges.pixels(), -6.5, 300.0, 600.0, is_shown=True)
    with gathered() as notes:
        warn_of_wrong_sums(maps, [wrong])
    assert [each.words for each in verdicts_of(NAMES, notes)] == [[WORDS], []]
    assert "Cu_Ka (600 instead of 300 in the bright pixels of the map of Zn_Ka" in notes[0].text
    with gathered() as notes:
        say_what_was_moved_back(maps, [wrong], KEPT)
    now = (
        f", now {10 * round(0.1 * len(wrong.pixels[0]))}, in the bright pixels of the map of Zn_Ka"
    )
    assert f"Cu_Ka (600 instead of 300{now}" in notes[0].text


def test_sums_over_rings_call_for_care():
    maps = scan_of(totals=[9000.0, 9000.0])
    rings = Rings(DOME, "the HAADF")
    first = int(np.flatnonzero(rings.limits == 0)[0]) + 1
    ranges = Ranges([rings], (0, first, first), np.ones((SIDE, SIDE), bool))
    wrong = Lost(0, ranges, 0, ranges.pixels(), -6.5, 300.0, 600.0, is_shown=True)
    where = "in the pixels up to 2.5 pixels outside the bright regions"
    with gathered() as notes:
        warn_of_wrong_sums(maps, [wrong])
    assert [each.words for each in verdicts_of(NAMES, notes)] == [[WORDS], []]
    assert where in notes[0].text
    with gathered() as notes:
        say_what_was_moved_back(maps, [wrong], KEPT)
    [note] = notes
    assert where in note.text and ", now " in note.text and "`rings_restored`" in note.text


def test_nothing_is_said_of_sums_that_are_right():
    with gathered() as notes:
        warn_of_wrong_sums(None, [])
        say_what_was_moved_back(None, [], KEPT)
    assert not notes


@pytest.fixture(scope="module")
def smoothed_too_much():
    truth = np.stack([30 * DOME + 0.2, np.full((SIDE, SIDE), 9.0)])
    counts = np.random.default_rng(0).poisson(truth)
    options = {"gamma": 1.0, "lambdas": (1.0, 60.0), "weights": [0, 0], "gain": 1.0}

    def fused(**more):
        named = dict(zip(NAMES, counts, strict=True))
        given = {"show_progressbar": False, "full_output": True, "pedestal": 0.0}
        maps, output = fuse_maps(named, DOME, **given, **options, **more)
        return np.stack([each.data for each in maps]), output

    return counts, truth, fused


def test_strips_that_were_corrected_are_recorded():
    """Grains of random brightness, and a detector whose gain rises across the scan."""
    grains = np.kron(np.random.default_rng(5).uniform(2, 12, (12, 12)), np.ones((4, 4)))
    counts = np.random.default_rng(0).poisson(grains)
    haadf = grains * (1 + 0.4 * (COLS / SIDE - 0.5))
    options = {"gamma": 1.0, "lambdas": (0.1, 0.01), "weights": [1.0], "gain": 1.0}
    given = {"show_progressbar": False, "full_output": True, "pedestal": 0.0, "haadf_blur": 0.0}
    maps, output = fuse_maps({"Cu_Ka": counts}, haadf, **given, **options)
    assert output["strips_restored"] == [True]
    assert any("across the scan: Cu_Ka (" in each for each in output["messages"])
    assert maps[0].metadata.Multimodal_fusion.strips_restored == [True]
    for half in (slice(0, SIDE // 2), slice(SIDE // 2, None)):
        off = maps[0].data[:, half].sum() - counts[:, half].sum()
        assert abs(off) < 1.5 * np.sqrt(counts[:, half].sum())


def test_sums_that_were_corrected_are_recorded_and_leave_maps_sound(smoothed_too_much):
    counts, truth, fused = smoothed_too_much
    before, _ = fused(keep_significant=False)
    maps, output = fused()
    assert output["bright_restored"] == [True, False]
    np.testing.assert_array_equal(maps[1], before[1])
    [moved] = [each for each in output["messages"] if "moved counts" in each]
    assert "Cu_Ka (" in moved and "Zn_Ka" not in moved
    assert not any(
        "sums by brightness" in word for e in output["verdicts"] for word in e["because"]
    )
    dark = DOME == 0
    noise = np.sqrt(counts[0][dark].sum())
    off = [each[0][dark].sum() - counts[0][dark].sum() for each in (before, maps)]
    assert off[0] > 4 * noise and abs(off[1]) < 2 * noise
    assert np.square(maps[0] - truth[0]).sum() < np.square(before[0] - truth[0]).sum()
