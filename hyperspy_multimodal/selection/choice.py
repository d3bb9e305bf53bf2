"""Automatic choice of lambdas, gamma and regulariser by prediction of held-out counts."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from ..counts.contracts import Maps
from ..notes import Speaker
from .close_regularisers import close_regularisers
from .forms import centred, forms_without
from .held_out import HeldOut
from .mixtures import with_sieves
from .moves import of_same_form, with_other_form, with_ratios, with_regularisers
from .noise_share import NoiseShare, noise_share
from .settings import Setting
from .shared_structure import SharedStructure, shared_structure
from .sieves import COARSE, SIEVE, SIEVES, SMOOTH, blurs_without
from .stages import adjusted, are_losing, best_of, set_apart, walked

_logger = Speaker(__name__)

_FIRST_RATIO = 2.0
#: lambda_1 of the first comparison of HAADF models.
FIRST_LAMBDAS_1 = (1e-2, 1e-3)
_STEP, _FINE_STEP = 2, 1  # in half decades
# Standard errors that the HAADF must gain over "no HAADF" to be used. If it gains less than nothing
# after the first steps of lambda_1, it is left out: later steps add 0 to 2 standard errors.
_STANDARD_ERRORS, _PROMISING = 3.0, 0.0
# The decision is close if it gains as many, but for this number.
_CLOSE = 1.0
# Number of HAADF models to search until one gains that much: the first ones may predict equally
# well.
_MODELS = 2


@dataclass(frozen=True)
class Choice:
    """The setting that predicts held-out counts best.

    Parameters
    ----------
    setting : Setting
        Its ``model`` is None if "no HAADF" predicts best.
    table : list of dict
        Settings that were tried: ``uses_brightness``, ``gamma``, ``haadf_blur``, ``lambda_1`` (None
        without HAADF); and for each element ``ratios`` lambda_2 / lambda_1, ``regularisers``,
        ``directional``, ``apart`` (the HAADF does not pull the element), ``relative_errors``
        (squared error of the prediction divided by the smallest one of that element),
        ``bright_bias`` and ``bright_bias_errors`` (excess of the prediction over the held-out
        counts where the HAADF is bright, in per cent, and its standard error).
    alternatives : list of list
        For each element, what else it may have, from `HeldOut.alternatives`; empty with the HAADF.
    shared_by : callable
        Returns the `SharedStructure` of a setting: how maps follow those of other elements.
    noise_of : callable
        Returns the `NoiseShare` of a setting and its shared structure: how much of the contrast of
        the maps is noise.
    close_of : callable
        Returns the `CloseRegulariser` of elements for a setting: what else predicts as well.
    """

    setting: Setting
    table: list = field(repr=False)
    alternatives: list = field(repr=False)
    shared_by: Callable[[Setting], SharedStructure] = field(repr=False)
    noise_of: Callable[[Setting, SharedStructure], NoiseShare] = field(repr=False)
    close_of: Callable[[Setting], list] = field(repr=False)


def choose_setting(maps: Maps, models, seed, kept, candidates, progress):
    """Search lambdas, HAADF model and regularisers by count splitting, from coarse to fine.

    The search starts without the HAADF. It determines the regulariser (total variation or its Huber
    form) and the ratio lambda_2 / lambda_1 of each element independently. With these, HAADF models
    are compared, first their exponents and then their weights. For the best model, lambda_1 is
    searched, then regularisers and ratios again, then lambda_1 in finer steps. An element that is
    clearly better without the HAADF, or into which it leaks, is set apart from it. Finally, sieves
    are tried for the elements that benefit from them.

    Parameters
    ----------
    maps : Maps
        Integer counts, or maps whose halves were drawn.
    models : GuidedModels
        HAADF models for all counts.
    seed : int
        Seed of the splits.
    kept : numpy.ndarray
        Which net totals fusion keeps, bool, shape (K,).
    candidates : sequence of tuple of str
        Names of the regularisers to try for each element.
    progress : callable
        Called once per solve.

    Returns
    -------
    Choice
    """
    held_out = HeldOut(maps, models, seed, kept, progress)
    setting = search(held_out, candidates)
    alternatives = [[] for _ in candidates]
    if setting.model is None:
        # Without the HAADF, sieves turn noise into beads.
        alternatives = [
            [each for each in held_out.alternatives(setting, i) if each[0] in {*names} - {SIEVE}]
            for i, names in enumerate(candidates)
        ]
    functions = partial(shared_structure, held_out), partial(noise_share, held_out)
    functions = *functions, partial(close_regularisers, held_out)
    return Choice(setting, held_out.table(), alternatives, *functions)


def search(held_out, candidates):
    """Return the `Setting` with the smallest errors in the search of `choose_setting`.

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
    names = [tuple(n for n in each if n not in SIEVES) or each for each in candidates]
    sieves = np.array([set(each) <= set(SIEVES) for each in names])
    start = Setting(
        model=None,
        lambda_1=1.0,
        regularisers=tuple(each[0] for each in names),
        ratios=(_FIRST_RATIO,) * held_out.n_maps,
        apart=(False,) * held_out.n_maps,
    )
    without = other = start
    if not sieves.all():
        without, other = forms_without(held_out, start, names, held_out.counted & ~sieves)
    if sieves.any():
        blurred = blurs_without(held_out, start, names)
        without, other = (held_out.put_together(sieves, blurred, each) for each in (without, other))
    best = _guided(held_out, without, other, names)
    if best.model is None:
        movable = held_out.counted & ~sieves & held_out.has_structure(best)
        best = centred(held_out, best, movable)
    free = ~sieves & [not set(SIEVES).isdisjoint(each) for each in candidates]
    if free.any():
        best = with_sieves(held_out, best, without, candidates, free)
    return best if best.model is not None else _with_middle_widths(held_out, best, without)


