"""Lines below tables: what verdicts on maps say against their counts, and errors of the fit."""

import numpy as np

from ..recovery.verdict import SOUND, WORDS_ON_COUNTS
from .text_table import decimals

# Counts this many errors of their noise above 0 need an explanation if they are not detected.
_SEEN = 3.0


def doubts_of(maps, names):
    """Return why the counts of maps are to be taken with care, by line or edge; "" for no reason.

    Reasons that concern only the fused maps, such as the HAADF, do not matter for sums of the raw
    maps.

    Parameters
    ----------
    maps : list of BaseSignal
    names : list of str
        Lines or edges, in the order of the maps.

    Returns
    -------
    dict of str to str
        Such as "with care (doubtful background)".
    """
    found = {}
    for each, name in zip(maps, names, strict=True):
        record = each.metadata.get_item("Multimodal_fusion", None)
        verdict = SOUND if record is None else record.get_item("verdict", SOUND)
        because = [] if record is None else record.get_item("because", None) or []
        words = [word for word in because if word in WORDS_ON_COUNTS]
        found[name] = f"{verdict} ({', '.join(words)})" if words else ""
    return found


def doubt_remarks(doubts):
    """Return lines below a table; ``doubts`` is from `doubts_of`."""
    return [f"{name}: {text}" for name, text in doubts.items() if text]


def hidden_by_fit(found):
    """Return remarks on counts above their noise that are not above the errors of the fit.

    Parameters
    ----------
    found : Composition
    """
    undecided = ~found.detected & found.detection_is_known
    above = undecided & (found.counts > _SEEN * found.counts_errors)
    said = []
    for r, k in np.argwhere(above):
        error = found.detection_errors[r, k]
        said.append(
            f"{found.regions[r]}: {found.lines[k]} is not detected, because noise and fit "
            f"together have an error of {error:.{decimals(error)}f} {found.counts_unit} if it "
            "is absent"
        )
    return said
