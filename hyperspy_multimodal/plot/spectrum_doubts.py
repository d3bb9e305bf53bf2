"""What is doubtful in the fit of a summed spectrum."""

from typing import NamedTuple

import numpy as np

from ..counts.absent import ABSENT
from ..counts.spectra_sums import named_channels
from ..eds.spectrum.detector import Detector
from ..names import written_name
from ..written_numbers import plain
from .spectrum_misfits import departures

#: What labels carry: over lines of the instrument, and over others that may be hidden.
OVERLAP_SIGN, HIDDEN_SIGN = "†", "‡"


class Doubt(NamedTuple):
    """Something that is doubtful.

    Attributes
    ----------
    kind : str
        "free", "misfit", "overlap", "hidden", "family", "absent" or "left out".
    text : str
        What, in words.
    line : str
        The line or the family that it is about, as in the output, or empty.
    limits : tuple of (float, float) or None
        The range that it is about, in units of the axis.
    """

    kind: str
    text: str
    line: str = ""
    limits: tuple | None = None


def spectrum_doubts(output, unit):
    """Return the doubtful features in the fit of a summed spectrum, a list of `Doubt`.

    Parameters
    ----------
    output : dict
        Of `fit_maps`.
    unit : float
        Units of the axis in a keV.
    """
    return [
        *_free(output, unit),
        *_misfits(output, unit),
        *_overlaps(output),
        *_hidden(output),
        *_families(output),
        *_absent(output),
        *_left_out(output),
    ]


def core_loss_doubts(output, per_ev):
    """Return the doubtful features in a summed core-loss spectrum, a list of `Doubt`.

    Parameters
    ----------
    output : dict
        ``spectrum_fit`` of EELS.
    per_ev : float
        Units of the axis in an eV.
    """
    units = output["sum_spectrum"].axes_manager.signal_axes[0].units
    doubts = []
    if output.get("misfit"):
        *limits, share = output["misfit"]
        limits = tuple(per_ev * each for each in limits)
        text = (
            f"{plain(limits[0], 4)} to {plain(limits[1], 4)} {units}: the fit deviates by "
            f"{share:.0f} % of the edges nearby"
        )
        doubts.append(Doubt("misfit", text, limits=limits))
    for name in output.get("not_found", ()):
        doubts.append(Doubt("absent", f"{written_name(name)}: not found", name))
    return [*doubts, *_left_out(output)]


def _free(output, unit):
    units = output["sum_spectrum"].axes_manager.signal_axes[0].units
    doubts = []
    for peak in output["unassigned_peaks"]:
        names = " or ".join(map(written_name, peak.candidates)) or "no element fits"
        energy = plain(unit * peak.energy, 4)
        text = f"{energy} {units}: {peak.counts:,.0f} counts of no listed element"
        place = unit * ((1 + output["energy_gain"]) * peak.energy + output["energy_offset"])
        line = min(
            (name for name in output["lines"] if name.endswith(" keV")),
            key=lambda name: abs(unit * output["line_positions"][name] - place),
        )
        doubts.append(Doubt("free", f"{text}; {names}{'?' * bool(peak.candidates)}", line))
    return doubts


def _misfits(output, unit):
    axis = output["sum_spectrum"].axes_manager.signal_axes[0]
    edges = axis.offset + axis.scale * (np.arange(axis.size + 1) - 0.5)
    width = {"resolution": output["energy_resolution"], "slope": output["energy_resolution_slope"]}
    detector = Detector(edges / unit, **width)
    widths = detector.width(detector.centres) * unit / axis.scale
    observed, model = output["sum_spectrum"].data, output["model"].data
    doubts = []
    for first, last in output["fitted_channels"]:
        own = slice(first, last)
        for start, stop in departures(observed[own], model[own], widths[own]):
            there = slice(first + start, first + stop)
            counts, expected = observed[there].sum(), model[there].sum()
            limits = edges[there.start], edges[there.stop]
            share = 100 * abs(expected / max(counts, 1.0) - 1)
            text = (
                f"{plain(limits[0], 4)} to {plain(limits[1], 4)} {axis.units}: "
                f"summed over this range, the model is {share:.0f} % "
                f"{'below' if expected < counts else 'above'} the counts, "
                f"{abs(counts - expected) / np.sqrt(max(expected, 1.0)):.0f} standard errors"
            )
            doubts.append(Doubt("misfit", text, limits=limits))
    return doubts


def _overlaps(output):
    """Return mapped lines under which lines of unlisted elements have many counts."""
    return [
        Doubt(
            "overlap",
            f"{written_name(each.line)}: {each.counts:,.0f} counts there are taken to be of "
            f"{each.element}, which is not listed; {each.total - each.counts:,.0f} are left",
            each.line,
        )
        for each in output["overlaps"]
    ]


def _hidden(output):
    return [
        Doubt(
            "hidden",
            f"{written_name(line)}: {found['counts']:,.0f} counts may be of "
            f"{' or '.join(map(written_name, found['candidates']))}, hidden there",
            line,
        )
        for line, found in output["hidden_elements"].items()
    ]


def _families(output):
    """Return families of lines that disagree with other families of their element."""
    doubts = []
    for name, found in output["doubtful_families"].items():
        other = f"the {found['against'].split('_')[1]} lines"
        if found["differs_in"] == "place":
            what, unnamed = (
                f"do not follow {other} across the scan",
                "absorption or another element",
            )
        else:
            what = f"have more than four times the counts expected from {other}"
            unnamed = "another element"
        names = " or ".join(found["candidates"]) or unnamed
        text = f"{written_name(name)} lines ({found['counts']:,.0f} counts) {what}: {names}?"
        doubts.append(Doubt("family", text, name))
    return doubts


def _absent(output):
    return [
        Doubt(
            "absent", f"{written_name(name)}: not found, {total:,.0f} ± {error:,.0f} counts", name
        )
        for (name, total), error in zip(
            output["totals"].items(), output["total_errors"].values(), strict=True
        )
        if total < ABSENT * error and name not in output["hidden_elements"]
    ]


def _left_out(output):
    axis = output["sum_spectrum"].axes_manager.signal_axes[0]
    doubts = []
    for start, stop in output["left_out_channels"]:
        limits = tuple(axis.offset + axis.scale * (each - 0.5) for each in (start, stop))
        text = (
            f"{plain(limits[0], 4)} to {plain(limits[1], 4)} {axis.units}: left out, as "
            f"{named_channels([(start, stop)])} cannot be of the specimen or were not recorded"
        )
        doubts.append(Doubt("left out", text, limits=limits))
    return doubts
