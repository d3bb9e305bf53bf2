"""Numbers as messages write them: plain, with sensible digits."""

import math

_LARGEST, _SMALLEST = 1e9, 1e-4  # of what is written without an exponent
_ERROR_DIGITS = 2
# Shares above this are not worth a number: the total is next to nothing.
_MOST_OF_WHOLE = 10.0


def plain(value, digits=3):
    """Return a number with so many significant digits, such as "7,820" for 7817.3.

    Only numbers from 1e9 on, and below 1e-4, have an exponent.

    Parameters
    ----------
    value : float
    digits : int
        Default 3.

    Examples
    --------
    >>> plain(7817.3), plain(35.218), plain(0.04)
    ('7,820', '35.2', '0.04')
    """
    value = float(value)
    if not math.isfinite(value) or value == 0:
        return f"{value:g}"
    rounded = float(f"{value:.{digits - 1}e}")
    if not _SMALLEST <= abs(rounded) < _LARGEST:
        return f"{value:.{digits}g}"
    decimals = max(digits - 1 - math.floor(math.log10(abs(rounded))), 0)
    text = f"{rounded:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text


def percent(share, decimals=0, sign=""):
    """Return a share in percent as text, or "more than 1,000 %" above ten times the whole.

    Parameters
    ----------
    share : float
    decimals : int
        Default 0.
    sign : "" or "+"
        "+" writes a sign before positive shares. Default "".

    Examples
    --------
    >>> percent(0.123), percent(0.0461, 1, sign="+"), percent(float("inf"))
    ('12 %', '+4.6 %', 'more than 1,000 %')
    """
    if not abs(share) < _MOST_OF_WHOLE:
        return f"more than {100 * _MOST_OF_WHOLE:,.0f} %"
    return f"{100 * share:{sign}.{decimals}f} %"


def with_error(value, error):
    """Return a number with its standard error, both to the second digit of the error.

    Parameters
    ----------
    value, error : float
        An error that is 0, infinite or unknown is left out.

    Examples
    --------
    >>> with_error(863.2, 308.7), with_error(35.218, 0.4)
    ('860 ± 310', '35.22 ± 0.40')
    """
    value, error = float(value), float(error)
    if not (math.isfinite(value) and math.isfinite(error) and error > 0):
        return plain(value)
    error = float(f"{error:.{_ERROR_DIGITS - 1}e}")
    largest = max(abs(value), error)
    exponent = math.floor(math.log10(largest))
    if not _SMALLEST <= largest < _LARGEST:
        scale = 10.0**exponent
        return f"({with_error(value / scale, error / scale)})e{exponent:+03d}"
    decimals = _ERROR_DIGITS - 1 - math.floor(math.log10(error))
    # Python's round takes halves to the even digit, and negative decimals
    return " ± ".join(f"{round(each, decimals):,.{max(decimals, 0)}f}" for each in (value, error))


def known_by_name(names, values, errors, assumed=False):
    """Return values with their errors by name, and which values are unknown.

    Parameters
    ----------
    names : list of str
    values, errors : list of float
        Errors of unknown values are infinite.
    assumed : bool
        Whether to write what is assumed of unknown values. Default False.

    Examples
    --------
    >>> known_by_name(["Sc", "O"], [0.0204, 0.0009], [0.0036, float("inf")])
    'Sc 0.0204 ± 0.0036, O unknown'
    >>> known_by_name(["O"], [0.0009], [float("inf")], assumed=True)
    'O unknown (0.0009 assumed)'
    """
    return ", ".join(
        f"{name} {with_error(value, error)}"
        if math.isfinite(error)
        else f"{name} unknown" + (f" ({plain(value, 2)} assumed)" if assumed else "")
        for name, value, error in zip(names, values, errors, strict=True)
    )
