"""Progress bar of a fusion, in the style of HyperSpy."""

import logging
import time

from hyperspy.external.progressbar import progressbar
from numba.core import event

_logger = logging.getLogger(__name__)
_COMPILES = "numba:compile"
_KERNELS = f"{__package__.split('.')[0]}.kernels."


class Progress:
    """Progress bar that counts fusions and shows the gap of the last one.

    While kernels are compiled, it names them; without a bar, the log does.

    Parameters
    ----------
    description : str
        Description in front of the bar.
    show : bool
        Whether to show it.
    """

    def __init__(self, description, show):
        self.description = description
        self.show = show

    def __enter__(self):
        self.bar = progressbar(
            total=None, desc=self.description, unit=" fusions", disable=not self.show, leave=True
        )
        self._compiles = _Compiles(self._compiling)
        event.register(_COMPILES, self._compiles)
        return self

    def __exit__(self, *error):
        event.unregister(_COMPILES, self._compiles)
        self.bar.close()

    def _compiling(self, number, name):
        self.bar.set_postfix_str(f"compiling kernel {number}: {name}" if name else "")

    def step(self):
        """Count one solve."""
        self.bar.update(1)

    def callback(self, iteration, maps, optimality):
        """Show the progress of the current solve; a callback of `solve_fusion`."""
        self.bar.set_postfix_str(
            f"last one: iteration {iteration}, gap {optimality:.0e}", refresh=False
        )


class _Compiles(event.Listener):
    """Reports each kernel when its compilation starts, and logs how long it took.

    Numba compiles one function at a time, with the functions that it contains nested inside.
    """

    def __init__(self, tell):
        self._tell = tell
        self._begun, self._done = [], 0

    def on_start(self, began):
        function = began.data["dispatcher"].py_func
        self._begun.append((function, time.perf_counter()))
        if len(self._begun) == 1 and _is_kernel(function):
            self._done += 1
            self._tell(self._done, _name(function))

    def on_end(self, _):
        if not self._begun:  # it began before this object was notified
            return
        function, since = self._begun.pop()
        if not self._begun and _is_kernel(function):
            seconds = time.perf_counter() - since
            _logger.info("The kernel %s was compiled in %.1f s.", _name(function), seconds)
            self._tell(self._done, None)


def _is_kernel(function):
    return function.__module__.startswith(_KERNELS)


def _name(function):
    return function.__name__.strip("_")
