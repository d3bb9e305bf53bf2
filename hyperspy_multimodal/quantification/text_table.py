"""Tables as text."""

import math


def error_or_none(error, is_known, digits):
    """Return an error as text, "none" instead of 0 where it is not known."""
    return f"{error:.{digits}f}" if is_known or error > 0 else "none"


def decimals(error):
    """Return how many decimals show two digits of an error, 0 for errors of 10 and more."""
    return 1 - math.floor(math.log10(error)) if 0 < error < 10 else 0


def aligned(rows, names):
    """Return rows of cells as lines of text, with columns of names to the left.

    Parameters
    ----------
    rows : sequence of sequence of str
        The first is the head.
    names : collection of int
        Numbers of the columns that hold names; all others hold numbers, to the right.

    Returns
    -------
    str
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in names else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def ratio_in_words(row):
    """Return the ratio of a row to the reference with its error as text; "1" for the reference.

    Parameters
    ----------
    row : dict
        Row of a table of compositions.
    """
    if row["ratio"] == "":
        return "1"
    digits = max(2, decimals(row["ratio_error"]) - 1)  # an error that is known is not 0.00
    return f"{row['ratio']:.{digits}f} +- {row['ratio_error']:.{digits}f}"
