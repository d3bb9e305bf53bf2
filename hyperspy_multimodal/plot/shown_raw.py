"""Raw maps as pictures show them: smoothed if single counts would fill the scale."""

import numpy as np
from scipy import ndimage

from ..checks import checked_number
from .panels import brightest, map_name

# A picture of fewer counts than this in the area of the filter shows single counts.
_COUNTS = 25.0
# Narrower filters change nothing that is seen; wider ones, in parts of the side, leave no map.
_NARROWEST, _PARTS = 0.5, 8


def blur_of_raw(given, fused):
    """Return the standard deviation, in pixels, of the filter for a raw map; 0 for none.

    Parameters
    ----------
    given : float or "auto"
        As `plot_overview` takes it.
    fused : BaseSignal
        The fused map, whose brightest parts say how many counts there are.
    """
    if isinstance(given, str) and given == "auto":
        return _by_counts(brightest(fused.data) / one_count(fused), min(fused.data.shape))
    if isinstance(given, str) or given is None:
        raise ValueError(
            f"raw_blur must be 'auto' or a number of pixels, 0 for none, but {given!r} was given."
        )
    return checked_number("raw_blur", given, low=0, include_low=True)


def smoothed(data, blur):
    """Return a map after a Gaussian filter, a mean of the pixels that are not NaN."""
    if blur == 0:
        return data
    seen = np.isfinite(data)
    values = ndimage.gaussian_filter(np.where(seen, data, 0.0).astype(float), blur, mode="reflect")
    share = ndimage.gaussian_filter(seen.astype(float), blur, mode="reflect")
    return np.where(seen, values / np.where(seen, share, 1.0), np.nan)


def one_count(fused):
    """Return what one count is worth in the units of a fused map."""
    record = fused.metadata.get_item
    gain = record("Multimodal_fusion.gain", 1.0)
    if isinstance(gain, (list, tuple, np.ndarray)):
        names = list(record("Multimodal_fusion.elements", []))
        own = record("Multimodal_fusion.element", map_name(fused))
        gain = gain[names.index(own)] if own in names and len(names) == len(gain) else 1.0
    return float(gain or 1.0)


def _by_counts(highest, side):
    """Return the width whose area, 4 pi times its square, holds enough counts where most are."""
    width = np.sqrt(_COUNTS / (4 * np.pi * max(highest, 1e-12)))
    return 0.0 if width < _NARROWEST else float(np.clip(width, _NARROWEST, side / _PARTS))
