"""Fusion that keeps significant structure: maps, record, log, standard deviations, lazy signals."""

import logging
import re
from types import SimpleNamespace

import numpy as np
import pytest

from hyperspy_multimodal import compute_maps, fuse_maps
from hyperspy_multimodal.data import core_shell
from hyperspy_multimodal.notes import gathered
from hyperspy_multimodal.recovery.messages import say_what_was_given_back
from hyperspy_multimodal.recovery.verdict import verdicts_of
from hyperspy_multimodal.selection.lost_structure import Lost
from hyperspy_multimodal.selection.scan_windows import windows_over

SIDE = 48
STRONG = {"gamma": 1.0, "lambdas": (1.0, 20.0), "show_progressbar": False, "weights": [0, 0]}


@pytest.fixture(scope="module")
def counts():
    """A matrix, and an element at a boundary of two pixels that the HAADF does not show."""
    rng = np.random.default_rng(0)
    truth = np.full((2, SIDE, SIDE), 20.0)
    truth[1] = 0.5
    truth[1][:, 20:22] += 2
    return rng.poisson(truth)


@pytest.fixture(scope="module")
def fuse(counts):
    haadf = 1 + 0.01 * np.random.default_rng(1).standard_normal((SIDE, SIDE))

    def fused(**options):
        maps, output = fuse_maps(
            dict(zip(("Ni", "Cr"), counts, strict=True)),
            haadf,
            full_output=True,
            **{**STRONG, **options},
        )
        return np.stack([each.data for each in maps]), maps[1].metadata.Multimodal_fusion, output

    return fused


@pytest.fixture(scope="module")
def kept(fuse):
    return fuse()


def test_a_weak_boundary_keeps_its_counts(counts, fuse, kept):
    raw = counts[1][:, 20:22].sum()
    erased = fuse(keep_significant=False)[0]
    assert erased[1][:, 20:22].sum() < 0.5 * raw
    assert kept[0][1][:, 20:22].sum() == pytest.approx(raw, rel=0.05)
    assert kept[0][1].sum() == pytest.approx(counts[1].sum(), rel=1e-4)
    np.testing.assert_array_equal(kept[0][0], erased[0])


def test_the_record_says_where(counts, kept):
    record = kept[1].relaxed.as_dictionary()
    assert list(record["scan_shape"]) == [SIDE, SIDE]
    assert len({len(each) for name, each in record.items() if name != "scan_shape"}) == 1
    assert kept[1].differing is None
    assert record["lines"][0] == "Cr"
    assert record["columns"][0] == 20.5
    assert record["standard_errors"][0] > 5
    assert record["counts_before"][0] < record["counts_after"][0]
    assert record["counts_after"][0] == pytest.approx(record["raw_counts"][0], rel=1e-3)
    assert kept[2]["relaxed"] == record


def test_the_log_says_where(fuse, caplog):
    with caplog.at_level(logging.INFO, "hyperspy_multimodal"):
        fuse()
    [message] = [each.message for each in caplog.records if "erased" in each.message]
    assert re.search(r"Cr \(\S+ instead of \S+, now \S+, in a line", message)
    assert ", 20:22]" in message
    assert "still differ" not in caplog.text


def test_without_it_maps_are_those_of_the_cost(fuse, caplog):
    _, record, _ = fuse(keep_significant=False)
    assert record.relaxed is None
    assert not record.keep_significant
    assert "erased" not in caplog.text


def test_maps_that_lost_nothing_are_the_same_to_the_last_bit():
    specimen = core_shell((32, 32), counts=5)
    options = {"gamma": 1, "lambdas": (0.01, 0.02), "show_progressbar": False}
    maps = [
        specimen.signal.multimodal_fusion(specimen.haadf, keep_significant=keep, **options)
        for keep in (True, False)
    ]
    assert maps[0][0].metadata.Multimodal_fusion.relaxed is None
    for one, other in zip(*maps, strict=True):
        np.testing.assert_array_equal(one.data, other.data)


