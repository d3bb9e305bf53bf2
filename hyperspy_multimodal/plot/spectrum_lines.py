"""The fitted lines of a summed spectrum, as a picture needs them."""

from typing import NamedTuple

import numpy as np

from ..counts.absent import ABSENT
from ..physics.peak_widths import HEIGHT_PER_AREA

#: Energies of the output are in keV; by units of the axis.
PER_KEV = {"keV": 1.0, "eV": 1e3}
# A peak is visible if it exceeds the noise under it by this factor. One that is not the strongest
# of its family, or is of an element of the instrument, must also be more than half of all that is
# there, and stand out from what is so many FWHM beside.
_VISIBLE, _BESIDE = 4.0, 0.7


class SpectrumLine(NamedTuple):
    """A fitted line.

    Attributes
    ----------
    name : str
        As in the output, such as "Si_Ka" or "3.70 keV".
    element : str
        Symbol; empty if no element explains the line.
    family : str
        Shell of the vacancy; of a free peak, its name.
    kind : str
        "named", "instrument", "unnamed" or "free".
    position, width : float
        Place on the axis, and full width at half maximum, in units of the axis.
    counts, error : float
        Counts and their standard error.
    leads : bool
        Whether it is the strongest of its family.
    """

    name: str
    element: str
    family: str
    kind: str
    position: float
    width: float
    counts: float
    error: float
    leads: bool


def spectrum_lines(output, unit):
    """Return the `SpectrumLine` of each fitted line, the strongest first.

    Parameters
    ----------
    output : dict
        Of `fit_maps`.
    unit : float
        Units of the axis in a keV.
    """
    roles, lines, led = output["elements"], [], set()
    by_counts = sorted(output["lines"].items(), key=lambda item: -item[1][1])
    for name, (_, counts) in by_counts:
        element, _, line = name.partition("_")
        is_free = element not in roles
        family = name.partition(":")[0] if is_free else line[0]
        role = roles.get(element, "free")
        kind = "named" if role in ("mapped", "extra") else role
        own = ("" if is_free else element), family
        leads = name == family if is_free else own not in led
        led.add(own)
        lines.append(
            SpectrumLine(
                name,
                *own,
                kind,
                unit * output["line_positions"][name],
                unit * output["line_widths"][name],
                counts,
                output["line_errors"][name],
                leads,
            )
        )
    return lines


def is_visible(line, energy, model):
    """Return whether a line is a peak of its own in a spectrum.

    Parameters
    ----------
    line : SpectrumLine
    energy, model : numpy.ndarray
        Energies of the channels, in units of the axis, and counts of the model, shape (C,).
    """
    if not energy[0] <= line.position <= energy[-1] or line.counts < ABSENT * line.error:
        return False
    channels = line.width / (energy[1] - energy[0])
    height = HEIGHT_PER_AREA * line.counts / channels
    places = line.position + _BESIDE * line.width * np.arange(-1, 2)
    left, there, right = np.interp(places, energy, model)
    there = max(there, height)
    is_significant = height * channels > _VISIBLE * np.sqrt(there * channels)
    stands_out = height > there / 2 and there > max(left, right)
    # on the flank of a larger peak, elements that no message names would look like findings
    is_named = line.leads and line.kind != "instrument"
    return is_significant and (is_named or stands_out)
