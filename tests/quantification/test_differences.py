"""Differences of the compositions of two regions: which errors cancel in them."""

from dataclasses import replace

import numpy as np
import pytest

from hyperspy_multimodal import composition

from .test_composition import quarters

ERRORS = (0.0, 0.1, 0.2)


def quantified(fused, factors=None, **more):
    values = fused.kfactors.values() if factors is None else factors
    pairs = {
        name: (factor, error * factor)
        for name, factor, error in zip(fused.kfactors, values, ERRORS, strict=True)
    }
    return composition(fused.maps, fused.output, pairs, quarters((32, 32)), **more)


@pytest.mark.parametrize("units", ["atomic", "weight"])
@pytest.mark.parametrize("thickness", [None, 2000.0])
def test_errors_of_factors_are_those_of_wrong_factors(fused, units, thickness):
    more = {"composition_units": units, "thickness": thickness, "density": 5.0}
    more = more if thickness else {"composition_units": units}
    found = quantified(fused, **more)
    first, last = found.regions[0], found.regions[-1]
    change, error = found.difference(first, last, errors="kfactors")
    small, variance = 1e-4, 0.0
    for k, of_factor in enumerate(ERRORS):
        wrong = np.array(list(fused.kfactors.values()))
        wrong[k] *= 1 + small * of_factor
        other, _ = quantified(fused, wrong, **more).difference(first, last)
        variance = variance + np.square((other - change) / small)
    np.testing.assert_allclose(error, np.sqrt(variance), rtol=0.02, atol=1e-3)
    independent = np.hypot(*found.errors["kfactors"][[0, -1]])
    assert np.all(error < independent)


def test_errors_of_factors_cancel_where_compositions_agree(fused):
    found = quantified(fused)
    alike = [
        each[[0, 0, *range(2, len(each))]] for each in (found.atomic_percent, found.kfactor_effects)
    ]
    same = replace(found, atomic_percent=alike[0], kfactor_effects=alike[1])
    change, error = same.difference(*found.regions[:2], errors="kfactors")
    assert not change.any() and not error.any() and found.errors["kfactors"].any()


def test_noise_and_fit_are_those_of_both_regions(fused):
    found = quantified(fused)
    one, other = found.regions[1:3]
    total = 0.0
    for source in ("counts", "fit", "kfactors"):
        change, error = found.difference(one, other, errors=source)
        total = total + np.square(error)
        if source != "kfactors":
            np.testing.assert_allclose(error, np.hypot(*found.errors[source][1:3]))
    np.testing.assert_allclose(found.difference(one, other)[1], np.sqrt(total))
    np.testing.assert_array_equal(change, found.atomic_percent[1] - found.atomic_percent[2])
    np.testing.assert_array_equal(found.difference(other, one)[0], -change)


def test_what_is_not_known_has_no_difference(fused):
    found = quantified(fused)
    found.atomic_percent[0, 1] = np.nan
    change, error = found.difference(*found.regions[:2])
    assert list(np.isnan(change)) == list(np.isnan(error)) == [False, True, False]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("1", "9"), "`other` must be one of"),
        (("9", "1"), "`region` must be one of"),
        (("1", "1"), "must not have common pixels"),
        (("1", "2", "noise"), "`errors` must be one of"),
    ],
)
def test_wrong_calls_are_refused(fused, given, words):
    with pytest.raises(ValueError, match=words):
        quantified(fused).difference(*given)
