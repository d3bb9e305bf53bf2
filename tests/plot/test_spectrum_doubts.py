"""The picture of a fitted sum spectrum marks what is doubtful, and nothing else."""

import copy

import numpy as np
import pytest
from matplotlib.colors import to_hex

from hyperspy_multimodal.data import core_shell
from hyperspy_multimodal.eds.unnamed_overlaps import Overlap
from hyperspy_multimodal.plot import plot_sum_spectrum
from hyperspy_multimodal.plot.spectrum_legends import KINDS, LEFT_OUT, MISFIT
from hyperspy_multimodal.plot.spectrum_lines import SpectrumLine, is_visible

from .sum_spectra import changed, doubts, labels, legend_of, output_of, ranges


@pytest.fixture(scope="module")
def strange():
    """A peak at 6.1 keV, which no element explains."""
    signal = core_shell((32, 32), counts=20).signal
    signal.change_dtype("uint32")
    axis = signal.axes_manager[-1].axis
    shape = np.exp(-0.5 * ((axis - 6.10) / 0.055) ** 2)
    signal.data += (
        np.random.default_rng(0)
        .poisson(2 * shape / shape.sum(), signal.data.shape)
        .astype("uint32")
    )
    return output_of(signal)


def test_nothing_is_marked_on_a_clean_specimen(drawn_clean, two_metals):
    for axes in (drawn_clean, plot_sum_spectrum(two_metals)):
        assert not doubts(axes)
        assert not ranges(axes[0], MISFIT) + ranges(axes[0], LEFT_OUT)
        assert not any(set(name) & set("?†‡()") for name in labels(axes))
        assert "unlisted element, common in microscopes" not in legend_of(axes)


def test_elements_of_the_instrument_have_a_colour_of_their_own(stray):
    axes = plot_sum_spectrum(stray)
    assert labels(axes)["Cu Kα"] == to_hex(KINDS["instrument"])
    assert labels(axes)["Co Kα"] == to_hex(KINDS["named"])
    assert {"unlisted element, common in microscopes", "listed element"} <= set(legend_of(axes))


def test_free_peaks_are_marked_with_what_they_may_be(strange):
    (peak,) = strange["unassigned_peaks"]
    axes = plot_sum_spectrum(strange)
    (mark,) = [text for text in labels(axes) if text.endswith("?")]
    assert labels(axes)[mark] == to_hex(KINDS["free"])
    assert any(f"{peak.energy:.4g} keV" in text for text in doubts(axes))
    assert "peak not assigned to an element (?)" in legend_of(axes)


def test_elements_that_nobody_named_are_marked(unnamed):
    assert list(unnamed["other_elements"]) == ["Pd"]
    axes = plot_sum_spectrum(unnamed)
    assert labels(axes)["Pd Lα"] == to_hex(KINDS["unnamed"])
    assert "other unlisted element" in legend_of(axes)


@pytest.mark.parametrize(("factor", "side"), [(1.6, "below"), (0.5, "above")])
def test_ranges_where_the_model_is_wrong_are_marked(clean, factor, side):
    axes = plot_sum_spectrum(changed(clean, 4.0, 4.5, factor))
    for axis in axes:
        ((start, stop),) = ranges(axis, MISFIT)
        assert (start, stop) == pytest.approx((4.0, 4.5), abs=0.07)
    (text,) = doubts(axes)
    # the residuals of single channels are far smaller
    assert "summed over this range" in text and f"% {side} the counts" in text


def test_a_misfit_narrower_than_a_peak_is_not_a_range(clean):
    axes = plot_sum_spectrum(changed(clean, 4.2, 4.24, 3.0))
    assert not ranges(axes[1], MISFIT)


def test_lines_of_the_instrument_under_mapped_ones_are_marked(stray):
    output = copy.deepcopy(stray)
    output["overlaps"] = [Overlap("Cu", "O_Ka", 300.0, 20.0, 1500.0, "Cu_Ka")]
    axes = plot_sum_spectrum(output)
    assert "O Kα†" in labels(axes)
    (text,) = doubts(axes)
    assert text.startswith("O Kα") and "300 counts" in text and "of Cu" in text
    assert "1,200 are left" in text


def test_lines_that_may_hide_elements_are_marked(clean):
    hidden = {"S_Ka": {"counts": 321.0, "candidates": ["Mo_La", "Pb_Ma"]}}
    axes = plot_sum_spectrum({**clean, "hidden_elements": hidden})
    assert "S Kα‡" in labels(axes)
    (text,) = doubts(axes)
    assert "321" in text and "Mo Lα or Pb Mα" in text


