"""Fit of hydrogenic edges on a power law to the summed core-loss spectrum."""

import copy
from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage, optimize

from .core_loss_errors import CoreLossErrors, core_loss_errors
from .fit_ranges import positive, range_covariance
from .unmodelled_shapes import shape_covariance
from .white_lines import OFFSETS, WIDTHS, white_line_shapes

_EXPONENTS = 1.0, 6.0
# Onsets may lie this far from the tables, in eV and in channels, whichever is more.
_SHIFT, _SHIFT_CHANNELS = 5.0, 2.0
# A shift of more than this share of it is at its limit.
_AT_LIMIT = 0.99
# Channels over which the spectrum is averaged for the weights.
_SMOOTHED = 9
# Offset and width of white lines where the search starts, and its first steps.
_OFFSET, _WIDTH = (2.0, 2.0), (4.0, 2.0)
# Points by which a channel is integrated.
_POINTS = 8
# White lines of an element are kept if chi-square rises by this without them.
_SIGNIFICANT = 9.0


@dataclass(frozen=True)
class ElementEdges:
    """Components of the spectrum of an element.

    Attributes
    ----------
    functions : list of callable
        Cross-sections, functions of the energy in eV, zero below their onset.
    onsets : list of float
        Onsets of the functions in eV.
    lines : list of float
        Onsets of the subshells that may have white lines, in eV. Default none.
    """

    functions: list
    onsets: list
    lines: list = field(default_factory=list)


@dataclass(frozen=True)
class CoreLossFit:
    """Result of the fit of a summed core-loss spectrum.

    Attributes
    ----------
    exponent : float
        r of the background A E^-r.
    shift : float
        How far the edges lie above the tables, in eV.
    edges : numpy.ndarray
        Spectra of the elements per atom, white lines included, up to a common factor, shape (K, C).
    white_lines : numpy.ndarray
        The white lines in them, shape (K, C).
    power_law : numpy.ndarray
        E^-r, shape (C,).
    fitted, observed : numpy.ndarray
        Counts by channel: of the fit, and as measured, shape (C,).
    nets, net_lines : numpy.ndarray
        Counts of each element in the fit, white lines included, and of its white lines alone, shape
        (K, C).
    used : numpy.ndarray
        Which channels were fitted, bool, shape (C,).
    errors : CoreLossErrors
        How well all of that is known.
    of_ranges : numpy.ndarray or None
        Covariance of the counts of the edges in their windows over the ranges that might be fitted,
        shape (K, K); None without windows.
    of_shapes : numpy.ndarray or None
        The same over shapes of background and edges that the model does not have, noise included.
    of_limit : numpy.ndarray or None
        Covariance to be added where the shift is at its limit.
    dark : float
        Counts of electrons whose noise would be that of the camera's floor, in each channel.
    at_limit : bool
        Whether the edges lie as far from the tables as they may.
    """

    exponent: float
    shift: float
    edges: np.ndarray
    white_lines: np.ndarray
    power_law: np.ndarray
    fitted: np.ndarray
    observed: np.ndarray = field(repr=False)
    nets: np.ndarray = field(repr=False)
    net_lines: np.ndarray = field(repr=False)
    used: np.ndarray = field(repr=False)
    errors: CoreLossErrors = field(repr=False)
    of_ranges: np.ndarray | None = field(default=None, repr=False)
    of_shapes: np.ndarray | None = field(default=None, repr=False)
    of_limit: np.ndarray | None = field(default=None, repr=False)
    dark: float = 0.0
    at_limit: bool = False

    @property
    def net(self):
        """Counts of all edges in the fit, shape (C,)."""
        return self.nets.sum(axis=0)

    def of_windows(self, inside):
        """Return the covariance of counts of edges in the windows of the fit, (K, K)."""
        found = together(self.errors.of_windows(inside), self.of_ranges, self.of_shapes)
        return found if self.of_limit is None else found + self.of_limit


