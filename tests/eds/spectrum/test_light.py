"""Tests of unlisted light elements, whose only line the continuum can absorb."""

from dataclasses import replace

import numpy as np
import pytest

from hyperspy_multimodal.eds.spectrum.suggestion import suggest
from hyperspy_multimodal.eds.spectrum.total_errors import hidden_errors
from hyperspy_multimodal.recovery.verdict import CARE

from .synthetic import (
    BEAM,
    NOMINAL,
    USED,
    amplitudes,
    continuum,
    drawn,
    expected,
    explained,
    limits_of,
)
from .test_covered import verdict

LISTED = {"C_K": 3e4, "O_K": 6e3, "S_K": 4e4}
NAMED = ["C", "O", "S"]


def spectrum(seed, **others):
    return drawn(expected({**LISTED, **others}), seed)


@pytest.mark.parametrize("seed", [0, 1])
def test_nitrogen_between_carbon_and_oxygen_is_found(seed):
    found = explained(spectrum(seed, N_K=800), NAMED)
    assert list(found.other_elements) == ["N"]
    assert {each.head for each in found.displaced} == {("C", "K"), ("O", "K")}
    # listed lines have their counts, as if it were listed
    listed = amplitudes(explained(spectrum(seed, N_K=800), [*NAMED, "N"]).fit)
    for name in ("C_Ka", "O_Ka"):
        assert amplitudes(found.fit)[name] == pytest.approx(listed[name], rel=0.01)


@pytest.mark.parametrize("seed", range(3))
def test_what_is_not_there_is_not_found(seed):
    found = explained(spectrum(seed), NAMED)
    assert found.unnamed == [] and found.displaced == []


def test_a_hump_of_a_strong_continuum_is_no_element():
    """Windows and the specimen absorb, so the model of the continuum is known to about 10 %."""
    hump = 0.1 * np.exp(-0.5 * ((NOMINAL.centres - 0.39) / 0.03) ** 2)
    mean = expected({"Fe_K": 3e5, "Ni_K": 3e5}, smooth=2e6) + hump * continuum(total=2e6)
    assert not explained(drawn(mean), ["Fe", "Ni"]).displaced
    assert "N" not in explained(drawn(mean), ["Fe", "Ni"]).other_elements


def test_verdict_and_error_contain_the_change():
    found = explained(spectrum(0, N_K=800), NAMED)
    judged, measured = verdict(found, "O_Ka")
    change = next(each for each in found.displaced if each.concerns("O_Ka"))
    assert judged.verdict == CARE
    assert any("N Ka, which is not among the elements" in text for text in judged.texts)
    assert measured.total_errors[0] >= abs(change.after - change.before)
    # nothing of it, once it is listed
    listed = replace(found, displaced=[], unnamed=[])
    assert hidden_errors(listed, NOMINAL, ["O_Ka"], limits_of("O_Ka"))[0] == 0


def test_suggested_elements_contain_it():
    found, _ = suggest(spectrum(0, N_K=800), USED, NOMINAL, BEAM)
    nitrogen = next(each for each in found if each.element == "N")
    assert nitrogen.lines == ["N_Ka"] and 600 < nitrogen.counts < 1200
    without, _ = suggest(spectrum(0), USED, NOMINAL, BEAM)
    assert "N" not in [each.element for each in without]
