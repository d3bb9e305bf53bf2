"""Messages of a fusion, logged immediately or collected for one summary.

A `Speaker` is a logger whose messages can be collected. It takes three additional arguments:
``kind``, the rule in `recovery.verdict` for the consequence of the message for a map; ``about``,
the maps that it concerns; and ``brief``, a short form for information needed to quote numbers.
"""

import contextlib
import contextvars
import logging
import threading
from dataclasses import dataclass


@dataclass(frozen=True)
class Note:
    """A message that waits for a summary.

    Attributes
    ----------
    source : str
        Name of the logger.
    text : str
        The message.
    kind : str
        Row of the table of verdicts; empty for what is in no row.
    about : float or dict of str to float
        How much of it there is, in the sense of the table, for all maps or by the name of the map.
    brief : str
        What the first line of the summary says of it; empty for nothing.
    """

    source: str
    text: str
    kind: str = ""
    about: object = 1.0
    brief: str = ""

    def amount(self, name):
        """Return the amount that concerns a map."""
        return self.about.get(name, 0.0) if isinstance(self.about, dict) else float(self.about)


# Notes of the call that collects them in this thread, or None.
_gathered = contextvars.ContextVar("gathered notes", default=None)


class Speaker(logging.LoggerAdapter):
    """Logger whose warnings wait for the summary of a fusion, if there is one."""

    def __init__(self, name):
        super().__init__(logging.getLogger(name), {})

    def process(self, msg, kwargs):
        """Return message and arguments as they are."""
        return msg, kwargs

    def log(self, level, msg, *args, kind="", about=1.0, brief="", **kwargs):
        """Log a message; a warning waits if notes are collected.

        Parameters
        ----------
        level : int
            As of `logging`.
        msg : str
            With gaps for ``args``.
        kind : str
            Row of the table of verdicts. Default none.
        about : float, sequence of str or dict of str to float
            Maps that it concerns, with how much of it each has, default all and 1.
        brief : str
            A sentence for the first line of the summary. Default none.
        """
        notes = _gathered.get()
        if notes is None or level != logging.WARNING:
            super().log(level, msg, *args, **kwargs)
            return
        if not isinstance(about, (int, float, dict)):
            about = dict.fromkeys(about, 1.0)
        notes.append(Note(self.logger.name, msg % args if args else msg, kind, about, brief))


@contextlib.contextmanager
def gathered(notes=None):
    """Yield a list, by default a new one, that receives the notes of this thread.

    These notes are not logged.
    """
    notes = [] if notes is None else notes
    token = _gathered.set(notes)
    try:
        yield notes
    finally:
        _gathered.reset(token)


def gathered_so_far():
    """Return the list that receives the notes of this thread, or None."""
    return _gathered.get()


def repeat(notes):
    """Log messages that were collected elsewhere."""
    waiting = _gathered.get()
    if waiting is not None:
        waiting.extend(notes)
        return
    for note in notes:
        logging.getLogger(note.source).log(logging.WARNING, "%s", note.text)


@dataclass(frozen=True)
class Told:
    """Result of a task, and its messages."""

    value: object
    notes: tuple = ()


def telling(function, *args):
    """Call ``function`` in a task, and return its result as `Told`, with the notes of ``args``."""
    with gathered() as notes:
        for each in args:
            if isinstance(each, Told):
                notes.extend(each.notes)
        value = function(*map(untold, args))
    return Told(value, tuple(notes))


def untold(value):
    """Return the result of a task."""
    return value.value if isinstance(value, Told) else value


class Pool:
    """Reports from tasks in threads of this process to the call that waits for them."""

    def __init__(self):
        self._lock = threading.Lock()
        self._open = []

    @contextlib.contextmanager
    def opened(self):
        """Yield a list that receives the reports."""
        reports = []
        with self._lock:
            self._open.append(reports)
        try:
            yield reports
        finally:
            with self._lock:
                # compare identities, because lists of two calls may be equal
                self._open = [each for each in self._open if each is not reports]

    def report(self, what):
        """Report to the call that waits; return whether one does."""
        with self._lock:
            if self._open:
                self._open[-1].append(what)
            return bool(self._open)
