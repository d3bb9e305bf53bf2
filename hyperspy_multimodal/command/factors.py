"""The option ``--factors``: factors by line or edge, as texts or in a table."""

import argparse
import csv
import math
import re
from pathlib import Path

from ..names import close_name, known_name, names_shell

_EXAMPLE = "Si_Ka=1.0,O_Ka=1.9+-0.1"
_TABLES = (".csv", ".tsv", ".txt")
_ERROR = re.compile(r"\s*(?:±|\+/?-)\s*")
# What the third column of a table must be called, if its columns have names.
_NAMES_OF_ERRORS = re.compile(r"err|uncert|dev|sigma|std|±|\+/?-", re.IGNORECASE)


def split_factors(texts):
    """Return which of the texts after ``--factors`` are factors, and which are files to fuse.

    Parameters
    ----------
    texts : list of str
        Factors, a table of them, and files that follow.

    Returns
    -------
    own, files : list of str
    """
    own = [text for text in texts if _is_factor(text) or _is_table(text)]
    return own, [text for text in texts if text not in own]


def factors_in(texts):
    """Return factors, or pairs of them and their errors, by line or edge.

    Parameters
    ----------
    texts : list of str
        Such as "Si_Ka=1.0" and "O_Ka=1.9+-0.1", also several in one text, or one table.

    Raises
    ------
    argparse.ArgumentTypeError
    """
    tables = [text for text in texts if _is_table(text)]
    if not texts or (tables and len(texts) > 1):
        raise argparse.ArgumentTypeError(
            f"argument --factors: expected factors such as {_EXAMPLE}, or one table (.csv), but "
            f"{' '.join(texts) or 'neither'} was given"
        )
    if tables:
        return _of_pairs(_rows_of(Path(tables[0])), f" in {tables[0]}")
    text = re.sub(r"\s*=\s*", "=", _ERROR.sub("+-", " ".join(texts)))
    pairs = []
    for part in re.split(r"[,;\s]+", text.strip(" ,;")):
        name, equals, value = part.partition("=")
        if not equals:
            raise argparse.ArgumentTypeError(
                f"argument --factors: expected LINE=FACTOR or LINE=FACTOR+-ERROR, such as "
                f"{_EXAMPLE}, with points in decimal numbers, but {part!r} was given"
            )
        pairs.append((name, value))
    return _of_pairs(pairs, "")


def _is_table(text):
    return "=" not in text and Path(text).suffix.lower() in _TABLES


def _is_factor(text):
    """Return whether a text is a factor, or a part of one that has spaces in it."""
    parts = [part for part in re.split(r"[,;\s=]|±|\+/?-", text) if part]
    return "=" in text or all(re.fullmatch(r"[\d.eE+-]+|[A-Za-z]{1,2}(_\w+)?", p) for p in parts)


def _rows_of(file):
    """Return names and values in a table of two or three columns."""
    if not file.exists():
        raise argparse.ArgumentTypeError(f"argument --factors: there is no file {file}")
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise argparse.ArgumentTypeError(
            f"argument --factors: {file} is no text in UTF-8"
        ) from error
    lines = [line for line in lines if line.strip(" ,;\t") and not line.startswith("#")]
    between = next((mark for mark in "\t;" if lines and mark in lines[0]), ",")
    rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=between)]
    rows = [row if any(row[2:]) else row[:2] for row in rows]
    if rows and len(rows[0]) > 1 and not _is_name(rows[0][0]) and not _has_digit(rows[0][1]):
        head = [*rows.pop(0), ""]
        if any(len(row) > 2 for row in rows) and not _NAMES_OF_ERRORS.search(head[2]):
            raise argparse.ArgumentTypeError(
                f"argument --factors: the third column of {file} must contain standard errors and "
                f"be called error, but is called {head[2]!r}"
            )
    wrong = next((row for row in rows if not 2 <= len(row) <= 3), None)
    if not rows or wrong:
        raise argparse.ArgumentTypeError(
            f"argument --factors: {file} must have the columns line, factor and, if known, error, "
            f"but has {'no rows' if not rows else f'the row {between.join(wrong)!r}'}"
        )
    return [(row[0], "+-".join(row[1:])) for row in rows]


def _of_pairs(pairs, where):
    """Return factors by name, of names and texts."""
    found = {}
    for name, text in pairs:
        if not _is_name(name):
            raise argparse.ArgumentTypeError(
                f"argument --factors: expected lines or edges such as Si_Ka, but {name!r}{where} "
                f"is neither.{close_name(name, 'X-ray line', 'edge')}"
            )
        if name in found:
            raise argparse.ArgumentTypeError(f"argument --factors: {name} is given twice{where}")
        value, *error = (_number(each, name, where) for each in _ERROR.split(text.strip()))
        if value <= 0 or len(error) > 1 or any(each < 0 for each in error):
            raise argparse.ArgumentTypeError(
                f"argument --factors: expected a factor > 0 and an error >= 0 of {name}{where}, "
                f"but {text!r} was given"
            )
        found[name] = (value, error[0]) if error else value
    return found


def _is_name(text):
    known = any(known_name(text, kind) is not None for kind in ("X-ray line", "edge"))
    return known or names_shell(text)


def _has_digit(text):
    return any(letter.isdigit() for letter in text)


def _number(text, name, where):
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(
            f"argument --factors: expected a number for {name}{where}, with a decimal point, such "
            f"as 1.9 or 1.9+-0.1, but {text!r} was given"
        )
    return value
