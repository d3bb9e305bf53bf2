"""Tables of a measured scan: each method by element and dose, against held-out counts."""

from dataclasses import dataclass, field

import numpy as np

#: Methods whose totals are their own; the others keep those of the fit, or are rescaled.
OWN_TOTALS = ("raw, windows", "raw, fit", "automatic")


@dataclass
class Scores:
    """Sums over the pixels by method, one row (K,) a draw, of one dose.

    Attributes
    ----------
    counts : list of numpy.ndarray
        Held-out net counts per pixel, at this dose.
    signal : list of numpy.ndarray
        Power of the true maps.
    errors : dict
        By method: power of the error, and its standard error.
    totals : dict
        By method: total over the held-out total.
    total_spread : list of numpy.ndarray
        Standard error of the totals of raw maps.
    uses_brightness : list of bool
        Whether the automatic choice used the brightness of the HAADF.
    """

    counts: list = field(default_factory=list)
    signal: list = field(default_factory=list)
    errors: dict = field(default_factory=dict)
    totals: dict = field(default_factory=dict)
    total_spread: list = field(default_factory=list)
    uses_brightness: list = field(default_factory=list)

    def add(self, reference, found, uses_brightness):
        """Add the maps of one draw."""
        self.counts.append(reference.maps.mean(axis=(1, 2)))
        self.signal.append(reference.signal)
        self.total_spread.append(reference.total_ratio_spread)
        self.uses_brightness.append(uses_brightness)
        for method, maps in found.items():
            pair = reference.error(maps), reference.error_spread(maps)
            self.errors.setdefault(method, []).append(pair)
            self.totals.setdefault(method, []).append(reference.total_ratio(maps))

    def snr(self, method, element):
        """Return a cell with the signal-to-noise ratio in dB.

        Where the held-out noise hides the error it is a bound, for errors below two standard
        errors. Draws share most of what they hold out: their mean is taken to be no more certain
        than each.
        """
        signal = np.mean(self.signal, axis=0)[element]
        error, spread = np.mean(self.errors[method], axis=0)[:, element]
        if signal <= 0:
            return "no signal"
        if error > 2 * spread:
            return f"{10 * np.log10(signal / error):.1f}"
        return f"> {10 * np.log10(signal / (max(error, 0) + 2 * spread)):.1f}"

    def total(self, method, element):
        """Return a cell with the total over the held-out total."""
        return f"{np.mean(self.totals[method], axis=0)[element]:.3f}"


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
    every = next(iter(scores.values())).errors
    print("<!-- table: measured-snr -->\n")
    _table(elements, scores, "snr", every, ("counts per pixel", "counts"))
    used = [
        f"{sum(each.uses_brightness)} of {len(each.uses_brightness)}" for each in scores.values()
    ]
    print("\n<!-- table: measured-haadf -->\n")
    print("| | " + " | ".join(f"1/{dose:g}" for dose in scores) + " |\n|---|" + "---|" * len(used))
    print("| draws in which the automatic choice used the brightness of the HAADF | "
          + " | ".join(used) + " |")  # fmt: skip
    print("\n<!-- table: measured-totals -->\n")
    _table(elements, scores, "total", OWN_TOTALS, ("noise of a raw total", "total_spread"))


def _table(elements, scores, cell, methods, first):
    print("| element | method | " + " | ".join(f"1/{dose:g}" for dose in scores) + " |")
    print("|---|---|" + "---|" * len(scores))
    title, attribute = first
    for number, element in enumerate(elements):
        means = [np.mean(getattr(each, attribute), axis=0) for each in scores.values()]
        cells = [f"{mean[number]:.3g}" for mean in means]
        print(f"| {element} | *{title}* | " + " | ".join(cells) + " |")
        for method in methods:
            cells = [getattr(each, cell)(method, number) for each in scores.values()]
            print(f"| {element} | {method} | " + " | ".join(cells) + " |")
