"""How a detector spreads the counts of one X-ray line over its channels."""

from typing import NamedTuple

import numpy as np
from scipy.special import erf, log_ndtr, ndtr

from ..physics.peak_widths import FIORI_NEWBURY_SLOPE, FWHM_PER_SIGMA
from ._xray import full_width_half_maximum

_BEND_RANGE = 0.8  # keV
# Of the detector here; what a fit takes for it stands with the fit, so that either may change.
_WIDE = 1.5  # width of a line in a segment that differs, in widths of the rest


class PeakShape(NamedTuple):
    """What makes a line other than a Gaussian of the width of Fiori and Newbury, where it belongs.

    Attributes
    ----------
    energy_bend : float
        By how much lines of low energy appear too low, in keV, as `recorded_energy` says.
    tail : float
        Share of a line in its exponential tail.
    shelf : float
        Share of a line in its flat shelf.
    wide_share : float
        Share of a line that is 1.5 times as wide as the rest.
    resolution_slope : float
        Slope of the squared width (FWHM) with energy, in eV^2 per keV.
    """

    energy_bend: float = 0.0
    tail: float = 0.0
    shelf: float = 0.0
    wide_share: float = 0.0
    resolution_slope: float = FIORI_NEWBURY_SLOPE


def recorded_energy(energy, energy_bend):
    """Energy at which X-rays are recorded, E - b exp(-(E / 0.8 keV)^2).

    X-rays of low energy are absorbed near the entrance of the detector, where some of their charge
    is lost, so that their lines appear too low.

    Parameters
    ----------
    energy : float
        True energy E in keV.
    energy_bend : float
        The shift b at low energy, in keV; at 2 keV 0.2 % of it are left.

    Returns
    -------
    float
        Energy in keV.

    Examples
    --------
    >>> from hyperspy_multimodal.data._peak_shape import recorded_energy
    >>> [round(float(recorded_energy(energy, 0.007)), 4) for energy in (0.5, 1.0, 2.0)]
    [0.4953, 0.9985, 2.0]
    """
    return energy - energy_bend * np.exp(-((energy / _BEND_RANGE) ** 2))


def line_shares(energy, edges, energy_resolution, shape=PeakShape()):  # noqa: B008 (immutable)
    """Share of a line's counts in each channel.

    A Gaussian, and of the shares that `shape` asks for: one side of an exponential with a mean of
    one FWHM, folded with that Gaussian, on the side of low energies; and a shelf of one height from
    zero to the line. A part of all three may be 1.5 times as wide.

    Parameters
    ----------
    energy : float
        True energy of the line in keV.
    edges : ndarray of shape (n_channels + 1,)
        Boundaries of the channels in keV.
    energy_resolution : float
        Full width at half maximum of Mn Ka in eV.
    shape : PeakShape, optional
        What the detector does besides; a Gaussian where the line belongs by default.

    Returns
    -------
    ndarray of shape (n_channels,)
        The shares; they sum to one, less what falls outside the channels.

    Raises
    ------
    ValueError
        If the line has no width at that resolution.

    References
    ----------
    G. W. Phillips and K. W. Marlow, Nucl. Instrum. Methods 137, 525 (1976): tail and shelf.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.data._peak_shape import PeakShape, line_shares
    >>> edges = np.linspace(0, 10, 1001)
    >>> for shape in (PeakShape(), PeakShape(tail=0.1)):
    ...     print(round(float(line_shares(5.0, edges, 130.0, shape)[:480].sum()), 3))
    0.0
    0.021
    """
    position = recorded_energy(energy, shape.energy_bend)
    width = full_width_half_maximum(energy, energy_resolution, shape.resolution_slope)
    shares = _one_width(position, edges, width, shape)
    if shape.wide_share > 0:
        wide = _one_width(position, edges, _WIDE * width, shape)
        shares = (1 - shape.wide_share) * shares + shape.wide_share * wide
    return shares


def _one_width(position, edges, width, shape):
    sigma = width / FWHM_PER_SIGMA
    shares = np.diff(erf((edges - position) / (np.sqrt(2) * sigma))) / 2
    if shape.tail > 0 or shape.shelf > 0:
        shares = (1 - (shape.tail + shape.shelf)) * shares
    if shape.tail > 0:
        # rounding makes some differences of shares near one negative
        tail = np.maximum(np.diff(_tail_below(edges, position, sigma, width)), 0)
        shares = shares + shape.tail * tail
    if shape.shelf > 0:
        shares = shares + shape.shelf * np.diff(np.clip(edges / position, 0, 1))
    return shares


def _tail_below(energy, position, sigma, length):
    """Share of the tail below an energy: of a Gaussian variable less an exponential one."""
    z = (energy - position) / sigma
    ratio = sigma / length
    # a product of a large and a small number: formed in logarithms, which do not overflow
    return ndtr(z) + np.exp(ratio * z + ratio**2 / 2 + log_ndtr(-z - ratio))
