"""Plot of the summed core-loss spectrum, with its fit or with the backgrounds of windows."""

from typing import NamedTuple

import numpy as np
from matplotlib.ticker import MaxNLocator

from .core_loss_marks import (
    edge_colours,
    height_of_bars,
    label_onsets,
    mark_edge_windows,
    mark_onsets,
    marks_in_legend,
)
from .figures import figure_of
from .spectrum_doubts import core_loss_doubts
from .spectrum_legends import (
    CONTINUUM,
    MODEL,
    MOST_DOUBTS,
    OBSERVED,
    legend_above,
    name_doubts,
)
from .spectrum_marks import mark_ranges
from .spectrum_range import check_energies
from .spectrum_residual import draw_residual

_SIZE = (9.0, 7.5)  # inches
_LINE = 0.17  # inches of a line of doubts
_SMALLER = 2.2  # inches without a residual
# Windows are shown with as much beside them, as a share of all of them.
_BESIDE = 0.08
_FILLED = 0.25  # opacity
_ROOM = 0.06  # share of the range of net counts above and below it


class _Curves(NamedTuple):
    """Spectra to draw, shape (C,), with energies in units of the axis."""

    energy: np.ndarray
    observed: np.ndarray
    errors: np.ndarray
    shown: slice


def draw_core_loss(output, energies, fig):
    """Draw the picture; arguments and result are those of `plot_sum_spectrum`."""
    axis = output["sum_spectrum"].axes_manager.signal_axes[0]
    per_ev = 1e-3 if axis.units == "keV" else 1.0
    shown = _shown(output, axis, energies)
    curves = _Curves(
        axis.axis[shown],
        output["sum_spectrum"].data[shown],
        output["sum_errors"].data[shown],
        shown,
    )
    has_fit = "model" in output
    doubts = core_loss_doubts(output, per_ev)
    height = _SIZE[1] - (0.0 if has_fit else _SMALLER) + _LINE * min(len(doubts), MOST_DOUBTS)
    fig = figure_of(fig, (_SIZE[0], height))
    ratios = [6, 7, 4] if has_fit else [6, 7]
    axes = fig.subplots(len(ratios), 1, sharex=True, height_ratios=ratios)
    colours = edge_colours(output["edges"])
    (_draw_fit if has_fit else _draw_windows)(axes, output, curves, colours)
    axes[-1].set_xlabel(f"Energy loss ({axis.units})")
    axes[-1].set_xlim(curves.energy[[0, -1]])
    mark_ranges(axes, doubts)
    mark_edge_windows(axes[1], output, colours)
    mark_onsets(axes[1], output, per_ev, colours)
    fig.suptitle("Sum of all spectra and its fit" if has_fit else "Sum of all spectra and windows")
    handles = [*axes[0].get_legend_handles_labels()[0], *marks_in_legend(output, colours)]
    legend_above(axes[0], handles, _described(output))
    name_doubts(fig, doubts)
    label_onsets(axes[0], output, per_ev, colours)
    return axes


def _described(output):
    """Return how the spectrum was fitted, in words."""
    if "model" in output:
        limit = ", the limit of the fit" * output["at_limit"]
        return (
            f"All edges moved by {output['edge_shift']:+.1f} eV from the tables{limit}; "
            f"exponent of the background {output['exponent']:.2f}"
        )
    if output["backgrounds"]:
        return "Backgrounds extrapolated from the windows before the edges"
    return "No background was subtracted"


def _shown(output, axis, energies):
    """Return the channels to draw as a slice."""
    energy = axis.axis
    wanted = usable = _fitted_channels(output, energy.size)
    if "model" not in output:
        wanted = _around_windows(output, energy)
    if not output["sum_spectrum"].data[wanted].any():
        raise ValueError(
            "plot_sum_spectrum needs spectra with counts, but those that were fitted contain none."
        )
    if energies is None:
        there = np.flatnonzero(wanted)
    else:
        there = np.flatnonzero((energy >= energies[0]) & (energy <= energies[1]))
        check_energies(energies, energy, usable, axis.units)
    return slice(there[0], there[-1] + 1)


def _fitted_channels(output, size):
    """Return the channels that were fitted, bool, shape (C,); all of windows."""
    fitted = np.zeros(size, bool)
    for start, stop in output.get("fitted_channels", [(0, size)]):
        fitted[start:stop] = True
    return fitted