def _with_middle_widths(held_out, best, without):
    """Return the setting without HAADF with the middle of the widths of smooth maps."""
    smooth = np.array([name == SMOOTH for name in best.regularisers]) & held_out.counted
    if not smooth.any():
        return best
    structured = held_out.has_structure(without) | held_out.has_structure(best)
    return centred(held_out, best, smooth & structured, COARSE)


def _guided(held_out, without, changed, candidates):
    """Return the best setting with HAADF, or ``without`` if it predicts no better.

    During the search, elements may change to the form that they have in ``changed``.
    """
    usable = [model for model in held_out.models.models if model.has_weights]
    if not usable:
        return without

    tried = [
        [replace(without, model=model, lambda_1=each) for each in FIRST_LAMBDAS_1]
        for model in usable
    ]
    held_out.try_out([each for settings in tried for each in settings])
    firsts = sorted((best_of(held_out, settings) for settings in tried), key=held_out.score)
    most = -np.inf
    for first in firsts[:_MODELS]:
        best = _of_model(held_out, first, without, changed, candidates)
        if best is None:
            break
        most = max(most, held_out.standard_errors_gained(best, without))
        if most >= _STANDARD_ERRORS:
            break
    _say_if_close(most)
    return best if most >= _STANDARD_ERRORS else without


def _say_if_close(gained):
    """Warn that another draw of the held-out counts may decide differently."""
    if abs(gained - _STANDARD_ERRORS) < _CLOSE:
        _logger.warning(
            "It is a close decision that the HAADF is %s: it improves the prediction of held-out "
            "counts by %.1f standard errors, and %g are required. With another seed, or slightly "
            "different maps, it may be the opposite. Compare the maps of several seeds.",
            "used" if gained >= _STANDARD_ERRORS else "not used",
            gained,
            _STANDARD_ERRORS,
            kind="close decision",
        )


def _of_model(held_out, first, without, changed, candidates):
    """Return the best setting with the HAADF model of ``first``, or None if it is not promising."""
    best, other = first, held_out.models.other(first.model)
    if other is not None:
        best = best_of(held_out, [best, replace(best, model=other)])
    best = walked(held_out, best, _STEP)
    staying = held_out.counted & ~are_losing(held_out, best, without)
    gained = held_out.standard_errors_gained(best, without, staying) if staying.any() else -np.inf
    if gained < _PROMISING:
        return None
    moves = _moves(without, candidates)
    if changed.regularisers != without.regularisers:
        moves.append(partial(with_other_form, forms=(without, changed)))
    best = adjusted(held_out, best, moves)
    best = walked(held_out, best, _FINE_STEP)
    parted = set_apart(held_out, best, without)
    if parted.model is not None and parted.apart != best.apart:
        # The remaining elements share the HAADF among fewer.
        parted = adjusted(held_out, parted, _of_ratios(~np.array(parted.apart)))
        parted = walked(held_out, parted, _FINE_STEP)
    return parted


def _moves(setting, candidates):
    """Return the moves for `adjusted`: ratios up and down, other regularisers of the same form."""
    others = range(1, max(map(len, of_same_form(setting, candidates))))
    return [
        *_of_ratios(),
        *(partial(with_regularisers, candidates=candidates, step=step) for step in others),
    ]


def _of_ratios(only=True):
    return [partial(with_ratios, step=step, only=only) for step in (1, -1)]
