"""Evidence for or against each map, from counts and fusion, and the verdicts."""

import numpy as np

from ..notes import Speaker, gathered_so_far
from ..written_numbers import percent, plain, with_error
from .differences import largest_differences
from .haadf_use import use_in_words, uses_of_haadf
from .summary import Summary
from .verdict import RULES, all_texts, verdicts_of

_logger = Speaker(__name__)

# Area, in pixels, of a patch 8 pixels across, and the standard errors at which it is detected.
_PATCH, _SEEN = 50.0, 5.0
# A map is flat if it varies by less than this share of its mean, or if what varies is noise and has
# less than this standard deviation, also as a share of the mean.
_FLAT, _FLAT_NOISE = 0.02, 0.005
# Below this number of X-rays or electrons per pixel, standard deviations per pixel are rough.
_FEWEST_FOR_ERRORS = 0.3
# A change of a total is reported if it exceeds this fraction and this many Poisson errors.
_CHANGED, _STANDARD_ERRORS = 0.01, 3.0


def judged(prepared, chosen, result, left=()):
    """Return the `Verdict` on each map, and pass it to the summary of the call.

    Parameters
    ----------
    prepared : Prepared
        Measured maps.
    chosen : Chosen
        Setting of the fusion.
    result : FusionResult
        Fused maps.
    left : sequence of Lost
        Windows in which fused maps still differ from the counts. Default none.
    """
    names, setting = prepared.maps.names, chosen.setting
    net, errors = totals_of(prepared.maps)
    say_few_counts(names, net, errors)
    say_constant_maps(prepared.maps)
    flat = are_flat(result.maps, chosen.noise)
    say_flat_maps(prepared.maps, flat)
    if chosen.noise is not None:
        say_noisy_contrast(names, chosen.noise, flat)
    say_changed_totals(prepared.maps, result.maps)
    if left:
        say_differences(prepared.maps, left)
    summary = gathered_so_far()
    notes = [] if summary is None else list(summary)
    follow = [use != "none" for use in uses_of_haadf(setting)]
    in_vacuum = getattr(prepared.maps, "per_pixel", None) is not None
    verdicts = verdicts_of(names, notes, follow, in_vacuum)
    if isinstance(summary, Summary):
        summary.fusions.append((verdicts, use_in_words(names, setting)))
    return verdicts


def totals_of(maps):
    """Return measured net totals and their Poisson errors, in counts of the maps, (K,)."""
    seen = _seen(maps)
    net = np.sum(maps.net, axis=(1, 2), where=seen, dtype=np.float64)
    variance = np.sum(maps.net_variance, axis=(1, 2), where=seen, dtype=np.float64)
    return net, np.sqrt(np.maximum(variance, 0.0))


def _seen(maps):
    """Return which pixels are not masked."""
    return True if maps.mask is None else ~maps.mask


def say_changed_totals(maps, fused):
    """Name maps whose totals differ from those of their counts.

    Parameters
    ----------
    maps : Maps
        Measured maps.
    fused : numpy.ndarray
        Fused maps, shape (K, ny, nx).
    """
    net, errors = totals_of(maps)
    totals = np.sum(fused, axis=(1, 2), where=_seen(maps), dtype=np.float64)
    about, found = {}, {}
    for name, before, after, error in zip(maps.names, net, totals, errors, strict=True):
        changed = abs(after - before)
        # for an absent element, with hardly any counts, there is already another message
        if before > error and changed > max(_CHANGED * before, _STANDARD_ERRORS * error):
            about[name] = float(changed / before)
            percent = 100 * np.array([after - before, error]) / before
            found[name] = f"{'+' if percent[0] > 0 else ''}{with_error(*percent)} %"
    if about:
        _logger.warning(
            "The totals of fused maps differ from those of the raw maps: %s. Totals are kept only "
            "where the background can be trusted (`totals_kept`), or with keep_totals=True. State "
            "which totals you quote.",
            ", ".join(f"{name} by {each}" for name, each in found.items()),
            kind="changed total",
            about=about,
            brief="Totals changed by fusion: "
            + ", ".join(f"{name} {each}" for name, each in found.items())
            + ".",
        )


