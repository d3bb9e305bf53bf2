"""The automatic choice of lambdas, gamma and regulariser: what predicts held-out counts best."""

from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from ..counts.contracts import Maps
from .brightness import leaks
from .held_out import HeldOut, Setting
from .moves import HUBER, RATIOS, highest, with_other_form, with_ratios, with_regularisers
from .sieves import SIEVE, sieve_without, widened

_FIRST_RATIO = 2.0
#: lambda_1 of the first comparison of HAADF models, and the range that is searched from there.
FIRST_LAMBDAS_1 = (1e-2, 1e-3)
LAMBDAS_1 = (1e-5, 1.0)
_STEP, _FINE_STEP = 2, 1  # in half decades
# What the HAADF has to gain over "no HAADF" to be used, and an element to lose to be set apart.
_STANDARD_ERRORS = 3.0
_STANDARD_ERRORS_LOST = 2.0


@dataclass(frozen=True)
class Choice:
    """The setting that predicts held-out counts best.

    Parameters
    ----------
    setting : Setting
        Its ``model`` is None if "no HAADF" predicts best.
    table : list of dict
        What was tried: ``uses_haadf``, ``gamma``, ``haadf_blur``, ``lambda_1`` (None without
        HAADF); by element ``ratios`` lambda_2 / lambda_1, ``regularisers``, ``directional``,
        ``apart`` (the HAADF does not pull the element), ``relative_errors`` (the squared error of
        the prediction over the least of that element), ``bright_bias`` and ``bright_bias_errors``
        (by how many per cent the prediction is above the held-out counts where the HAADF is bright,
        and the standard error of that).
    """

    setting: Setting
    table: list = field(repr=False)


def choose_setting(maps: Maps, models, seed, kept, candidates, progress):
    """Search lambdas, HAADF model and regularisers by count splitting, from coarse to fine.

    First without HAADF: each element's regulariser and ratio lambda_2 / lambda_1, element by
    element, all elements at a time. With these, HAADF models are compared, by exponents and then
    by weights; for the best of them lambda_1 is searched, then regularisers and ratios again, then
    lambda_1 in finer steps. An element that is clearly better off without the HAADF, or into which
    it leaks, is set apart from it. So far there was total variation alone; its Huber form follows,
    then sieves, which all elements have or none.

    Parameters
    ----------
    maps : Maps
        Integer counts, or maps whose halves were drawn.
    models : GuidedModels
        HAADF models for the whole counts.
    seed : int
        Seed of the splits.
    kept : numpy.ndarray
        Which net totals fusion keeps, bool, shape (K,).
    candidates : sequence of tuple of str
        Names of the regularisers to try for each element.
    progress : callable
        Called once a solve.

    Returns
    -------
    Choice
    """
    held_out = HeldOut(maps, models, seed, kept, progress)
    return Choice(search(held_out, candidates), held_out.table())


def search(held_out, candidates):
    """Return the `Setting` with the least errors that `choose_setting` comes upon.

    Parameters
    ----------
    held_out : HeldOut
        Errors of settings.
    candidates : sequence of tuple of str
        Names of the regularisers to try for each element.

    Returns
    -------
    Setting
    """
    variations = [tuple(n for n in names if n != SIEVE) for names in candidates]
    nothing = (False,) * held_out.n_maps
    start = Setting(
        model=None,
        lambda_1=1.0,
        regularisers=tuple((names or (SIEVE,))[0] for names in variations),
        ratios=(_FIRST_RATIO,) * held_out.n_maps,
        apart=nothing,
    )
    if not all(variations):  # sieves go for all maps or for none
        return _guided(held_out, sieve_without(held_out, start), None)
    plain = [tuple(n for n in names if n not in HUBER.values()) or names for names in variations]
    without = _settled(held_out, start, plain)
    best = _guided(held_out, without, plain)
    if all(SIEVE in names for names in candidates):
        sieves = _sieved(held_out, best, without)
        if sieves is not best:
            return sieves
    return best if plain == variations else _softened(held_out, best, without, variations)