def fit_core_loss(observed, energy, edges, used, gain=1.0, dark=0.0, inside=None):
    """Fit a summed spectrum by edges over a power law.

    Weighted least squares over amplitudes >= 0, an exponent and a common shift of the edges, all
    averaged over channels. White lines have free areas >= 0, and a width and a distance from the
    onset in common; those of an element stay only if they are clearly there.

    Where the shift is at its limit, repeated fits all have it, so the errors do not include it.
    Then they are no smaller than those of a fit with twice the limit, and contain how far its
    counts differ.

    Parameters
    ----------
    observed : numpy.ndarray
        Summed spectrum, shape (C,).
    energy : numpy.ndarray
        Energies of the channels in eV, shape (C,).
    edges : list of ElementEdges
        One per element.
    used : numpy.ndarray
        Channels to fit, bool, shape (C,).
    gain : float
        Counts per electron, default 1.
    dark : float
        As of `CoreLossFit`, default 0.
    inside : list of (int, int), optional
        Channels [start, stop) of windows, one for each of the first edges: the fit is repeated over
        shorter ranges, and with other shapes, to see how far their counts depend on both.

    Returns
    -------
    CoreLossFit
    """
    model = CoreLossModel(observed, energy, edges, used, gain, dark)
    parameters, lined = model.best(gain)
    errors = core_loss_errors(model, parameters, lined, gain)
    of_ranges, of_shapes, of_limit = None, None, None
    at_limit = bool(abs(parameters[1]) > _AT_LIMIT * model.farthest)
    if inside is not None:
        of_ranges, of_shapes = _covariances(model, parameters, lined, inside, errors, gain)
    if inside is not None and at_limit:
        beyond = CoreLossModel(observed, energy, edges, used, gain, dark, reach=2.0)
        other = beyond.best(gain)
        its_errors = core_loss_errors(beyond, *other, gain)
        wider = _covariances(beyond, *other, inside, its_errors, gain)
        change = beyond.counts(*other, inside) - model.counts(parameters, lined, inside)
        of_limit = np.outer(change, change) + positive(
            together(its_errors.of_windows(inside), *wider)
            - together(errors.of_windows(inside), of_ranges, of_shapes)
        )
    design, owners = model.design(parameters, lined)
    amplitudes, _ = model.solve(design)
    n_edges = len(edges)
    net_lines = np.array(
        [amplitudes[n_edges:] * (owners[n_edges:] == i) @ design[n_edges:] for i in range(n_edges)]
    )
    net_lines = net_lines.reshape(n_edges, len(energy))
    own = amplitudes[:n_edges, None]
    lines = np.divide(net_lines, own, out=np.zeros_like(net_lines), where=own > 0)
    return CoreLossFit(
        exponent=float(parameters[0]),
        shift=float(parameters[1]),
        edges=design[:n_edges] + lines,
        white_lines=lines,
        power_law=design[-1],
        fitted=amplitudes @ design,
        observed=observed,
        nets=own * design[:n_edges] + net_lines,
        net_lines=net_lines,
        used=used,
        errors=errors,
        of_ranges=of_ranges,
        of_shapes=of_shapes,
        of_limit=of_limit,
        dark=dark,
        at_limit=at_limit,
    )


def together(of_sum, of_ranges, of_shapes):
    """Return the covariance of counts of edges in windows, from its parts, (K, K).

    That of the fit and of its ranges counts as far as it exceeds that of other shapes.
    """
    return of_shapes + positive(of_sum + of_ranges - of_shapes)


def _covariances(model, parameters, lined, inside, errors, gain):
    """Return covariances of counts of edges over ranges, and over shapes, (K, K) each."""
    lowest = min(onset for each in model.edges for onset in each.onsets)

    def errors_of(shorter, found):
        return core_loss_errors(shorter, found, lined, gain)

    return (
        range_covariance(model, parameters, lined, inside, lowest, errors, errors_of),
        shape_covariance(model, parameters, lined, inside, gain),
    )


