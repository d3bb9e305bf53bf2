"""The line of code that does without widgets what the tuner shows."""

import ast

import numpy as np

_MOST = 50  # numbers of an array that are written out


def call(arguments):
    """Return the call of `multimodal_fusion` with these arguments, as one types it."""
    given = ", ".join(f"{name}={_as_code(name, value)}" for name, value in arguments.items())
    return f"s.multimodal_fusion(haadf, {given})"


def _as_code(name, value):
    """Return how a value is typed; large arrays and signals by the name of their argument."""
    value = _plain(value)
    try:
        ast.literal_eval(repr(value))
    except (SyntaxError, ValueError):
        return name
    return repr(value)


def _plain(value):
    """Return numbers of NumPy, and short arrays of them, as numbers and lists of Python."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) and value.size <= _MOST:
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return type(value)(map(_plain, value))
    if isinstance(value, dict):
        return {_plain(key): _plain(each) for key, each in value.items()}
    return value