def _guided(held_out, without, candidates):
    """Return the best setting with HAADF, or ``without`` if that predicts no better.

    ``candidates`` is None for sieves, which have widths alone.
    """
    usable = [model for model in held_out.models.models if model.has_weights]
    if not usable:
        return without

    def score(setting):
        return held_out.relative(held_out.errors(setting))

    best = _best(
        [
            replace(without, model=model, lambda_1=lambda_1)
            for model in usable
            for lambda_1 in FIRST_LAMBDAS_1
        ],
        score,
    )
    other = held_out.models.other(best.model)
    if other is not None:
        best = _best([best, replace(best, model=other)], score)
    best = _walked(best, _STEP, score)
    if candidates is None:
        best = _widened(held_out, best, score)
    else:
        best = _adjusted(held_out, best, _moves(candidates), score)
    best = _walked(best, _FINE_STEP, score)
    best = _set_apart(held_out, best, without, score)
    if held_out.standard_errors_gained(best, without) < _STANDARD_ERRORS:
        best = without
    return best


def _sieved(held_out, best, without):
    """Return the best setting of sieves if it predicts clearly better than ``best``."""

    def score(setting):
        return held_out.relative(held_out.errors(setting))

    chosen = alone = sieve_without(held_out, without, reference=without)
    if alone is None:
        return best
    if best.model is not None:
        stronger = float(f"{best.lambda_1 * 10 ** (_STEP / 2):.3g}")
        chosen = replace(alone, model=best.model, lambda_1=min(stronger, LAMBDAS_1[1]))
        chosen = _walked(chosen, _STEP, score)
        chosen = _widened(held_out, chosen, score)
        chosen = _walked(chosen, _FINE_STEP, score)
        chosen = _set_apart(held_out, chosen, alone, score)
        if held_out.standard_errors_gained(chosen, alone) < _STANDARD_ERRORS:
            chosen = alone
    is_better = held_out.standard_errors_gained(chosen, best) > _STANDARD_ERRORS_LOST
    return chosen if is_better else best


def _widened(held_out, setting, score):
    """Return the setting with better widths, maps coupled by the HAADF."""
    for step in (1, -1):
        while score(moved := widened(held_out, setting, step)) < score(setting):
            setting = moved
    return setting


def _set_apart(held_out, setting, without, score):
    """Return the setting with those elements apart to which the pull of the HAADF does harm.

    These are the ones into which it leaks, also after others were set apart, and those that are
    predicted worse with it, unless they are biased where the HAADF is bright without it. They take
    regulariser and ratio of ``without``, which is returned if they are all.
    """
    losing = held_out.standard_errors_lost(setting, without) > _STANDARD_ERRORS_LOST
    free = held_out.bias(without)
    losing &= held_out.counted & ~free.is_from_pull(held_out.bias(setting))
    apart = np.array(setting.apart)
    while True:
        lost = held_out.standard_errors_lost(setting, without)
        squares = held_out.squares_lost(setting, without)
        leaking = leaks(held_out.bias(setting), free, lost, squares) & held_out.counted & ~apart
        if not leaking.any():
            break
        apart |= leaking
        if apart[held_out.counted].all():
            return without
        setting = _apart(setting, without, apart)
    losing |= apart
    if (losing & ~apart).any() and not losing.all():
        setting = _best([setting, _apart(setting, without, losing)], score)
    return setting


def _apart(setting, without, elements):
    return replace(
        setting,
        apart=tuple(elements.tolist()),
        regularisers=_mixed(elements, without.regularisers, setting.regularisers),
        ratios=_mixed(elements, without.ratios, setting.ratios),
    )


def _mixed(chosen, some, others):
    return tuple(a if each else b for each, a, b in zip(chosen, some, others, strict=True))


def _best(settings, score):
    """Return the best of some settings; all are tried before any are compared."""
    for setting in settings:
        score(setting)
    return min(settings, key=score)


