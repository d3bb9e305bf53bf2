"""Earlier results of fusions as starts for later ones, element by element."""

from dataclasses import replace

import numpy as np

from ..fusion.minimise import joined
from ..fusion.regularisers import are_sieves
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

    def remember(self, setting, elements, parts):
        """Keep the results of some elements of a setting, one for each."""
        for element, part in zip(elements, parts, strict=True):
            results = self._results.setdefault(element, {})
            results.pop(setting, None)
            results[setting] = part
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
            parts.append(replace(results[best], prices=_prices(results[best], best, setting, i)))
        return joined(parts)


def _prices(result, earlier, setting, i):
    """Return the price of the total of element ``i`` as a start for another setting, shape (1,).

    Prices are slopes of the cost, which rise with lambda_1. Those of sieves hold for sieves only.
    """
    were, are = (are_sieves(each.regularisers)[i] for each in (earlier, setting))
    if were != are:
        return np.zeros_like(result.prices)
    return result.prices * (setting.lambdas[0][i] / earlier.lambdas[0][i])
