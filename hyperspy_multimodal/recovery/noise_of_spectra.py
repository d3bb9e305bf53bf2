"""Check that spectra contain counts as recorded, with Poisson noise."""

import numpy as np

from ..counts.contracts import Reading
from ..counts.dispersion import dispersion_of
from ..counts.repeated_lines import without_repeats
from ..notes import Speaker
from ..written_numbers import plain

_logger = Speaker(__name__)


def check_noise_of_spectra(reading: Reading, mask=None):
    """Warn of spectra that do not contain counts as recorded.

    Repeated pixels, and noise that is clearly not Poisson noise, are detected in the counts of
    whole spectra or, if these are not known, in the map with the most counts.

    Parameters
    ----------
    reading : Reading
        Data read from a spectrum image.
    mask : numpy.ndarray of bool, optional
        Scan positions that are left out. Default none.
    """
    maps = reading.maps
    gross = maps.gross
    if gross is None:
        gross = maps.counts[np.sum(maps.counts, axis=(1, 2)).argmax()]
    gross = np.asarray(gross, float)
    repeats = without_repeats(np.where(False if mask is None else mask, 0.0, gross)[None], mask)
    if repeats.number > 1:
        rows, columns = plain(repeats.rows, 2), plain(repeats.columns, 2)
        _logger.warning(
            "Each spectrum is repeated %s x %s times (rows x columns), probably because the scan "
            "was enlarged. Each count is therefore counted %s times, and errors are too small by a "
            "factor of %s. Pass the spectra as recorded.",
            rows,
            columns,
            plain(repeats.number, 2),
            plain(np.sqrt(repeats.number), 2),
            kind="scaled counts",
        )
    [image] = repeats.arrays
    if not np.array_equal(image, np.rint(image)) or maps.divisor != 1:
        return
    noise = dispersion_of(image, repeats.mask)
    if noise.unlike_counts:
        _logger.warning(
            "The noise of the spectra is not Poisson noise: its variance is %s ± %s times that of "
            "counts, so errors are wrong. Either the spectra were multiplied, smoothed, "
            "interpolated or corrected, or the dead time of the detector was long. Pass the counts "
            "as recorded.",
            plain(noise.factor, 2),
            plain(noise.error, 2),
            kind="scaled counts",
        )
