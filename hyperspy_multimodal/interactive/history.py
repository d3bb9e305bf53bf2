"""Previous values of the widgets, with one undo step per drag of a slider."""

import time

_TOGETHER = 1.0  # seconds within which changes of one widget form a single step
_MOST = 200


class History:
    """Stack of previous values, most recent last."""

    def __init__(self):
        self._values, self._last = [], (None, -float("inf"))

    def __len__(self):
        return len(self._values)

    def keep(self, values, what):
        """Store values that are about to change.

        Parameters
        ----------
        values : Values
            Current values.
        what : object
            Identifies the cause of the change. Changes with the same cause in quick succession,
            such as while a slider is dragged, form a single step.
        """
        before, now = self._last, time.monotonic()
        self._last = what, now
        if what is not None and what == before[0] and now - before[1] < _TOGETHER:
            return
        self._values = [*self._values[1 - _MOST :], values]

    def back(self):
        """Remove and return the most recent values."""
        self._last = None, -float("inf")
        return self._values.pop()