def _walked(setting, step, score):
    """Return the setting with the best lambda_1 of those that lie ``step`` half decades apart."""
    for steps in (step, -step):
        while True:
            half_decades = round(2 * np.log10(setting.lambda_1)) + steps
            lambda_1 = float(f"{10 ** (half_decades / 2):.3g}")
            further = replace(setting, lambda_1=lambda_1)
            if not LAMBDAS_1[0] <= lambda_1 <= LAMBDAS_1[1] or score(further) >= score(setting):
                break
            setting = further
    return setting


def _softened(held_out, setting, without, candidates):
    """Return the setting with Huber's form of the total variation where that predicts better."""

    def score(setting):
        return held_out.relative(held_out.errors(setting))

    moves = [
        partial(with_other_form, candidates=candidates),
        *(partial(with_ratios, step=step) for step in (1, -1)),
    ]
    softened = _adjusted(held_out, setting, moves, score)
    # Total variation leaves what is noise flat, and Huber's form does not.
    gained = held_out.standard_errors_lost(setting, softened) > _STANDARD_ERRORS
    softened = replace(
        softened,
        regularisers=_mixed(gained, softened.regularisers, setting.regularisers),
        ratios=_mixed(gained, softened.ratios, setting.ratios),
    )
    if not gained.any() or not score(softened) < score(setting):
        return setting
    if setting.model is None:
        return softened
    softened = _walked(softened, _FINE_STEP, score)
    return _set_apart(held_out, softened, without, score)


def _moves(candidates):
    """Return what `_adjusted` tries: ratios up and down, and other regularisers."""
    others = range(1, max(len(names) for names in candidates))
    return [
        *(partial(with_ratios, step=step) for step in (1, -1)),
        *(partial(with_regularisers, candidates=candidates, step=step) for step in others),
    ]


def _adjusted(held_out, setting, moves, score):
    """Return the setting with better regularisers and ratios, elements coupled by the HAADF.

    All elements make the same move. Those that it serves keep it, if that serves all together;
    moves go on until none does.
    """
    moves = list(moves)
    everyone = np.full(held_out.n_maps, True)
    useless = 0
    while useless < len(moves):
        move = moves[0]
        before = held_out.errors(setting)
        of_ratios = move.func is with_ratios
        moved = move(setting, held_out.counted if of_ratios else everyone)
        served = held_out.errors(moved) < before
        served &= held_out.counted
        if served.any() and not served.all():
            moved = move(setting, served)
        if score(moved) < score(setting):
            setting, useless = moved, 0
            if of_ratios:
                continue
        else:
            useless += 1
        moves = [*moves[1:], move]
    return setting


def _settled(held_out, setting, candidates):
    """Return the setting with each element's best regulariser and ratio, without HAADF.

    All elements move at a time, for they do not feel each other: each to a place that it has not
    tried, beside the best ratio so far of each regulariser.
    """
    elements = range(held_out.n_maps)
    found = [{} for _ in elements]  # by element: (regulariser, index of ratio) to error

    def noted(setting):
        errors = held_out.errors(setting)
        for i in elements:
            place = setting.regularisers[i], RATIOS.index(setting.ratios[i])
            found[i][place] = min(errors[i], found[i].get(place, np.inf))

    noted(setting)
    while True:
        best = [min(each, key=each.get) for each in found]
        following = [
            _next_place(found[i], candidates[i]) if held_out.counted[i] else None for i in elements
        ]
        places = [new or old for new, old in zip(following, best, strict=True)]
        tried = replace(
            setting,
            regularisers=tuple(name for name, _ in places),
            ratios=tuple(RATIOS[index] for _, index in places),
        )
        noted(tried)
        if not any(following):
            return tried


def _next_place(found, names):
    """Return a place of an element to try next: beside the best of a regulariser; None if none."""
    seen = {name: [index for other, index in found if other == name] for name in names}
    for name in sorted(names, key=lambda name: not seen[name]):
        if not seen[name]:
            return name, min(found, key=found.get)[1]
        best = min(seen[name], key=lambda index: found[name, index])
        for index in (best + 1, best - 1):
            if 0 <= index <= highest(name) and index not in seen[name]:
                return name, index
    return None