def test_standard_deviations_hold_the_noise_of_the_window(counts, fuse):
    _, _, output = fuse(uncertainty=True)
    errors = output["standard_deviations"][1].data
    noise = np.sqrt(counts[1][:, 20:22].sum()) / (2 * SIDE)  # of the mean over the boundary
    assert 0.5 * noise < np.median(errors[:, 20:22]) < 5 * noise


def test_a_lazy_signal_keeps_the_same():
    specimen = core_shell((32, 32), counts=40)
    options = {"gamma": 1, "lambdas": (1e-3, 0.03), "show_progressbar": False}
    eager = specimen.signal.multimodal_fusion(specimen.haadf, **options)
    lazy = specimen.signal.as_lazy().multimodal_fusion(specimen.haadf, **options)
    lazy = compute_maps(lazy, show_progressbar=False)
    assert eager[0].metadata.Multimodal_fusion.relaxed is not None
    for one, other in zip(eager, lazy, strict=True):
        np.testing.assert_allclose(one.data, other.data, rtol=1e-5)
        assert (
            one.metadata.Multimodal_fusion.relaxed.windows
            == other.metadata.Multimodal_fusion.relaxed.windows
        )


def test_it_is_true_or_false(fuse):
    with pytest.raises(TypeError, match=r"keep_significant must be True or False, but 1"):
        fuse(keep_significant=1)


def test_maps_are_saved_with_it(tmp_path):
    import hyperspy.api as hs

    specimen = core_shell((32, 32), counts=40)
    [first, *_] = specimen.signal.multimodal_fusion(
        specimen.haadf, 1, (1e-3, 0.03), show_progressbar=False
    )
    first.save(tmp_path / "map.hspy")
    found = hs.load(tmp_path / "map.hspy").metadata.Multimodal_fusion.relaxed
    assert list(found.windows) == list(first.metadata.Multimodal_fusion.relaxed.windows)


@pytest.mark.parametrize(("side", "errors", "verdict"), [
    (1, 6.0, "with care"), (1, -6.0, "sound"), (2, 6.0, "sound"),
])  # fmt: skip
def test_single_pixels_far_above_the_others_may_be_hot(side, errors, verdict):
    window = next(each for each in windows_over((24, 24)) if each.size == (side, side))
    found = Lost(1, window, 30, window.pixels(30), errors, 20.0, 2.0)
    maps = SimpleNamespace(names=["Sc_Ka", "Dy_La"], gains=np.ones(2))
    with gathered() as notes:
        say_what_was_given_back(maps, [found], np.zeros((2, 24, 24)))
    sound, judged = verdicts_of(["Sc_Ka", "Dy_La"], notes)
    assert (sound.verdict, judged.verdict) == ("sound", verdict)
    assert judged.words == ([] if verdict == "sound" else ["possible hot pixels"])


@pytest.mark.parametrize(("family", "errors", "verdict"), [
    ("slanted lines", 6.0, "with care"), ("slanted lines", -6.0, "sound"),
    ("lines", 6.0, "sound"), ("compact", 6.0, "sound"),
])  # fmt: skip
def test_lines_that_end_inside_the_scan_call_for_care(family, errors, verdict):
    window = next(
        each for each in windows_over((64, 64)) if each.family == family and each.size != (1, 1)
    )
    found = Lost(1, window, 30, window.pixels(30), errors, 60.0, 20.0)
    maps = SimpleNamespace(names=["C_Ka", "Fe_Ka"], gains=np.ones(2))
    with gathered() as notes:
        say_what_was_given_back(maps, [found], np.zeros((2, 64, 64)))
    sound, judged = verdicts_of(["C_Ka", "Fe_Ka"], notes)
    assert (sound.verdict, judged.verdict) == ("sound", verdict)
    assert judged.words == ([] if verdict == "sound" else ["restored lines"])
