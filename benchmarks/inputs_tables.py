"""Rows of the tables of docs/inputs.md: what a fusion gave, and what was logged."""

import logging

import numpy as np
from against_truth import snr

USED = {True: "yes", False: "no"}


class Said(logging.Handler):
    """Collects what the package warns of."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())

    def __enter__(self):
        logging.getLogger("hyperspy_multimodal").addHandler(self)
        return self

    def __exit__(self, *_):
        logging.getLogger("hyperspy_multimodal").removeHandler(self)

    def short(self):
        """Return the first sentence of each message."""
        return " ".join(first_sentence(message) for message in self.messages) or "-"


def first_sentence(message, longest=120):
    """Return the first sentence, up to its colon if it is long."""
    sentence = message.split(". ")[0].rstrip(".").replace("|", "/")
    return (sentence if len(sentence) <= longest else sentence.split(": ")[0]) + "."


def stacked(maps):
    return np.stack([each.data for each in maps]).astype(float)


def print_row(*cells):
    print("|", " | ".join(str(cell) for cell in cells), "|", flush=True)


def print_titles(name, *titles):
    """Print the name of a table, see `written_tables.py`, and its titles."""
    print(f"\n<!-- table: {name} -->\n")
    print_row(*titles)
    print("|" + "---|" * len(titles))


class Mean:
    """Results of one kind of input, over the noise seeds."""

    def __init__(self):
        self.snr, self.totals, self.outputs, self.said = [], [], [], []

    def add(self, fused, truth, output, said):
        self.snr.append(snr(fused, truth).mean())
        self.totals.append(fused.sum(axis=(1, 2)) / truth.sum(axis=(1, 2)) - 1)
        self.outputs.append(output)
        self.said.append(said)

    def decibels(self):
        return f"{np.mean(self.snr):.1f}"

    def bias(self, elements):
        """Return the largest bias of an element's total."""
        bias = np.mean(self.totals, axis=0)
        largest = np.argmax(np.abs(bias))
        return f"{100 * bias[largest]:+.1f} % ({elements[largest]})"

    def used(self):
        used = [output["uses_brightness"] for output in self.outputs]
        return USED[used[0]] if len(set(used)) == 1 else f"{sum(used)} of {len(used)}"

    def warned(self):
        return USED[any(said != "-" for said in self.said)]

    def blur(self):
        chosen = sorted({output["haadf_blur"] for output in self.outputs})
        return " or ".join(f"{each:g}" for each in chosen)

    def shift(self):
        found = np.mean([output["haadf_shift"] for output in self.outputs], axis=0)
        return f"({found[0]:.2f}, {found[1]:.2f})" if found.any() else "-"


def automatic(signal, haadf, **options):
    """Return fused maps, output and what was said."""
    with Said() as said:
        fused, output = signal.multimodal_fusion(haadf, gamma="auto", full_output=True, **options)
    return stacked(fused), output, said.short()
