"""Choice of the widths of sieves and smooth maps by held-out counts."""

from dataclasses import replace

import numpy as np

SIEVE, SMOOTH = SIEVES = "sieve", "smooth"
#: lambda_2 / lambda_1 of sieves, half the square of the width in pixels: widths 0.5 to 8, in steps
#: of 19 %.
RATIOS = tuple(float(f"{2 ** (k / 2):.4g}") for k in range(-6, 11))
_FIRST_RATIO = 2.0  # a width of 2 pixels
#: Steps between the widths of a search, before it ends in finer ones.
COARSE, _FINE = 2, 1
# The first widths that are tried for smooth maps.
_FIRST_PLACES = RATIOS.index(2.0), RATIOS.index(8.0)
# The probe is the same for all maps: a map gets a separate width only if it is better by this.
_STANDARD_ERRORS = 2.0
# Standard errors by which another setting is clearly better.
_BEHIND = 3.0


def sieve_without(held_out, start, reference=None):
    """Return the best setting of sieves without HAADF.

    None if ``reference`` predicts every element better.

    Because they share the probe, all maps have the common width that is best for all together,
    except maps for which another width is significantly better.
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

    def try_out(places):
        for place in places:
            tried[place] = replace(first, ratios=(RATIOS[place],) * n_maps)
        held_out.try_out([tried[place] for place in places])

    def score(place):
        if place not in tried:
            try_out([place])
        return held_out.score(tried[place])

    best = RATIOS.index(_FIRST_RATIO)
    try_out([best, *_beside(best, COARSE)])
    best = _climbed(best, COARSE, score)
    own = replace(first, ratios=tuple(_own_ratios(held_out, tried, best)))
    if reference is not None:
        served = held_out.errors(own) < held_out.errors(reference)
        if not (served & held_out.counted).any():
            return None
    try_out(_beside(best, _FINE))
    best = _climbed(best, _FINE, score)
    return replace(first, ratios=tuple(_own_ratios(held_out, tried, best)))


def _beside(place, step):
    return [other for other in (place - step, place + step) if 0 <= other < len(RATIOS)]


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


def smooth_without(held_out, start, reference=None):
    """Return the best setting of smooth maps without HAADF, each with a separate width.

    Widths are not tried any further for an element that ``reference`` predicts clearly better, if
    the last step has gained it less than half of what it lacks.
    """
    n_maps = held_out.n_maps
    first = replace(start, lambda_1=1.0, regularisers=(SMOOTH,) * n_maps, apart=(False,) * n_maps)
    low, high = _FIRST_PLACES
    places = range(low, high + 1, COARSE)
    tried = {place: replace(first, ratios=(RATIOS[place],) * n_maps) for place in places}
    held_out.try_out(tried.values())
    while True:
        found = {place: held_out.errors(each) for place, each in tried.items()}
        best = np.array([min(found, key=lambda place: found[place][i]) for i in range(n_maps)])

        def may_gain(edge, before, best=best, found=found):
            going = held_out.counted & (best == edge)
            if reference is None or not going.any():
                return going
            behind = held_out.standard_errors_lost(tried[edge], reference) > _BEHIND
            lacking = found[edge] - held_out.errors(reference)
            return going & ~(behind & (found[before] - found[edge] < lacking / 2))

        if low >= COARSE and may_gain(low, low + COARSE).any():
            low, edge = low - COARSE, low
            new = low
        elif high + COARSE < len(RATIOS) and may_gain(high, high - COARSE).any():
            high, edge = high + COARSE, high
            new = high
        else:
            return held_out.collected([tried[place] for place in best])
        # The others keep their best width so far, for which they have been fused.
        ratios = tuple(RATIOS[new if place == edge else place] for place in best)
        tried[new] = replace(first, ratios=ratios)


def blurs_without(held_out, start, candidates, reference=None):
    """Return the best setting of sieves, or of smooth maps for elements that may have only those.

    None if ``reference`` predicts every element better.
    """
    sieves = np.array([SIEVE in names for names in candidates])
    only_smooth = np.array([SMOOTH in names for names in candidates]) & ~sieves
    found = sieve_without(held_out, start, reference) if sieves.any() else None
    if not only_smooth.any():
        return found
    smooth = smooth_without(held_out, start, reference)
    return smooth if found is None else held_out.put_together(only_smooth, smooth, found)


def with_smooth(held_out, setting, start, candidates):
    """Return the setting of sieves with smooth maps where they predict clearly better."""
    either = np.array([{SIEVE, SMOOTH} <= set(names) for names in candidates])
    if not either.any():
        return setting
    smooth = smooth_without(held_out, start)
    better = held_out.standard_errors_lost(setting, smooth) > _STANDARD_ERRORS
    return held_out.put_together(either & better, smooth, setting)


def without_beads(held_out, setting, start, candidates):
    """Return the setting with smooth maps instead of sieves for elements that may have both.

    Without the HAADF, which shows the positions of columns, sieves turn noise into beads.
    """
    beads = np.array([name == SIEVE for name in setting.regularisers])
    beads &= [SMOOTH in names for names in candidates]
    if not beads.any():
        return setting
    return held_out.put_together(beads, smooth_without(held_out, start), setting)
