"""Factors and their errors, by the names of lines or edges."""

from collections.abc import Mapping

import numpy as np

from ..checks import checked_number
from ..names import check_they_exist, checked_names, close_element
from ..notes import Speaker

_logger = Speaker(__name__)

_KINDS = {"line": ("X-ray line", ["Ti_Ka", "O_Ka"]), "edge": ("EELS edge", ["Ti_L3", "O_K"])}


def checked_kfactors(kfactors, names, kind="line"):
    """Return factors and their standard errors in the order of lines, or say what is wrong.

    Parameters
    ----------
    kfactors : dict or list
        A factor, or a factor and its standard error, by line or edge; an element stands for its
        own. Or a list in the order of ``names``.
    names : list of str
        Lines or edges of the maps.
    kind : "line" or "edge"
        What they are. Default "line".

    Returns
    -------
    factors, errors : numpy.ndarray
        Shape (K,).
    """
    if isinstance(kfactors, Mapping):
        what, example = _KINDS[kind]
        given = checked_names("kfactors", list(kfactors), what, example)
        by_name = dict(zip(given, kfactors.values(), strict=True))
        found = [by_name.get(name, by_name.get(name.split("_")[0])) for name in names]
        check_they_exist("kfactors", given, what, names)
        missing = [name for name, each in zip(names, found, strict=True) if each is None]
        if missing:
            meant = close_element(_unused(given, names), missing)
            raise ValueError(
                f"kfactors must contain a factor for each {kind} of the maps, {names}, but has "
                f"none for {missing}; it has {given}.{meant}{_without(names, missing, kind)}"
            )
        _check_unused(given, names, kind)
    elif isinstance(kfactors, str) or not np.iterable(kfactors):
        raise TypeError(
            f"kfactors must be a dictionary from {kind} to factor such as {{{names[0]!r}: (1.0, "
            f"0.05)}}, or a list, but {kfactors!r} was given."
        )
    else:
        found = list(kfactors)
        if len(found) != len(names):
            raise ValueError(
                f"kfactors must contain one factor per map, in the order {names}, but {len(found)} "
                "were given. Pass them by name, {'Ti_Ka': 1.0, ...}, to avoid mistakes in the "
                "order."
            )
    pairs = [_pair(f"kfactors[{name!r}]", each) for name, each in zip(names, found, strict=True)]
    return np.array(pairs).T


def _without(names, missing, kind):
    """Return how to pass only the maps that have a factor, if a composition can be made of them."""
    own = [name for name in names if name not in missing]
    if len(own) < 2:
        return ""
    item = "xray_lines" if kind == "line" else "edges"
    return (
        " Add the missing factors, or pass only the maps that have a factor, [m for m in maps if "
        f"m.metadata.Sample.{item}[0] in {own}]; their percentages then add up to 100."
    )


def _check_unused(given, names, kind):
    """Refuse a factor of an element if another is of a line of it that has no map; name others."""
    elements = {name.split("_")[0]: name for name in names}
    unused = _unused(given, names)
    for each in unused:
        element = each.split("_")[0]
        mapped = elements.get(element)
        if mapped is not None and mapped not in given:
            raise ValueError(
                f"kfactors contain factors of {element} and {each}, but the map is that of "
                f"{mapped}. Pass the factor of this {kind} by its full name."
            )
    if unused:
        _logger.info("kfactors of %s were not used: there are no such maps.", ", ".join(unused))


def _unused(given, names):
    """Return which factors are those of no map, by its name or its element."""
    elements = {name.split("_")[0] for name in names}
    return [each for each in given if each not in names and each not in elements]


def _pair(name, value):
    """Return a factor and its error, 0 unless it is given."""
    if not np.iterable(value) or isinstance(value, str):
        return checked_number(name, value, low=0, include_low=False), 0.0
    if len(value) != 2:
        raise ValueError(
            f"{name} must be a factor, or a factor and its standard error, but {value!r} was given."
        )
    factor, error = value
    return (
        checked_number(name, factor, low=0, include_low=False),
        checked_number(f"the error of {name}", error, low=0, include_low=True),
    )
