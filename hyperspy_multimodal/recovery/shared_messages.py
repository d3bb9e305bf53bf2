"""Message about structure that maps share."""

import numpy as np

from ..notes import Speaker

_logger = Speaker(__name__)

_MOST = 2  # maps that are named for each map that follows them


def say_what_is_shared(names, coefficients, fused):
    """Log which maps follow those of other elements.

    Parameters
    ----------
    names : list of str
        Lines or edges.
    coefficients : list of list of float or None
        Of each map, those of the other maps and a constant; all 0 if it follows none.
    fused : numpy.ndarray
        The maps to which the coefficients apply, in counts, shape (K, ny, nx).
    """
    spreads = np.nanstd(fused, axis=(1, 2))
    following = {
        name: _strongest(names, np.asarray(own[:-1]), spreads)
        for name, own in zip(names, coefficients or [], strict=bool(coefficients))
        if any(own[:-1])
    }
    if following:
        _logger.info(
            "Maps follow those of other elements as far as this predicts held-out counts better "
            "(share_structure): %s.",
            "; ".join(f"{name} follows {each}" for name, each in following.items()),
        )


def _strongest(names, coefficients, spreads):
    """Return the maps that change another map most, in words.

    The contribution of a map is its coefficient times its standard deviation: the coefficient of a
    map with few counts may be large although it contributes little.
    """
    order = np.argsort(-np.abs(coefficients) * spreads, kind="stable")
    followed = [i for i in order if coefficients[i]]
    words = [f"{names[i]}{' (inverted)' * bool(coefficients[i] < 0)}" for i in followed[:_MOST]]
    others = len(followed) - _MOST
    if others > 0:
        return f"{', '.join(words)} and {others} other{'s' * (others > 1)}"
    return " and ".join(words)