@pytest.mark.parametrize("candidates", [["Mo", "Pb"], []])
@pytest.mark.parametrize(
    ("differs_in", "said"), [("place", "do not follow the K lines"), ("counts", "four times")]
)
def test_families_that_disagree_with_their_element_are_marked(clean, differs_in, said, candidates):
    found = {"against": "Co_K", "differs_in": differs_in, "counts": 321.0, "candidates": candidates}
    axes = plot_sum_spectrum({**clean, "doubtful_families": {"Co_L": found}})
    marked = {name for name in labels(axes) if "‡" in name}
    assert marked and all(name.startswith("Co L") and name.count("‡") == 1 for name in marked)
    (text,) = doubts(axes)
    assert text.startswith("Co L lines (321 counts)") and said in text
    text = " ".join(text.split())
    assert text.endswith("Mo or Pb?" if candidates else "another element?")
    assert ("absorption" in text) == (differs_in == "place" and not candidates)


def test_a_line_that_is_doubted_twice_has_one_mark(clean):
    family = {"against": "S_L", "differs_in": "place", "counts": 1.0, "candidates": []}
    hidden = {"S_Ka": {"counts": 321.0, "candidates": ["Mo_La"]}}
    doubted = {"hidden_elements": hidden, "doubtful_families": {"S_K": family}}
    axes = plot_sum_spectrum({**clean, **doubted})
    assert "S Kα‡" in labels(axes) and len(doubts(axes)) == 2


def test_elements_that_are_not_there_are_marked():
    signal = core_shell((32, 32), counts=20).signal
    signal.add_elements(["Mg"])
    signal.add_lines(["Mg_Ka"])
    axes = plot_sum_spectrum(output_of(signal))
    assert "(Mg Kα)" in labels(axes)
    (text,) = doubts(axes)
    assert text.startswith("Mg Kα: not found")


def test_channels_that_were_left_out_are_shaded_and_named():
    signal = core_shell((32, 32), counts=30).signal
    signal.data[..., 350:380] = 0
    signal.data[..., 900:] = 0
    output = output_of(signal)
    assert output["left_out_channels"] == [(350, 380), (900, 1024)]
    output["sum_spectrum"].data[350:380] = 1000  # whatever they hold
    axes = plot_sum_spectrum(output)
    for axis in axes:
        assert ranges(axis, LEFT_OUT)[0] == pytest.approx((3.495, 3.795))
        assert not ranges(axis, MISFIT)
    assert axes[0].get_xlim()[1] < 9
    assert any("3.495 to 3.795 keV" in text for text in doubts(axes))
    assert any("channels 900 to 1023" in text for text in doubts(axes))
    fitted = axes[0].lines[1]
    inside = (fitted.get_xdata() > 3.5) & (fitted.get_xdata() < 3.79)
    assert np.isnan(fitted.get_ydata()[inside]).all()


def test_many_doubts_are_counted(clean):
    hidden = {line: {"counts": 1.0, "candidates": ["Mo_La"]} for line in clean["lines"]}
    more = {f"X_K{i}": {"counts": 1.0, "candidates": ["Mo_La"]} for i in range(5)}
    axes = plot_sum_spectrum({**clean, "hidden_elements": {**hidden, **more}})
    assert len(doubts(axes)) == 11
    assert doubts(axes)[-1] == f"and {len(hidden) + len(more) - 10} more"


@pytest.mark.parametrize(
    ("kind", "apart", "seen"),
    [
        ("instrument", 0.15, False),  # on the flank of a larger peak
        ("instrument", 1.0, True),
        ("unnamed", 0.15, True),  # messages name it
        ("named", 0.15, True),
    ],
)
def test_elements_of_the_instrument_are_labelled_only_where_they_make_a_peak(kind, apart, seen):
    energy, width = np.arange(1.0, 5.0, 0.01), 0.13
    place = 2.3 - apart
    model = 50.0 + sum(
        height * np.exp(-4 * np.log(2) * np.square((energy - centre) / width))
        for centre, height in ((2.3, 4000.0), (place, 150.0))
    )
    line = SpectrumLine("Au_Ma", "Au", "M", kind, place, width, 2000.0, 60.0, leads=True)
    assert is_visible(line, energy, model) == seen
