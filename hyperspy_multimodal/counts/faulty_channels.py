"""Channels with no or too few counts although their neighbours have many."""

from typing import NamedTuple

import numpy as np

from .spectra_sums import channel_ranges, named_channels

# Pixels with counts beside empty channels: spectra that fall by less than a factor of three from
# there are empty with a probability of e^-20. They would fall faster beyond the flank of a peak,
# where they rise by more than a factor of three in a channel. Most channels that tell it together.
_BESIDE, _FLANK, _BROADEST = 60, 3.0, 32
# Channels in which spectra that were shifted may be empty, where spectra have no peaks, and where
# they have some; channels that tell what is usual; and how seldom these are empty.
_SHIFTED_SMOOTH, _SHIFTED, _INSIDE, _SELDOM = 64, 6, 8, 0.5
_SIGMAS, _PIXELS = 6.0, 0.01
# Most channels at an end that lack counts; what each lacks of the next, at the upper and the lower
# end (where an edge may begin); how many steps inside tell what is usual, and by what factors those
# at the end exceed them and their error.
_LOW_CHANNELS, _LACK, _LOWER_LACK, _STEPS, _STEEPER, _ERRORS = 8, 0.15, 0.4, 8, 4.0, 8.0


class Finding(NamedTuple):
    """What was found in a range [start, stop) of channels, or in a scan position, and in words."""

    start: int
    stop: int
    text: str
    pixel: int | None = None
    #: Whether nothing was measured there, so that nothing is lost.
    empty: bool = False


def empty_channels(filled):
    """Return runs of channels without a count, between or beside channels with many."""
    found = []
    for start, stop in channel_ranges(filled == 0):
        sides = [side for side in (filled[:start][::-1], filled[stop:]) if side.size]
        if sides and (_abrupt(sides) or _broad(sides, stop - start)):
            words = named(start, stop, "is", "are")
            text = f"{words} empty at all scan positions"
            found.append(Finding(int(start), int(stop), text, empty=True))
    return found


def _abrupt(sides):
    """Return whether the two nearest channels of each side hold many counts."""
    near = [side[:2] for side in sides]
    if any(each.size < 2 or each.min() < _BESIDE for each in near):
        return False
    return len(sides) == 2 or near[0][1] <= _FLANK * near[0][0]


def _broad(sides, size):
    """Return whether each side has many counts over as many channels, and does not fall to them."""
    width = 2
    while width <= min(size, _BROADEST):
        if all(side.size >= 3 * width and _is_level(side, width) for side in sides):
            return True
        width *= 2
    return False


def _is_level(side, width):
    """Return whether a side has as many counts near its end as farther away, and many of them."""
    parts = side[: 3 * width].reshape(3, width).sum(axis=1)
    nearest = max(width // 4, 1)
    return (
        parts.min() >= max(_BESIDE, parts.max() / 2)
        and side[:nearest].sum() >= parts[0] * nearest / width / _FLANK
    )


def named(start, stop, one, many):
    """Return a range of channels in words, with the verb in singular or plural."""
    return f"{named_channels([(start, stop)])} {one if stop - start == 1 else many}"


def shifted_channels(sums, n_pixels, smooth, backwards):
    """Return channels at one end that are empty in pixels whose spectra were shifted."""
    step = -1 if backwards else 1
    filled, total = sums.filled[::step], sums.total[::step]
    size = len(filled)
    first = int(np.argmax(filled > 0))  # beyond channels that are empty in all pixels
    reach = min(_SHIFTED_SMOOTH if smooth else _SHIFTED, (size - first) // 4)
    inside = slice(first + reach, first + reach + _INSIDE)
    if reach < 1 or n_pixels < _BESIDE or not np.all(total[inside] > 0):
        return []
    empty = np.clip(1 - filled / n_pixels, 0.0, 1.0)
    usual, level = empty[inside].mean(), total[inside].mean()
    if usual > _SELDOM:
        return []
    # With fewer counts, by one factor in all pixels, channels are empty at most as often as this,
    # for the logarithm of a mean of exponentials is convex. Half the share allows for factors that
    # differ, where it decides.
    share = np.clip(total[first : first + reach] / level, 0.0, 1.0)
    halved, chance = (max(usual, 0.5 / n_pixels) ** each for each in (share / 2, share))
    limits = [each + _PIXELS + _SIGMAS * _error(each, n_pixels) for each in (halved, chance)]
    more = empty[first : first + reach] > limits
    if not more[0, 0]:
        return []
    # the next one may hold a part of what it should
    number = reach if more[1].all() else int(np.argmin(more[1]))
    start, stop = first, first + number + 1
    missing = round(float(empty[first] - usual) * n_pixels)
    if backwards:
        start, stop = size - stop, size - start
    text = (
        f"{named(start, stop, 'is', 'are')} empty at {missing} of {n_pixels} scan positions, as "
        "if the spectra had been shifted"
    )
    return [Finding(start, stop, text)]


def _error(share, number):
    """Return the standard error of a share of a number of pixels."""
    return np.sqrt(np.maximum(share * (1 - share), 1 / number) / number)


def lacking_channels(total, taken, backwards):
    """Return channels at one end of a smooth spectrum that abruptly lack counts."""
    known = np.ones(len(total), bool)
    for each in taken:
        known[each] = False
    known &= total > 0
    values, known = (total[::-1], known[::-1]) if backwards else (total, known)
    first = int(np.argmax(known))
    last = first + _LOW_CHANNELS + _STEPS + 1
    if not known[first:last].all() or last > len(total):
        return []
    logs = np.log(values[first:last])
    lack = -np.log1p(-(_LACK if backwards else _LOWER_LACK))
    for number in range(1, _LOW_CHANNELS + 1):
        inner = logs[number : number + _STEPS + 1]
        missing = inner[0] - logs[0] + number * (inner[0] - inner[-1]) / _STEPS
        error = np.sqrt(np.exp(-logs[0]) + np.exp(-inner[0]))
        least = max(lack, _STEEPER * np.abs(np.diff(inner)).max())
        # all at once, or one after the other
        steps = inner[0] - logs[number - 1], missing / number
        if max(steps) > least and missing > _ERRORS * error:
            start, stop = first, first + number
            if backwards:
                start, stop = len(total) - stop, len(total) - start
            text = (
                f"{named(start, stop, 'contains', 'contain')} up to "
                f"{100 * -np.expm1(-missing):.0f} % less than the adjacent channels"
            )
            return [Finding(start, stop, text)]
    return []