def say_few_counts(names, net, errors):
    """Name maps with too few counts to locate the element.

    Parameters
    ----------
    names : list of str
        Lines or edges.
    net, errors : numpy.ndarray
        Totals and their Poisson errors, shape (K,).
    """
    if any(note.kind == "no counts" and note.about == 1 for note in gathered_so_far() or []):
        return  # a scan without counts was reported with the HAADF
    say_empty_maps([name for name, *both in zip(names, net, errors, strict=True) if not any(both)])
    shares = np.divide(errors, net, out=np.full_like(errors, np.inf), where=net > 0)
    absent = [note for note in gathered_so_far() or [] if note.kind in ("not found", "no counts")]
    few = {
        name: share
        for name, share in zip(names, shares.tolist(), strict=True)
        if share >= RULES["few counts"].care and not any(note.amount(name) for note in absent)
    }
    # fits of spectra report the errors of totals, including noise and all other sources
    said = [note for note in gathered_so_far() or [] if note.kind == "uncertain total"]
    if few:
        _logger.warning(
            "Few counts of %s. These maps show at best roughly where the element is. Record "
            "more counts, bin the scan with s.rebin, or report only sums over regions.",
            ", ".join(
                name
                if any(note.amount(name) for note in said)
                else f"{name} (noise alone: {percent(share)} of the total)"
                for name, share in few.items()
            ),
            kind="few counts",
            about=few,
        )


def say_empty_maps(names):
    """Name maps without any counts, if other maps have counts."""
    if names:
        _logger.warning(
            "There are no counts of %s, so %s empty. Check the element, its line or edge, and the "
            "file.",
            ", ".join(names),
            "these maps are" if len(names) > 1 else "this map is",
            kind="no counts",
            about=names,
        )


def say_rough_errors(names, fused):
    """Name maps with so few counts that their standard deviations per pixel are rough.

    Parameters
    ----------
    names : list of str
        Lines or edges.
    fused : numpy.ndarray
        Fused maps, in counts, shape (K, ny, nx).
    """
    sums = np.sum(fused, axis=(1, 2), dtype=float)
    squares = np.sum(np.square(fused), axis=(1, 2), dtype=float)
    # averaged over counts instead of pixels: the level where the element is
    level = np.divide(squares, sums, out=np.zeros_like(sums), where=sums > 0)
    few = {
        name: float(each)
        for name, each in zip(names, level, strict=True)
        if 0 < each < _FEWEST_FOR_ERRORS
    }
    if few:
        _logger.warning(
            "The standard deviations of fused maps are rough, and may be wrong by a factor of two, "
            "as there are fewer than %g X-rays or electrons per pixel where the element is: %s. "
            "Quote errors of sums over regions instead, from hyperspy_multimodal.region_sums.",
            _FEWEST_FOR_ERRORS,
            ", ".join(f"{name} ({plain(each, 2)})" for name, each in few.items()),
            kind="rough errors",
            about=list(few),
        )


def say_noisy_contrast(names, noise, flat):
    """Name maps with a large share of noise in their contrast or fine structure.

    Parameters
    ----------
    names : list of str
        Lines or edges.
    noise : NoiseShare
        Shares, their standard errors, and the size of noisy structure.
    flat : numpy.ndarray
        Whether each map is flat, bool, shape (K,); other messages name these.
    """
    absent = [note for note in gathered_so_far() or [] if note.kind in ("not found", "no counts")]
    fine, partly, mostly = {}, {}, {}
    for name, share, error, grain, is_flat in zip(names, *noise, flat, strict=True):
        if is_flat or any(note.amount(name) for note in absent):
            continue  # already reported
        sure = float(share - error)
        if sure >= RULES["mostly noise"].distrust:
            mostly[name] = sure
        elif sure >= RULES["partly noise"].care:
            partly[name] = sure
        elif grain > 0:
            fine[name] = float(grain)

    def listed(found):
        return ", ".join(
            f"{name} ({100 * share:.0f} ± {100 * error:.0f} %)"
            for name, share, error, _ in zip(names, *noise, strict=True)
            if name in found
        )

    if mostly:
        _logger.warning(
            "Most of the contrast is noise: %s. Maps fused from two halves of the counts hardly "
            "agree. Do not interpret spots in these maps. Record more counts, bin the scan "
            "with s.rebin, or report only sums over regions.",
            listed(mostly),
            kind="mostly noise",
            about=mostly,
        )
    if partly:
        _logger.warning(
            "A large share of the contrast is noise: %s. Maps fused from two halves of the counts "
            "differ by this much. Do not interpret small structures. Record more "
            "counts, or bin the scan with s.rebin.",
            listed(partly),
            kind="partly noise",
            about=partly,
        )
    if fine:
        _logger.warning(
            "Much of the fine structure is noise: %s. It differs between maps fused from two "
            "halves of the counts. Do not interpret spots of this size. Record more counts, or bin "
            "the scan with s.rebin.",
            ", ".join(f"{name} (below about {size:.0f} pixels)" for name, size in fine.items()),
            kind="fine noise",
            about=fine,
        )


