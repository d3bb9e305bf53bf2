"""Messages of the package, as the command line says them."""

import ast
import logging
import re
from pathlib import Path

import pytest

import hyperspy_multimodal
from hyperspy_multimodal.command.advice import Translating, translated

# What a user of the command cannot write.
PYTHON = re.compile(
    r"\bs\.((add|set)_\w+|metadata)|s\.rebin|full_output|navigation_mask|='\w+'|=True|\b\w+_method\b"
    r"|`\w+`|the record\b|region_sums"
)


def _warnings():
    package = Path(hyperspy_multimodal.__file__).parent
    for folder in ("counts", "eds", "eels", "given", "recovery", "selection", "signals"):
        for source in sorted((package / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
                called = getattr(node, "func", None)
                if getattr(called, "attr", None) == "warning" and node.args:
                    yield ast.literal_eval(node.args[0])


@pytest.mark.parametrize("message", sorted(set(_warnings())))
def test_warnings_name_options_of_the_command(message):
    assert not PYTHON.search(translated(message))


@pytest.mark.parametrize("is_verbose", [True, False])
def test_more_is_in_a_file_unless_it_was_shown(is_verbose):
    text = "2 more in `messages` of full_output=True."
    record = logging.makeLogRecord({"msg": text, "levelname": "WARNING"})
    said = Translating("%(message)s", is_verbose).format(record)
    assert said == ("2 more above." if is_verbose else "2 more in messages.txt.")


def test_what_is_named_stays_named():
    text = "To map them, add them: s.add_elements(('Ti', 'Cr'))."
    assert translated(text) == "To map them, name 'Ti', 'Cr' in --elements, with all others."
    text = (
        "Leave them out with navigation_mask=(s.data.sum(axis=-1) == 0) & (haadf.data >= 3.2), so."
    )
    assert translated(text).startswith(
        "Leave them out with --mask, an image that is not 0 there, so"
    )


def test_elements_of_the_metadata_are_an_option():
    text = "set all of them: s.metadata.Sample.elements = ['Cu', 'Zn']."
    assert translated(text) == "set all of them: --elements Cu Zn."


@pytest.mark.parametrize("mask", ["numpy.isnan(...)", "~numpy.isfinite(s.data).all(axis=-1)"])
def test_masks_of_values_become_a_file(mask):
    said = translated(f"Leave them out with navigation_mask={mask}.")
    assert said == "Leave them out with --mask FILE."
