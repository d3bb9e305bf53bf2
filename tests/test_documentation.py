"""The documentation holds names, options and messages of the package; its links lead somewhere."""

import ast
import importlib
import re
from functools import cache
from pathlib import Path

import pytest

import hyperspy_multimodal
from hyperspy_multimodal.command.options import parser
from hyperspy_multimodal.recovery.verdict import RULES

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
pytestmark = pytest.mark.skipif(not (DOCS / "conf.py").exists(), reason="there is no docs folder")

_PACKAGES = ("data", "fusion", "interactive", "plot", "quantification")
_METHODS = (
    "exspy.signals.EDSSpectrum.multimodal_fusion",
    "exspy.signals.EDSSpectrum.multimodal_fusion_interactive",
    "exspy.signals.EELSSpectrum.multimodal_fusion",
)


def _documented():
    """Return the names in the tables of the reference."""
    text = "".join(page.read_text(encoding="utf-8") for page in (DOCS / "api").glob("*.md"))
    tables = re.findall(r"\.\. autosummary::\n(.*?)```", text, re.DOTALL)
    return set(re.findall(r"^   ([\w.]+)$", "".join(tables), re.MULTILINE))


def _public():
    """Return the public names of the package, where they are documented."""
    home = hyperspy_multimodal.__name__
    names = {f"{home}.{name}" for name in hyperspy_multimodal.__all__}
    for package in _PACKAGES:
        names.discard(f"{home}.{package}")
        for name in importlib.import_module(f"{home}.{package}").__all__:
            if f"{home}.{name}" not in names:
                names.add(f"{home}.{package}.{name}")
    return names - {f"{home}.__version__"} | set(_METHODS)


def test_every_public_name_is_in_the_reference():
    assert _public() <= _documented()


@pytest.mark.parametrize("name", sorted(_documented()))
def test_what_the_reference_names_exists(name):
    module, *attributes = name.split(".")
    found = importlib.import_module(module)
    for attribute in attributes:
        if attribute == "Tuner":
            pytest.importorskip("ipywidgets")
            pytest.importorskip("ipympl")
        if not hasattr(found, attribute):
            importlib.import_module(f"{found.__name__}.{attribute}")
        found = getattr(found, attribute)
    assert found.__doc__


def test_every_option_of_the_command_line_is_documented():
    text = (DOCS / "api" / "command_line.md").read_text(encoding="utf-8")
    for action in parser()._actions:
        for option in action.option_strings or [action.metavar]:
            assert re.search(rf"`{option}[ `]", text), option


def _pages():
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
    folders = (DOCS, DOCS / "api", DOCS / "how_to")
    return [*pages, *(page for folder in folders for page in sorted(folder.glob("*.md")))]


@pytest.mark.parametrize("page", _pages(), ids=lambda page: page.name)
def test_links_and_images_lead_somewhere(page):
    text = re.sub(r"```python.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        place = target.partition("#")[0]
        if not place or "://" in place:
            continue
        assert (page.parent / place).exists(), target


@cache
def _warnings():
    """Return the messages of all warnings in the package, as they are before formatting."""
    package = Path(hyperspy_multimodal.__file__).parent
    sources = (path.read_text(encoding="utf-8") for path in package.rglob("*.py"))
    found = set()
    for source in sources:
        if ".warning(" in source:
            for node in ast.walk(ast.parse(source)):
                called = getattr(node, "func", None)
                if getattr(called, "attr", None) == "warning" and node.args:
                    found.add(ast.literal_eval(node.args[0]))
    return sorted(found)


def _is_told(message, phrases):
    """Return whether all pieces of a phrase, between its gaps, are in the message."""
    for phrase in phrases:
        pieces = [piece.strip() for piece in re.split(r"\[?\.\.\.\]?", phrase)]
        if max(map(len, pieces)) > 10 and all(piece in message for piece in pieces):
            return True
    return False


@pytest.mark.parametrize("message", _warnings())
def test_every_warning_is_explained(message):
    text = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    phrases = [" ".join(phrase.split()) for phrase in re.findall(r"(?<!\*)\*([^*]+)\*", text)]
    assert _is_told(message, phrases)


_REMARKS = ("concentrations", "known", "surroundings", "uniformity")  # modules of quantification


@cache
def _remarks():
    """Return the beginnings of the remarks below tables of compositions, "..." for values."""
    package = Path(hyperspy_multimodal.__file__).parent / "quantification"
    found = set()
    for name in _REMARKS:
        tree = ast.parse((package / f"{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, (ast.Assign, ast.Return)) and node.value is not None:
                text = _text_of(node.value)
                is_whole = len(text) > 25 and not text.startswith("...")
                found |= {text} if is_whole else set()
    return sorted(found)


def _text_of(node):
    """Return a string, with "..." for what is filled in; "" for another expression."""
    if isinstance(node, ast.JoinedStr):
        pieces = (each.value if isinstance(each, ast.Constant) else "..." for each in node.values)
        return "".join(pieces)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


@pytest.mark.parametrize("remark", _remarks())
def test_every_remark_below_a_composition_is_explained(remark):
    text = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    section = text.partition("## Composition")[2].partition("\n## ")[0]
    phrases = [" ".join(phrase.split()) for phrase in re.findall(r"(?<!\*)\*([^*]+)\*", section)]
    assert _is_told(remark, phrases)


@pytest.mark.parametrize("words", [rule.words for rule in RULES.values() if rule.words])
def test_every_reason_of_a_verdict_is_explained(words):
    text = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    assert f"| *{words}* |" in text


def test_warnings_are_found_and_told_apart():
    assert len(_warnings()) > 30 and len(_remarks()) > 5
    assert not _is_told("Quite another message about counts", ["The HAADF is ... about counts"])
    assert _is_told("%d pixels are lost here, it seems", ["... pixels are lost here"])
