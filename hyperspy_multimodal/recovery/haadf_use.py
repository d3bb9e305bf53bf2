"""What of the HAADF is used for each map: its brightness, its edges, both, or nothing."""

import numpy as np

from ..fusion.regularisers import are_directional

#: Uses, by whether the brightness and the edges of the HAADF influence a map.
_USES = {
    (True, True): "brightness and edges",
    (True, False): "brightness",
    (False, True): "edges",
    (False, False): "none",
}


def uses_of_haadf(setting):
    """Return what of the HAADF is used for each map, as the record has it."""
    return uses_by_map(setting.regularisers, setting.apart, setting.model is not None)


def uses_by_map(regularisers, apart, uses_brightness):
    """Return what of the HAADF is used for each map.

    Parameters
    ----------
    regularisers : sequence of str
        Regulariser of each map.
    apart : sequence of bool
        Whether each map is left out of the model of the HAADF.
    uses_brightness : bool
        Whether there is such a model.
    """
    return [
        _USES[uses_brightness and not alone, bool(follows)]
        for follows, alone in zip(are_directional(regularisers), apart, strict=True)
    ]


def use_in_words(names, setting):
    """Return what is used in a few words, with the names of the maps if it differs.

    Parameters
    ----------
    names : list of str
        Lines or edges.
    setting : Setting
    """
    edges = np.array(are_directional(setting.regularisers), bool)
    if setting.model is None:
        return _some("edges only", names, edges) or "left out"
    apart = np.array(setting.apart, bool)
    if not apart.any():
        return "used"
    uses = _some("used", names, ~apart), _some("edges only", names, apart & edges)
    return "; ".join(use for use in uses if use)


def _some(use, names, chosen):
    """Return how the HAADF is used and for which maps; omit the names if for all maps."""
    if all(chosen):
        return use
    some = [name for name, one in zip(names, chosen, strict=True) if one]
    return f"{use} for {', '.join(some)}" if some else ""
