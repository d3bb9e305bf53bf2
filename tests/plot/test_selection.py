"""The picture of the choice shows each setting that was tried, and marks the one chosen."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
from slow_repeats import alternating

from hyperspy_multimodal.fusion.regularisers import REGULARISERS
from hyperspy_multimodal.plot import plot_selection

LABELS = {
    "directional": "total variation, HAADF edges",
    "isotropic": "total variation",
    "directional huber": "Huber form, HAADF edges",
    "huber": "Huber form",
    "sieve": "sieve: no sharper than the probe",
    "smooth": "smooth map: a softer sieve",
    "directional tgv": "generalised variation, HAADF edges",
    "tgv": "generalised variation",
}


def row(ratios, errors, **changed):
    """Return a row of the table of two elements."""
    setting = {"uses_brightness": True, "gamma": 1.0, "haadf_blur": 0.0, "lambda_1": 0.01}
    regularisers = {"regularisers": ["directional"] * 2, "apart": [False, False]}
    return {**setting, **regularisers, "ratios": ratios, "relative_errors": errors, **changed}


def output_of(table, chosen):
    """Return a full_output in which a row of a table was chosen."""
    lambda_1 = np.where(chosen["apart"], 100, 1) * (chosen["lambda_1"] or 1.0)
    return {
        **chosen,
        "gamma": chosen["gamma"] or 1.0,
        "haadf_blur": chosen["haadf_blur"] or 0.0,
        "lambda_1": lambda_1.tolist(),
        "lambda_2": (lambda_1 * chosen["ratios"]).tolist(),
        "xray_lines": ["Ti_Ka", "O_Ka"],
        "selection": table,
    }


def points(axis):
    return [line for line in axis.lines if line.get_marker() != "None" and not is_ring(line)]


def style(symbol):
    return symbol.get_marker(), symbol.get_markerfacecolor() == "none"


def is_ring(line):
    return line.get_markersize() > 10


def rings(axis):
    rings = [line for line in axis.lines if is_ring(line)]
    return [(line.get_xdata()[0], round(line.get_ydata()[0], 9)) for line in rings]


def test_each_setting_is_shown(chosen):
    table = chosen["selection"]
    for i, axis in enumerate(plot_selection(chosen)):
        for point, each in zip(points(axis), table, strict=True):
            assert point.get_xdata()[0] == each["ratios"][i]
            above = 100 * (each["relative_errors"][i] - 1)
            assert point.get_ydata()[0] == pytest.approx(min(above, 30), abs=1e-9)
            assert (point.get_markerfacecolor() == "none") != each["directional"][i]
            assert (point.get_marker() == "^") == (each["relative_errors"][i] > 1.3)


def test_each_regulariser_has_a_symbol_of_its_own_which_the_legend_names():
    table = [row([2.0, 4.0], [1.1, 1.2], regularisers=[name] * 2) for name in REGULARISERS]
    axes = plot_selection(output_of(table, table[1]))
    shown = [style(point) for point in points(axes[0])]
    assert len(set(shown)) == len(REGULARISERS)
    (legend,) = axes[0].figure.legends
    texts = [text.get_text() for text in legend.texts]
    named = {t: style(h) for t, h in zip(texts, legend.legend_handles, strict=True)}
    assert [named[label] for label in LABELS.values()] == shown


def test_the_legend_names_only_what_was_tried():
    setting = row([2.0, 4.0], [1.0, 1.0])
    (legend,) = plot_selection(output_of([setting], setting))[0].figure.legends
    texts = {text.get_text() for text in legend.texts}
    assert texts & set(LABELS.values()) == {LABELS["directional"]}
    assert "more than 30 %" not in texts


def test_what_was_chosen_has_a_ring(chosen):
    for i, axis in enumerate(plot_selection(chosen)):
        ((ratio, _),) = rings(axis)
        assert ratio == pytest.approx(chosen["lambda_2"][i] / chosen["lambda_1"][i])


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"uses_brightness": False, "gamma": None, "haadf_blur": None, "lambda_1": None},
        {"gamma": 1.4},
        {"haadf_blur": 1.5},
        {"lambda_1": 0.0316},
        {"regularisers": ["directional", "isotropic"]},
        {"regularisers": ["directional huber", "directional"]},
        {"regularisers": ["sieve", "sieve"]},
        {"apart": [False, True]},
        {"ratios": [2.0, 8.0]},
    ],
)
def test_the_ring_is_at_the_setting_chosen_for_all_elements(changed):
    other = row([2.0, 4.0], [1.0, 1.05])  # would predict better
    wanted = {**row([2.0, 4.0], [1.1, 1.0]), **changed}
    if not changed:  # differs in HAADF weights only: what predicts best was taken
        other = row([2.0, 4.0], [1.2, 1.0])
    for table in ([other, wanted], [wanted, other]):
        axes = plot_selection(output_of(table, wanted))
        assert rings(axes[0]) == [(2.0, 10)]
        assert rings(axes[1]) == [(wanted["ratios"][1], 0)]


def test_an_element_that_was_changed_after_the_choice_has_its_own_ring():
    without = {"uses_brightness": False, "gamma": None, "haadf_blur": None, "lambda_1": None}
    names = ["smooth", "huber"]
    chosen = row([2.0, 4.0], [1.1, 1.05], regularisers=names, **without)
    table = [
        chosen,
        row([8.0, 8.0], [1.2, 1.3], regularisers=["smooth"] * 2, **without),
        row([8.0, 4.0], [1.0, 1.0], regularisers=names),
    ]
    axes = plot_selection(output_of(table, {**chosen, "ratios": [8.0, 4.0]}))
    assert rings(axes[0]) == [(8.0, 20)]
    assert rings(axes[1]) == [(4.0, 5)]
    axes = plot_selection(output_of(table, {**chosen, "ratios": [3.0, 4.0]}))  # in no row
    assert rings(axes[0]) == []
    assert rings(axes[1]) == [(4.0, 5)]


def test_elements_of_lazy_maps_are_named_by_the_record():
    setting = row([2.0, 4.0], [1.0, 1.0])
    axes = plot_selection(output_of([setting], setting))
    assert [axis.get_title() for axis in axes] == ["Ti Kα", "O Kα"]


def test_the_legend_does_not_cover_a_given_figure(chosen):
    figure = plt.figure(figsize=(9, 4))
    axes = plot_selection(chosen, fig=figure)
    figure.canvas.draw()
    (legend,) = figure.legends
    for axis in axes:
        assert not axis.get_tightbbox().overlaps(legend.get_window_extent())


def test_lines_join_the_best_at_each_smoothing():
    table = [
        row([2.0, 2.0], [1.1, 1.0]),
        row([2.0, 2.0], [1.05, 1.0], lambda_1=0.1),
        row([4.0, 4.0], [1.0, 1.2]),
        row([4.0, 4.0], [1.6, 1.2], uses_brightness=False, gamma=None),
    ]
    axes = plot_selection(output_of(table, table[2]))
    (line,) = (each for each in axes[0].lines if each.get_marker() == "None")
    np.testing.assert_allclose(line.get_xydata(), [[2, 5], [4, 0]], atol=1e-9)


@pytest.mark.parametrize(
    ("row_of", "words"),
    [
        ({}, "with the HAADF, γ = 1"),
        ({"uses_brightness": False, "gamma": None}, "with the edges of the HAADF only"),
        (
            {"uses_brightness": False, "gamma": None, "regularisers": ["isotropic"] * 2},
            "without the HAADF",
        ),
        ({"apart": [True, False]}, "HAADF used (γ = 1) for O Kα; HAADF edges only for Ti Kα"),
        (
            {"uses_brightness": False, "gamma": None, "regularisers": ["isotropic", "directional"]},
            "HAADF edges only for O Kα; HAADF left out for Ti Kα",
        ),
        (
            {"apart": [False, True], "regularisers": ["huber", "sieve"]},
            "HAADF used (γ = 1) for Ti Kα; HAADF left out for O Kα",
        ),
    ],
)
def test_the_heading_says_what_was_chosen(row_of, words):
    setting = row([2.0, 4.0], [1.0, 1.0], **row_of)
    figure = plot_selection(output_of([setting], setting))[0].figure
    assert figure.get_suptitle().endswith(f"Chosen: {words}")


def test_given_lambdas_are_no_choice(fused):
    with pytest.raises(ValueError, match="lambdas were given"):
        plot_selection(fused[1])


def test_ticks_do_not_overlap():
    table = [row([2.0**power] * 2, [1 + 0.01 * abs(power)] * 2) for power in range(-4, 7)]
    axes = plot_selection(output_of(table, table[4]))
    figure = axes[0].figure
    figure.canvas.draw()
    for axis in axes:
        low, high = axis.get_xlim()
        ticks = zip(axis.get_xticks(), axis.get_xticklabels(), strict=True)
        boxes = [label.get_window_extent() for tick, label in ticks if low <= tick <= high]
        assert len(boxes) > 3
        assert all(one.x1 < next_.x0 for one, next_ in pairwise(boxes))


@alternating(kinds=[8, 6], figsize=[None, (12, 4), "85 mm"])
def test_the_legend_lies_within_the_figure(figsize, kinds):
    table = [
        {**row([2.0, 4.0], [1.0 + 0.5 * i, 1.0]), "regularisers": [name] * 2}
        for i, name in enumerate(list(LABELS)[:kinds])
    ]
    figure = plot_selection(output_of(table, table[0]), figsize=figsize)[0].figure
    figure.draw_without_rendering()
    (legend,) = figure.legends
    left, right = legend.get_window_extent().intervalx
    assert left >= 0 and right <= figure.bbox.width
