"""Spectra of single elements, and the matrix that converts the spectrum of a pixel to counts."""

from dataclasses import replace

import numpy as np

from ...counts.templates import Templates
from .detector import window_transmission

_LEAST_SHARE = 1e-3  # of an element's counts, in its window
_LEAST_EXPECTED = 1e-6  # of the mean expected counts, in weights
# Standard errors, by the noise of the summed spectrum, from which on a family tells its own shape.
_SIGNIFICANT = 5.0


def element_templates(explanation, nominal, names, limits):
    """Return the `Templates` of the mapped elements.

    Parameters
    ----------
    explanation : Explanation
        Of the summed spectrum, with the lines of these elements.
    nominal : Detector
        The detector as the signal describes it: a template is scaled to what the window would hold
        of it there, so that a wrong calibration does not change the counts.
    names : list of str
        Lines that name the maps, such as "Ti_Ka".
    limits : array_like
        Limits of the integration windows of these lines in keV, shape (K, 2).

    Raises
    ------
    ValueError
        If a window holds none of the counts of its element.

    Returns
    -------
    Templates
    """
    fit, spectra = explanation.fit, explanation.attribution
    expected = spectra.lines.sum(axis=0) + spectra.continuum + fit.pile_up
    expected = expected + _LEAST_EXPECTED * max(expected.mean(), 1e-300)
    shapes, taken = [], np.zeros(len(fit.lines), bool)
    for name, limit in zip(names, limits, strict=True):
        own = own_lines(explanation, name, names)
        counts, spectrum = np.where(own, fit.amplitudes, 0.0), own @ spectra.lines
        in_window = window_shares(fit.lines, nominal, limit)
        in_table = _nominal_amplitudes(fit.lines, own, name)
        gain = _gain(fit, spectra, own, name)
        if not (
            counts @ in_window > _LEAST_SHARE * counts.sum()
            and spectrum.sum() > 0
            and _tells_its_shape(fit, in_table, expected)
        ):
            # not found: its other families, if they have counts, are of something else
            counts, gain = in_table, 1.0
            spectrum = counts @ fit.line_shapes
            own = counts > 0
        taken |= own
        if not counts @ in_window > _LEAST_SHARE * counts.sum():
            raise ValueError(
                f"The integration window of {name}, {limit[0]:.4g} to {limit[1]:.4g} keV, contains "
                f"almost none of its counts. Pass one row per line, in the order {list(names)}, "
                f"with windows around the lines; or leave {name} out of `xray_lines`."
            )
        shapes.append(spectrum / (counts @ in_window * gain))
    others = []
    mapped = {name.split("_")[0] for name in names}
    keys = [_other_key(line, mapped) for line in fit.lines]
    for key in dict.fromkeys(keys):
        member = np.array([own == key for own in keys]) & ~taken
        shape = member @ spectra.lines
        if shape.sum() > 0:
            others.append(key)
            shapes.append(shape / shape.sum())
    for key, shape in (("continuum", spectra.continuum), ("sum peaks", fit.pile_up)):
        if shape.sum() > 0:
            others.append(key)
            shapes.append(shape / shape.sum())
    return Templates(
        names=list(names),
        others=others,
        shapes=np.array(shapes),
        weights=np.where(fit.used, 1 / expected, 0.0),
    )


def window_shares(lines, nominal, limit):
    """Return the share of each line's counts in a window, on the detector as stated, (lines,)."""
    energies = [line.energy for line in lines]
    return replace(nominal, edges=np.asarray(limit, float)).shapes(energies)[:, 0]


def _tells_its_shape(fit, in_table, expected):
    """Return whether the family of ``in_table``, its weights by table, is more than noise.

    Of a family that is not, such as K alpha 0 and K beta 0.1 counts, noise has made the shape.
    """
    spectrum = in_table @ fit.line_shapes
    if not spectrum.sum() > 0:
        return True
    shape = np.where(fit.used, spectrum / spectrum.sum(), 0.0)
    information = np.sum(np.square(shape) / expected)
    return fit.amplitudes[in_table > 0].sum() > _SIGNIFICANT / np.sqrt(max(information, 1e-300))


def _gain(fit, spectra, own, name):
    """Return the counts of the family of a map, relative to those in the model."""
    family = name.split("_")[1][0]
    mine = own & np.array([line.family == family for line in fit.lines])
    counts = fit.amplitudes[mine].sum()
    return 1 + spectra.changed[mine].sum() / counts if counts > 0 else 1.0


def own_lines(explanation, name, names):
    """Return which lines belong to a map: all of its element, or, of two maps, its family.

    A family with many times the counts expected from the named one holds counts of another
    element, and is left out: it gets a template of its own.
    """
    element, subshell = name.split("_")
    lines = explanation.fit.lines
    shared = sum(other.split("_")[0] == element for other in names) > 1
    foreign = explanation.foreign_families(element, subshell[0])
    return np.array(
        [
            line.element == element
            and line.family not in foreign
            and (not shared or line.family == subshell[0])
            for line in lines
        ]
    )


def _other_key(line, taken_elements):
    """Elements go together, and so do the lines of a free peak."""
    if not line.element:
        return line.family
    return f"{line.element}_{line.family}" if line.element in taken_elements else line.element


def _nominal_amplitudes(lines, own, name):
    """The table weights of the named line's family, for an element that was not found."""
    family = name.split("_")[1][0]
    return np.array(
        [
            line.weight * window_transmission(line.energy) if mine and line.family == family else 0
            for line, mine in zip(lines, own, strict=True)
        ]
    )
