"""Attribution of counts that the model of the summed spectrum does not describe."""

from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from ...physics.peak_widths import HEIGHT_PER_AREA

# The residual within this many FWHM of a line belongs to the line, where the line is more than
# this share of the continuum.
_NEAR, _VISIBLE = 2.0, 0.1
_SMOOTHED = 0.02  # keV, standard deviation
# Residuals are noise up to this many of their standard errors.
_NOISE = 2.0


@dataclass(frozen=True)
class Attribution:
    """Spectra of lines and continuum whose sum is the observed spectrum.

    Attributes
    ----------
    lines : numpy.ndarray
        Counts of each line by channel, shape (lines, C).
    continuum : numpy.ndarray
        Counts of the continuum by channel, shape (C,).
    changed : numpy.ndarray
        Counts that each line gained or lost against the model, shape (lines,).
    moved : numpy.ndarray
        Counts by channel that were added to one line or taken from it, in absolute value, shape
        (lines,).
    """

    lines: np.ndarray = field(repr=False)
    continuum: np.ndarray = field(repr=False)
    changed: np.ndarray
    moved: np.ndarray


def attribute(fit):
    """Attribute the residual of a fit of the summed spectrum.

    What is observed over the continuum near lines is theirs, whatever the shape of the peaks: the
    residual, smoothed by 20 eV and shrunk to 0 where it is noise, goes to the lines in proportion
    to their share of the model, channel by channel. Away from lines it goes to the continuum. The
    sum of all is then the observed spectrum, within its noise.

    Parameters
    ----------
    fit : SumFit

    Returns
    -------
    Attribution
    """
    channel = fit.detector.channel
    model = fit.amplitudes[:, None] * fit.line_shapes
    total = model.sum(axis=0)
    missing = _significant(fit, _SMOOTHED / channel)
    near = _near_lines(fit, total, channel)
    # lines never fall below 0, nor the continuum
    to_lines = np.where(near, np.maximum(missing, -total), 0.0)
    to_continuum = np.where(near, 0.0, np.maximum(missing, -fit.continuum))
    share = np.divide(to_lines, total, out=np.zeros_like(total), where=total > 0)
    gained = model * share
    # what lies where no line has a share, as computed, stays unexplained
    return Attribution(
        lines=model + gained,
        continuum=fit.continuum + to_continuum,
        changed=gained.sum(axis=1),
        moved=np.abs(gained).sum(axis=1),
    )


def _significant(fit, sigma):
    """Return the smoothed residual, shrunk to 0 where it is noise, (C,)."""
    residual = np.where(fit.used, fit.observed - fit.fitted, 0.0)
    inside = np.maximum(
        ndimage.gaussian_filter1d(fit.used.astype(float), sigma, mode="constant"), 1e-3
    )
    smooth = ndimage.gaussian_filter1d(residual, sigma, mode="constant") / inside
    # variance of a Gaussian average of independent channels
    pixels = max(2 * np.sqrt(np.pi) * sigma, 1.0)
    expected = ndimage.gaussian_filter1d(np.maximum(fit.fitted, 0.05), sigma, mode="nearest")
    noise = _NOISE**2 * expected / pixels
    kept = np.clip(1 - noise / np.maximum(smooth**2, 1e-300), 0.0, 1.0)
    return np.where(fit.used, kept * smooth, 0.0)


def _near_lines(fit, total, channel):
    """Return which channels lie near a line that is visible above the continuum, (C,)."""
    near = np.zeros(total.shape, bool)
    energies = np.array([line.energy for line in fit.lines])
    widths = fit.detector.width(energies) * np.sqrt(1 + fit.widths)
    for place, width, counts in zip(fit.places, widths, fit.amplitudes, strict=True):
        at = np.clip(np.searchsorted(fit.detector.edges, place) - 1, 0, len(total) - 1)
        height = HEIGHT_PER_AREA * counts * channel / width
        if height > _VISIBLE * fit.continuum[at]:
            near |= np.abs(fit.detector.centres - place) < _NEAR * width
    return near
