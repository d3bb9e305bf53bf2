"""Tasks of Dask with names that say what they do."""

import functools

import dask


def task(function, name):
    """Return a function that makes a task of a call of ``function``, which is sent as it is.

    Parameters
    ----------
    function : callable
        A function of a module, or a `functools.partial` of one: it is sent to the workers.
    name : str
        Key of the task; what stands before the first token shows on a dashboard.
    """
    return functools.partial(dask.delayed(function, pure=False, traverse=False), dask_key_name=name)
