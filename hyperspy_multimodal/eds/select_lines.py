"""X-ray lines to map, as in `get_lines_intensity`."""

import numpy as np

from ..counts.windows import axis_range
from ..names import checked_names, texts_in
from ..notes import Speaker
from ..physics.lines import element_lines
from ..physics.microscope import beam_energy_of

_logger = Speaker(__name__)

# keV; no detector records lines below this, such as those of H and Li.
LEAST_ENERGY = 0.07


def select_lines(signal, xray_lines):
    """Return the lines that `get_lines_intensity` would use, after checking their names.

    Parameters
    ----------
    signal : EDSSpectrum
        Spectrum image.
    xray_lines : None or list of str
        Lines, or None: those of the signal.

    Returns
    -------
    list of str
    """
    if xray_lines is None:
        named = [named_in(signal, item) for item in ("xray_lines", "elements")]
        if not any(named):
            raise ValueError(
                "The signal has no elements and no X-ray lines in metadata.Sample. Add "
                "elements, for example with s.add_elements(['Ti', 'O']), or pass "
                "xray_lines=['Ti_Ka', 'O_Ka']; suggest_elements(s) suggests some."
            )
        xray_lines = _usable_lines(signal, *named)
    else:
        xray_lines = checked_names("xray_lines", xray_lines, "X-ray line", ["Ti_Ka", "O_Ka"])
        if not xray_lines:
            raise ValueError("xray_lines must name at least one line, but [] was given.")
        xray_lines = [_line_of(signal, name) for name in xray_lines]
        repeated = sorted({line for line in xray_lines if xray_lines.count(line) > 1})
        if repeated:
            raise ValueError(f"xray_lines must name each line once, but repeats {repeated}.")
    # The function that get_lines_intensity calls, so that both use the same lines in the same
    # order.
    lines = list(signal._parse_xray_lines(xray_lines, only_one=True, only_lines=("a",)))
    if not lines:
        axis = signal.axes_manager.signal_axes[0]
        given = xray_lines or named[0] or named[1]
        raise ValueError(
            f"None of {list(given)} has an X-ray line on the energy axis ({axis_range(axis)}) "
            f"that a beam of {beam_energy_of(signal):g} keV excites. Set the elements with "
            "s.set_elements, pass `xray_lines` on the axis, or correct the beam energy with "
            "s.set_microscope_parameters."
        )
    return lines


def named_in(signal, item):
    """Return the elements or lines that ``metadata.Sample`` names, as a list of strings."""
    found = signal.metadata.get_item(f"Sample.{item}", None)
    return [] if found is None else texts_in(found)


def _usable_lines(signal, lines, elements):
    """Return the lines named in the signal, or one per element, and log elements without a line.

    Lines of elements that the signal no longer lists are left out.
    """
    lines = _of_listed(lines, elements)
    units = signal.axes_manager.signal_axes[0].units
    if units not in ("eV", "keV"):
        return lines or None
    unit = 1e3 if units == "eV" else 1.0
    least = LEAST_ENERGY * unit
    if not lines:
        with_lines = [each for each in elements if element_lines(each, LEAST_ENERGY, np.inf)]
        lines = signal._get_lines_from_elements(with_lines, only_one=True, only_lines=("a",))
    usable = [line for line in lines if signal._get_line_energy(line) > least]
    usable = signal._get_xray_lines_in_spectral_range(usable)[0]
    last = signal.axes_manager.signal_axes[0].high_value / unit
    named = {*elements} | {line.split("_")[0] for line in lines}
    lost = sorted(each for each in named if not element_lines(each, LEAST_ENERGY, last))
    if lost and usable:
        _logger.info(
            "Left out because none of their X-ray lines lies on the energy axis: %s.",
            ", ".join(lost),
        )
    return usable or lines


def _of_listed(lines, elements):
    """Return the lines of listed elements, or all if none are listed, and log the others."""
    others = [each for each in lines if elements and each.split("_")[0] not in elements]
    if others:
        _logger.warning(
            "No map of %s: metadata.Sample.xray_lines lists these lines, but "
            "metadata.Sample.elements does not list their elements. If they are in the specimen, "
            "add them with s.add_elements. Otherwise, delete the lines: del "
            "s.metadata.Sample.xray_lines; one line per element is then mapped.",
            ", ".join(others),
            kind="told",
        )
    return [each for each in lines if each not in others]


def _line_of(signal, name):
    """Return a valid line, or the default line of an element."""
    from exspy.material import elements

    element, _, subshell = name.partition("_")
    found = elements[element].get_item("Atomic_properties.Xray_lines", None)
    known = [] if found is None else list(found.as_dictionary())
    if subshell in known:
        return name
    if known and not subshell:
        lines = _usable_lines(signal, [], [element])
        if lines:
            return lines[0]
    raise ValueError(
        f"Unknown X-ray line {name!r}: {element} has the lines "
        f"{[f'{element}_{each}' for each in known]}. Name one of these."
    )
