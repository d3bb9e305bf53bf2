"""Checks of arguments, with errors that say what was given, what was expected and what to do."""

import math
from numbers import Integral, Real


def check_number(name, value, *, above=None, at_least=None, below=None, at_most=None, finite=True):
    """Raise unless `value` is a real number in range.

    Parameters
    ----------
    name : str
        Name of the argument, for the error.
    value : object
        What was given.
    above, at_least : float, optional
        Lower bound that is excluded, or included; one is needed.
    below, at_most : float, optional
        Upper bound that is excluded, or included.
    finite : bool, default True
        Whether infinity is refused; NaN always is.

    Raises
    ------
    TypeError
        If `value` is no real number.
    ValueError
        If it is out of range.

    Examples
    --------
    >>> from hyperspy_multimodal.data._arguments import check_number
    >>> check_number("counts", 5.0, above=0)
    """
    bound = f"above {above}" if above is not None else f"of at least {at_least}"
    if below is not None or at_most is not None:
        bound += f" and below {below}" if below is not None else f" and at most {at_most}"
    expected = f"{name} must be a {'finite ' if finite else ''}number {bound}"
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{expected}, but {value!r} was given. Pass one number.")
    inside = value > above if above is not None else value >= at_least
    if below is not None:
        inside = inside and value < below
    if at_most is not None:
        inside = inside and value <= at_most
    if not inside or (finite and math.isinf(value)):
        raise ValueError(f"{expected}, but {value!r} was given.")


def check_integer(name, value, *, at_least):
    """Raise unless `value` is an integer of at least `at_least`.

    Parameters
    ----------
    name : str
        Name of the argument, for the error.
    value : object
        What was given.
    at_least : int
        Smallest value allowed.

    Raises
    ------
    TypeError
        If `value` is no integer.
    ValueError
        If it is too small.

    Examples
    --------
    >>> from hyperspy_multimodal.data._arguments import check_integer
    >>> check_integer("seed", 0, at_least=0)
    """
    expected = f"{name} must be an integer of at least {at_least}"
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{expected}, but {value!r} was given. Pass one integer.")
    if value < at_least:
        raise ValueError(f"{expected}, but {value!r} was given.")


def check_shape(shape, *, at_least):
    """Raise unless `shape` is a pair of integers of at least `at_least`.

    Parameters
    ----------
    shape : object
        What was given as scan shape (ny, nx).
    at_least : int
        Smallest length allowed.

    Raises
    ------
    TypeError
        If `shape` is no sequence of integers.
    ValueError
        If it has not two lengths, or one is too small.

    Examples
    --------
    >>> from hyperspy_multimodal.data._arguments import check_shape
    >>> check_shape((96, 160), at_least=8)
    """
    wrong = (
        f"shape must be two integers (ny, nx) of at least {at_least}, but {shape!r} was given. "
        "Pass the rows and columns of the scan, such as shape=(128, 128)."
    )
    sequence = isinstance(shape, (tuple, list))
    if not sequence or any(isinstance(n, bool) or not isinstance(n, Integral) for n in shape):
        raise TypeError(wrong)
    if len(shape) != 2 or min(shape) < at_least:
        raise ValueError(wrong)
