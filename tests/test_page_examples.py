"""The code of a page of the documentation runs from top to bottom."""

import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

from hyperspy_multimodal import composition, fuse_maps, region_sums, save_maps
from hyperspy_multimodal.data import core_loss, core_shell

DOCS = Path(__file__).parent.parent / "docs"
pytestmark = pytest.mark.skipif(not (DOCS / "conf.py").exists(), reason="there is no docs folder")

# Pages that need no file but those that they write, with what takes long on the page, and what the
# test has instead.
_PAGES = {
    "ready_maps": {"(64, 64)": "(24, 24)", 'gamma="auto"': "gamma=1, lambdas=(0.01, 0.02)"},
    "export": {"gamma=1": "gamma=1, lambdas=(0.01, 0.02)"},
}


def blocks_of(page):
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize("page", _PAGES)
def test_blocks_run_one_after_the_other(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = blocks_of(page)
    assert len(blocks) > 2
    code = "".join(blocks)
    for long, short in _PAGES[page].items():
        assert long in code
        code = code.replace(long, short)
    exec(compile(code, page, "exec"), {})
    plt.close("all")


def specimen_of(kind):
    specimen = core_loss((20, 16), counts=200) if kind == "edges" else core_shell((32, 32))
    given = {"gamma": 1, "lambdas": (0.01, 0.02), "full_output": True, "show_progressbar": False}
    if kind == "existing maps":
        return *fuse_maps(specimen.counts, specimen.haadf, gain=1, **given), specimen.kfactors
    factors = None if kind == "edges" else specimen.kfactors
    return *specimen.signal.multimodal_fusion(specimen.haadf, **given), factors


@pytest.mark.parametrize("kind", ["edges", "lines", "existing maps"])
def test_what_the_page_keeps_gives_the_same_numbers_later(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    maps, output, factors = specimen_of(kind)
    maps = maps[::-1]
    keep, load = (
        next(block for block in blocks_of("export") if words in block)
        for words in ("pickle.dump", "pickle.load")
    )
    keep = "".join(line for line in keep.splitlines(True) if "multimodal_fusion(" not in line)
    exec(keep, {"maps": maps, "output": output, "save_maps": save_maps})
    exec(load, later := {})
    for regions in (None, {"all": np.ones(maps[0].data.shape, bool)}):
        first, second = (
            (composition(*each, factors, regions), region_sums(*each, regions))
            for each in ((maps, output), (later["maps"], later["output"]))
        )
        assert [each.table() for each in first] == [each.table() for each in second]
        np.testing.assert_array_equal(first[0].masks, second[0].masks)
