"""Detection of elements from the counts of a region."""

import numpy as np
from scipy import special, stats

# 5 % of elements that are not there are taken for there, and 5 % of those at the limit are missed.
_QUANTILE = 1.645
_CERTAIN, _CRITICAL = 1e-4, 0.2  # of the false discovery rate
_SOFTENING = 0.5  # counts: a variance that was estimated from few counts may be 0 by chance


def detection(counts, background, common_variance, per_count):
    """Return detection limits in counts, and how probable such counts are without the element.

    Currie's limit (Anal. Chem. 40, 586, 1968), 2.71 + 3.29 sigma, in units in which one count of
    the element adds a variance of one, with sigma the error of the counts of an element that is not
    there.

    Parameters
    ----------
    counts : numpy.ndarray
        Net counts, shape (R, K).
    background : numpy.ndarray
        Variance of the counts of an element that is not there, by noise, shape (R, K).
    common_variance : numpy.ndarray
        Variance by what else is wrong, for an element that is not there, shape (R, K).
    per_count : numpy.ndarray
        Variance that a count adds to itself, shape (K,).

    Returns
    -------
    limits, p_values : numpy.ndarray
        Shape (R, K).
    """
    sigma = np.sqrt(background + common_variance)
    limits = _QUANTILE**2 * per_count + 2 * _QUANTILE * sigma
    # In these units counts over the variance v of all else are distributed like Poisson's over v.
    expected = background / per_count**2 + _SOFTENING
    gross = counts / per_count + expected
    few = np.where(gross > 0, special.gammainc(np.maximum(gross, 1e-300), expected), 1.0)
    many = stats.norm.sf(counts / np.sqrt(sigma**2 + _SOFTENING * per_count**2))
    return limits, np.where(counts > 0, np.maximum(few, many), 1.0)


def found_elements(p_values, rate):
    """Return which elements are there, at a false discovery rate that also holds for rare ones.

    Those that are certain have no part in it: with them the level of the others would approach the
    rate itself, and most of what is found of rare elements could be false.

    Parameters
    ----------
    p_values : numpy.ndarray
        Of any shape.
    rate : float
        Expected share of false ones among those found and not certain.
    """
    certain = p_values < _CERTAIN * rate
    found = certain.copy()
    doubtful = ~certain
    found[doubtful] = discoveries(p_values[doubtful], rate)
    return found & (p_values <= _CRITICAL * rate)


def discoveries(p_values, rate):
    """Return which of several hypotheses are refuted at a false discovery rate.

    After Benjamini and Hochberg (J. R. Stat. Soc. B 57, 289, 1995).

    Parameters
    ----------
    p_values : numpy.ndarray
        Of any shape.
    rate : float
        Expected share of those that are true among those refuted.
    """
    ordered = np.sort(p_values, axis=None)
    below = ordered <= rate * np.arange(1, ordered.size + 1) / ordered.size
    if not below.any():
        return np.zeros(p_values.shape, bool)
    return p_values <= ordered[np.flatnonzero(below)[-1]]
