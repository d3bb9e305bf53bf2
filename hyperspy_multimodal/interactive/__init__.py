"""Tuning a fusion by hand in Jupyter.

``values`` contains the values of the widgets, ``session`` runs the fusions, ``preview`` draws the
region, and ``throttle`` limits the rate of updates. ``tuner`` combines them with the widgets
(``controls``), the changes that can be undone (``history``), the texts (``said``), and the
equivalent call (``line_of_code``).
"""

__all__ = ["Tuner", "TuningSession"]

_HOMES = {"Tuner": "tuner", "TuningSession": "session"}


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
