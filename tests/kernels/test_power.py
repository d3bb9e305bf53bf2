"""The power that vectorises against that of the C library."""

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose

from hyperspy_multimodal.kernels.compile import leaf
from hyperspy_multimodal.kernels.power import log2, natural_log, power

from .variants import as_compiled_and_python

EXPONENTS = [-0.5, 0.5, 0.7, 1, 1.7, 2, 3]


@leaf
def all_powers(bases, exponent, out):
    for i in range(bases.size):
        out[i] = power(bases[i], exponent)


def compiled_loop(bases, exponent):
    """As kernels use it: inlined into a loop that vectorises."""
    out = np.empty_like(bases)
    all_powers(bases, exponent, out)
    return out


def compiled_scalar(bases, exponent):
    return np.array([power(base, exponent) for base in bases], np.float32)


def interpreted_scalar(bases, exponent):
    return np.array([power.py_func(base, exponent) for base in bases])


in_every_way = pytest.mark.parametrize(
    "powers", [compiled_loop, compiled_scalar, interpreted_scalar]
)


@in_every_way
@pytest.mark.parametrize("exponent", EXPONENTS)
def test_power_is_as_accurate_as_it_says(powers, exponent):
    bases = np.geomspace(1e-6, 1e3, 4001).astype(np.float32)
    exponent = np.float32(exponent)
    values = powers(bases, exponent)
    error = np.abs(values / naive.power(bases, exponent) - 1)
    promised = 1e-6 * (1 + np.abs(exponent * np.log2(bases)) / 8)
    assert values.dtype == np.float32
    assert np.all(error <= promised)


@pytest.mark.parametrize("exponent", EXPONENTS)
def test_power_is_accurate_across_a_binade(exponent):
    """Where the mantissa is split in two, and next to whole powers of two."""
    bases = np.float32(1) + np.arange(-3000, 3000).astype(np.float32) * np.float32(2.0**-11)
    bases = np.concatenate([bases[bases > 0.1], np.float32(np.sqrt(0.5)) + np.float32([0, 6e-8])])
    exponent = np.float32(exponent)
    assert_allclose(compiled_loop(bases, exponent), naive.power(bases, exponent), rtol=1.5e-6)


@as_compiled_and_python
def test_power_of_one_is_one(variant):
    for exponent in EXPONENTS:
        assert variant(power)(np.float32(1), np.float32(exponent)) == 1


@as_compiled_and_python
@pytest.mark.parametrize("exponent", [0.5, 1, 1.7, 3])
def test_power_of_zero_is_negligible_and_finite(variant, exponent):
    value = variant(power)(np.float32(0), np.float32(exponent))
    assert 0 <= value <= 1.01 * 1e-18**exponent + 2e-38


@as_compiled_and_python
def test_power_neither_overflows_nor_turns_negative(variant):
    for base, exponent in [(1e30, 5), (1e-18, -3), (1e-18, 6)]:
        value = variant(power)(np.float32(base), np.float32(exponent))
        assert np.isfinite(value)
        assert value > 0


def test_power_rises_with_its_base():
    bases = np.geomspace(1e-4, 10, 2000).astype(np.float32)
    assert np.all(np.diff(compiled_loop(bases, np.float32(0.7))) > 0)


@as_compiled_and_python
@pytest.mark.parametrize("function, exact", [(log2, np.log2), (natural_log, np.log)])
def test_logarithms_are_accurate_from_the_smallest_to_the_largest_values(function, exact, variant):
    values = np.geomspace(1.2e-38, 3.4e38, 1001).astype(np.float32)
    found = [variant(function)(value) for value in values]
    assert_allclose(found, exact(values.astype(np.float64)), rtol=3e-7, atol=3e-7)
