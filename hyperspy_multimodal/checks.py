"""Checks of numbers and arrays that callers give, before anything is computed."""

import numbers
from collections.abc import Mapping

import numpy as np


def is_auto(value):
    """Return whether an argument leaves the choice to the data, as "auto" does."""
    return isinstance(value, str) and value == "auto"


def checked_flag(name, value, *others):
    """Return ``value`` if it is True, False or one of ``others``, or say what is wrong.

    Other values are not converted: as "no" is true, it would do the opposite of what it says.
    """
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if any(type(value) is type(each) and value == each for each in others):
        return value
    expected = ", ".join([*map(repr, others), "True or False"])
    raise TypeError(f"{name} must be {expected}, but {value!r} was given.")


def checked_number(name, value, *, low, include_low, hint=""):
    """Return ``value`` as a float that is finite and above ``low``, or say what is wrong."""
    expected = f"a finite number {'>=' if include_low else '>'} {low:g}"
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be {expected}, but {value!r} was given. {hint}".strip())
    value = float(value)
    if not np.isfinite(value) or value < low or (value == low and not include_low):
        raise ValueError(f"{name} must be {expected}, but {value!r} was given. {hint}".strip())
    return value


def checked_count(name, value):
    """Return ``value`` as an integer >= 1, or say what is wrong."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be an integer >= 1, but {value!r} was given.")
    if value < 1:
        raise ValueError(f"{name} must be an integer >= 1, but {value!r} was given.")
    return int(value)


def checked_seed(seed):
    """Return the seed of random numbers, a whole number >= 0, or raise an error."""
    if isinstance(seed, bool) or not isinstance(seed, numbers.Integral) or seed < 0:
        raise ValueError(f"seed must be an integer >= 0, but {seed!r} was given.")
    return int(seed)


def checked_array(name, value, shape, *, negative=False):
    """Return a finite float32 array of ``shape``, or say what is wrong."""
    given = np.asarray(value)
    if given.dtype.kind not in "buif":
        kind = {"c": "complex numbers", "U": "str", "S": "bytes"}.get(given.dtype.kind, "objects")
        raise TypeError(f"{name} must contain real numbers, but {kind} were given.")
    with np.errstate(over="ignore"):
        array = given.astype(np.float32, copy=False)
    if given.dtype.kind == "f" and not np.isfinite(array.sum(dtype=np.float64)):
        bad = ~np.isfinite(array)
        raise ValueError(
            f"{name} must be finite, but {int(bad.sum())} of its {array.size} values are NaN or "
            "infinite. Replace them first, for example with numpy.nan_to_num."
        )
    if not negative and array.size and array.min() < 0:
        raise ValueError(f"{name} must be >= 0, but its lowest value is {array.min():g}.")
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        raise ValueError(
            f"{name} must have the shape {shape}, or one that broadcasts to it, but has the shape "
            f"{array.shape}."
        ) from None


def per_element(name, value, n_maps, **limits):
    """Return one float per element from a number or a sequence of ``n_maps`` numbers."""
    if isinstance(value, numbers.Real):
        return np.full(n_maps, checked_number(name, value, **limits))
    if isinstance(value, (str, dict, set)) or not np.iterable(value):
        raise TypeError(
            f"{name} must be a number or {n_maps} numbers, one per element in the order of the "
            f"maps, but {value!r} was given."
        )
    values = list(value)
    if len(values) != n_maps:
        raise ValueError(
            f"{name} must be a number or {n_maps} numbers, one per element, but {len(values)} "
            "were given."
        )
    return np.array(
        [checked_number(f"{name}[{i}]", element, **limits) for i, element in enumerate(values)]
    )


def in_order(argument, given, names):
    """Return the values of a dictionary in the order of the maps; anything else as it is.

    Parameters
    ----------
    argument : str
        Name of the argument, for errors.
    given : object
        Its value: a dictionary by the name of a map or by element, or anything else.
    names : list of str
        Elements, lines or edges of the maps, such as "Ti" or "Ti_Ka".
    """
    if not isinstance(given, Mapping):
        return given
    keys = [
        next((key for key in (name, name.split("_")[0]) if key in given), None) for name in names
    ]
    unknown = [key for key in given if key not in keys]
    missing = [name for name, key in zip(names, keys, strict=True) if key is None]
    if unknown or missing:
        wrong = [f"contains {unknown}"] * bool(unknown) + [f"lacks {missing}"] * bool(missing)
        raise ValueError(
            f"{argument} must contain one number for each of the maps, {list(names)}, but it "
            f"{' and '.join(wrong)}."
        )
    return [given[key] for key in keys]
