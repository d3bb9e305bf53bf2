"""Numbers in messages can be read without knowing what e+03 means, and lose nothing that counts."""

import ast
import re
from pathlib import Path

import pytest

import hyperspy_multimodal
from hyperspy_multimodal.written_numbers import plain, with_error


def number(text):
    return float(text.replace(",", ""))


@pytest.mark.parametrize("value", [0.000123, 0.999, 9.996, 865.0, 7817.3, 1234567.0, -52.04])
@pytest.mark.parametrize("digits", [2, 3, 5])
def test_plain_numbers_keep_their_digits_and_have_no_exponent(value, digits):
    text = plain(value, digits)
    assert "e" not in text
    assert number(text) == pytest.approx(value, rel=0.5 * 10 ** (1 - digits))
    assert number(text) == float(f"{value:.{digits}g}")


def test_extreme_numbers_are_short():
    assert max(len(plain(each)) for each in (1.234e12, 1.234e-9, 0.0, float("nan"))) <= 8


@pytest.mark.parametrize("value", [865.0, 7817.3, 0.0312, -12.0, 123456.0, 3.2e-7, 4.1e11])
@pytest.mark.parametrize("share", [2.3, 0.36, 0.041, 0.00097])
def test_both_numbers_end_at_the_second_digit_of_the_error(value, share):
    error = abs(value) * share
    text = with_error(value, error)
    body, _, exponent = text.strip("(").partition(")e")
    scale = 10.0 ** int(exponent or 0)
    written, said = (scale * number(each) for each in body.split(" ± "))
    assert said == pytest.approx(error, rel=0.05)
    assert abs(written - value) <= 0.051 * error
    assert "e" not in body


def test_examples():
    assert with_error(865, 310) == "860 ± 310"
    assert with_error(865, float("inf")) == with_error(865, 0) == "865"
    assert with_error(0.5, 12) == "0 ± 12"
    assert with_error(1.0, 0.996) == "1.0 ± 1.0"


def _texts_of_warnings():
    for source in sorted(Path(hyperspy_multimodal.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if getattr(getattr(node, "func", None), "attr", None) == "warning":
                texts = [e.value for e in ast.walk(node) if isinstance(e, ast.Constant)]
                yield from (text for text in texts if isinstance(text, str))


def test_no_warning_writes_counts_with_an_exponent():
    """`%.3g` makes 7.82e+03 of 7817."""
    texts = list(_texts_of_warnings())
    assert len(texts) > 100
    assert [each for each in texts if re.search(r"\.[1-4]g", each)] == []
