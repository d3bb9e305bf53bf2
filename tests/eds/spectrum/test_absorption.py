"""Absorption edges of the continuum."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hyperspy_multimodal.eds.spectrum.absorption import absorption_edges, edge_steps, shell_energy

from .synthetic import NOMINAL


@pytest.mark.parametrize(
    ("element", "shell", "energy"),
    [("Fe", "K", 7.112), ("Si", "K", 1.839), ("Mo", "L3", 2.520), ("Au", "M5", 2.206)],
)
def test_shells_bind_as_strongly_as_tables_say(element, shell, energy):
    assert shell_energy(element, shell) == pytest.approx(energy, abs=0.002)


@pytest.mark.parametrize(("element", "energy"), [("Ag", 25.514), ("Mo", 20.0), ("Co", 7.709)])
def test_the_highest_k_line_stands_for_a_k_shell_that_the_database_lacks(element, energy):
    assert shell_energy(element, "K") == pytest.approx(energy, rel=0.015)


def test_an_element_without_a_shell_has_no_edge():
    assert shell_energy("C", "M5") is None
    assert shell_energy("H", "L3") is None


def test_edges_rise_and_lie_on_the_axis():
    edges = absorption_edges(["Fe", "Mo", "O", "C"], 10.0)
    assert edges == pytest.approx([0.532, 1.560, 1.839, 2.520, 7.112], abs=0.002)
    assert absorption_edges(["Fe", "Ag"], 30.0)[-1] == pytest.approx(25.514, rel=0.015)


def test_window_and_dead_layer_have_edges_even_without_elements():
    assert absorption_edges([], 10.0) == pytest.approx([1.560, 1.839], abs=0.002)
    assert absorption_edges(["Si", "Al"], 10.0) == absorption_edges([], 10.0)


def test_nothing_is_taken_below_an_edge_and_all_just_above():
    step = edge_steps(NOMINAL, [4.0])[0]
    energy = NOMINAL.centres
    assert_allclose(step[energy < 3.7], 0, atol=1e-6)
    assert np.interp(4.0, energy, step) == pytest.approx(0.5, abs=0.02)
    assert step.max() > 0.85
    above = energy > 4.4
    assert_allclose(step[above], (4.0 / energy[above]) ** 3, rtol=1e-6)
    rising = energy < 4.05
    assert (np.diff(step[rising]) >= 0).all()


def test_edges_are_as_sharp_as_lines_are():
    step = edge_steps(NOMINAL, [8.0])[0]
    slope = np.diff(step[NOMINAL.centres < 8.3])
    at_half = np.flatnonzero(slope > slope.max() / 2)
    width = 0.01 * (at_half[-1] - at_half[0] + 1)
    assert width == pytest.approx(float(NOMINAL.width(8.0)), abs=0.015)


def test_edges_move_with_the_axis():
    moved = replace(NOMINAL, offset=0.03, gain=0.01)
    step = edge_steps(moved, [4.0])[0]
    assert np.interp(4.07, NOMINAL.centres, step) == pytest.approx(0.5, abs=0.02)


def test_no_edges_take_nothing():
    assert edge_steps(NOMINAL, []).shape == (0, 1024)
