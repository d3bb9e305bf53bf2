"""Line of code that reproduces the result of the tuner without widgets."""

import ast

import numpy as np

_MOST = 50  # numbers of an array that are written out


def call(arguments):
    """Return the code of a call to `multimodal_fusion` with these arguments."""
    given = ", ".join(f"{name}={_as_code(name, value)}" for name, value in arguments.items())
    return f"s.multimodal_fusion(haadf, {given})"


def _as_code(name, value):
    """Return a value as code, or the name of its argument for large arrays and signals."""
    value = _plain(value)
    try:
        ast.literal_eval(repr(value))
    except (SyntaxError, ValueError):
        return name
    return repr(value)


def _plain(value):
    """Convert NumPy numbers and short arrays to Python numbers and lists."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) and value.size <= _MOST:
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return type(value)(map(_plain, value))
    if isinstance(value, dict):
        return {_plain(key): _plain(each) for key, each in value.items()}
    return value
