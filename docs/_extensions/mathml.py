"""Equations as MathML, which browsers draw themselves: no script, no network, no TeX.

Docutils brings the translation from LaTeX. What it cannot translate is reported as a warning.
"""

import re

from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

_logger = logging.getLogger(__name__)


# \tfrac12 is TeX for \tfrac{1}{2}, which Docutils reads as 12 over what follows.
_SHORT_FRACTION = re.compile(r"(\\[dt]?frac)\s*(\d)\s*(\d)")


def _translated(latex, node, as_block):
    latex = _SHORT_FRACTION.sub(r"\1{\2}{\3}", latex)
    try:
        return tex2mathml(latex, as_block=as_block)
    except MathError as error:
        _logger.warning("equation cannot be translated to MathML: %s", error, location=node)
        return f"<code>{latex}</code>"


def inline(writer, node):
    from docutils import nodes

    writer.body.append(_translated(node.astext(), node, as_block=False))
    raise nodes.SkipNode


def block(writer, node):
    from docutils import nodes

    latex = node.astext()
    aligned = re.search(r"&|\\\\", latex) and r"\begin" not in latex
    if aligned:
        latex = rf"\begin{{aligned}}{latex}\end{{aligned}}"
    name = f' id="{node["ids"][0]}"' if node.get("ids") else ""
    writer.body.append(f'<div class="math"{name}>{_translated(latex, node, as_block=True)}</div>')
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
