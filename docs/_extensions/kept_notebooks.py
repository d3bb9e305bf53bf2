"""Pages from the notebooks, which lie beside the documentation: copied in with their outputs.

Each gets a link to the notebook itself below its title, and all are listed on one page. Links of
other pages to notebooks, which also work in a clone, become links to these pages.
"""

import json
from pathlib import Path

_FIRST = (
    "quickstart",
    "silica_composition",
    "nanoparticle_eds",
    "atomic_resolution_eds",
    "core_loss_eels",
)
_HEAD = """# Tutorials

Each page is a notebook with its outputs, and has a link to the notebook itself below its title.
"""


def copy_notebooks(app):
    """Write `notebooks/*.ipynb` and a page that lists them into `docs/tutorials`."""
    target = Path(app.srcdir) / "tutorials"
    target.mkdir(exist_ok=True)
    pages = {
        path.name: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((Path(app.srcdir).parent / "notebooks").glob("*.ipynb"), key=_order)
    }
    for old in target.glob("*.ipynb"):
        if old.name not in pages:
            old.unlink()
    _write(target / "index.md", _list_of(pages))
    for name, page in pages.items():
        for cell in page["cells"]:
            if cell["cell_type"] == "markdown":  # pages lie elsewhere from here
                cell["source"] = "".join(cell["source"]).replace("](../docs/", "](../")
        page["cells"].insert(1, _download_link(name))
        _write(target / name, json.dumps(page, ensure_ascii=False))


def link_to_pages(app, name, source):
    """Let links to notebooks in the source of a page lead to the pages made of them."""
    if not name.startswith("tutorials/"):
        text = source[0].replace("](../notebooks)", "](tutorials/index.md)")
        source[0] = text.replace("../notebooks/", "tutorials/")


def _order(path):
    place = _FIRST.index(path.stem) if path.stem in _FIRST else len(_FIRST)
    return place, path.stem


def _list_of(pages):
    entries, names = [], []
    for name, page in pages.items():
        title, _, text = "".join(page["cells"][0]["source"]).partition("\n")
        summary = " ".join(text.strip().split("\n\n")[0].split())
        names.append(name.removesuffix(".ipynb"))
        entries.append(f"[{title.lstrip('# ')}]({name})\n: {summary or 'No summary.'}\n")
    toctree = "\n".join(["```{toctree}", ":hidden:", "", *names, "```", ""])
    return "\n".join([_HEAD, *entries, toctree])


def _download_link(name):
    text = f"{{download}}`Download this notebook <../../notebooks/{name}>` and run it in Jupyter."
    return {"cell_type": "markdown", "id": "download", "metadata": {}, "source": [text]}


def _write(path, text):
    if not path.exists() or path.read_text(encoding="utf-8") != text:  # else it is built again
        path.write_text(text, encoding="utf-8")


def setup(app):
    app.connect("builder-inited", copy_notebooks, priority=1)
    app.connect("source-read", link_to_pages)
    return {"parallel_read_safe": True}
