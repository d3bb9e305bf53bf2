"""Dask tasks with descriptive names."""

import contextlib
import functools

import dask
from dask.diagnostics import ProgressBar


def task(function, name):
    """Return a function that turns a call of ``function`` into a task.

    Parameters
    ----------
    function : callable
        A function of a module, or a `functools.partial` of one: it is sent to the workers.
    name : str
        Key of the task; what stands before the first token shows on a dashboard.
    """
    return functools.partial(dask.delayed(function, pure=False, traverse=False), dask_key_name=name)


def computed(collections, show_progressbar):
    """Return a tuple of lazy objects, or lists of them, computed in one graph."""
    with ProgressBar() if show_progressbar else contextlib.nullcontext():
        return dask.compute(*collections)
