"""Ends of the scales of maps: numbers or percentiles, of one map or of raw and fused together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from numbers import Real
from typing import TypeAlias

import numpy as np

from ..written_numbers import plain
from .panels import brightest

#: An end of a scale: a number, or a percentile such as "99.8th".
Limit: TypeAlias = float | str

#: Lower end that dims what a map has everywhere, and upper end of a scale, if not given otherwise.
AUTO, BRIGHT = "auto", "99.8th"
# What a map has everywhere: this percentile, if it is at least this share of the upper end. The
# lower end is this part of it, so that a uniform map is still seen.
_EVERYWHERE, _MUCH, _DIMMED = 5.0, 0.1, 0.75

# The scale of a raw and a fused map holds this percentile of the raw one, unless it would end
# beyond this many times what the fused map needs.
_OF_RAW, _ROOM = 99.0, 1.5

_PERCENTILE = re.compile(r"\s*([0-9.]+)\s*(?:st|nd|rd|th)\s*")


def limits_of(maps, vmin, vmax, same_scale=False):
    """Return the ends (low, high) of the scale of each map.

    Parameters
    ----------
    maps : list of BaseSignal
    vmin, vmax : float, str, or list of them
        Ends for all maps, or one for each; "auto" for ``vmin``: 0, unless a map has much
        everywhere, or all share one scale.
    same_scale : bool
        Whether all share one scale, from the lowest to the highest of these ends. Default False.
    """
    ends = [_one_each(name, given, maps) for name, given in (("vmin", vmin), ("vmax", vmax))]
    if same_scale:
        ends[0] = [(name, 0 if _is_auto(given) else given) for name, given in ends[0]]
    own = [_ends(each.data, low, high) for each, low, high in zip(maps, *ends, strict=True)]
    if not same_scale:
        return own
    lows, highs = zip(*own, strict=True)
    return [(min(lows), max(highs))] * len(own)


def shared_limits(raw, fused, holds_raw=False):
    """Return the ends of the scale that a raw and a fused map share: from 0, by the fused one.

    Raw pixels vary more, as they hold single counts: what lies beyond is clipped. Where the fused
    map holds nothing, the scale is that of the raw one.

    Parameters
    ----------
    raw, fused : numpy.ndarray
        The maps as they are shown.
    holds_raw : bool
        Whether the scale also holds 99 of 100 raw pixels, as far as the fused map does not get dark
        by it. Default False: as befits raw maps that show single counts.
    """
    if not np.nanmax(fused, initial=0.0) > 0:
        return 0.0, brightest(raw)
    high = brightest(fused)
    if holds_raw and np.isfinite(raw).any():
        high = max(high, min(float(np.nanpercentile(raw, _OF_RAW)), _ROOM * high))
    return 0.0, high


def _one_each(name, given, maps):
    if isinstance(given, (Sequence, np.ndarray)) and not isinstance(given, str):
        if len(given) != len(maps):
            raise ValueError(
                f"{name} must be one value, or one for each of {len(maps)} maps, but "
                f"{len(given)} were given."
            )
        given = list(given)
    else:
        given = [given] * len(maps)
    return [(name, each) for each in given]


def _is_auto(given):
    return isinstance(given, str) and given == AUTO


def _ends(data, low, high):
    if _is_auto(low[1]):
        return _dimmed(data, *_ends(data, ("vmin", 0), high), is_given=high[1] != BRIGHT)
    low = _value(data, *low)
    if high[1] == BRIGHT:
        return low, brightest(data, low)  # also of a map that is flat or empty
    top = _value(data, *high)
    if top <= low:
        raise ValueError(
            f"vmax must be above vmin, but they are {plain(top, 6)} and "
            f"{plain(low, 6)} for one of the maps."
        )
    return low, top


def _dimmed(data, low, high, is_given):
    """Return the ends of a scale on which a uniform map has a quarter of its colour."""
    everywhere = np.nanpercentile(data, _EVERYWHERE) if np.isfinite(data).any() else 0.0
    if everywhere < _MUCH * high:
        return low, high
    low = float(_DIMMED * everywhere)
    return (min(low, high / 2), high) if is_given else (low, max(high, low + float(everywhere)))


def _value(data, name, given):
    """Return an end of the scale of a map as a number."""
    text = _PERCENTILE.fullmatch(given) if isinstance(given, str) else None
    if text and 0 <= float(text[1]) <= 100:
        return float(np.nanpercentile(data, float(text[1]))) if np.isfinite(data).any() else 0.0
    if isinstance(given, Real) and np.isfinite(given):
        return float(given)
    others = ", or 'auto'" if name == "vmin" else ""
    raise ValueError(
        f"{name} must be a number, or a percentile from '0th' to '100th'{others}, but {given!r} "
        "was given."
    )