def are_flat(fused, noise=None):
    """Return which fused maps (K, ny, nx) are flat, bool, (K,), by their `NoiseShare` if known."""
    means = fused.mean(axis=(1, 2))
    flat = np.ptp(fused, axis=(1, 2)) < _FLAT * means
    if noise is not None:
        is_noise = noise.shares - noise.errors >= RULES["mostly noise"].distrust
        flat |= is_noise & (fused.std(axis=(1, 2)) < _FLAT_NOISE * means)
    return flat


def say_flat_maps(maps, flat):
    """Name maps that are flat, bool, (K,), and the contrast that may still be hidden in them."""
    net, errors = totals_of(maps)
    hidden = {}
    for k, name in enumerate(maps.names):
        if flat[k] and errors[k] > 0:
            # fraction of the mean by which a patch must differ to be detected
            share = errors[k] / net[k] if net[k] > 0 else np.inf
            hidden[name] = float(_SEEN * share * np.sqrt(maps.net[k].size / _PATCH))
    if hidden:
        _logger.warning(
            "Flat maps, whose counts show no structure above their noise: %s. A patch 8 pixels "
            "across would be detected if it differed from the mean by %s.",
            ", ".join(hidden),
            ", ".join(f"{percent(share)} ({name})" for name, share in hidden.items()),
            kind="flat",
            about=hidden,
        )


def say_constant_maps(maps):
    """Name maps with the same nonzero value in all pixels."""
    seen = _seen(maps)
    low, high = (
        reduce(maps.net, axis=(1, 2), where=seen, initial=initial)
        for reduce, initial in ((np.min, np.inf), (np.max, -np.inf))
    )
    constant = [
        name for name, same in zip(maps.names, (low == high) & (low != 0), strict=True) if same
    ]
    if constant:
        _logger.warning(
            "The map of %s has the same value in all pixels: it contains no noise, so it is not a "
            "measured map, and its errors are meaningless. Check the file.",
            ", ".join(constant),
            kind="noise",
            about=constant,
        )


def say_differences(maps, left):
    """Name maps that differ significantly from their counts, and where most counts differ."""
    worst = {}
    for each in left:
        name = maps.names[each.element]
        worst[name] = max(abs(each.significance), worst.get(name, 0.0))
    _logger.warning(
        "Fused maps still differ from their counts: %s. Compare them with the raw maps in the "
        "windows listed in `differing` of the record.",
        largest_differences(maps, left, is_place=True),
        kind="erased structure",
        about=worst,
    )


def table_of(verdicts, maps):
    """Return the table of verdicts of ``full_output``: a dictionary per map."""
    net, errors = totals_of(maps)
    pixels = np.sum(np.broadcast_to(_seen(maps), maps.net[0].shape))
    per_pixel = maps.gains * net / max(pixels, 1)
    return [
        {
            "map": each.name,
            "verdict": each.verdict,
            "because": each.words,
            "reasons": each.first_sentences,
            "counts_per_pixel": float(per_pixel[k]),
            "standard_errors": float(net[k] / errors[k]) if errors[k] > 0 else 0.0,
        }
        for k, each in enumerate(verdicts)
    ]


def messages_of(verdicts):
    """Return the texts of all messages about the scan and its fusion, the most serious first."""
    return all_texts(gathered_so_far() or [], verdicts)
