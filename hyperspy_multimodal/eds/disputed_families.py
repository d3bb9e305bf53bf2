"""Families of lines of one element that disagree about where it is."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import stats

from ..notes import Speaker
from ..physics.lines import RARE_ELEMENTS, all_elements, element_lines, is_excited
from .spectrum.coherence import others_are_there
from .spectrum.element_templates import element_templates, own_lines

_logger = Speaker(__name__)

# Families that change the counts of their element by less than this share of theirs are ignored.
_LEAST_LEAK = 0.05
# Blocks along each side of the scan whose sums are compared.
_BLOCKS = 4
# Probability of such differences by chance, and the share of the counts that are wrong by them.
_BY_CHANCE, _SHARE = 1e-5, 0.03
# Squared error with which the projection without a family follows from what was projected.
_EXACT = 1e-6
# FWHM from lines of a family within which lines of other elements may lie, and how many are named.
_NEAR, _MOST = 1.0, 3
_WEAK = 0.05  # of the strongest line
_OTHERS = 0.2  # of the counts of a family, that another element may have there


@dataclass(frozen=True)
class Families:
    """Further families of mapped elements, whose ratio to the mapped line is fixed in the fit.

    Attributes
    ----------
    keys : list of (str, str)
        Elements and families, F of them.
    maps : list of int
        Numbers of their maps.
    rows : numpy.ndarray
        What converts a spectrum to the counts that each family has beyond its fixed ratio, shape
        (F, C).
    leaks : numpy.ndarray
        Counts of each of K maps for one such count, shape (K, F).
    """

    keys: list
    maps: list
    rows: np.ndarray
    leaks: np.ndarray


def families_of(explanation, templates):
    """Return the `Families` that could decide where mapped elements are.

    Parameters
    ----------
    explanation : Explanation
        Of the summed spectrum.
    templates : Templates
        Spectra of the mapped elements.
    """
    fit, spectra = explanation.fit, explanation.attribution
    names, projection = templates.names, templates.projection
    keys, maps, rows, leaks = [], [], [], []
    for k, name in enumerate(names):
        own = own_lines(explanation, name, names)
        element, subshell = name.split("_")
        found = {line.family for line, mine in zip(fit.lines, own, strict=True) if mine}
        for family in sorted(found - {subshell[0]}):
            mine = own & np.array([line.family == family for line in fit.lines])
            shape = mine @ spectra.lines
            if not shape.sum() > 0:
                continue
            shape = shape / shape.sum()
            leak = projection @ shape
            row = templates.weights * (shape - leak @ templates.shapes)
            information = float(row @ shape)
            if abs(leak[k]) > _LEAST_LEAK and information > 0:
                keys.append((element, family))
                maps.append(k)
                rows.append(row / information)
                leaks.append(leak[: len(names)])
    n_channels = len(templates.weights)
    return Families(
        keys,
        maps,
        np.array(rows).reshape(len(keys), n_channels),
        np.array(leaks).reshape(len(keys), len(names)).T,
    )


def disputed(families, net, excess, variance):
    """Return families that do not follow the lines of the map, and how wrong the map is by them.

    Parameters
    ----------
    families : Families
    net : numpy.ndarray
        Net counts, shape (K, ny, nx).
    excess, variance : numpy.ndarray
        Counts beyond the fixed ratio, and their variance, shape (F, ny, nx).

    Returns
    -------
    dict of (str, str) to float
        By element and family, the share of the counts of the map that is misplaced by it.
    """
    found = {}
    if not families.keys:
        return found
    sums = [_block_sums(each) for each in (net, excess, variance)]
    for f, (key, k) in enumerate(zip(families.keys, families.maps, strict=True)):
        counts, beyond, noise = sums[0][k], sums[1][f], sums[2][f]
        seen = noise > 0
        if seen.sum() < 2:
            continue
        squares = np.sum(np.square(beyond[seen]) / noise[seen])
        by_chance = stats.chi2.sf(squares, seen.sum() - 1)
        wrong = families.leaks[k, f] ** 2 * np.sum(np.square(beyond) - noise)
        share = np.sqrt(max(wrong, 0.0) / max(np.square(counts).sum(), 1e-300))
        if by_chance < _BY_CHANCE and share > _SHARE:
            found[key] = float(share)
    return found


def _block_sums(maps):
    """Return sums of maps (n, ny, nx) over blocks, (n, blocks)."""
    for axis in (1, 2):
        size = maps.shape[axis]
        starts = np.unique(np.linspace(0, size, min(size, _BLOCKS), endpoint=False).astype(int))
        maps = np.add.reduceat(maps, starts, axis=axis, dtype=float)
    return maps.reshape(len(maps), -1)


class Without:
    """A fit in which disputed families are free: each has a template of its own.

    Parameters
    ----------
    projection : XrayProjection
        The fit with fixed ratios.
    families : Families
    keys : sequence of (str, str)
        The disputed ones.
    """

    def __init__(self, projection, families, keys):
        plan = projection.plan
        explanation = replace(projection.explanation, disputed=frozenset(keys))
        templates = element_templates(explanation, plan.detector, plan.names, plan.windows_in_kev)
        self.projection = replace(projection, explanation=explanation, templates=templates)
        self._before, self._families = projection, families

    @cached_property
    def _changes(self):
        """Counts of each map for one count of each family beyond its ratio, (K, F), and misfit."""
        n_maps = len(self._before.plan.names)
        after, before = (
            each.templates.projection[:n_maps] for each in (self.projection, self._before)
        )
        difference = (after - before).T
        found = np.linalg.lstsq(self._families.rows.T, difference, rcond=None)[0]
        missed = np.square(difference - self._families.rows.T @ found).sum()
        return found.T, missed / max(np.square(after).sum(), 1e-300)

    @property
    def is_exact(self):
        """Whether it follows from what was projected: not if the line of a map is but noise."""
        return self._changes[1] < _EXACT

    def net(self, net, excess):
        """Return net counts (..., K, ny, nx) from those with fixed ratios."""
        return net + np.einsum("kf,...fyx->...kyx", self._changes[0], excess).astype(net.dtype)

    def variance(self, variance, of_excess):
        """Return variances of the net counts, (K, ny, nx).

        Residuals of a weighted fit are uncorrelated with what was fitted.
        """
        added = np.einsum("kf,fyx->kyx", np.square(self._changes[0]), of_excess)
        return variance + added.astype(variance.dtype)

    def covariance(self, covariance, of_excess, i, j):
        """Return the covariance map of two maps, (ny, nx)."""
        both = self._changes[0][i] * self._changes[0][j]
        return covariance + np.tensordot(both, of_excess, 1).astype(covariance.dtype)


def softer(found, names):
    """Return those of the disputed families that have lower energies than the line of the map."""
    return {
        (element, family): share
        for (element, family), share in found.items()
        if family > _line_of(element, names).split("_")[1]
    }


def _line_of(element, names):
    """Return the mapped line of an element of which only one is mapped."""
    return next(each for each in names if each.split("_")[0] == element)


def say_disputed(explanation, names, found):
    """Name families that are left out of maps, or lines of maps that others contradict.

    Soft lines overlap with more lines of other elements, and are absorbed: hard ones are believed.
    """
    left_out = softer(found, names)
    for (element, family), share in found.items():
        name, percent = _line_of(element, names), 100 * min(share, 1.0)
        if (element, family) in left_out:
            _logger.warning(
                "%s lines of %s do not follow %s across the scan: with them, %.0f %% of the map "
                "would be misplaced. They are left out of it. Counts of an element that is not "
                "listed%s may lie there, or the specimen absorbs these lines. If that element is "
                "present, add it with s.add_elements.",
                family,
                element,
                name,
                percent,
                _such_as(explanation, element, family),
                kind="left out lines",
            )
        else:
            _logger.warning(
                "%s does not follow the %s lines of %s across the scan: %.0f %% of the map may be "
                "misplaced. Counts of an element that is not listed%s may lie under the line, or "
                "the specimen absorbs it. Map the %s line instead, or, if that element is present, "
                "add it with s.add_elements.",
                name,
                family,
                element,
                percent,
                _such_as(explanation, element, name.split("_")[1][0]),
                family,
                kind="hidden element",
                about={name: share},
            )


def _such_as(explanation, element, family):
    others = elements_beneath(explanation, element, family)
    return f", such as {' or '.join(others)}," if others else ""


def elements_beneath(explanation, element, family):
    """Return elements whose strongest K or L line may lie near lines of a family, nearest first."""
    fit, beam_energy = explanation.fit, explanation.beam_energy
    present = {line.element for line in fit.lines}
    own = [
        line.energy
        for line in fit.lines
        if (line.element, line.family) == (element, family) and line.weight > _WEAK
    ]
    mine = [(line.element, line.family) == (element, family) for line in fit.lines]
    counts = _OTHERS * float(fit.amplitudes[np.array(mine)].sum())
    low, high = fit.detector.centres[fit.used][[0, -1]]
    found = []
    for other in all_elements():
        if other in present or other in RARE_ELEMENTS:
            continue
        lines = element_lines(other, low, min(high, beam_energy))
        for line in lines:
            if line.name.split("_")[1] not in ("Ka", "La") or not is_excited(line, beam_energy):
                continue
            distance = min(abs(line.energy - energy) for energy in own)
            is_near = distance < _NEAR * float(fit.detector.width(line.energy))
            if is_near and others_are_there(fit, line, counts, lines, beam_energy):
                found.append((line.family, distance, other))
    return list(dict.fromkeys(other for _, _, other in sorted(found)))[:_MOST]
