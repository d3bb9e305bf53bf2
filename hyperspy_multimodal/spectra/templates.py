"""Spectra of single elements, and the matrix that reads their counts off a pixel's spectrum."""

from dataclasses import dataclass, replace

import numpy as np

from .detector import window_transmission

_LEAST_SHARE = 1e-3  # of an element's counts, in its window
_LEAST_EXPECTED = 1e-6  # of the mean expected counts, in weights


@dataclass(frozen=True)
class Templates:
    """What each element, and all else, looks like in the spectrum.

    Attributes
    ----------
    names : list of str
        X-ray lines that name the maps, K of them.
    others : list of str
        What else there is: extra elements, unassigned peaks, continuum and sum peaks.
    shapes : numpy.ndarray
        Shape (K + others, C). Those of the maps are scaled to one count in the window of the line,
        the others to one count in all.
    weights : numpy.ndarray
        Inverse variances of the channels, up to a factor; 0 where a channel is not used; shape
        (C,).
    """

    names: list
    others: list
    shapes: np.ndarray
    weights: np.ndarray

    @property
    def projection(self):
        """The matrix that takes a spectrum to its counts of each template, (K + others, C).

        Weighted least squares: (G W G^T)^-1 G W, with the templates as rows of G.
        """
        weighted = self.shapes * self.weights
        gram = weighted @ self.shapes.T
        unit = np.sqrt(np.diag(gram))
        return (
            np.linalg.solve(gram / np.outer(unit, unit), weighted / unit[:, None]) / unit[:, None]
        )

    @property
    def own_variances(self):
        """Variance that one count of a map adds to its own estimate, shape (K,)."""
        n_maps = len(self.names)
        return np.einsum("kc,kc->k", self.projection[:n_maps] ** 2, self.shapes[:n_maps])


def element_templates(fit, nominal, names, limits):
    """Return the `Templates` of the mapped elements.

    Parameters
    ----------
    fit : SumFit
        Fit of the summed spectrum, with the lines of these elements.
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
    energies = np.array([line.energy for line in fit.lines])
    actual = fit.detector.shapes(energies)
    shapes, taken = [], np.zeros(len(energies), bool)
    for name, limit in zip(names, limits, strict=True):
        own = _own_lines(fit.lines, name, names)
        taken |= own
        amplitudes = np.where(own, fit.amplitudes, 0.0)
        in_window = replace(nominal, edges=np.asarray(limit, float)).shapes(energies)[:, 0]
        if not amplitudes @ in_window > 0:
            amplitudes = _nominal_amplitudes(fit.lines, own, name)
        if not amplitudes @ in_window > _LEAST_SHARE * amplitudes.sum():
            raise ValueError(
                f"The integration window of {name}, {limit[0]:.4g} to {limit[1]:.4g} keV, holds "
                "next to none of its counts. Give one row a line, in the order "
                f"{list(names)}, around the lines; or leave {name} out of `xray_lines`."
            )
        shapes.append(amplitudes @ actual / (amplitudes @ in_window))
    others = []
    for key in dict.fromkeys(_other_key(line) for line in fit.lines):
        member = np.array([_other_key(line) == key for line in fit.lines]) & ~taken
        shape = np.where(member, fit.amplitudes, 0.0) @ actual
        if shape.sum() > 0:
            others.append(key)
            shapes.append(shape / shape.sum())
    for key, shape in (("continuum", fit.continuum), ("sum peaks", fit.pile_up)):
        if shape.sum() > 0:
            others.append(key)
            shapes.append(shape / shape.sum())
    expected = fit.fitted + _LEAST_EXPECTED * max(fit.fitted.mean(), 1e-300)
    return Templates(
        names=list(names),
        others=others,
        shapes=np.array(shapes),
        weights=np.where(fit.used, 1 / expected, 0.0),
    )


def _other_key(line):
    """Elements go together, peaks without one by themselves."""
    return line.element or line.name


def _own_lines(lines, name, names):
    """Return which lines belong to a map: all of its element, or, of two maps, its family."""
    element, subshell = name.split("_")
    shared = sum(other.split("_")[0] == element for other in names) > 1
    return np.array(
        [line.element == element and (not shared or line.family == subshell[0]) for line in lines]
    )


def _nominal_amplitudes(lines, own, name):
    """The table weights of the named line's family, for an element that was not found."""
    family = name.split("_")[1][0]
    return np.array(
        [
            line.weight * window_transmission(line.energy) if mine and line.family == family else 0
            for line, mine in zip(lines, own, strict=True)
        ]
    )
