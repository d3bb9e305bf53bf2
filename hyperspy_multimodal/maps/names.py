"""Names of X-ray lines and edges, such as "Ti_Ka" and "Cu_L3": an element, and what it has."""

import numpy as np


def checked_names(argument, given, kind, examples):
    """Return the names that a user gives as a list, or say what is wrong with them.

    Parameters
    ----------
    argument : str
        Name of the argument.
    given : list of str
        Lines or edges. Whether their elements have them is not looked at.
    kind : str
        What they are: "X-ray line" or "edge".
    examples : list of str
        Names to show in messages.

    Returns
    -------
    list of str
    """
    if isinstance(given, (str, dict)) or not np.iterable(given):
        raise TypeError(
            f"{argument} must be None or a list of {kind}s such as {examples}, but {given!r} was "
            "given."
        )
    names = list(given)
    for name in names:
        if not isinstance(name, str):
            raise TypeError(
                f"An {kind} must be a string such as {examples[0]!r}, but {name!r} was given."
            )
        element = name.split("_")[0]
        if element not in _database():
            raise ValueError(
                f"Unknown {kind} {name!r}: {element!r} is not a chemical element. Expected a name "
                f"such as {examples[0]!r}."
            )
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"{argument} must name each {kind} once, but repeats {repeated}.")
    return names


def atomic_numbers(names):
    """Return the atomic number Z of the element of each line or edge.

    Parameters
    ----------
    names : list of str
        Lines or edges.

    Returns
    -------
    list of int
    """
    return [_database()[name.split("_")[0]].General_properties.Z for name in names]


def _database():
    from exspy.material import elements

    return elements
