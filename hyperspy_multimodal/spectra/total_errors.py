"""How well totals of elements are known: counts, calibration, line weights, shape of peaks."""

import numpy as np

from .templates import own_lines, window_shares

# Of the counts that were moved to or from an element to make the fit agree with the spectrum.
_MOVED = 0.5


def total_covariance(explanation, nominal, names, limits):
    """Return the covariance of the totals of mapped elements, (K, K), in counts of their windows.

    It is that of the fit of the summed spectrum, which holds the noise of the counts, the
    calibration, shifts and widths of lines, and the weights of lines within and between families;
    to which comes half of what was attributed to an element beyond the model.

    Parameters
    ----------
    explanation : Explanation
    nominal, names, limits
        As in `element_templates`.
    """
    fit, spectra = explanation.fit, explanation.attribution
    rows, moved = [], []
    for name, limit in zip(names, limits, strict=True):
        own = own_lines(explanation, name, names)
        shares = np.where(own, window_shares(fit.lines, nominal, limit), 0.0)
        rows.append(shares)
        moved.append(_MOVED * float(shares @ spectra.moved))
    rows = np.array(rows)
    return rows @ fit.covariance @ rows.T + np.diag(np.square(moved))
