"""The noise of raw maps, as reported in ``full_output``."""

import numpy as np


def raw_noise(
    names,
    *,
    variances,
    covariances,
    correlation,
    per_count,
    totals,
    common_covariance,
    gross,
    common_is_known=True,
    unit="counts",
    gain_doubts=None,
    tilt=None,
    cut_off=None,
    hidden=None,
    subtracted=(),
    per_pixel=None,
):
    """Return what is known of the noise of K raw maps, in types for users, by name.

    Parameters
    ----------
    names : list of str
        Lines or edges.
    variances : numpy.ndarray
        Of the counts of the raw maps, shape (K, ny, nx).
    covariances : dict
        Maps (ny, nx) by pair (i, j) of maps whose noise is correlated.
    correlation : numpy.ndarray
        Of the noise of the totals, shape (K, K).
    per_count : numpy.ndarray
        Variance that a count adds to its own estimate, shape (K,).
    totals : numpy.ndarray
        Sums of the raw maps, shape (K,).
    common_covariance : numpy.ndarray
        Covariance of the totals that all pixels have in common, shape (K, K).
    gross : numpy.ndarray
        Counts of each spectrum, in the channels that were read, shape (ny, nx).
    common_is_known : bool
        Whether ``common_covariance`` holds all that may be wrong. Default True.
    unit : str
        What the raw maps hold: "counts" (default) or "map units".
    gain_doubts : numpy.ndarray or None
        Standard errors of ``per_count``, as shares of it, where it was estimated, shape (K,).
    tilt : dict or None
        Where backgrounds of pixels are steeper than that of all: ``amounts`` and their
        ``variances``, maps (ny, nx), and ``effects`` of a unit amount on the counts of each map,
        shape (K,). None (default) where that is not measured.
    cut_off : numpy.ndarray or None
        By how much a pixel of each map may be too high because noise below 0 was cut off, shape
        (K,). None (default): not at all.
    hidden : numpy.ndarray or None
        Standard errors of the totals by counts of unlisted elements that they may hold, a part of
        ``common_covariance``, shape (K,). None (default) where these are not told from the rest.
    subtracted : sequence of str
        What was subtracted from given maps, whose errors ``common_covariance`` holds, in words.
    per_pixel : numpy.ndarray or None
        Standard errors per pixel that all pixels have in common, a part of ``common_covariance``,
        shape (K,). None (default): none.
    """
    return {
        "variances": dict(zip(names, variances, strict=True)),
        "covariances": {(names[i], names[j]): each for (i, j), each in covariances.items()},
        "correlation": np.asarray(correlation),
        "variances_per_count": dict(zip(names, np.asarray(per_count).tolist(), strict=True)),
        "totals": dict(zip(names, np.asarray(totals).tolist(), strict=True)),
        "common_covariance": np.asarray(common_covariance),
        "gross": gross,
        "common_is_known": common_is_known,
        "unit": unit,
        "background_tilt": tilt,
        "hidden_errors": None
        if hidden is None
        else dict(zip(names, np.asarray(hidden).tolist(), strict=True)),
        "subtracted": list(subtracted),
        "cut_off": None
        if cut_off is None or not np.any(cut_off)
        else dict(zip(names, np.asarray(cut_off).tolist(), strict=True)),
        "errors_per_pixel": None
        if per_pixel is None
        else dict(zip(names, np.asarray(per_pixel).tolist(), strict=True)),
        "gain_doubts": None
        if gain_doubts is None
        else dict(zip(names, np.asarray(gain_doubts).tolist(), strict=True)),
    }


def noise_of_given_maps(names, maps, net, subtracted=()):
    """Return the `raw_noise` of maps that were given.

    Variances are NaN where correlated noise does not show how much there is. Otherwise, gain and
    noise floor are known or were estimated. Where noise below 0 may have been cut off, sums are too
    high by no more than what dark pixels hold.
    How wrong their background is, and what they hold of other elements, is not known.

    Parameters
    ----------
    names : list of str
        Lines or edges.
    maps : FittedMaps
        Maps in effective counts.
    net : numpy.ndarray
        The same in map units, 0 where pixels are left out, shape (K, ny, nx).
    subtracted : sequence of str
        As in `raw_noise`. Default none.
    """
    gains = np.array(maps.gains, float)
    if maps.gain_doubts is not None:
        gains[np.isnan(maps.gain_doubts)] = np.nan
    excess = np.asarray(maps.net_variance, float) - maps.net
    totals = net.sum(axis=(1, 2))
    shares = np.zeros((len(names),) * 2) if maps.common is None else maps.common
    by_map = gains[:, None, None]
    return raw_noise(
        names,
        # not clipped: sums over pixels are unbiased
        variances=by_map * net + by_map**2 * excess,
        covariances={},
        correlation=np.eye(len(names)),
        per_count=gains,
        totals=totals,
        common_covariance=np.outer(totals, totals) * shares,
        gross=net.sum(axis=0),
        common_is_known=False,
        unit="counts" if np.all(gains == 1) else "map units",
        gain_doubts=maps.gain_doubts,
        cut_off=None if maps.cut_off is None else maps.gains * maps.cut_off,
        per_pixel=None if maps.per_pixel is None else maps.gains * maps.per_pixel,
        subtracted=subtracted,
    )


