"""Tuning a fusion by hand in Jupyter.

``values`` is what the widgets say, ``session`` fuses with it, ``preview`` draws the crop,
``throttle`` takes changes no faster than they can be shown, and ``tuner`` puts widgets around them:
``controls`` are the widgets, ``history`` what can be undone, ``said`` what is told, and
``line_of_code`` the call that does the same.
"""

__all__ = ["Tuner", "TuningSession"]

_HOMES = {"Tuner": "tuner", "TuningSession": "session"}


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
