"""Totals of edges with large errors."""

import numpy as np

from ..notes import Speaker

_logger = Speaker(__name__)

# Relative standard error of a total that is reported.
_UNCERTAIN = 0.1


def say_uncertain(names, totals, errors, absent, sources):
    """Name edges whose totals are uncertain.

    Parameters
    ----------
    names : list of str
        Edges.
    totals, errors : array_like
        Totals and their standard errors, with all that is known of them, shape (K,).
    absent : collection of str
        Edges that were not found, and are not named again.
    sources : str
        What the errors include.
    """
    shares = np.asarray(errors) / np.maximum(totals, 1e-300)
    about = dict(zip(names, shares.tolist(), strict=True))
    known = {name: each for name, each in about.items() if each > _UNCERTAIN and name not in absent}
    if known:
        _logger.warning(
            "Totals are uncertain by %s. This includes %s. Report them with their errors: "
            "`total_errors` (in counts) in metadata.Multimodal_fusion.",
            ", ".join(f"{100 * min(share, 9.99):.0f} % ({name})" for name, share in known.items()),
            sources,
            kind="uncertain total",
            about=known,
        )
