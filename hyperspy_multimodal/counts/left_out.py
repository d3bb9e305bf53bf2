"""Read maps without channels and scan positions whose counts cannot come from the specimen."""

from dataclasses import dataclass, replace

import numpy as np

from ..notes import Speaker
from ..written_numbers import plain
from .contracts import Plan, Projection, Reading
from .spectra_sums import channel_ranges
from .spikes import spikes_among, without_spikes
from .unphysical import unphysical

_logger = Speaker(__name__)

# If spikes take more than this share of the channels, their scan positions are left out instead.
_MOST_CHANNELS = 0.05
_MOST_WORDS = 5
_MOST_SPIKES = 3


@dataclass(frozen=True)
class PartialReading:
    """A reading of spectra from which some channels or scan positions were left out.

    What is not here is that of the reading.

    Parameters
    ----------
    reading : Reading or Projection
        What was read without them.
    channels : list of (int, int)
        Ranges [start, stop) of channels that were left out.
    mask : numpy.ndarray or None
        True at scan positions that were left out, bool, shape (ny, nx).
    spikes : list of Spike
        Values that were replaced by those expected.
    n_columns : int
        Columns of the scan.
    """

    reading: Reading | Projection
    channels: list
    mask: np.ndarray | None
    spikes: list = ()
    n_columns: int = 1

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.reading, name)

    @property
    def record(self):
        """How maps were read, and what was left out, in types that metadata can hold."""
        positions = [] if self.mask is None else np.argwhere(self.mask).tolist()
        channels = [[int(limit) for limit in limits] for limits in self.channels]
        return {
            **self.reading.record,
            "left_out_channels": channels,
            "left_out_positions": positions,
            "left_out_spikes": [
                [*divmod(each.pixel, self.n_columns), each.channel] for each in self.spikes
            ],
        }

    def for_fusion(self, divisible):
        """Return the parts of the reading that a fusion needs."""
        return replace(self, reading=self.reading.for_fusion(divisible))

    def measured(self, whole, of_halves, seed, splits):
        """Return the maps of projected spectra, which are 0 where they were left out."""
        if self.mask is not None:
            whole, of_halves = (_without(self.mask, each) for each in (whole, of_halves))
        return replace(self, reading=self.reading.measured(whole, of_halves, seed, splits))


def first_reading(plan: Plan, segments, sums, peaks=None) -> Reading | Projection:
    """Return the reading of a first pass, without counts that cannot come from the specimen.

    Parameters
    ----------
    plan : Plan
        How to read.
    segments : numpy.ndarray or None
        Counts between its limits, shape (S, ny, nx).
    sums : SummedSpectra
        Sums of all spectra.
    peaks : Peaks or None
        Where single spectra may have spikes; None (default) where that is not asked.

    Returns
    -------
    Reading or Projection
        As the plan gives it, or a `PartialReading` of that.
    """
    fits = plan.used is not None
    used = plan.used if fits else _in_windows(plan.ranges, sums.total.size)
    single = _single_spikes(plan, segments, sums, peaks, used)
    segments, sums = without_spikes(single, segments, plan.limits, sums)
    found = unphysical(sums, plan.smooth, plan.widest_spike)
    single = [each for each in single if each.pixel not in {hot.pixel for hot in found.hot}]
    _say_spikes(single, sums.by_pixel.shape[1])
    channels = [each for each in found.channels if used[each.start : each.stop].any()]
    spikes = [each for each in found.spikes if used[each.start : each.stop].any()]
    struck = _mask(spikes, used.size)
    as_channels = fits and np.count_nonzero(struck & used) <= _MOST_CHANNELS * used.sum()
    pixels = [each.pixel for each in ([] if as_channels else spikes) + found.hot]
    _say(plan, channels, spikes, found.hot)
    if not (channels or spikes or found.hot or single):
        return plan.after_first_pass(segments, found.total, sums.divisor)
    left_out = np.zeros(used.size, bool)
    if fits:
        left_out = _mask(channels + (spikes if as_channels else []), used.size)
        plan = replace(plan, used=used & ~left_out)
        _check_windows(plan, used)
    mask = None
    if pixels:
        mask = np.zeros(sums.by_pixel.shape, bool)
        mask.flat[pixels] = True
        segments = None if segments is None else _without(mask, segments)
    reading = plan.after_first_pass(segments, found.total, sums.divisor)
    columns = sums.by_pixel.shape[1]
    return PartialReading(reading, channel_ranges(left_out & used), mask, single, columns)


