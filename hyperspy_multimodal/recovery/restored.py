"""Fused maps with the structure of the counts, from the regularisers that need least correction."""

from dataclasses import dataclass, replace

import numpy as np

from ..fusion.minimise import FusionResult
from ..selection import (
    BROAD,
    LINES,
    Setting,
    fuse_setting,
    kept_structure,
    restored_windows,
    settled_at,
)

# Other regularisers that are tried for an element.
_MOST_TRIED = 3
# Squared standard errors, summed over windows and ranges, by which they must be less wrong, and
# with which no others are tried.
_LESS_WRONG, _RIGHT = 36.0, 4.0


@dataclass(frozen=True)
class Restored:
    """Fused maps in which significant structure of the counts is restored.

    Attributes
    ----------
    setting : Setting
        What they were fused with.
    as_fused, result : FusionResult
        Maps before they follow each other and are restored, and after.
    lost, left : list of Lost
        Windows and ranges of brightness that were wrong, and those that still are, as from
        `kept_structure`.
    """

    setting: Setting
    as_fused: FusionResult
    result: FusionResult
    lost: list
    left: list

    def wrong(self, element, predicts_worse=0.0):
        """Return squared standard errors by which a map is wrong, summed over what was found.

        And by which it predicts held-out counts worse than another. What was restored counts only
        where it shows: lines that are drawn into a map. Large boxes do not count, as no regulariser
        restores them.
        """
        found = [each for each in self.left if each.window.family != BROAD]
        back = restored_windows(self.lost, self.left)
        found += [each for each in back if each.window.family in LINES]
        squares = sum(each.significance**2 for each in found if each.element == element)
        return squares + max(predicts_worse, 0.0) ** 2


def restored(prepared, chosen, keep_significant, tolerance, **options):
    """Fuse with the chosen setting, and restore what the maps have lost.

    Held-out counts are compared pixel by pixel, which tells little about broad edges and thin lines
    where counts are few. Without the HAADF, an element that has lost significant structure is also
    fused with other regularisers that predict held-out counts hardly worse. The one that is least
    wrong in both is taken.

    Parameters
    ----------
    prepared : Prepared
        Measured maps and HAADF models.
    chosen : Chosen
        Setting and its alternatives.
    keep_significant : bool
        Whether to restore anything.
    tolerance : float
        Relative gap at which fusions end; more for sieves, see `settled_at`.
    **options
        Passed to `fuse_setting`.

    Returns
    -------
    Restored
    """
    totals = prepared.totals_of(prepared.maps)
    matched = prepared.models.matched(chosen.setting.model or prepared.models.first)

    def fused(setting, **more):
        known = prepared.maps, prepared.models, setting
        more = {**options, "tolerance": settled_at(setting, tolerance), **more}
        return fuse_setting(*known, totals=totals, **more)

    def shared(maps, elements=None):
        if chosen.shared is None:
            return maps
        return chosen.shared.applied(maps, prepared.maps, prepared.maps.mask, elements)

    def found(setting, result, elements=None):
        known = totals, matched, prepared.beyond
        maps = shared(result.maps, elements)
        kept, lost, left = kept_structure(prepared.maps, maps, *known, elements, result.maps)
        return Restored(setting, result, replace(result, maps=kept), lost, left)

    result = fused(chosen.setting)
    if not keep_significant:
        maps = shared(result.maps)
        return Restored(chosen.setting, result, replace(result, maps=maps), [], [])
    first = found(chosen.setting, result)
    others = _others(chosen, first, fused, found)
    if all(each is first for each in others):
        return first
    setting = chosen.setting
    for i, each in enumerate(others):
        setting = setting.with_regulariser(i, each.setting.regularisers[i], each.setting.ratios[i])
    maps = np.stack([each.as_fused.maps[i] for i, each in enumerate(others)])
    result = fused(setting, initial=replace(first.as_fused, maps=maps))
    kept = np.stack([each.result.maps[i] for i, each in enumerate(others)])
    windows = [
        [w for i, each in enumerate(others) for w in getattr(each, name) if w.element == i]
        for name in ("lost", "left")
    ]
    return Restored(setting, result, replace(result, maps=kept), *windows)


def _others(chosen, first, fused, found):
    """Return for each element the `Restored` maps in which it is least wrong."""
    best = [first] * len(chosen.alternatives)
    wrong = [first.wrong(i) - _LESS_WRONG for i in range(len(best))]
    waiting = {
        i: places[:_MOST_TRIED] for i, places in enumerate(chosen.alternatives) if wrong[i] > 0
    }
    for turn in range(_MOST_TRIED):
        elements = [i for i, places in waiting.items() if turn < len(places) and wrong[i] > _RIGHT]
        if not elements:
            break
        setting = chosen.setting
        for i in elements:
            setting = setting.with_regulariser(i, *waiting[i][turn][:2])
        part = fused(setting, elements=elements, callback=None)
        maps = np.array(first.as_fused.maps)
        maps[elements] = part.maps
        new = found(setting, replace(first.as_fused, maps=maps), elements)
        for i in elements:
            now = new.wrong(i, waiting[i][turn][2])
            if now < wrong[i]:
                best[i], wrong[i] = new, now
    return best
