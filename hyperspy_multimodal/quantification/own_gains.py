"""Given maps with a gain of their own each, converted to counts."""

import numpy as np

_SAME = 1e-6  # relative difference of gains


def gains_to_divide_by(noise):
    """Return by which gain each map is to be divided so that all are counts, by name.

    k-factors and cross-sections are for counts. Maps of one unit have the same composition as their
    counts. Gains that were estimated are not known well enough to convert maps.

    Parameters
    ----------
    noise : dict
        From `raw_noise`.

    Returns
    -------
    dict of str to float
        1 for all maps unless the gains were given and differ.
    """
    gains = noise["variances_per_count"]
    given = noise.get("unit") == "map units" and noise.get("gain_doubts") is None
    if not given or max(gains.values()) <= (1 + _SAME) * min(gains.values()):
        return dict.fromkeys(gains, 1.0)
    return dict(gains)


def divided_by_gains(noise, raw, gains):
    """Return the `raw_noise` of given maps and the maps by name, in counts.

    Parameters
    ----------
    noise : dict
        From `raw_noise`.
    raw : dict of str to numpy.ndarray
        Maps by name.
    gains : dict of str to float
        From `gains_to_divide_by`.
    """
    if all(each == 1 for each in gains.values()):
        return noise, raw
    raw = {name: each / gains[name] for name, each in raw.items()}
    names = list(noise["totals"])
    per_map = np.array([gains[name] for name in names])
    covariances = {
        (a, b): each / (gains[a] * gains[b]) for (a, b), each in noise["covariances"].items()
    }
    cut_off, per_pixel = noise.get("cut_off"), noise.get("errors_per_pixel")
    return {
        **noise,
        "variances": {name: v / gains[name] ** 2 for name, v in noise["variances"].items()},
        "covariances": covariances,
        "variances_per_count": {
            name: each / gains[name] for name, each in noise["variances_per_count"].items()
        },
        "totals": {name: each / gains[name] for name, each in noise["totals"].items()},
        "common_covariance": noise["common_covariance"] / np.outer(per_map, per_map),
        "gross": np.nansum(list(raw.values()), axis=0),
        "unit": "counts",
        "cut_off": cut_off and {name: each / gains[name] for name, each in cut_off.items()},
        "errors_per_pixel": per_pixel
        and {name: each / gains[name] for name, each in per_pixel.items()},
    }, raw
