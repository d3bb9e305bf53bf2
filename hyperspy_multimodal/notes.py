"""Messages of a fusion: logged at once, or gathered for one summary.

A `Speaker` is a logger whose messages can be gathered. It takes three more arguments: ``kind``, the
row of the table of `recovery.verdict` that says what the message means for a map; ``about``, the
maps that it concerns; and ``brief``, a short form for what nobody should miss who quotes numbers.
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


# Notes of the call that gathers them in this thread; None where nobody does.
_gathered = contextvars.ContextVar("gathered notes", default=None)


class Speaker(logging.LoggerAdapter):
    """A logger whose warnings wait for the summary of a fusion, if one is made."""

    def __init__(self, name):
        super().__init__(logging.getLogger(name), {})

    def process(self, msg, kwargs):
        """Return message and arguments as they are."""
        return msg, kwargs

    def log(self, level, msg, *args, kind="", about=1.0, brief="", **kwargs):
        """Log a message; a warning waits where notes are gathered.

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
    """Yield a list, default a new one, that receives the notes of this thread meanwhile.

    Nothing of them is logged.
    """
    notes = [] if notes is None else notes
    token = _gathered.set(notes)
    try:
        yield notes
    finally:
        _gathered.reset(token)


def gathered_so_far():
    """Return the list that receives the notes of this thread, None if nobody gathers them."""
    return _gathered.get()


def repeat(notes):
    """Log messages that were gathered elsewhere."""
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
    """Call ``function`` in a task: return what it gives as `Told`, with the notes of ``args``."""
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
    """Reports of tasks in threads of this process to the call that waits for them."""

    def __init__(self):
        self._lock = threading.Lock()
        self._open = []

    @contextlib.contextmanager
    def opened(self):
        """Yield a list of what is reported meanwhile."""
        reports = []
        with self._lock:
            self._open.append(reports)
        try:
            yield reports
        finally:
            with self._lock:
                # lists are compared by what they hold, and these are two calls'
                self._open = [each for each in self._open if each is not reports]

    def report(self, what):
        """Report to the call that waits; return whether one does."""
        with self._lock:
            if self._open:
                self._open[-1].append(what)
            return bool(self._open)