def noise_of_windows(maps, background_errors, foreign=None, gain=1.0):
    """Return the `raw_noise` of counts in windows, None of settled maps.

    Maps whose windows share channels have correlated noise. Common to all pixels are the errors of
    a wrong background and, as large as they are expected to be, of counts of other elements.

    Parameters
    ----------
    maps : ElementMaps
        Maps.
    background_errors : numpy.ndarray
        Standard errors of the background in each window, as a share of it, shape (K,): an error
        that all pixels have in common.
    foreign : numpy.ndarray or None
        Counts that each element (columns) is expected to add to the totals of the others (rows),
        shape (K, K), or (K, K + 1) if another cause is known; None (default) where they are not.
    gain : float
        Counts of the raw maps for each of ``maps``, default 1.
    """
    if not len(maps.segments):
        return None
    n_maps, shape = len(maps.names), maps.segments.shape[1:]
    ratios = np.broadcast_to(maps.ratios, (n_maps, *shape))
    belongs = (maps.inside > 0) | (maps.beside > 0)

    def weight(k, s):
        return maps.inside[k, s] - maps.beside[k, s] * ratios[k]

    of_segments = maps.segment_variances
    covariances = {
        (i, j): gain**2 * sum(weight(i, s) * weight(j, s) * of_segments[s] for s in shared)
        for i in range(n_maps)
        for j in range(i)
        if (shared := np.flatnonzero(belongs[i] & belongs[j])).size
    }
    variances = gain**2 * np.asarray(maps.net_variance, float)
    totals = np.diag(variances.sum(axis=(1, 2)))
    for (i, j), covariance in covariances.items():
        totals[i, j] = totals[j, i] = covariance.sum()
    deviation = np.sqrt(np.maximum(np.diag(totals), 1e-300))
    background = np.sum(maps.counts - maps.net, axis=(1, 2), dtype=float)
    correlation = totals / np.outer(deviation, deviation)
    np.fill_diagonal(correlation, 1.0)
    net = maps.net.sum(axis=(1, 2), dtype=float)
    common = np.diag(np.square(background_errors * background))
    if foreign is not None:
        common += foreign @ foreign.T
    return raw_noise(
        maps.names,
        variances=variances,
        covariances=covariances,
        correlation=correlation,
        per_count=np.full(n_maps, gain),
        totals=gain * net,
        common_covariance=gain**2 * common,
        gross=gain * maps.counts.sum(axis=0, dtype=float),
    )


def errors_of_totals(noise):
    """Return the standard errors of totals, by the noise of pixels and by what they have in common.

    Parameters
    ----------
    noise : dict
        From `raw_noise`.

    Returns
    -------
    list of float
    """
    together = np.square(noise_of_totals(noise)) + np.diag(noise["common_covariance"])
    return np.sqrt(np.maximum(together, 0.0)).tolist()


def noise_of_totals(noise):
    """Return the standard errors of totals by the noise of pixels alone; see `errors_of_totals`."""
    of_pixels = [np.sum(each, dtype=float) for each in noise["variances"].values()]
    return np.sqrt(np.maximum(of_pixels, 0.0)).tolist()


def errors_of_presence(noise, foreign):
    """Return errors of totals without what other elements take from them.

    Counts that others add may be taken for an element; it is there all the same if they make its
    background too high.

    Parameters
    ----------
    noise : dict
        From `noise_of_windows`.
    foreign : numpy.ndarray or None
        As there, in the counts of ``noise``.

    Returns
    -------
    list of float
    """
    squares = np.square(errors_of_totals(noise))
    if foreign is not None:
        squares -= np.square(np.minimum(foreign, 0.0)).sum(axis=1)
    return np.sqrt(np.maximum(squares, 0.0)).tolist()


def in_shares(covariance, totals):
    """Return a covariance of totals relative to them, 0 for those that are not positive."""
    known = totals > 0
    shares = np.where(known, 1 / np.where(known, totals, 1.0), 0.0)
    return covariance * np.outer(shares, shares)
