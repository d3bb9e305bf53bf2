"""Elements whose total does not exceed its errors."""

from ..notes import Speaker
from ..written_numbers import with_error

_logger = Speaker(__name__)

#: Counts of fewer standard errors mean that a line or an element is not there.
ABSENT = 3.0


def absent(names, totals, errors):
    """Return the lines or edges that were not found, with their totals in words, by name.

    Parameters
    ----------
    names : list of str
        Lines or edges.
    totals, errors : sequence of float
        Totals and their standard errors, with all that is known of them, shape (K,).
    """
    return {
        name: f"{name} ({with_error(total, error)} counts)"
        for name, total, error in zip(names, totals, errors, strict=True)
        if total < ABSENT * error
    }


def say_absent(found):
    """Name lines or edges that were not found; ``found`` is from `absent`."""
    if found:
        _logger.warning(
            "Not found: %s. Noise, background and overlapping elements may explain these counts, "
            "so these maps may show nothing of the element.",
            ", ".join(found.values()),
            kind="not found",
            about=list(found),
        )
