"""Departures of counts from a model: long, one-sided and significant ones only."""

import numpy as np
import pytest

from hyperspy_multimodal.plot.spectrum_misfits import departures

SIZE = 600
WIDTHS = np.linspace(8, 16, SIZE)


@pytest.mark.parametrize("level", [0.2, 3.0, 100.0, 1e5])
def test_noise_is_no_departure(level):
    for seed in range(20):
        counts = np.random.default_rng(seed).poisson(level, SIZE)
        assert departures(counts, np.full(SIZE, level), WIDTHS) == []


@pytest.mark.parametrize("factor", [0.7, 1.3])
def test_a_long_departure_is_found_where_it_is(factor):
    model = np.full(SIZE, 1e3)
    counts = model.copy()
    counts[200:240] *= factor
    ((start, stop),) = departures(counts, model, WIDTHS)
    assert abs(start - 200) < 4 and abs(stop - 240) < 4


def test_two_sides_are_two_departures_and_short_ones_are_none():
    model = np.full(SIZE, 1e3)
    counts = model.copy()
    counts[200:230] *= 1.4
    counts[230:260] *= 0.6
    assert len(departures(counts, model, WIDTHS)) == 2
    counts = model.copy()
    counts[200:206] *= 1.4
    counts[206:212] *= 0.6
    assert departures(counts, model, WIDTHS) == []


def test_no_model_is_better_than_two_percent():
    model = np.full(SIZE, 1e8)
    assert departures(1.03 * model, model, WIDTHS) == []
    assert departures(1.2 * model, model, WIDTHS) == [(0, SIZE)]