def _single_spikes(plan, segments, sums, peaks, used):
    """Return the spikes of single spectra in channels that are used, the largest first."""
    if peaks is None:
        return []
    gain, floor = plan.noise_of(segments, sums.total)
    spikes = spikes_among(peaks, sums.total, sums.by_pixel.size, gain, floor)
    if sums.divisor > 0:  # they stay whole
        spikes = [
            each._replace(expected=sums.divisor * np.rint(each.expected / sums.divisor))
            for each in spikes
        ]
    return [each for each in spikes if used[each.channel]]


def _say_spikes(spikes, n_columns):
    """Log in one line how many values were replaced, and the largest of them."""
    if not spikes:
        return
    words = [
        f"{plain(each.value, 4)} counts instead of about {plain(each.expected, 3)} in channel "
        f"{each.channel} at row {each.pixel // n_columns}, column {each.pixel % n_columns}"
        for each in spikes[:_MOST_SPIKES]
    ]
    if len(spikes) > _MOST_SPIKES:
        words.append(f"and {len(spikes) - _MOST_SPIKES} smaller ones")
    _logger.warning(
        "Spikes, such as those of cosmic rays, are left out: %s. They are replaced by the values "
        "expected from the rest of the spectrum.",
        "; ".join(words),
        kind="told",
    )


def _without(mask, maps):
    """Return maps (..., ny, nx) that are 0 where the mask is True."""
    return np.where(mask, maps.dtype.type(0), maps)


def _mask(findings, size):
    """Return which channels are in any of the findings."""
    mask = np.zeros(size, bool)
    for each in findings:
        mask[each.start : each.stop] = True
    return mask


def _in_windows(ranges, size):
    """Return which channels are in any window."""
    mask = np.zeros(size, bool)
    for start, stop in (limits for own in ranges.values() for limits in own):
        mask[start:stop] = True
    return mask


def _check_windows(plan, before):
    """Refuse a window without any remaining channel."""
    for name, own in plan.ranges.items():
        inside = _in_windows({name: own}, before.size)
        if (inside & before).any() and not (inside & plan.used).any():
            raise ValueError(
                f"The spectra contain nothing of the specimen in the window of {name}. Crop them "
                f"to the channels that were recorded, with s.isig[...], and leave {name} out, or "
                "map another of its lines or edges."
            )


def _say(plan, channels, spikes, hot):
    """Log in one line which data cannot come from the specimen, and how they are treated."""
    found = hot + spikes + channels
    if not found:
        return
    words = "; ".join(each.text for each in found[:_MOST_WORDS])
    if len(found) > _MOST_WORDS:
        words += f"; and {len(found) - _MOST_WORDS} more"
    fits = plan.used is not None
    if fits and all(each.empty for each in found):
        _logger.info("Channels that were not recorded are left out: %s.", words)
        return
    done, wrong = [], []
    if hot or spikes or fits:
        done.append("These data are left out.")
    if hot or spikes:
        done.append(
            "To leave out these scan positions entirely, pass a navigation_mask that is True there."
        )
    if channels and not fits:
        wrong = [
            name
            for name, own in plan.ranges.items()
            if any(a < each.stop and each.start < b for each in channels for a, b in own)
        ]
        remedy = "Use map_method='fit', or pass" if plan.can_fit else "Pass"
        done.append(
            f"Windows cannot leave out channels, so {', '.join(wrong)} may be wrong. {remedy} "
            "windows without these channels."
        )
    _logger.warning(
        "Some of the recorded data cannot come from the specimen: %s. %s",
        words,
        " ".join(done),
        kind="unrecorded" if wrong else "told",
        about=wrong,
    )
