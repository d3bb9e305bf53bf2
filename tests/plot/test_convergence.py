"""The picture of convergence shows the terms of the cost as they are."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from hyperspy_multimodal.plot import plot_convergence


def test_the_three_terms_are_shown_by_iteration(fused):
    terms = fused[1]["cost_terms"]
    for axis, values in zip(plot_convergence(fused[1]), terms.data, strict=True):
        x, y = axis.lines[0].get_data()
        np.testing.assert_array_equal(x, terms.axes_manager.signal_axes[0].axis)
        np.testing.assert_array_equal(y, values)


def test_titles_say_what_was_left_out_and_how_it_ended(fused):
    axes = plot_convergence(fused[1])
    assert [axis.get_title() for axis in axes] == ["HAADF term", "Poisson term", "regulariser"]
    assert axes[0].figure.get_suptitle().startswith("converged")
    output = {**fused[1], "uses_brightness": False, "converged": False, "optimality": 0.012}
    axes = plot_convergence(output)
    assert axes[0].get_title() == "HAADF term, left out"
    assert axes[0].figure.get_suptitle() == "not converged, relative gap 1.2e-02"


def test_it_is_drawn_into_a_given_figure(fused):
    figure = plt.figure()
    assert all(axis.figure is figure for axis in plot_convergence(fused[1], fig=figure))
    with pytest.raises(TypeError, match="matplotlib figure, but Axes"):
        plot_convergence(fused[1], fig=plt.figure().subplots())
