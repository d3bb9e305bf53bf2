"""What colours and signs in the picture of a summed spectrum mean, and what is doubtful."""

import textwrap

from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ..eds.fit_report import GOODNESS
from .spectrum_doubts import HIDDEN_SIGN, OVERLAP_SIGN

# Okabe and Ito's blue, green and vermilion, and a purple and a pink that text can have.
OBSERVED, MODEL, CONTINUUM = "0.55", "#0072B2", "#009E73"
#: Light blue of what the model left and lines were given.
GIVEN = "#A6CBE3"
#: Colours of lines by kind, and of labels of elements that were not found.
KINDS = {"named": "black", "instrument": "#8E3A8E", "unnamed": "#E7298A", "free": "#D55E00"}
ABSENT = "0.5"
#: Styles of ranges where the model is wrong, and of channels that were left out.
MISFIT = {"facecolor": "#F9E0AE", "lw": 0}
LEFT_OUT = {"facecolor": "0.9", "edgecolor": "0.7", "hatch": "///", "lw": 0}
_WORDS = {
    "named": "listed element",
    "instrument": "unlisted element, common in microscopes",
    "unnamed": "other unlisted element",
    "free": "peak not assigned to an element (?)",
}
_SIGNS = {
    "free": ("?", KINDS["free"]),
    "overlap": (OVERLAP_SIGN, KINDS["named"]),
    "hidden": (HIDDEN_SIGN, KINDS["named"]),
    "family": (HIDDEN_SIGN, KINDS["named"]),
    "absent": ("( )", ABSENT),
}
# Columns of the legend, and letters of a line of text, in an inch of the figure's width.
_COLUMNS, _LETTERS = 0.45, 13
#: Doubts that are written out; others are only counted.
MOST_DOUBTS = 10


def name_curves(axis, goodness, lines):
    """Say above the axes how good the fit is, and what curves, shades and colours mean."""
    handles = axis.get_legend_handles_labels()[0]
    present = {line.kind for line in lines if line.counts > 0}
    handles += [
        Line2D([], [], color=KINDS[kind], marker="|", ms=8, mew=1.5, ls="", label=words)
        for kind, words in _WORDS.items()
        if kind in present
    ]
    text = goodness.removeprefix(GOODNESS)
    legend_above(axis, handles, f"{text[:1].upper()}{text[1:]}")


def legend_above(axis, handles, text):
    """Draw a legend above the axes, with a text as its title."""
    inches = _width(axis.figure)
    legend = axis.legend(
        handles=handles,
        title=textwrap.fill(text, int(_LETTERS * inches)),
        title_fontsize="small",
        fontsize="small",
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=max(int(_COLUMNS * inches), 1),
        frameon=False,
    )
    legend.get_title().set_multialignment("center")


def name_doubts(fig, doubts):
    """Write doubtful features under the axes, if there are any."""
    letters = int(_LETTERS * _width(fig))
    handles = [_handle(doubt, letters) for doubt in doubts[:MOST_DOUBTS]]
    if len(doubts) > MOST_DOUBTS:
        handles.append(Line2D([], [], ls="", label=f"and {len(doubts) - MOST_DOUBTS} more"))
    if handles:
        fig.legend(
            handles=handles,
            title="Doubtful",
            title_fontsize="small",
            alignment="left",
            loc="outside lower left",
            fontsize="small",
            frameon=False,
            labelspacing=0.25,
        )


def _handle(doubt, letters):
    """Return a handle of a legend for a doubt."""
    text = textwrap.fill(doubt.text, letters)
    if doubt.kind == "misfit":
        return Patch(label=text, **MISFIT)
    if doubt.kind == "left out":
        return Patch(label=text, **LEFT_OUT)
    sign, colour = _SIGNS[doubt.kind]
    return Line2D([], [], ls="", marker=f"${sign}$", ms=7, color=colour, label=text)


def _width(fig):
    """Return the width of a figure or a part of one, in inches."""
    return fig.bbox.width / fig.dpi
