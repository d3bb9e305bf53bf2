"""Tails of peaks towards lower energies, in the fit of the summed spectrum."""

from dataclasses import replace

import pytest

from .synthetic import NOMINAL, amplitudes, drawn, expected, fitted


def test_tails_that_grow_towards_low_energies_are_fitted():
    """Charge is lost near the surface of the detector, where soft X-rays are absorbed."""
    counts = {"C": 4e4, "O": 4e4, "Si": 4e4}
    found = {}
    for soft in (0.0, 0.3):
        detector = replace(NOMINAL, soft=soft)
        shape = detector.shapes([0.277, 1.74])
        below = detector.centres < 0.2
        assert soft == 0 or shape[0, below].sum() > 5 * shape[1, below].sum()
        found[soft] = fitted(drawn(expected(counts, detector)), list(counts))
    assert found[0.0].detector.soft < 0.05 < 0.15 < found[0.3].detector.soft
    for name in ("C_Ka", "O_Ka"):
        assert amplitudes(found[0.3])[name] == pytest.approx(amplitudes(found[0.0])[name], rel=0.05)
