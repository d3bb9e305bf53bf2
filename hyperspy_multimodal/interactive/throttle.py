"""Limit the rate of updates, so that only the latest of several changes is shown."""

import asyncio
import contextlib


class Latest:
    """Call a function shortly after it is requested, once for several requests.

    Without a running event loop, as in a script, the function is called immediately.

    Parameters
    ----------
    update : callable
        Function to call.
    delay : float
        Time in seconds to wait for further requests.
    """

    def __init__(self, update, delay=0.02):
        self._update, self._delay = update, delay
        self._waiting = None

    def request(self, *_):
        """Request an update."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._update()
            return
        self._wait(loop)

    def follow_up(self):
        """Request an optional further update, which is omitted without a running event loop."""
        with contextlib.suppress(RuntimeError):
            self._wait(asyncio.get_running_loop())

    def _wait(self, loop):
        if self._waiting is None:
            self._waiting = loop.call_later(self._delay, self._run)

    def _run(self):
        self._waiting = None
        self._update()
