"""The widths of maps that are no sharper than the probe, chosen by held-out counts."""

from dataclasses import replace

import numpy as np

SIEVE = "sieve"
#: lambda_2 / lambda_1 of sieves, half the square of the width in pixels: widths 0.5 to 8, in steps
#: of 19 %.
RATIOS = tuple(float(f"{2 ** (k / 2):.4g}") for k in range(-6, 11))
_FIRST_RATIO = 2.0  # a width of 2 pixels
_COARSE, _FINE = 2, 1
# The probe is the same for all maps: one has a width of its own if that is so much better.
_STANDARD_ERRORS = 2.0


def sieve_without(held_out, start, reference=None):
    """Return the best setting of sieves without HAADF; None if ``reference`` predicts better.

    All maps have the width that serves them best together, as they share the probe, but those that
    another one serves significantly better.
    """
    n_maps = held_out.n_maps
    first = replace(
        start,
        lambda_1=1.0,
        regularisers=(SIEVE,) * n_maps,
        ratios=(_FIRST_RATIO,) * n_maps,
        apart=(False,) * n_maps,
    )
    tried = {}

    def score(place):
        if place not in tried:
            tried[place] = replace(first, ratios=(RATIOS[place],) * n_maps)
        return held_out.relative(held_out.errors(tried[place]))

    best = _climbed(RATIOS.index(_FIRST_RATIO), _COARSE, score)
    own = replace(first, ratios=tuple(_own_ratios(held_out, tried, best)))
    # Both now: scores are relative to the least errors so far.
    scores = [held_out.relative(held_out.errors(each)) for each in (own, reference or own)]
    if reference is not None and scores[0] >= scores[1]:
        return None
    best = _climbed(best, _FINE, score)
    return replace(first, ratios=tuple(_own_ratios(held_out, tried, best)))


def _climbed(place, step, score):
    for direction in (step, -step):
        while 0 <= place + direction < len(RATIOS) and score(place + direction) < score(place):
            place += direction
    return place


def _own_ratios(held_out, tried, common):
    for i in range(held_out.n_maps):
        own = min(tried, key=lambda place: held_out.errors(tried[place])[i])
        lost = held_out.standard_errors_lost(tried[common], tried[own])[i] if own != common else 0
        yield RATIOS[own if lost > _STANDARD_ERRORS else common]


def widened(held_out, setting, step):
    """Return the setting with each width one step wider or narrower, where that serves the map."""
    moved = _moved(setting, held_out.counted, step)
    served = (held_out.errors(moved) < held_out.errors(setting)) & held_out.counted
    if served.any() and not served[held_out.counted].all():
        moved = _moved(setting, served, step)
    return moved


def _moved(setting, chosen, step):
    places = np.array([RATIOS.index(ratio) for ratio in setting.ratios]) + step * chosen
    places = np.clip(places, 0, len(RATIOS) - 1)
    return replace(setting, ratios=tuple(RATIOS[place] for place in places))
