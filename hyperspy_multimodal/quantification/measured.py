"""Measured counts, their noise, and errors common to all pixels, by line."""

from dataclasses import dataclass
from numbers import Real

import numpy as np
from hyperspy.roi import BaseROI

from .map_lines import checked_names, named, with_lines
from .own_gains import divided_by_gains, gains_to_divide_by
from .same_scan import check_same_scan

_COMPOSITION = "composition(maps, output, kfactors, regions)"


@dataclass(frozen=True)
class Measured:
    """Net counts of K lines, and how well they are known.

    Attributes
    ----------
    kind : "line", "edge" or "element"
        What names are: X-ray lines, EELS edges, or elements alone.
    names : list of str
        Of the maps.
    fused : numpy.ndarray
        Maps as given, shape (K, ny, nx).
    net, variance : numpy.ndarray
        Net counts as measured, unbiased, and their variance, shape (K, ny, nx); NaN where it is
        unknown.
    background : numpy.ndarray
        Variance less that of the counts of the line itself, shape (K, ny, nx); only sums mean
        something.
    added : numpy.ndarray
        Variance of noise that was added beyond that of the counts, shape (K, ny, nx); only sums
        mean something.
    covariances : dict
        Maps (ny, nx) by pair (i, j) of lines with correlated noise.
    correlation : numpy.ndarray
        Of the noise of the totals, shape (K, K).
    per_count : numpy.ndarray
        Variance that one count of a line adds to its own estimate, shape (K,).
    totals : numpy.ndarray
        Of the whole scan, shape (K,).
    common : numpy.ndarray
        Covariance of the totals that all pixels have in common, shape (K, K).
    together : numpy.ndarray
        Net counts of all lines that were read; of edges, counts of each spectrum; shape (ny, nx).
    used : numpy.ndarray
        Pixels that were not left out, bool, shape (ny, nx).
    common_is_known : bool
        Whether ``common`` holds all that may be wrong. Not for maps that were given: how wrong
        their background is, and what other lines add to them, is not known.
    unit : str
        Of ``net``: "counts" or "map units".
    gain_doubts : numpy.ndarray or None
        Standard errors of ``per_count``, as shares of it, if it was estimated, shape (K,).
    tilts : numpy.ndarray
        How far the background of a pixel is steeper than that of all, and the variance of that,
        shape (2, ny, nx); 0 where it is not measured.
    tilt_effects : numpy.ndarray
        Counts that a unit of it adds to each line, shape (K,).
    cut_off : numpy.ndarray
        By how much pixels may be too high because noise below 0 was cut off, shape (K,).
    per_pixel : numpy.ndarray
        Standard errors per pixel that all pixels have in common, shape (K,); not in ``common``.
    hidden : numpy.ndarray
        Standard errors of ``totals`` by counts of unlisted elements, shape (K,); infinite where
        these are not told from the rest of ``common``.
    subtracted : list of str
        What was subtracted from given maps, with an error that ``common`` holds, in words.
    divided_by : numpy.ndarray
        Gains by which given maps were divided to convert them to counts, 1 where they were not,
        shape (K,).
    """

    kind: str
    names: list
    fused: np.ndarray
    net: np.ndarray
    variance: np.ndarray
    background: np.ndarray
    added: np.ndarray
    covariances: dict
    correlation: np.ndarray
    per_count: np.ndarray
    totals: np.ndarray
    common: np.ndarray
    together: np.ndarray
    used: np.ndarray
    common_is_known: bool
    unit: str
    gain_doubts: np.ndarray | None
    tilts: np.ndarray
    tilt_effects: np.ndarray
    cut_off: np.ndarray
    per_pixel: np.ndarray
    hidden: np.ndarray
    subtracted: list
    divided_by: np.ndarray


