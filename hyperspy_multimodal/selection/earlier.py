"""Earlier results of fusions as starts for later ones, element by element."""

from ..fusion.minimise import joined
from .moves import distance


class Earlier:
    """The latest results of each element.

    Parameters
    ----------
    most : int
        Maximum number of results per element.
    """

    def __init__(self, most):
        self._most = most
        self._results = {}  # by element: its map from each setting

    def remember(self, setting, elements, result):
        """Keep the result of some elements of a setting."""
        for place, element in enumerate(elements):
            results = self._results.setdefault(element, {})
            results.pop(setting, None)
            results[setting] = result.part([place])
            if len(results) > self._most:
                del results[next(iter(results))]

    def nearest(self, setting, elements):
        """Return a start for some elements of a setting: the results of the nearest settings.

        If several are equally near, the latest is used. None if an element has no result.
        """
        parts = []
        for i in elements:
            results = self._results.get(i)
            if not results:
                return None
            best = min(reversed(results), key=lambda each: distance(setting, each, i))
            parts.append(results[best])
        return joined(parts)
