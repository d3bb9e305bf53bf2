"""Changes that come faster than they can be shown: only the latest counts."""

import asyncio
import contextlib


class Latest:
    """Calls ``update`` soon after `request`, once for all requests that came meanwhile.

    Where no event loop runs, as in a script, it is called at once.

    Parameters
    ----------
    update : callable
        What to call.
    delay : float
        Seconds to wait for more requests.
    """

    def __init__(self, update, delay=0.02):
        self._update, self._delay = update, delay
        self._waiting = None

    def request(self, *_):
        """Ask for an update."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._update()
            return
        self._wait(loop)

    def follow_up(self):
        """Ask for one more update that can be left out: where no event loop runs, it is."""
        with contextlib.suppress(RuntimeError):
            self._wait(asyncio.get_running_loop())

    def _wait(self, loop):
        if self._waiting is None:
            self._waiting = loop.call_later(self._delay, self._run)

    def _run(self):
        self._waiting = None
        self._update()
