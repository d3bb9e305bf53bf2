"""Free parameters of a fusion, and the fusion with them."""

from dataclasses import dataclass, replace

import numpy as np

from ..counts.contracts import Counts
from ..fusion.regularisers import are_directional, are_sieves, have_fields
from ..fusion.scaled import fuse_scaled

# Sieves settle at this many times the gap of other maps, in this many times fewer iterations.
_SIEVES_SETTLE, _SIEVES_TAKE = 10, 5
# Maps with a field take this many times more iterations.
_FIELDS_TAKE = 4
#: An element whose lambdas are this many times those of the others follows its counts, not the
#: HAADF.
APART = 100.0


@dataclass(frozen=True)
class Setting:
    """Free parameters of a fusion.

    Parameters
    ----------
    model : HaadfModel or None
        HAADF model; None: without HAADF.
    lambda_1 : float or tuple of float
        Weight of the Poisson term, one for all or one per element; 1 without HAADF, when only
        ratios matter.
    regularisers : tuple of str
        Name of each element's regulariser.
    ratios : tuple of float
        lambda_2 / lambda_1 of each element.
    apart : tuple of bool
        Elements that the HAADF does not pull, although they contribute to its model.
    """

    model: object
    lambda_1: float
    regularisers: tuple
    ratios: tuple
    apart: tuple

    @property
    def lambdas(self):
        """lambda_1 and lambda_2, one per element."""
        lambda_1 = np.asarray(self.lambda_1) * np.where(self.apart, APART, 1.0)
        return lambda_1, lambda_1 * np.array(self.ratios)

    def with_regulariser(self, element, regulariser, ratio):
        """Return a setting with another regulariser and ratio for one element."""
        names, ratios = list(self.regularisers), list(self.ratios)
        names[element], ratios[element] = regulariser, ratio
        return replace(self, regularisers=tuple(names), ratios=tuple(ratios))


def settled_at(setting, tolerance):
    """Return the relative gap at which maps have settled: ten times ``tolerance`` for sieves.

    Their sources continue to change long after the maps have settled to far below their noise.
    """
    return _SIEVES_SETTLE * tolerance if are_sieves(setting.regularisers).any() else tolerance


def effort(setting, tolerance, max_iterations):
    """Return tolerance and largest number of iterations for one of many trial fusions."""
    if have_fields(setting.regularisers).any():
        max_iterations *= _FIELDS_TAKE
    elif are_sieves(setting.regularisers).any():
        max_iterations //= _SIEVES_TAKE
    return {"tolerance": settled_at(setting, tolerance), "max_iterations": max_iterations}


def fuse_setting(
    maps: Counts, models, setting, scale=1.0, totals=None, elements=None, in_units=None, **options
):
    """Fuse maps as a `Setting` says.

    Parameters
    ----------
    maps : Counts
        Measured or drawn maps.
    models : GuidedModels
        What depends on the HAADF alone.
    setting : Setting
        Free parameters.
    scale : float
        Share of the counts in ``maps``. Default 1.
    totals : numpy.ndarray or None
        Net totals to keep, NaN where free.
    elements : sequence of int, optional
        Maps to fuse, default all. Only for a setting without HAADF, in which elements are
        independent.
    in_units : ScaledCounts, optional
        Of all maps, if known from another fusion of the same counts.
    **options
        Passed to `minimise`.

    Returns
    -------
    FusionResult
    """
    model = setting.model or models.first
    # A slice copies nothing.
    own = (
        slice(None) if elements is None or len(elements) == len(setting.ratios) else list(elements)
    )
    names = tuple(np.array(setting.regularisers, object)[own])
    lambda_1, lambda_2 = setting.lambdas
    return fuse_scaled(
        maps.counts[own],
        maps.background[own],
        models.matched(model),
        scales=scale * model.scales[own],
        weights=model.weights[own] if setting.model else 0 * model.weights[own],
        offset=model.offset,
        gamma=model.gamma if setting.model else 1.0,  # powers of maps are not needed
        lambda_1=lambda_1[own],
        lambda_2=lambda_2[own],
        totals=None if totals is None else totals[own],
        regularisers=names,
        directions=models.directions(model) if any(are_directional(names)) else None,
        in_units=None if in_units is None else in_units.part(own),
        **options,
    )
