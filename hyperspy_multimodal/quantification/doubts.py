"""What the verdicts on maps say against their counts."""

from ..recovery.verdict import SOUND, WORDS_ON_COUNTS


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
