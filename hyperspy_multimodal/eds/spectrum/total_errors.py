"""Errors of the totals of elements: counts, calibration, line weights, peak shape."""

import numpy as np

from .element_templates import own_lines, window_shares
from .priors import LOW_ENERGY

# Of the counts that were moved to or from an element to make the fit agree with the spectrum.
_MOVED = 0.5
# Error of the continuum under a line, as a share of it, above and below 1 keV.
_CONTINUUM, _LOW_CONTINUUM = 0.03, 0.1


def total_covariance(explanation, nominal, names, limits):
    """Return the covariance of the totals of mapped elements, (K, K), in counts of their windows.

    It is that of the fit of the summed spectrum, which holds the noise of the counts, the
    calibration, shifts and widths of lines, and the weights of lines within and between families;
    in addition, half of the counts that were attributed to an element beyond the model, 3 % of the
    continuum in the window (10 % below 1 keV), the counts that may belong to an unnamed element,
    and those that a light one beside the line takes or leaves.

    Parameters
    ----------
    explanation : Explanation
    nominal, names, limits
        As in `element_templates`.
    """
    fit, spectra = explanation.fit, explanation.attribution
    rows, moved, under = [], [], []
    hidden = hidden_errors(explanation, nominal, names, limits)
    for name, limit in zip(names, limits, strict=True):
        shares = _shares(explanation, nominal, name, names, limit)
        rows.append(shares)
        moved.append(_MOVED * float(shares @ spectra.moved))
        under.append(_continuum_error(fit, limit))
    rows = np.array(rows)
    return rows @ fit.covariance @ rows.T + np.diag(np.square([moved, under, hidden]).sum(axis=0))


def hidden_errors(explanation, nominal, names, limits):
    """Return errors of the totals by unnamed elements under and beside their lines, (K,).

    Parameters are those of `total_covariance`, which includes them.
    """
    amplitudes = explanation.fit.amplitudes
    return np.array(
        [
            _hidden_share(explanation, name)
            * float(_shares(explanation, nominal, name, names, limit) @ amplitudes)
            for name, limit in zip(names, limits, strict=True)
        ]
    )


def _shares(explanation, nominal, name, names, limit):
    """Return the shares of the lines of an element that its window holds, (L,), 0 of others."""
    own = own_lines(explanation, name, names)
    return np.where(own, window_shares(explanation.fit.lines, nominal, limit), 0.0)


def _hidden_share(explanation, name):
    """Return the error of a line by unlisted elements under and beside it, as a share."""
    found = [each for each in explanation.hidden if each.line == name]
    counts = max(explanation.family_counts(name), 1.0) if found else 1.0
    beneath = max(
        (min(np.hypot(each.counts, each.error) / counts, 1.0) for each in found), default=0
    )
    beside = [each.share for each in explanation.displaced if each.concerns(name)]
    return min(float(np.sqrt(np.sum(np.square([beneath, *beside])))), 1.0)


def _continuum_error(fit, limit):
    """Return the error of the continuum in a window, which a fit cannot tell from its lines."""
    centres = fit.detector.centres
    inside = fit.used & (centres > limit[0]) & (centres < limit[1])
    return continuum_error(np.mean(limit)) * float(fit.continuum[inside].sum())


def continuum_error(energy):
    """Return the standard error of the continuum at an energy in keV, as a share of it."""
    return _CONTINUUM if energy > LOW_ENERGY else _LOW_CONTINUUM