class CoreLossModel:
    """Sums of edges, white lines and a power law, and their distance from a spectrum.

    ``reach`` is the farthest that edges may be shifted, in units of the usual limit.
    """

    def __init__(self, observed, energy, edges, used, gain, dark, reach=1.0):
        width = float(energy[1] - energy[0])
        self.energy, self.edges, self.used = energy, edges, used
        self.limits = np.append(energy - width / 2, energy[-1] + width / 2)
        self.farthest = reach * max(_SHIFT, _SHIFT_CHANNELS * width)
        last = self.limits[-1] + self.farthest
        self.integrals = [
            [
                _integral(function, onset, last, width / _POINTS)
                for function, onset in zip(each.functions, each.onsets, strict=True)
            ]
            for each in edges
        ]
        # Weights from the noisy spectrum itself would favour channels that are low by chance.
        expected = ndimage.uniform_filter1d(np.asarray(observed, float), _SMOOTHED)
        self._observed = observed
        self._root = 1 / np.sqrt(np.maximum(expected + dark, gain))
        self.root = self._root[used]
        self.missing = observed[used] * self.root

    def over(self, used):
        """Return the same model, fitted to fewer channels."""
        other = copy.copy(self)
        other.used, other.root = used, self._root[used]
        other.missing = self._observed[used] * other.root
        return other

    def design(self, parameters, lined):
        """Return the spectra of elements, white lines and power law, and to which each belongs."""
        exponent, shift, offset, width = parameters
        moved = self.limits - shift
        rows = [
            np.diff(sum(np.interp(moved, *integral, left=0.0) for integral in element))
            for element in self.integrals
        ]
        owners = list(range(len(rows)))
        for i in lined:
            for onset in self.edges[i].lines:
                rows += [*white_line_shapes(moved, onset, offset, width)]
                owners += [i, i]
        law = (np.maximum(self.energy, 1.0) / self.energy[self.used][0]) ** -exponent
        return np.array([*rows, law]), np.array([*owners, -1])

    def solve(self, design):
        """Return the amplitudes that fit best, and the root of chi-square in counts."""
        columns = (design[:, self.used] * self.root).T
        heights = np.maximum(columns.max(axis=0), np.finfo(float).tiny)
        amplitudes, misfit = optimize.nnls(columns / heights, self.missing)
        return amplitudes / heights, misfit

    def counts(self, parameters, lined, inside):
        """Return the counts of the first elements in windows, white lines included, (K,)."""
        design, owners = self.design(parameters, lined)
        amplitudes, _ = self.solve(design)
        return np.array(
            [
                amplitudes[owners == i] @ design[owners == i, start:stop].sum(axis=1)
                for i, (start, stop) in enumerate(inside)
            ]
        )

    def best(self, gain):
        """Return the parameters that fit best, and the elements with clear white lines."""
        lined = [i for i, each in enumerate(self.edges) if each.lines]
        while True:
            parameters = self.search(lined)
            kept = self.significant(parameters, lined, gain)
            if kept == lined:
                return parameters, lined
            lined = kept

    def search(self, lined, near=None):
        """Return the exponent, shift, offset and width that fit best, sought near others if any."""
        free = 4 if lined else 2

        def misfit(parameters):
            every = (*parameters, _OFFSET[0], _WIDTH[0])[:4]
            return self.solve(self.design(every, lined)[0])[1]

        if near is None:
            start = min(np.linspace(*_EXPONENTS, 26), key=lambda r: misfit((r, 0.0)))
            near = start, 0.0, _OFFSET[0], _WIDTH[0]
        first = np.array(near)[:free]
        bounds = (_EXPONENTS, (-self.farthest, self.farthest), OFFSETS, WIDTHS)
        steps = np.array([0.2, self.farthest / 2, _OFFSET[1], _WIDTH[1]])[:free]
        inwards = first + steps <= np.array(bounds)[:free, 1]
        steps = np.diag(np.where(inwards, steps, -steps))
        found = optimize.minimize(
            misfit,
            first,
            method="Nelder-Mead",
            bounds=bounds[:free],
            options={"initial_simplex": [first, *(first + steps)], "xatol": 1e-3},
        ).x
        return (*found, _OFFSET[0], _WIDTH[0])[:4]

    def significant(self, parameters, lined, gain):
        """Return the elements of which the white lines are clearly there."""
        design, owners = self.design(parameters, lined)
        amplitudes, misfit = self.solve(design)
        # a poor fit makes no line clearer
        scale = max(gain, misfit**2 / self.used.sum())
        kept = []
        for i in lined:
            others = (owners != i) | (np.arange(len(owners)) == i)
            rise = self.solve(design[others])[1] ** 2 - misfit**2
            if amplitudes[i] > 0 and rise > _SIGNIFICANT * scale:
                kept.append(i)
        return kept


def _integral(function, onset, last, step):
    """Return energies from the onset on, and the integrals of a function up to them."""
    energies = np.linspace(onset, last, max(int(np.ceil((last - onset) / step)), 1) + 1)
    values = function(energies)
    areas = (values[1:] + values[:-1]) / 2 * np.diff(energies)
    return energies, np.concatenate([[0.0], np.cumsum(areas)])
