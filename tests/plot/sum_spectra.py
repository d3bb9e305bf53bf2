"""Outputs of fits, and what their pictures show."""

import copy

from matplotlib.colors import to_hex

from hyperspy_multimodal import fit_maps


def output_of(signal, **options):
    return fit_maps(signal, full_output=True, **options)[1]


def labels(axes):
    return {text.get_text(): to_hex(text.get_color()) for text in axes[0].texts}


def doubts(axes):
    """Return what is written under the picture, by line."""
    legends = axes[0].figure.legends
    return [text.get_text() for legend in legends for text in legend.get_texts()]


def legend_of(axes):
    return [text.get_text() for text in axes[0].get_legend().get_texts()]


def ranges(axis, style):
    """Return the ranges that are shaded in a style."""
    colour = to_hex(style["facecolor"])
    return [
        (patch.get_x(), patch.get_x() + patch.get_width())
        for patch in axis.patches
        if to_hex(patch.get_facecolor()) == colour and to_hex(patch.get_facecolor()) != "#ededed"
    ]


def changed(output, low, high, factor):
    """Return an output whose observed counts between two energies were multiplied."""
    result = copy.copy(output)
    result["sum_spectrum"] = output["sum_spectrum"].deepcopy()
    energy = result["sum_spectrum"].axes_manager.signal_axes[0].axis
    result["sum_spectrum"].data[(energy > low) & (energy < high)] *= factor
    return result
