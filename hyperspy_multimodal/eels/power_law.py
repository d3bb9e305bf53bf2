"""The power-law background A E^-r of EELS edges, from the counts in pre-edge windows."""

import numpy as np
from scipy.special import exprel

from ..counts.pooling import pool
from ..notes import Speaker

_logger = Speaker(__name__)

#: Exponents that a background may have; those of real ones lie between 2 and 6.
EXPONENTS = (0.0, 10.0)
#: Relative error of the expected background that the pooled exponent may cause.
BACKGROUND_ERROR = 0.005
# Share of pixels without a sensible exponent that causes a warning.
_CLIPPED = 0.1


def background_ratios(name, window, limits, lower, upper, units, floor=0.0):
    """Return the expected background in a window for each electron before the edge.

    Parameters
    ----------
    name : str
        Edge, for messages.
    window : tuple of (float, float)
        Energies at which the window starts and ends.
    limits : tuple of (float, float, float)
        Energies at which the pre-edge window starts, is divided, and ends.
    lower, upper : numpy.ndarray
        Electrons below and above the division, shape (ny, nx).
    units : str
        Units of the energies, for messages.
    floor : float
        Variance of the sum of both beside that of electrons, default 0.

    Returns
    -------
    numpy.ndarray
        Shape (ny, nx).
    """
    (first, last), (left, middle, right) = window, limits
    if left <= 0 or first <= 0:
        raise ValueError(
            f"A power law needs windows at energies > 0, but one starts at {min(left, first):g} "
            f"{units}. Pass `background_windows` above the zero-loss peak, or None."
        )
    needed = (exponent_error(window, (left, right)) / BACKGROUND_ERROR) ** 2
    if floor > 0:
        needed *= 1 + floor / max(float(np.mean(lower + upper)), np.finfo(float).tiny)
    pooled = pool(np.stack([lower, upper]), needed)
    exponent = power_law_exponent(*pooled, left, middle, right)
    clipped = np.isin(exponent, EXPONENTS).mean()
    if clipped > _CLIPPED:
        _logger.warning(
            "Before %s, %g to %g %s, the spectra of %.0f %% of the pixels do not follow a "
            "power law with an exponent between %g and %g, so the background may be wrong. Pass "
            "`background_windows` with no other edge in them, or between them and this edge.",
            name,
            left,
            right,
            units,
            100 * clipped,
            *EXPONENTS,
            kind="background",
            about={name: float(clipped)},
        )
    beside = power_law_area(exponent, left, right)
    return power_law_area(exponent, first, last) * (left / first) ** exponent / beside


def exponent_error(window, side):
    """Return the error of a background by that of its exponent, as a share, for one electron.

    By propagation the exponent is good to 4 / (lever sqrt(N)) for N electrons before the edge, with
    the logarithmic width of the pre-edge window for lever.

    Parameters
    ----------
    window, side : tuple of (float, float)
        Energies of the window and of the pre-edge window.
    """
    (first, last), (left, right) = window, side
    reach = abs(np.log(first * last / (left * right))) / 2
    return 4 * reach / np.log(right / left)


def power_law_area(exponent, left, right):
    """Integrate (E / left)^-r over the energies from ``left`` to ``right``.

    Parameters
    ----------
    exponent : float or numpy.ndarray
        Exponent r.
    left, right : float
        Energies > 0.

    Returns
    -------
    float or numpy.ndarray
        Area in units of the energies, of the shape of ``exponent``.
    """
    log_width = np.log(right / left)
    return left * log_width * exprel((1 - exponent) * log_width)


def power_law_exponent(lower, upper, left, middle, right):
    """Return the exponent r of a background A E^-r from its areas below and above ``middle``.

    The two-area method [1]_, solved for r with the areas of the power law itself, so that the
    middle need not be the geometric one. Clipped to `EXPONENTS`; without counts, their middle.

    Parameters
    ----------
    lower, upper : numpy.ndarray
        Counts from ``left`` to ``middle`` and from there to ``right``, of one shape.
    left, middle, right : float
        Energies > 0, ascending.

    Returns
    -------
    numpy.ndarray
        Exponents, of the shape of the counts.

    References
    ----------
    .. [1] R. F. Egerton, Electron Energy-Loss Spectroscopy in the Electron Microscope, 3rd ed.,
           Springer (2011), section 4.4.2.
    """
    exponents = np.linspace(*EXPONENTS, 2001)
    above = power_law_area(exponents, middle, right) * (left / middle) ** exponents
    logarithms = np.log(power_law_area(exponents, left, middle) / above)
    with np.errstate(divide="ignore", invalid="ignore"):
        measured = np.log(lower) - np.log(upper)
    return np.nan_to_num(np.interp(measured, logarithms, exponents), nan=np.mean(EXPONENTS))
