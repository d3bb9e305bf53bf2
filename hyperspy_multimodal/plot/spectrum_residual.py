"""The residual of a summed spectrum in standard errors."""

import numpy as np
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

# Residuals are linear up to this, and logarithmic beyond.
_LINEAR = 5
_TICKS = (-500, -100, -20, -5, 0, 5, 20, 100, 500)


def draw_residual(axis, energy, residual, errors):
    """Draw a residual by channel in standard errors.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
    energy : numpy.ndarray
        Energies of the channels, shape (C,).
    residual, errors : numpy.ndarray
        Observed minus fitted counts, NaN where nothing was fitted, and their standard errors,
        shape (C,).
    """
    ratio = residual / np.maximum(errors, 1e-300)
    axis.axhspan(-2, 2, color="0.93", lw=0, zorder=0)
    axis.axhline(0, color="0.7", lw=0.8)
    axis.step(energy, ratio, where="mid", color="0.25", lw=0.7)
    axis.set_ylabel("observed − model\n(standard errors)")
    limit = max(_LINEAR + 1.0, 1.3 * float(np.nanmax(np.abs(ratio))))
    axis.set_yscale("symlog", linthresh=_LINEAR, linscale=1.0)
    axis.set_ylim(-limit, limit)
    axis.yaxis.set_major_locator(FixedLocator([each for each in _TICKS if abs(each) < limit]))
    axis.yaxis.set_minor_locator(NullLocator())
    axis.yaxis.set_major_formatter(ScalarFormatter())
