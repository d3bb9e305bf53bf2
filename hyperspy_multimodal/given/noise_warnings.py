"""Messages about the noise of maps: correlated neighbours, and hot pixels."""

import numpy as np

from ..notes import Speaker

_logger = Speaker(__name__)


def warn_of_correlation(names, noises):
    """Log which maps have correlated noise, and whether it is taken into account.

    Parameters
    ----------
    names : list of str
    noises : list of Noise
    """
    blurs = [noise.blur for noise in noises]
    filtered = [
        f"{name} ({blur:.1f} pixels)" for name, blur in zip(names, blurs, strict=True) if blur > 0
    ]
    if filtered:
        _logger.warning(
            "The noise of neighbouring pixels is correlated, as after a Gaussian filter: %s. "
            "Counts and lambdas='auto' allow for this, but unfiltered maps give better results.%s",
            ", ".join(filtered),
            _enlarged(names, noises),
            kind="told",
        )
    unknown = [name for name, blur in zip(names, blurs, strict=True) if np.isnan(blur)]
    if unknown:
        _logger.warning(
            "The noise of neighbouring pixels is correlated in %s, but the structure is too "
            "fine to tell how strongly, so lambdas='auto' may smooth too little. Pass maps that "
            "were not smoothed or interpolated, or pass `gain`.",
            ", ".join(unknown),
            kind="noise",
            about=unknown,
        )


def warn_of_hot_pixels(names, noises):
    """Log how many pixels of each map had no say in its noise.

    Parameters
    ----------
    names : list of str
    noises : list of Noise
    """
    hot = [
        f"{name} ({noise.hot})" for name, noise in zip(names, noises, strict=True) if noise.hot > 0
    ]
    if hot:
        _logger.warning(
            "Single pixels are far brighter than all others, as hot pixels are: %s. They were left "
            "out when the noise was estimated, but they are still in the maps and their totals. "
            "Replace them, or leave them out with a `navigation_mask`.",
            ", ".join(hot),
            kind="told",
        )


def _enlarged(names, noises):
    """Return sentences about maps that were enlarged by interpolation, or nothing."""
    sizes = [
        f"{name} ({noise.enlarged_from[0]} x {noise.enlarged_from[1]})"
        for name, noise in zip(names, noises, strict=True)
        if noise.enlarged_from is not None
    ]
    if not sizes:
        return ""
    return (
        f" Maps that were enlarged by interpolation, with their original pixels: "
        f"{', '.join(sizes)}. Fuse the maps as they were before."
    )
