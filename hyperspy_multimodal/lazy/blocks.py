"""Blocks of a lazy spectrum image that report their position if they cannot be read."""

import functools
import uuid

import dask
import dask.array as da
import numpy as np
from dask._task_spec import Alias, Task, TaskRef, convert_legacy_graph
from dask.highlevelgraph import HighLevelGraph


def guarded(data, after=None):
    """Return a lazy array with the same blocks, whose errors say which block failed.

    Its tasks are separate, so that other computations with ``data`` at the same time do not keep
    blocks in memory that are needed later.

    Parameters
    ----------
    data : dask.array.Array
        Spectra, shape (ny, nx, C).
    after : dask.delayed.Delayed, optional
        Nothing is read before this is there: blocks that wait for it would fill the memory.

    Returns
    -------
    dask.array.Array
    """
    (data,) = dask.optimize(data)  # usually one task per block
    graph = convert_legacy_graph(dict(data.__dask_graph__()))
    token = uuid.uuid4().hex
    own = {key: _renamed(key, token) for key in graph}
    tasks = {own[key]: task.substitute(own, key=own[key]) for key, task in graph.items()}
    name = f"read-block-{token}"
    for index, place in places_of(data).items():
        key = (name, *index)
        task = tasks[own[(data.name, *index)]]
        while isinstance(task, Alias):
            task = tasks[task.target]
        if isinstance(task, Task):
            read = functools.partial(_read, task.func, place)
            tasks[key] = Task(key, read, *task.args, **task.kwargs)
        else:  # there already
            tasks[key] = Alias(key, task.key)
    if after is not None:
        for key, task in tasks.items():
            if isinstance(task, Task) and _is_first(task, tasks):
                wait = functools.partial(_wait, task.func)
                tasks[key] = Task(key, wait, TaskRef(after.key), *task.args, **task.kwargs)
    dependencies = [] if after is None else [after]
    graph = HighLevelGraph.from_collections(name, tasks, dependencies=dependencies)
    return da.Array(graph, name, data.chunks, meta=data._meta)


def places_of(data):
    """Return rows, columns and channels, as slices, of each block of an array by its index."""
    starts = [np.concatenate([[0], np.cumsum(sizes)]) for sizes in data.chunks]
    return {
        index: tuple(slice(int(s[i]), int(s[i + 1])) for s, i in zip(starts, index, strict=True))
        for index in np.ndindex(data.numblocks)
    }


def _is_first(task, tasks):
    """Return whether a task depends on no other task."""
    return not any(isinstance(tasks.get(key), Task | Alias) for key in task.dependencies)


def _wait(function, _, *args, **kwargs):
    return function(*args, **kwargs)


def _renamed(key, token):
    if isinstance(key, tuple):
        return (f"{key[0]}-{token}", *key[1:])
    return f"{key}-{token}"


def _read(function, place, *args, **kwargs):
    try:
        return function(*args, **kwargs)
    except Exception as error:
        where = "The block of rows {} to {}, columns {} to {}, channels {} to {}".format(
            *(value for each in place for value in (each.start, each.stop - 1))
        )
        message = f"{where}, cannot be read: {error}"
        try:
            same = type(error)(message)
        except Exception:
            same = RuntimeError(message)
        raise same from error