def _around_windows(output, energy):
    windows = [*output["integration_windows"].values()]
    windows += (output["background_windows"] or {}).values()
    low, high = np.min(windows), np.max(windows)
    beside = _BESIDE * (high - low)
    return (energy >= low - beside) & (energy <= high + beside)


def _draw_fit(axes, output, curves, colours):
    """Draw the spectra, the edges above the background, and the residual."""
    model, background = (
        np.where(output["model"].data > 0, output[name].data, np.nan)[curves.shown]
        for name in ("model", "background")
    )
    _draw_observed(axes[0], curves)
    axes[0].plot(curves.energy, model, color=MODEL, lw=1.2, label="model")
    axes[0].plot(curves.energy, background, color=CONTINUUM, lw=1.2, ls="--", label="background")
    above = curves.observed - background
    axes[1].step(curves.energy, above, where="mid", color=OBSERVED, lw=0.8)
    axes[1].plot(curves.energy, model - background, color=MODEL, lw=1.2)
    fits = np.isfinite(model)
    for name, net in output["net"].items():
        values = net.data[curves.shown]
        # from the last channel before the edge
        rises = fits & ((values > 0) | (np.append(values[1:], 0.0) > 0))
        if not rises.any():
            continue
        _fill(axes[1], curves, np.where(rises, values, np.nan), colours[name])
        if name in output["white_lines"]:
            rest = values - output["white_lines"][name].data[curves.shown]
            style = {"color": colours[name], "lw": 0.9, "ls": "-."}
            axes[1].plot(curves.energy, np.where(rises, rest, np.nan), **style)
    _finish(axes[1], output, above, model - background)
    draw_residual(axes[2], curves.energy, above - (model - background), curves.errors)


def _draw_windows(axes, output, curves, colours):
    """Draw the spectra with backgrounds, and what lies above these."""
    _draw_observed(axes[0], curves)
    every = []
    for name in output["edges"]:
        if not output["backgrounds"]:
            background = np.zeros(curves.energy.size)
        else:
            background = output["backgrounds"][name].data[curves.shown]
            style = {"color": colours[name], "lw": 1.2, "ls": "--"}
            axes[0].plot(curves.energy, background, **style)
        above = curves.observed - background
        low, high = output["integration_windows"][name]
        counted = np.flatnonzero((curves.energy >= low) & (curves.energy < high))
        axes[1].step(curves.energy, above, where="mid", color=colours[name], lw=0.8)
        if counted.size:
            half = (curves.energy[1] - curves.energy[0]) / 2
            limits = np.append(curves.energy[counted] - half, curves.energy[counted[-1]] + half)
            style = {"color": colours[name], "alpha": _FILLED, "lw": 0, "fill": True}
            axes[1].stairs(above[counted], limits, **style)
        every.append(above)
    _finish(axes[1], output, *every)


def _draw_observed(axis, curves):
    axis.step(curves.energy, curves.observed, where="mid", color=OBSERVED, lw=0.8, label="observed")
    axis.set_ylabel("counts per channel")
    axis.ticklabel_format(axis="y", style="sci", scilimits=(-3, 4), useMathText=True)


def _fill(axis, curves, shown, colour):
    axis.fill_between(curves.energy, 0, shown, color=colour, alpha=_FILLED, lw=0)
    axis.plot(curves.energy, shown, color=colour, lw=0.9)


def _finish(axis, output, *curves):
    """Set scale and label of the axes of net counts, with room for the bars of windows."""
    axis.axhline(0, color="0.7", lw=0.8, zorder=0.8)
    axis.set_ylabel("observed − background\n(counts per channel)")
    axis.ticklabel_format(axis="y", style="sci", scilimits=(-3, 4), useMathText=True)
    known = [each[np.isfinite(each)] for each in curves]
    low = min(0.0, *(each.min(initial=0.0) for each in known))
    high = max(1.0, *(each.max(initial=0.0) for each in known))
    bars = height_of_bars(output) + _ROOM / 2
    whole = (high - low) / (1 - bars - _ROOM)
    axis.set_ylim(low - bars * whole, high + _ROOM * whole)
    axis.yaxis.set_major_locator(MaxNLocator(5))
