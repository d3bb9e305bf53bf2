"""Tuning a fusion by hand in Jupyter.

``values`` contains the values of the widgets, ``session`` fuses with them, ``preview`` draws the
region, and ``throttle`` limits the rate of updates. ``tuner`` combines them: ``controls`` are the
widgets, ``history`` the changes that can be undone, ``said`` the texts, and ``line_of_code`` the
equivalent call.
"""

__all__ = ["Tuner", "TuningSession"]

_HOMES = {"Tuner": "tuner", "TuningSession": "session"}


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
