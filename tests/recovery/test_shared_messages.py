"""The message about shared structure names the maps that matter."""

import logging

import numpy as np
import pytest

from hyperspy_multimodal.recovery.shared_messages import say_what_is_shared


@pytest.fixture
def said_of(caplog):
    """What is said about maps A, B, ... of which only A follows others."""

    def said(coefficients, spreads):
        names = list("ABCDEFGHIJ")[: len(spreads)]
        fused = np.asarray(spreads, float)[:, None, None] * np.array([[-1.0, 1.0]])
        constant = 1.0 if any(coefficients) else 0.0
        rows = [[*coefficients, constant], *[[0.0] * (len(spreads) + 1)] * (len(spreads) - 1)]
        caplog.clear()
        with caplog.at_level(logging.INFO, "hyperspy_multimodal"):
            say_what_is_shared(names, rows, fused)
        return [record.getMessage() for record in caplog.records]

    return said


@pytest.mark.parametrize("n_maps", [2, 3, 4, 10])
def test_at_most_two_maps_are_named(said_of, n_maps):
    (text,) = said_of([0.0, *[0.5] * (n_maps - 1)], [1.0] * n_maps)
    followed = text.split("A follows ")[1]
    assert sum(name in followed for name in "BCDEFGHIJ") == min(n_maps - 1, 2)
    assert (f"{n_maps - 3} other" in text) == (n_maps > 3)


def test_maps_are_named_by_what_they_contribute(said_of):
    (text,) = said_of([0.0, -9.3, 0.5, 0.6, 0.001], [1.0, 1e-3, 2.0, 1.0, 1.0])
    assert text.endswith("A follows C, D and 2 others.")


def test_units_of_maps_do_not_matter(said_of):
    (text,) = said_of([0.0, -3.0, 0.5, 0.1], [1.0, 1.0, 1.0, 1.0])
    (other,) = said_of([0.0, -0.03, 5.0, 10.0], [1.0, 100.0, 0.1, 0.01])
    assert text == other and text.endswith("A follows B (inverted), C and 1 other.")


def test_nothing_is_said_if_no_map_follows_others(said_of):
    assert not said_of([0.0, 0.0], [1.0, 1.0])
