"""The code of a page of the documentation runs from top to bottom."""

import re
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

DOCS = Path(__file__).parent.parent / "docs"
pytestmark = pytest.mark.skipif(not (DOCS / "conf.py").exists(), reason="there is no docs folder")

# Pages that need no file but those that they write.
_PAGES = ("ready_maps",)
# What takes long on the page, and what the test has instead.
_SHORTER = {"(64, 64)": "(24, 24)", 'gamma="auto"': "gamma=1, lambdas=(0.01, 0.02)"}


@pytest.mark.slow
@pytest.mark.parametrize("page", _PAGES)
def test_blocks_run_one_after_the_other(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert len(blocks) > 2
    code = "".join(blocks)
    for long, short in _SHORTER.items():
        assert long in code
        code = code.replace(long, short)
    exec(compile(code, page, "exec"), {})
    plt.close("all")
