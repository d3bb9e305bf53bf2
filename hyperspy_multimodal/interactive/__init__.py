"""Tuning a fusion by hand in Jupyter.

``session`` has the numbers, ``preview`` the picture of the crop, ``throttle`` takes changes no
faster than they can be shown, and ``tuner`` puts widgets around them.
"""

__all__ = ["Tuner", "TuningSession"]

_HOMES = {"Tuner": "tuner", "TuningSession": "session"}


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
