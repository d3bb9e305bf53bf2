"""Tables of a measured scan: each method by element and dose, against held-out counts."""

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Scores:
    """Sums over the pixels by method, one row (K,) a draw, of one dose.

    Attributes
    ----------
    counts : list of numpy.ndarray
        Held-out net counts per pixel, at this dose.
    signal : list of numpy.ndarray
        Power of the true maps.
    errors, shape_errors : dict
        By method: power of the error, and its standard error; of the maps as they are, and on the
        straight line that takes each nearest to the held-out map.
    totals : dict
        By method: total over the held-out total.
    total_spread : list of numpy.ndarray
        Standard error of the totals of raw maps.
    uses_haadf : list of bool
        Whether the automatic choice used the brightness of the HAADF.
    """

    counts: list = field(default_factory=list)
    signal: list = field(default_factory=list)
    errors: dict = field(default_factory=dict)
    shape_errors: dict = field(default_factory=dict)
    totals: dict = field(default_factory=dict)
    total_spread: list = field(default_factory=list)
    uses_haadf: list = field(default_factory=list)

    def add(self, reference, found, uses_haadf):
        """Add the maps of one draw."""
        self.counts.append(reference.maps.mean(axis=(1, 2)))
        self.signal.append(reference.signal)
        self.total_spread.append(reference.total_ratio_spread)
        self.uses_haadf.append(uses_haadf)
        for method, maps in found.items():
            scaled = reference.scaled(maps)
            for errors, each in ((self.errors, maps), (self.shape_errors, scaled)):
                pair = reference.error(each), reference.error_spread(each)
                errors.setdefault(method, []).append(pair)
            self.totals.setdefault(method, []).append(reference.total_ratio(maps))

    def snr(self, method, element):
        """Return a cell with the signal-to-noise ratio in dB."""
        return self._ratio(self.errors[method], element)

    def shape_snr(self, method, element):
        """Return the same of the map on the best straight line."""
        return self._ratio(self.shape_errors[method], element)

    def total(self, method, element):
        """Return a cell with the total over the held-out total."""
        return f"{np.mean(self.totals[method], axis=0)[element]:.3f}"

    def _ratio(self, errors, element):
        """Return a ratio in dB, or a bound where the held-out noise hides the error.

        The bound is for errors below two standard errors. Draws share most of what they hold out:
        their mean is taken to be no more certain than each.
        """
        signal = np.mean(self.signal, axis=0)[element]
        error, spread = np.mean(errors, axis=0)[:, element]
        if signal <= 0:
            return "no signal"
        if error > 2 * spread:
            return f"{10 * np.log10(signal / error):.1f}"
        return f"> {10 * np.log10(signal / (max(error, 0) + 2 * spread)):.1f}"


def print_tables(lines, scores):
    """Print SNR and totals.

    Parameters
    ----------
    lines : list of str
        X-ray lines.
    scores : dict
        `Scores` by dose, as what the counts are divided by.
    """
    elements = [line.split("_")[0] for line in lines]
    print("### SNR in dB\n")
    _table(elements, scores, "snr", "counts per pixel", "counts")
    used = ", ".join(
        f"{sum(each.uses_haadf)} of {len(each.uses_haadf)} at 1/{dose:g}"
        for dose, each in scores.items()
    )
    print(f"\nDraws in which the automatic choice used the brightness of the HAADF: {used}.")
    print("\n### SNR in dB, every map on the straight line that suits it best\n")
    _table(elements, scores, "shape_snr")
    print("\n### Total of the map, over that of the held-out map\n")
    _table(elements, scores, "total", "noise of a raw total", "total_spread")


def _table(elements, scores, cell, title=None, attribute=None):
    print("| element | method | " + " | ".join(f"1/{dose:g}" for dose in scores) + " |")
    print("|---|---|" + "---|" * len(scores))
    methods = next(iter(scores.values())).errors
    for number, element in enumerate(elements):
        if title:
            means = [np.mean(getattr(each, attribute), axis=0) for each in scores.values()]
            cells = [f"{mean[number]:.3g}" for mean in means]
            print(f"| {element} | *{title}* | " + " | ".join(cells) + " |")
        for method in methods:
            cells = [getattr(each, cell)(method, number) for each in scores.values()]
            print(f"| {element} | {method} | " + " | ".join(cells) + " |")
