"""Earlier results of fusions, from which later ones start, element by element."""

from ..fusion.minimise import joined
from .moves import distance


class Earlier:
    """The latest results of each element.

    Parameters
    ----------
    most : int
        How many of each element are kept.
    """

    def __init__(self, most):
        self._most = most
        self._results = {}  # by element: of each setting that one map

    def remember(self, setting, elements, result):
        """Keep the result of some elements of a setting."""
        for place, element in enumerate(elements):
            results = self._results.setdefault(element, {})
            results.pop(setting, None)
            results[setting] = result.part([place])
            if len(results) > self._most:
                del results[next(iter(results))]

    def nearest(self, setting, elements):
        """Return a start for some elements of a setting: of each the result of the nearest one.

        Of equal ones it is the latest. None if there is no result of one of the elements.
        """
        parts = []
        for i in elements:
            results = self._results.get(i)
            if not results:
                return None
            best = min(reversed(results), key=lambda each: distance(setting, each, i))
            parts.append(results[best])
        return joined(parts)
