"""Former values of the widgets, with one step for each drag of a slider."""

import time

_TOGETHER = 1.0  # seconds between changes of one widget that are one step
_MOST = 200


class History:
    """Former values, the latest last."""

    def __init__(self):
        self._values, self._last = [], (None, -float("inf"))

    def __len__(self):
        return len(self._values)

    def keep(self, values, what):
        """Keep values that are about to change.

        Parameters
        ----------
        values : Values
        what : object
            What changes them. Changes of the same thing that follow each other closely, such as
            those while a slider is dragged, are one step.
        """
        before, now = self._last, time.monotonic()
        self._last = what, now
        if what is not None and what == before[0] and now - before[1] < _TOGETHER:
            return
        self._values = [*self._values[1 - _MOST :], values]

    def back(self):
        """Return the values of the last step and remove them."""
        self._last = None, -float("inf")
        return self._values.pop()
