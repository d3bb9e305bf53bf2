"""The README in distributions has no link that leads nowhere on PyPI."""

import importlib.util
import re
from pathlib import Path

import pytest

pytest.importorskip("hatchling", reason="needs hatchling, which builds the package")

ROOT = Path(__file__).parent.parent
if not (ROOT / "hatch_build.py").exists():
    pytest.skip("the tests are not in a checkout", allow_module_level=True)


@pytest.fixture(scope="module")
def hook():
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def readme():
    return (ROOT / "README.md").read_text(encoding="utf-8")


def targets(text):
    return re.findall(r"\]\(([^)\s]+)\)", text)


def test_with_a_repository_all_links_are_absolute_and_none_is_lost(hook, readme):
    found = targets(hook.with_absolute_links(readme, "https://example.org/group/name/"))
    assert len(found) == len(targets(readme))
    for before, after in zip(targets(readme), found, strict=True):
        assert after.startswith("https://")
        if "://" not in before:
            kind = "raw" if before.endswith(".png") else "blob"
            assert after == f"https://example.org/group/name/{kind}/HEAD/{before}"
            assert (ROOT / before.partition("#")[0]).exists()


def test_without_one_nothing_leads_nowhere_and_the_words_stay(hook, readme):
    text = hook.with_absolute_links(readme)
    kept = [each for each in targets(readme) if "://" in each]
    assert targets(text) == kept and "![" not in text
    assert "Troubleshooting explains every message" in " ".join(text.split())
    assert "in the picture" not in text.split("## Installation")[0]
    assert "Top to bottom" not in text  # the caption of the picture
    assert text.count("```") == readme.count("```")


@pytest.mark.parametrize("urls", [{}, {"Repository": "https://example.org/name"}])
def test_the_hook_sets_the_readme(hook, urls):
    metadata = {"urls": urls}
    hook.ReadmeHook(str(ROOT), {}).update(metadata)
    assert metadata["readme"]["content-type"] == "text/markdown"
    assert ("example.org" in metadata["readme"]["text"]) == bool(urls)