def measured_of(maps, output, is_ratio=True, call=_COMPOSITION):
    """Return the `Measured` counts of maps and of the ``full_output`` that came with them.

    Parameters
    ----------
    maps : list of BaseSignal
    output : dict
    is_ratio : bool
        Whether elements are compared, as in a composition, which needs one line each of two
        elements or more, and counts of all if each was given a gain of its own. Otherwise, names
        of elements suffice. Default True.
    call : str
        How the function that needs them is called, for messages. Default `composition`.

    Raises
    ------
    TypeError, ValueError
        If they are not what `multimodal_fusion` or `fit_maps` return.
    """
    kind, names = checked_names(maps, is_ratio)
    noise, raw = with_lines(names, kind, *_checked_output(maps, output, call))
    missing = sorted(set(names) - set(raw))
    if missing:
        raise ValueError(
            f"output must be of the fusion that gave the maps, but has no raw maps of {missing}; "
            f"it has those of {sorted(raw)}."
        )
    gains = gains_to_divide_by(noise) if is_ratio else dict.fromkeys(raw, 1.0)
    noise, raw = divided_by_gains(noise, raw, gains)
    divided_by = np.array([gains[name] for name in names])
    shape = maps[0].data.shape
    wrong = [array.shape for array in raw.values() if array.shape != shape]
    if wrong:
        raise ValueError(
            "output must be of the same scan as the maps, but its raw maps have the shape "
            f"{wrong[0]}, and the maps {shape}. Fuse the part of the scan that you want, or pass "
            "it as a region."
        )
    order = list(raw)
    at = [order.index(name) for name in names]
    own = np.ix_(at, at)
    used = np.all([np.isfinite(array) for array in raw.values()], axis=0)
    clean = {name: np.where(used, array, 0.0) for name, array in raw.items()}
    covariances = {
        (names.index(a), names.index(b)): np.where(used, covariance, 0.0)
        for (a, b), covariance in noise["covariances"].items()
        if a in names and b in names
    }
    net = np.array([clean[name] for name in names], float)
    variance = np.array([np.where(used, noise["variances"][name], 0.0) for name in names], float)
    per_count = np.array([noise["variances_per_count"][name] for name in names])
    doubts = noise.get("gain_doubts")
    tilt, cut_off = noise.get("background_tilt"), noise.get("cut_off")
    hidden, in_all = noise.get("hidden_errors"), noise.get("errors_per_pixel")
    per_pixel = np.zeros(len(names)) if in_all is None else np.array([in_all[n] for n in names])
    tilts, effects = np.zeros((2, *shape)), np.zeros(len(names))
    if tilt is not None:
        tilts = np.where(used, [tilt["amounts"], tilt["variances"]], 0.0)
        effects = np.asarray(tilt["effects"])[at]
    together = (
        np.sum(list(clean.values()), axis=0, dtype=float) if kind != "edge" else noise["gross"]
    )
    return Measured(
        kind=kind,
        names=names,
        fused=np.array([each.data for each in maps], float) / divided_by[:, None, None],
        net=net,
        variance=variance,
        background=variance - per_count[:, None, None] * net,
        added=np.zeros_like(net),
        covariances=covariances,
        correlation=np.asarray(noise["correlation"])[own],
        per_count=per_count,
        totals=np.array([noise["totals"][name] for name in names]),
        common=np.asarray(noise["common_covariance"])[own]
        - np.diag(np.square(per_pixel * used.size)),
        per_pixel=per_pixel,
        together=np.where(used, together, 0.0),
        used=used,
        common_is_known=noise["common_is_known"],
        unit=noise.get("unit", "counts"),
        gain_doubts=None if doubts is None else np.array([doubts[name] for name in names]),
        tilts=tilts,
        tilt_effects=effects,
        cut_off=np.zeros(len(names)) if cut_off is None else np.array([cut_off[n] for n in names]),
        hidden=np.full(len(names), np.inf)
        if hidden is None
        else np.array([hidden[name] for name in names]),
        subtracted=noise.get("subtracted", []),
        divided_by=divided_by,
    )


def _checked_output(maps, output, call):
    """Return the noise of the raw maps, and raw maps by line or edge."""
    given = _in_place_of_output(output)
    if given:
        raise TypeError(
            "output must be the dictionary that multimodal_fusion, fuse_maps or fit_maps returns "
            f"with full_output=True, but {given}. Call maps, output = s.multimodal_fusion(haadf, "
            f"full_output=True), then {call}."
        )
    if "slices" in output:
        raise ValueError(
            "output must be of one scan, but is of a stack. Pass the maps of one slice, "
            "[m.inav[..., 0] for m in maps], and its output['slices'][0]."
        )
    noise = output.get("raw_noise", output)
    if not noise or "variances" not in noise:
        raise ValueError(
            "output must contain the noise of the counts (`raw_noise`), which is not saved with "
            "maps, and not computed for lazy maps. Pass the output that was returned with the "
            "maps. If there is none, or the maps were lazy, fuse the spectra again, with "
            "s.multimodal_fusion(haadf, lazy_output=False, full_output=True)."
        )
    raw = output.get("raw_maps", maps)
    by_name = {named(each)[1][0]: np.asarray(each.data) for each in raw}
    check_same_scan(maps, raw, output)
    return noise, by_name


def _in_place_of_output(given):
    """Return what was given that is no output, in words, or an empty string."""
    if isinstance(given, dict):
        if _are_factors(given):
            return f"factors of {list(given)} were given in its place"
        if given and all(map(_is_region, given.values())):
            return f"regions {list(given)} were given in its place"
        return ""
    if _is_region(given) or (isinstance(given, (list, tuple)) and any(map(_is_region, given))):
        return f"regions ({type(given).__name__}) were given in its place"
    return f"{type(given).__name__} was given"


def _is_region(given):
    """Return whether something is a ROI, or an array that is a mask or a label image."""
    is_image = isinstance(given, np.ndarray) and given.ndim == 2 and given.dtype.kind in "bui"
    return is_image or isinstance(given, BaseROI)


def _are_factors(given):
    """Return whether a dictionary holds nothing but numbers, or pairs of them."""
    return bool(given) and all(
        isinstance(each, Real) or (isinstance(each, (tuple, list)) and len(each) == 2)
        for each in given.values()
    )
